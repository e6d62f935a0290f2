package ledger_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"p2p.legal/peerfy/store/ledger"
)

func TestProof(t *testing.T) {
	k := logKey(t)
	p := parsePolicy(t, policyText(t))
	r := rand.New(rand.NewPCG(9, 10))
	for range 40 {
		m := testLog(t, 1+r.IntN(300))
		msg := seenBy(t, m, "X1", "X2", "Y1")
		index := r.Int64N(m.Size())
		proof, err := ledger.ProveEntry(m.Size(), index, m, msg)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := m.Entry(index)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ledger.ParseProof(proof.Format())
		if err != nil || !bytes.Equal(back.Format(), proof.Format()) {
			t.Fatalf("%s: %v", proof.Format(), err)
		}
		if err := back.Check(raw, p); err != nil {
			t.Fatal(err)
		}
		if err := back.CheckKey(raw, origin, k.verifier); err != nil {
			t.Fatal(err)
		}
		spoilProof(t, r, back, raw, p)
	}
}

// spoilProof wants that the proof shows nothing else.
func spoilProof(t *testing.T, r *rand.Rand, p ledger.Proof, raw []byte, policy *ledger.Policy) {
	t.Helper()
	refuse := func(why string, p ledger.Proof, raw []byte) {
		t.Helper()
		if err := p.Check(raw, policy); !errors.Is(err, ledger.ErrProof) {
			t.Fatalf("%s: %v", why, err)
		}
		if err := p.CheckKey(raw, origin, logKey(t).verifier); !errors.Is(err, ledger.ErrProof) {
			t.Fatalf("%s: %v", why, err)
		}
	}
	refuse("another entry", p, append(raw, 'x'))
	bad := p
	bad.Index++
	refuse("another index", bad, raw)
	bad.Index = -1
	refuse("negative index", bad, raw)
	bad = p
	bad.Hashes = append(p.Hashes[:len(p.Hashes):len(p.Hashes)], tlog.Hash{})
	refuse("a hash more", bad, raw)
	if len(p.Hashes) > 0 {
		bad.Hashes = append([]tlog.Hash(nil), p.Hashes...)
		bad.Hashes[r.IntN(len(bad.Hashes))][0] ^= 1
		refuse("another hash", bad, raw)
	}
	if err := p.CheckKey(raw, "another", logKey(t).verifier); !errors.Is(err, ledger.ErrUnsigned) {
		t.Fatalf("another origin: %v", err)
	}
	if err := p.Check(raw, parsePolicy(t, "log "+editorKey(t).vkey+"\nquorum none\n")); !errors.Is(err, ledger.ErrUnsigned) {
		t.Fatalf("another log: %v", err)
	}
}

func TestProofExtra(t *testing.T) {
	m := testLog(t, 3)
	p, err := ledger.ProveEntry(3, 1, m, signed(t, m))
	if err != nil {
		t.Fatal(err)
	}
	for _, extra := range [][]byte{{}, []byte("x"), bytes.Repeat([]byte("y"), 1000)} {
		p.Extra = extra
		back, err := ledger.ParseProof(p.Format())
		if err != nil || back.Extra == nil || !bytes.Equal(back.Extra, extra) {
			t.Errorf("%q: %v", extra, err)
		}
	}
}

func TestProveEntryRefuses(t *testing.T) {
	m := testLog(t, 5)
	msg := signed(t, m)
	for _, c := range [][2]int64{{5, 5}, {5, -1}, {4, 1}, {6, 5}, {1 << 62, 1}} {
		if _, err := ledger.ProveEntry(c[0], c[1], m, msg); !errors.Is(err, ledger.ErrNotInTree) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := ledger.ProveEntry(5, 1, m, entry(t, 1)); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("an entry as checkpoint: %v", err)
	}
}

func TestParseProofRefuses(t *testing.T) {
	m := testLog(t, 5)
	p, err := ledger.ProveEntry(5, 1, m, signed(t, m))
	if err != nil {
		t.Fatal(err)
	}
	good := string(p.Format())
	lines := strings.SplitAfter(good, "\n")
	hash := lines[2]
	for name, bad := range map[string]string{
		"nothing":          "",
		"header alone":     lines[0],
		"no header":        strings.TrimPrefix(good, lines[0]),
		"other header":     strings.Replace(good, "@v1", "@v2", 1),
		"no index":         strings.Replace(good, lines[1], "", 1),
		"no index at all":  lines[0] + "\n" + string(p.Checkpoint),
		"index 01":         strings.Replace(good, "index 1", "index 01", 1),
		"negative index":   strings.Replace(good, "index 1", "index -1", 1),
		"huge index":       strings.Replace(good, "index 1", "index 9223372036854775807", 1),
		"short hash":       strings.Replace(good, hash, hash[:40]+"\n", 1),
		"stray bits":       strings.Replace(good, hash, hash[:42]+"/=\n", 1),
		"space after":      strings.Replace(good, hash, strings.TrimSuffix(hash, "\n")+" \n", 1),
		"no checkpoint":    strings.TrimSuffix(good, string(p.Checkpoint)),
		"two empty lines":  strings.Replace(good, "\n\n", "\n\n\n", 1),
		"too many hashes":  strings.Replace(good, hash, strings.Repeat(hash, 39), 1),
		"bad extra":        strings.Replace(good, "index", "extra !\nindex", 1),
		"extra stray bits": strings.Replace(good, "index", "extra AB==\nindex", 1),
		"extra twice":      strings.Replace(good, "index", "extra AA==\nextra AA==\nindex", 1),
		"extra alone":      lines[0] + "extra AA==\n\n" + string(p.Checkpoint),
		"long extra":       strings.Replace(good, "index", "extra "+strings.Repeat("AAAA", 22000)+"\nindex", 1),
		"not UTF-8":        good + "\xff",
	} {
		if p, err := ledger.ParseProof([]byte(bad)); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	for name, largest := range map[string]string{
		"40 hashes":    strings.Replace(good, hash, strings.Repeat(hash, 38), 1),
		"64 KiB extra": strings.Replace(good, "index", "extra "+strings.Repeat("AAAA", 21845)+"AA==\nindex", 1),
	} {
		if _, err := ledger.ParseProof([]byte(largest)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ledger.ParseProof(bytes.Repeat([]byte("x"), 1<<20)); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
}

func FuzzParseProof(f *testing.F) {
	m := testLog(f, 5)
	p, err := ledger.ProveEntry(5, 1, m, signed(f, m))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Format())
	p.Extra = []byte("extra")
	f.Add(p.Format())
	v := logKey(f).verifier
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ledger.ParseProof(b)
		if err != nil {
			return
		}
		if again := p.Format(); !bytes.Equal(again, b) {
			t.Fatalf("%q became %q", b, again)
		}
		if p.CheckKey([]byte("another leaf"), origin, v) == nil {
			t.Fatalf("%q shows what is not logged", b)
		}
	})
}
