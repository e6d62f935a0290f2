package site_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
)

// Welch's t says how sure it is that two kinds of tries differ in time: beyond 12 nobody doubts it, and below an
// attacker needs many times as many tries, over a network that trembles a thousand times as much.
const sure = 12

// nearMiss is a code that differs from another in one symbol, with the check symbol that belongs to it.
func nearMiss(r *rand.Rand, code string) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	for {
		b := []byte(strings.ReplaceAll(code, "-", "")[:20])
		b[r.IntN(20)] = alphabet[r.IntN(32)]
		for _, check := range alphabet + "U" {
			near, err := royalty.ParseCode(string(b) + string(check))
			if err == nil && near.String() != code {
				return near.String()
			}
		}
	}
}

// leaks compares the time of tries of two kinds, interleaved at random, and answers with Welch's t. The slowest tenth of
// each is left out: it is the machine's other work.
func leaks(t *testing.T, n int, kinds [2]func(*rand.Rand) time.Duration) float64 {
	t.Helper()
	r := rand.New(rand.NewPCG(6, 6))
	var took [2][]float64
	for range n {
		k := r.IntN(2)
		took[k] = append(took[k], float64(kinds[k](r)))
	}
	all := slices.Concat(took[0], took[1])
	slices.Sort(all)
	most := all[len(all)*9/10]
	var mean, spread, count [2]float64
	for k := range took {
		for _, d := range took[k] {
			if d <= most {
				mean[k] += d
				count[k]++
			}
		}
		mean[k] /= count[k]
		for _, d := range took[k] {
			if d <= most {
				spread[k] += (d - mean[k]) * (d - mean[k])
			}
		}
		spread[k] /= count[k] - 1
	}
	welch := (mean[0] - mean[1]) / math.Sqrt(spread[0]/count[0]+spread[1]/count[1])
	t.Logf("%.0f and %.0f ns in the mean, t = %.2f", mean[0], mean[1], welch)
	return welch
}

// loginTimes tries to log in with near misses of accounts that are there and with any codes, and once more with a leak
// made on purpose, which must be seen.
func loginTimes(t *testing.T, n int) {
	c := newClub(t)
	var accounts []string
	for range 50 {
		v := c.visitor(t)
		v.post("/join")
		accounts = append(accounts, codePattern.FindString(v.get("/account")))
	}
	v := c.visitor(t)
	try := func(code string) time.Duration {
		form := values("account", code)
		start := time.Now()
		resp := v.send("POST", "/login", form)
		took := time.Since(start)
		if resp.StatusCode != 403 || len(resp.Cookies()) > 0 {
			t.Fatalf("status %d", resp.StatusCode)
		}
		return took
	}
	near := func(r *rand.Rand) time.Duration { return try(nearMiss(r, accounts[r.IntN(len(accounts))])) }
	far := func(*rand.Rand) time.Duration { return try(newCode(t).String()) }
	if welch := leaks(t, n, [2]func(*rand.Rand) time.Duration{near, far}); math.Abs(welch) > sure {
		t.Errorf("near misses are told from other codes: t = %.1f", welch)
	}
	slow := func(r *rand.Rand) time.Duration { return near(r) + 20*time.Microsecond }
	if welch := leaks(t, n, [2]func(*rand.Rand) time.Duration{slow, far}); math.Abs(welch) < sure {
		t.Errorf("a leak of 20 µs is not seen: t = %.1f", welch)
	}
}

func TestLoginTimes(t *testing.T) { loginTimes(t, 4_000) }
