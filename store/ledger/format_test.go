package ledger_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"p2p.legal/peerfy/store/ledger"
)

// blocks returns the fenced blocks of format.md by the word behind the fence.
func blocks(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]string)
	parts := strings.Split(string(b), "\n```")
	for i := 1; i+1 < len(parts); i += 2 {
		word, text, _ := strings.Cut(parts[i], "\n")
		found[word] = append(found[word], text+"\n")
	}
	return found
}

// The worked example of format.md is what this package writes, byte for byte,
// and what it reads.
func TestWorkedExample(t *testing.T) {
	found := blocks(t)
	one := func(word string) string {
		t.Helper()
		if len(found[word]) != 1 {
			t.Fatalf("format.md has %d blocks of %s", len(found[word]), word)
		}
		return found[word][0]
	}
	m, artist, editor := exampleLog(t, found["entry"])
	msg := exampleCheckpoint(t, m)
	if got := one("checkpoint"); got != string(msg) {
		t.Errorf("the checkpoint is\n%s", msg)
	}
	witnessKey, err := ledger.CosignatureKey(testKey(t, "mirror.example", 4).vkey)
	if err != nil {
		t.Fatal(err)
	}
	keys := logKey(t).vkey + "\n" + artist.vkey + "\n" + editor.vkey + "\n" + witnessKey + "\n"
	if got := one("vkeys"); got != keys {
		t.Errorf("the keys are\n%s", keys)
	}
	p := parsePolicy(t, one("policy"))
	if text := "log " + logKey(t).vkey + "\nwitness mirror " + witnessKey + "\nquorum mirror\n"; one("policy") != text || string(p.Format()) != text {
		t.Errorf("the policy is\n%s", text)
	}
	proof, err := ledger.ProveEntry(3, 1, m, msg)
	if err != nil {
		t.Fatal(err)
	}
	if got := one("proof"); got != string(proof.Format()) {
		t.Errorf("the proof is\n%s", proof.Format())
	}
	parsed, err := ledger.ParseProof([]byte(one("proof")))
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Check([]byte(found["entry"][1]), p); err != nil {
		t.Error(err)
	}
}

// exampleLog makes the log of the example and compares its entries.
func exampleLog(t *testing.T, entries []string) (m *ledger.Memory, artist, editor key) {
	t.Helper()
	artist, editor = testKey(t, "coop.example/artist/brume", 2), testKey(t, "coop.example/editor", 3)
	m = ledger.NewMemory(origin, nil)
	if len(entries) != 3 {
		t.Fatalf("format.md has %d entries", len(entries))
	}
	bodies := []string{
		`{"poem":"La nuit, tous les nœuds sont gris."}`,
		`{"release":"umr2d4ihksvxrz6f5cjw","reason":"right-holder"}`,
		`{"poem":"\"Say it once,\" the witness said."}`,
	}
	for i, body := range bodies {
		kind := "poem"
		if i == 1 {
			kind = "withdrawal"
		}
		raw, err := ledger.SignText("peerfy/"+kind+"/v1\n"+body+"\n", artist)
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			if raw, err = ledger.AddSignature(raw, editor); err != nil {
				t.Fatal(err)
			}
		}
		if entries[i] != string(raw) {
			t.Errorf("entry %d is\n%s", i, raw)
		}
		if _, err := m.Append([]byte(entries[i])); err != nil {
			t.Fatal(err)
		}
	}
	e, err := ledger.ParseEntry([]byte(entries[1]))
	if err != nil || !e.SignedBy(artist.verifier) || !e.SignedBy(editor.verifier) {
		t.Errorf("entry 1: %v", err)
	}
	mustSay(t, e.ID(), tlog.RecordHash(e.Raw).String())
	return m, artist, editor
}

func exampleCheckpoint(t *testing.T, m *ledger.Memory) []byte {
	t.Helper()
	s, err := ledger.NewCosigner(testKey(t, "mirror.example", 4).skey)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := ledger.Cosign(signed(t, m), s, time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// mustSay wants the words in the text of format.md.
func mustSay(t *testing.T, words ...string) {
	t.Helper()
	b, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range words {
		if !bytes.Contains(b, []byte("`"+w+"`")) {
			t.Errorf("format.md does not say %s", w)
		}
	}
}
