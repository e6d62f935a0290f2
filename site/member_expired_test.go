package site_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty/pass/blind"
	"p2p.legal/peerfy/store/catalog"
)

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
		if r := v.send("POST", form.path, back); r.StatusCode != 303 && strings.HasPrefix(form.path, "/account") { // pressed twice
			t.Errorf("%s, sent once more: status %d: %s", form.path, r.StatusCode, bodyOf(t, r))
		}
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
