package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/store"
)

// office is a co-operative that never served, and a batch of its vouchers.
func office(t *testing.T, expires time.Time) (dir, batch string) {
	t.Helper()
	dir = t.TempDir()
	c, err := found(dir, "Coop", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	treasurer, err := signer(filepath.Join(dir, "keys"), roleTreasurer)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := payment.Issue(c.Origin, 1, royalty.Cents(c.Fee.Cents), 3, expires)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := payment.FormatBatch(b, treasurer)
	if err != nil {
		t.Fatal(err)
	}
	batch = filepath.Join(dir, "sheet.batch")
	if err := os.WriteFile(batch, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, batch
}

// copied is a copy of a co-operative as it was founded.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "coop")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// checkPair looks at the members' database and its key after an interruption:
// there is no key without a database, and neither is there in part.
func checkPair(t *testing.T, dir, when string) {
	t.Helper()
	if hasKey(filepath.Join(dir, "keys"), membersKey) {
		if _, err := readHostKey(filepath.Join(dir, "keys", membersKey)); err != nil || !hasMembers(dir) {
			t.Fatalf("%s: a key, a database: %t, %v", when, hasMembers(dir), err)
		}
	}
	if hasMembers(dir) {
		if used, err := hasMoney(dir); used || err != nil {
			t.Fatalf("%s: money %t, %v", when, used, err)
		}
	}
}

// checkLoaded wants the batch loaded once, and database and key that serve.
func checkLoaded(t *testing.T, dir, when string) {
	t.Helper()
	checkPair(t, dir, when)
	before, err := hostKey(dir)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if after, err := hostKey(dir); after != before || after == [32]byte{} || err != nil {
		t.Errorf("%s: the key has changed, or is none: %v", when, err)
	}
	if all, err := loadedBatches(dir); len(all) != 1 || all[0].Count != 3 || err != nil {
		t.Errorf("%s: %v %v", when, all, err)
	}
}

// TestMembersBeginWhole kills the command that makes the members' database and
// its key at any moment, and runs it again.
func TestMembersBeginWhole(t *testing.T) {
	rounds := 8
	if os.Getenv("PEERFY_SOAK") != "" {
		rounds = 300
	}
	origin, _ := office(t, time.Time{})
	r, killed := rand.New(rand.NewPCG(3, 9)), 0
	for round := range rounds {
		dir := copied(t, origin)
		for try := 0; ; try++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(50))*time.Millisecond)
			if try == 4 { // is left alone
				ctx = t.Context()
			}
			out, err := exec.CommandContext(ctx, "peerfy", "treasurer", "vouchers", "load", filepath.Join(dir, "sheet.batch"), "--dir", dir).CombinedOutput()
			dead := ctx.Err() != nil
			cancel()
			checkPair(t, dir, fmt.Sprintf("round %d, try %d", round, try))
			if err == nil {
				break
			}
			if !dead {
				t.Fatalf("round %d: %v: %s", round, err, out)
			}
			killed++
		}
		checkLoaded(t, dir, fmt.Sprintf("round %d", round))
	}
	t.Logf("%d rounds, killed %d times", rounds, killed)
}

// TestMembersBeginOnAFullDisk lets no file grow beyond a limit, which stands for
// a disk without room, and then makes room.
func TestMembersBeginOnAFullDisk(t *testing.T) {
	origin, _ := office(t, time.Time{})
	failures := 0
	for _, blocks := range []int{0, 1, 31, 32, 33, 63, 64, 96, 127, 128, 1000} { // of 512 bytes
		dir := copied(t, origin)
		load := []string{"peerfy", "treasurer", "vouchers", "load", filepath.Join(dir, "sheet.batch"), "--dir", dir}
		limited := append([]string{"-c", fmt.Sprintf(`ulimit -f %d; exec "$@"`, blocks), "sh"}, load...)
		out, err := exec.CommandContext(t.Context(), "sh", limited...).CombinedOutput()
		if err != nil {
			failures++
		}
		if bytes.Contains(out, []byte("goroutine")) {
			t.Errorf("%d blocks: %s", blocks, out)
		}
		checkPair(t, dir, fmt.Sprintf("%d blocks", blocks))
		for _, pattern := range []string{"*.new-*", "keys/*.new-*"} {
			if left, _ := filepath.Glob(filepath.Join(dir, pattern)); left != nil { // fails on bad patterns only
				t.Errorf("%d blocks: %q is left over", blocks, left)
			}
		}
		if out, err := exec.CommandContext(t.Context(), load[0], load[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%d blocks, then room: %v: %s", blocks, err, out)
		}
		checkLoaded(t, dir, fmt.Sprintf("%d blocks, then room", blocks))
	}
	if failures == 0 {
		t.Error("the limit was never met")
	}
	t.Logf("failed %d times", failures)
}

// TestHostKeyOnAFullDisk: a key that was cut off would lock the host out of its
// own database.
func TestHostKeyOnAFullDisk(t *testing.T) {
	dir, batch := office(t, time.Time{})
	if _, err := hostKey(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "keys", membersKey)); err != nil {
		t.Fatal(err)
	}
	serve := []string{"-c", `ulimit -f 0; exec peerfy serve --dir "$1" --tor none --listen "unix:$1/s"`, "sh", dir}
	if out, err := exec.CommandContext(t.Context(), "sh", serve...).CombinedOutput(); err == nil {
		t.Fatalf("it serves: %s", out)
	}
	checkPair(t, dir, "without room")
	if out, err := exec.CommandContext(t.Context(), "peerfy", "treasurer", "vouchers", "load", batch, "--dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	checkLoaded(t, dir, "with room")
}

// TestHostKeyIsMadeForAnEmptyDatabase: an interruption came between the two, or
// somebody removed the key before anybody had joined.
func TestHostKeyIsMadeForAnEmptyDatabase(t *testing.T) {
	dir, _ := office(t, time.Time{})
	first, err := hostKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "keys", membersKey)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if second, err := hostKey(dir); second == first || err != nil {
		t.Errorf("the same key again, or %v", err)
	}
	m, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.CreateAccount([32]byte{1}), m.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := hostKey(dir); err != nil {
		t.Errorf("an account that never held anything: %v", err)
	}
}

// TestExpiredBatchIsNotLoaded: nobody could redeem it.
func TestExpiredBatchIsNotLoaded(t *testing.T) {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for _, c := range []struct {
		expires time.Time
		ok      bool
	}{{today, false}, {today.AddDate(0, 0, 1), true}} {
		dir, batch := office(t, c.expires)
		err := run(t.Context(), []string{"treasurer", "vouchers", "load", batch, "--dir", dir}, io.Discard, io.Discard)
		if (err == nil) != c.ok {
			t.Errorf("expires %s: %v", c.expires, err)
		}
		if err != nil && !strings.Contains(err.Error(), "expired on "+today.AddDate(0, 0, -1).Format(time.DateOnly)) {
			t.Errorf("%v", err)
		}
	}
}

func TestSoldAt(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		ok   bool
	}{
		{"", nil, true},
		{"\n\r\n", nil, true},
		{"  Librairie du Port, Brest\r\n\nChez Ana\n", []string{"Librairie du Port, Brest", "Chez Ana"}, true},
		{"a\u202eb\n", nil, false},
		{"a\x00b\n", nil, false},
		{"\xff\n", nil, false},
		{strings.Repeat("x", 301), nil, false},
		{strings.Repeat("x\n", 20), slices.Repeat([]string{"x"}, 20), true},
		{strings.Repeat("x\n", 21), nil, false},
		{strings.Repeat("\n", 17<<10), nil, false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, soldFile), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := soldAt(dir); (err == nil) != c.ok || c.ok && !slices.Equal(got, c.want) {
			t.Errorf("%.40q: %q, %v", c.text, got, err)
		}
	}
	if got, err := soldAt(t.TempDir()); got != nil || err != nil {
		t.Errorf("without the file: %q, %v", got, err)
	}
}

// TestDoctorAsksForTheNextMonth: in the last five days, as a hint.
func TestDoctorAsksForTheNextMonth(t *testing.T) {
	dir, _ := office(t, time.Time{})
	db, err := openHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = openMonth(db, dir, "2026-11", filepath.Join(dir, "keys"), "", time.Now())
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now   string
		marks []mark
	}{
		{"2026-11-25T23:59:59Z", []mark{markOK}},
		{"2026-11-26T00:00:00Z", []mark{markOK, markHint}},
		{"2026-11-30T23:59:59Z", []mark{markOK, markHint}},
		{"2026-12-01T00:00:00Z", []mark{markHint}},
		{"2026-12-31T00:00:00Z", []mark{markHint, markHint}},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		var got []mark
		for _, f := range monthsFindings(dir, now) {
			got = append(got, f.mark)
		}
		if !slices.Equal(got, c.marks) {
			t.Errorf("%s: %q, want %q", c.now, got, c.marks)
		}
	}
}
