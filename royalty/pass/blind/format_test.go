package blind_test

import (
	"os"
	"strings"
	"testing"

	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/pass/blind"
)

func block(t *testing.T, word string) string {
	t.Helper()
	b, err := os.ReadFile("../format.md")
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

// TestWorkedExample: a secret that was kept by an older version brings the same
// pass. It fails if a library reads its random bytes in another order, which
// would cost members what they paid for.
func TestWorkedExample(t *testing.T) {
	secret, err := blind.ParseSecret(block(t, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	if n, _, _ := strings.Cut(strings.TrimSpace(block(t, "key")), " "); n != secret.Key {
		t.Errorf("the secret is of the key %s", secret.Key)
	}
	if got := blind.FormatSecret(secret); got != block(t, "secret") {
		t.Errorf("the secret is\n%s", got)
	}
	p, err := blind.Finish(secret, block(t, "answer"))
	if err != nil {
		t.Fatal(err)
	}
	if got := pass.FormatFile(p, secret.Recipient); got != block(t, "pass") {
		t.Errorf("the pass is\n%s", got)
	}
}
