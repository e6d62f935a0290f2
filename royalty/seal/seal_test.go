package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"

	"p2p.legal/peerfy/royalty/seal"
)

func classic(t *testing.T) (identity, recipient string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.String(), id.Recipient().String()
}

func TestRoundTrip(t *testing.T) {
	pqID, pqTo, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	xID, xTo := classic(t)
	for _, c := range []struct{ id, to string }{{pqID, pqTo}, {"# made by age-keygen\n" + xID + "\n", xTo}} {
		want := []byte("8,00 €")
		sealed, err := seal.Seal(c.to, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := seal.Open(c.id, sealed)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("opened %q, %v", got, err)
		}
	}
	sealed, _ := seal.Seal(pqTo, []byte("x"))
	if _, err := seal.Open(xID, sealed); err == nil {
		t.Error("somebody else's identity opened it")
	}
}

// A cut file must give nothing, not its beginning.
func TestTruncated(t *testing.T) {
	id, to := classic(t)
	sealed, err := seal.Seal(to, bytes.Repeat([]byte("a line of the receipt\n"), 8000))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(sealed); n += 997 {
		if text, err := seal.Open(id, sealed[:n]); err == nil || text != nil {
			t.Fatalf("%d of %d bytes opened", n, len(sealed))
		}
	}
}

func TestRefusedRecipients(t *testing.T) {
	id, to := classic(t)
	for name, s := range map[string]string{
		"empty":    "",
		"identity": id,
		"ssh":      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2nUYHzJMDpTYJwZDGvpHYgP2kKHTLyXQ0bqZ9V1pXX",
		"plugin":   "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt",
		"typo":     to[:61] + "q",
		"spaces":   " " + to,
		"two":      to + "\n" + to,
		"tag":      "age1tag1qw4vlqmjpndsxn7tkzqk2fzpkcgdu2pcvxwemjhyr7kyt7p7nrzn2rkk9xk",
		// The all-zero point: well-formed, and nothing can be sealed to it.
		"low order": "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
	} {
		if err := seal.CheckRecipient(s); !errors.Is(err, seal.ErrRecipient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := seal.CheckRecipient(id); !strings.Contains(err.Error(), "secret key") {
		t.Errorf("a pasted secret key is not named as such: %v", err)
	}
}
