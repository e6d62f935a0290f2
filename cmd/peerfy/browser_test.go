package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/cmd/peerfy/browser"
)

// reader is a Firefox with scripts off that goes through the demo's tor, with
// the steps of a journey as methods that fail the test.
type reader struct {
	*browser.Firefox
	t *testing.T
}

func newReader(t *testing.T, socks string, c browser.Config) *reader {
	t.Helper()
	c.Socks = socks
	f, err := browser.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return &reader{f, t}
}

func (r *reader) must(err error) {
	r.t.Helper()
	if err != nil {
		url, _ := r.URL()
		r.t.Fatalf("at %s: %v", url, err)
	}
}

func (r *reader) find(css string) browser.Element {
	r.t.Helper()
	e, err := r.Find(css)
	r.must(err)
	return e
}

func (r *reader) follow(text string) {
	r.t.Helper()
	e, err := r.FindLink(text)
	r.must(err)
	r.must(r.Click(e))
}

func (r *reader) clock() float64 {
	r.t.Helper()
	seconds, err := browser.Eval[float64](r.Firefox, `const m = document.querySelector("audio, video"); return m ? m.currentTime : -1`)
	r.must(err)
	return seconds
}

// advances waits until the player's clock is past at.
func (r *reader) advances(past float64) {
	r.t.Helper()
	r.must(r.Wait(time.Minute, func() (bool, error) { return r.clock() > past, nil }))
}

// pressPlay clicks on the left end of the native controls.
func (r *reader) pressPlay() {
	r.t.Helper()
	e := r.find("audio")
	width, err := browser.Eval[int](r.Firefox, `return Math.floor(arguments[0].getBoundingClientRect().width)`, e)
	r.must(err)
	r.must(r.ClickAt(e, 20-width/2, 0))
}

// hasten plays at the highest speed that the controls' menu offers a person,
// several times over.
func (r *reader) hasten() {
	r.t.Helper()
	_, err := browser.Eval[bool](r.Firefox, `document.querySelector("audio").playbackRate = 12; return true`)
	r.must(err)
}

// picture keeps what is seen, for the README, when asked to.
func (r *reader) picture(name string) {
	r.t.Helper()
	if !*pictures {
		return
	}
	b, err := r.Screenshot(false)
	r.must(err)
	r.must(os.WriteFile(filepath.Join("..", "..", "site", "testdata", name), b, 0o644))
}

// listener: home, a search with an accent missing, the release, play, the
// album through, a download that is broken off and resumed.
func listener(t *testing.T, d *demoRun) {
	slow := newLine(t, d.Socks, 2_000_000)
	r := newReader(t, slow.addr(), browser.Config{Width: 1000, Height: 1000})
	r.must(r.Navigate(d.url("/")))
	r.picture("home.png")
	q := r.find("input[name=q]")
	r.must(r.Type(q, "premieres lueurs"))
	r.must(r.Click(r.find("form[role=search] button")))
	r.follow("Premières lueurs")
	r.picture("release.png")
	r.must(r.Click(r.find(`main a[href*="/play"]`)))
	if at := r.clock(); at != 0 {
		t.Errorf("the player stands at %v s before anybody pressed play", at)
	}
	r.pressPlay()
	r.advances(1)
	r.picture("player.png")

	r.follow("Album, continuous")
	r.pressPlay()
	r.advances(1)
	r.hasten() // three minutes in a quarter of a minute, every second of it through tor
	r.must(r.Wait(2*time.Minute, func() (bool, error) {
		return browser.Eval[bool](r.Firefox, `const a = document.querySelector("audio"); return a.ended && a.currentTime > 180`)
	}))
	r.follow("Les veilleuses") // the third track: a jump within the same file
	r.pressPlay()
	r.advances(90) // tracks 1 and 2 last 90 s together

	r.follow("Premières lueurs")
	r.download(slow)
}

// download fetches the zip over a line that is cut in the middle, resumes, and
// compares SHA-256.
func (r *reader) download(slow *line) {
	r.t.Helper()
	e := r.find(`a[href*=".zip"]`)
	href, err := browser.Eval[string](r.Firefox, `return arguments[0].href`, e)
	r.must(err)
	r.take(e)
	r.until(href, func(s browser.Download) bool { return s.Bytes > 1_000_000 })
	slow.cut()
	broken := r.until(href, func(s browser.Download) bool { return s.Paused || s.Done })
	if broken.Done || broken.Bytes < 1_000_000 {
		r.t.Fatalf("the download was not broken off in the middle: %+v", broken)
	}
	r.must(r.Resume(href))
	sum := sha256.Sum256(r.saved(href))
	r.take(r.find(`a[href$=".zip.sha256"]`))
	if want := string(r.saved(".zip.sha256")); !strings.HasPrefix(want, hex.EncodeToString(sum[:])) {
		r.t.Errorf("broken off at %d of %d bytes and resumed: SHA-256 %x, the site says %s", broken.Bytes, broken.Total, sum, want)
	}
}

// until waits for a state of the youngest download whose address ends so.
func (r *reader) until(ending string, yes func(browser.Download) bool) (s browser.Download) {
	r.t.Helper()
	r.must(r.Wait(2*time.Minute, func() (bool, error) {
		all, err := r.Downloads()
		for _, one := range all {
			if strings.HasSuffix(one.URL, ending) {
				s = one
			}
		}
		return s.URL != "" && yes(s), err
	}))
	return s
}

// take presses Enter on what leads to a download: a click would wait for a page.
func (r *reader) take(e browser.Element) {
	r.t.Helper()
	_, err := browser.Eval[bool](r.Firefox, `arguments[0].focus(); return true`, e)
	r.must(err)
	r.must(r.Press("Enter"))
}

// saved waits for a download to be whole, and reads it.
func (r *reader) saved(ending string) []byte {
	r.t.Helper()
	b, err := os.ReadFile(r.until(ending, func(s browser.Download) bool { return s.Done }).Path)
	r.must(err)
	return b
}

// tabTo presses Tab until the focus is where it should be.
func (r *reader) tabTo(what string, there func(browser.Focus) bool) {
	r.t.Helper()
	var passed []string
	for range 80 {
		r.must(r.Press("Tab"))
		f, err := r.Active()
		r.must(err)
		if there(f) {
			return
		}
		passed = append(passed, f.Tag+":"+f.Text)
	}
	r.t.Fatalf("the keyboard does not reach %s; it passed %q", what, passed)
}

// fits fails when the page must be scrolled sideways.
func (r *reader) fits() {
	r.t.Helper()
	width, err := browser.Eval[int](r.Firefox, `return document.documentElement.scrollWidth`)
	r.must(err)
	if url, _ := r.URL(); width > 320 {
		r.t.Errorf("%s is %d pixels wide at 320", url, width)
	}
}

// arrives waits until a key has led to another page.
func (r *reader) arrives(part string) {
	r.t.Helper()
	r.must(r.Wait(time.Minute, func() (bool, error) {
		url, err := r.URL()
		if err != nil || !strings.Contains(url, part) {
			return false, err
		}
		return browser.Eval[bool](r.Firefox, `return document.readyState === "complete"`)
	}))
}

// keyboard: search, release, play, at 320 pixels, in French, without a mouse.
func keyboard(t *testing.T, d *demoRun) {
	r := newReader(t, d.Socks, browser.Config{Width: 320, Height: 640, Languages: "fr, en"})
	r.must(r.Navigate(d.url("/")))
	r.fits()
	r.tabTo("the search box", func(f browser.Focus) bool { return f.Tag == "input" && f.Name == "q" })
	for _, letter := range "onion waltz" {
		if letter == ' ' {
			r.must(r.Press("Space"))
			continue
		}
		r.must(r.Press(string(letter)))
	}
	r.must(r.Press("Enter"))
	r.arrives("search?q=")
	r.fits()
	r.tabTo("the release", func(f browser.Focus) bool { return f.Tag == "a" && strings.Contains(f.Text, "Onion Waltz") })
	r.must(r.Press("Enter"))
	r.arrives("/r/")
	r.fits()
	r.picture("release-320.png")
	r.tabTo("the way to the player", func(f browser.Focus) bool { return f.Tag == "a" && strings.Contains(f.Text, "Écouter") })
	r.must(r.Press("Enter"))
	r.arrives("/play")
	r.fits()
	r.tabTo("the player", func(f browser.Focus) bool { return f.Tag == "audio" })
	r.must(r.Press("Space"))
	r.advances(1)
}
