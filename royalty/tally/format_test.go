package tally_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty/tally"
)

// The example opens both ways and says what format.md says.
func TestExample(t *testing.T) {
	p, record := example(t)
	name := p.name()
	if hex.EncodeToString(name[:])+"\n" != block(t, "name") {
		t.Errorf("its name is %x", name)
	}
	o, err := p.unseal(record)
	if err != nil {
		t.Fatal(err)
	}
	closing, err := p.forClose(record)
	if err != nil {
		t.Fatal(err)
	}
	for who, got := range map[string]tally.Tally{"owner": o.Tally(), "treasurer": closing} {
		if words(got) != block(t, "tally") {
			t.Errorf("the %s reads\n%s", who, words(got))
		}
		if got.Pass != p.id || !bytes.Equal(got.Signature[:], p.signature) || !got.Corrected || got.Counted[release+"-01"].Plays != 1 {
			t.Errorf("the %s reads %v", who, got)
		}
	}
	text, _ := p.text(t, record)
	if counted := unhex(t, strings.ReplaceAll(block(t, "counted"), "\n", "")); !bytes.HasPrefix(text[2379:], counted) {
		t.Errorf("the counted works are %x", text[2379:][:len(counted)])
	}
}

// words prints a tally as the block of format.md does.
func words(t tally.Tally) string {
	var b strings.Builder
	fmt.Fprintf(&b, "recipient %s\nowner %x\nsequence %d\n", t.Recipient, t.Owner, t.Sequence)
	for _, w := range slices.Sorted(maps.Keys(t.Units)) {
		if c := t.Units[w]; c.Downloaded {
			fmt.Fprintf(&b, "%s downloaded\n", w)
		} else {
			fmt.Fprintf(&b, "%s %d\n", w, c.Plays)
		}
	}
	return b.String()
}

// Whatever somebody with the data key seals, a lying mirror say: it is refused or
// it is the one spelling of what it says.
func FuzzText(f *testing.F) {
	p, record := example(f)
	text, _ := p.text(f, record)
	f.Add(text)
	f.Add(text[:2379])
	f.Add(append(bytes.Clone(text), make([]byte, 1024)...))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := p.unseal(p.forge(t, record, text))
		if err != nil {
			if err != tally.ErrSealed {
				t.Fatal(err)
			}
			return
		}
		again, _ := p.text(t, o.Seal())
		copy(again[320:328], text[320:328]) // the sequence has grown
		if !bytes.Equal(again, text) {
			t.Fatalf("%x is written %x", text, again)
		}
	})
}

// Texts that nothing writes: each differs from a good one in one thing.
func TestTextRefused(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	play(t, o, release+"-01", 1)
	play(t, o, release+"-02", 3)
	record := o.Seal()
	good, _ := p.text(t, record)
	const works, first, second = 2379, 2381, 2398
	for name, edit := range map[string]func(b []byte) []byte{
		"empty":              func([]byte) []byte { return nil },
		"short":              func(b []byte) []byte { return b[:len(b)-1024] },
		"not padded":         func(b []byte) []byte { return b[:len(b)-1] },
		"longer":             func(b []byte) []byte { return append(b, make([]byte, 1024)...) },
		"hidden in padding":  func(b []byte) []byte { b[len(b)-1] = 1; return b },
		"hidden beside":      func(b []byte) []byte { b[works-1] = 1; return b },
		"flag":               func(b []byte) []byte { b[328] = 2; return b },
		"recipient's length": func(b []byte) []byte { b[329] = 9; return b },
		"no correction":      func(b []byte) []byte { b[328] = 1; b[works] = 0xff; return b },
		"number of works":    func(b []byte) []byte { b[works] = 0xff; return b },
		"a work less":        func(b []byte) []byte { b[works+1]--; return b },
		"no plays":           func(b []byte) []byte { b[first+16] = 0; return b },
		"spare bits":         func(b []byte) []byte { b[second+12] |= 1; return b },
		"track 1001":         func(b []byte) []byte { b[second+13], b[second+14] = 1001>>8, 1001&0xff; return b },
		"two downloads":      func(b []byte) []byte { b[first+14] = 0; b[first+16] = 2; return b },
		"twice":              func(b []byte) []byte { copy(b[second:], b[first:first+17]); return b },
		"order":              func(b []byte) []byte { b[first+14] = 3; return b },
		"pass":               func(b []byte) []byte { b[0] ^= 1; return b },
	} {
		bad := p.forge(t, record, edit(bytes.Clone(good)))
		if _, err := p.unseal(bad); err != tally.ErrSealed {
			t.Errorf("%s: the owner gets %v", name, err)
		}
		if _, err := p.forClose(bad); err != tally.ErrSealed {
			t.Errorf("%s: the treasurer gets %v", name, err)
		}
	}
	if _, err := p.unseal(p.forge(t, record, good)); err != nil {
		t.Error(err)
	}
}

// The number of works may go beyond the end by less than an entry.
func TestTextCut(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	for i := range 40 {
		play(t, o, work(i, 1), 1)
	}
	text, _ := p.text(t, o.Seal())
	text[2380]++
	if _, err := p.unseal(p.forge(t, o.Seal(), text)); err != tally.ErrSealed {
		t.Error(err)
	}
}
