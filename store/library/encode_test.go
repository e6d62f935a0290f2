package library_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/library"
)

func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		data := someLibrary(t, r).Encode()
		l, err := library.Decode(data)
		if err != nil || !bytes.Equal(l.Encode(), data) {
			t.Fatalf("%v for %s", err, data)
		}
	}
	one, err := new(library.Library).NewList(`<&> "\ é`)
	must(t, err)
	got := string((&library.Library{Lists: []library.List{one}}).Encode())
	if want := `"name":"<&> \"\\ é","tracks":[]`; !strings.Contains(got, want) {
		t.Errorf("it is %s, without %s", got, want)
	}
	if got, want := string(new(library.Library).Encode()), `{"format":"peerfy-library-v1","lists":[],"places":[],"follows":[]}`; got != want {
		t.Errorf("nothing is %s, want %s", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	l, id := shelf(t)
	good := string(l.Encode())
	for what, c := range map[string][2]string{
		"another format":    {"library-v1", "library-v2"},
		"an unknown field":  {`"places":`, `"x":1,"places":`},
		"a missing field":   {`"follows":[{"slug":"les-veilleurs","seen":12}]`, `"follows":[{"slug":"les-veilleurs"}]`},
		"a field twice":     {`"seen":12`, `"seen":12,"seen":12`},
		"another case":      {`"places"`, `"Places"`},
		"null":              {`[{"slug":"les-veilleurs","seen":12}]`, `null`},
		"white space":       {`"places":`, `"places": `},
		"an escape":         {"Dimanche", `\u0044imanche`},
		"a fraction":        {`"at":83`, `"at":83.0`},
		"a negative place":  {`"at":83`, `"at":-83`},
		"a far place":       {`"at":83`, `"at":172801`},
		"an endless place":  {`"at":83`, `"at":9223372036854775807`},
		"a negative index":  {`"seen":12`, `"seen":-1`},
		"a wrong slug":      {"les-veilleurs", "Les Veilleurs"},
		"a wrong id":        {id, "ABCDEFGH"},
		"a wrong track":     {first, release},
		"a wrong name":      {"Dimanche matin", `Dimanche\nmatin`},
		"no name":           {"Dimanche matin", ""},
		"a list twice":      {`"lists":[`, `"lists":[{"id":"` + id + `","name":"x","tracks":[]},`},
		"a place twice":     {`"places":[`, `"places":[{"track":"` + second + `","at":1},`},
		"an artist twice":   {`"follows":[`, `"follows":[{"slug":"les-veilleurs","seen":1},`},
		"more than the end": {`}]}`, `}]}{}`},
		"a cut end":         {`}]}`, `}]`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if bad == good {
			t.Fatalf("%s: nothing to replace", what)
		}
		if _, err := library.Decode([]byte(bad)); !errors.Is(err, library.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := library.Decode(make([]byte, library.MaxBytes+1)); !errors.Is(err, library.ErrFull) {
		t.Errorf("too long: %v", err)
	}
	many := strings.Replace(good, `"`+first+`"`, `"`+first+`"`+strings.Repeat(`,"`+first+`"`, 998), 1)
	if _, err := library.Decode([]byte(many)); !errors.Is(err, library.ErrFull) {
		t.Errorf("a list of 1,001 tracks: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	l, _ := shelf(f)
	f.Add(l.Encode())
	f.Add(new(library.Library).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := library.Decode(data)
		if err != nil {
			if !errors.Is(err, library.ErrMalformed) && !errors.Is(err, library.ErrFull) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(l.Encode(), data) {
			t.Fatalf("%q is written as %q", data, l.Encode())
		}
		// What can be read can be merged into nothing and stays the same library.
		again := new(library.Library)
		if err := again.Merge(l); err != nil || len(again.Lists) != len(l.Lists) || len(again.Places) != len(l.Places) {
			t.Fatalf("merging: %v", err)
		}
		if _, err := library.Decode(again.Encode()); err != nil {
			t.Fatal(err)
		}
	})
}
