package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"p2p.legal/peerfy/store/ledger"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 987654321, time.UTC)

func TestCosign(t *testing.T) {
	msg := signed(t, testLog(t, 5))
	s1, vkey1 := cosigner(t, "mirror.example/1", 11)
	s2, vkey2 := cosigner(t, "mirror.example/2", 12)
	one, err := ledger.Cosign(msg, s1, noon)
	if err != nil {
		t.Fatal(err)
	}
	two, err := ledger.Cosign(one, s2, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(one, msg) || !bytes.HasPrefix(two, one) {
		t.Error("earlier signatures have changed")
	}
	for i, vkey := range []string{vkey1, vkey2} {
		v, err := ledger.NewCosignatureVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		n, err := note.Open(two, note.VerifierList(v))
		if err != nil {
			t.Fatal(err)
		}
		at, err := ledger.CosignatureTime(n.Sigs[0])
		if want := noon.Truncate(time.Second).Add(time.Duration(i) * time.Hour); err != nil || !at.Equal(want) {
			t.Errorf("time %v, %v, want %v", at, err, want)
		}
	}
	if _, _, err := ledger.OpenCheckpoint(two, origin, logKey(t).verifier); err != nil {
		t.Errorf("the log's own signature: %v", err)
	}
}

// A later cosignature takes the place of the earlier one.
func TestCosignAgain(t *testing.T) {
	s, vkey := cosigner(t, "mirror.example/1", 11)
	first, err := ledger.Cosign(signed(t, testLog(t, 5)), s, noon)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ledger.Cosign(first, s, noon.Add(time.Minute))
	if err != nil || len(second) != len(first) {
		t.Fatalf("%s, %v", second, err)
	}
	v, err := ledger.NewCosignatureVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(second, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	if at, err := ledger.CosignatureTime(n.Sigs[0]); err != nil || at.Unix() != noon.Unix()+60 {
		t.Errorf("%v, %v", at, err)
	}
}

func TestCosignatureKey(t *testing.T) {
	k := testKey(t, "mirror.example/1", 11)
	s, vkey := cosigner(t, "mirror.example/1", 11)
	if got, err := ledger.CosignatureKey(k.vkey); err != nil || got != vkey {
		t.Errorf("%s, %v, want %s", got, err, vkey)
	}
	if s.KeyHash() == k.KeyHash() || s.Name() != k.Name() {
		t.Error("the key id does not tell signature from cosignature")
	}
	if _, err := ledger.CosignatureKey(vkey); err == nil {
		t.Error("a key of type 0x04 turned into one")
	}
}

func TestCosignRefuses(t *testing.T) {
	s, vkey := cosigner(t, "mirror.example/1", 11)
	msg := signed(t, testLog(t, 5))
	if _, err := ledger.Cosign(msg, s, time.Unix(0, 0)); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("no time: %v", err)
	}
	if _, err := ledger.Cosign(entry(t, 1), s, noon); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("an entry: %v", err)
	}
	v, err := ledger.NewCosignatureVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if v.Verify([]byte("anything\n"), make([]byte, 72)) || v.Verify([]byte(specCheckpoint), make([]byte, 71)) {
		t.Error("verified what is none")
	}
	for _, sig := range []note.Signature{{Base64: "!"}, {Base64: "AAAA"}, {Base64: entrySig(t)}} {
		if _, err := ledger.CosignatureTime(sig); err == nil {
			t.Errorf("%q has a time", sig.Base64)
		}
	}
}

// entrySig returns a plain signature, which has no time.
func entrySig(t *testing.T) string {
	t.Helper()
	e, err := ledger.ParseEntry(entry(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	return e.Sigs[0].Base64
}

// The time is 63 bits: no more, and no less.
func TestCosignatureTimeRange(t *testing.T) {
	priv := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{11}, 32))
	s, vkey := cosigner(t, "mirror.example/1", 11)
	v, err := ledger.NewCosignatureVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	for at, ok := range map[uint64]bool{1: true, math.MaxInt64: true, math.MaxInt64 + 1: false, math.MaxUint64: false} {
		msg := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, specCheckpoint)
		sig := append(binary.BigEndian.AppendUint64(nil, at), ed25519.Sign(priv, msg)...)
		if v.Verify([]byte(specCheckpoint), sig) != ok {
			t.Errorf("%d: verified is not %v", at, ok)
		}
		b64 := base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, s.KeyHash()), sig...))
		if got, err := ledger.CosignatureTime(note.Signature{Base64: b64}); ok != (err == nil) || ok && got.Unix() != int64(at) {
			t.Errorf("%d: %v, %v", at, got, err)
		}
	}
}

func TestMutatedCosignature(t *testing.T) {
	msg := cosignedHead(t)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range msg {
		mutateCosigned(t, msg, i, byte(1+r.IntN(255)))
	}
}

func cosignedHead(t *testing.T) []byte {
	t.Helper()
	s, _ := cosigner(t, "mirror.example/1", 11)
	msg, err := ledger.Cosign(signed(t, testLog(t, 5)), s, noon)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// mutateCosigned wants that an altered byte breaks the log's signature or the
// cosignature.
func mutateCosigned(t *testing.T, msg []byte, i int, flip byte) {
	t.Helper()
	bad := bytes.Clone(msg)
	bad[i] ^= flip
	_, vkey := cosigner(t, "mirror.example/1", 11)
	p, err := ledger.ParsePolicy([]byte("log " + logKey(t).vkey + "\nwitness w " + vkey + "\nquorum w\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c, _, err := p.Check(bad); err == nil {
		t.Fatalf("byte %d ^ %02x: opened as %+v", i, flip, c)
	}
}
