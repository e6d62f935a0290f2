package library_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/library"
)

const (
	release = "mvhtockzo2v2pi7nqo65"
	first   = release + "-01"
	second  = release + "-02"
	third   = release + "-03"
)

// shelf has a list of three tracks, a place and an artist.
func shelf(t testing.TB) (l *library.Library, id string) {
	t.Helper()
	l = new(library.Library)
	one, err := l.NewList("Dimanche matin")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		l.Add(one.ID, first, second, third), l.KeepPlace(second, 83*time.Second), l.Follow("les-veilleurs", 12),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return l, one.ID
}

// refused does something that must fail with want and change nothing.
func refused(t testing.TB, l *library.Library, want error, what string, do func() error) {
	t.Helper()
	before := string(l.Encode())
	if err := do(); !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
	if after := string(l.Encode()); after != before {
		t.Errorf("%s, though refused, left %s", what, after)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func tracksOf(l *library.Library, i int) string { return strings.Join(l.Lists[i].Tracks, " ") }

func someTrack(r *rand.Rand) string {
	b := make([]byte, 20)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz234567"[r.IntN(32)]
	}
	return catalog.TrackID(string(b), r.IntN(120))
}

func someTracks(r *rand.Rand, n int) []string {
	tracks := make([]string, n)
	for i := range tracks {
		tracks[i] = someTrack(r)
	}
	return tracks
}

// someLibrary is drawn with all that can stand in one.
func someLibrary(t testing.TB, r *rand.Rand) *library.Library {
	l := new(library.Library)
	for i := range r.IntN(6) {
		one, err := l.NewList(fmt.Sprintf("Liste n° %d : <&\"\\'> été 🎶", i))
		must(t, err)
		must(t, l.Add(one.ID, someTracks(r, r.IntN(50))...))
	}
	for range r.IntN(30) {
		must(t, l.KeepPlace(someTrack(r), time.Duration(r.IntN(100_000))*time.Second))
		must(t, l.Follow(fmt.Sprintf("artist-%d", r.IntN(20)), r.Int64N(1e6)))
	}
	return l
}
