package ledger_test

import (
	"fmt"
	"log"
	"time"

	"p2p.legal/peerfy/store/ledger"
)

// An artist and an editor sign, the host logs, a mirror follows and cosigns, and
// a reader checks the proof offline.
func Example() {
	artist, artistKey := newKey("coop.example/artist/brume")
	editor, editorKey := newKey("coop.example/editor")
	host, hostKey := newKey("coop.example/ledger")
	mirror, _ := newKey("mirror.example")

	// Two people sign the same text, each on their own machine.
	text := must(ledger.Text(ledger.KindRelease, struct {
		Title string `json:"title"`
	}{"Premières lueurs"}))
	entry := must(ledger.SignText(text, must(ledger.NewSigner(artist))))
	entry = must(ledger.AddSignature(entry, must(ledger.NewSigner(editor))))

	// The host appends the entry and signs the head of the tree.
	both := judge{artistKey, editorKey}
	m := ledger.NewMemory("coop.example/ledger", both)
	index := must(m.Append(entry))
	head := must(m.SignedCheckpoint(must(ledger.NewSigner(host))))

	// The mirror pulls by tiles, judges for itself, and cosigns.
	f := ledger.Follower{
		Source:   "coop.example",
		Origin:   "coop.example/ledger",
		Verifier: must(ledger.NewVerifier(hostKey)),
		Tiles:    m,
	}
	must(f.Follow(nil, head, func(index int64, raw []byte) error {
		e, err := ledger.Decide(index, raw, both)
		if err != nil {
			return err
		}
		fmt.Printf("entry %d: %s %s\n", index, e.Kind, e.Body)
		return nil
	}))
	cosigner := must(ledger.NewCosigner(mirror))
	head = must(ledger.Cosign(head, cosigner, time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)))

	// The reader trusts the host only when the mirror has seen the same.
	policy := must(ledger.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness m %s\nquorum m\n", hostKey, cosigner.VerifierKey())))
	proof := must(ledger.ProveEntry(m.Size(), index, m, head))
	fmt.Println("proof:", proof.Check(entry, policy))
	// Output:
	// entry 0: release {"title":"Premières lueurs"}
	// proof: <nil>
}

// judge wants the signatures of all its vkeys.
type judge []string

func (j judge) Judge(_ int64, e *ledger.Entry) error {
	for _, vkey := range j {
		if !e.SignedBy(must(ledger.NewVerifier(vkey))) {
			return &ledger.VoidError{Reason: "not signed by " + vkey}
		}
	}
	return nil
}

func newKey(name string) (skey, vkey string) {
	skey, vkey, err := ledger.GenerateKey(name)
	if err != nil {
		log.Fatal(err)
	}
	return skey, vkey
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
