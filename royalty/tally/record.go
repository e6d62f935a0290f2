package tally

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/seal"
)

// Purposes of the keys, as format.md names them.
const (
	version   = 1
	useName   = "peerfy/tally/name/v1"
	useRecord = "peerfy/tally/record/v1"
	useOwner  = "peerfy/tally/owner/v1"
	useData   = "peerfy/tally/data/v1"

	keySize   = 32
	overhead  = 12 + 16 // nonce and tag
	ownerWrap = keySize + overhead
)

// Name is the name under which the record of a pass is kept in a month:
// HMAC-SHA-256 under the month's tally key. Without that key nobody can tell
// which record is whose, nor find one pass's records in two months.
func Name(monthKey, passID [32]byte) [32]byte {
	h := hmac.New(sha256.New, monthKey[:])
	h.Write([]byte(useName))
	h.Write(passID[:])
	return [32]byte(h.Sum(nil))
}

// Create makes the empty tally of a pass and its first record. The signature is
// the pass's, of SignatureSize bytes; closing is the age recipient that the
// period's opening names. That the pass is good is for the caller to have
// checked. It seals with age once, about half a millisecond; later records
// carry the same wrap.
func Create(monthKey [32]byte, p royalty.Period, passID [32]byte, signature []byte, closing string) (*Open, []byte, error) {
	o := &Open{pass: passID}
	if len(signature) != SignatureSize {
		return nil, nil, fmt.Errorf("making a tally: a signature of %d bytes, not %d", len(signature), SignatureSize)
	}
	copy(o.signature[:], signature)
	o.bind(monthKey, p, Name(monthKey, passID))
	var dataKey [keySize]byte
	rand.Read(dataKey[:])
	o.inner = newAEAD(derive(dataKey[:], useData))
	forClose, err := seal.Seal(closing, dataKey[:])
	if err != nil {
		return nil, nil, fmt.Errorf("making a tally: %w", err)
	}
	o.wraps = newAEAD(derive(signature, useOwner)).Seal(nil, nil, dataKey[:], o.bound)
	o.wraps = binary.BigEndian.AppendUint16(o.wraps, uint16(len(forClose)))
	o.wraps = append(o.wraps, forClose...)
	return o, o.Seal(), nil
}

// Seal writes the tally as a record with the next sequence number. Two records of
// the same tally have nothing in common but their length.
func (o *Open) Seal() (record []byte) {
	o.sequence++
	text := o.text()
	layer := make([]byte, 0, 1+len(o.wraps)+len(text)+overhead)
	layer = append(layer, version)
	layer = append(layer, o.wraps...)
	layer = o.inner.Seal(layer, nil, text, o.bound)
	return o.outer.Seal(nil, nil, layer, o.bound)
}

// Unseal opens the record of a pass for its owner: to show it, to correct it, to
// add to it. Whatever does not fit is ErrSealed.
func Unseal(monthKey [32]byte, p royalty.Period, passID [32]byte, signature, record []byte) (*Open, error) {
	o := new(Open)
	o.bind(monthKey, p, Name(monthKey, passID))
	owner, _, text, err := o.layers(record)
	if err != nil {
		return nil, err
	}
	dataKey, err := openWith(newAEAD(derive(signature, useOwner)), owner, o.bound)
	if err != nil {
		return nil, err
	}
	if err := o.unseal(dataKey, text); err != nil {
		return nil, err
	}
	if o.pass != passID {
		return nil, ErrSealed
	}
	return o, nil
}

// UnsealForClose opens the record that is kept under name, with the closing
// identity. A record of another name, period or key is ErrSealed; so is one that
// holds a pass which another name belongs to. Whoever made the record may lie
// about all that is in it: that the signature is good for the pass, and that pass
// and recipient belong together, is for the caller to verify.
func UnsealForClose(monthKey [32]byte, p royalty.Period, name [32]byte, record []byte, identity string) (Tally, error) {
	o := new(Open)
	o.bind(monthKey, p, name)
	_, forClose, text, err := o.layers(record)
	if err != nil {
		return Tally{}, err
	}
	dataKey, err := seal.Open(identity, forClose)
	if err != nil {
		return Tally{}, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	if err := o.unseal(dataKey, text); err != nil {
		return Tally{}, err
	}
	if Name(monthKey, o.pass) != name {
		return Tally{}, ErrSealed
	}
	return o.Tally(), nil
}

// bind sets what each layer of a record is bound to, and its outer key.
func (o *Open) bind(monthKey [32]byte, p royalty.Period, name [32]byte) {
	o.bound = append([]byte(useRecord+"\x00"+p.String()+"\x00"), name[:]...)
	o.outer = newAEAD(derive(monthKey[:], useRecord+string(name[:])))
}

// layers takes off the outer layer and parts what is below.
func (o *Open) layers(record []byte) (owner, forClose, text []byte, err error) {
	if len(record) > MaxRecord {
		return nil, nil, nil, ErrSealed
	}
	layer, err := openWith(o.outer, record, o.bound)
	if err != nil {
		return nil, nil, nil, err
	}
	const fixed = 1 + ownerWrap + 2
	if len(layer) < fixed || layer[0] != version {
		return nil, nil, nil, ErrSealed
	}
	n := int(binary.BigEndian.Uint16(layer[fixed-2:]))
	if len(layer) < fixed+n {
		return nil, nil, nil, ErrSealed
	}
	o.wraps = slices.Clone(layer[1 : fixed+n])
	return o.wraps[:ownerWrap], o.wraps[ownerWrap+2:], layer[fixed+n:], nil
}

// unseal opens the innermost layer.
func (o *Open) unseal(dataKey, sealed []byte) error {
	if len(dataKey) != keySize {
		return ErrSealed
	}
	o.inner = newAEAD(derive(dataKey, useData))
	text, err := openWith(o.inner, sealed, o.bound)
	if err != nil {
		return err
	}
	if !o.read(text) {
		return ErrSealed
	}
	return nil
}

// derive makes a key of a secret for one use: HKDF-SHA-256 (RFC 5869) without
// salt.
func derive(secret []byte, use string) []byte {
	k, err := hkdf.Key(sha256.New, secret, nil, use, keySize)
	if err != nil { // only for keys of more than 8,160 bytes
		panic(err)
	}
	return k
}

// newAEAD is AES-256-GCM that puts 12 random bytes of nonce before what it seals.
func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil { // only for keys of another length
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil { // only for ciphers other than AES
		panic(err)
	}
	return aead
}

// openWith opens what an AEAD of newAEAD has sealed.
func openWith(aead cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	text, err := aead.Open(nil, nil, sealed, bound)
	if err != nil {
		return nil, ErrSealed
	}
	return text, nil
}
