package site_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/storetest"
)

const onion = "peerfytestpeerfytestpeerfytestpeerfytestpeerfytestpeerfy.onion"

// shop is a site over a real store with a few works, and everything it logged.
type shop struct {
	*site.Site
	coop   *storetest.Coop
	log    *safeBuffer
	sealed *safeBuffer // what was given to the editor's seal
	album  string      // open, two tracks
	closed string      // for members
	film   string      // open
	first  string      // episode 1 of a podcast, open
	second string      // episode 2
	gone   string      // withdrawn
}

// safeBuffer is a buffer that several goroutines may write.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// model is a catalogue with one work of each sort, made once: every test works on its own copy.
var model shop

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "site-test-")
	if err == nil {
		err = makeModel(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "making the tests' catalogue:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func makeModel(dir string) (err error) {
	if model.coop, err = storetest.Create(dir); err != nil {
		return err
	}
	podcast := func(n int) storetest.Work {
		return storetest.Work{Kind: catalog.Podcast, Artist: "radio", ArtistName: "Radio Coopérative", Title: fmt.Sprintf("Carnet nº %d", n), Open: true, Language: "en", Series: &catalog.Series{Title: "Carnet de chantier", Slug: "carnet", Episode: n}}
	}
	for _, w := range []struct {
		id *string
		storetest.Work
	}{
		{&model.album, storetest.Work{Artist: "les-veilleurs", ArtistName: "Les Veilleurs", Title: "Premières lueurs", Open: true, Genres: []string{"ambient", "folk"}, Payees: []string{"marthe"}, Notes: []string{"Enregistré la nuit."}}},
		{&model.closed, storetest.Work{Artist: "les-veilleurs", ArtistName: "Les Veilleurs", Title: "Fermé", Date: "2025-01-02"}},
		{&model.film, storetest.Work{Kind: catalog.Film, Artist: "atelier", ArtistName: "Atelier Lanterne", Title: "La marée monte", Open: true, Genres: []string{"animation"}}},
		{&model.first, podcast(1)}, {&model.second, podcast(2)},
		{&model.gone, storetest.Work{Artist: "atelier", ArtistName: "Atelier Lanterne", Title: "Reprise", Open: true}},
	} {
		if *w.id, err = model.coop.AddRelease(w.Work); err != nil {
			return err
		}
	}
	if err := model.coop.Withdraw(model.gone, "dispute"); err != nil {
		return err
	}
	return model.coop.DB.Close()
}

// newShop is a site over a copy of the model; change may alter its configuration.
func newShop(t testing.TB, change ...func(*site.Config)) *shop {
	t.Helper()
	s := model
	s.log, s.sealed = &safeBuffer{}, &safeBuffer{}
	coop := *model.coop
	coop.Artists = maps.Clone(coop.Artists)
	s.coop, coop.Dir = &coop, t.TempDir()
	err := os.CopyFS(coop.Dir, os.DirFS(model.coop.Dir))
	if err == nil {
		coop.DB, err = store.Open(coop.Dir, store.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { coop.DB.Close() })
	coop.DB.SetSigner(coop.Keys.Log)
	s.Site = newSite(t, &s, change...)
	return &s
}

func newSite(t testing.TB, s *shop, change ...func(*site.Config)) *site.Site {
	t.Helper()
	c := site.Config{
		DB: s.coop.DB, Members: newMembers(t), Onion: onion, Hosts: []string{"127.0.0.1:8080"},
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		SealNotice: func(b []byte) ([]byte, error) {
			s.sealed.Write(b)
			return []byte("sealed"), nil
		},
		Status: func() site.StatusInfo { return site.StatusInfo{Published: true, PerCircuit: true} },
		Now:    func() time.Time { return storetest.Day.Add(time.Hour) },
	}
	for _, f := range change {
		f(&c)
	}
	made, err := site.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	return made
}

func newMembers(t testing.TB) *store.Members {
	t.Helper()
	members, err := store.OpenMembers(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { members.Close() })
	return members
}

// freshen gives the log its daily cosignature.
func (s *shop) freshen(t testing.TB, at time.Time) {
	t.Helper()
	cosigner, err := ledger.NewCosigner(s.coop.Keys.Fresh.Secret)
	if err == nil {
		err = s.coop.DB.Freshen(cosigner, at)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// do sends a request with the right Host; pairs of header name and value may follow.
func do(h http.Handler, method, target string, header ...string) *http.Response {
	return doBody(h, method, target, nil, header...)
}

func doBody(h http.Handler, method, target string, body io.Reader, header ...string) *http.Response {
	r := httptest.NewRequestWithContext(context.Background(), method, "/", body)
	if err := setTarget(r, target); err != nil {
		panic(err) // a mistake in the test
	}
	r.Host = onion
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// setTarget parses the request line's target as a server does.
func setTarget(r *http.Request, target string) (err error) {
	r.RequestURI = target
	r.URL, err = url.ParseRequestURI(target)
	return err
}

func bodyOf(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// get is the body of a page that must be there.
func (s *shop) get(t testing.TB, target string, header ...string) string {
	t.Helper()
	r := do(s, "GET", target, header...)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %d, want 200\n%s", target, r.StatusCode, bodyOf(t, r))
	}
	return bodyOf(t, r)
}

// wantStatus checks the status of a GET and that the answer is one of our pages.
func (s *shop) wantStatus(t testing.TB, want int, target string, header ...string) *http.Response {
	t.Helper()
	r := do(s, "GET", target, header...)
	if r.StatusCode != want {
		t.Errorf("GET %s: status %d, want %d", target, r.StatusCode, want)
	}
	if got := r.Header.Get("Content-Type"); want >= 400 && got != "text/html; charset=utf-8" {
		t.Errorf("GET %s: an error of type %q, want a page", target, got)
	}
	return r
}

// everyPath is one address of every line of the table that answers 200.
func (s *shop) everyPath() []string {
	id, track := s.album, catalog.TrackID(s.album, 0)
	paths := []string{
		"/", "/search?q=", "/browse/all", "/browse/album?genre=folk&sort=title", "/artist/les-veilleurs", "/series/carnet",
		"/publish", "/licence", "/notice", "/about", "/about/limits", "/status", "/ledger", "/ledger/entry/0",
		"/ledger/succession", "/ledger/checkpoint", "/ledger/tile/entries/000.p/1", "/ledger/tile/0/000.p/1", "/charter.json", "/favicon.ico", "/robots.txt",
		"/feed.xml", "/artist/les-veilleurs/feed.xml", "/series/carnet/feed.xml", "/opml.xml",
		"/t/" + track + ".webm", "/t/" + track + ".webm?q=128", "/e/" + track + ".webm",
	}
	for _, end := range []string{"", ".zip", ".zip.sha256", ".torrent", ".opus.torrent", ".magnet", ".opus.magnet", ".sha256", ".m3u8", ".json", "/play", "/play?track=all", "/play?q=128&track=2", "/album.webm", "/cover.jpg", "/files/AUTHORISATION.txt"} {
		paths = append(paths, "/r/"+id+end)
	}
	for _, id := range []string{s.closed, s.film, s.first} {
		paths = append(paths, "/r/"+id, "/r/"+id+"/play")
	}
	return paths
}

func (s *shop) logger() *slog.Logger { return slog.New(slog.NewTextHandler(s.log, nil)) }
