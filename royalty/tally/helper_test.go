package tally_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"filippo.io/age"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/tally"
)

const (
	december = royalty.Period("2026-12")
	release  = "mvhtockzo2v2pi7nqo65"
)

// holder is somebody with a pass, and the keys that its month is sealed under.
type holder struct {
	month, id         [32]byte
	signature         []byte
	closing, identity string
}

// testPass makes keys that are the same in every run, but for the closing
// identity, which is of the short kind.
func testPass(t testing.TB, n byte) holder {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	p := holder{month: sha256.Sum256([]byte("month")), id: sha256.Sum256([]byte{n}), closing: id.Recipient().String(), identity: id.String()}
	for i := range byte(8) {
		part := sha256.Sum256([]byte{n, i})
		p.signature = append(p.signature, part[:]...)
	}
	return p
}

func (p holder) name() [32]byte { return tally.Name(p.month, p.id) }

func (p holder) create(t testing.TB) (*tally.Open, []byte) {
	t.Helper()
	o, record, err := tally.Create(p.month, december, p.id, p.signature, p.closing)
	if err != nil {
		t.Fatal(err)
	}
	return o, record
}

func (p holder) unseal(record []byte) (*tally.Open, error) {
	return tally.Unseal(p.month, december, p.id, p.signature, record)
}

func (p holder) forClose(record []byte) (tally.Tally, error) {
	return tally.UnsealForClose(p.month, december, p.name(), record, p.identity)
}

// work names track i of release n; track 0 is the release.
func work(n, track int) tally.Work {
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	id := make([]byte, 20)
	for i := range id {
		id[i] = alphabet[sum[i]%32]
	}
	if track == 0 {
		return tally.Work(id)
	}
	return tally.Work(fmt.Sprintf("%s-%02d", id, track))
}

func play(t testing.TB, o *tally.Open, w tally.Work, n int) {
	t.Helper()
	if err := o.RecordPlay(w, n); err != nil {
		t.Fatal(err)
	}
}

// What follows opens and makes records from format.md alone, with none of the
// package's code.

func derived(t testing.TB, secret []byte, info string) cipher.AEAD {
	t.Helper()
	key, err := hkdf.Key(sha256.New, secret, nil, info, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

func (p holder) bound() []byte {
	name := p.name()
	return append([]byte("peerfy/tally/record/v1\x00"+december.String()+"\x00"), name[:]...)
}

func (p holder) outer(t testing.TB) cipher.AEAD {
	name := p.name()
	return derived(t, p.month[:], "peerfy/tally/record/v1"+string(name[:]))
}

// layer takes off the outer layer of a record.
func (p holder) layer(t testing.TB, record []byte) []byte {
	t.Helper()
	layer, err := p.outer(t).Open(nil, record[:12], record[12:], p.bound())
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// wrap is the inverse of layer, with a nonce that tests may repeat.
func (p holder) wrap(t testing.TB, layer []byte) []byte {
	t.Helper()
	nonce := make([]byte, 12)
	return append(nonce, p.outer(t).Seal(nil, nonce, layer, p.bound())...)
}

// parts are the parts of a layer.
func parts(layer []byte) (owner, closing, sealed []byte) {
	n := int(binary.BigEndian.Uint16(layer[61:]))
	return layer[1:61], layer[63 : 63+n], layer[63+n:]
}

// text opens a record, down to the tally's bytes, by the owner's signature.
func (p holder) text(t testing.TB, record []byte) (text, dataSecret []byte) {
	t.Helper()
	owner, _, sealed := parts(p.layer(t, record))
	dataSecret, err := derived(t, p.signature, "peerfy/tally/owner/v1").Open(nil, owner[:12], owner[12:], p.bound())
	if err != nil {
		t.Fatal(err)
	}
	text, err = derived(t, dataSecret, "peerfy/tally/data/v1").Open(nil, sealed[:12], sealed[12:], p.bound())
	if err != nil {
		t.Fatal(err)
	}
	return text, dataSecret
}

// forge puts other bytes in the place of a record's tally.
func (p holder) forge(t testing.TB, record, text []byte) []byte {
	t.Helper()
	_, dataSecret := p.text(t, record)
	layer := p.layer(t, record)
	_, _, sealed := parts(layer)
	nonce := make([]byte, 12)
	inner := derived(t, dataSecret, "peerfy/tally/data/v1").Seal(nonce, nonce, text, p.bound())
	return p.wrap(t, append(bytes.Clone(layer[:len(layer)-len(sealed)]), inner...))
}

// block returns the one fenced block of format.md with that word behind the fence.
func block(t testing.TB, word string) string {
	t.Helper()
	b, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n```"+word+"\n")
	text, _, closed := strings.Cut(text, "\n```\n")
	if !ok || !closed {
		t.Fatalf("format.md has no block %s", word)
	}
	return text + "\n"
}

// example is the record of format.md and the pass it belongs to.
func example(t testing.TB) (p holder, record []byte) {
	t.Helper()
	var month, id string
	if _, err := fmt.Sscanf(block(t, "keys"), "period 2026-12\nmonth %s\npass %s\nclosing %s\n", &month, &id, &p.identity); err != nil {
		t.Fatal(err)
	}
	for i := range byte(8) {
		part := sha256.Sum256([]byte{i + 1})
		p.signature = append(p.signature, part[:]...)
	}
	copy(p.month[:], unhex(t, month))
	copy(p.id[:], unhex(t, id))
	b64, err := os.ReadFile("testdata/example.record")
	if err != nil {
		t.Fatal(err)
	}
	record, err = base64.StdEncoding.DecodeString(string(b64))
	if err != nil {
		t.Fatal(err)
	}
	return p, record
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
