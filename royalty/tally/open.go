package tally

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"slices"

	"p2p.legal/peerfy/royalty/seal"
)

// Open is a tally that can be added to and sealed again. It is not safe for
// concurrent use, and must not be: whoever keeps it holds one lock around
// recording, [Open.Seal] and the writing of the record, or an older record would
// replace a newer one.
type Open struct {
	pass      [32]byte
	signature [SignatureSize]byte
	owner     [32]byte
	recipient string
	counted   counts
	corrected bool
	own       counts // the member's, while corrected
	sequence  uint64

	// What sealing again needs. The wraps stay as they are from record to record.
	outer, inner cipher.AEAD
	bound        []byte // authenticated with each layer
	wraps        []byte
}

// Recipient is the age recipient of the receipt, "" while it is not known.
func (o *Open) Recipient() string { return o.recipient }

// SetRecipient says where the receipt goes, with the hash of the owner word: with
// both, the treasurer can see that they are those that the pass signs. That they
// are is for the caller to have checked; what cannot be sealed to is refused with
// seal.ErrRecipient.
func (o *Open) SetRecipient(recipient string, owner [32]byte) error {
	if err := seal.CheckRecipient(recipient); err != nil {
		return err
	}
	if len(recipient) > maxRecipient {
		return fmt.Errorf("%w: %d characters", seal.ErrRecipient, len(recipient))
	}
	o.recipient, o.owner = recipient, owner
	return nil
}

// RecordPlay counts that many plays, 1 or more, of a track. In a corrected tally
// they are added to the member's own numbers too: a correction speaks of what was
// before it. Errors are ErrWork and ErrFull, and then nothing changes.
func (o *Open) RecordPlay(w Work, plays int) error {
	k, err := keyOf(w)
	switch {
	case err != nil:
		return err
	case k.track() == 0:
		return fmt.Errorf("%w: a release has no plays, its tracks have: %s", ErrWork, w)
	case plays < 1:
		return fmt.Errorf("counting %d plays", plays)
	}
	return o.add(k, min(plays, MaxPlays))
}

// RecordDownload marks a release, or the release of a track, as downloaded, and
// answers whether this was the first time this month: only that counts. Errors
// are as for RecordPlay.
func (o *Open) RecordDownload(w Work) (first bool, err error) {
	k, err := keyOf(w)
	if err != nil {
		return false, err
	}
	binary.BigEndian.PutUint16(k[packedID:], 0)
	if o.counted.has(k) {
		return false, nil
	}
	return true, o.add(k, 1)
}

// add adds n to k, to both versions of the tally or to none.
func (o *Open) add(k key, n int) error {
	if o.counted.full(k) || o.corrected && o.own.full(k) {
		return ErrFull
	}
	o.counted = o.counted.add(k, n)
	if !o.corrected {
		return nil
	}
	if k.track() == 0 && o.own.has(k) {
		return nil
	}
	o.own = o.own.add(k, n)
	return nil
}

// Correct puts the member's own numbers in the place of what was counted, as the
// whole truth for this pass. Works without plays may stand among them. Errors are
// ErrWork, also for plays of a release, for downloads of a track and for plays
// below 0 or above MaxPlays, and ErrFull; then nothing changes.
func (o *Open) Correct(units map[Work]Count) error {
	own, err := fromMap(units)
	if err != nil {
		return fmt.Errorf("correcting a tally: %w", err)
	}
	o.own, o.corrected = own, true
	return nil
}

// Undo goes back to what was counted.
func (o *Open) Undo() { o.own, o.corrected = nil, false }

// Tally is a copy of what stands in it now.
func (o *Open) Tally() Tally {
	t := Tally{
		Pass: o.pass, Signature: o.signature, Recipient: o.recipient, Owner: o.owner,
		Counted: o.counted.toMap(), Corrected: o.corrected, Sequence: o.sequence,
	}
	t.Units = t.Counted
	if o.corrected {
		t.Units = o.own.toMap()
	}
	return t
}

// The sealed text has, in this order: pass, signature, owner, sequence in eight
// bytes, flags in one, the recipient's length in two and its field, the counted
// works, the member's own if flagged, and zero bytes up to a multiple of 1 KiB.
const (
	padding       = 1 << 10
	maxRecipient  = 2048
	flagCorrected = 1

	atSignature = 32
	atOwner     = atSignature + SignatureSize
	atSequence  = atOwner + 32
	atFlags     = atSequence + 8
	atRecipient = atFlags + 1
	atWorks     = atRecipient + 2 + maxRecipient
)

func (o *Open) text() []byte {
	n := atWorks + 2 + len(o.counted)*entryLen
	if o.corrected {
		n += 2 + len(o.own)*entryLen
	}
	b := make([]byte, atWorks, (n+padding-1)/padding*padding)
	copy(b, o.pass[:])
	copy(b[atSignature:], o.signature[:])
	copy(b[atOwner:], o.owner[:])
	binary.BigEndian.PutUint64(b[atSequence:], o.sequence)
	binary.BigEndian.PutUint16(b[atRecipient:], uint16(len(o.recipient)))
	copy(b[atRecipient+2:], o.recipient)
	b = o.counted.append(b)
	if o.corrected {
		b[atFlags] = flagCorrected
		b = o.own.append(b)
	}
	return b[:cap(b)]
}

// read is the inverse of text. What it refuses nobody has sealed in good faith:
// a data key belongs to whoever made the record, and that may be a lying mirror.
func (o *Open) read(b []byte) bool {
	if len(b) < atWorks {
		return false
	}
	n := int(binary.BigEndian.Uint16(b[atRecipient:]))
	if n > maxRecipient {
		return false
	}
	copy(o.pass[:], b)
	copy(o.signature[:], b[atSignature:])
	copy(o.owner[:], b[atOwner:])
	o.sequence = binary.BigEndian.Uint64(b[atSequence:])
	o.corrected = b[atFlags] == flagCorrected
	o.recipient = string(b[atRecipient+2:][:n])
	var rest []byte
	var ok bool
	if o.counted, rest, ok = readCounts(b[atWorks:]); !ok {
		return false
	}
	if o.corrected {
		if o.own, _, ok = readCounts(rest); !ok {
			return false
		}
	}
	return slices.Equal(o.text(), b) // one spelling: nothing hides in flags or padding
}
