package site_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
)

// clock is a club's, to be moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) { c.set(c.now().Add(d)) }

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// clockClub is a club whose clock can be moved; it begins on the 10th of December 2026, at noon.
func clockClub(t testing.TB, change ...func(*site.Config)) (*club, *clock) {
	t.Helper()
	now := &clock{at: time.Date(2026, 12, 10, 12, 0, 0, 0, time.UTC)}
	return newClub(t, append(change, func(cfg *site.Config) { cfg.Now = now.now })...), now
}

// said wants a status, and the parts on the page.
func (v *visitor) said(code int, path string, fields []string, parts ...string) string {
	v.t.Helper()
	page := v.page("POST", path, values(fields...), code)
	wants(v.t, page, parts...)
	return page
}

// batch loads a batch of one voucher, and shows it.
func (c *club) batch(t testing.TB, expires time.Time) (id string, v royalty.Code) {
	t.Helper()
	b, codes, err := payment.Issue("test.example/ledger", 1, 800, 1, expires)
	if err == nil {
		_, err = c.members.LoadBatch(store.VoucherBatch{ID: b.ID, Value: b.Value, Hashes: b.Hashes, Expires: expires})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.ID, codes[0]
}

// worth counts the accounts' money: what came in by vouchers, and what is held.
func (c *club) worth(t testing.TB) (in, held royalty.Cents) {
	t.Helper()
	totals, err := c.members.Totals()
	if err != nil {
		t.Fatal(err)
	}
	return totals.In[store.VoucherKind], totals.Held
}

// conserved counts all money again.
func (c *club) conserved(t testing.TB) {
	t.Helper()
	problems, err := c.members.Check(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("the members' file: %v, %v", problems, err)
	}
}

// TestVouchersRefused shows every voucher that is none, on both forms that take one: the reason is told, what
// was typed stays in the field, and nothing is credited.
func TestVouchersRefused(t *testing.T) {
	c, now := clockClub(t)
	used, unknown := c.voucher(), newCode(t).String()
	member := c.visitor(t)
	member.post("/join", "voucher", used)
	voidID, void := c.batch(t, time.Time{})
	if _, err := c.members.VoidBatch(voidID, nil); err != nil {
		t.Fatal(err)
	}
	_, expired := c.batch(t, time.Date(2026, 12, 11, 0, 0, 0, 0, time.UTC))
	now.set(time.Date(2026, 12, 11, 0, 0, 0, 0, time.UTC))
	member.post("/login", "account", member.join()) // the other stay is over
	in, held := c.worth(t)
	for name, v := range map[string]struct{ typed, why string }{
		"unknown":      {unknown, "No voucher of this co-operative"},
		"used":         {used, "redeemed already"},
		"void":         {void.String(), "declared this voucher void"},
		"expired":      {expired.String(), "has expired"},
		"check symbol": {mistype(unknown), "mistyped"},
		"too short":    {unknown[:10], "mistyped"},
		"not a code":   {"<b>'; DROP TABLE vouchers; --", "mistyped"},
		"endless":      {strings.Repeat("7", 9_000), "mistyped"},
		"control":      {"\x00\x01\x1b[2J", "mistyped"},
		"two codes":    {unknown + " " + unknown, "mistyped"},
	} {
		t.Run(name, func(t *testing.T) {
			v.why = strings.ReplaceAll(v.why, "'", "&#39;")
			stranger := c.visitor(t)
			stranger.said(422, "/join", []string{"voucher", v.typed}, v.why)
			if stranger.cookie != "" {
				t.Error("a refused voucher has made a session")
			}
			page := member.said(422, "/account/redeem", []string{"voucher", v.typed}, v.why)
			if field := `value="` + v.typed + `"`; codePattern.MatchString(v.typed) && !strings.Contains(page, field) {
				t.Errorf("what was typed is not in the field: %s", page)
			}
		})
	}
	if in2, held2 := c.worth(t); in2 != in || held2 != held {
		t.Errorf("%v came in, and %v is held, after refusals only: it was %v and %v", in2, held2, in, held)
	}
	c.conserved(t)
}

// TestVoucherOnce redeems one voucher from many browsers at once, into old accounts and new ones.
func TestVoucherOnce(t *testing.T) {
	c := newClub(t)
	accounts := []*visitor{c.visitor(t), c.visitor(t), c.visitor(t), c.visitor(t)}
	for _, v := range accounts {
		v.join()
	}
	in, _ := c.worth(t)
	voucher := c.voucher()
	var done sync.WaitGroup
	for i := range 16 {
		done.Go(func() {
			if i%2 == 0 {
				accounts[i/2%4].send("POST", "/account/redeem", values("voucher", voucher))
			} else {
				c.visitor(t).send("POST", "/join", values("voucher", voucher))
			}
		})
	}
	done.Wait()
	if now, _ := c.worth(t); now != in+800 {
		t.Errorf("%v came in by one voucher of 8.00", now-in)
	}
	c.conserved(t)
}

func newCode(t testing.TB) royalty.Code {
	t.Helper()
	code, err := royalty.NewCode()
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// mistype is a code with one symbol wrong.
func mistype(code string) string {
	if code[0] == '7' {
		return "8" + code[1:]
	}
	return "7" + code[1:]
}

// TestCodesAsTyped logs in with an account code in every spelling that a hand or a keyboard gives it.
func TestCodesAsTyped(t *testing.T) {
	c := newClub(t)
	var code string
	for !strings.Contains(code, "0") || !strings.Contains(code, "1") { // so that O, I and L have something to stand for
		v := c.visitor(t)
		v.post("/join")
		code = codePattern.FindString(v.get("/account"))
	}
	wide := strings.Map(func(r rune) rune { return r + '！' - '!' }, code)
	for name, typed := range map[string]string{
		"as printed": code, "lower case": strings.ToLower(code), "spaces": "  " + strings.ReplaceAll(code, "-", " \u00a0 ") + "\r\n",
		"O for 0": strings.ReplaceAll(code, "0", "O"), "o for 0": strings.ReplaceAll(code, "0", "o"),
		"l for 1": strings.ReplaceAll(code, "1", "l"), "I for 1": strings.ReplaceAll(code, "1", "I"),
		"full width": wide, "no dashes": strings.ReplaceAll(code, "-", ""), "other dashes": strings.ReplaceAll(code, "-", "–"),
		"wrapped": code[:12] + "\n" + code[12:], "invisible": code[:5] + "\u200b\ufeff" + code[5:],
	} {
		v := c.visitor(t)
		if r := v.send("POST", "/login", values("account", typed)); r.StatusCode != 303 {
			t.Errorf("%s: status %d, want 303", name, r.StatusCode)
		}
		v.get("/account")
	}
	wrong := mistype(code)
	wants(t, c.visitor(t).said(403, "/login", []string{"account", wrong}, "mistyped"), `value="`+wrong+`"`)
}

// refusedProofs are account codes and passes that open nothing, mistyped codes excepted.
func refusedProofs(t *testing.T, c *club, now *clock) map[string][]string {
	t.Helper()
	now.set(time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC))
	c.period = "2026-11"
	c.open(t, c.period)
	v := c.visitor(t)
	v.join()
	old := v.takes()
	now.set(time.Date(2026, 12, 10, 12, 0, 0, 0, time.UTC))
	c.period = "2026-12"
	v = c.visitor(t)
	gone := v.join()
	good := v.takes()
	v.post("/account/delete", "confirm", "delete")
	p, err := pass.ParseFile(good)
	if err != nil {
		t.Fatal(err)
	}
	otherKeys, err := till.New(c.period, "test.example")
	if err != nil {
		t.Fatal(err)
	}
	change := func(edit func(*pass.Pass)) []string {
		q := p
		edit(&q)
		return []string{"pass", pass.Format(q)}
	}
	proofs := map[string][]string{
		"unknown code": {"account", newCode(t).String()}, "another": {"account", newCode(t).String()}, "deleted account": {"account", gone},
		"pass of another month": {"pass", old}, "truncated": {"pass", good[:len(good)-1]}, "half": {"pass", good[:200]},
		"not a pass": {"pass", "let me in"}, "nothing": {}, "only spaces": {"account", "  ", "pass", "\n"},
		"longer":              {"pass", good + "A"},
		"altered recipient":   change(func(q *pass.Pass) { q.RecipientHash[0] ^= 1 }),
		"altered owner":       change(func(q *pass.Pass) { q.OwnerHash[31] ^= 1 }),
		"altered signature":   change(func(q *pass.Pass) { q.Signature[100] ^= 1 }),
		"zero signature":      change(func(q *pass.Pass) { q.Signature = [256]byte{} }),
		"renamed month":       change(func(q *pass.Pass) { q.Period = "2026-11" }),
		"month to come":       change(func(q *pass.Pass) { q.Period = "2027-01" }),
		"month never opened":  change(func(q *pass.Pass) { q.Period = "2031-05" }),
		"another key":         change(func(q *pass.Pass) { q.Signature = signed(t, otherKeys, q.ID(c.coop.DB.Charter().Origin)) }),
		"another's recipient": {"pass", good + "\nrecipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"},
		"another's owner":     {"pass", good + "\nowner " + newCode(t).String()},
		"signed for another origin": change(func(q *pass.Pass) {
			q.Signature = signed(t, c.keys[c.period], q.ID("evil.example/ledger"))
		}),
	}
	if c.visitor(t).send("POST", "/login", values("pass", good)).StatusCode != 303 {
		t.Fatal("the pass that the others were made of is refused too")
	}
	return proofs
}

func signed(t testing.TB, keys *till.Keys, id [32]byte) [256]byte {
	t.Helper()
	sig, err := pass.Sign(keys.Pass, id)
	if err != nil {
		t.Fatal(err)
	}
	return [256]byte(sig)
}

// TestRefusedAlike wants the same answer, byte for byte, for whatever opens nothing: nobody learns from it whether an
// account was there, a month is over or a signature nearly right.
func TestRefusedAlike(t *testing.T) {
	c, now := clockClub(t)
	proofs := refusedProofs(t, c, now)
	for _, way := range []struct {
		path string
		more []string
	}{{"/login", nil}, {"/login", []string{"next", "my/month"}}, {"/fr/login", nil}, {"/my/follow", []string{"slug", "les-veilleurs"}}} {
		want, from := "", ""
		for name, proof := range proofs {
			if way.path == "/my/follow" && strings.TrimSpace(strings.Join(proof, "")) == "" || name == "only spaces" {
				continue // that is a form without a proof, which is asked for one
			}
			r := c.visitor(t).send("POST", way.path, values(append(proof, way.more...)...))
			if got := wire(t, r); want == "" {
				want, from = got, name
			} else if got != want {
				t.Errorf("%s: %s is answered otherwise than %s:\n%s\n%s", way.path, name, from, got, want)
			}
			if r.StatusCode != 403 {
				t.Errorf("%s: %s: status %d, want 403", way.path, name, r.StatusCode)
			}
		}
	}
	if strings.Contains(c.log.String(), "level=ERROR") {
		t.Errorf("a refusal is logged as an error: %s", c.log)
	}
}

// wire is an answer as it goes out.
func wire(t testing.TB, r *http.Response) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Header.Write(&b); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d\n%s\n%s", r.StatusCode, &b, bodyOf(t, r))
}

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
