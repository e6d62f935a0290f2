package site_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"p2p.legal/peerfy/site"
)

func post(s *shop, form url.Values, header ...string) (status int, page string) {
	header = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)
	r := doBody(s, "POST", "/notice", strings.NewReader(form.Encode()), header...)
	b := new(strings.Builder)
	_, _ = copyAll(b, r.Body)
	return r.StatusCode, b.String()
}

func goodNotice(s *shop) url.Values {
	return url.Values{
		"url": {"http://" + onion + "/r/" + s.album}, "reason": {"right"}, "text": {"Cette œuvre est la mienne <b>et</b> je n'ai rien signé."},
		"name": {"Ada"}, "contact": {"ada@example.org"}, "goodfaith": {"yes"},
	}
}

// TestNotice sends a notice that is complete: it is sealed, stored and answered with a receipt.
func TestNotice(t *testing.T) {
	s := newShop(t)
	if page := s.get(t, "/notice?url=r%2F"+s.album); !strings.Contains(page, `value="r/`+s.album) && !strings.Contains(page, "r/"+s.album) {
		t.Error("the form does not know the page that it was opened from")
	}
	status, page := post(s, goodNotice(s), "Sec-Fetch-Site", "same-origin")
	if status != 200 {
		t.Fatalf("status %d: %s", status, page)
	}
	kept, err := s.coop.DB.Notices()
	if err != nil || len(kept) != 1 || string(kept[0].Sealed) != "sealed" || !strings.Contains(page, kept[0].Receipt) {
		t.Errorf("stored %v (%v), and the page must show the receipt", kept, err)
	}
	var sealed map[string]any
	if err := json.Unmarshal([]byte(s.sealed.String()), &sealed); err != nil || sealed["name"] != "Ada" || sealed["good_faith"] != true || sealed["day"] != "2026-03-20" {
		t.Errorf("the editor would open %v (%v)", sealed, err)
	}
	if log := s.log.String(); strings.Contains(log, "Ada") || strings.Contains(log, "ada@") || strings.Contains(log, s.album) {
		t.Error("the log holds something of the notice")
	}
}

// TestNoticeRefused: everything missing is named at once, what came is shown again, and nothing is stored.
func TestNoticeRefused(t *testing.T) {
	s := newShop(t)
	status, page := post(s, url.Values{})
	if status != 422 {
		t.Errorf("empty: status %d", status)
	}
	for _, missing := range []string{"the exact address of the page", "what it is about", "why, in your words", "your name", "where the answer can reach you", "the statement of good faith"} {
		if !strings.Contains(page, missing) {
			t.Errorf("empty: %q is not named", missing)
		}
	}
	incomplete := goodNotice(s)
	incomplete.Del("goodfaith")
	incomplete.Set("name", `"><script>x</script>`)
	if status, page = post(s, incomplete); status != 422 || !strings.Contains(page, "je n&#39;ai rien") || strings.Contains(page, "<script>") {
		t.Errorf("incomplete: status %d, or the text is lost, or the name is not escaped", status)
	}
	for name, c := range map[string]struct {
		want   int
		header []string
		change func(url.Values)
	}{
		"from another site": {403, []string{"Sec-Fetch-Site", "cross-site"}, nil},
		"another origin":    {403, []string{"Origin", "http://evil.example"}, nil},
		"a null origin":     {403, []string{"Origin", "null"}, nil},
		"our origin":        {422, []string{"Origin", "http://" + onion}, func(v url.Values) { v.Del("url") }},
		"too large":         {413, nil, func(v url.Values) { v.Set("text", strings.Repeat("a", 161<<10)) }},
		"too long":          {422, nil, func(v url.Values) { v.Set("text", strings.Repeat("a", 10_001)) }},
		"another reason":    {422, nil, func(v url.Values) { v.Set("reason", "dislike") }},
		"multipart":         {422, []string{"Content-Type", "multipart/form-data; boundary=x"}, nil},
	} {
		form := goodNotice(s)
		if c.change != nil {
			c.change(form)
		}
		if status, _ := post(s, form, c.header...); status != c.want {
			t.Errorf("%s: status %d, want %d", name, status, c.want)
		}
	}
	if kept, err := s.coop.DB.Notices(); err != nil || len(kept) != 0 {
		t.Errorf("%d notices are stored (%v)", len(kept), err)
	}
}

// TestNoticeUnstored: when the disk or the seal fails, the sender is told plainly.
func TestNoticeUnstored(t *testing.T) {
	s := newShop(t)
	s.coop.DB.Close()
	if status, page := post(s, goodNotice(s)); status != 503 || strings.Contains(page, "receipt number") {
		t.Errorf("a store that cannot write: status %d", status)
	}
	s = newShop(t, func(c *site.Config) {
		c.SealNotice = func([]byte) ([]byte, error) { return nil, errors.New("no key") }
	})
	if status, _ := post(s, goodNotice(s)); status != 500 {
		t.Errorf("a seal that fails: status %d", status)
	}
	s = newShop(t, func(c *site.Config) { c.SealNotice = nil })
	if status, _ := post(s, goodNotice(s)); status != 503 {
		t.Errorf("a site that cannot seal: status %d", status)
	}
	s.get(t, "/notice")
}
