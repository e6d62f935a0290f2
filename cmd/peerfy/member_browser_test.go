package main

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"p2p.legal/peerfy/cmd/peerfy/browser"
)

// waltz is the sample's work that is for members only: one track of 46 seconds.
const waltz = "Onion Waltz"

// members are two listeners with a voucher each, from the counter to the way out: one in a browser that takes an onion
// for a secure place, as Tor Browser does, one in a plain Firefox in French that is 320 pixels wide. What they hear
// is heard in real time, so they do it side by side.
func members(t *testing.T, d *demoRun) {
	slow := newLine(t, d.Socks, 600_000)
	other := d.sellVoucher(t)
	t.Run("trusting", func(t *testing.T) {
		t.Parallel()
		m := newJoiner(t, d, slow.addr(), browser.Config{Trusting: true, Width: 1000, Height: 1000})
		m.joins(d.Voucher)
		m.keeps("__Host-s", "s")
		m.takesTheMonth()
		m.listens()
		m.follow(waltz)
		m.download(slow)
		m.hasCounted(1, 1)
		m.corrects("")
		m.fillsLibrary()
		m.leaves()
	})
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		m := newJoiner(t, d, d.Socks, browser.Config{Width: 320, Height: 640, Languages: "fr, en"})
		m.joins(other)
		m.keeps("s")
		m.takesTheMonth()
		m.fillsLibrary()
		m.queues()
		m.hasCounted(1, 0)
		m.leaves()
		m.returns()
		m.corrects(m.owner)
		m.leaves()
	})
}

// sellVoucher is what the treasurer does while the site serves.
func (d *demoRun) sellVoucher(t *testing.T) string {
	t.Helper()
	dir, sheet := filepath.Join(d.dir, "demo"), filepath.Join(t.TempDir(), "sheet")
	for _, args := range [][]string{
		{"issue", "--months", "3", "--count", "1", "--dir", dir, "--keys", filepath.Join(dir, "keys"), "--out", sheet},
		{"load", sheet + ".batch", "--dir", dir},
	} {
		if out, err := exec.Command("peerfy", append([]string{"treasurer", "vouchers"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	b, err := os.ReadFile(sheet + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return codeIn(t, string(b))
}

var codeForm = regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){4}-[0-9A-Z]`)

func codeIn(t *testing.T, text string) string {
	t.Helper()
	code := codeForm.FindString(text)
	if code == "" {
		t.Fatalf("there is no code in %q", text)
	}
	return code
}

// joiner is a reader who becomes a member. No step may end on a page of refusal, and none may be wider than the window.
type joiner struct {
	*reader
	d     *demoRun
	id    string // of the work for members
	album string // an open one
	width int
	pass  string // the line of it that a mirror may see
	owner string // the word of it that no mirror may
}

// newJoiner is still a visitor: the work does not play.
func newJoiner(t *testing.T, d *demoRun, socks string, c browser.Config) *joiner {
	t.Helper()
	m := &joiner{reader: newReader(t, socks, c), d: d, id: d.release(t, waltz), album: d.release(t, "Premières lueurs"), width: c.Width}
	m.isRefused()
	return m
}

// visit opens a page.
func (m *joiner) visit(path string) {
	m.t.Helper()
	m.must(m.Navigate(m.d.url(path)))
	m.fine()
}

// press clicks on a button, and waits for the page that it leads to.
func (m *joiner) press(css string) {
	m.t.Helper()
	m.must(m.Click(m.find(css)))
	m.fine()
}

// picture keeps what is seen, of the one who has the room.
func (m *joiner) picture(name string) {
	m.t.Helper()
	if m.width == 1000 {
		m.reader.picture(name)
	}
}

// fill types into a field in place of what stands there.
func (m *joiner) fill(css, text string) {
	m.t.Helper()
	e := m.find(css)
	m.must(m.Clear(e))
	m.must(m.Type(e, text))
}

// text is what a reader reads there.
func (m *joiner) text(css string) string {
	m.t.Helper()
	text, err := m.Text(m.find(css))
	m.must(err)
	return text
}

// status is that of the answer that the page came with.
func (m *joiner) status() int {
	m.t.Helper()
	n, err := browser.Eval[int](m.Firefox, `return performance.getEntriesByType("navigation")[0].responseStatus`)
	m.must(err)
	return n
}

// fine fails on a page of refusal, and on one that must be scrolled sideways.
func (m *joiner) fine() {
	m.t.Helper()
	if status := m.status(); status != 200 && status != 422 { // 422 is a form that comes back
		at, _ := m.URL()
		m.t.Fatalf("%s answers %d: %s", at, status, m.text("main"))
	}
	width, err := browser.Eval[int](m.Firefox, `return document.documentElement.scrollWidth`)
	m.must(err)
	if at, _ := m.URL(); width > m.width {
		m.t.Errorf("%s is %d pixels wide at %d", at, width, m.width)
	}
}

// isDone fails unless the form that was sent has done something.
func (m *joiner) isDone() {
	m.t.Helper()
	m.find(".said[role=status]")
}

// isRefused is everybody's lot who is not logged in: the work plays as an excerpt, and its address says why and what
// to do.
func (m *joiner) isRefused() {
	m.t.Helper()
	m.visit("/r/" + m.id + "/play")
	if src, err := m.Attr(m.find("audio"), "src"); err != nil || !strings.Contains(src, "/e/") {
		m.t.Errorf("a visitor hears %s, %v", src, err)
	}
	m.must(m.Navigate(m.d.url("/t/" + m.id + "-01.webm")))
	if status := m.status(); status != 403 {
		m.t.Errorf("a visitor gets the track with status %d", status)
	}
	m.find(`main a[href$="join"]`)
	m.find(`main a[href*="login"]`)
}

// joins makes an account with a voucher, which is mistyped at first, and keeps its code.
func (m *joiner) joins(voucher string) {
	m.t.Helper()
	m.visit("/join")
	last := "0"
	if strings.HasSuffix(voucher, last) {
		last = "1"
	}
	m.fill("#voucher", voucher[:len(voucher)-1]+last)
	m.press(".form button")
	m.find(".said[role=alert]")
	m.fill("#voucher", strings.ToLower(strings.ReplaceAll(voucher, "-", " ")))
	m.press(".form button")
	m.isDone()
	m.picture("account.png")
	code := codeIn(m.t, m.text(".codeword"))
	m.take(m.find(`form[action$="code.txt"] button`))
	if file := m.saved("code.txt"); codeIn(m.t, string(file)) != code {
		m.t.Errorf("the page shows the account code %s, the file says %s", code, file)
	}
	m.press(`form[action$="kept"] button`)
	m.isDone()
	if strings.Contains(m.text("main"), code) {
		m.t.Error("the account code is shown although it is kept")
	}
}

// keeps checks which cookies the browser took.
func (m *joiner) keeps(want ...string) {
	m.t.Helper()
	got, err := m.Cookies()
	m.must(err)
	if slices.Sort(got); !slices.Equal(got, want) {
		m.t.Errorf("the browser keeps the cookies %q instead of %q", got, want)
	}
}

// takesTheMonth has an identity made, keeps it, takes the running month, and keeps the pass.
func (m *joiner) takesTheMonth() {
	m.t.Helper()
	m.visit("/account")
	m.press("input[name=make]")
	m.press(`form[action$="account/pass"] button`)
	m.take(m.find(`form[action$="identity.txt"] button`))
	if _, err := age.ParseIdentities(strings.NewReader(string(m.saved("identity.txt")))); err != nil {
		m.t.Errorf("the identity that was made here: %v", err)
	}
	m.press(`form[action$="account/pass"] button`)
	m.isDone()
	m.take(m.find(`form[action$="pass.txt"] button`))
	file := string(m.saved("pass.txt"))
	m.pass = regexp.MustCompile(`(?m)^peerfy-pass-v1\..*$`).FindString(file)
	m.owner = codeForm.FindString(file)
	if m.pass == "" || m.owner == "" || !strings.Contains(file, "peerfy/stub/v1") {
		m.t.Fatalf("the file of the pass lacks something: %s", file)
	}
}

// listens plays the work for 31 seconds, and gives its torrent to a torrent client meanwhile.
func (m *joiner) listens() {
	m.t.Helper()
	m.visit("/r/" + m.id)
	m.take(m.find(`a[href$="` + m.id + `.torrent"]`))
	torrent := m.saved(m.id + ".torrent")
	m.press(`main a[href*="/play"]`)
	m.pressPlay()
	m.advances(1)
	fetchTorrent(m.t, m.d, torrent)
	m.hears(31, 5*time.Minute)
}

// hears waits until the player's clock is past at.
func (m *joiner) hears(past float64, limit time.Duration) {
	m.t.Helper()
	m.must(m.Wait(limit, func() (bool, error) { return m.clock() > past, nil }))
}

// queues puts the work and another into the queue, and hears the first and the passage from one to the other.
func (m *joiner) queues() {
	m.t.Helper()
	for _, one := range []string{m.id, m.album} {
		m.visit("/r/" + one + "/play?track=1")
		m.press(".own button")
		m.isDone()
	}
	m.visit("/my/queue")
	if n, err := m.FindAll(".tracks li"); err != nil || len(n) != 2 {
		m.t.Fatalf("the queue has %d tracks, %v", len(n), err)
	}
	m.pressPlay()
	m.hears(0, 20*time.Second) // and not after the whole queue has come, at the pace of listening
	m.hears(48, 8*time.Minute) // the waltz ends at 46
}

// hasCounted checks what the site counted of the work.
func (m *joiner) hasCounted(plays, downloads int) {
	m.t.Helper()
	m.visit("/my/month")
	m.picture("month.png")
	m.counts(m.id+"-01", "plays", plays)
	if downloads > 0 {
		m.counts(m.id, "downloads", downloads)
	}
}

func (m *joiner) counts(work, kind string, want int) {
	m.t.Helper()
	if got, err := m.Attr(m.find(`input[name="`+kind+`.`+work+`"]`), "value"); err != nil || got != strconv.Itoa(want) {
		m.t.Errorf("%s of %s: %s instead of %d, %v", kind, work, got, want, err)
	}
}

// corrects says that it was five plays, and goes back to what was counted. Who came with the pass alone is asked for
// its owner word.
func (m *joiner) corrects(owner string) {
	m.t.Helper()
	m.visit("/my/month")
	plays := `input[name="plays.` + m.id + `-01"]`
	m.fill(plays, "5")
	if owner != "" {
		m.press("button[name=save]")
		m.find(".said[role=alert]")
		m.fill(plays, "5")
		m.fill("#owner", owner)
	}
	m.press("button[name=save]")
	m.isDone()
	m.counts(m.id+"-01", "plays", 5)
	if owner != "" {
		m.fill("#owner", owner)
	}
	m.press("button[name=reset]")
	m.isDone()
	m.counts(m.id+"-01", "plays", 1)
}

// fillsLibrary makes a library with a list in it, closes it, and finds the list again with the library's code.
func (m *joiner) fillsLibrary() {
	m.t.Helper()
	const list = "À réécouter"
	m.visit("/my/library")
	m.press(`form[action$="library/new"] button`)
	code := codeIn(m.t, m.text(".codeword"))
	m.press(`form[action$="kept"] button`)
	m.fill("#name", list)
	m.press(`form[action$="list/new"] button`)
	m.isDone()
	for _, work := range []string{m.id, m.album} {
		m.visit("/r/" + work)
		m.press(`button[formaction$="list/add"]`)
		m.isDone()
	}
	m.visit("/my/library")
	m.press(`form[action$="close"] button`)
	m.isDone()
	if strings.Contains(m.text("main"), list) {
		m.t.Error("the closed library shows a list")
	}
	m.fill("#code", code)
	m.press(`form[action$="open"] button`)
	m.follow(list)
	if tracks := m.text(".tracks"); !strings.Contains(tracks, waltz) {
		m.t.Errorf("the list holds %q", tracks)
	}
	m.press("button[name=play]")
	m.picture("queue.png")
	m.press("button[name=clear]")
}

// returns comes back with the pass alone: the part of it that a mirror may see.
func (m *joiner) returns() {
	m.t.Helper()
	m.visit("/my/month")
	if at, _ := m.URL(); !strings.Contains(at, "login?next="+url.QueryEscape("my/month")) {
		m.t.Errorf("my month leads a visitor to %s", at)
	}
	m.fill("#pass", m.pass)
	m.press("main .form button")
	m.arrives("/my/month")
}

// leaves logs out: the cookies are gone, and the work is refused. Nothing in the console says that the site's own
// policy was in its way.
func (m *joiner) leaves() {
	m.t.Helper()
	m.visit("/my/receipts")
	m.press(`form[action$="logout"] button`)
	m.keeps()
	m.isRefused()
	notes, err := m.Complaints()
	m.must(err)
	for _, note := range notes {
		if strings.Contains(note, "Content-Security-Policy") || strings.Contains(note, "blocked") {
			m.t.Error(note)
		}
	}
}
