package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
)

// TestMonthOpenGoesOn kills the command at any moment and runs it again: in the
// end the log names keys that lie on the host, and an identity that is whole.
func TestMonthOpenGoesOn(t *testing.T) {
	rounds := 5
	if os.Getenv("PEERFY_SOAK") != "" {
		rounds = 150
	}
	dir := t.TempDir()
	if _, err := found(dir, "Coop", time.Now()); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "keys")
	p, r, killed := royalty.Period("2000-01"), rand.New(rand.NewPCG(8, 8)), 0
	for round := range rounds {
		p = p.Next()
		var out []byte
		for try := 0; ; try++ { // the last try is left alone
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(150))*time.Millisecond)
			if try == 4 {
				ctx = t.Context()
			}
			cmd := exec.CommandContext(ctx, "peerfy", "month", "open", p.String(), "--dir", dir, "--keys", keys, "--past")
			var err error
			out, err = cmd.Output()
			dead := ctx.Err() != nil
			cancel()
			if err == nil {
				break
			}
			if !dead {
				t.Fatalf("%s: %v", p, err)
			}
			killed++
		}
		if want := fmt.Sprintf("entry %d\n", round+1); string(out) != want {
			t.Errorf("%s: %q, want %q", p, out, want)
		}
		checkOpen(t, dir, p)
	}
	t.Logf("%d months, killed %d times", rounds, killed)
	problems, err := store.Check(t.Context(), dir, nil)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// checkOpen compares an opening with what lies on the host and in the
// treasurer's folder.
func checkOpen(t *testing.T, dir string, p royalty.Period) {
	t.Helper()
	db, err := openHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	o, ok := db.Opening(p.String())
	k, err := till.Load(filepath.Join(dir, monthsDir), p)
	if !ok || err != nil {
		t.Fatalf("%s: opened %t, %v", p, ok, err)
	}
	if same, err := isOf(&o.Opening, k); !same || err != nil {
		t.Errorf("%s: the log names other keys than those on the host: %v", p, err)
	}
	if recipient, err := closingRecipient(filepath.Join(dir, "keys"), p); recipient != o.Closing || err != nil {
		t.Errorf("%s: the closing identity is not that of the opening: %v", p, err)
	}
}

func TestPeriodToOpen(t *testing.T) {
	now := time.Date(2026, 11, 30, 23, 59, 59, 0, time.FixedZone("", -3600)) // December in UTC
	for _, c := range []struct {
		s    string
		past bool
		ok   bool
	}{
		{"2026-12", false, true}, {"2027-01", false, true}, {"2027-02", false, true}, {"2027-03", false, false},
		{"2027-03", true, false}, {"2026-11", false, false}, {"2026-11", true, true}, {"2026-1", true, false}, {"", true, false},
	} {
		if p, err := periodToOpen(c.s, now, c.past); (err == nil) != c.ok || c.ok && p.String() != c.s {
			t.Errorf("%q, past %t: %q, %v", c.s, c.past, p, err)
		}
	}
}

// TestMonthStatusCountsSales: of a month that is sold only the number is told.
func TestMonthStatusCountsSales(t *testing.T) {
	dir := t.TempDir()
	if _, err := found(dir, "Coop", time.Now()); err != nil {
		t.Fatal(err)
	}
	db, err := openHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if s, err := statusOf(db, dir, "2026-12"); s.Sold != 0 || err != nil {
		t.Errorf("%d sold before there is a member: %v", s.Sold, err)
	}
	m, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		account := [32]byte{byte(i)}
		err := m.CreateAccount(account)
		_, creditErr := m.Credit(account, account, "test", 800, "2026-12")
		_, _, buyErr := m.Buy(account, store.Sale{Period: "2026-12", Fee: 800, Sale: account})
		if err := errors.Join(err, creditErr, buyErr); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := statusOf(db, dir, "2026-12")
	if s.Sold != 3 || err != nil || !strings.Contains(s.String(), "\npasses sold        3\n") {
		t.Errorf("%d sold, %v:\n%s", s.Sold, err, s)
	}
}
