package browser_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/cmd/peerfy/browser"
	"p2p.legal/peerfy/cmd/peerfy/sample"
)

// limit guards against hanging; what it guards takes a tenth of it.
const limit = 60 * time.Second

const page = `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Écouter</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="style.css"></head><body>
<p id="script">scripts off</p><script>document.getElementById("script").textContent = "scripts on"</script>
<p id="languages">%s</p>
<nav><a id="one" href="/next">Première page</a> <a href="/next?n=2">Deuxième page</a></nav>
<form action="/search" method="post"><label>Titre <input id="q" name="q"></label> <button id="go">Chercher</button></form>
<p id="drawing"><svg width="50" height="50"><rect width="50" height="50" fill="red"/></svg></p>
<div class="tall"></div>
<audio id="player" controls preload="none" src="/music.wav"></audio>
<a id="download" href="/music.wav" download>Télécharger</a>
</body></html>`

const style = `body { margin: 0; background: #ffffff; color: #000 } .tall { height: 1500px }
@media (prefers-color-scheme: dark) { body { background: #102030; color: #fff } }
@media (max-width: 320px) { body { background: #00a000 } }`

// site serves the page, answers the form, and gives music slowly when asked.
type site struct {
	*httptest.Server
	music  string
	slow   chan struct{} // closed when slow.wav may send its second half
	ranges chan string   // the Range of each request for slow.wav
}

func serve(t *testing.T, music string) *site {
	t.Helper()
	s := &site{music: music, slow: make(chan struct{}), ranges: make(chan string, 8)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, page, html.EscapeString(r.Header.Get("Accept-Language")))
	})
	mux.HandleFunc("GET /strict", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		w.Header().Set("Set-Cookie", "kept=yes")
		fmt.Fprint(w, `<!doctype html><title>strict</title><p style="color: red">not allowed</p>`)
	})
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, style)
	})
	mux.HandleFunc("GET /next", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<!doctype html><title>next %s</title><h1>suite</h1>", html.EscapeString(r.FormValue("n")))
	})
	mux.HandleFunc("POST /search", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<!doctype html><meta charset="utf-8"><title>found</title><p id="asked">%s</p>`, html.EscapeString(r.FormValue("q")))
	})
	mux.HandleFunc("GET /music.wav", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, music) })
	mux.HandleFunc("GET /slow.wav", s.serveSlowly)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// serveSlowly gives the first request one half and holds it there; later
// requests get what they ask for.
func (s *site) serveSlowly(w http.ResponseWriter, r *http.Request) {
	asked := r.Header.Get("Range")
	s.ranges <- asked
	w.Header().Set("ETag", `"one"`)
	w.Header().Set("Content-Disposition", "attachment")
	b, err := os.ReadFile(s.music)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if asked != "" { // without a date, as before: else it would be another file
		http.ServeContent(w, r, "slow.wav", time.Time{}, bytes.NewReader(b))
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	w.Header().Set("Accept-Ranges", "bytes")
	w.Header().Set("Content-Type", "audio/wav")
	_, _ = w.Write(b[:len(b)/2]) // the reader may leave
	w.(http.Flusher).Flush()
	select {
	case <-s.slow:
	case <-r.Context().Done():
	}
}

func start(t *testing.T, c browser.Config) *browser.Firefox {
	t.Helper()
	f, err := browser.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// must fails the test on an error and else gives the value.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFirefox(t *testing.T) {
	dir := t.TempDir()
	folders := must(sample.Write(t.Context(), dir, ""))(t)
	s := serve(t, filepath.Join(folders[1].Path, "01 - Onion Waltz.wav"))
	f := start(t, browser.Config{Languages: "fr, en"})
	ok(t, f.Navigate(s.URL+"/"))
	for _, test := range []struct {
		name string
		run  func(*testing.T, *site, *browser.Firefox)
	}{
		{"no script runs and no drawing shows", nothingRuns},
		{"a form speaks UTF-8", formSpeaksUTF8},
		{"links are followed and gone back on", followsLinks},
		{"the keyboard alone is enough", keyboardAlone},
		{"music plays", musicPlays},
		{"a picture is as narrow as asked", narrowPicture},
		{"a download is whole", downloads},
		{"a download goes on where it broke off", resumes},
		{"cookies and complaints are seen", seesConsole},
		{"what is not there is ErrNoElement", notThere},
		{"nothing but loopback is reached", onlyLoopback},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, s, f) })
	}
}

func nothingRuns(t *testing.T, _ *site, f *browser.Firefox) {
	if got := must(f.Title())(t); got != "Écouter" {
		t.Errorf("the title is %q", got)
	}
	if got := must(f.Text(must(f.Find("#script"))(t)))(t); got != "scripts off" {
		t.Errorf("the page says %q", got)
	}
	if wide := must(browser.Eval[float64](f, `return document.querySelector("svg").getBoundingClientRect?.().width ?? 0`))(t); wide == 50 {
		t.Error("the drawing is shown")
	}
	if got := must(f.Text(must(f.Find("#languages"))(t)))(t); !strings.HasPrefix(got, "fr,en") {
		t.Errorf("the languages are %q", got)
	}
}

func formSpeaksUTF8(t *testing.T, s *site, f *browser.Firefox) {
	const text = "Où va l'été — <b>№ 1</b> ?"
	ok(t, f.Navigate(s.URL+"/"))
	ok(t, f.Type(must(f.Find("#q"))(t), text))
	ok(t, f.Click(must(f.Find("#go"))(t)))
	if got := must(f.Text(must(f.Find("#asked"))(t)))(t); got != text {
		t.Errorf("the form brought %q", got)
	}
}

func seesConsole(t *testing.T, s *site, f *browser.Firefox) {
	if got := must(f.Cookies())(t); len(got) > 0 {
		t.Errorf("there are cookies %q beforehand", got)
	}
	ok(t, f.Navigate(s.URL+"/strict"))
	if got := must(f.Cookies())(t); len(got) != 1 || got[0] != "kept" {
		t.Errorf("the cookies are %q", got)
	}
	ok(t, f.Wait(limit, func() (bool, error) { // it is noted a moment later
		notes, err := f.Complaints()
		return strings.Contains(strings.Join(notes, "\n"), "Content-Security-Policy"), err
	}))
}

func followsLinks(t *testing.T, s *site, f *browser.Firefox) {
	ok(t, f.Navigate(s.URL+"/"))
	ok(t, f.Click(must(f.FindLink("Deuxième page"))(t)))
	if got := must(f.URL())(t); got != s.URL+"/next?n=2" {
		t.Errorf("the link led to %s", got)
	}
	ok(t, f.Back())
	if links := must(f.FindAll("nav a"))(t); len(links) != 2 {
		t.Errorf("%d links", len(links))
	} else if href := must(f.Attr(links[0], "href"))(t); href != "/next" {
		t.Errorf("the first leads to %q", href)
	}
}

func keyboardAlone(t *testing.T, s *site, f *browser.Firefox) {
	ok(t, f.Navigate(s.URL+"/"))
	if got := must(f.Active())(t); got.Tag != "body" {
		t.Errorf("at first %+v has the focus", got)
	}
	for _, want := range []browser.Focus{
		{Tag: "a", Text: "Première page", Href: "/next", ID: "one"},
		{Tag: "a", Text: "Deuxième page", Href: "/next?n=2"},
		{Tag: "input", ID: "q", Name: "q"},
		{Tag: "button", Text: "Chercher", ID: "go"},
	} {
		ok(t, f.Press("Tab"))
		if got := must(f.Active())(t); got != want {
			t.Errorf("the focus is on %+v, want %+v", got, want)
		}
	}
	ok(t, f.Press("Shift+Tab", "é", "t", "é", "Enter"))
	ok(t, f.Wait(limit, func() (bool, error) {
		title, err := f.Title()
		return title == "found", err
	}))
	if got := must(f.Text(must(f.Find("#asked"))(t)))(t); got != "été" {
		t.Errorf("the keyboard brought %q", got)
	}
	if err := f.Press("Anykey"); err == nil {
		t.Error("a key that does not exist was pressed")
	}
}

func musicPlays(t *testing.T, s *site, f *browser.Firefox) {
	ok(t, f.Navigate(s.URL+"/"))
	player := must(f.Find("#player"))(t)
	clock := func() float64 {
		return must(browser.Eval[float64](f, "return arguments[0].currentTime", player))(t)
	}
	if clock() != 0 {
		t.Fatal("it plays by itself")
	}
	ok(t, f.ClickAt(player, -130, 0)) // the button is at the left end
	ok(t, f.Wait(limit, func() (bool, error) { return clock() > 0.5, nil }))
	if length := must(browser.Eval[float64](f, "return arguments[0].duration", player))(t); length < 35 || length > 65 {
		t.Errorf("it lasts %.1f s", length)
	}
	ok(t, f.Click(must(f.Find("#q"))(t)))
	ok(t, f.Press("Tab", "Tab", "Space"))        // over the form's button to the player
	ok(t, f.Wait(limit/6, func() (bool, error) { // long before it ends by itself
		return browser.Eval[bool](f, "return arguments[0].paused", player)
	}))
}

func narrowPicture(t *testing.T, s *site, f *browser.Firefox) {
	ok(t, f.Navigate(s.URL+"/"))
	if img := decode(t, must(f.Screenshot(false))(t)); img.Bounds().Size() != image.Pt(1400, 900) || !looks(img, color.RGBA{255, 255, 255, 255}) {
		t.Errorf("the page is %v, its edge %v", img.Bounds(), img.At(1398, 320))
	}
	ok(t, f.Resize(320, 640))
	img := decode(t, must(f.Screenshot(false))(t))
	if img.Bounds().Size() != image.Pt(320, 640) || !looks(img, color.RGBA{0, 0xa0, 0, 255}) {
		t.Errorf("the page is %v, its corner %v", img.Bounds(), img.At(318, 320))
	}
	if full := decode(t, must(f.Screenshot(true))(t)); full.Bounds().Dx() != 320 || full.Bounds().Dy() < 1500 {
		t.Errorf("the whole page is %v", full.Bounds())
	}
	ok(t, f.Resize(1400, 900))
}

func downloads(t *testing.T, s *site, f *browser.Firefox) {
	ok(t, f.Navigate(s.URL+"/"))
	ok(t, f.Click(must(f.Find("#download"))(t)))
	d := finished(t, f, s.URL+"/music.wav")
	same(t, d.Path, s.music)
}

func resumes(t *testing.T, s *site, f *browser.Firefox) {
	ok(t, f.Navigate(s.URL+"/"))
	if _, err := browser.Eval[any](f, `document.querySelector("#download").href = "/slow.wav"`); err != nil {
		t.Fatal(err)
	}
	ok(t, f.Click(must(f.Find("#download"))(t)))
	url := s.URL + "/slow.wav"
	ok(t, f.Wait(limit, func() (bool, error) {
		d, err := find(f, url)
		return d.Total > 0 && d.Bytes > 0, err
	}))
	ok(t, f.Pause(url))
	had := must(find(f, url))(t)
	if !had.Paused || had.Done || had.Bytes == 0 {
		t.Errorf("after the pause: %+v", had)
	}
	if asked := <-s.ranges; asked != "" {
		t.Errorf("the first request asked for %q", asked)
	}
	ok(t, f.Resume(url))
	same(t, finished(t, f, url).Path, s.music)
	if asked := <-s.ranges; !strings.HasPrefix(asked, "bytes=") || asked == "bytes=0-" {
		t.Errorf("the second request asked for %q", asked)
	}
	if err := f.Pause(s.URL + "/never"); err == nil {
		t.Error("a download that does not exist was paused")
	}
}

func find(f *browser.Firefox, url string) (browser.Download, error) {
	all, err := f.Downloads()
	for _, d := range all {
		if d.URL == url {
			return d, err
		}
	}
	return browser.Download{}, err
}

func finished(t *testing.T, f *browser.Firefox, url string) browser.Download {
	t.Helper()
	var d browser.Download
	ok(t, f.Wait(limit, func() (done bool, err error) {
		d, err = find(f, url)
		if d.Error != "" {
			return false, errors.New(d.Error)
		}
		return d.Done, err
	}))
	return d
}

func same(t *testing.T, a, b string) {
	t.Helper()
	if !bytes.Equal(must(os.ReadFile(a))(t), must(os.ReadFile(b))(t)) {
		t.Errorf("%s differs from what was served", filepath.Base(a))
	}
}

func notThere(t *testing.T, s *site, f *browser.Firefox) {
	ok(t, f.Navigate(s.URL+"/"))
	if _, err := f.Find("#nothing"); !errors.Is(err, browser.ErrNoElement) {
		t.Errorf("error %v", err)
	}
	if all, err := f.FindAll("#nothing"); err != nil || len(all) != 0 {
		t.Errorf("%v, error %v", all, err)
	}
	if err := f.Wait(100*time.Millisecond, func() (bool, error) { return false, nil }); err == nil {
		t.Error("waiting for nothing ended well")
	}
}

// onlyLoopback asks for a name: it goes to the proxy that is not there, and
// nobody is asked to resolve it.
func onlyLoopback(t *testing.T, _ *site, f *browser.Firefox) {
	if err := f.Navigate("http://peerfy.invalid/"); err == nil || !strings.Contains(err.Error(), "proxyConnectFailure") {
		t.Errorf("error %v", err)
	}
}

func TestDarkIsDark(t *testing.T) {
	s := serve(t, "")
	dark := color.RGBA{0x10, 0x20, 0x30, 255}
	f := start(t, browser.Config{Width: 400, Height: 600, Dark: true})
	ok(t, f.Navigate(s.URL+"/"))
	if img := decode(t, must(f.Screenshot(false))(t)); !looks(img, dark) {
		t.Errorf("firefox's page is %v", img.At(398, 320))
	}
	out := filepath.Join(t.TempDir(), "page.png")
	for preferred, want := range map[bool]color.RGBA{true: dark, false: {255, 255, 255, 255}} {
		ok(t, browser.Chromium(t.Context(), s.URL+"/", 400, 600, preferred, out))
		if img := decode(t, must(os.ReadFile(out))(t)); !looks(img, want) || img.Bounds().Size() != image.Pt(400, 600) {
			t.Errorf("with dark=%t chromium's page is %v of %v", preferred, img.At(398, 320), img.Bounds())
		}
	}
}

func TestChromiumIsNarrow(t *testing.T) {
	s := serve(t, "")
	out := filepath.Join(t.TempDir(), "page.png")
	ok(t, browser.Chromium(t.Context(), s.URL+"/", 320, 0, false, out))
	img := decode(t, must(os.ReadFile(out))(t))
	if img.Bounds().Dx() != 320 || img.Bounds().Dy() < 1500 || !looks(img, color.RGBA{0, 0xa0, 0, 255}) {
		t.Errorf("the page is %v, its corner %v", img.Bounds(), img.At(318, 320))
	}
	if err := browser.Chromium(t.Context(), "http://127.0.0.1:9/", 320, 0, false, out); err == nil {
		t.Error("a page that does not answer was photographed")
	}
}

func decode(t *testing.T, b []byte) image.Image {
	t.Helper()
	return must(png.Decode(bytes.NewReader(b)))(t)
}

// looks reports whether the empty right edge of a page has this colour.
func looks(img image.Image, want color.RGBA) bool {
	at := color.RGBAModel.Convert(img.At(img.Bounds().Dx()-2, 320)).(color.RGBA)
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) < 4 }
	return near(at.R, want.R) && near(at.G, want.G) && near(at.B, want.B)
}

// TestNothingIsLeft closes one browser in good order and ends another with its
// context: neither leaves a process or a file.
func TestNothingIsLeft(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	left := func() {
		t.Helper()
		if names := must(filepath.Glob(filepath.Join(temp, "*")))(t); len(names) > 0 {
			t.Errorf("files are left: %q", names)
		}
		for _, path := range must(filepath.Glob("/proc/[0-9]*/cmdline"))(t) {
			if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(temp)) {
				t.Errorf("a process is left: %q", b)
			}
		}
	}
	f := must(browser.Start(t.Context(), browser.Config{}))(t)
	ok(t, f.Close())
	left()
	ctx, cancel := context.WithCancel(t.Context())
	f = must(browser.Start(ctx, browser.Config{}))(t)
	cancel()
	if err := f.Wait(limit, func() (bool, error) { return false, nil }); err == nil {
		t.Error("the browser lives on")
	}
	ok(t, f.Close())
	left()
}

func TestBadConfigIsRefused(t *testing.T) {
	for name, c := range map[string]browser.Config{
		"no port":       {Socks: "127.0.0.1"},
		"port too high": {Socks: "127.0.0.1:70000"},
		"no program":    {Firefox: filepath.Join(t.TempDir(), "firefox")},
		"ends at once":  {Firefox: "/bin/false"},
	} {
		if f, err := browser.Start(t.Context(), c); err == nil {
			t.Errorf("%s: it started", name)
			ok(t, f.Close())
		}
	}
}
