package site_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/pass/blind"
	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store/catalog"
)

// isOut reports whether the visitor's cookie opens nothing.
func (v *visitor) isOut() bool {
	return v.send("GET", "/account", nil).StatusCode == http.StatusSeeOther
}

// hears asks for the first byte of a track that is for members.
func (v *visitor) hears(status int) {
	v.t.Helper()
	text(v.t, v.send("GET", "/t/"+v.club.closed+"-01.webm", nil, "Range", "bytes=0-0"), status)
}

// TestStayEnds shows when a session is over: after two idle hours, after twelve in all, and at logging out, for
// whoever holds the cookie.
func TestStayEnds(t *testing.T) {
	c, now := clockClub(t)
	v := c.visitor(t)
	account := v.join()
	now.add(2*time.Hour - time.Second)
	if v.isOut() {
		t.Error("out before two idle hours")
	}
	now.add(2 * time.Hour)
	if !v.isOut() {
		t.Error("still in after two idle hours")
	}
	v.post("/login", "account", account)
	for range 11 {
		now.add(time.Hour)
		if v.isOut() {
			t.Fatal("out although it was never idle")
		}
	}
	now.add(time.Hour)
	if !v.isOut() {
		t.Error("still in after twelve hours")
	}
	v.post("/login", "account", account)
	thief := *v
	v.send("POST", "/logout", url.Values{})
	if !thief.isOut() {
		t.Error("the cookie still opens the account after logging out")
	}
	for _, path := range []string{"/account/redeem", "/my/queue/add", "/account/delete"} {
		if r := thief.send("POST", path, values("voucher", newCode(t).String(), "confirm", "delete")); r.StatusCode != 403 {
			t.Errorf("%s with a cookie of before: status %d", path, r.StatusCode)
		}
	}
	if n, seats := c.Stays(); n != 0 || seats != 0 {
		t.Errorf("%d sessions and %d seats are left", n, seats)
	}
}

// TestCookies looks at the cookies themselves, and plants one beforehand.
func TestCookies(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	account := v.join()
	planted := v.cookie
	r := v.send("POST", "/login", values("account", account))
	cookies := r.Cookies()
	if len(cookies) != 2 {
		t.Fatalf("%d cookies: %v", len(cookies), cookies)
	}
	for _, k := range cookies {
		secure := k.Name == "__Host-s"
		if !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" || k.MaxAge != 0 || !k.Expires.IsZero() || k.Secure != secure || len(k.Value) != 43 {
			t.Errorf("cookie %v", k)
		}
		if k.Name+"="+k.Value == planted {
			t.Error("the cookie of before is that of now: whoever planted it is logged in")
		}
	}
	fixed := &visitor{t: t, club: c, cookie: planted, lang: "en"}
	if !fixed.isOut() {
		t.Error("the cookie of before still opens something")
	}
	for _, value := range []string{"", "A", strings.Repeat("A", 43), strings.Repeat("A", 4000), "../../x", "\"", "%00"} {
		fixed.cookie = "s=" + value + "; __Host-s=" + value
		if !fixed.isOut() {
			t.Errorf("cookie %q opens something", value)
		}
	}
	// A planted plain cookie does not take the place of the one that no other host can set.
	_, value, _ := strings.Cut(v.cookie, "=")
	other := c.visitor(t)
	other.join()
	own := &visitor{t: t, club: c, cookie: other.cookie + "; __Host-s=" + value, lang: "en"}
	if page := own.get("/account"); strings.Contains(page, codePattern.FindString(other.get("/account"))) {
		t.Error("the plain cookie wins")
	}
	for _, path := range []string{"/", "/account", "/my/month", "/r/" + c.closed, "/search?q=a"} {
		if r := v.send("GET", path, nil); r.Header.Get("Cache-Control") != "no-store" && r.StatusCode == 200 {
			t.Errorf("%s of a member: Cache-Control %q", path, r.Header.Get("Cache-Control"))
		}
	}
}

// hidden are the fields that a page's form sends again.
func hidden(page string) url.Values {
	form := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*hidden[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(page, -1) {
		form.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return form
}

// TestExpiredForms sends forms whose session has ended. Nothing is done and nothing is lost: the same fields come
// back, and with the account code beside them the form does what it was for, once. The browser may have
// dropped the cookie, or still send it.
func TestExpiredForms(t *testing.T) {
	for _, kept := range []bool{true, false} {
		t.Run(fmt.Sprintf("cookie %v", kept), func(t *testing.T) { expiredForms(t, kept) })
	}
}

func expiredForms(t *testing.T, cookieKept bool) {
	c, now := clockClub(t)
	v := c.visitor(t)
	account := v.join()
	_, recipient := recipient(t)
	keys := c.keys[c.period]
	request, _, err := blind.Request(&keys.Pass.PublicKey, c.coop.DB.Charter().Origin, c.period, recipient)
	if err != nil {
		t.Fatal(err)
	}
	track, second := catalog.TrackID(c.closed, 0), catalog.TrackID(c.closed, 1)
	redeemed := c.voucher()
	version := "" // of the month, read when its turn has come
	for _, form := range []struct {
		path  string
		sent  func() []string
		where string // shows what it has done,
		what  string // in these words, once
	}{
		{"/account/redeem", func() []string { return []string{"voucher", redeemed} }, "/account", ">+€8.00<"},
		{"/account/pass", func() []string { return []string{"period", "2026-12", "recipient", recipient} }, "/pass?period=2026-12", recipient},
		{"/account/redeem", func() []string { return []string{"voucher", c.voucher()} }, "/account", ">+€8.00<"},
		{"/account/blind", func() []string { return []string{"request", request} }, "/account", "peerfy-answer-v1.2026-12."},
		{"/my/queue/add", func() []string { return []string{"id", c.closed, "back", "my/queue"} }, "/my/queue", ""},
		{"/my/month", func() []string { return []string{"version", version, "add", "1", "work", track} }, "/my/month", `name="plays.` + track + `"`},
		{"/my/month", func() []string {
			return []string{"version", version, "save", "1", "plays." + track, "7", "plays." + second, "3"}
		}, "/my/month", `value="7"`},
	} {
		v.post("/login", "account", account)
		if strings.HasPrefix(form.path, "/my/month") {
			version = between(v.get("/my/month"), `name="version" value="`, `"`)
		}
		before := v.get("/account")
		now.add(2 * time.Hour)
		if !cookieKept {
			v.cookie = ""
		}
		sent := values(form.sent()...)
		page := text(t, v.send("POST", form.path, sent), 403)
		back := hidden(page)
		for name, value := range sent {
			if strings.Join(back[name], "\x00") != strings.Join(value, "\x00") {
				t.Fatalf("%s: field %s came back as %q, was %q: %s", form.path, name, back[name], value, page)
			}
		}
		// A wrong code brings it back again, a mistyped one too.
		for _, wrong := range []string{newCode(t).String(), mistype(account)} {
			back.Set("account", wrong)
			again := hidden(text(t, v.send("POST", form.path, back), 403))
			if again.Encode() != sent.Encode() {
				t.Errorf("%s: after a wrong code %q came back, was %q", form.path, again, sent)
			}
		}
		back.Set("account", account)
		r := v.send("POST", form.path, back)
		if r.StatusCode != 303 {
			t.Fatalf("%s with the account code: status %d: %s", form.path, r.StatusCode, bodyOf(t, r))
		}
		if got := v.get(form.where); form.what != "" && !strings.Contains(got, form.what) {
			t.Errorf("%s has not done it (%s): %s", form.path, form.what, got)
		}
		if form.where == "/account" && v.get("/account") == before {
			t.Errorf("%s has changed nothing", form.path)
		}
		v.send("POST", form.path, back) // pressed twice
	}
	if in, held := c.worth(t); in != 24_00 || held != 8_00 {
		t.Errorf("%v came in and %v is held: 24.00 and 8.00 were to be", in, held)
	}
	if n, err := c.members.Sales(c.period); err != nil || n != 2 {
		t.Errorf("%d passes are sold (%v): one and a blind one were to be", n, err)
	}
	c.conserved(t)
}

// TestExpiredUpload shows where a file leads whose session has ended: to the log-in, and from there to the form,
// not to an address that only takes forms.
func TestExpiredUpload(t *testing.T) {
	c, now := clockClub(t)
	v, account, _ := c.member(t)
	now.add(2 * time.Hour)
	r := v.upload(upload("text", "", "#EXTM3U\n"))
	next, err := url.Parse(r.Header.Get("Location"))
	if err != nil || r.StatusCode != 303 || next.Query().Get("next") == "" {
		t.Fatalf("status %d, to %q", r.StatusCode, r.Header.Get("Location"))
	}
	wants(t, v.post("/login", "account", account, "next", next.Query().Get("next")), `action="../my/library/open"`)
}

// TestMonthsEdge lets a session stay over the end of its month: the pass opens nothing any more, every page says so,
// and none breaks.
func TestMonthsEdge(t *testing.T) {
	c, now := clockClub(t)
	now.set(time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC))
	v, account, list := c.member(t)
	v.hears(206)
	now.add(time.Hour)
	for _, a := range c.Addresses() {
		path := strings.NewReplacer("/my/list/{id}", "/my/list/"+list, "{id}", c.closed, "{track}", c.closed+"-01").Replace(a.Pattern)
		if a.Get && !strings.Contains(path, "{") {
			if r := v.send("GET", path, nil, "Range", "bytes=0-0"); r.StatusCode >= 500 {
				t.Errorf("GET %s: status %d", path, r.StatusCode)
			}
		}
	}
	for path, fields := range memberForms(c, list) {
		if path == "/logout" || path == "/my/library/import" || path == "/join" {
			continue
		}
		if r := v.send("POST", path, values(fields...)); r.StatusCode >= 500 {
			t.Errorf("POST %s: status %d", path, r.StatusCode)
		}
	}
	v.hears(403)
	text(t, v.send("GET", "/r/"+c.closed+".zip", nil), 403)
	if strings.Contains(c.log.String(), "panic") {
		t.Error("a handler panicked")
	}
	// The new month can be taken in the same session.
	c.period = "2027-01"
	c.open(t, c.period)
	v.post("/account/redeem", "voucher", c.voucher())
	v.takes()
	v.hears(206)
	if page := c.visitor(t).post("/login", "account", account); !strings.Contains(page, "January 2027") {
		t.Errorf("the account's page: %s", page)
	}
}

// TestEndedMonth ends a month's pass key by a charter, as after a theft: its passes open nothing, and the accounts
// that hold one can still be used.
func TestEndedMonth(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	account := v.join()
	mine := v.takes()
	charter := *c.coop.DB.Charter()
	charter.Succession = &catalog.Succession{OldKey: charter.Keys.Log, Size: c.coop.DB.Size(), EndsEarly: []string{c.period.String()}}
	root, err := c.coop.DB.RootAt(c.coop.DB.Size())
	if err != nil {
		t.Fatal(err)
	}
	charter.Succession.Root = catalog.Hash(root)
	if _, err := c.coop.Append("charter", charter, c.coop.Keys.Root); err != nil {
		t.Skipf("no such charter can be made here: %v", err)
	}
	other := c.visitor(t)
	other.said(403, "/login", []string{"pass", mine}, "No account and no pass")
	wants(t, other.post("/login", "account", account), "€0.00")
	other.hears(403)
}

// hostileIDs are what somebody might write in the place of an id.
func hostileIDs(c *club, theirs string) []string {
	return []string{theirs, "aaaaaaaa", "AAAAAAAA", "..", "%2e%2e", "'", "1", "-1", "0", "*", "%00", strings.Repeat("a", 300), c.closed, "null", "undefined", "%ff", "a%2fb"}
}

// TestEverybodyElse is the matrix: every address of the members' part, for a stranger, for another member and for a
// session that has ended, with ids of the member's and hostile ones. Nothing of the member's may come.
func TestEverybodyElse(t *testing.T) {
	c, now := clockClub(t)
	c.sell(t, 20)
	v, account, list := c.member(t)
	v.post("/my/list/add", "id", c.closed, "list", list)
	v.post("/my/list/"+list, "rename", "1", "name", "For the night")
	v.post("/my/queue/add", "id", c.film)
	pass := v.get("/pass")
	secrets := []string{account, between(pass, "owner ", "\n"), between(pass, "peerfy-pass-v1.2026-12.", "\n"), between(pass, "recipient age", "\n"),
		codePattern.FindString(v.get("/my/library")), strings.SplitN(v.cookie, "=", 2)[1], "For the night"}
	ended, _, _ := c.member(t)
	another, _, _ := c.member(t)
	now.add(time.Hour)
	v.get("/account")
	another.get("/account")
	now.add(time.Hour)
	mine := v.get("/account") + v.get("/my/library") + v.get("/my/month") + v.get("/my/list/"+list) + v.get("/my/queue")
	for who, u := range map[string]*visitor{"stranger": c.visitor(t), "another member": another, "ended": ended} {
		for _, id := range hostileIDs(c, list) {
			c.everyAddress(t, who, u, id, secrets)
		}
	}
	if got := v.get("/account") + v.get("/my/library") + v.get("/my/month") + v.get("/my/list/"+list) + v.get("/my/queue"); got != mine {
		t.Error("somebody else has changed something of the member's")
	}
	if strings.Contains(c.log.String(), "level=ERROR") {
		t.Errorf("an error was logged: %.2000s", c.log)
	}
}

func (c *club) everyAddress(t *testing.T, who string, u *visitor, id string, secrets []string) {
	t.Helper()
	see := func(method, path string, form url.Values) {
		if _, err := url.ParseRequestURI(path); err != nil {
			return // no request of HTTP
		}
		r, cookie := u.send(method, path, form, "Range", "bytes=0-0"), u.cookie
		body := wire(t, r)
		for i, s := range secrets {
			if s != "" && strings.Contains(body, s) {
				t.Errorf("%s, %s %s: secret %d of the member: %s", who, method, path, i, body)
			}
		}
		closed := strings.HasPrefix(path, "/account") || strings.HasPrefix(path, "/my/") || strings.HasPrefix(path, "/pass")
		if closed && r.StatusCode == 200 && who != "another member" || r.StatusCode >= 500 {
			t.Errorf("%s, %s %s: status %d", who, method, path, r.StatusCode)
		}
		u.cookie = cookie
	}
	for _, a := range c.Addresses() {
		if !strings.HasPrefix(a.Pattern, "/account") && !strings.HasPrefix(a.Pattern, "/my/") && !strings.HasPrefix(a.Pattern, "/pass") {
			continue
		}
		path := strings.Replace(a.Pattern, "{id}", id, 1)
		if a.Get {
			see("GET", path, nil)
			see("GET", path+"?period="+id+"&page="+id+"&id="+id+"&account="+id, nil)
		}
		if a.Post && a.Pattern != "/account/delete" && a.Pattern != "/my/library/delete" && a.Pattern != "/my/library/new" {
			see("POST", path, values("id", id, "list", id, "period", id, "code", id, "owner", id, "version", id, "track", id, "slug", id, "delete", "1", "back", id))
		}
	}
	for _, path := range []string{"/t/" + c.closed + "-01.webm", "/r/" + c.closed + ".zip", "/r/" + c.closed + ".torrent", "/r/" + c.closed + "/album.webm"} {
		if r := u.send("HEAD", path, nil); r.StatusCode != 403 && who != "another member" {
			t.Errorf("%s, %s: status %d, want 403", who, path, r.StatusCode)
		}
	}
}

// TestClockGoesBack sets the clock back before what the log has seen: nothing is sold, the page says so, and what
// was bought goes on.
func TestClockGoesBack(t *testing.T) {
	c, now := clockClub(t)
	v := c.visitor(t)
	v.join()
	other := c.visitor(t)
	account := other.join()
	other.takes()
	for _, edge := range []struct {
		what      string
		seen, now time.Time
	}{
		{"two days", time.Date(2026, 12, 12, 12, 0, 0, 0, time.UTC), time.Date(2026, 12, 10, 12, 0, 0, 0, time.UTC)},
		{"an hour, over a month's edge", time.Date(2027, 1, 1, 0, 30, 0, 0, time.UTC), time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)},
		{"a year", time.Date(2027, 12, 1, 0, 30, 0, 0, time.UTC), time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)},
	} {
		now.set(edge.now)
		c.freshen(t, edge.seen)
		v.cookie = ""
		account := v.join()
		wants(t, v.get("/account"), "clock has gone astray")
		_, r := recipient(t)
		v.said(422, "/account/pass", []string{"period", "2026-12", "recipient", r}, "clock has gone astray")
		request, _, err := blind.Request(&c.keys["2026-12"].Pass.PublicKey, c.coop.DB.Charter().Origin, "2026-12", r)
		if err != nil {
			t.Fatal(err)
		}
		v.said(422, "/account/blind", []string{"request", request}, "clock has gone astray")
		if n, err := c.members.Sales("2026-12"); err != nil || n != 1 {
			t.Errorf("%s: %d passes are sold (%v), there was 1", edge.what, n, err)
		}
		v.post("/login", "account", account)
	}
	other.post("/login", "account", account)
	other.hears(206)
}

// paused is a browser that takes an answer up to its n-th piece and then no more, until it is told.
type paused struct {
	*httptest.ResponseRecorder
	n         int
	began, on chan struct{}
}

func (p *paused) Write(b []byte) (int, error) {
	if p.n--; p.n == 0 {
		close(p.began)
		<-p.on
	}
	return p.ResponseRecorder.Write(b)
}

// stream asks for something to hear, and returns when its n-th piece is on the way.
func (v *visitor) stream(path string, n int) (p *paused, done *sync.WaitGroup) {
	p = &paused{ResponseRecorder: httptest.NewRecorder(), n: n, began: make(chan struct{}), on: make(chan struct{})}
	r := httptest.NewRequest("GET", path, nil)
	r.Host, r.RequestURI = onion, path
	r.Header.Set("Cookie", v.cookie)
	done = new(sync.WaitGroup)
	done.Go(func() { v.club.ServeHTTP(p, r) })
	<-p.began
	return p, done
}

// TestLoggedOutWhileListening logs out while an album runs, and in again, downloads something and corrects the month, and
// only then takes the rest: what that counts must not put an older month in the place of the newer.
func TestLoggedOutWhileListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClub(t)
		v := c.visitor(t)
		account := v.join()
		v.takes()
		p, done := v.stream("/r/"+c.closed+"/album.webm", 2) // its first track is delivered whole
		v.send("POST", "/logout", url.Values{})
		v.post("/login", "account", account)
		text(t, v.send("GET", "/r/"+c.film+".zip", nil), 200)
		version := between(v.get("/my/month"), `name="version" value="`, `"`)
		v.post("/my/month", "version", version, "add", "1", "work", catalog.TrackID(c.album, 1))
		close(p.on)
		done.Wait()
		time.Sleep(2 * time.Minute)
		v.send("POST", "/logout", url.Values{})
		v.post("/login", "account", account)
		wants(t, v.get("/my/month"), `name="plays.`+catalog.TrackID(c.album, 1), "downloads."+c.film,
			`name="plays.`+catalog.TrackID(c.closed, 0), `name="plays.`+catalog.TrackID(c.closed, 1))
		v.send("POST", "/logout", url.Values{})
		if n, seats := c.Stays(); n != 0 || seats != 0 {
			t.Errorf("%d sessions and %d seats are left", n, seats)
		}
	})
}

// TestLoggedOutMeanwhile logs in and out while other requests of the same browser are under way. No page breaks.
func TestLoggedOutMeanwhile(t *testing.T) {
	c := newClub(t)
	v, account, list := c.member(t)
	mine := between(v.get("/pass"), "recipient ", "\n")
	paths := []string{"/account", "/pass", "/my/month", "/my/month.csv", "/my/library", "/my/queue", "/my/queue.opus", "/my/list/" + list, "/r/" + c.closed, "/my/receipts"}
	var done sync.WaitGroup
	stop := make(chan struct{})
	cookies := make(chan string, 1000)
	for range 3 {
		cookie := v.cookie
		done.Go(func() {
			for i := 0; ; i++ {
				select {
				case cookie = <-cookies:
				case <-stop:
					return
				default:
				}
				u := &visitor{t: t, club: c, cookie: cookie, lang: "en"}
				if r := u.send("GET", paths[i%len(paths)], nil, "Range", "bytes=0-0"); r.StatusCode >= 500 {
					t.Errorf("%s: status %d", paths[i%len(paths)], r.StatusCode)
				}
				if r := u.send("POST", "/account/kept", url.Values{}); r.StatusCode >= 500 {
					t.Errorf("account/kept: status %d", r.StatusCode)
				}
				if r := u.send("POST", "/account/pass", values("period", "2026-12", "recipient", mine)); r.StatusCode >= 500 {
					t.Errorf("account/pass: status %d", r.StatusCode)
				}
			}
		})
	}
	for range 60 {
		v.send("POST", "/login", values("account", account))
		for range 3 {
			cookies <- v.cookie
		}
		v.send("POST", "/logout", url.Values{})
	}
	close(stop)
	done.Wait()
	if n, seats := c.Stays(); n != 0 || seats != 0 {
		t.Errorf("%d sessions and %d seats are left", n, seats)
	}
	if strings.Contains(c.log.String(), "panic") {
		t.Errorf("a handler panicked: %.3000s", c.log)
	}
}

// TestCrowded fills the room for sessions, first by one member, then by many: nobody's voucher is lost by it.
func TestCrowded(t *testing.T) {
	c := newClub(t)
	greedy := c.visitor(t)
	account := greedy.join()
	greedy.takes()
	for range site.MaxSessions + 10 {
		greedy.cookie = ""
		if r := greedy.send("POST", "/login", values("account", account)); r.StatusCode != 303 {
			t.Fatalf("the member's own log-in: status %d", r.StatusCode)
		}
	}
	v := c.visitor(t)
	v.join() // one member cannot fill the house
	if n, _ := c.Stays(); n > site.MaxSessions/10 {
		t.Errorf("one member holds %d sessions", n)
	}
	if greedy.isOut() {
		t.Error("the latest session of a member is closed")
	}
}

// TestFullHouse refuses a newcomer for want of room. The voucher is still good.
func TestFullHouse(t *testing.T) {
	c := newClub(t)
	c.FillSessions()
	voucher := c.voucher()
	v := c.visitor(t)
	if r := v.send("POST", "/join", values("voucher", voucher)); r.StatusCode != 503 && r.StatusCode != 429 {
		t.Fatalf("status %d", r.StatusCode)
	}
	if in, _ := c.worth(t); in != 0 {
		t.Errorf("%v came in although nobody got the account", in)
	}
	if strings.Contains(c.log.String(), "level=ERROR") {
		t.Error("a full house is logged as an error, each time: whoever fills it fills the disk")
	}
	c.conserved(t)
}

// TestJoinTwice loses the answer to joining, as a broken circuit does, and sends the form again: the voucher's
// credit is not lost.
func TestJoinTwice(t *testing.T) {
	c := newClub(t)
	voucher := c.voucher()
	c.visitor(t).send("POST", "/join", values("voucher", voucher)) // the answer does not arrive
	v := c.visitor(t)
	page := v.post("/join", "voucher", voucher)
	code := codePattern.FindString(page)
	wants(t, page, "€8.00", code)
	v.post("/account/kept")
	wants(t, c.visitor(t).post("/login", "account", code), "+€8.00")
	c.visitor(t).said(422, "/join", []string{"voucher", voucher}, "redeemed already") // now it is kept
	if in, held := c.worth(t); in != 800 || held != 800 {
		t.Errorf("%v came in, %v is held", in, held)
	}
	c.conserved(t)
}

// TestBlindPass lets a blind pass listen, and shows that the host's file says nothing of its owner.
func TestBlindPass(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	v.join()
	_, r := recipient(t)
	request, secret, err := blind.Request(&c.keys[c.period].Pass.PublicKey, c.coop.DB.Charter().Origin, c.period, r)
	if err != nil {
		t.Fatal(err)
	}
	answer := regexp.MustCompile(`peerfy-answer-v1\.[\w.-]+`).FindString(v.post("/account/blind", "request", request))
	p, err := blind.Finish(secret, answer)
	if err != nil {
		t.Fatal(err)
	}
	listener := c.visitor(t)
	listener.post("/login", "pass", pass.Format(p))
	listener.hears(206)
	if r := listener.send("GET", "/account", nil); r.StatusCode != 303 {
		t.Errorf("a pass opens an account: status %d", r.StatusCode)
	}
	// Without the owner word, which a mirror never sees, the month cannot be corrected.
	version := between(listener.get("/my/month"), `name="version" value="`, `"`)
	listener.said(422, "/my/month", []string{"version", version, "add", "1", "work", c.closed, "owner", newCode(t).String()}, "not the owner word")
	listener.post("/my/month", "version", version, "add", "1", "work", c.closed, "owner", p.Owner.String())
}
