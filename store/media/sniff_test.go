package media

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzSniff feeds the readers of first and last bytes, which see every file before any limit but ours holds.
func FuzzSniff(f *testing.F) {
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x04\x00\x00\x00abcddata\x02\x00\x00\x00xy"))
	f.Add([]byte("OggS\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00abcdabcdabcd\x01\x08OpusHead"))
	f.Add([]byte("\x00\x00\x00\x0cftypisom\x00\x00\x00\x01moov\x00\x00\x00\x00\x00\x00\x00\x10"))
	f.Add([]byte("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x82abc"))
	f.Add(bytes.Repeat([]byte("\xff\xfb\x90\x64"), 300))
	f.Add([]byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f\xff\xfb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range []Format{FLAC, WAV, MP3, Vorbis, Opus, M4A, MKV, WebM} {
			err := format.sniff(bytes.NewReader(b), int64(len(b)))
			if err != nil && !errors.Is(err, errElse) && !errors.Is(err, errCut) && !errors.Is(err, io.EOF) {
				t.Errorf("%s: %v", format, err)
			}
		}
	})
}

func TestSniffDoesNotWalkForEver(t *testing.T) {
	chunks := append([]byte("RIFF\x00\x00\x00\x00WAVE"), bytes.Repeat([]byte("none\x00\x00\x00\x00"), 1<<17)...)
	if err := WAV.sniff(bytes.NewReader(chunks), int64(len(chunks))); !errors.Is(err, errElse) {
		t.Errorf("got %v", err)
	}
}
