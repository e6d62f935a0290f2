package ledger

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles (c2sp.org/tlog-tiles): the tree cut into files that never change.

const (
	// TileHeight is the height of every tile.
	TileHeight = 8

	// TileWidth is how many hashes, or entries, a full tile holds.
	TileWidth = 1 << TileHeight

	// MaxBundle is the longest entry bundle in bytes.
	MaxBundle = TileWidth * (2 + MaxEntry)

	// entriesLevel is the level that stands for entry bundles.
	entriesLevel = -1

	// maxTilePath is longer than the path of any tile within MaxSize.
	maxTilePath = 64
)

// TilePath returns the path of a tile, without leading slash:
// "tile/0/x001/067.p/8", or "tile/entries/000.p/3" at level -1. For a tile that
// cannot be (another height, a width out of range) it is empty.
func TilePath(t tlog.Tile) string {
	if checkTile(t) != nil {
		return ""
	}
	if t.L == entriesLevel {
		return "tile/entries/" + strings.TrimPrefix(t.Path(), "tile/8/data/")
	}
	return "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
}

// ParseTilePath is the inverse of [TilePath]: no other spelling is accepted.
func ParseTilePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > maxTilePath {
		return tlog.Tile{}, malformed("tile path %q", clip(path))
	}
	if bundle, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + bundle
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil || TilePath(t) != path {
		return tlog.Tile{}, malformed("tile path %q", clip(path))
	}
	return t, nil
}

// checkTile reports why there can be no such tile in any tree.
func checkTile(t tlog.Tile) error {
	if t.H != TileHeight || t.L < entriesLevel || t.L > 63 || t.N < 0 || t.N > MaxSize || t.W < 1 || t.W > TileWidth {
		return malformed("tile: height %d, level %d, number %d, width %d", t.H, t.L, t.N, t.W)
	}
	return nil
}

// InTree reports whether the tree of this size has the tile, in this width or a
// greater one. What it does not have must not be served.
func InTree(t tlog.Tile, size int64) bool {
	if checkTile(t) != nil || size < 0 || size > MaxSize {
		return false
	}
	level := max(t.L, 0)
	return level < 8 && t.N*TileWidth+int64(t.W) <= size>>(TileHeight*level)
}

// HashTile returns the content of a tile of hashes, read from r, which must
// refuse hashes that it does not hold. A tile beyond [MaxSize] and an entry
// bundle are refused here.
func HashTile(t tlog.Tile, r tlog.HashReader) ([]byte, error) {
	if t.L == entriesLevel || !InTree(t, MaxSize) {
		return nil, fmt.Errorf("hash tile at level %d, number %d, width %d: %w", t.L, t.N, t.W, ErrNotInTree)
	}
	b, err := tlog.ReadTileData(t, r)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", TilePath(t), err)
	}
	return b, nil
}

// EntryBundle returns the content of an entry tile: each entry behind its
// length as two bytes, the higher first. It takes 1 to 256 entries.
func EntryBundle(entries [][]byte) ([]byte, error) {
	if len(entries) < 1 || len(entries) > TileWidth {
		return nil, malformed("entry bundle: %d entries", len(entries))
	}
	var b []byte
	for _, e := range entries {
		if len(e) > MaxEntry {
			return nil, fmt.Errorf("entry of %d bytes, at most %d: %w", len(e), MaxEntry, ErrTooLarge)
		}
		b = binary.BigEndian.AppendUint16(b, uint16(len(e)))
		b = append(b, e...)
	}
	return b, nil
}

// ParseEntryBundle is the inverse of [EntryBundle]. What it returns lies within
// b. An entry may be anything, even empty: what is no good is void, not lost.
func ParseEntryBundle(b []byte) ([][]byte, error) {
	var entries [][]byte
	for len(b) > 0 {
		if len(entries) == TileWidth {
			return nil, malformed("entry bundle: more than %d entries", TileWidth)
		}
		if len(b) < 2 {
			return nil, malformed("entry bundle: cut off in a length")
		}
		end := 2 + int(binary.BigEndian.Uint16(b))
		if len(b) < end {
			return nil, malformed("entry bundle: cut off in entry %d", len(entries))
		}
		entries = append(entries, b[2:end:end])
		b = b[end:]
	}
	if len(entries) == 0 {
		return nil, malformed("entry bundle: empty")
	}
	return entries, nil
}
