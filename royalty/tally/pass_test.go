package tally_test

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/tally"
)

// With a real pass: what the treasurer finds in a tally is enough to verify that
// the pass was sold, and that it was signed for this recipient.
func TestTreasurerVerifiesPass(t *testing.T) {
	const origin = "coop.example/ledger"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	word, err := royalty.NewCode()
	if err != nil {
		t.Fatal(err)
	}
	p := testPass(t, 1)
	recipient := testPass(t, 2).closing
	p.id = pass.Message(origin, december, pass.RecipientHash(recipient), pass.OwnerHash(word))
	if p.signature, err = pass.Sign(key, p.id); err != nil {
		t.Fatal(err)
	}
	o, _ := p.create(t)
	if err := o.SetRecipient(recipient, pass.OwnerHash(word)); err != nil {
		t.Fatal(err)
	}
	got, err := p.forClose(o.Seal())
	if err != nil {
		t.Fatal(err)
	}
	sold := func(recipient string) error {
		found := pass.Pass{Period: december, RecipientHash: pass.RecipientHash(recipient), OwnerHash: got.Owner, Signature: got.Signature}
		return pass.Verify(&key.PublicKey, origin, found)
	}
	if err := sold(got.Recipient); err != nil {
		t.Error(err)
	}
	if sold(p.closing) == nil {
		t.Error("another recipient would do as well")
	}
	// The signature is a secret that the month's key cannot make again.
	again, err := pass.Sign(key, p.id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tally.Unseal(p.month, december, p.id, again, o.Seal()); err != tally.ErrSealed {
		t.Errorf("a second signature of the same pass opens the record: %v", err)
	}
}
