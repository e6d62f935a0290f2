package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"p2p.legal/peerfy/store/ledger"
)

func TestEntry(t *testing.T) {
	raw := entry(t, 7)
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		t.Fatal(err)
	}
	if e.Kind != ledger.KindRelease || e.Version != 1 || !e.Known || !bytes.Equal(e.Raw, raw) || len(e.Sigs) != 2 {
		t.Errorf("parsed as %+v", e)
	}
	if want := "peerfy/release/v1\n" + `{"number":7,"words":"Premières lueurs"}` + "\n"; e.Text != want {
		t.Errorf("text %q, want %q", e.Text, want)
	}
	var l line
	if err := ledger.UnmarshalCanonical(e.Body, &l); err != nil || l.Number != 7 {
		t.Errorf("body %+v, %v", l, err)
	}
	if !e.SignedBy(artistKey(t).verifier) || !e.SignedBy(editorKey(t).verifier) || e.SignedBy(logKey(t).verifier) {
		t.Error("wrong signers")
	}
	sum := sha256.Sum256([]byte(e.Text))
	if want := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:20]; e.ID() != want || ledger.TextID(e.Text) != want {
		t.Errorf("id %s, want %s", e.ID(), want)
	}
}

// Any reader of signed notes reads our entries.
func TestEntryIsNote(t *testing.T) {
	n, err := note.Open(entry(t, 1), note.VerifierList(artistKey(t).verifier, editorKey(t).verifier))
	if err != nil || len(n.Sigs) != 2 || len(n.UnverifiedSigs) != 0 {
		t.Fatalf("%+v, %v", n, err)
	}
	v, err := note.NewVerifier(editorKey(t).vkey)
	if err != nil {
		t.Fatal(err)
	}
	if n, err = note.Open(entry(t, 1), note.VerifierList(v)); err != nil || len(n.Sigs) != 1 {
		t.Fatalf("%+v, %v", n, err)
	}
	s, err := note.NewSigner(artistKey(t).skey)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := note.Sign(&note.Note{Text: "peerfy/release/v1\n{}\n"}, s)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ledger.ParseEntry(theirs)
	if err != nil || !e.SignedBy(artistKey(t).verifier) {
		t.Fatalf("%v, %v", e, err)
	}
}

func TestAddSignature(t *testing.T) {
	text, err := ledger.Text(ledger.KindRelease, line{Number: 1})
	if err != nil {
		t.Fatal(err)
	}
	one, err := ledger.SignText(text, artistKey(t))
	if err != nil {
		t.Fatal(err)
	}
	two, err := ledger.AddSignature(one, editorKey(t))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(two, one) {
		t.Errorf("the first signature has changed:\n%s\n%s", one, two)
	}
	if again, err := ledger.AddSignature(two, artistKey(t)); err != nil || !bytes.Equal(again, two) {
		t.Errorf("signing again made %s, %v", again, err)
	}
	// A wrong signature by the same key gives way to the right one.
	other := strings.Replace(string(two), `"number":1`, `"number":2`, 1)
	mended, err := ledger.AddSignature([]byte(other), artistKey(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := ledger.ParseEntry(mended)
	if err != nil || !e.SignedBy(artistKey(t).verifier) || e.SignedBy(editorKey(t).verifier) {
		t.Errorf("%v, %v", e, err)
	}
	if _, err := ledger.AddSignature(two); err == nil {
		t.Error("signed without a key")
	}
	if _, err := ledger.SignText(text); err == nil {
		t.Error("signed without a key")
	}
}

// The same key twice counts once, because it cannot stand there twice.
func TestSignTwice(t *testing.T) {
	raw, err := ledger.SignText("peerfy/release/v1\n{}\n", artistKey(t), artistKey(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := ledger.ParseEntry(raw)
	if err != nil || len(e.Sigs) != 1 {
		t.Errorf("%v, %v", e, err)
	}
}

func TestUnknownKinds(t *testing.T) {
	for _, header := range []string{"peerfy/poem/v1", "peerfy/release/v2", "peerfy/release/v32767"} {
		raw, err := ledger.SignText(header+"\n{\"anything\":1}\n", artistKey(t))
		if err != nil {
			t.Fatal(err)
		}
		if e, err := ledger.ParseEntry(raw); err != nil || e.Known {
			t.Errorf("%s: %+v, %v", header, e, err)
		}
	}
	for _, k := range []ledger.Kind{
		ledger.KindCharter, ledger.KindArtist, ledger.KindRelease, ledger.KindWithdrawal, ledger.KindMirror, ledger.KindOpening,
		ledger.KindStatement, ledger.KindPayouts, ledger.KindCorrection, ledger.KindAcknowledgement, ledger.KindSoftware,
	} {
		if !k.Known() {
			t.Errorf("%s is not known", k)
		}
	}
}

func TestParseEntryRefuses(t *testing.T) {
	good := string(entry(t, 1))
	lines := strings.SplitAfter(good, "\n")
	sig := lines[3]
	for name, raw := range map[string]string{
		"nothing":            "",
		"no signature":       lines[0] + lines[1] + "\n",
		"no empty line":      lines[0] + lines[1] + sig,
		"one line":           lines[0] + "\n" + sig,
		"three lines":        lines[0] + lines[1] + lines[1] + "\n" + sig,
		"blank line between": lines[0] + "\n" + lines[1] + "\n" + sig,
		"no newline":         strings.TrimSuffix(good, "\n"),
		"newline after":      good + "\n",
		"text after":         good + "x\n",
		"carriage return":    strings.ReplaceAll(good, "\n", "\r\n"),
		"tab":                strings.Replace(good, "lueurs", "\t", 1),
		"NUL first":          "\x00" + good,
		"NUL":                strings.Replace(good, "lueurs", "\x00", 1),
		"delete":             strings.Replace(good, "lueurs", "\x7f", 1),
		"bidi override":      strings.Replace(good, "lueurs", "\u202e", 1),
		"not UTF-8":          strings.Replace(good, "lueurs", "\xff", 1),
		"other project":      strings.Replace(good, "peerfy", "Peerfy", 1),
		"no kind":            strings.Replace(good, "release", "", 1),
		"upper-case kind":    strings.Replace(good, "release", "Release", 1),
		"long kind":          strings.Replace(good, "release", strings.Repeat("a", 33), 1),
		"version 0":          strings.Replace(good, "v1", "v0", 1),
		"version 01":         strings.Replace(good, "v1", "v01", 1),
		"version +1":         strings.Replace(good, "v1", "v+1", 1),
		"version x":          strings.Replace(good, "v1", "1", 1),
		"huge version":       strings.Replace(good, "v1", "v32768", 1),
		"space in JSON":      strings.Replace(good, ":1", ": 1", 1),
		"JSON array":         lines[0] + "[]\n\n" + sig,
		"half JSON":          lines[0] + "{\n\n" + sig,
		"signed twice":       good + sig,
		"hyphen":             strings.Replace(good, "—", "-", 1),
		"no name":            strings.Replace(good, "— coop.example/artist/brume", "— ", 1),
		"plus in name":       strings.Replace(good, "artist/brume", "artist+brume", 1),
		"bidi in name":       strings.Replace(good, "artist/brume", "artist\u202ebrume", 1),
		"wide space in name": strings.Replace(good, "artist/brume", "artist\u2003brume", 1),
		"two spaces":         strings.Replace(good, "brume ", "brume  ", 1),
		"space at line end":  strings.TrimSuffix(good, "\n") + " \n",
		"bad base64":         strings.Replace(good, "brume ", "brume !", 1),
		"no padding":         strings.TrimSuffix(good, "=\n") + "\n",
		"short signature":    lines[0] + lines[1] + "\n— a AAAAAA==\n",
		"too many":           lines[0] + lines[1] + "\n" + manySignatures(101),
	} {
		if e, err := ledger.ParseEntry([]byte(raw)); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v, %v", name, e, err)
		}
	}
	if _, err := ledger.ParseEntry([]byte(lines[0] + lines[1] + "\n" + manySignatures(100))); err != nil {
		t.Errorf("as many signatures as allowed: %v", err)
	}
	long := strings.Replace(good, "brume ", strings.Repeat("b", 256)+" ", 1)
	if _, err := ledger.ParseEntry([]byte(long)); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("long name: %v", err)
	}
}

func manySignatures(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "— key%d AAAAAAA=\n", i)
	}
	return b.String()
}

func TestEntrySize(t *testing.T) {
	text := func(n int) string {
		s, err := ledger.Text(ledger.KindRelease, line{Words: strings.Repeat("é", n/2) + strings.Repeat("e", n%2)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	raw, err := ledger.SignText(text(0), artistKey(t))
	if err != nil {
		t.Fatal(err)
	}
	// ,"words":"" are eleven bytes.
	room := ledger.MaxEntry - len(raw) - 11
	raw, err = ledger.SignText(text(room), artistKey(t))
	if err != nil || len(raw) != ledger.MaxEntry {
		t.Errorf("the longest entry: %d bytes, %v", len(raw), err)
	}
	if _, err := ledger.SignText(text(room+1), artistKey(t)); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	if _, err := ledger.AddSignature(raw, editorKey(t)); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("one signature more: %v", err)
	}
	if _, err := ledger.ParseEntry(append(raw, '\n')); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("parsing one byte more: %v", err)
	}
	if _, err := ledger.Text(ledger.KindRelease, line{Words: strings.Repeat("e", ledger.MaxEntry)}); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("long text: %v", err)
	}
}

func TestTextRefuses(t *testing.T) {
	for _, k := range []ledger.Kind{"", "a/b", "a b", "À", "a\n", "release1"} {
		if s, err := ledger.Text(k, line{}); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("kind %q: %q, %v", k, s, err)
		}
	}
	if _, err := ledger.Text(ledger.Kind(strings.Repeat("az", 16)), line{}); err != nil {
		t.Errorf("the longest kind: %v", err)
	}
	if s, err := ledger.Text(ledger.KindRelease, []int{1}); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("array: %q, %v", s, err)
	}
	for _, text := range []string{"", "x\n", "peerfy/release/v1\n{}", "peerfy/release/v1\n{}\n\n", "peerfy/release/v1\n{} \n"} {
		if b, err := ledger.SignText(text, artistKey(t)); err == nil {
			t.Errorf("signed %q as %q", text, b)
		}
	}
}

// One byte altered anywhere, to any value, loses at least one signature or the
// whole entry.
func TestMutatedEntry(t *testing.T) {
	raw := entry(t, 1)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range raw {
		mutateEntry(t, raw, i, byte(1+r.IntN(255)))
	}
}

func mutateEntry(t *testing.T, raw []byte, i int, flip byte) {
	t.Helper()
	bad := bytes.Clone(raw)
	bad[i] ^= flip
	e, err := ledger.ParseEntry(bad)
	if err == nil && e.SignedBy(artistKey(t).verifier) && e.SignedBy(editorKey(t).verifier) {
		t.Fatalf("byte %d ^ %02x: still signed by both:\n%s", i, flip, bad)
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add(entry(f, 1))
	f.Add([]byte("peerfy/poem/v2\n{\"a\":[1,-2,true,\"\\\"\"]}\n\n— k AAAAAAA=\n"))
	f.Add([]byte("peerfy/release/v1\n{}\n\n— k AAAAAAA=\n— l AAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ledger.ParseEntry(raw)
		if err != nil {
			return
		}
		n := &note.Note{Text: e.Text, UnverifiedSigs: e.Sigs}
		again, err := note.Sign(n)
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%q became %q, %v", raw, again, err)
		}
		if want := fmt.Sprintf("peerfy/%s/v%d\n%s\n", e.Kind, e.Version, e.Body); e.Text != want {
			t.Fatalf("text %q, want %q", e.Text, want)
		}
		// What we read, package note reads alike.
		_, err = note.Open(raw, nil)
		if u, ok := errors.AsType[*note.UnverifiedNoteError](err); !ok || u.Note.Text != e.Text || len(u.Note.UnverifiedSigs) != len(e.Sigs) {
			t.Fatalf("package note reads it otherwise: %v", err)
		}
	})
}
