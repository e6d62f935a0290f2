package site_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
)

// TestLibraryKeepsAList: a library outlives the session that made it, under its own code alone.
func TestLibraryKeepsAList(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	v.join()
	v.takes()
	code := codePattern.FindString(v.post("/my/library/new"))
	if code == "" {
		t.Fatal("no library code is shown")
	}
	v.post("/my/list/new", "name", "Pour la nuit")
	page := v.get("/my/library")
	list := regexp.MustCompile(`my/list/[a-z2-7]+`).FindString(page)
	v.post("/my/list/add", "id", c.album, "list", strings.TrimPrefix(list, "my/list/"), "back", "r/"+c.album)
	v.post("/my/list/add", "id", catalog.TrackID(c.closed, 0), "list", strings.TrimPrefix(list, "my/list/"))
	wants(t, v.get("/"+list), "Pour la nuit", "t3", c.closed)
	v.post("/my/follow", "slug", "les-veilleurs")
	wants(t, v.get("/my/library"), "Les Veilleurs")

	other := c.visitor(t)
	other.join()
	if page := other.get("/my/library"); strings.Contains(page, "Pour la nuit") {
		t.Error("another session sees the list without the code")
	}
	wants(t, other.post("/my/library/open", "code", code), "Pour la nuit", "Les Veilleurs")
	wants(t, other.post("/"+list, "rename", "yes", "name", "Pour le jour"), "Pour le jour")
	text(t, other.send("GET", "/"+list, nil), 200)
	other.post("/my/library/close")
	text(t, other.send("GET", "/"+list, nil), 404)
}

// TestListForAPlayer: the addresses of an exported list play without a cookie, of their release alone, and are
// counted when they are taken.
func TestListForAPlayer(t *testing.T) {
	c := newClub(t)
	v := c.visitor(t)
	v.join()
	v.takes()
	v.post("/my/library/new")
	v.post("/my/list/add", "id", c.closed, "list", "new")
	list := regexp.MustCompile(`my/list/[a-z2-7]+`).FindString(v.get("/my/library"))
	m3u := text(t, v.send("GET", "/"+list+".m3u8", nil), 200)
	at := regexp.MustCompile(`http://[^\n]+`).FindString(m3u)
	u, err := url.Parse(at)
	if err != nil || u.Host != onion {
		t.Fatalf("no address of this site in the list: %s", m3u)
	}
	text(t, c.visitor(t).send("GET", u.RequestURI(), nil), 200)
	text(t, c.visitor(t).send("GET", strings.Replace(u.RequestURI(), "-01.webm", "-01.webm", 1)+"x", nil), 403)
	text(t, c.visitor(t).send("GET", u.Path, nil), 403)
	wants(t, v.get("/my/month"), "Fermé", "downloads."+c.closed)
	for _, ending := range []string{".xspf", ".json"} {
		wants(t, text(t, v.send("GET", "/"+list+ending, nil), 200), catalog.TrackID(c.closed, 0))
	}
	wants(t, v.post("/my/queue/add", "id", c.closed), c.closed)
	if resp := v.send("GET", "/my/queue.opus", nil, "Range", "bytes=0-0"); resp.StatusCode != 404 && resp.StatusCode != 206 {
		t.Errorf("the queue's stream: status %d", resp.StatusCode)
	}
}
