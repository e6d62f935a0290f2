package site_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty/till"
)

// The page that answers a form has a link to the other language like every page, and it leads to a page: the address
// of the form itself answers only forms.
func TestSwitchAfterForm(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	v.join()
	v.takes()
	for path, form := range map[string]url.Values{
		"/account/redeem": values("voucher", "x"), "/account/pass": values("period", "x"), "/account/blind": values("request", "x"),
		"/account/delete": values("confirm", "x"), "/pass/recipient": values("recipient", "x"), "/my/library/open": values("code", "x"),
		"/my/list/new": values("name", ""), "/my/queue": values("save", "yes", "name", ""), "/my/month": values("add", "yes"),
	} {
		v.switches(path, form)
	}
	v.switches("/en/logout", values())
}

// switches sends a form and follows the answer's link to French.
func (v *visitor) switches(path string, form url.Values) {
	v.t.Helper()
	resp := v.send("POST", path, form)
	page := text(v.t, resp, resp.StatusCode)
	link := regexp.MustCompile(`href="([^"]*)"[^>]*hreflang="fr"`).FindStringSubmatch(page)
	if link == nil {
		v.t.Fatalf("%s: no link to French: %s", path, page)
	}
	to, err := url.Parse("http://" + onion + path)
	if err == nil {
		to, err = to.Parse(link[1])
	}
	if err != nil {
		v.t.Fatal(err)
	}
	if got := v.send("GET", to.RequestURI(), nil).StatusCode; got != 200 {
		v.t.Errorf("%s: the link to French leads to %s, status %d", path, to.RequestURI(), got)
	}
}

// A browser such as Tor Browser resumes a download without the cookie that it began with: the address is enough, for
// this release and this month.
func TestResumeWithoutCookie(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	v.join()
	v.takes()
	links := regexp.MustCompile(`href="\.\./(r/[^"]*token=[^"]*)"`).FindAllStringSubmatch(v.get("/r/"+c.closed), -1)
	if len(links) < 2 { // the zip, and each master
		t.Fatalf("the member's page has the links %q", links)
	}
	another := till.NewToken(c.keys[c.period].Token, c.film, time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC))
	for _, link := range links {
		path := "/" + link[1]
		whole := text(t, v.send("GET", path, nil), 200)
		someone := c.visitor(t)
		if rest := text(t, someone.send("GET", path, nil, "Range", "bytes=10-"), 206); rest != whole[10:] {
			t.Errorf("%s: the rest is not the rest", path)
		}
		plain, _, _ := strings.Cut(path, "?")
		for _, other := range []string{plain, path[:len(path)-1], plain + "?token=" + c.closed, plain + "?token=" + another} {
			text(t, someone.send("GET", other, nil), 403)
		}
	}
}

// Whichever button is pressed, or the key Enter, a number that was changed and a work that was named are both kept; the
// address of a player names the track that it plays.
func TestMonthFormKeepsAll(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	v.join()
	v.takes()
	version := func(page string) string {
		return regexp.MustCompile(`name="version" value="([^"]*)"`).FindStringSubmatch(page)[1]
	}
	page := v.get("/my/month")
	if strings.Contains(page, `name="save"`) {
		t.Error("there are numbers to save where nothing is counted")
	}
	page = v.post("/my/month", "version", version(page), "work", "http://"+onion+"/fr/r/"+c.album+"/play?track=2", "save", "yes")
	wants(t, page, `name="plays.`+c.album+`-02"`, "Added: ")
	page = v.post("/my/month", "version", version(page), "plays."+c.album+"-02", "4", "work", c.album, "add", "yes")
	wants(t, page, `name="plays.`+c.album+`-02"`, `value="4"`, `name="downloads.`+c.album+`"`, "· album")
}
