package till_test

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
)

const (
	december = royalty.Period("2026-12")
	origin   = "coop.example/ledger"
	release  = "mvhtockzo2v2pi7nqo65"
)

// block returns the one fenced block of format.md with that word behind the fence.
func block(t testing.TB, word string) string {
	t.Helper()
	b, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n```"+word+"\n")
	text, _, closed := strings.Cut(text, "\n```\n")
	if !ok || !closed {
		t.Fatalf("format.md has no block %s", word)
	}
	return text + "\n"
}

// exampleKeys are the keys of format.md.
func exampleKeys(t testing.TB) *till.Keys {
	t.Helper()
	k, err := till.Parse([]byte(block(t, "keys")))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func exampleVerifier(t testing.TB) note.Verifier {
	t.Helper()
	return verifier(t, exampleKeys(t))
}

func verifier(t testing.TB, k *till.Keys) note.Verifier {
	t.Helper()
	vkey, err := k.TillVerifier()
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
