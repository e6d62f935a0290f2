package media_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/media"
)

func TestReadSubtitles(t *testing.T) {
	const want = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<i>Salut</i> &amp; a &lt; b\nSecond line\n\n01:00:00.000 --> 01:00:01.000\nEnd\n\n"
	for name, c := range map[string]struct {
		format media.Format
		s      string
	}{
		"SubRip":          {media.SRT, "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Salut</i> & a < b\r\n<font color=red>Second</font> line\r\n\r\n2\r\n01:00:00,000 --> 01:00:01,000\r\nEnd\r\n"},
		"WebVTT":          {media.VTT, "WEBVTT - made by hand\nKind: x\n\nSTYLE\n::cue { background: url(http://a) }\n\nNOTE who\n\nintro\n00:01.000 --> 00:02.500 position:10%\n<i>Salut</i> &amp; a &lt; b\n<c.red><00:00:02.000>Second</c> line\n\n\n\n01:00:00.000 --> 01:00:01.000\nEnd"},
		"what we write":   {media.VTT, want},
		"a cue of spaces": {media.VTT, want + "02:00:00.000 --> 02:00:01.000\n  \n"},
	} {
		got, err := media.ReadSubtitles([]byte(c.s), c.format)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func TestReadSubtitlesRefuses(t *testing.T) {
	cue := "00:01.000 --> 00:02.000\nx\n\n"
	for name, s := range map[string]string{
		"no header":       cue,
		"another header":  "WEBVTTX\n\n" + cue,
		"no cue":          "WEBVTT\n\n",
		"Latin-1":         "WEBVTT\n\n00:01.000 --> 00:02.000\n\xe9t\xe9\n",
		"NUL":             "WEBVTT\n\n00:01.000 --> 00:02.000\na\x00b\n",
		"escape":          "WEBVTT\n\n00:01.000 --> 00:02.000\na\x1b[2Jb\n",
		"backwards":       "WEBVTT\n\n00:02.000 --> 00:01.000\nx\n",
		"no milliseconds": "WEBVTT\n\n00:01 --> 00:02\nx\n",
		"61 seconds":      "WEBVTT\n\n00:61.000 --> 01:02.000\nx\n",
		"too late":        "WEBVTT\n\n999:00:00.000 --> 999:00:01.000\nx\n",
		"negative":        "WEBVTT\n\n-1:00:00.000 --> 00:01.000\nx\n",
		"no times":        "WEBVTT\n\nhello\nworld\n",
		"long text":       "WEBVTT\n\n00:01.000 --> 00:02.000\n" + strings.Repeat("x", 5000),
		"too many":        "WEBVTT\n\n" + strings.Repeat(cue, 20001),
		"too large":       "WEBVTT\n\n" + strings.Repeat("NOTE x\n\n", 1<<19),
	} {
		if vtt, err := media.ReadSubtitles([]byte(s), media.VTT); !errors.Is(err, media.ErrSubtitles) || vtt != nil || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := media.ReadSubtitles([]byte(cue), media.FLAC); !errors.Is(err, media.ErrSubtitles) {
		t.Errorf("as FLAC: %v", err)
	}
}

func FuzzReadSubtitles(f *testing.F) {
	f.Add([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<i>a</i> &lt; b --> c <v x>\n\n"))
	f.Add([]byte("1\n00:00:01,000 --> 00:00:02,500\n<b>a & b\n"))
	f.Add([]byte("WEBVTT\n\nNOTE x\n\nname\n00:01.000 --> 00:02.000 line:1\na\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range []media.Format{media.VTT, media.SRT} {
			vtt, err := media.ReadSubtitles(b, format)
			if err != nil {
				continue
			}
			again, err := media.ReadSubtitles(vtt, media.VTT)
			if err != nil || !bytes.Equal(again, vtt) {
				t.Errorf("%q was read as %q, that as %q: %v", b, vtt, again, err)
			}
		}
	})
}
