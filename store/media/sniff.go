package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

var (
	errElse   = errors.New("it begins like something else")
	errCut    = errors.New("it ends too early")
	errSilent = errors.New("nothing in it can be played")
)

// sniff checks the first bytes, and the last where a format says in its first bytes how long it is but ffmpeg
// does not care. It decides which reader ffmpeg gets.
func (f Format) sniff(file io.ReaderAt, size int64) error {
	head := make([]byte, 4096)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	head = head[:n]
	switch f {
	case FLAC:
		return begins(head, 0, "fLaC")
	case WAV:
		return sniffWAV(file, head, size)
	case MP3:
		return sniffMP3(file, head)
	case Vorbis:
		return sniffOgg(file, head, "\x01vorbis", size)
	case Opus:
		return sniffOgg(file, head, "OpusHead", size)
	case M4A, MP4:
		return sniffMP4(file, head, size)
	case MKV:
		return sniffMatroska(head, "matroska", size)
	case WebM:
		return sniffMatroska(head, "webm", size)
	}
	return errElse
}

func begins(head []byte, at int, magic string) error {
	if len(head) < at || !bytes.HasPrefix(head[at:], []byte(magic)) {
		return errElse
	}
	return nil
}

// sniffMatroska reads the EBML header and the length of the segment behind it (RFC 9559), which is all ones where the file
// was written as a stream.
func sniffMatroska(head []byte, docType string, size int64) error {
	const ebml, segment = "\x1a\x45\xdf\xa3", "\x18\x53\x80\x67"
	if begins(head, 0, ebml) != nil {
		return errElse
	}
	length, n := ebmlSize(head[4:])
	at := 4 + n + int(length)
	if n == 0 || length > 256 || begins(head, at, segment) != nil {
		return errElse
	}
	// Element 4282 of the header holds the type of document (RFC 8794).
	if !bytes.Contains(head[:at], append([]byte{0x42, 0x82, 0x80 | byte(len(docType))}, docType...)) {
		return errElse
	}
	length, n = ebmlSize(head[at+4:])
	if n == 0 || length != 1<<(7*n)-1 && length > size-int64(at+4+n) {
		return errCut
	}
	return nil
}

// ebmlSize reads a length of 1 to 8 bytes; n is 0 if b ends before.
func ebmlSize(b []byte) (value int64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if n > 8 || n > len(b) {
		return 0, 0
	}
	value = int64(b[0]) &^ (0x80 >> (n - 1))
	for _, c := range b[1:n] {
		value = value<<8 | int64(c)
	}
	return value, n
}

// sniffMP4 walks the boxes (ISO 14496-12): the last must end where the file ends, and the index must be there.
func sniffMP4(file io.ReaderAt, head []byte, size int64) error {
	if begins(head, 4, "ftyp") != nil {
		return errElse
	}
	const most = 1 << 18 // fragments of a second for more hours than are taken
	indexed := false
	for at, n := int64(0), 0; at < size; n++ {
		length, kind, err := mp4Box(file, at, size)
		if err != nil || n == most {
			return errCut
		}
		indexed = indexed || kind == "moov"
		at += length
	}
	if !indexed {
		return errCut
	}
	return nil
}

func mp4Box(file io.ReaderAt, at, size int64) (length int64, kind string, err error) {
	var b [16]byte
	if _, err := file.ReadAt(b[:8], at); err != nil {
		return 0, "", err
	}
	length, least := int64(binary.BigEndian.Uint32(b[:4])), int64(8)
	switch length {
	case 0: // to the end of the file
		length = size - at
	case 1:
		if _, err := file.ReadAt(b[8:], at+8); err != nil {
			return 0, "", err
		}
		length, least = int64(binary.BigEndian.Uint64(b[8:])), 16
	}
	if length < least || length > size-at {
		return 0, "", errCut
	}
	return length, string(b[4:8]), nil
}

// sniffWAV walks the chunks to the samples: their length must be in the file.
func sniffWAV(file io.ReaderAt, head []byte, size int64) error {
	if begins(head, 0, "RIFF") != nil || begins(head, 8, "WAVE") != nil {
		return errElse
	}
	const most = 1000 // chunks before the samples; a file of empty ones must not be walked for minutes
	var chunk [8]byte
	at := int64(12)
	for range most {
		if _, err := file.ReadAt(chunk[:], at); err != nil {
			return errCut
		}
		length := int64(binary.LittleEndian.Uint32(chunk[4:]))
		at += 8 + length
		if string(chunk[:4]) == "data" {
			if at > size {
				return errCut
			}
			return nil
		}
		at += length & 1
	}
	return errElse
}

// sniffOgg also wants the last page to be marked as the end of the stream (RFC 3533, section 6).
func sniffOgg(file io.ReaderAt, head []byte, codec string, size int64) error {
	if begins(head, 0, "OggS") != nil || begins(head, 28, codec) != nil {
		return errElse
	}
	const longestPage = 27 + 255 + 255*255
	end := make([]byte, min(size, longestPage))
	if _, err := file.ReadAt(end, size-int64(len(end))); err != nil && err != io.EOF {
		return err
	}
	for at := len(end); ; {
		at = bytes.LastIndex(end[:at], []byte("OggS"))
		if at < 0 {
			return errCut
		}
		if page := end[at:]; oggPageLength(page) == len(page) {
			if page[5]&4 == 0 {
				return errCut
			}
			return nil
		}
	}
}

func oggPageLength(page []byte) int {
	if len(page) < 27 || len(page) < 27+int(page[26]) {
		return -1
	}
	n := 27 + int(page[26])
	for _, segment := range page[27:n] {
		n += int(segment)
	}
	return n
}

// sniffMP3 wants two frames in a row after the ID3v2 tag: one frame header is four bytes that chance can make.
func sniffMP3(file io.ReaderAt, head []byte) error {
	at := id3Length(head)
	frame := make([]byte, 64<<10) // taggers leave zeros before the first frame
	n, err := file.ReadAt(frame, at)
	if err != nil && err != io.EOF {
		return err
	}
	frame = frame[:n]
	if at > 0 {
		frame = bytes.TrimLeft(frame, "\x00")
	}
	length := mp3FrameLength(frame)
	if length == 0 || length >= len(frame) || mp3FrameLength(frame[length:]) == 0 {
		return errElse
	}
	return nil
}

func id3Length(head []byte) int64 {
	if len(head) < 10 || begins(head, 0, "ID3") != nil {
		return 0
	}
	return 10 + (int64(head[6]&0x7f)<<21 | int64(head[7]&0x7f)<<14 | int64(head[8]&0x7f)<<7 | int64(head[9]&0x7f))
}

// mp3FrameLength is the length of the MPEG audio layer III frame that b begins with, or 0 (ISO 11172-3, 13818-3).
func mp3FrameLength(b []byte) int {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe6 != 0xe2 {
		return 0
	}
	version := b[1] >> 3 & 3 // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
	kbps := [2][16]int{
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
	}
	hertz := [4][4]int{0: {11025, 12000, 8000}, 2: {22050, 24000, 16000}, 3: {44100, 48000, 32000}}
	row, perFrame := 0, 144
	if version != 3 {
		row, perFrame = 1, 72
	}
	rate, speed := kbps[row][b[2]>>4], hertz[version][b[2]>>2&3]
	if rate == 0 || speed == 0 {
		return 0
	}
	return perFrame*rate*1000/speed + int(b[2]>>1&1)
}

// mp3HasLength says whether the first frame tells how many there are (the Xing and Info headers).
func mp3HasLength(file io.ReaderAt) bool {
	head := make([]byte, 10)
	file.ReadAt(head, 0)
	frame := make([]byte, 4096)
	n, _ := file.ReadAt(frame, id3Length(head))
	return bytes.Contains(frame[:n], []byte("Xing")) || bytes.Contains(frame[:n], []byte("Info"))
}
