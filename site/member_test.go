package site_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// club is a shop with memberships: the running month is open, and vouchers are loaded.
type club struct {
	*shop
	members  *store.Members
	period   royalty.Period
	keys     map[royalty.Period]*till.Keys
	identity string // opens what is sealed at the month's close
	vouchers []royalty.Code
}

// newClub opens the doors on the 10th of December 2026, unless change sets another clock.
func newClub(t testing.TB, change ...func(*site.Config)) *club {
	t.Helper()
	c := &club{keys: map[royalty.Period]*till.Keys{}}
	c.shop = newShop(t, append([]func(*site.Config){func(cfg *site.Config) {
		c.members = cfg.Members
		cfg.HostKey = [32]byte{7}
		cfg.Now = func() time.Time { return time.Date(2026, 12, 10, 12, 0, 0, 0, time.UTC) }
		cfg.Month = func(p royalty.Period) (*till.Keys, error) {
			if k := c.keys[p]; k != nil {
				return k, nil
			}
			return nil, till.ErrNone
		}
	}}, change...)...)
	c.period = "2026-12"
	c.open(t, c.period)
	c.sell(t, 20)
	return c
}

// open opens a month, as the host and its treasurer do.
func (c *club) open(t testing.TB, p royalty.Period) {
	t.Helper()
	keys, err := till.New(p, "test.example")
	if err != nil {
		t.Fatal(err)
	}
	identity, closing, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := keys.TillVerifier()
	if err != nil {
		t.Fatal(err)
	}
	until, by, err := catalog.Calendar(p.String())
	if err != nil {
		t.Fatal(err)
	}
	o := catalog.Opening{
		Period: p.String(), PassKey: catalog.PassKey{N: base64.RawURLEncoding.EncodeToString(keys.Pass.N.Bytes()), E: catalog.PassExponent},
		Till: vkey, Closing: closing, Fee: c.coop.DB.Charter().Fee.Cents, SalesUntil: until, StatementBy: by,
	}
	if _, err := c.coop.Append(ledger.KindOpening, o, c.coop.Keys.Treasurer); err != nil {
		t.Fatal(err)
	}
	c.keys[p], c.identity = keys, identity
}

// sell loads a batch of vouchers of one month each.
func (c *club) sell(t testing.TB, n int) {
	t.Helper()
	b, codes, err := payment.Issue("test.example/ledger", 1, 800, n, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.members.LoadBatch(store.VoucherBatch{ID: b.ID, Value: b.Value, Hashes: b.Hashes}); err != nil {
		t.Fatal(err)
	}
	c.vouchers = append(c.vouchers, codes...)
}

// voucher is one that nobody has used.
func (c *club) voucher() string {
	v := c.vouchers[0]
	c.vouchers = c.vouchers[1:]
	return v.String()
}

// visitor is a browser that keeps cookies, as far as a plain one does: those that are not Secure.
type visitor struct {
	t      testing.TB
	club   *club
	cookie string
	secure bool // a Tor-Browser-like one, that keeps the Secure one too
	lang   string
}

func (c *club) visitor(t testing.TB) *visitor { return &visitor{t: t, club: c, lang: "en"} }

// send asks, and keeps the cookie that comes back.
func (v *visitor) send(method, path string, form url.Values, header ...string) *http.Response {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, path, body)
	r.Host, r.RequestURI = onion, path
	r.Header.Set("Accept-Language", v.lang)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://"+onion)
	}
	if v.cookie != "" {
		r.Header.Set("Cookie", v.cookie)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	v.club.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Secure == v.secure {
			v.cookie = c.Name + "=" + c.Value
			if c.MaxAge < 0 {
				v.cookie = ""
			}
		}
	}
	return w.Result()
}

func (v *visitor) get(path string) string { v.t.Helper(); return v.page("GET", path, nil, 200) }

// post sends a form, follows the redirect, and returns the page.
func (v *visitor) post(path string, fields ...string) string {
	v.t.Helper()
	resp := v.send("POST", path, values(fields...))
	if resp.StatusCode == http.StatusSeeOther {
		to, err := url.Parse("http://" + onion + path)
		if err == nil {
			to, err = to.Parse(resp.Header.Get("Location"))
		}
		if err != nil {
			v.t.Fatal(err)
		}
		return v.get(to.RequestURI())
	}
	return text(v.t, resp, 200)
}

func (v *visitor) page(method, path string, form url.Values, code int) string {
	v.t.Helper()
	return text(v.t, v.send(method, path, form), code)
}

func text(t testing.TB, resp *http.Response, code int) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != code {
		t.Fatalf("status %d, want %d: %.2000s", resp.StatusCode, code, b)
	}
	return string(b)
}

func values(fields ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

func wants(t testing.TB, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q: %s", part, page)
		}
	}
}

var codePattern = regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){4}-[0-9A-Z]`)

// join becomes a member with a voucher and answers with the account code.
func (v *visitor) join() string {
	v.t.Helper()
	page := v.post("/join", "voucher", v.club.voucher())
	code := codePattern.FindString(page)
	if code == "" {
		v.t.Fatalf("no account code on the page: %s", page)
	}
	return code
}

// recipient is a fresh age recipient.
func recipient(t testing.TB) (identity, recipient string) {
	t.Helper()
	identity, recipient, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return identity, recipient
}

// takes takes the running month.
func (v *visitor) takes() (pass string) {
	v.t.Helper()
	_, r := recipient(v.t)
	page := v.post("/account/pass", "period", v.club.period.String(), "recipient", r)
	pass = regexp.MustCompile(`peerfy-pass-v1\.[0-9-]+\.[A-Za-z0-9_-]+`).FindString(page)
	if pass == "" {
		v.t.Fatalf("no pass on the page: %s", page)
	}
	return pass
}

// TestFromVoucherToMusic is the whole way of a listener with a voucher bought in cash.
func TestFromVoucherToMusic(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	wants(t, v.get("/join"), "€8.00")
	code := v.join()
	wants(t, v.get("/account"), code, "€8.00")
	if page := v.post("/account/kept"); strings.Contains(page, code) {
		t.Error("the code is shown although it is kept")
	}
	text(t, v.send("GET", "/t/"+c.closed+"-01.webm", nil), 403)
	v.takes()
	text(t, v.send("GET", "/t/"+c.closed+"-01.webm", nil, "Range", "bytes=0-0"), 206)
	text(t, v.send("GET", "/r/"+c.closed+".zip", nil), 200)
	wants(t, v.get("/my/month"), "Fermé")

	// The account code opens the same account, and the same pass, in another browser.
	other := c.visitor(t)
	other.secure = true
	other.post("/login", "account", strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	text(t, other.send("GET", "/t/"+c.closed+"-01.webm", nil, "Range", "bytes=0-0"), 206)

	// Logged out, nothing is left.
	text(t, other.send("POST", "/logout", url.Values{}), 200)
	text(t, other.send("GET", "/t/"+c.closed+"-01.webm", nil), 403)
	if resp := other.send("GET", "/my/month", nil); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("my month after logging out: status %d", resp.StatusCode)
	}
}

// TestPassLogsIn shows that the pass text alone opens the month.
func TestPassLogsIn(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	v.join()
	pass := v.takes()
	other := c.visitor(t)
	other.post("/login", "pass", pass, "next", "my/month")
	text(t, other.send("GET", "/t/"+c.closed+"-01.webm", nil, "Range", "bytes=0-0"), 206)
	wants(t, other.get("/pass"), pass)
	if page := other.get("/pass"); strings.Contains(page, "peerfy/stub") {
		t.Error("a pass from elsewhere shows a stub")
	}
}
