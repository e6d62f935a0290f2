package library_test

import (
	"slices"
	"testing"
	"time"

	"p2p.legal/peerfy/store/library"
)

func TestPlaces(t *testing.T) {
	l, _ := shelf(t)
	must(t, l.KeepPlace(third, 5*time.Second+999*time.Millisecond))
	must(t, l.KeepPlace(second, 90*time.Second))
	want := []library.Place{{Track: second, At: 90 * time.Second}, {Track: third, At: 5 * time.Second}}
	if !slices.Equal(l.Places, want) {
		t.Errorf("places %v, want %v", l.Places, want)
	}
	must(t, l.DropPlace(second))
	if !slices.Equal(l.Places, want[1:]) {
		t.Errorf("left %v", l.Places)
	}
	refused(t, l, library.ErrUnknown, "no place", func() error { return l.DropPlace(second) })
	refused(t, l, library.ErrUnknown, "no track", func() error { return l.KeepPlace(release, 0) })
	refused(t, l, library.ErrUnknown, "before it", func() error { return l.KeepPlace(first, -1) })
	refused(t, l, library.ErrUnknown, "after all", func() error { return l.KeepPlace(first, 48*time.Hour+1) })
}

func TestFollows(t *testing.T) {
	l, _ := shelf(t)
	must(t, l.Follow("maree", 20))
	must(t, l.Follow("les-veilleurs", 99)) // followed already: news not yet seen stay news
	must(t, l.Seen("maree", 25))
	must(t, l.Seen("maree", 3))
	want := []library.Follow{{Slug: "les-veilleurs", Seen: 12}, {Slug: "maree", Seen: 25}}
	if !slices.Equal(l.Follows, want) {
		t.Errorf("follows %v, want %v", l.Follows, want)
	}
	must(t, l.Unfollow("les-veilleurs"))
	if !slices.Equal(l.Follows, want[1:]) {
		t.Errorf("left %v", l.Follows)
	}
	refused(t, l, library.ErrUnknown, "unfollow a stranger", func() error { return l.Unfollow("les-veilleurs") })
	refused(t, l, library.ErrUnknown, "news of a stranger", func() error { return l.Seen("les-veilleurs", 1) })
	refused(t, l, library.ErrUnknown, "no slug", func() error { return l.Follow("Les Veilleurs", 1) })
	refused(t, l, library.ErrUnknown, "no index", func() error { return l.Follow("x", -1) })
}
