package ledger_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"p2p.legal/peerfy/store/ledger"
)

func TestTilePath(t *testing.T) {
	for path, tile := range map[string]tlog.Tile{
		"tile/0/000":               {H: 8, L: 0, N: 0, W: 256},
		"tile/0/x001/067.p/8":      {H: 8, L: 0, N: 1067, W: 8},
		"tile/3/x001/x234/067":     {H: 8, L: 3, N: 1234067, W: 256},
		"tile/63/000.p/255":        {H: 8, L: 63, N: 0, W: 255},
		"tile/entries/000.p/3":     {H: 8, L: -1, N: 0, W: 3},
		"tile/entries/x001/000":    {H: 8, L: -1, N: 1000, W: 256},
		"tile/entries/999.p/1":     {H: 8, L: -1, N: 999, W: 1},
		"tile/0/x010/x000/000.p/1": {H: 8, L: 0, N: 10000000, W: 1},
	} {
		if got := ledger.TilePath(tile); got != path {
			t.Errorf("%+v: %s, want %s", tile, got, path)
		}
		if got, err := ledger.ParseTilePath(path); err != nil || got != tile {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
}

func TestParseTilePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "tile", "tile/", "/tile/0/000", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/0/000/",
		"tile//000", "tile/00/000", "tile/-1/000", "tile/64/000", "tile/+1/000", "tile/data/000", "tile/8/0/000",
		"tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/-1",
		"tile/0/x000/000", "tile/0/x001", "tile/0/001/000", "tile/0/xx01/000", "tile/0/x001/x000", "tile/0/a00",
		"tile/entries", "tile/entries/", "tile/entries/0", "tile/entries/000.p/256", "tile/entries/data/000",
		"tile/0/../000", "tile/0/000%2e", "tile/0/000\x00", "tile/0/000.p/1/000", "checkpoint",
		"tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/x009/x223/x372/x036/x854/x775/808",
		"tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/x018/x446/x744/x073/x709/x551/616/x018/x446/x744/x073/x709",
	} {
		if tile, err := ledger.ParseTilePath(path); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%q: %+v, %v", path, tile, err)
		}
	}
	for _, tile := range []tlog.Tile{
		{}, {H: 7, W: 1}, {H: 8}, {H: 8, W: 257}, {H: 8, W: -1}, {H: 8, L: -2, W: 1}, {H: 8, L: 64, W: 1}, {H: 8, N: -1, W: 1},
		{H: 8, N: math.MaxInt64, W: 1},
	} {
		if path := ledger.TilePath(tile); path != "" {
			t.Errorf("%+v: %s", tile, path)
		}
		if ledger.InTree(tile, ledger.MaxSize) {
			t.Errorf("%+v is in a tree", tile)
		}
	}
}

// The tree of 70,000 entries is the specification's example.
func TestInTree(t *testing.T) {
	const size = 70000
	for _, c := range []struct {
		path string
		in   bool
	}{
		{"tile/0/272", true}, {"tile/0/273", false}, {"tile/0/273.p/112", true}, {"tile/0/273.p/113", false}, {"tile/0/274.p/1", false},
		{"tile/1/000", true}, {"tile/1/001.p/17", true}, {"tile/1/001.p/18", false},
		{"tile/2/000.p/1", true}, {"tile/2/000.p/2", false}, {"tile/3/000.p/1", false}, {"tile/63/000.p/1", false},
		{"tile/entries/273.p/112", true}, {"tile/entries/273.p/113", false},
	} {
		tile, err := ledger.ParseTilePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := ledger.InTree(tile, size); got != c.in {
			t.Errorf("%s in the tree: %v", c.path, got)
		}
	}
	full := tlog.Tile{H: 8, L: 1, N: 0, W: 1}
	if !ledger.InTree(full, 256) || ledger.InTree(full, 255) || ledger.InTree(full, -1) || ledger.InTree(full, ledger.MaxSize+1) {
		t.Error("the tree of 256 entries has one tile at level 1")
	}
}

func TestHashTile(t *testing.T) {
	m := testLog(t, 600)
	for _, tile := range tlog.NewTiles(8, 0, 600) {
		want, err := tlog.ReadTileData(tile, m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.HashTile(tile, m); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", ledger.TilePath(tile), err)
		}
	}
	for _, tile := range []tlog.Tile{
		{H: 8, L: 0, N: 2, W: 89}, {H: 8, L: 1, N: 0, W: 3}, {H: 8, L: -1, N: 0, W: 1}, {H: 8, L: 9, N: 0, W: 1},
		{H: 8, L: 0, N: ledger.MaxSize, W: 256}, {H: 2, L: 0, N: 0, W: 1}, {H: 8},
	} {
		if _, err := ledger.HashTile(tile, m); !errors.Is(err, ledger.ErrNotInTree) {
			t.Errorf("%+v: %v", tile, err)
		}
	}
}

func TestEntryBundle(t *testing.T) {
	entries := [][]byte{entry(t, 1), {}, bytes.Repeat([]byte("x"), ledger.MaxEntry)}
	b, err := ledger.EntryBundle(entries)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ledger.ParseEntryBundle(b)
	if err != nil || len(got) != 3 || !bytes.Equal(got[0], entries[0]) || len(got[1]) != 0 || !bytes.Equal(got[2], entries[2]) {
		t.Errorf("%d entries, %v", len(got), err)
	}
	for name, bad := range map[string][]byte{
		"nothing":        {},
		"half a length":  {0},
		"cut off":        b[:len(b)-1],
		"a byte more":    append(bytes.Clone(b), 0),
		"length too big": {0xff, 0xff, 1},
		"257 entries":    make([]byte, 2*257),
	} {
		if _, err := ledger.ParseEntryBundle(bad); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ledger.ParseEntryBundle(make([]byte, 2*256)); err != nil {
		t.Errorf("256 entries: %v", err)
	}
	if _, err := ledger.EntryBundle(nil); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("no entries: %v", err)
	}
	if _, err := ledger.EntryBundle(make([][]byte, 257)); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("257 entries: %v", err)
	}
	if _, err := ledger.EntryBundle([][]byte{make([]byte, ledger.MaxEntry+1)}); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("long entry: %v", err)
	}
}

func FuzzParseTilePath(f *testing.F) {
	for _, path := range []string{"tile/0/x001/067.p/8", "tile/entries/000.p/3", "tile/3/x001/x234/067", "tile/0/x999/x999/x999/x999/x999/999"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ledger.ParseTilePath(path)
		if err == nil && ledger.TilePath(tile) != path {
			t.Fatalf("%q became %q", path, ledger.TilePath(tile))
		}
	})
}

func FuzzParseEntryBundle(f *testing.F) {
	b, err := ledger.EntryBundle([][]byte{[]byte("one"), {}, []byte("three")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(make([]byte, 512))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := ledger.ParseEntryBundle(b)
		if err != nil {
			return
		}
		if again, err := ledger.EntryBundle(entries); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q became %q, %v", b, again, err)
		}
	})
}
