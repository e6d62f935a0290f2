package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/royalty"
)

// TestMembers runs the members' benches for a few seconds on a real server.
func TestMembers(t *testing.T) {
	peerfy := filepath.Join(t.TempDir(), "peerfy")
	if out, err := exec.Command("go", "build", "-o", peerfy, "p2p.legal/peerfy/cmd/peerfy").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := func(t *testing.T) *club {
		t.Helper()
		c, err := newClub(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Run("streams", func(t *testing.T) {
		r, err := measureStreams(t.Context(), c(t), peerfy, 20, 3*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if r.stalled() != 0 || r.slowest() <= 0 || r.streaming <= r.empty || r.plays != 0 {
			t.Errorf("%d stalled, the last began after %v, memory %d to %d, %d plays", r.stalled(), r.slowest(), r.empty, r.streaming, r.plays)
		}
	})
	t.Run("plays", func(t *testing.T) {
		r, err := measurePlays(t.Context(), c(t), peerfy, 8, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if r.plays > r.heard || r.records > 2*r.plays {
			t.Errorf("%d plays of %d, written %d times", r.plays, r.heard, r.records)
		}
	})
	t.Run("log-ins", func(t *testing.T) {
		rows, _, err := measureLogins(t.Context(), c(t), peerfy, 2*loginAtOnce, 40)
		if err != nil || len(rows) != 4 {
			t.Errorf("%d classes, %v", len(rows), err)
		}
	})
	t.Run("song", func(t *testing.T) { checkSong(t, c(t), peerfy) })
}

// checkSong compares what a player gets with what was published: several pieces of it.
func checkSong(t *testing.T, c *club, peerfy string) {
	s, err := c.serve(t.Context(), peerfy)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	passes, err := c.passes(1)
	if err != nil {
		t.Fatal(err)
	}
	members, err := c.enter(passes)
	if err != nil {
		t.Fatal(err)
	}
	defer members[0].close()
	resp, err := members[0].ask(c.songs[7], nil)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 9*rate) // the fast part
	if _, err := io.ReadFull(resp.Body, got); err != nil {
		t.Fatal(err)
	}
	if resp.ContentLength != songBytes || !bytes.Equal(got, song("Songs", 7, songBytes)[:len(got)]) {
		t.Errorf("%d bytes, of which the first are others than those published", resp.ContentLength)
	}
}

// TestPlayer shows what stalls: a sender that keeps the pace does not, one that stops does.
func TestPlayer(t *testing.T) {
	const d = 40 * time.Second
	for _, x := range []struct {
		name    string
		pace    time.Duration // for each second of media
		seconds int           // then it stops
		stalls  bool
		least   time.Duration
	}{
		{"exact", time.Second, 100, false, time.Second},
		{"fast", time.Second / 2, 100, false, 11 * time.Second},
		{"slow", 1100 * time.Millisecond, 100, true, 0},
		{"stops early", 0, 30, true, 0},
		{"stops late", 0, 45, false, 5 * time.Second},
		{"never", 0, 0, true, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := playOver(t, x.pace, x.seconds, d)
				if p.stalled != x.stalls || !x.stalls && p.least.Round(time.Second) != x.least {
					t.Errorf("stalled: %v, least %v", p.stalled, p.least)
				}
			})
		})
	}
}

// playOver plays what a sender sends: seconds of media, each after a pause.
func playOver(t *testing.T, pace time.Duration, seconds int, lasts time.Duration) (p player) {
	here, there := net.Pipe()
	defer here.Close()
	sent := make(chan error)
	go func() {
		defer close(sent)
		there.Read(make([]byte, 1<<10))
		fmt.Fprintf(there, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", songBytes)
		for range seconds {
			time.Sleep(pace)
			if _, err := there.Write(make([]byte, rate)); err != nil {
				return
			}
		}
	}()
	if err := p.play(newVisitor(here, "h"), "/", time.Now(), time.Now().Add(lasts)); err != nil {
		t.Fatal(err)
	}
	here.Close()
	<-sent
	return p
}

func TestWelch(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	times := func(mean float64) (x []float64) {
		for range 10_000 {
			x = append(x, mean+10*r.ExpFloat64())
		}
		return x
	}
	a, same, later := times(100), times(100), times(102)
	if tt := welch(a, same); tt < -4 || tt > 4 {
		t.Errorf("the same times: t %.1f", tt)
	}
	if tt := welch(later, a); tt < 12 {
		t.Errorf("a fifth of the spread later: t %.1f", tt)
	}
}

func TestNearMisses(t *testing.T) {
	known := randomCode()
	near := nearMisses(known)
	if len(near) != 20*31 {
		t.Fatalf("%d codes", len(near))
	}
	for _, code := range near {
		differ := 0
		for i := range code[:len(code)-1] {
			if code[i] != known[i] {
				differ++
			}
		}
		if _, err := royalty.ParseCode(code); err != nil || differ != 1 || strings.EqualFold(code, known) {
			t.Errorf("%d symbols differ, %v", differ, err)
		}
	}
}
