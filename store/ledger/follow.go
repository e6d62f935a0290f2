package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// TileReader fetches tiles and entry bundles. Its paths are those of
// [TilePath]. It needs to be neither careful nor honest: what it returns is
// checked. An error means that the tile could not be had, now. A tile of hashes
// has at most 8,192 bytes and a bundle at most [MaxBundle]; a reader should not
// read on beyond that.
type TileReader interface {
	ReadTile(path string) ([]byte, error)
}

// Follower follows one log, as a mirror does: from the checkpoint it holds to a
// newer one, by tiles alone.
type Follower struct {
	Source   string        // who serves the tiles, for the SecurityError
	Origin   string        // the log's
	Verifier note.Verifier // the log's key
	Tiles    TileReader
}

// Follow opens the signed checkpoint next and hands every entry that is new to
// each, in order, after it has verified that next is signed by the log, that its
// tree begins with the tree of held, and that the entry lies in it. Held is the
// signed checkpoint of the last Follow that succeeded, trusted as it is; nil
// stands for the empty tree.
//
// A fork, a rollback, a wrong signature, or tiles that do not belong to the
// signed tree are a [*SecurityError], whose evidence begins with the signed
// checkpoints concerned. A tile that could not be had, a malformed checkpoint,
// and an error by each are ordinary errors: what was handed over before is
// sound, and the caller may try again from held. Entries are not judged here:
// see [Replay].
func (f Follower) Follow(held, next []byte, each func(index int64, raw []byte) error) (Checkpoint, error) {
	old, err := f.held(held)
	if err != nil {
		return Checkpoint{}, err
	}
	c, _, err := OpenCheckpoint(next, f.Origin, f.Verifier)
	if errors.Is(err, ErrUnsigned) {
		return Checkpoint{}, f.alarm("a checkpoint that the log has not signed", next)
	}
	if err != nil {
		return Checkpoint{}, err
	}
	switch {
	case c.Size < old.Size:
		return Checkpoint{}, f.alarm(fmt.Sprintf("a rollback from size %d to %d", old.Size, c.Size), held, next)
	case c.Size == old.Size && c.Root != old.Root:
		return Checkpoint{}, f.alarm(fmt.Sprintf("a second history of size %d", c.Size), held, next)
	case c.Size == old.Size:
		return c, nil
	}
	p := f.pull(c, next)
	if err := p.consistent(old, held); err != nil {
		return Checkpoint{}, err
	}
	return c, p.entries(old.Size, each)
}

// held reads the checkpoint that the caller holds.
func (f Follower) held(msg []byte) (Checkpoint, error) {
	if msg == nil {
		return Checkpoint{Origin: f.Origin, Root: emptyRoot()}, nil
	}
	c, _, err := splitCheckpoint(msg)
	if err == nil && c.Origin != f.Origin {
		err = fmt.Errorf("it is of %q, not of %q", c.Origin, f.Origin)
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint held: %w", err)
	}
	return c, nil
}

// alarm makes the SecurityError.
func (f Follower) alarm(reason string, evidence ...[]byte) error {
	return &SecurityError{Source: f.Source, Reason: reason, Evidence: evidence}
}

// pull is the reading of one tree.
type pull struct {
	Follower
	tree Checkpoint
	next []byte // tree, signed: evidence
	src  *verifiedTiles
	hash tlog.HashReader // verified hashes of the tree
}

func (f Follower) pull(c Checkpoint, next []byte) *pull {
	src := &verifiedTiles{tiles: f.Tiles, known: make(map[tlog.Tile][]byte)}
	hash := tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, src)
	return &pull{Follower: f, tree: c, next: next, src: src, hash: hash}
}

// consistent verifies that the tree begins with the old one.
func (p *pull) consistent(old Checkpoint, held []byte) error {
	if old.Size == 0 {
		return nil
	}
	root, err := Root(old.Size, p.hash)
	if err != nil {
		return p.explain(err)
	}
	if root != old.Root {
		reason := fmt.Sprintf("a second history: the tree of size %d does not begin with the one of size %d", p.tree.Size, old.Size)
		return p.alarm(reason, held, p.next)
	}
	return nil
}

// entries hands the entries from index from on to each.
func (p *pull) entries(from int64, each func(int64, []byte) error) error {
	for n := from / TileWidth; n*TileWidth < p.tree.Size; n++ {
		entries, err := p.bundle(n, int(min(TileWidth, p.tree.Size-n*TileWidth)))
		if err != nil {
			return err
		}
		first := max(from, n*TileWidth)
		for i, raw := range entries[first-n*TileWidth:] {
			if err := each(first+int64(i), raw); err != nil {
				return fmt.Errorf("entry %d: %w", first+int64(i), err)
			}
		}
	}
	return nil
}

// bundle returns the verified entries of the n-th bundle.
func (p *pull) bundle(n int64, width int) ([][]byte, error) {
	indexes := make([]int64, width)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, n*TileWidth+int64(i))
	}
	hashes, err := p.hash.ReadHashes(indexes)
	if err != nil {
		return nil, p.explain(err)
	}
	t := tlog.Tile{H: TileHeight, L: entriesLevel, N: n, W: width}
	b, err := p.src.read(t)
	if err != nil {
		return nil, err
	}
	// The full bundle may have come in place of a partial one.
	entries, err := ParseEntryBundle(b)
	if err != nil || len(entries) < width {
		return nil, p.alarm(fmt.Sprintf("%s is no bundle of %d entries", TilePath(t), width), p.next, b)
	}
	for i, raw := range entries[:width] {
		if tlog.RecordHash(raw) != hashes[i] {
			return nil, p.alarm(fmt.Sprintf("entry %d is not the one in the tree", n*TileWidth+int64(i)), p.next, raw)
		}
	}
	return entries[:width], nil
}

// explain tells a tile that could not be had from one that is wrong. The hash
// reader answers both with an error.
func (p *pull) explain(err error) error {
	if p.src.failed != nil {
		return p.src.failed
	}
	return p.alarm(fmt.Sprintf("tiles that do not belong to the signed tree (%v)", err), p.next)
}

// verifiedTiles is the tlog.TileReader over a TileReader. It remembers tiles
// only once they are verified, and the error of a tile that could not be had.
type verifiedTiles struct {
	tiles  TileReader
	known  map[tlog.Tile][]byte
	failed error
}

func (v *verifiedTiles) Height() int { return TileHeight }

func (v *verifiedTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		if b, ok := v.known[t]; ok {
			data[i] = b
			continue
		}
		b, err := v.read(t)
		if err != nil {
			v.failed = err
			return nil, err
		}
		if len(b) > t.W*tlog.HashSize {
			b = b[:t.W*tlog.HashSize]
		}
		data[i] = b
	}
	return data, nil
}

func (v *verifiedTiles) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, t := range tiles {
		v.known[t] = data[i]
	}
}

// read fetches a tile. A host may drop a partial tile once the full one exists,
// so that one is asked for next.
func (v *verifiedTiles) read(t tlog.Tile) ([]byte, error) {
	b, err := v.tiles.ReadTile(TilePath(t))
	if err != nil && t.W < TileWidth {
		full := t
		full.W = TileWidth
		if b, err := v.tiles.ReadTile(TilePath(full)); err == nil {
			return b, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", TilePath(t), err)
	}
	return b, nil
}
