package metainfo_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/metainfo"
)

func TestParseReturnsWhatWasBuilt(t *testing.T) {
	b := example(t)
	m, err := metainfo.ParseTorrent(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := metainfo.Torrent(m.Info, m.Webseeds); !bytes.Equal(got, b) {
		t.Errorf("got %q", got)
	}
	if fmt.Sprintf("%v %v %s %d", m.Files, m.Webseeds, m.Name, m.PieceLength) != "[{[01 - Up.flac] 5} {[LICENCE.txt] 4}] ["+seed+"] Ada - One (2024) [FLAC] 262144" {
		t.Errorf("got %+v", m)
	}
}

// one bencodes an info dictionary of one piece from its parts; an empty part is left out.
func one(files, name, length, pieces, private string) string {
	key := func(k, v string) string {
		if v == "" {
			return ""
		}
		return fmt.Sprintf("%d:%s%s", len(k), k, v)
	}
	return "d" + key("files", files) + key("name", name) + key("piece length", length) + key("pieces", pieces) + key("private", private) + "e"
}

func TestParseRefuses(t *testing.T) {
	const (
		files  = "ld6:lengthi1e4:pathl1:aeee"
		length = "i16384e"
		priv   = "i1e"
	)
	hash := "20:" + strings.Repeat("h", 20)
	good := one(files, "1:n", length, hash, priv)
	if _, err := metainfo.ParseInfo([]byte(good)); err != nil {
		t.Fatalf("the example that each case spoils: %v", err)
	}
	info := func(s string) string { return "d4:info" + s + "e" }
	listed := func(s string) string { return info(one(s, "1:n", length, hash, priv)) }
	path := func(s string) string { return listed("ld6:lengthi1e4:pathl" + s + "eee") }
	size := func(s string) string { return listed("ld6:length" + s + "4:pathl1:aeee") }
	for what, s := range map[string]string{
		"nothing":              "",
		"not bencoding":        "hello",
		"a list":               "le",
		"no info":              "de",
		"more after the end":   info(good) + "x",
		"cut":                  info(good)[:60],
		"key twice":            "d4:info" + good + "4:info" + good + "e",
		"keys out of order":    "d8:url-listl8:http://ae4:info" + good + "e",
		"tracker":              "d8:announce8:http://a4:info" + good + "e",
		"date":                 "d13:creation datei1e4:info" + good + "e",
		"unknown key":          info(good[:len(good)-1] + "6:source1:xe"),
		"number with zeros":    info(one(files, "1:n", "i016384e", hash, priv)),
		"number -0":            size("i-0e"),
		"number empty":         size("ie"),
		"number +1":            size("i+1e"),
		"number endless":       size("i" + strings.Repeat("9", 40) + "e"),
		"string length zeros":  info(one(files, "01:n", length, hash, priv)),
		"string longer":        "d4:info9999999999:xe",
		"string negative":      "d-4:infode",
		"negative size":        size("i-1e"),
		"sum overflows":        listed("ld6:lengthi9223372036854775807e4:pathl1:aeed6:lengthi9223372036854775807e4:pathl1:beee"),
		"endless size":         size("i9223372036854775807e"),
		"no private":           info(one(files, "1:n", length, hash, "")),
		"private 0":            info(one(files, "1:n", length, hash, "i0e")),
		"no name":              info(one(files, "", length, hash, priv)),
		"no pieces":            info(one(files, "1:n", length, "", priv)),
		"no piece length":      info(one(files, "1:n", "", hash, priv)),
		"no files":             info(one("", "1:n", length, hash, priv)),
		"files and length":     info(strings.Replace(good, "4:name", "6:lengthi1e4:name", 1)),
		"empty files":          listed("le"),
		"piece length 0":       info(one(files, "1:n", "i0e", hash, priv)),
		"piece length -1":      info(one(files, "1:n", "i-1e", hash, priv)),
		"piece length odd":     info(one(files, "1:n", "i16385e", hash, priv)),
		"pieces not by 20":     info(one(files, "1:n", length, "19:"+strings.Repeat("h", 19), priv)),
		"pieces too many":      info(one(files, "1:n", length, "40:"+strings.Repeat("h", 40), priv)),
		"no path":              listed("ld6:lengthi1eee"),
		"empty path":           listed("ld6:lengthi1e4:pathleee"),
		"file with md5":        listed("ld6:lengthi1e3:md51:x4:pathl1:aeee"),
		"climbing name":        info(one(files, "8:../../xy", length, hash, priv)),
		"climbing path":        path("2:..1:a"),
		"absolute path":        path("4:/etc1:a"),
		"backslash":            path(`4:..\a`),
		"NUL":                  path("3:a\x00b"),
		"bidi":                 path("5:a\u202eb"),
		"not UTF-8":            path("2:a\xff"),
		"5000-byte name":       path("5000:" + strings.Repeat("a", 5000)),
		"empty name":           path("0:"),
		"device":               path("3:nul"),
		"deep path":            path(strings.Repeat("1:a", 10)),
		"doubled file":         listed("l" + strings.Repeat("d6:lengthi1e4:pathl1:aee", 2) + "e"),
		"doubled by case":      listed("ld6:lengthi1e4:pathl1:Aeed6:lengthi1e4:pathl1:aeee"),
		"file and folder":      listed("ld6:lengthi1e4:pathl1:aeed6:lengthi1e4:pathl1:a1:beee"),
		"files out of order":   listed("ld6:lengthi1e4:pathl1:beed6:lengthi1e4:pathl1:aeee"),
		"deep nesting":         strings.Repeat("l", 1_000_000),
		"deep dictionaries":    "d4:info" + strings.Repeat("d1:a", 200_000),
		"more than a megabyte": info(one(files, "1:n", length, fmt.Sprintf("%d:%s", 1<<20, strings.Repeat("h", 1<<20)), priv)),
	} {
		refuses(t, what, s)
	}
}

func TestParseRefusesWebSeeds(t *testing.T) {
	good := one("ld6:lengthi1e4:pathl1:aeee", "1:n", "i16384e", "20:"+strings.Repeat("h", 20), "i1e")
	for what, s := range map[string]string{
		"web seed not http":    "d4:info" + good + "8:url-listl17:file:///etc/passwdee",
		"web seed with a user": "d4:info" + good + "8:url-listl15:http://u:p@a/b/ee",
		"web seed empty":       "d4:info" + good + "8:url-listlee",
		"web seed no list":     "d4:info" + good + "8:url-list9:http://a/e",
		"too many web seeds":   "d4:info" + good + "8:url-listl" + strings.Repeat("9:http://a/", 33) + "ee",
	} {
		refuses(t, what, s)
	}
}

func refuses(t *testing.T, what, torrent string) {
	t.Helper()
	m, err := metainfo.ParseTorrent([]byte(torrent))
	if !errors.Is(err, metainfo.ErrInvalid) || m != nil {
		t.Errorf("%s: %v", what, err)
	} else if len(err.Error()) > 400 {
		t.Errorf("%s: %d bytes of message", what, len(err.Error()))
	}
}

// Every shortening and every changed byte of a torrent is refused or means something else, never the same.
func TestSpoiltTorrentIsNoticed(t *testing.T) {
	b := example(t)
	want, _ := metainfo.ParseTorrent(b)
	for n := range b {
		if _, err := metainfo.ParseTorrent(b[:n]); err == nil {
			t.Errorf("the first %d bytes pass for a whole torrent", n)
		}
		changed := bytes.Clone(b)
		changed[n] ^= 1
		if m, err := metainfo.ParseTorrent(changed); err == nil && m.InfoHash() == want.InfoHash() && fmt.Sprint(m.Webseeds) == fmt.Sprint(want.Webseeds) {
			t.Errorf("byte %d changed and nothing noticed", n)
		}
	}
}

func FuzzParseTorrent(f *testing.F) {
	f.Add(example(f))
	f.Add(metainfo.Torrent(build(f, "film.webm", file("", "x")), nil))
	f.Add([]byte("d4:infod5:filesld6:lengthi-1e4:pathl2:..eee"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := metainfo.ParseTorrent(b)
		if err != nil {
			if !errors.Is(err, metainfo.ErrInvalid) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		if got := metainfo.Torrent(m.Info, m.Webseeds); !bytes.Equal(got, b) {
			t.Errorf("parsed %q, written %q", b, got)
		}
	})
}
