package metainfo_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/metainfo"
)

// file is a file in memory; path is written with slashes.
func file(path, content string) metainfo.File {
	f := metainfo.File{Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}
	if path != "" {
		f.Path = strings.Split(path, "/")
	}
	return f
}

func build(t testing.TB, name string, files ...metainfo.File) []byte {
	t.Helper()
	info, err := metainfo.Build(name, files, metainfo.PieceLength(false))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

const seed = "http://example.onion/seed/0123456/"

// example is the torrent that format.md writes out.
func example(t testing.TB) []byte {
	return metainfo.Torrent(build(t, "Ada - One (2024) [FLAC]", file("LICENCE.txt", "free"), file("01 - Up.flac", "hello")), []string{seed})
}

func TestFormatPageTellsTheTruth(t *testing.T) {
	page, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "\n```\n")
	block, _, _ = strings.Cut(block, "\n```\n")
	pieces := sha1.Sum([]byte("hellofree"))
	want := strings.ReplaceAll(strings.ReplaceAll(block, "\n", ""), "…", string(pieces[:]))
	if got := example(t); string(got) != want {
		t.Errorf("built\n%q\nthe page says\n%q", got, want)
	}
	m, err := metainfo.ParseTorrent([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	if hash := m.InfoHash(); !bytes.Contains(page, []byte(hex.EncodeToString(hash[:]))) {
		t.Errorf("the page lacks the infohash %x", hash)
	}
}

func TestBuildDoesNotDependOnOrder(t *testing.T) {
	files := []metainfo.File{file("b", "2"), file("CD 1/02", "x"), file("a", strings.Repeat("y", 300_000)), file("CD 1/01", ""), file("CD 2/01", "z")}
	want := build(t, "n", files...)
	given := slices.Clone(files)
	slices.Reverse(given)
	if got := build(t, "n", given...); !bytes.Equal(got, want) {
		t.Error("another order gives another torrent")
	}
	if given[0].Path[0] != "CD 2" {
		t.Error("the caller's list was reordered")
	}
}

func TestPiecesRunOverFiles(t *testing.T) {
	a, b := random(100_000), random(70_000)
	info, err := metainfo.Build("n", []metainfo.File{file("a", string(a)), file("b", string(b))}, 65536)
	if err != nil {
		t.Fatal(err)
	}
	m, err := metainfo.ParseInfo(info)
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for all := append(a, b...); len(all) > 0; all = all[min(len(all), 65536):] {
		sum := sha1.Sum(all[:min(len(all), 65536)])
		want = append(want, sum[:]...)
	}
	if !bytes.Equal(m.Pieces, want) || m.Length() != 170_000 {
		t.Errorf("%d bytes of pieces for %d bytes of files", len(m.Pieces), m.Length())
	}
}

func TestBareFile(t *testing.T) {
	torrent := metainfo.Torrent(build(t, "film.webm", file("", "x")), nil)
	m, err := metainfo.ParseTorrent(torrent)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != 1 || m.Files[0].Path != nil || m.Files[0].Size != 1 || m.Name != "film.webm" {
		t.Errorf("%+v", m)
	}
}

func TestBuildRefuses(t *testing.T) {
	ok := file("a", "x")
	sized := func(n int64) metainfo.File { return metainfo.File{Path: []string{"a"}, Size: n} }
	var many []metainfo.File
	for i := range metainfo.MaxFiles + 1 {
		many = append(many, file(fmt.Sprint(i), "x"))
	}
	for _, c := range []struct {
		what   string
		name   string
		files  []metainfo.File
		length int64
	}{
		{"no file", "n", nil, 1 << 18},
		{"empty files", "n", []metainfo.File{file("a", "")}, 1 << 18},
		{"hostile name", "../x", []metainfo.File{ok}, 1 << 18},
		{"hostile path", "n", []metainfo.File{file("../a", "x")}, 1 << 18},
		{"absolute path", "n", []metainfo.File{file("/a", "x")}, 1 << 18},
		{"NUL", "n", []metainfo.File{file("a\x00", "x")}, 1 << 18},
		{"long name", strings.Repeat("n", 5000), []metainfo.File{ok}, 1 << 18},
		{"doubled path", "n", []metainfo.File{ok, ok}, 1 << 18},
		{"differs by case", "n", []metainfo.File{file("a", "x"), file("A", "x")}, 1 << 18},
		{"folders by case", "n", []metainfo.File{file("CD/1", "x"), file("cd/2", "x")}, 1 << 18},
		{"file and folder", "n", []metainfo.File{ok, file("a/b", "x")}, 1 << 18},
		{"deep", "n", []metainfo.File{file("1/2/3/4/5/6/7/8/9/10", "x")}, 1 << 18},
		{"bare and listed", "n", []metainfo.File{file("", "x"), ok}, 1 << 18},
		{"too many", "n", many, 1 << 18},
		{"negative size", "n", []metainfo.File{sized(-1)}, 1 << 18},
		{"endless size", "n", []metainfo.File{sized(1 << 62)}, 1 << 18},
		{"too many pieces", "n", []metainfo.File{sized(1 << 40)}, 1 << 18},
		{"no pieces", "n", []metainfo.File{ok}, 0},
		{"odd pieces", "n", []metainfo.File{ok}, 1<<18 + 1},
		{"negative pieces", "n", []metainfo.File{ok}, -1 << 63},
		{"large pieces", "n", []metainfo.File{ok}, 1 << 30},
		{"shorter than said", "n", []metainfo.File{{Path: ok.Path, Size: 2, Open: ok.Open}}, 1 << 18},
		{"longer than said", "n", []metainfo.File{file("b", "xx"), {Path: ok.Path, Size: 0, Open: ok.Open}}, 1 << 18},
	} {
		if info, err := metainfo.Build(c.name, c.files, c.length); !errors.Is(err, metainfo.ErrInvalid) || info != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestBuildReportsAFileThatDoesNotOpen(t *testing.T) {
	gone := metainfo.File{Path: []string{"gone.flac"}, Size: 1, Open: func() (io.ReadCloser, error) { return nil, os.ErrNotExist }}
	_, err := metainfo.Build("n", []metainfo.File{gone}, 1<<18)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "gone.flac") {
		t.Errorf("got %v", err)
	}
}

func TestMagnet(t *testing.T) {
	m, err := metainfo.ParseTorrent(example(t))
	if err != nil {
		t.Fatal(err)
	}
	hash := m.InfoHash()
	want := "magnet:?xt=urn:btih:" + hex.EncodeToString(hash[:]) +
		"&dn=Ada%20-%20One%20%282024%29%20%5BFLAC%5D&xl=9" +
		"&ws=http%3A%2F%2Fexample.onion%2Fseed%2F0123456%2F&xs=http%3A%2F%2Fexample.onion%2Fr%2F1.torrent"
	if got := m.Magnet("http://example.onion/r/1.torrent").String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (metainfo.Magnet{Name: "a&xt=b"}).String(); strings.Count(got, "xt=") != 1 {
		t.Errorf("a name adds a part: %s", got)
	}
}
