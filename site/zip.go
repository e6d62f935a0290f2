package site

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
)

// A release's zip holds its files as they are (method "stored"), so every byte of it has a place that is
// known beforehand: its length can be announced, and a broken download resumed anywhere, without making the
// file. The only thing that needs reading is each file's CRC-32, which is worked out when a header that holds
// it is reached, and remembered. The format is PKWARE's APPNOTE 6.3: UTF-8 names (bit 11), the fixed date
// 1 January 1980, Zip64 where a size or an offset needs it. The same release always gives the same bytes.

// archive is the layout of a zip: a ReadSeeker over its bytes. It holds one file open at a time.
type archive struct {
	db    *store.DB
	crcs  *crcs
	parts []part
	size  int64

	at   int64    // read position
	part int      // that `cached` or `file` belongs to
	head []byte   // the current part's bytes, when it is not a file
	file *os.File // the current part's file
}

// part is a run of bytes: a header made on demand, or a file's content.
type part struct {
	start, size int64
	header      func() ([]byte, error) // of exactly size bytes; nil for a file
	root        catalog.Hash
}

// zipFile is a file with its name in the archive.
type zipFile struct {
	name   string
	root   catalog.Hash
	size   int64
	offset int64 // of its local header
}

const (
	localSize   = 30
	centralSize = 46
	endSize     = 22
	end64Size   = 56 + 20
	utf8Names   = 1 << 11
	dosDate     = 1<<5 | 1 // 1 January 1980
)

// newArchive lays out the files below a folder, in path order.
func newArchive(db *store.DB, sums *crcs, folder string, files []catalog.File) *archive {
	a := &archive{db: db, crcs: sums, part: -1}
	files = slices.Clone(files)
	slices.SortFunc(files, func(x, y catalog.File) int { return strings.Compare(x.Path, y.Path) })
	listed := make([]zipFile, len(files))
	for i, f := range files {
		z := zipFile{name: folder + "/" + f.Path, root: f.Root, size: f.Size, offset: a.size}
		listed[i] = z
		a.add(z.localLength(), func() ([]byte, error) { return z.local(a.sum) })
		a.parts = append(a.parts, part{start: a.size, size: z.size, root: z.root})
		a.size += z.size
	}
	start := a.size
	length := int64(0)
	for _, z := range listed {
		length += z.centralLength()
		a.add(z.centralLength(), func() ([]byte, error) { return z.central(a.sum) })
	}
	end := endRecord(int64(len(listed)), length, start)
	a.add(int64(len(end)), func() ([]byte, error) { return end, nil })
	return a
}

func (a *archive) add(size int64, header func() ([]byte, error)) {
	a.parts = append(a.parts, part{start: a.size, size: size, header: header})
	a.size += size
}

func (a *archive) sum(z zipFile) (uint32, error) { return a.crcs.of(a.db, z.root, z.size) }

// Seek implements io.Seeker.
func (a *archive) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += a.at
	case io.SeekEnd:
		offset += a.size
	}
	if offset < 0 {
		return 0, errors.New("seeking before the start of an archive")
	}
	a.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (a *archive) Read(p []byte) (int, error) {
	if a.at >= a.size {
		return 0, io.EOF
	}
	i, found := slices.BinarySearchFunc(a.parts, a.at, func(x part, at int64) int { return int(min(max(x.start-at, -1), 1)) })
	if !found {
		i--
	}
	for a.parts[i].start+a.parts[i].size <= a.at {
		i++ // an empty file
	}
	if err := a.enter(i); err != nil {
		return 0, err
	}
	x := a.parts[i]
	offset := a.at - x.start
	p = p[:min(int64(len(p)), x.size-offset)]
	n := 0
	var err error
	if a.file == nil {
		n = copy(p, a.head[offset:])
	} else if n, err = a.file.ReadAt(p, offset); n > 0 {
		err = nil
	} else if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	a.at += int64(n)
	return n, err
}

// enter makes the bytes of part i ready.
func (a *archive) enter(i int) (err error) {
	if a.part == i {
		return nil
	}
	if err := a.Close(); err != nil {
		return err
	}
	x := a.parts[i]
	if x.header == nil {
		f, size, err := a.db.OpenObject(x.root)
		if err != nil {
			return err
		}
		if size != x.size {
			return errors.Join(fmt.Errorf("object %s has %d bytes instead of %d", x.root, size, x.size), f.Close())
		}
		a.file, a.part = f, i
		return nil
	}
	if a.head, err = x.header(); err != nil {
		return err
	}
	if int64(len(a.head)) != x.size {
		return fmt.Errorf("a zip header has %d bytes instead of %d", len(a.head), x.size)
	}
	a.part = i
	return nil
}

// Close lets go of the file that was read last.
func (a *archive) Close() error {
	f := a.file
	a.file, a.head, a.part = nil, nil, -1
	if f == nil {
		return nil
	}
	return f.Close()
}

func (z zipFile) big() bool { return z.size >= math.MaxUint32 }
func (z zipFile) far() bool { return z.offset >= math.MaxUint32 }

func (z zipFile) localLength() int64 {
	n := localSize + int64(len(z.name))
	if z.big() {
		n += 4 + 16
	}
	return n
}

func (z zipFile) local(sum func(zipFile) (uint32, error)) ([]byte, error) {
	crc, err := sum(z)
	if err != nil {
		return nil, err
	}
	b := le32(nil, 0x04034b50)
	b = le16(b, z.version())
	b = z.common(b, crc)
	extra := z.extra(false)
	b = le16(b, uint16(len(z.name)))
	b = le16(b, uint16(len(extra)))
	return append(append(b, z.name...), extra...), nil
}

func (z zipFile) centralLength() int64 {
	return centralSize + int64(len(z.name)) + int64(len(z.extra(true)))
}

func (z zipFile) central(sum func(zipFile) (uint32, error)) ([]byte, error) {
	crc, err := sum(z)
	if err != nil {
		return nil, err
	}
	const unix = 3 << 8
	b := le32(nil, 0x02014b50)
	b = le16(b, unix|z.version())
	b = le16(b, z.version())
	b = z.common(b, crc)
	extra := z.extra(true)
	b = le16(b, uint16(len(z.name)))
	b = le16(b, uint16(len(extra)))
	b = append(b, make([]byte, 2+2+2)...) // no comment, first disk, no internal attributes
	b = le32(b, 0o100644<<16)
	b = le32(b, uint32(min(z.offset, math.MaxUint32)))
	return append(append(b, z.name...), extra...), nil
}

// common is what both headers hold: flags, method, date, CRC and sizes.
func (z zipFile) common(b []byte, crc uint32) []byte {
	size := uint32(min(z.size, math.MaxUint32))
	b = le16(b, utf8Names)
	b = append(b, 0, 0, 0, 0) // stored; midnight
	b = le16(b, dosDate)
	b = le32(b, crc)
	return le32(le32(b, size), size)
}

// extra is the Zip64 field, when the entry needs one. The local header states no offset.
func (z zipFile) extra(central bool) []byte {
	var b []byte
	if z.big() {
		b = le64(le64(b, uint64(z.size)), uint64(z.size))
	}
	if central && z.far() {
		b = le64(b, uint64(z.offset))
	}
	if b == nil {
		return nil
	}
	return append(le16(le16(nil, 1), uint16(len(b))), b...)
}

func (z zipFile) version() uint16 {
	if z.big() || z.far() {
		return 45
	}
	return 20
}

// endRecord closes the archive: the central directory's place, in Zip64 form too when it is far.
func endRecord(n, length, start int64) (b []byte) {
	if start >= math.MaxUint32 || length >= math.MaxUint32 || n >= math.MaxUint16 {
		b = le64(le32(b, 0x06064b50), 44)
		b = le16(le16(b, 45), 45)
		b = le32(le32(b, 0), 0)
		b = le64(le64(le64(le64(b, uint64(n)), uint64(n)), uint64(length)), uint64(start))
		b = le64(le32(le32(b, 0x07064b50), 0), uint64(start+length))
		b = le32(b, 1)
	}
	b = le16(le16(le32(b, 0x06054b50), 0), 0)
	count := uint16(min(n, math.MaxUint16))
	b = le16(le16(b, count), count)
	b = le32(b, uint32(min(length, math.MaxUint32)))
	b = le32(b, uint32(min(start, math.MaxUint32)))
	return le16(b, 0)
}

func le16(b []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(b, v) }
func le32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }
func le64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }

// crcs remembers the CRC-32 of objects. An object never changes, so neither does its sum.
type crcs struct {
	mu   sync.Mutex // guards sums
	sums map[catalog.Hash]uint32
}

// maxCRCs bounds the memory: about 6 MB. Beyond it the sums are forgotten and worked out again.
const maxCRCs = 100_000

func (c *crcs) of(db *store.DB, root catalog.Hash, size int64) (uint32, error) {
	if size == 0 {
		return 0, nil
	}
	c.mu.Lock()
	sum, ok := c.sums[root]
	c.mu.Unlock()
	if ok {
		return sum, nil
	}
	f, _, err := db.OpenObject(root)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	h := crc32.NewIEEE()
	n, err := io.Copy(h, f)
	if err != nil || n != size {
		return 0, fmt.Errorf("reading object %s for its CRC: %d of %d bytes: %w", root, n, size, errors.Join(err, io.ErrUnexpectedEOF))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sums == nil || len(c.sums) >= maxCRCs {
		c.sums = map[catalog.Hash]uint32{}
	}
	c.sums[root] = h.Sum32()
	return h.Sum32(), nil
}
