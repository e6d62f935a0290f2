package site_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

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
		if strings.HasPrefix(path, "/my/list/"+id) && r.StatusCode == 200 {
			t.Errorf("%s, %s %s: a list that is not there", who, method, path)
		}
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
		if a.Post && !slices.Contains([]string{"/account/delete", "/my/library/delete", "/my/library/new", "/my/library/close"}, a.Pattern) { // they are the own ones
			see("POST", path, values("id", id, "list", id, "period", id, "code", id, "owner", id, "version", id, "track", id, "slug", id, "delete", "1", "back", id))
		}
	}
	for _, path := range []string{"/t/" + c.closed + "-01.webm", "/r/" + c.closed + ".zip", "/r/" + c.closed + ".torrent", "/r/" + c.closed + "/album.webm"} {
		if r := u.send("HEAD", path, nil); r.StatusCode != 403 && who != "another member" {
			t.Errorf("%s, %s: status %d, want 403", who, path, r.StatusCode)
		}
	}
}
