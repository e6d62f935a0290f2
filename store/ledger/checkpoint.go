package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a tree head (c2sp.org/tlog-checkpoint) without extension lines,
// which our logs never write and which nobody could audit:
//
//	coop.example/ledger
//	12
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
type Checkpoint struct {
	Origin string    // names the log, at most 255 bytes
	Size   int64     // entries in the tree, at most MaxSize
	Root   tlog.Hash // RFC 6962 root hash of the tree
}

// String returns the text that is signed.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// ParseCheckpoint reads the text of a checkpoint; String is its inverse.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, malformed("checkpoint: not three lines")
	}
	size, err := parseSize(lines[1])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	return c, c.check()
}

// check reports why c cannot be the head of a tree.
func (c Checkpoint) check() error {
	if c.Origin == "" || len(c.Origin) > maxName {
		return malformed("checkpoint: the origin is empty or longer than %d bytes", maxName)
	}
	if err := checkText(c.Origin); err != nil {
		return fmt.Errorf("checkpoint: origin: %w", err)
	}
	if c.Size < 0 || c.Size > MaxSize {
		return malformed("checkpoint: size %d is out of range", c.Size)
	}
	if c.Size == 0 && c.Root != emptyRoot() {
		return malformed("checkpoint: the root of an empty tree is another")
	}
	return nil
}

// SignCheckpoint returns the signed checkpoint. Whoever signs promises never to
// sign one that is inconsistent with it; keeping that promise is the caller's.
func SignCheckpoint(c Checkpoint, signers ...note.Signer) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if len(signers) == 0 {
		return nil, errors.New("no key to sign with")
	}
	sigs, err := addSignatures(c.String(), nil, signers)
	if err != nil {
		return nil, err
	}
	return formatNote(c.String(), sigs), nil
}

// OpenCheckpoint reads a signed checkpoint of the log called origin, signed by
// v. It wraps [ErrUnsigned] when v's signature is missing or wrong, or when the
// origin is another. The note holds v's signature in Sigs and those of others,
// unverified, in UnverifiedSigs.
func OpenCheckpoint(msg []byte, origin string, v note.Verifier) (Checkpoint, *note.Note, error) {
	c, n, err := splitCheckpoint(msg)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	if c.Origin != origin {
		return Checkpoint{}, nil, fmt.Errorf("checkpoint of %q, wanted %q: %w", c.Origin, origin, ErrUnsigned)
	}
	if !signedBy(n.Text, n.UnverifiedSigs, v) {
		return Checkpoint{}, nil, fmt.Errorf("checkpoint of %q: %w", origin, ErrUnsigned)
	}
	all := n.UnverifiedSigs
	i := find(all, v.Name(), v.KeyHash())
	n.Sigs = []note.Signature{all[i]}
	n.UnverifiedSigs = append(append([]note.Signature{}, all[:i]...), all[i+1:]...)
	return c, n, nil
}

// splitCheckpoint reads a signed checkpoint without verifying anything.
func splitCheckpoint(msg []byte) (Checkpoint, *note.Note, error) {
	text, sigs, err := parseNote(msg, MaxCheckpoint)
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	return c, &note.Note{Text: text, UnverifiedSigs: sigs}, nil
}

// parseSize reads a decimal number from 0 to MaxSize without leading zeros.
func parseSize(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > MaxSize || strconv.FormatInt(n, 10) != s {
		return 0, malformed("number: %q is not one between 0 and 2^40", clip(s))
	}
	return n, nil
}

// parseHash reads a hash in base64.
func parseHash(s string) (tlog.Hash, error) {
	b, err := strict64.DecodeString(s)
	if err != nil || len(b) != tlog.HashSize {
		return tlog.Hash{}, malformed("hash: %q", clip(s))
	}
	return tlog.Hash(b), nil
}

// clip keeps a quotation in an error message short.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
