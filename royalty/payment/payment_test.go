package payment_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
)

const origin = "peerfy.example/log"

// key is a note key made for one test.
func key(t testing.TB, name string) (note.Signer, note.Verifiers) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, note.VerifierList(v)
}

// anybody stands for a key that signs and verifies whatever it is given, so that
// tests can show the parser any text.
type anybody struct{}

func (anybody) Name() string                   { return "anybody" }
func (anybody) KeyHash() uint32                { return 1 }
func (anybody) Sign([]byte) ([]byte, error)    { return []byte("signed"), nil }
func (anybody) Verify(_ []byte, s []byte) bool { return string(s) == "signed" }

func signedByAnybody(text string) []byte {
	raw, err := note.Sign(&note.Note{Text: text}, anybody{})
	if err != nil {
		return []byte(text)
	}
	return raw
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func issue(t testing.TB, months, count int, expires time.Time) (payment.Batch, []royalty.Code) {
	t.Helper()
	b, codes, err := payment.Issue(origin, months, 800, count, expires)
	if err != nil {
		t.Fatal(err)
	}
	return b, codes
}

// textOf is what a note signs.
func textOf(raw []byte) string {
	s := string(raw)
	return s[:strings.LastIndex(s, "\n\n")+1]
}
