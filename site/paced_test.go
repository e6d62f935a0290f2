package site_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/tally"
)

// TestStreamCounts hears a track through the site: every byte of it comes, in whatever pieces it is asked for, and
// it is one play, on the disk, once its time has come.
func TestStreamCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClub(t)
		v := c.visitor(t)
		v.join()
		mine, err := pass.ParseFile(v.takes())
		if err != nil {
			t.Fatal(err)
		}
		track := c.closed + "-01"
		whole := text(t, v.send("GET", "/t/"+track+".webm", nil), 200)
		if len(whole) < 20 {
			t.Fatalf("the track has %d bytes", len(whole))
		}
		if n := c.playsOnDisk(t, mine); n != 0 {
			t.Errorf("%d plays before its time", n)
		}
		for _, r := range [][2]string{{"bytes=3-9", whole[3:10]}, {"bytes=10-", whole[10:]}, {"bytes=-4", whole[len(whole)-4:]}} {
			if got := text(t, v.send("GET", "/t/"+track+".webm", nil, "Range", r[0]), 206); got != r[1] {
				t.Errorf("%s is %q instead of %q", r[0], got, r[1])
			}
		}
		if resp := v.send("HEAD", "/t/"+track+".webm", nil); resp.ContentLength != int64(len(whole)) {
			t.Errorf("announced are %d bytes of %d", resp.ContentLength, len(whole))
		} else if b, err := io.ReadAll(resp.Body); len(b) > 0 || err != nil {
			t.Errorf("with HEAD come %d bytes, %v", len(b), err)
		}
		time.Sleep(25 * time.Second)
		text(t, v.send("GET", "/t/"+track+".webm", nil, "Range", "bytes=20-"), 206)
		if n := c.playsOnDisk(t, mine); n != 1 {
			t.Errorf("%d plays", n)
		}
	})
}

// playsOnDisk is what is counted there for a pass.
func (c *club) playsOnDisk(t testing.TB, p pass.Pass) (n int) {
	t.Helper()
	key, id := c.keys[c.period].Tally, p.ID(c.coop.DB.Charter().Origin)
	record, err := c.members.Tally(c.period, tally.Name(key, id))
	if err != nil {
		t.Fatal(err)
	}
	o, err := tally.Unseal(key, c.period, id, p.Signature[:], record)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range o.Tally().Counted {
		n += one.Plays
	}
	return n
}
