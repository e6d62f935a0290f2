package pass_test

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty/pass"
)

// block is the one fenced block of format.md with the word behind the fence.
func block(t *testing.T, word string) string {
	t.Helper()
	b, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n```"+word+"\n")
	text, _, closed := strings.Cut(text, "```\n")
	if !ok || !closed {
		t.Fatalf("format.md has no block of %s", word)
	}
	return text
}

// TestWorkedExample: the host's half of format.md's example is what this package
// reads, signs and writes. The member's half is tested in blind.
func TestWorkedExample(t *testing.T) {
	key := monthKey(t)
	n, e, err := pass.FormatKey(&key.PublicKey)
	if err != nil || block(t, "key") != n+" "+e+"\n" {
		t.Errorf("the key is %s %s, %v", n, e, err)
	}
	_, request, _ := strings.Cut(block(t, "secret"), "\nrequest ")
	period, blinded, err := pass.ParseRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := pass.BlindSign(key, blinded)
	if err != nil || block(t, "answer") != pass.FormatAnswer(period, answer)+"\n" {
		t.Errorf("the answer is %s, %v", pass.FormatAnswer(period, answer), err)
	}
	file := block(t, "pass")
	p, err := pass.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := pass.FormatFile(p, recipient); got != file {
		t.Errorf("the pass is\n%s", got)
	}
	if err := pass.Verify(&key.PublicKey, origin, p); err != nil {
		t.Error(err)
	}
	if id := p.ID(origin); block(t, "message") != hex.EncodeToString(id[:])+"\n" {
		t.Errorf("the message is %x", id)
	}
}
