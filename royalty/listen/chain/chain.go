// Package chain joins the Ogg Opus files of a queue into one stream that a
// browser plays from the first to the last without a script and without a gap.
//
// Ogg allows that (RFC 3533, section 4; RFC 7845, section 4): a file may follow
// another byte for byte, as a further link of a chain. But every link needs a
// serial number of its own, and a queue may hold a track twice: of two equal
// neighbours Firefox plays the first and stops there, and ffmpeg reports a
// broken packet. So link i of a chain, from 0, gets the serial number i, whatever
// its file says. Nothing else changes but each page's checksum, not even a
// length: byte n of the chain is byte n of the concatenation, save for those
// eight of a page.
//
// A Chain holds at most one file open, the one that it reads, and reads only
// what is asked for: the length of the whole is known from the sizes, and Seek
// moves nothing until the next Read. Within a file it finds pages by walking
// their headers from the start, which is a few hundred small reads for a track.
//
// It trusts nothing in a file: what is no sequence of Ogg pages of the announced
// length is an error at that place, never other bytes and never a shorter stream.
package chain

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// MaxFiles is how many links a chain may have.
const MaxFiles = 10_000

// File is one link: an Ogg stream with a single serial number.
type File struct {
	Root [32]byte // names its bytes, for Tag
	Size int64    // of the file, in bytes, more than 0
	Open func() (io.ReadSeekCloser, error)
}

// Chain is an io.ReadSeeker over all links. It is for one goroutine.
type Chain struct {
	files []File
	ends  []int64 // of each link, in the whole
	pos   int64   // of the next byte

	index int   // of the open link
	link  *link // nil if none is open
}

// New returns the chain of files, which must not change meanwhile. None is opened yet.
func New(files []File) (*Chain, error) {
	if len(files) == 0 || len(files) > MaxFiles {
		return nil, fmt.Errorf("chaining %d files: 1 to %d are allowed", len(files), MaxFiles)
	}
	c := &Chain{files: files, ends: make([]int64, len(files))}
	end := int64(0)
	for i, f := range files {
		if f.Size <= 0 || f.Size > math.MaxInt64-end {
			return nil, fmt.Errorf("chaining %d files: file %d has %d bytes", len(files), i, f.Size)
		}
		end += f.Size
		c.ends[i] = end
	}
	return c, nil
}

// Size is the exact length of the whole, in bytes.
func (c *Chain) Size() int64 { return c.ends[len(c.ends)-1] }

// Tag is a strong validator of the whole: equal tags are equal bytes, if equal
// roots are. It is the SHA-256 of a domain and the roots in their order.
func (c *Chain) Tag() (tag [32]byte) {
	h := sha256.New()
	h.Write([]byte("peerfy chain 1\n"))
	for _, f := range c.files {
		h.Write(f.Root[:])
	}
	h.Sum(tag[:0])
	return tag
}

// At is the link that holds the byte at offset, which lies in [0, Size), and
// where in that link the byte is.
func (c *Chain) At(offset int64) (index int, inner int64) {
	index, _ = slices.BinarySearch(c.ends, offset+1)
	return index, offset - (c.ends[index] - c.files[index].Size)
}

// Read reads from one link: it may return less than asked for at a page's end.
func (c *Chain) Read(p []byte) (int, error) {
	if c.pos >= c.Size() {
		return 0, io.EOF
	}
	index, inner := c.At(c.pos)
	if err := c.open(index); err != nil {
		return 0, fmt.Errorf("reading link %d: %w", index, err)
	}
	n, err := c.link.readAt(p, inner)
	c.pos += int64(n)
	if errors.Is(err, io.EOF) { // it would pass for the end of the whole
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return n, fmt.Errorf("reading link %d at byte %d: %w", index, inner, err)
	}
	return n, nil
}

// open makes the link at index the open one.
func (c *Chain) open(index int) error {
	if c.link != nil && c.index == index {
		return nil
	}
	if err := c.Close(); err != nil {
		return err
	}
	file, err := c.files[index].Open()
	if err != nil {
		return err
	}
	c.index, c.link = index, &link{file: file, size: c.files[index].Size, serial: uint32(index)}
	return nil
}

// Seek sets the place of the next Read, anywhere from 0 on.
func (c *Chain) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.Size()
	case io.SeekStart:
	default:
		return 0, fmt.Errorf("seeking in a chain: whence %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("seeking in a chain: before its start")
	}
	c.pos = offset
	return offset, nil
}

// Close closes the open file, if any. A later Read opens it again.
func (c *Chain) Close() error {
	if c.link == nil {
		return nil
	}
	file := c.link.file
	c.link = nil
	return file.Close()
}
