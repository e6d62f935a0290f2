package site_test

import (
	"bytes"
	"fmt"
	"net/http"
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
	member.post("/account/kept")
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
