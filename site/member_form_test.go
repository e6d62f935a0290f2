package site_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store/catalog"
)

// memberForms is every address that takes a member's form, with fields as a browser sends them.
func memberForms(c *club, list string) map[string][]string {
	track := catalog.TrackID(c.closed, 0)
	return map[string][]string{
		"/join": {"voucher", ""}, "/login": {"account", "x"}, "/logout": {},
		"/account/kept": {}, "/account/code.txt": {"code", "x"}, "/account/identity.txt": {"identity", "x"},
		"/account/redeem": {"voucher", "x"}, "/account/pass": {"period", "2026-12", "recipient", "x"}, "/account/blind": {"request", "x"},
		"/account/delete": {"confirm", "x"}, "/pass.txt": {"period", "2026-12"}, "/pass/recipient": {"period", "2026-12", "recipient", "x"},
		"/my/month": {"version", "x", "save", "1"}, "/my/queue": {"clear", "1"}, "/my/queue/add": {"id", c.closed},
		"/my/library/open": {"code", "x"}, "/my/library/new": {}, "/my/library/kept": {}, "/my/library/code.txt": {"code", "x"},
		"/my/library/close": {}, "/my/library/delete": {"confirm", "x"}, "/my/library/import": {"text", "x"},
		"/my/list/new": {"name", "Mine"}, "/my/list/add": {"id", c.closed, "list", "new"}, "/my/list/" + list: {"rename", "1", "name", "x"},
		"/my/follow": {"slug", "les-veilleurs"}, "/my/resume": {"track", track},
	}
}

// TestFormsAreAllListed keeps memberForms complete.
func TestFormsAreAllListed(t *testing.T) {
	c := newClub(t)
	forms := memberForms(c, "{id}")
	for _, a := range c.Addresses() {
		if _, ok := forms[a.Pattern]; a.Post && !ok && a.Pattern != "/notice" {
			t.Errorf("%s takes a form that no test sends", a.Pattern)
		}
	}
}

// member is a visitor with an account, a pass of the month and an open library with one list.
func (c *club) member(t testing.TB) (v *visitor, account, list string) {
	t.Helper()
	v = c.visitor(t)
	account = v.join()
	v.takes()
	v.post("/my/library/new")
	page := v.post("/my/list/new", "name", "Mine")
	list = between(page, `my/list/`, `"`)
	if len(list) != 8 {
		t.Fatalf("no list on the page: %s", page)
	}
	return v, account, list
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// TestForeignForms sends every form from another site: it is refused, also when it is sent over the member's cookie.
func TestForeignForms(t *testing.T) {
	c := newClub(t)
	v, _, list := c.member(t)
	before := v.get("/account") + v.get("/my/library") + v.get("/my/month")
	for path, fields := range memberForms(c, list) {
		for _, header := range [][]string{
			{"Origin", "http://evil.onion"}, {"Origin", "http://" + onion + ".evil.onion"}, {"Origin", "null"},
			{"Origin", "", "Sec-Fetch-Site", "cross-site"}, {"Origin", "http://" + onion, "Sec-Fetch-Site", "cross-site"},
			{"Origin", "null", "Sec-Fetch-Site", "same-site"}, {"Origin", "http://" + onion + ":81"},
		} {
			if r := v.send("POST", path, values(fields...), header...); r.StatusCode != 403 || len(r.Cookies()) > 0 {
				t.Errorf("%s with %q: status %d, cookies %v", path, header, r.StatusCode, r.Cookies())
			}
		}
	}
	if after := v.get("/account") + v.get("/my/library") + v.get("/my/month"); after != before {
		t.Error("a foreign form has changed something")
	}
	// Tor Browser's own form, and one of a program that sends neither header.
	for _, header := range [][]string{{"Origin", "null", "Sec-Fetch-Site", "same-origin"}, {"Origin", ""}} {
		if r := v.send("POST", "/my/queue/add", values("id", c.closed), header...); r.StatusCode != 303 {
			t.Errorf("%q: status %d, want 303", header, r.StatusCode)
		}
	}
}

// TestFormsByGet asks for every form's address without sending it.
func TestFormsByGet(t *testing.T) {
	c := newClub(t)
	v, _, _ := c.member(t)
	before := v.get("/account")
	for _, a := range c.Addresses() {
		if !a.Post || a.Get {
			continue
		}
		for _, method := range []string{"GET", "HEAD"} {
			r := v.send(method, a.Pattern, nil)
			if r.StatusCode != 405 || r.Header.Get("Allow") != "POST" {
				t.Errorf("%s %s: status %d, Allow %q", method, a.Pattern, r.StatusCode, r.Header.Get("Allow"))
			}
		}
	}
	if v.get("/account") != before {
		t.Error("asking has changed something")
	}
}

// TestTwoValues sends every field of every form twice: which of them was meant?
func TestTwoValues(t *testing.T) {
	c := newClub(t)
	v, _, list := c.member(t)
	for path, fields := range memberForms(c, list) {
		if path == "/my/library/import" {
			continue // not of this encoding; see below
		}
		for i := 0; i < len(fields); i += 2 {
			form := values(fields...)
			form.Add(fields[i], form.Get(fields[i]))
			if r := v.send("POST", path, form); r.StatusCode != 400 {
				t.Errorf("%s with two of %s: status %d, want 400", path, fields[i], r.StatusCode)
			}
		}
	}
	for name, parts := range map[string]string{
		"two texts": upload("text", "", "a") + upload("text", "", "b"),
		"two files": upload("file", "a.m3u8", "a") + upload("file", "b.m3u8", "b"),
		"both":      upload("text", "", "#EXTM3U\n") + upload("file", "b.m3u8", "#EXTM3U\n"),
	} {
		if r := v.upload(parts); r.StatusCode != 400 {
			t.Errorf("%s: status %d, want 400", name, r.StatusCode)
		}
	}
	version := between(v.get("/my/month"), `name="version" value="`, `"`)
	form := values("version", version, "save", "1")
	form["plays."+catalog.TrackID(c.closed, 0)] = []string{"1", "2"}
	if r := v.send("POST", "/my/month", form); r.StatusCode != 400 {
		t.Errorf("two numbers of one work: status %d, want 400", r.StatusCode)
	}
}

const boundary = "----peerfy"

func upload(name, file, content string) string {
	if file != "" {
		name += `"; filename="` + file
	}
	return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content + "\r\n"
}

// upload sends a form with files.
func (v *visitor) upload(parts string) *http.Response {
	r := httptest.NewRequest("POST", "/my/library/import", strings.NewReader(parts+"--"+boundary+"--\r\n"))
	r.Host, r.RequestURI = onion, "/my/library/import"
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	r.Header.Set("Origin", "http://"+onion)
	r.Header.Set("Cookie", v.cookie)
	w := httptest.NewRecorder()
	v.club.ServeHTTP(w, r)
	return w.Result()
}

// slowBody counts what is read of it.
type slowBody struct {
	io.Reader
	read int
}

func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

// TestLargeForms sends a megabyte to every form, to members' as a stranger and as a member: it is refused with its
// own page, and most of it is never read.
func TestLargeForms(t *testing.T) {
	c := newClub(t)
	v, _, list := c.member(t)
	start := time.Now()
	for path := range memberForms(c, list) {
		for _, cookie := range []string{"", v.cookie} {
			kind, content, most := "application/x-www-form-urlencoded", "voucher="+strings.Repeat("A", 1<<20), 80<<10
			if path == "/my/library/import" {
				kind, most = "multipart/form-data; boundary="+boundary, 300<<10
				content = upload("text", "", strings.Repeat("A", 1<<20)) + "--" + boundary + "--\r\n"
			}
			body := &slowBody{Reader: strings.NewReader(content)}
			r := httptest.NewRequest("POST", path, body)
			r.Host, r.RequestURI = onion, path
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Origin", "http://"+onion)
			r.Header.Set("Cookie", cookie)
			w := httptest.NewRecorder()
			c.ServeHTTP(w, r)
			if w.Code != 413 || body.read > most {
				t.Errorf("%s: status %d, %d bytes read", path, w.Code, body.read)
			}
		}
	}
	if d := time.Since(start); d > 10*time.Second { // some fifty of them
		t.Errorf("refusing took %v", d)
	}
	// Within the form's bound, a field beyond its own.
	if r := v.send("POST", "/account/redeem", values("voucher", strings.Repeat("7", 17<<10))); r.StatusCode != 400 {
		t.Errorf("a voucher of 17 kB: status %d", r.StatusCode)
	}
	many := url.Values{}
	for i := range 5_000 {
		many.Set(fmt.Sprint("f", i), "1")
	}
	if r := v.send("POST", "/my/month", many); r.StatusCode >= 500 {
		t.Errorf("5,000 fields: status %d", r.StatusCode)
	}
}

// TestUnusualNumbers sends numbers that are none to the forms that count.
func TestUnusualNumbers(t *testing.T) {
	c := newClub(t)
	v, _, list := c.member(t)
	v.post("/my/queue/add", "id", c.closed)
	track := catalog.TrackID(c.closed, 0)
	for _, n := range []string{"-1", "1e3", "1.5", "٣", "１", "", " ", "99999999999999999999", "65536", "0x1", "+-1", "NaN"} {
		version := between(v.get("/my/month"), `name="version" value="`, `"`)
		r := v.send("POST", "/my/month", values("version", version, "save", "1", "plays."+track, n))
		if r.StatusCode != 422 && r.StatusCode != 400 {
			t.Errorf("%q plays: status %d", n, r.StatusCode)
		}
		for _, path := range []string{"/my/queue", "/my/list/" + list} {
			if r := v.send("POST", path, values("remove", n)); r.StatusCode != 400 && r.StatusCode != 422 {
				t.Errorf("%s: line %q: status %d", path, n, r.StatusCode)
			}
		}
	}
	for _, name := range []string{"plays.", "plays.x", "plays." + c.closed, "downloads." + track, "plays.../../etc", "plays." + track + "\n"} {
		version := between(v.get("/my/month"), `name="version" value="`, `"`)
		if r := v.send("POST", "/my/month", values("version", version, "save", "1", name, "1")); r.StatusCode != 422 && r.StatusCode != 400 {
			t.Errorf("field %q: status %d", name, r.StatusCode)
		}
	}
	if page := v.get("/my/month"); strings.Contains(page, "plays."+track) {
		t.Error("a refused correction is there")
	}
}

// TestRedirects tries to make the site lead elsewhere after a log-in or a form.
func TestRedirects(t *testing.T) {
	c := newClub(t)
	v, _, _ := c.member(t)
	account := c.visitor(t).join()
	hostile := []string{
		"//evil.onion", "///evil.onion", "/\\evil.onion", "\\\\evil.onion", "http://evil.onion", "https:evil.onion", "javascript:alert(1)",
		"\thttp://evil.onion", " //evil.onion", "x:y", "../../..//evil.onion", "..%2f..%2f/evil.onion", "%2e%2e//evil.onion", "a/%2e%2e/%2e%2e//evil.onion",
		"\r\nSet-Cookie: a=b", "my/month\r\nX: y", "data:text/html,x", ".//evil.onion", "./\t/evil.onion", "?next=//evil.onion", "#//evil.onion",
		"http:///evil.onion", "//", "/", "\u2044\u2044evil.onion", "evil.onion:80/x", "@evil.onion", "my/month?x=//evil.onion", strings.Repeat("a", 300),
	}
	check := func(from, to string, r *http.Response) {
		t.Helper()
		if r.StatusCode != 303 {
			t.Errorf("%s to %q: status %d, want 303", from, to, r.StatusCode)
			return
		}
		base, _ := url.Parse("http://" + onion + from)
		got, err := base.Parse(r.Header.Get("Location"))
		if err != nil || got.Host != onion || got.Scheme != "http" || strings.HasPrefix(got.Path, "//") || got.User != nil {
			t.Errorf("%s to %q leads to %q (%v)", from, to, r.Header.Get("Location"), err)
		}
		if len(r.Header["X"]) > 0 || strings.ContainsAny(r.Header.Get("Location"), "\r\n\\") {
			t.Errorf("%s to %q: headers %v", from, to, r.Header)
		}
	}
	for _, to := range hostile {
		check("/login", to, c.visitor(t).send("POST", "/login", values("account", account, "next", to)))
		check("/en/login", to, c.visitor(t).send("POST", "/en/login", values("account", account, "next", to)))
		check("/my/queue/add", to, v.send("POST", "/my/queue/add", values("id", c.closed, "back", to)))
		if r := c.visitor(t).send("GET", "/login?next="+url.QueryEscape(to), nil); r.StatusCode == 200 {
			if page := bodyOf(t, r); strings.Contains(page, `action="//`) || strings.Contains(page, `href="//evil`) || strings.Contains(page, `href="javascript`) {
				t.Errorf("the log-in page repeats %q: %s", to, page)
			}
		}
	}
	r := c.visitor(t).send("POST", "/login", values("account", account, "next", "r/"+c.closed+"/play?track=2"))
	if got := r.Header.Get("Location"); got != "./r/"+c.closed+"/play?track=2" {
		t.Errorf("an honest way back leads to %q", got)
	}
}
