package ledger

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows offline that something is logged (c2sp.org/tlog-proof@v1): the
// way from a leaf to the root of a signed checkpoint, and that checkpoint.
type Proof struct {
	Index      int64
	Extra      []byte // opaque and not authenticated; nil when there is none
	Hashes     []tlog.Hash
	Checkpoint []byte // signed, as the log and its witnesses left it
}

const (
	proofHeader = "c2sp.org/tlog-proof@v1\n"

	// maxExtra is the longest Extra in bytes.
	maxExtra = 64 << 10

	// maxProof is the longest proof in bytes: a checkpoint, the extra data in
	// base64, and no more lines of hashes than a tree of MaxSize needs.
	maxProof = MaxCheckpoint + 2*maxExtra + 4<<10

	// maxPath is the height of the tree of MaxSize.
	maxPath = 40
)

// ProveEntry returns the proof for the entry at index in the tree of this size,
// whose signed checkpoint is given.
func ProveEntry(size, index int64, r tlog.HashReader, checkpoint []byte) (Proof, error) {
	c, _, err := splitCheckpoint(checkpoint)
	if err != nil {
		return Proof{}, err
	}
	if c.Size != size || index < 0 || index >= size {
		return Proof{}, fmt.Errorf("entry %d, tree of size %d, checkpoint of size %d: %w", index, size, c.Size, ErrNotInTree)
	}
	hashes, err := tlog.ProveRecord(size, index, r)
	if err != nil {
		return Proof{}, fmt.Errorf("proving entry %d: %w", index, err)
	}
	return Proof{Index: index, Hashes: hashes, Checkpoint: bytes.Clone(checkpoint)}, nil
}

// Format returns the proof as a file, by custom named *.tlog-proof.
func (p Proof) Format() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader)
	if p.Extra != nil {
		fmt.Fprintf(&b, "extra %s\n", base64.StdEncoding.EncodeToString(p.Extra))
	}
	fmt.Fprintf(&b, "index %d\n", p.Index)
	for _, h := range p.Hashes {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseProof is the inverse of [Proof.Format]. It verifies nothing.
func ParseProof(b []byte) (Proof, error) {
	if len(b) > maxProof {
		return Proof{}, fmt.Errorf("proof of %d bytes, at most %d: %w", len(b), maxProof, ErrTooLarge)
	}
	head, checkpoint, ok := strings.Cut(string(b), "\n\n")
	head, isProof := strings.CutPrefix(head, proofHeader)
	if !ok || !isProof {
		return Proof{}, malformed("proof: it does not begin with %q, or has no checkpoint", strings.TrimSpace(proofHeader))
	}
	if _, _, err := splitCheckpoint([]byte(checkpoint)); err != nil {
		return Proof{}, fmt.Errorf("proof: %w", err)
	}
	p, err := parseProofHead(strings.Split(head, "\n"))
	if err != nil {
		return Proof{}, fmt.Errorf("proof: %w", err)
	}
	p.Checkpoint = []byte(checkpoint)
	return p, nil
}

// parseProofHead reads the lines between the header and the empty line.
func parseProofHead(lines []string) (p Proof, err error) {
	if extra, ok := strings.CutPrefix(lines[0], "extra "); ok {
		p.Extra, err = strict64.DecodeString(extra)
		if err != nil || len(p.Extra) > maxExtra {
			return Proof{}, malformed("extra data")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return Proof{}, malformed("proof: a line with the index is missing")
	}
	p.Index, err = parseSize(strings.TrimPrefix(lines[0], "index "))
	if err != nil {
		return Proof{}, err
	}
	if len(lines)-1 > maxPath {
		return Proof{}, malformed("proof: %d hashes, at most %d", len(lines)-1, maxPath)
	}
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return Proof{}, err
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// Check reports when the proof does not show that raw is logged under a
// checkpoint that the policy accepts. Raw is the leaf: of our log, a whole entry.
func (p Proof) Check(raw []byte, policy *Policy) error {
	c, _, err := policy.Check(p.Checkpoint)
	if err != nil {
		return err
	}
	return p.checkIn(raw, c)
}

// CheckKey is Check against one key that signs for one origin, without
// witnesses.
func (p Proof) CheckKey(raw []byte, origin string, v note.Verifier) error {
	c, _, err := OpenCheckpoint(p.Checkpoint, origin, v)
	if err != nil {
		return err
	}
	return p.checkIn(raw, c)
}

func (p Proof) checkIn(raw []byte, c Checkpoint) error {
	if err := tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Index, tlog.RecordHash(raw)); err != nil {
		return fmt.Errorf("entry %d of %d: %w", p.Index, c.Size, ErrProof)
	}
	return nil
}
