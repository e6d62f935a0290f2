package tally_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/tally"
)

// record returns a record that names a release, with its recipient.
func full(t testing.TB, p holder) (record []byte, recipient string) {
	t.Helper()
	o, _ := p.create(t)
	recipient = testPass(t, 77).closing
	if err := o.SetRecipient(recipient, [32]byte{9}); err != nil {
		t.Fatal(err)
	}
	play(t, o, release+"-01", 2)
	if _, err := o.RecordDownload(release); err != nil {
		t.Fatal(err)
	}
	return o.Seal(), recipient
}

func TestOpensForBoth(t *testing.T) {
	p := testPass(t, 1)
	record, recipient := full(t, p)
	o, err := p.unseal(record)
	if err != nil {
		t.Fatal(err)
	}
	closing, err := p.forClose(record)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []tally.Tally{o.Tally(), closing} {
		if got.Pass != p.id || !bytes.Equal(got.Signature[:], p.signature) || got.Recipient != recipient || got.Owner != [32]byte{9} || got.Sequence != 2 {
			t.Errorf("read %v", got)
		}
		if len(got.Units) != 2 || got.Units[release+"-01"].Plays != 2 || !got.Units[release].Downloaded || got.Corrected {
			t.Errorf("read %v", got.Units)
		}
	}
}

// A tally goes on after every way of reading it again.
func TestGoesOn(t *testing.T) {
	p := testPass(t, 1)
	o, record := p.create(t)
	for i := range 5 {
		play(t, o, release+"-01", 1)
		record = o.Seal()
		var err error
		if o, err = p.unseal(record); err != nil {
			t.Fatal(err)
		}
		if got := o.Tally(); got.Sequence != uint64(i+2) || got.Units[release+"-01"].Plays != i+1 {
			t.Errorf("after %d: %v", i, got)
		}
	}
	if got, err := p.forClose(record); err != nil || got.Units[release+"-01"].Plays != 5 {
		t.Errorf("the treasurer reads %v, %v", got, err)
	}
}

// Every key and every circumstance must be the right one.
func TestSealedForNobodyElse(t *testing.T) {
	p, other := testPass(t, 1), testPass(t, 2)
	record, _ := full(t, p)
	key, name, signature := p.month, p.name(), bytes.Clone(p.signature)
	key[31] ^= 1
	signature[255] ^= 1
	swapped := other
	swapped.id = p.id
	for what, err := range map[string]error{
		"month key":           owner(tally.Unseal(key, december, p.id, p.signature, record)),
		"period":              owner(tally.Unseal(p.month, "2026-11", p.id, p.signature, record)),
		"pass":                owner(tally.Unseal(p.month, december, other.id, p.signature, record)),
		"signature":           owner(tally.Unseal(p.month, december, p.id, signature, record)),
		"no signature":        owner(tally.Unseal(p.month, december, p.id, nil, record)),
		"month key, close":    treasurer(tally.UnsealForClose(key, december, name, record, p.identity)),
		"period, close":       treasurer(tally.UnsealForClose(p.month, "2026-11", name, record, p.identity)),
		"name, close":         treasurer(tally.UnsealForClose(p.month, december, other.name(), record, p.identity)),
		"identity, close":     treasurer(tally.UnsealForClose(p.month, december, name, record, other.identity)),
		"no identity, close":  treasurer(tally.UnsealForClose(p.month, december, name, record, "")),
		"too large":           owner(p.unseal(append(bytes.Clone(record), make([]byte, tally.MaxRecord)...))),
		"empty":               owner(p.unseal(nil)),
		"nothing in it":       owner(p.unseal(p.wrap(t, nil))),
		"version alone":       owner(p.unseal(p.wrap(t, []byte{1}))),
		"wrap beyond the end": owner(p.unseal(p.wrap(t, append(p.layer(t, record)[:61], 0xff, 0xff)))),
	} {
		if !errors.Is(err, tally.ErrSealed) {
			t.Errorf("another %s: %v", what, err)
		}
	}
}

func owner(_ *tally.Open, err error) error       { return err }
func treasurer(got tally.Tally, err error) error { return err }

// No byte of a record can be altered, none left out or added.
func TestAltered(t *testing.T) {
	p := testPass(t, 1)
	record, _ := full(t, p)
	for i := range record {
		record[i] ^= 1 << (i % 8)
		if _, err := p.unseal(record); err != tally.ErrSealed {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := p.forClose(record); err != tally.ErrSealed {
			t.Fatalf("byte %d, close: %v", i, err)
		}
		record[i] ^= 1 << (i % 8)
		if _, err := p.unseal(record[:i]); err != tally.ErrSealed {
			t.Fatalf("cut to %d: %v", i, err)
		}
	}
	if _, err := p.unseal(append(record, 0)); err != tally.ErrSealed {
		t.Errorf("a byte more: %v", err)
	}
}

// Who holds the month key can take off the outer layer, and can alter nothing
// below that an owner or the treasurer would not see.
func TestAlteredBelow(t *testing.T) {
	p := testPass(t, 1)
	record, _ := full(t, p)
	layer := p.layer(t, record)
	wrap, closing, _ := parts(layer)
	for i := range layer {
		bad := bytes.Clone(layer)
		bad[i] ^= 1 << (i % 8)
		altered := p.wrap(t, bad)
		_, err := p.unseal(altered)
		if below := i >= 63 && i < 63+len(closing); !below && err != tally.ErrSealed {
			t.Fatalf("byte %d: %v", i, err)
		}
		if i > 63+len(closing) && i%11 != 0 {
			continue // age takes a while, and the bytes of the tally are all alike
		}
		_, err = p.forClose(altered)
		if below := i >= 1 && i < 1+len(wrap); !below && !errors.Is(err, tally.ErrSealed) {
			t.Fatalf("byte %d, close: %v", i, err)
		}
	}
}

// The layers of one pass do not fit into the record of another, even for the
// host: it would have to open them.
func TestNotMovable(t *testing.T) {
	p, other := testPass(t, 1), testPass(t, 2)
	other.closing, other.identity = p.closing, p.identity
	record, _ := full(t, p)
	moved := other.wrap(t, p.layer(t, record))
	if _, err := other.unseal(moved); err != tally.ErrSealed {
		t.Errorf("the owner gets %v", err)
	}
	if _, err := other.forClose(moved); err != tally.ErrSealed {
		t.Errorf("the treasurer gets %v", err)
	}
}

// TestMarkers looks for what must not be seen: in the record as it lies on the
// disk, and in what the month key alone makes of it.
func TestMarkers(t *testing.T) {
	p := testPass(t, 1)
	record, recipient := full(t, p)
	name := p.name()
	secrets := map[string][]byte{
		"recipient": []byte(recipient), "release": []byte(release), "pass": p.id[:],
		"signature": p.signature, "name": name[:], "packed release": unhex(t, strings.Fields(block(t, "counted"))[1][:26]),
	}
	for where, b := range map[string][]byte{"record": record, "record without its outer layer": p.layer(t, record)} {
		for what, secret := range secrets {
			for form, marker := range forms(secret) {
				if bytes.Contains(b, []byte(marker)) {
					t.Errorf("the %s shows the %s in %s", where, what, form)
				}
			}
		}
	}
	// The test can see: the innermost text shows all of them but the name.
	text, _ := p.text(t, record)
	for _, what := range []string{"recipient", "pass", "signature", "packed release"} {
		if !bytes.Contains(text, secrets[what][:12]) {
			t.Errorf("the %s is not where it should be", what)
		}
	}
	// What the outer layer hides besides: that this is age's and ours.
	if bytes.Contains(record, []byte("age-encryption.org")) {
		t.Error("the record shows a header of age")
	}
}

// forms are pieces of a secret as they could be met.
func forms(secret []byte) map[string]string {
	piece := secret[:min(len(secret), 12)]
	b64 := base64.StdEncoding.EncodeToString(piece)
	shifted := base64.StdEncoding.EncodeToString(append([]byte{0}, piece...))
	shifted2 := base64.StdEncoding.EncodeToString(append([]byte{0, 0}, piece...))
	return map[string]string{
		"clear": string(piece), "upper case": strings.ToUpper(string(piece)), "hexadecimal": hex.EncodeToString(piece),
		"base64": b64[:14], "base64 from the second byte": shifted[2:14], "base64 from the third byte": shifted2[3:14],
	}
}

// Two records of one tally share no sixteen bytes; what is wrapped once stays.
func TestFresh(t *testing.T) {
	p := testPass(t, 1)
	o, first := p.create(t)
	second := o.Seal()
	seen := map[string]bool{}
	for i := range len(first) - 16 {
		seen[string(first[i:i+16])] = true
	}
	for i := range len(second) - 16 {
		if seen[string(second[i:i+16])] {
			t.Fatalf("the same bytes at %d", i)
		}
	}
	owner1, closing1, sealed1 := parts(p.layer(t, first))
	owner2, closing2, sealed2 := parts(p.layer(t, second))
	if !bytes.Equal(owner1, owner2) || !bytes.Equal(closing1, closing2) {
		t.Error("the wraps are made anew with each record")
	}
	if bytes.Equal(sealed1[:12], sealed2[:12]) {
		t.Error("the data key met the same nonce twice")
	}
	_, again := p.create(t)
	_, secret := p.text(t, second)
	if _, other := p.text(t, again); bytes.Equal(secret, other) {
		t.Error("two tallies share a data key")
	}
}

// The length tells neither how few works nor what kind of recipient.
func TestLengths(t *testing.T) {
	p := testPass(t, 1)
	length := func(works int, recipient string) int {
		o, _ := p.create(t)
		for i := range works {
			play(t, o, work(i, 1), 1+i)
		}
		if recipient != "" {
			if err := o.SetRecipient(recipient, [32]byte{}); err != nil {
				t.Fatal(err)
			}
		}
		return len(o.Seal())
	}
	_, hybrid, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	none := length(0, "")
	for name, n := range map[string]int{"1 work": length(1, ""), "10 works": length(10, ""), "40 works": length(40, p.closing), "hybrid": length(10, hybrid)} {
		if n != none {
			t.Errorf("%s: %d bytes, an empty tally has %d", name, n, none)
		}
	}
	if more := length(41, ""); more != none+1024 {
		t.Errorf("41 works: %d bytes, an empty tally has %d", more, none)
	}
}

// Names differ by pass and by month, and are not the pass.
func TestNames(t *testing.T) {
	p, other := testPass(t, 1), testPass(t, 2)
	next := p
	next.month[0] ^= 1
	names := map[[32]byte]bool{p.name(): true, other.name(): true, next.name(): true, p.id: true}
	if len(names) != 4 {
		t.Error("two names are the same")
	}
}

func TestCreateRefuses(t *testing.T) {
	p := testPass(t, 1)
	for name, signature := range map[string][]byte{"short": p.signature[1:], "long": append(p.signature, 0), "none": nil} {
		if _, _, err := tally.Create(p.month, december, p.id, signature, p.closing); err == nil {
			t.Errorf("%s signature: taken", name)
		}
	}
	if _, _, err := tally.Create(p.month, december, p.id, p.signature, "age1nobody"); !errors.Is(err, seal.ErrRecipient) {
		t.Errorf("no closing recipient: %v", err)
	}
}

func TestSetRecipientRefuses(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	if err := o.SetRecipient(p.closing, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := o.SetRecipient("age1nobody", [32]byte{2}); !errors.Is(err, seal.ErrRecipient) {
		t.Errorf("taken: %v", err)
	}
	if got := o.Tally(); got.Recipient != p.closing || got.Owner != [32]byte{1} || o.Recipient() != p.closing {
		t.Errorf("a refused recipient changed %v", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	identity, closing, err := seal.NewIdentity()
	if err != nil {
		b.Fatal(err)
	}
	p := testPass(b, 1)
	p.closing, p.identity = closing, identity
	o, _ := p.create(b)
	if err := o.SetRecipient(closing, [32]byte{}); err != nil {
		b.Fatal(err)
	}
	for i := range 300 {
		play(b, o, work(i, 1), 1)
	}
	record := o.Seal()
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			rand.Read(p.id[:1])
			p.create(b)
		}
	})
	p.id = o.Tally().Pass
	b.Run("play and seal 300 works", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			play(b, o, work(7, 1), 1)
			record = o.Seal()
		}
	})
	b.Run("seal 300 works", func(b *testing.B) {
		for b.Loop() {
			record = o.Seal()
		}
	})
	b.Run("unseal", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.unseal(record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unseal for close", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.forClose(record); err != nil {
				b.Fatal(err)
			}
		}
	})
}
