package site_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/storetest"
)

func (s *shop) manifest(t testing.TB, id string) *catalog.Manifest {
	t.Helper()
	m, err := s.coop.DB.Manifest(id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRanges breaks downloads off and resumes them in every way that browsers, curl and torrent clients do.
func TestRanges(t *testing.T) {
	s := newShop(t)
	m := s.manifest(t, s.album)
	master := m.Tracks[0].Master
	paths := map[string]string{
		"/t/" + s.album + "-01.webm":                              m.Tracks[0].Renditions[0].SHA256.String(),
		"/t/" + s.album + "-01.webm?q=128":                        m.Tracks[0].Renditions[1].SHA256.String(),
		"/e/" + s.closed + "-01.webm":                             s.manifest(t, s.closed).Tracks[0].Excerpt.SHA256.String(),
		"/r/" + s.album + "/album.webm":                           m.Whole[0].SHA256.String(),
		"/r/" + s.album + "/files/" + url.PathEscape(master.Path): master.SHA256.String(),
		"/o/" + master.Root.String():                              master.SHA256.String(),
		"/seed/" + s.album + "/" + url.PathEscape(m.Torrents.Masters.Name) + "/" + url.PathEscape(master.Path): master.SHA256.String(),
		"/r/" + s.album + ".zip": "",
	}
	for path, sum := range paths {
		full := s.get(t, path)
		etag := do(s, "HEAD", path).Header.Get("Etag")
		if got := sha256.Sum256([]byte(full)); sum != "" && (hex.EncodeToString(got[:]) != sum || etag != `"`+sum+`"`) {
			t.Errorf("%s: bytes or ETag are not of the SHA-256 in the manifest", path)
		}
		n := len(full)
		for _, c := range []struct {
			header []string
			status int
			want   string
		}{
			{[]string{"Range", "bytes=0-"}, 206, full},
			{[]string{"Range", "bytes=5-9"}, 206, full[5:10]},
			{[]string{"Range", "bytes=-7"}, 206, full[n-7:]},
			{[]string{"Range", fmt.Sprintf("bytes=%d-", n-1)}, 206, full[n-1:]},
			{[]string{"Range", "bytes=3-", "If-Range", etag}, 206, full[3:]},
			{[]string{"Range", "bytes=3-", "If-Range", `"another"`}, 200, full},
			{[]string{"Range", "bytes=3-", "If-Range", "Wed, 21 Oct 2015 07:28:00 GMT"}, 200, full},
			{[]string{"Range", fmt.Sprintf("bytes=%d-", n)}, 416, ""},
			{[]string{"Range", "bytes=9-5"}, 416, ""},
			{[]string{"Range", "lines=1-2"}, 416, ""},
			{[]string{"If-None-Match", etag}, 304, ""},
			{[]string{"If-Match", `"another"`}, 412, ""},
		} {
			r := do(s, "GET", path, append(c.header, "Accept-Encoding", "gzip, deflate")...)
			if r.StatusCode != c.status || bodyOf(t, r) != c.want {
				t.Errorf("%s with %q: status %d, want %d with %d bytes", path, c.header, r.StatusCode, c.status, len(c.want))
			}
			if r.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: compressed", path)
			}
			if c.status < 300 && r.Header.Get("Accept-Ranges") != "bytes" {
				t.Errorf("%s: no Accept-Ranges", path)
			}
		}
	}
}

// TestZip opens the archive with two other readers, compares every file, and resumes it from anywhere.
func TestZip(t *testing.T) {
	s := newShop(t)
	m := s.manifest(t, s.album)
	path := "/r/" + s.album + ".zip"
	whole := s.get(t, path)
	z, err := zip.NewReader(strings.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]catalog.File{}
	for _, f := range m.MasterFiles() {
		want[m.Torrents.Masters.Name+"/"+f.Path] = f
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		h, err := metainfo.Hash(r) // also checks the CRC, at the end
		if w, ok := want[f.Name]; err != nil || !ok || h.SHA256 != w.SHA256 || f.Flags&(1<<11) == 0 {
			t.Errorf("%s: %v, or another content than the manifest's", f.Name, err)
		}
		delete(want, f.Name)
	}
	if len(want) > 0 {
		t.Errorf("the archive lacks %v", want)
	}
	if tool, err := exec.LookPath("python3"); err == nil {
		file := filepath.Join(t.TempDir(), "a.zip")
		if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(tool, "-m", "zipfile", "-t", file).CombinedOutput(); err != nil || !bytes.Contains(out, []byte("Done testing")) {
			t.Errorf("python's zipfile: %v: %s", err, out)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		from := random.IntN(len(whole))
		r := do(s, "GET", path, "Range", fmt.Sprintf("bytes=%d-", from))
		if r.StatusCode != 206 || bodyOf(t, r) != whole[from:] {
			t.Fatalf("resumed at %d: status %d or other bytes", from, r.StatusCode)
		}
	}
	if again := newSite(t, s); bodyOf(t, do(again, "GET", path)) != whole {
		t.Error("another run gives another archive")
	}
	if got := do(s, "GET", path).Header.Get("Content-Disposition"); !strings.Contains(got, "filename*=UTF-8''Les%20Veilleurs") {
		t.Errorf("Content-Disposition %q", got)
	}
}

// TestZipSum compares the sum that is offered beside a zip with that of the zip.
func TestZipSum(t *testing.T) {
	s := newShop(t)
	whole := sha256.Sum256([]byte(s.get(t, "/r/"+s.album+".zip")))
	want := hex.EncodeToString(whole[:]) + "  " + s.manifest(t, s.album).Torrents.Masters.Name + ".zip\n"
	path := "/r/" + s.album + ".zip.sha256"
	var readers sync.WaitGroup
	for _, prefix := range []string{"", "/fr", "/en", ""} { // they wait for one sum
		readers.Go(func() {
			got, err := io.ReadAll(do(s, "GET", prefix+path).Body)
			if err != nil || string(got) != want {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		})
	}
	readers.Wait()
	if page := s.get(t, "/en/r/"+s.album); !strings.Contains(page, "r/"+s.album+".zip.sha256\"") {
		t.Error("the release's page does not lead to it")
	}
	s.wantStatus(t, http.StatusForbidden, "/r/"+s.closed+".zip.sha256")
	s.wantStatus(t, http.StatusGone, "/r/"+s.gone+".zip.sha256")
	s.wantStatus(t, http.StatusNotFound, "/r/aaaaaaaaaaaaaaaaaaaa.zip.sha256")
}

// TestWordsOfAWithdrawal shows what the editors wrote, as they wrote it and as text.
func TestWordsOfAWithdrawal(t *testing.T) {
	s := newShop(t)
	path := "/en/r/" + s.gone
	if body := bodyOf(t, s.wantStatus(t, http.StatusGone, path)); strings.Contains(body, "<blockquote>") {
		t.Error("words that nobody wrote")
	}
	if err := s.coop.DB.PutStatement(s.gone, "Two authors <b>disagree</b>.", storetest.Day); err != nil {
		t.Fatal(err)
	}
	body := bodyOf(t, s.wantStatus(t, http.StatusGone, path))
	for _, want := range []string{"<bdi>Two authors &lt;b&gt;disagree&lt;/b&gt;.</bdi>", "the rights are disputed"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestObjects asks for files by nothing but their roots.
func TestObjects(t *testing.T) {
	s := newShop(t)
	m := s.manifest(t, s.closed)
	for _, f := range []catalog.File{*m.Tracks[0].Excerpt, m.Cover.Small, m.Texts[0]} {
		if sum := sha256.Sum256([]byte(s.get(t, "/o/"+f.Root.String()))); sum != f.SHA256 {
			t.Errorf("%s: other bytes", f.Path)
		}
	}
	master := "/o/" + m.Tracks[0].Master.Root.String()
	s.wantStatus(t, http.StatusForbidden, master)
	s.wantStatus(t, http.StatusForbidden, "/o/"+m.Tracks[0].Renditions[0].Root.String())
	if body := bodyOf(t, do(s, "GET", "/en"+master)); !strings.Contains(body, "r/"+s.closed) {
		t.Error("the refusal does not lead to the work")
	}
	for _, path := range []string{"/o/" + strings.Repeat("0", 64), "/o/" + strings.Repeat("A", 64), "/o/x"} {
		s.wantStatus(t, http.StatusNotFound, path)
	}
	// The same recording, given away on another release.
	id, err := s.coop.AddRelease(storetest.Work{Artist: "les-veilleurs", Title: "Ouvert", Date: "2025-01-02", Open: true, Seed: "les-veilleurs/Fermé/2025-01-02"})
	if err != nil {
		t.Fatal(err)
	}
	if got := do(s, "GET", master); got.StatusCode != http.StatusOK {
		t.Errorf("open on %s: status %d", id, got.StatusCode)
	}
	if err := s.coop.Withdraw(id, "mistake"); err != nil {
		t.Fatal(err)
	}
	s.wantStatus(t, http.StatusForbidden, master)
}

// TestZip64 reads the directory of an archive whose files and offsets do not fit 32 bits. Their content, which
// nobody has, is not read.
func TestZip64(t *testing.T) {
	files := []catalog.File{{Path: "a.mkv", Size: 5 << 30, Root: catalog.Hash{1}}, {Path: "b.mkv", Size: 1<<32 - 1, Root: catalog.Hash{2}}, {Path: "c.txt", Size: 7, Root: catalog.Hash{3}}}
	folder := strings.Repeat("Très long ", 40) // so that the end, read at once, holds no content
	a, size := site.NewArchive(folder, files, map[catalog.Hash]uint32{{1}: 11, {2}: 22, {3}: 33})
	z, err := zip.NewReader(readerAt{a}, size)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(0)
	for i, f := range z.File {
		offset, err := f.DataOffset()
		if err != nil || f.UncompressedSize64 != uint64(files[i].Size) || f.Name != folder+"/"+files[i].Path || f.CRC32 != uint32(11*(i+1)) || offset <= at {
			t.Errorf("%+v at %d: %v", f.FileHeader, offset, err)
		}
		at = offset + files[i].Size
	}
	if len(z.File) != 3 || size < at {
		t.Errorf("%d files in %d bytes", len(z.File), size)
	}
}

// readerAt reads by seeking.
type readerAt struct{ io.ReadSeeker }

func (r readerAt) ReadAt(p []byte, at int64) (int, error) {
	if _, err := r.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	return io.ReadFull(r, p)
}

// TestTorrents reads the torrents back and fetches every file by its web seed.
func TestTorrents(t *testing.T) {
	s := newShop(t)
	m := s.manifest(t, s.album)
	for suffix, want := range map[string]catalog.Torrent{"": m.Torrents.Masters, ".opus": m.Torrents.Renditions} {
		meta, err := metainfo.ParseTorrent([]byte(s.get(t, "/r/"+s.album+suffix+".torrent")))
		if err != nil {
			t.Fatal(err)
		}
		if hash := meta.InfoHash(); hex.EncodeToString(hash[:]) != want.InfoHash || meta.Name != want.Name {
			t.Errorf("%q: infohash or name differ from the manifest", suffix)
		}
		seed, ok := strings.CutPrefix(meta.Webseeds[0], "http://"+onion)
		if !ok {
			t.Fatalf("the web seed %q is not ours", meta.Webseeds[0])
		}
		for _, f := range meta.Files {
			path := seed + url.PathEscape(meta.Name)
			for _, part := range f.Path {
				path += "/" + url.PathEscape(part)
			}
			if got := s.get(t, path); int64(len(got)) != f.Size {
				t.Errorf("%s: %d bytes, want %d", path, len(got), f.Size)
			}
		}
		magnet := s.get(t, "/r/"+s.album+suffix+".magnet")
		if !strings.HasPrefix(magnet, "magnet:?xt=urn:btih:"+want.InfoHash+"&") || strings.Count(magnet, "\n") != 1 {
			t.Errorf("magnet %q", magnet)
		}
	}
	s.wantStatus(t, http.StatusNotFound, "/seed/"+s.album+"/other/01%20-%20Aurore.flac")
	s.wantStatus(t, http.StatusForbidden, "/seed/"+s.closed+"/"+url.PathEscape(s.manifest(t, s.closed).Torrents.Masters.Name)+"/01%20-%20Aurore.flac")
}

// TestTexts checks the small answers about a release.
func TestTexts(t *testing.T) {
	s := newShop(t)
	raw := s.get(t, "/r/"+s.album+".json")
	record, _, err := s.coop.DB.Release(s.album)
	if err != nil || catalog.Sum([]byte(raw)) != record.Manifest {
		t.Errorf("the manifest's bytes are not those that the log names (%v)", err)
	}
	m := s.manifest(t, s.album)
	if sums := s.get(t, "/r/"+s.album+".sha256"); !strings.Contains(sums, m.Tracks[1].Master.SHA256.String()+"  "+m.Tracks[1].Master.Path+"\n") {
		t.Errorf("sums %q", sums)
	}
	list := s.get(t, "/r/"+s.album+".m3u8")
	if !strings.HasPrefix(list, "#EXTM3U\n") || !strings.Contains(list, "#EXTINF:180,Les Veilleurs - Aurore\nhttp://"+onion+"/t/"+s.album+"-01.webm\n") {
		t.Errorf("playlist %q", list)
	}
	if list := s.get(t, "/r/"+s.closed+".m3u8"); !strings.Contains(list, "/e/"+s.closed+"-01.webm\n") || strings.Contains(list, "/t/") {
		t.Errorf("a playlist of a work for members leads to more than excerpts: %q", list)
	}
	if text := s.get(t, "/r/"+s.closed+"/files/AUTHORISATION.txt"); !strings.Contains(text, "Les Veilleurs") {
		t.Error("the authorisation of a work for members cannot be read")
	}
}

// TestFileNames sends names that would end a header or leave a folder.
func TestFileNames(t *testing.T) {
	s := newShop(t)
	for i, title := range hostileStrings(t) {
		if i%12 != 0 {
			continue // FuzzAttachment has them all
		}
		id, err := s.coop.AddRelease(storetest.Work{Title: title, Artist: "les-tests", Open: true, Seed: title})
		if err != nil {
			continue // the catalogue refuses it already
		}
		for _, path := range []string{".zip", ".torrent", ".m3u8", "/files/cover.jpg"} {
			r := do(s, "GET", "/r/"+id+path)
			value := r.Header.Get("Content-Disposition")
			checkAttachment(t, title, value)
			io.Copy(io.Discard, r.Body)
		}
	}
}

func checkAttachment(t testing.TB, name, value string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(value)
	if err != nil || kind != "attachment" || len(params) != 1 || metainfo.CheckName(params["filename"]) != nil {
		t.Errorf("%.40q: Content-Disposition %q: %v", name, value, err)
	}
}
