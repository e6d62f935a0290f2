package chain

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The header of an Ogg page (RFC 3533, section 6).
const (
	headSize  = 27 // then as many bytes as byte 26 says, each the length of a segment
	serialAt  = 14 // four bytes, the lowest first
	sumAt     = 22 // likewise
	segmentAt = 26
	maxHead   = headSize + 255
)

// link is an open file, read as if its pages had another serial number.
type link struct {
	file   io.ReadSeekCloser
	size   int64
	serial uint32
	page   page // the one last walked to; empty at first
}

// page is where a page lies, and what is to be changed in it.
type page struct {
	begin, end int64
	serial     [4]byte // xored onto the serial number
	sum        [4]byte // xored onto the checksum
}

// readAt reads from one page.
func (l *link) readAt(p []byte, at int64) (int, error) {
	if err := l.walk(at); err != nil {
		return 0, err
	}
	p = p[:min(int64(len(p)), l.page.end-at)]
	if _, err := l.file.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := l.file.Read(p)
	l.page.change(p[:n], at)
	if n > 0 {
		return n, nil // what is wrong shows again at the next read
	}
	return 0, err
}

// walk goes from page to page to the one that holds the byte at.
func (l *link) walk(at int64) error {
	if at < l.page.begin {
		l.page = page{}
	}
	for at >= l.page.end {
		next, err := l.readPage(l.page.end)
		if err != nil {
			return fmt.Errorf("the page at byte %d: %w", l.page.end, err)
		}
		l.page = next
	}
	return nil
}

func (l *link) readPage(begin int64) (page, error) {
	if _, err := l.file.Seek(begin, io.SeekStart); err != nil {
		return page{}, err
	}
	var buf [maxHead]byte
	head := buf[:min(maxHead, l.size-begin)]
	if _, err := io.ReadFull(l.file, head); err != nil {
		return page{}, err
	}
	length, err := pageLength(head)
	if err != nil {
		return page{}, err
	}
	if length > l.size-begin {
		return page{}, errors.New("it is cut off")
	}
	p := page{begin: begin, end: begin + length}
	change := binary.LittleEndian.Uint32(head[serialAt:]) ^ l.serial
	binary.LittleEndian.PutUint32(p.serial[:], change)
	binary.LittleEndian.PutUint32(p.sum[:], sumOf(p.serial, length-serialAt))
	return p, nil
}

// pageLength is that of the page which head begins: all of its header, or all that the file has.
func pageLength(head []byte) (int64, error) {
	if len(head) < headSize || string(head[:5]) != "OggS\x00" {
		return 0, errors.New("not an Ogg page")
	}
	segments := int(head[segmentAt])
	if len(head) < headSize+segments {
		return 0, errors.New("it is cut off")
	}
	length := int64(headSize + segments)
	for _, n := range head[headSize : headSize+segments] {
		length += int64(n)
	}
	return length, nil
}

// change applies the page's changes to b, read from the file at a byte of this page.
func (p *page) change(b []byte, at int64) {
	for i := range 4 {
		if j := p.begin + serialAt + int64(i) - at; j >= 0 && j < int64(len(b)) {
			b[j] ^= p.serial[i]
		}
		if j := p.begin + sumAt + int64(i) - at; j >= 0 && j < int64(len(b)) {
			b[j] ^= p.sum[i]
		}
	}
}

// polynomial of Ogg's CRC-32: the highest power first, nothing inverted, starting from 0. So it is
// linear: changing a page by d changes its checksum by that of d, and the page itself need not be read.
const polynomial = 0x04c11db7

// sumOf is the checksum of a message of n bytes of which all after the first four are 0: first × x^(8n)
// modulo the polynomial.
func sumOf(first [4]byte, n int64) uint32 {
	sum, power := binary.BigEndian.Uint32(first[:]), uint32(1<<8)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			sum = multiply(sum, power)
		}
		power = multiply(power, power)
	}
	return sum
}

// multiply is the product of two polynomials over GF(2), modulo the polynomial.
func multiply(a, b uint32) (product uint32) {
	for bit := 31; bit >= 0; bit-- {
		top := product >> 31
		product = product<<1 ^ -top&polynomial
		product ^= a & -(b >> bit & 1)
	}
	return product
}
