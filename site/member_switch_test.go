package site_test

import (
	"net/url"
	"regexp"
	"testing"
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
