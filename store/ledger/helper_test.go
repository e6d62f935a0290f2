package ledger_test

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"p2p.legal/peerfy/store/ledger"
)

const origin = "coop.example/ledger"

// key is a key that is the same in every run.
type key struct {
	skey, vkey string
	note.Signer
	verifier note.Verifier
}

func testKey(t testing.TB, name string, seed byte) key {
	t.Helper()
	skey, vkey, err := ledger.KeyFromSeed(name, bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := ledger.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return key{skey, vkey, s, v}
}

func logKey(t testing.TB) key    { return testKey(t, origin, 1) }
func editorKey(t testing.TB) key { return testKey(t, "coop.example/editor", 2) }
func artistKey(t testing.TB) key { return testKey(t, "coop.example/artist/brume", 3) }

// cosigner returns a cosigner and its vkey of type 0x04.
func cosigner(t testing.TB, name string, seed byte) (*ledger.Cosigner, string) {
	t.Helper()
	s, err := ledger.NewCosigner(testKey(t, name, seed).skey)
	if err != nil {
		t.Fatal(err)
	}
	return s, s.VerifierKey()
}

type line struct {
	Number int    `json:"number"`
	Words  string `json:"words,omitempty"`
}

// entry returns the n-th entry of a test log, signed by artist and editor.
func entry(t testing.TB, n int) []byte {
	t.Helper()
	text, err := ledger.Text(ledger.KindRelease, line{Number: n, Words: "Premières lueurs"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ledger.SignText(text, artistKey(t), editorKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// testLog returns a log of size cheap entries: plain leaves, forced in.
func testLog(t testing.TB, size int) *ledger.Memory {
	t.Helper()
	m := ledger.NewMemory(origin, nil)
	grow(t, m, size, "leaf")
	return m
}

// grow adds leaves until the log has this size.
func grow(t testing.TB, m *ledger.Memory, size int, word string) {
	t.Helper()
	for i := m.Size(); i < int64(size); i++ {
		if _, err := m.Force(fmt.Appendf(nil, "%s %d", word, i)); err != nil {
			t.Fatal(err)
		}
	}
}

// signed returns the signed head of a log.
func signed(t testing.TB, m *ledger.Memory) []byte {
	t.Helper()
	msg, err := m.SignedCheckpoint(logKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// head returns the head of a log.
func head(t testing.TB, m *ledger.Memory) ledger.Checkpoint {
	t.Helper()
	c, err := m.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
