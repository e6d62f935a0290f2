package library_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/library"
)

func TestLists(t *testing.T) {
	l, id := shelf(t)
	if !regexp.MustCompile(`^[a-z2-7]{8}$`).MatchString(id) || l.Lists[0].Name != "Dimanche matin" {
		t.Errorf("made %v", l.Lists)
	}
	for _, step := range []struct {
		what string
		do   func() error
		want string
	}{
		{"first down", func() error { return l.Move(id, 0, 1) }, second + " " + first + " " + third},
		{"last up", func() error { return l.Move(id, 2, -1) }, second + " " + third + " " + first},
		{"middle out", func() error { return l.Remove(id, 1) }, second + " " + first},
		{"none added", func() error { return l.Add(id) }, second + " " + first},
		{"one again", func() error { return l.Add(id, second) }, second + " " + first + " " + second},
	} {
		must(t, step.do())
		if got := tracksOf(l, 0); got != step.want {
			t.Fatalf("%s: the list is %s, want %s", step.what, got, step.want)
		}
	}
	must(t, l.Rename(id, "Soir"))
	if l.Lists[0].Name != "Soir" {
		t.Errorf("it is called %q", l.Lists[0].Name)
	}
	must(t, l.DropList(id))
	if len(l.Lists) != 0 || len(l.Places) != 1 {
		t.Errorf("left %s", l.Encode())
	}
}

func TestListRefusals(t *testing.T) {
	l, id := shelf(t)
	for name, do := range map[string]func() error{
		"no name":         func() error { _, err := l.NewList(""); return err },
		"long name":       func() error { return l.Rename(id, strings.Repeat("é", 51)) },
		"two lines":       func() error { return l.Rename(id, "a\nb") },
		"turned text":     func() error { return l.Rename(id, "a\u202eb") },
		"space at an end": func() error { _, err := l.NewList("a "); return err },
	} {
		refused(t, l, library.ErrName, name, do)
	}
	for name, do := range map[string]func() error{
		"rename nothing":  func() error { return l.Rename("aaaaaaaa", "x") },
		"drop nothing":    func() error { return l.DropList("") },
		"add to nothing":  func() error { return l.Add("aaaaaaaa", first) },
		"add a release":   func() error { return l.Add(id, first, release) },
		"add no track":    func() error { return l.Add(id, release+"-00") },
		"first up":        func() error { return l.Move(id, 0, -1) },
		"last down":       func() error { return l.Move(id, 2, 1) },
		"past the end":    func() error { return l.Move(id, 3, -1) },
		"two at once":     func() error { return l.Move(id, 0, 2) },
		"not at all":      func() error { return l.Move(id, 0, 0) },
		"remove past end": func() error { return l.Remove(id, 3) },
		"remove before":   func() error { return l.Remove(id, -1) },
	} {
		refused(t, l, library.ErrUnknown, name, do)
	}
}

// A list that a caller was given is not the library's.
func TestListsAreCopies(t *testing.T) {
	l, id := shelf(t)
	was := l.Lists[0]
	must(t, l.Move(id, 0, 1))
	must(t, l.Remove(id, 0))
	if got := strings.Join(was.Tracks, " "); got != first+" "+second+" "+third {
		t.Errorf("the list read before became %s", got)
	}
}

func TestVersion(t *testing.T) {
	l, id := shelf(t)
	seen := map[string]bool{l.Lists[0].Version(): true}
	for _, do := range []func() error{
		func() error { return l.Move(id, 0, 1) }, func() error { return l.Remove(id, 2) }, func() error { return l.Add(id, first) },
	} {
		must(t, do())
		v := l.Lists[0].Version()
		if seen[v] || len(v) != 12 {
			t.Errorf("version %q", v)
		}
		seen[v] = true
	}
	v := l.Lists[0].Version()
	must(t, l.Rename(id, "Soir"))
	if l.Lists[0].Version() != v {
		t.Error("another name made another version")
	}
}

// Whatever is done to a list does the same as to a plain slice, and refuses what
// would be out of its range.
func TestListModel(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	l := new(library.Library)
	one, err := l.NewList("x")
	must(t, err)
	var model []string
	for range 2000 {
		at, by := r.IntN(len(model)+2)-1, 1-2*r.IntN(2)
		in := func(i int) bool { return i >= 0 && i < len(model) }
		switch r.IntN(3) {
		case 0:
			if track := someTrack(r); len(model) < 12 {
				must(t, l.Add(one.ID, track))
				model = append(model, track)
			}
		case 1:
			if err := l.Move(one.ID, at, by); (err == nil) != (in(at) && in(at+by)) {
				t.Fatalf("moving %d of %d by %d: %v", at, len(model), by, err)
			} else if err == nil {
				model[at], model[at+by] = model[at+by], model[at]
			}
		case 2:
			if err := l.Remove(one.ID, at); (err == nil) != in(at) {
				t.Fatalf("removing %d of %d: %v", at, len(model), err)
			} else if err == nil {
				model = slices.Delete(model, at, at+1)
			}
		}
		if !slices.Equal(l.Lists[0].Tracks, model) {
			t.Fatalf("the list is %v, the slice %v", l.Lists[0].Tracks, model)
		}
	}
}
