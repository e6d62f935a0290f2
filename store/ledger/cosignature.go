package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Cosignatures (c2sp.org/tlog-cosignature, the Ed25519 type): a cosigner says
// that at a time, to the second, this was the largest tree of the log that it
// had seen, and that everything it saw before was consistent with it.

// cosignatureHeader begins every cosigned message and nothing else that is
// signed.
const cosignatureHeader = "cosignature/v1\n"

// Cosigner makes cosignatures with an Ed25519 key.
type Cosigner struct {
	publicKey
	priv ed25519.PrivateKey
}

// NewCosigner reads an skey, the same as [NewSigner] does. Its cosignatures
// carry another key id than its signatures: see [CosignatureKey].
func NewCosigner(skey string) (*Cosigner, error) {
	name, priv, err := parseSigner(skey)
	if err != nil {
		return nil, err
	}
	return &Cosigner{newPublicKey(name, algCosignature, priv.Public().(ed25519.PublicKey)), priv}, nil
}

// VerifierKey returns the vkey of type 0x04 for [NewCosignatureVerifier].
func (s *Cosigner) VerifierKey() string {
	return formatVerifier(s.name, algCosignature, s.key)
}

// Cosign adds a cosignature made at the given time, to the second, to a signed
// checkpoint. The signatures of others keep their place and their bytes; an
// older cosignature by the same key is replaced. The caller has verified that
// the checkpoint is the log's and extends what was cosigned before.
func Cosign(msg []byte, s *Cosigner, at time.Time) ([]byte, error) {
	_, n, err := splitCheckpoint(msg)
	if err != nil {
		return nil, err
	}
	if at.Unix() <= 0 {
		return nil, malformed("cosignature: no time before 1970")
	}
	sigs, err := addSignatures(n.Text, n.UnverifiedSigs, []note.Signer{timedSigner{s, uint64(at.Unix())}})
	if err != nil {
		return nil, err
	}
	msg = formatNote(n.Text, sigs)
	_, _, err = splitCheckpoint(msg)
	return msg, err
}

// timedSigner is a cosigner at a moment.
type timedSigner struct {
	*Cosigner
	at uint64
}

func (s timedSigner) Sign(msg []byte) ([]byte, error) {
	sig := binary.BigEndian.AppendUint64(nil, s.at)
	return append(sig, ed25519.Sign(s.priv, cosigned(s.at, msg))...), nil
}

// cosigned returns the message that is signed.
func cosigned(at uint64, checkpoint []byte) []byte {
	return fmt.Appendf(nil, "%stime %d\n%s", cosignatureHeader, at, checkpoint)
}

// NewCosignatureVerifier reads a vkey of type 0x04, as strictly as
// [NewVerifier]. The verifier accepts cosignatures of checkpoints only.
func NewCosignatureVerifier(vkey string) (note.Verifier, error) {
	k, err := parseVerifier(vkey, algCosignature)
	if err != nil {
		return nil, err
	}
	return &cosignatureVerifier{k}, nil
}

type cosignatureVerifier struct{ publicKey }

func (v *cosignatureVerifier) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	if _, err := ParseCheckpoint(string(msg)); err != nil {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at <= math.MaxInt64 && ed25519.Verify(v.key, cosigned(at, msg), sig[8:])
}

// CosignatureTime returns when a cosignature says it was made, in UTC. The
// signature must have been verified before.
func CosignatureTime(sig note.Signature) (time.Time, error) {
	b, err := base64.StdEncoding.DecodeString(sig.Base64)
	if err != nil || len(b) != 4+8+ed25519.SignatureSize {
		return time.Time{}, malformed("cosignature by %s", sig.Name)
	}
	at := binary.BigEndian.Uint64(b[4:])
	if at > math.MaxInt64 {
		return time.Time{}, malformed("cosignature by %s: its time is out of range", sig.Name)
	}
	return time.Unix(int64(at), 0).UTC(), nil
}
