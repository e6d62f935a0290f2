package till_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty/till"
)

// lastDay is some moment of 31 December.
var lastDay = time.Date(2026, 12, 31, 5, 0, 0, 0, time.UTC)

func TestTokenExample(t *testing.T) {
	token := strings.TrimSpace(block(t, "token"))
	got, err := till.CheckToken(exampleKeys(t).Token, token, lastDay)
	if err != nil || got != release {
		t.Errorf("the token is for %q, %v", got, err)
	}
}

func TestToken(t *testing.T) {
	k := exampleKeys(t).Token
	seen := map[string]bool{}
	for range 50 {
		token := till.NewToken(k, release, lastDay)
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{72}$`).MatchString(token) {
			t.Fatalf("the token %s cannot stand in an address", token)
		}
		if got, err := till.CheckToken(k, token, lastDay); err != nil || got != release {
			t.Fatalf("for %q, %v", got, err)
		}
		seen[token] = true
	}
	if len(seen) != 50 {
		t.Error("two tokens are the same")
	}
}

// A token is good to the last second of its day in UTC.
func TestTokenExpires(t *testing.T) {
	k := exampleKeys(t).Token
	far := time.FixedZone("far east", 14*3600)
	token := till.NewToken(k, release, time.Date(2027, 1, 1, 2, 0, 0, 0, far)) // still the 31st in UTC
	end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, now := range []time.Time{end.Add(-1), end.Add(-time.Second).In(far), end.AddDate(0, 0, -20)} {
		if _, err := till.CheckToken(k, token, now); err != nil {
			t.Errorf("at %s: %v", now, err)
		}
	}
	for _, now := range []time.Time{end, end.In(far), end.In(time.FixedZone("far west", -12*3600)), end.AddDate(1, 0, 0)} {
		if _, err := till.CheckToken(k, token, now); !errors.Is(err, till.ErrToken) {
			t.Errorf("at %s: %v", now, err)
		}
	}
}

func TestTokenAltered(t *testing.T) {
	k := exampleKeys(t).Token
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	// 20, 19 and 18 characters: with and without spare bits at the end.
	for _, release := range []string{release, release[1:], release[2:]} {
		token := till.NewToken(k, release, lastDay)
		for i := range len(token) {
			for _, c := range alphabet + "+/=\n " {
				bad := token[:i] + string(c) + token[i+1:]
				if _, err := till.CheckToken(k, bad, lastDay); bad != token && !errors.Is(err, till.ErrToken) {
					t.Fatalf("character %d turned to %q: %v", i, c, err)
				}
			}
			if _, err := till.CheckToken(k, token[:i], lastDay); !errors.Is(err, till.ErrToken) {
				t.Fatalf("%d characters of it: %v", i, err)
			}
		}
		k2 := k
		k2[31] ^= 1
		for name, err := range map[string]error{
			"other key": second(till.CheckToken(k2, token, lastDay)),
			"padded":    second(till.CheckToken(k, token+"=", lastDay)),
			"a line":    second(till.CheckToken(k, token+"\n", lastDay)),
			"twice":     second(till.CheckToken(k, token+token, lastDay)),
			"long":      second(till.CheckToken(k, strings.Repeat("A", 1<<20), lastDay)),
			"long name": second(till.CheckToken(k, till.NewToken(k, strings.Repeat("a", 65), lastDay), lastDay)),
			"no work":   second(till.CheckToken(k, till.NewToken(k, "", lastDay), lastDay)),
		} {
			if !errors.Is(err, till.ErrToken) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func second(_ string, err error) error { return err }

func FuzzCheckToken(f *testing.F) {
	k := exampleKeys(f).Token
	f.Add(strings.TrimSpace(block(f, "token")), release)
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, token, release string) {
		if got, err := till.CheckToken(k, token, lastDay); err == nil && token != strings.TrimSpace(block(t, "token")) {
			t.Fatalf("%q is taken for %q", token, got)
		}
		if release == "" || len(release) > 64 {
			return
		}
		if got, err := till.CheckToken(k, till.NewToken(k, release, lastDay), lastDay); err != nil || got != release {
			t.Fatalf("made for %q, taken for %q, %v", release, got, err)
		}
	})
}

func BenchmarkToken(b *testing.B) {
	k := exampleKeys(b).Token
	token := till.NewToken(k, release, lastDay)
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			till.NewToken(k, release, lastDay)
		}
	})
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			if _, err := till.CheckToken(k, token, lastDay); err != nil {
				b.Fatal(err)
			}
		}
	})
}
