package catalog_test

import (
	"bytes"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
)

func file(path, mime string, b byte) catalog.File {
	return catalog.File{Path: path, Root: catalog.Hash{b}, SHA256: catalog.Hash{b, b}, Size: 1000, Type: mime}
}

// album is a manifest without fault, of two tracks.
func album() *catalog.Manifest {
	track := func(n int, title string) catalog.Track {
		name := "0" + string(rune('0'+n)) + " - " + title
		b := byte(n * 10)
		excerpt := file(name+".excerpt.webm", "audio/webm", b+2)
		return catalog.Track{
			Title: title, Disc: 1, Number: n, Duration: 60_000, Start: int64(n-1) * 60_000,
			Master:     file(name+".flac", "audio/flac", b),
			Renditions: []catalog.Rendition{{File: file(name+".96.webm", "audio/webm", b+1), Label: "96", Kbps: 96}},
			Excerpt:    &excerpt,
			Splits:     []catalog.Split{{Payee: "brume", BP: 7000}, {Payee: "phare", BP: 3000}},
		}
	}
	return &catalog.Manifest{
		Nonce: strings.Repeat("0f", 16), Kind: catalog.Album, Title: "Été", Artist: "Brume", Date: "2026-03-20",
		Language: "fr", Genres: []string{"ambient"}, Licence: "p2p-legal-1",
		Tracks: []catalog.Track{track(1, "Aube"), track(2, "Midi")},
		Whole:  []catalog.Rendition{{File: file("Album.96.webm", "audio/webm", 90), Label: "96", Kbps: 96}},
		Texts:  []catalog.File{file("LICENCE.txt", "text/plain", 91)},
		Torrents: catalog.Torrents{
			Masters:    catalog.Torrent{Name: "Brume - Été (2026) [FLAC]", InfoHash: strings.Repeat("a", 40)},
			Renditions: catalog.Torrent{Name: "Brume - Été (2026) [Opus]", InfoHash: strings.Repeat("b", 40)},
		},
		Contributors: []catalog.Contributor{{Name: "Brume", Roles: []string{"author", "performer"}, Basis: "author of the work"}},
	}
}

func TestManifestRoundTrip(t *testing.T) {
	b, err := album().Format()
	if err != nil {
		t.Fatal(err)
	}
	m, err := catalog.ParseManifest(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.Format()
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("not canonical: %v", err)
	}
	if m.Duration() != 120_000 || m.Open() || len(m.Files()) != 8 {
		t.Errorf("duration %d, open %t, %d files", m.Duration(), m.Open(), len(m.Files()))
	}
}

// TestRootsLeaveOutTexts: covers and licence texts never stay down.
func TestRootsLeaveOutTexts(t *testing.T) {
	m := album()
	m.Cover = &catalog.Cover{Original: file("cover.jpg", "image/jpeg", 80), Large: file("c480.jpg", "image/jpeg", 81), Small: file("c96.jpg", "image/jpeg", 82)}
	roots := m.Roots()
	if len(roots) != 7 {
		t.Fatalf("%d roots, want 2 masters, 2 renditions, 2 excerpts and the whole album", len(roots))
	}
	for _, r := range roots {
		if r[0] >= 80 && r[0] != 90 {
			t.Errorf("%s stays down", r)
		}
	}
}

func TestManifestRefusals(t *testing.T) {
	for words, spoil := range map[string]func(*catalog.Manifest){
		"sums to 9999":                 func(m *catalog.Manifest) { m.Tracks[0].Splits[0].BP = 6999 },
		"sums to 10001":                func(m *catalog.Manifest) { m.Tracks[1].Splits[0].BP = 7001 },
		"stands twice in the split":    func(m *catalog.Manifest) { m.Tracks[0].Splits[1].Payee = "brume" },
		"is -1 basis points":           func(m *catalog.Manifest) { m.Tracks[0].Splits[1].BP = -1 },
		"no agreement of that society": func(m *catalog.Manifest) { m.Contributors[0].Society = "Sacem" },
		"not a role":                   func(m *catalog.Manifest) { m.Contributors[0].Roles = []string{"muse"} },
		"0 contributors":               func(m *catalog.Manifest) { m.Contributors = nil },
		"title is longer":              func(m *catalog.Manifest) { m.Title = strings.Repeat("a", 5000) },
		"control character U+202E":     func(m *catalog.Manifest) { m.Title = "abc\u202Edef" },
		"control character U+0000":     func(m *catalog.Manifest) { m.Artist = "a\x00b" },
		"control character U+200B":     func(m *catalog.Manifest) { m.Tracks[0].Title = "Au\u200Bbe" },
		"begins or ends with a space":  func(m *catalog.Manifest) { m.Artist = "Brume " },
		"file name \"../x.flac\"":      func(m *catalog.Manifest) { m.Tracks[0].Master.Path = "../x.flac" },
		"file name \"/etc/passwd\"":    func(m *catalog.Manifest) { m.Tracks[0].Master.Path = "/etc/passwd" },
		"two files are called":         func(m *catalog.Manifest) { m.Tracks[1].Master.Path = "01 - AUBE.flac" },
		"is not one that is published": func(m *catalog.Manifest) { m.Texts[0].Type = "text/html" },
		"out of order":                 func(m *catalog.Manifest) { m.Tracks[1].Number = 3 },
		"has one track":                func(m *catalog.Manifest) { m.Kind = catalog.Single },
		"needs the name of its series": func(m *catalog.Manifest) { m.Kind, m.Tracks = catalog.Episode, m.Tracks[:1] },
		"belongs to no series":         func(m *catalog.Manifest) { m.Series = &catalog.Series{Title: "S", Slug: "s", Episode: 1} },
		"no usable duration":           func(m *catalog.Manifest) { m.Tracks[0].Duration = 0 },
		"not an ISRC":                  func(m *catalog.Manifest) { m.Tracks[0].ISRC = "FR-1" },
		"not 40 hexadecimal":           func(m *catalog.Manifest) { m.Torrents.Masters.InfoHash = "x" },
		"not like 2026-03-20":          func(m *catalog.Manifest) { m.Date = "20 mars" },
		"a size of -5":                 func(m *catalog.Manifest) { m.Texts[0].Size = -5 },
	} {
		m := album()
		spoil(m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want a refusal with %q", err, words)
		}
	}
}

// TestAllProblemsAtOnce: one look tells everything.
func TestAllProblemsAtOnce(t *testing.T) {
	m := album()
	m.Title, m.Date, m.Tracks[0].Splits = "", "soon", nil
	err := m.Check()
	for _, words := range []string{"the title is empty", "soon", "sums to 0"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v lacks %q", err, words)
		}
	}
}

func TestFits(t *testing.T) {
	c := founded(t)
	m := album()
	b, err := m.Format()
	if err != nil {
		t.Fatal(err)
	}
	r := &catalog.Release{
		Artist: "brume", Manifest: catalog.Sum(b), Size: int64(len(b)), Roots: m.Roots(),
		Torrents: []string{m.Torrents.Masters.InfoHash, m.Torrents.Renditions.InfoHash},
	}
	if err := m.Fits(r, b, &c.state); err != nil {
		t.Fatal(err)
	}
	fewer := *r
	fewer.Roots = r.Roots[1:]
	if m.Fits(&fewer, b, &c.state) == nil {
		t.Error("a manifest fits an entry that hides one of its files from the stay-down list")
	}
	m.Tracks[0].Splits = []catalog.Split{{Payee: "nobody", BP: 10_000}}
	b, _ = m.Format()
	r.Manifest, r.Size = catalog.Sum(b), int64(len(b))
	if err := m.Fits(r, b, &c.state); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a payee outside the log: %v", err)
	}
}

func TestAuthorisation(t *testing.T) {
	c := founded(t)
	m := album()
	artist, _ := c.state.Artist("brume")
	text, err := m.Authorisation(c.charter, artist).Sign(c.keys["brume"])
	if err != nil {
		t.Fatal(err)
	}
	if err := m.CheckAuthorisation(text, c.charter, artist); err != nil {
		t.Error(err)
	}
	forged, _ := m.Authorisation(c.charter, artist).Sign(c.keys["phare"])
	if m.CheckAuthorisation(forged, c.charter, artist) == nil {
		t.Error("somebody else's signature was taken")
	}
	m.Tracks[0].Master.SHA256[0]++
	if m.CheckAuthorisation(text, c.charter, artist) == nil {
		t.Error("it authorises a file that it does not name")
	}
}

func TestTrackID(t *testing.T) {
	id := strings.Repeat("a2", 10)
	for _, i := range []int{0, 8, 9, 98, 99, 998} {
		if r, j, err := catalog.ParseTrackID(catalog.TrackID(id, i)); r != id || j != i || err != nil {
			t.Errorf("track %d comes back as %s %d, %v", i, r, j, err)
		}
	}
	for _, s := range []string{"", id, id + "-", id + "-0", id + "-00", id + "-1", id + "-001", id + "-1x", "x-01", id + "-+1"} {
		if _, _, err := catalog.ParseTrackID(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	b, err := album().Format()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"nonce":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := catalog.ParseManifest(b)
		if err != nil {
			return
		}
		if again, err := m.Format(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q comes back as %q, %v", b, again, err)
		}
	})
}
