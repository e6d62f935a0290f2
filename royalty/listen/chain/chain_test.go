package chain_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"p2p.legal/peerfy/royalty/listen/chain"
)

// memory is a file that knows how many of its kind are open.
type memory struct {
	*bytes.Reader
	opened *int
}

func (m memory) Close() error {
	*m.opened--
	return nil
}

// files makes links of byte slices; opened counts those that are open.
func files(opened *int, all ...[]byte) []chain.File {
	var links []chain.File
	for i, b := range all {
		links = append(links, chain.File{Root: [32]byte{byte(i)}, Size: int64(len(b)), Open: func() (io.ReadSeekCloser, error) {
			*opened++
			return memory{bytes.NewReader(b), opened}, nil
		}})
	}
	return links
}

func newChain(t testing.TB, links []chain.File) *chain.Chain {
	t.Helper()
	c, err := chain.New(links)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// crc is RFC 3533's checksum, bit by bit.
func crc(b []byte) (sum uint32) {
	for _, c := range b {
		sum ^= uint32(c) << 24
		for range 8 {
			if sum>>31 == 1 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// pages cuts an Ogg stream; ok is false if it is none.
func pages(b []byte) (all [][]byte, ok bool) {
	for len(b) > 0 {
		if len(b) < 27 || string(b[:4]) != "OggS" || b[4] != 0 || len(b) < 27+int(b[26]) {
			return all, false
		}
		n := 27 + int(b[26])
		for _, s := range b[27:n] {
			n += int(s)
		}
		if n > len(b) {
			return all, false
		}
		all, b = append(all, b[:n]), b[n:]
	}
	return all, true
}

// seal puts the right checksum into a page.
func seal(page []byte) {
	binary.LittleEndian.PutUint32(page[22:], 0)
	binary.LittleEndian.PutUint32(page[22:], crc(page))
}

// expect is what a chain must read as, made the plain way: every page renumbered and its checksum calculated anew.
func expect(t testing.TB, all ...[]byte) []byte {
	t.Helper()
	var whole []byte
	for i, b := range all {
		cut, ok := pages(bytes.Clone(b))
		if !ok {
			t.Fatal("a test file is not Ogg")
		}
		for _, page := range cut {
			binary.LittleEndian.PutUint32(page[14:], uint32(i))
			seal(page)
			whole = append(whole, page...)
		}
	}
	return whole
}

// stream is an Ogg stream of n pages of every kind of length.
func stream(rng *rand.Rand, n int) (b []byte) {
	serial := rng.Uint32()
	for i := range n {
		page := append([]byte("OggS\x00"), make([]byte, 22)...)
		binary.LittleEndian.PutUint64(page[6:], rng.Uint64())
		binary.LittleEndian.PutUint32(page[14:], serial)
		binary.LittleEndian.PutUint32(page[18:], uint32(i))
		page[26] = byte([]int{0, 1, rng.IntN(256), 255}[rng.IntN(4)])
		body := 0
		for range page[26] {
			s := byte(rng.Uint32() >> rng.IntN(8))
			page, body = append(page, s), body+int(s)
		}
		for range body {
			page = append(page, byte(rng.Uint32()))
		}
		seal(page)
		b = append(b, page...)
	}
	return b
}

// small is a stream of pages of a few bytes.
func small(rng *rand.Rand, n int) (b []byte) {
	for i := range n {
		page := append([]byte("OggS\x00"), make([]byte, 26)...)
		page[14], page[18], page[26], page[27] = 9, byte(i), 1, 3
		page[28] = byte(rng.Uint32())
		seal(page)
		b = append(b, page...)
	}
	return b
}

// Any sequence of reads and seeks sees the same bytes as a reader over the joined file, with one file open.
func TestReadsAsTheWholeDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 533))
	for range 20 {
		var links [][]byte
		for range 1 + rng.IntN(5) {
			links = append(links, stream(rng, 1+rng.IntN(6)))
		}
		links = append(links, links[0]) // a repeat
		var opened int
		c, want := newChain(t, files(&opened, links...)), bytes.NewReader(expect(t, links...))
		if c.Size() != want.Size() {
			t.Fatalf("%d bytes instead of %d", c.Size(), want.Size())
		}
		for range 300 {
			if rng.IntN(2) == 0 {
				whence, offset := rng.IntN(3), rng.Int64N(want.Size()+10)
				if whence != io.SeekStart {
					offset -= want.Size() / 2
				}
				got, err := c.Seek(offset, whence)
				at, wantErr := want.Seek(offset, whence)
				if (err == nil) != (wantErr == nil) || err == nil && got != at {
					t.Fatalf("seek %d %d: %d, %v instead of %d, %v", offset, whence, got, err, at, wantErr)
				}
			}
			got, ref := make([]byte, rng.IntN(70_000)), make([]byte, 70_000)
			n, err := io.ReadFull(c, got)
			m, wantErr := io.ReadFull(want, ref[:len(got)])
			if !bytes.Equal(got[:n], ref[:m]) || !errors.Is(err, wantErr) {
				t.Fatalf("read %d, %v instead of %d, %v, or other bytes", n, err, m, wantErr)
			}
			if opened > 1 {
				t.Fatalf("%d files are open", opened)
			}
		}
		if err := c.Close(); err != nil || opened != 0 {
			t.Fatalf("close: %v, %d files are open", err, opened)
		}
	}
}

// The standard library's own examination of a reader that seeks.
func TestReader(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	a, b := small(rng, 3), small(rng, 2)
	var opened int
	if err := iotest.TestReader(newChain(t, files(&opened, a, b, a)), expect(t, a, b, a)); err != nil {
		t.Fatal(err)
	}
}

func TestAt(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	a, b := stream(rng, 2), stream(rng, 1)
	var opened int
	c := newChain(t, files(&opened, a, b))
	n, m := int64(len(a)), int64(len(b))
	for _, try := range []struct {
		offset int64
		index  int
		inner  int64
	}{{0, 0, 0}, {n - 1, 0, n - 1}, {n, 1, 0}, {n + m - 1, 1, m - 1}} {
		if i, inner := c.At(try.offset); i != try.index || inner != try.inner {
			t.Errorf("byte %d is byte %d of link %d, not %d of %d", try.offset, inner, i, try.inner, try.index)
		}
	}
	if opened != 0 {
		t.Error("a file was opened for nothing")
	}
}

// The tag knows the order and the number of the files.
func TestTag(t *testing.T) {
	var opened int
	all := files(&opened, []byte("a"), []byte("b"))
	seen := map[[32]byte]bool{}
	for _, links := range [][]chain.File{{all[0]}, {all[1]}, {all[0], all[1]}, {all[1], all[0]}, {all[0], all[0]}} {
		seen[newChain(t, links).Tag()] = true
	}
	if len(seen) != 5 {
		t.Errorf("five chains have %d tags", len(seen))
	}
	again := files(&opened, []byte("a"), []byte("b"))
	if !seen[newChain(t, again).Tag()] {
		t.Error("the same chain has two tags")
	}
}

// A wrong file is an error where it is wrong: never the end, never shifted bytes.
func TestWrongFile(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	good := stream(rng, 2)
	cut, junk, other := good[:len(good)-1], bytes.Repeat([]byte{7}, 100), bytes.Clone(good)
	other[4] = 1 // a version of Ogg that does not exist
	for name, bad := range map[string][]byte{"cut": cut, "junk": junk, "version": other} {
		var opened int
		c := newChain(t, files(&opened, good, bad, good))
		if b, err := io.ReadAll(c); err == nil || !bytes.HasPrefix(b, expect(t, good)) || len(b) > len(good)+len(bad) {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
		if _, err := c.Seek(int64(-len(good)), io.SeekEnd); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); err != nil || len(b) != len(good) {
			t.Errorf("%s: behind it %d bytes, %v", name, len(b), err)
		}
	}
	for range 20 { // with long last pages and short ones
		var opened int
		short := files(&opened, stream(rng, 2))
		short[0].Size += 40
		if b, err := io.ReadAll(newChain(t, short)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("a file shorter than announced: %d bytes, %v", len(b), err)
		}
	}
	gone := []chain.File{{Size: 1, Open: func() (io.ReadSeekCloser, error) { return nil, io.EOF }}}
	if _, err := newChain(t, gone).Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("a file that does not open: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	big := chain.File{Size: 1 << 62}
	for name, links := range map[string][]chain.File{
		"none": nil, "empty": {{}}, "negative": {{Size: -1}}, "beyond 63 bits": {big, big},
		"too many": make([]chain.File, chain.MaxFiles+1),
	} {
		if _, err := chain.New(links); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Whatever a file holds, a chain reads its good pages renumbered, as the plain way has them, or stops with an error.
func FuzzLink(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 5))
	first := small(rng, 1)
	f.Add(small(rng, 3), 10)
	f.Add([]byte("OggS"), 0)
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		if len(b) == 0 {
			return
		}
		var opened int
		c := newChain(t, files(&opened, first, b))
		got, err := io.ReadAll(c)
		cut, ok := pages(b)
		if ok != (err == nil) {
			t.Fatalf("good pages: %v, but %v", ok, err)
		}
		sums := 0 // only a right checksum stays right
		for _, page := range cut {
			sealed := bytes.Clone(page)
			if seal(sealed); bytes.Equal(sealed, page) {
				sums++
			}
		}
		if ok && sums == len(cut) && !bytes.Equal(got, expect(t, first, b)) {
			t.Fatal("other bytes than the plain way")
		}
		if at < 0 || at >= len(b) {
			return
		}
		if _, err := c.Seek(int64(len(first)+at), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(c); (err == nil) != ok || !bytes.HasSuffix(got, rest) && ok {
			t.Fatalf("from byte %d: %d bytes, %v", at, len(rest), err)
		}
	})
}
