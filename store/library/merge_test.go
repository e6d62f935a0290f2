package library_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store/library"
)

func TestMerge(t *testing.T) {
	l, id := shelf(t)
	other, otherID := shelf(t)
	must(t, other.Add(otherID, first))
	must(t, other.KeepPlace(second, time.Hour))
	must(t, other.KeepPlace(third, time.Minute))
	must(t, other.Seen("les-veilleurs", 30))
	must(t, other.Follow("maree", 4))
	must(t, l.Merge(other))
	must(t, l.Merge(other))
	var names, ids []string
	for _, one := range l.Lists {
		names, ids = append(names, one.Name), append(ids, one.ID)
	}
	if want := []string{"Dimanche matin", "Dimanche matin (2)", "Dimanche matin (3)"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
	if ids[0] != id || ids[1] != otherID || ids[2] == ids[0] || ids[2] == ids[1] {
		t.Errorf("ids %q", ids)
	}
	if tracksOf(l, 0) != first+" "+second+" "+third || tracksOf(l, 1) != tracksOf(other, 0) {
		t.Errorf("lists %v", l.Lists)
	}
	if want := []library.Place{{Track: second, At: 83 * time.Second}, {Track: third, At: time.Minute}}; !slices.Equal(l.Places, want) {
		t.Errorf("places %v, want %v", l.Places, want)
	}
	if want := []library.Follow{{Slug: "les-veilleurs", Seen: 30}, {Slug: "maree", Seen: 4}}; !slices.Equal(l.Follows, want) {
		t.Errorf("follows %v, want %v", l.Follows, want)
	}
	must(t, l.Remove(ids[1], 0))
	if tracksOf(other, 0) != first+" "+second+" "+third+" "+first {
		t.Error("the libraries share a list")
	}
}

// Numbers fit behind the longest names.
func TestMergeLongName(t *testing.T) {
	l := new(library.Library)
	_, err := l.NewList(strings.Repeat("é", 50))
	must(t, err)
	other := l.Encode()
	for range 11 {
		_, err := l.Import(other)
		must(t, err)
	}
	if got, want := l.Lists[11].Name, strings.Repeat("é", 46)+"… (12)"; got != want {
		t.Errorf("the name is %q, want %q", got, want)
	}
	if _, err := library.Decode(l.Encode()); err != nil {
		t.Error(err)
	}
}

func TestImport(t *testing.T) {
	l, _ := shelf(t)
	other, _ := shelf(t)
	must(t, other.KeepPlace(first, time.Second))
	for data, want := range map[string]int{
		string(other.Encode()): 3,
		"#EXTM3U\n" + first:    1,
		first + "\n" + second:  2,
		`<playlist xmlns="http://xspf.org/ns/0/"><trackList><track><location>` + first + `</location></track></trackList></playlist>`: 1,
		string(new(library.Library).Encode()): 0,
	} {
		if n, err := l.Import([]byte(data)); n != want || err != nil {
			t.Errorf("%.40q brought %d tracks, %v", data, n, err)
		}
	}
	if len(l.Lists) != 5 || len(l.Places) != 2 {
		t.Errorf("it is now %s", l.Encode())
	}
	if _, err := library.Decode(l.Encode()); err != nil {
		t.Error(err)
	}
	for data, want := range map[string]error{
		"":                             library.ErrMalformed,
		"hello":                        library.ErrMalformed,
		"{}":                           library.ErrMalformed,
		"<html></html>":                library.ErrMalformed,
		"#EXTM3U\n#EXTINF:1,x":         library.ErrMalformed,
		strings.Repeat("x", 256<<10+1): library.ErrFull,
		strings.Repeat(first+"\n", library.MaxTracks+1): library.ErrFull,
		string(full(t).Encode()):                        library.ErrFull,
	} {
		refused(t, l, want, data[:min(len(data), 20)], func() error {
			n, err := l.Import([]byte(data))
			if err != nil && n != 0 {
				return errors.New("it counts tracks")
			}
			return err
		})
	}
}

// Whatever is merged, what was there stays, and the result can be kept.
func TestMergeKeeps(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 100 {
		l, other := someLibrary(t, r), someLibrary(t, r)
		before, err := library.Decode(l.Encode())
		must(t, err)
		if n, err := l.Import(other.Encode()); err != nil {
			t.Fatal(n, err)
		}
		if _, err := library.Decode(l.Encode()); err != nil {
			t.Fatal(err)
		}
		for i, one := range before.Lists {
			if l.Lists[i].ID != one.ID || l.Lists[i].Name != one.Name || !slices.Equal(l.Lists[i].Tracks, one.Tracks) {
				t.Fatalf("list %d became %v", i, l.Lists[i])
			}
		}
		if !slices.Equal(l.Places[:len(before.Places)], before.Places) {
			t.Fatal("places changed")
		}
		for _, one := range other.Lists {
			if !slices.ContainsFunc(l.Lists, func(m library.List) bool { return m.Version() == one.Version() }) {
				t.Fatal("a list is lost")
			}
		}
	}
}
