package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
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

// TestMonthsEdge lets a session stay over the end of its month: the pass opens nothing any more, every page says so,
// and none breaks.
func TestMonthsEdge(t *testing.T) {
	c, now := clockClub(t)
	now.set(time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC))
	v, account, list := c.member(t)
	byPass := c.visitor(t)
	byPass.post("/login", "pass", regexp.MustCompile(`peerfy-pass-v1\.[\w.-]+`).FindString(v.get("/pass")))
	v.hears(206)
	byPass.hears(206)
	now.add(time.Hour)
	byPass.hears(403)
	wants(t, byPass.get("/my/month"), "December 2026") // to be corrected, for four days
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

// TestJoinAcrossARestart stops the site after a voucher was redeemed and before its owner saw the account's code.
func TestJoinAcrossARestart(t *testing.T) {
	c := newClub(t)
	voucher := c.voucher()
	code := between(c.visitor(t).get("/join"), `name="code" value="`, `"`)
	c.visitor(t).send("POST", "/join", values("voucher", voucher, "code", code))
	c.Site = newSite(t, c.shop, func(cfg *site.Config) {
		cfg.Members, cfg.HostKey = c.members, [32]byte{7}
		cfg.Now = func() time.Time { return time.Date(2026, 12, 10, 12, 0, 0, 0, time.UTC) }
	})
	c.visitor(t).said(422, "/join", []string{"voucher", voucher}, "redeemed already") // who only has the voucher gets nothing
	wants(t, c.visitor(t).post("/join", "voucher", voucher, "code", code), "€8.00")
	if in, held := c.worth(t); in != 800 || held != 800 {
		t.Errorf("%v came in, %v is held", in, held)
	}
	c.conserved(t)
}

// TestCorrectedInJanuary corrects December until the end of the 4th, with the account and with the pass; the pass
// opens no music any more.
func TestCorrectedInJanuary(t *testing.T) {
	c, now := clockClub(t)
	v := c.visitor(t)
	code := v.join()
	v.post("/account/kept")
	pass := v.takes()
	v.hears(206)
	now.set(time.Date(2027, 1, 4, 23, 59, 0, 0, time.UTC))
	for _, fields := range [][]string{{"account", code}, {"pass", pass, "next", "my/month"}} {
		late := c.visitor(t)
		late.post("/login", fields...)
		wants(t, late.get("/my/month"), "December 2026")
		late.hears(403)
	}
	late := c.visitor(t)
	late.post("/login", "account", code)
	version := between(late.get("/my/month"), `name="version" value="`, `"`)
	late.post("/my/month", "version", version, "add", "yes", "work", c.closed)
	wants(t, late.get("/my/month"), c.closed)
	now.set(time.Date(2027, 1, 5, 0, 0, 0, 0, time.UTC))
	if r := late.send("GET", "/my/month", nil); r.StatusCode != http.StatusSeeOther {
		t.Errorf("after the 4th: status %d", r.StatusCode)
	}
}

// TestBoughtAhead takes January in December: its receipt goes to the recipient that was given then.
func TestBoughtAhead(t *testing.T) {
	c, now := clockClub(t)
	c.open(t, "2027-01")
	v := c.visitor(t)
	code := v.join()
	v.post("/account/kept")
	_, r := recipient(t)
	v.post("/account/pass", "period", "2027-01", "recipient", r)
	now.set(time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC))
	later := c.visitor(t)
	later.post("/login", "account", code)
	later.hears(206)
	if page := later.get("/pass"); strings.Contains(page, "pass/recipient") {
		t.Error("the site asks for the recipient that it was given")
	}
}

// TestTwoBlindRequests shows to each request its own answer, and an old one again for nothing.
func TestTwoBlindRequests(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	v.join()
	v.post("/account/redeem", "voucher", c.voucher())
	key, origin := &c.keys[c.period].Pass.PublicKey, c.coop.DB.Charter().Origin
	answers := regexp.MustCompile(`peerfy-answer-v1\.[\w.-]+`)
	for range 2 {
		_, r := recipient(t)
		request, secret, err := blind.Request(key, origin, c.period, r)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := blind.Finish(secret, answers.FindString(v.post("/account/blind", "request", request))); err != nil {
				t.Error(err)
			}
		}
	}
	if _, held := c.worth(t); held != 0 {
		t.Errorf("two months and two repeats left %v of 16.00", held)
	}
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
