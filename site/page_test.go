package site_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"image/jpeg"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/search"
	"p2p.legal/peerfy/store/storetest"
)

// pagePaths are addresses that answer with a page.
func (s *shop) pagePaths(t testing.TB) []string {
	var pages []string
	for _, p := range s.everyPath() {
		if do(s, "HEAD", p).Header.Get("Content-Type") == "text/html; charset=utf-8" {
			pages = append(pages, p)
		}
	}
	if len(pages) < 20 {
		t.Fatalf("only %d pages", len(pages))
	}
	return pages
}

// TestLanguages: the browser's languages decide, a prefix decides more, and the switch keeps the page.
func TestLanguages(t *testing.T) {
	s := newShop(t)
	lang := func(target string, header ...string) string {
		m := regexp.MustCompile(`<html[^>]* lang="([a-z]+)"`).FindStringSubmatch(s.get(t, target, header...))
		if m == nil {
			t.Fatalf("%s: the page has no language", target)
		}
		return m[1]
	}
	for _, c := range []struct{ target, accept, want string }{
		{"/", "", "en"}, {"/", "fr", "fr"}, {"/", "de, fr;q=0.5, en;q=0.4", "fr"}, {"/", "en-US,en;q=0.5", "en"},
		{"/fr/", "en", "fr"}, {"/en/", "fr", "en"}, {"/fr/about", "", "fr"}, {"/en/r/" + s.album, "fr", "en"},
	} {
		if got := lang(c.target, "Accept-Language", c.accept); got != c.want {
			t.Errorf("%s with %q: %s, want %s", c.target, c.accept, got, c.want)
		}
	}
	for _, p := range s.pagePaths(t) {
		r := do(s, "GET", p)
		if !strings.Contains(r.Header.Get("Vary"), "Accept-Language") && r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Vary is %q", p, r.Header.Get("Vary"))
		}
		for prefix, other := range map[string]string{"": "/fr", "/fr": "/en", "/en": "/fr"} {
			if links := s.links(t, prefix+p); !slices.Contains(links, canonical(other+p)) {
				t.Errorf("%s%s: no switch to %s", prefix, p, canonical(other+p))
			}
		}
	}
	if r := do(s, "GET", "/fr?x=1"); r.StatusCode != http.StatusPermanentRedirect || r.Header.Get("Location") != "/fr/?x=1" {
		t.Errorf("/fr: status %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if r := do(s, "GET", "/about/"); r.StatusCode != http.StatusPermanentRedirect || r.Header.Get("Location") != "/about" {
		t.Errorf("/about/: status %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
}

// canonical leaves out what a page does not need to be asked for again.
func canonical(p string) string { return strings.TrimSuffix(p, "?q=") }

// links are the addresses that a page's elements name, resolved to paths below the host. An address that leads
// elsewhere fails the test.
func (s *shop) links(t testing.TB, target string) []string {
	t.Helper()
	base := strings.SplitN(target, "?", 2)[0]
	dir := base[:strings.LastIndex(base, "/")+1]
	var links []string
	eachElement(t, s.get(t, target), func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key != "href" && a.Key != "src" && a.Key != "poster" && a.Key != "action" {
				continue
			}
			v := strings.SplitN(a.Val, "#", 2)[0]
			if strings.Contains(v, ":") || strings.HasPrefix(v, "/") {
				t.Errorf("%s: <%s %s=%q> is not relative", target, n.Data, a.Key, a.Val)
				continue
			}
			p, query, hasQuery := strings.Cut(v, "?")
			full := base
			if p != "" {
				full = path.Join(dir, p)
				if strings.HasSuffix(p, "/") && full != "/" {
					full += "/"
				}
			}
			if hasQuery {
				full += "?" + query
			}
			links = append(links, full)
		}
	})
	return links
}

func eachElement(t testing.TB, page string, do func(*html.Node)) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			do(n)
		}
	}
}

// TestNoDeadEnds follows every link from the front page, in both languages: each leads to an answer, or to
// one of the honest pages about what opens later.
func TestNoDeadEnds(t *testing.T) {
	s := newShop(t)
	seen := map[string]bool{}
	queue := []string{"/", "/fr/"}
	for len(queue) > 0 {
		target := queue[0]
		queue = queue[1:]
		r := do(s, "HEAD", target)
		if r.StatusCode >= 400 {
			t.Errorf("%s: status %d", target, r.StatusCode)
		}
		if r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			continue
		}
		for _, link := range s.links(t, target) {
			if !seen[link] {
				seen[link] = true
				queue = append(queue, link)
			}
		}
	}
	for _, want := range []string{"/r/" + s.album, "/fr/r/" + s.album + "/play?track=1", "/ledger/checkpoint", "/fr/about/limits", "/fr/notice"} {
		if !seen[want] {
			t.Errorf("no way leads to %s", want)
		}
	}
}

// TestHostileNames puts texts that break pages into titles, names and notes: no page gains an element.
func TestHostileNames(t *testing.T) {
	s := newShop(t)
	publish := func(texts []string) string {
		return s.coop.Add(t, storetest.Work{Title: texts[0], Notes: texts, Tracks: texts[:3], Open: true, Seed: texts[0]})
	}
	elements := func(target string) map[string]int {
		count := map[string]int{}
		eachElement(t, s.get(t, target), func(n *html.Node) { count[n.Data]++ })
		return count
	}
	const group = 10
	plain := publish(strings.Split("abcdefghij", ""))
	want := map[string]map[string]int{}
	for _, page := range []string{"", "/play", "/play?track=all"} {
		want[page] = elements("/r/" + plain + page)
	}
	if err := s.coop.Withdraw(plain, "mistake"); err != nil {
		t.Fatal(err)
	}
	var possible []string
	for _, text := range hostileStrings(t) {
		if catalog.CheckText(text, catalog.MaxName) == nil {
			possible = append(possible, text)
		}
	}
	if len(possible) < 200 {
		t.Fatalf("only %d of the texts can be published", len(possible))
	}
	for texts := range slices.Chunk(possible, group) {
		if len(texts) < group {
			break
		}
		id := publish(texts)
		for page, want := range want {
			if got := elements("/r/" + id + page); !maps.Equal(got, want) {
				t.Errorf("%q on %q: %v, want %v", texts, page, got, want)
			}
		}
		for _, target := range []string{"/", "/fr/browse/all", "/artist/les-tests"} {
			for tag := range elements(target) {
				if slices.Contains([]string{"script", "style", "svg", "iframe", "base", "object"}, tag) {
					t.Errorf("%s: <%s>", target, tag)
				}
			}
		}
		if err := s.coop.Withdraw(id, "mistake"); err != nil { // so that the next stands alone, too
			t.Fatal(err)
		}
	}
	for _, text := range hostileStrings(t) {
		if r := do(s, "GET", "/search?q="+url.QueryEscape(text)); r.StatusCode >= 500 {
			t.Errorf("searching %.40q: status %d", text, r.StatusCode)
		}
	}
}

// TestBudget measures a full listing: at most 3 requests and 100 kB, HTML and CSS at most 25 kB.
func TestBudget(t *testing.T) {
	s := newShop(t)
	s.fill(t, 26)
	for _, target := range []string{"/", "/fr/browse/all", "/browse/album?genre=chanson&sort=title", "/fr/artist/les-tests", "/r/" + s.album, "/search?q="} {
		text, total, requests := 0, 0, map[string]bool{}
		page := s.get(t, target)
		text, total = len(page), len(page)
		eachElement(t, page, func(n *html.Node) {
			for _, a := range n.Attr {
				if n.Data == "img" && a.Key == "src" || n.Data == "link" && a.Key == "href" && strings.Contains(a.Val, ".css") || n.Data == "video" && a.Key == "poster" {
					requests[a.Val] = true
				}
			}
		})
		for link := range requests {
			body := s.get(t, path.Join(path.Dir(strings.SplitN(target, "?", 2)[0]+"x"), link))
			total += len(body)
			if strings.HasSuffix(link, ".css") {
				text += len(body)
			}
		}
		limit := 3
		if strings.HasPrefix(target, "/r/") {
			limit = 4 // its own cover beside the sprite
		}
		if len(requests)+1 > limit || total > 100_000 || text > 25_000 {
			t.Errorf("%s: %d requests, %d bytes, %d of them HTML and CSS", target, len(requests)+1, total, text)
		}
		t.Logf("%s: %d requests, %d bytes, %d of them HTML and CSS", target, len(requests)+1, total, text)
	}
}

// fill adds albums.
func (s *shop) fill(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		s.coop.Add(t, storetest.Work{Title: fmt.Sprintf("Un titre de longueur ordinaire %d", i), Tracks: []string{"Un morceau"}, Open: i%2 == 0, Date: fmt.Sprintf("%d-05-06", 1990+i)})
	}
}

var sheetPattern = regexp.MustCompile(`a/s-[A-Za-z0-9_-]+\.jpg`)

// TestSprite: the sheet of a page answers from another process that has never made that page, also after one
// of its works is withdrawn.
func TestSprite(t *testing.T) {
	s := newShop(t)
	s.fill(t, 24)
	name := sheetPattern.FindString(s.get(t, "/browse/all"))
	if name == "" {
		t.Fatal("the listing has no sprite")
	}
	fresh := newSite(t, s)
	r := do(fresh, "GET", "/"+name)
	first := bodyOf(t, r)
	img, err := jpeg.Decode(strings.NewReader(first))
	if err != nil || r.StatusCode != 200 || r.Header.Get("Content-Type") != "image/jpeg" {
		t.Fatalf("status %d: %v", r.StatusCode, err)
	}
	if w := img.Bounds().Dx(); w != 6*96 {
		t.Errorf("the sheet is %d pixels wide, want 576", w)
	}
	if !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
		t.Error("the sheet may not be kept")
	}
	if s.get(t, "/"+name) != first {
		t.Error("the same sheet has other bytes")
	}
	cards, err := s.coop.DB.ArtistReleases("les-tests")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cards {
		if err := s.coop.Withdraw(c.ID, "mistake"); err != nil {
			t.Fatal(err)
		}
	}
	r = do(s, "GET", "/"+name)
	if body := bodyOf(t, r); r.StatusCode != 200 || body == first || strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("after the withdrawal: status %d, %q, or the withdrawn covers still show", r.StatusCode, r.Header.Get("Cache-Control"))
	}
}

// TestLongSeries: more episodes than fit a page are paged.
func TestLongSeries(t *testing.T) {
	s := newShop(t)
	for n := range 26 {
		s.coop.Add(t, storetest.Work{Kind: catalog.Episode, Title: fmt.Sprintf("Épisode %d", n+1), Series: &catalog.Series{Title: "Longue", Slug: "longue", Season: 1, Episode: n + 1}, NoCover: true})
	}
	first, second := s.get(t, "/series/longue"), s.get(t, "/series/longue?page=2")
	if !strings.Contains(first, "S01E24") || strings.Contains(first, "S01E25") || !strings.Contains(first, "longue?page=2") {
		t.Error("the first page does not end with episode 24 and a way on")
	}
	if !strings.Contains(second, "S01E26") || strings.Contains(second, "S01E24") {
		t.Error("the second page does not hold the rest")
	}
	s.wantStatus(t, 404, "/series/longue?page=3")
}

// TestConditional: a page that has not changed costs no bytes, compressed or not, and compression is only for
// those who ask.
func TestConditional(t *testing.T) {
	s := newShop(t)
	for _, p := range []string{"/", "/browse/all", "/r/" + s.album, "/feed.xml", "/ledger/checkpoint", "/r/" + s.album + ".json"} {
		plain := do(s, "GET", p)
		body := bodyOf(t, plain)
		for accept, zipped := range map[string]bool{"gzip, deflate": true, "br": false, "gzip;q=0": false, "": false, "deflate, gzip;q=0.5": true} {
			r := do(s, "GET", p, "Accept-Encoding", accept)
			got := bodyOf(t, r)
			if (r.Header.Get("Content-Encoding") == "gzip") != zipped && p != "/ledger/checkpoint" {
				t.Errorf("%s for %q: encoding %q", p, accept, r.Header.Get("Content-Encoding"))
			}
			if r.Header.Get("Content-Encoding") == "gzip" {
				z, err := gzip.NewReader(strings.NewReader(got))
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(z)
				if got = string(b); err != nil {
					t.Fatal(err)
				}
			}
			if got != body {
				t.Errorf("%s for %q: other bytes", p, accept)
			}
			etag := r.Header.Get("Etag")
			if etag == "" || strings.HasPrefix(etag, "W/") {
				t.Errorf("%s: ETag %q is not strong", p, etag)
			}
			again := do(s, "GET", p, "Accept-Encoding", accept, "If-None-Match", `"x", W/`+etag)
			if again.StatusCode != http.StatusNotModified || bodyOf(t, again) != "" {
				t.Errorf("%s: status %d for its own ETag", p, again.StatusCode)
			}
		}
	}
}

// TestNewState: what was kept is dropped when the catalogue or the log's freshness changes.
func TestNewState(t *testing.T) {
	now := storetest.Day.Add(time.Hour)
	s := newShop(t, func(c *site.Config) { c.Now = func() time.Time { return now } })
	before := s.get(t, "/browse/all")
	etag := do(s, "GET", "/browse/all").Header.Get("Etag")
	if s.get(t, "/browse/all") != before {
		t.Fatal("the same page twice differs")
	}
	id := s.coop.Add(t, storetest.Work{Title: "Tout neuf"})
	after := s.get(t, "/browse/all")
	if !strings.Contains(after, "Tout neuf") || do(s, "GET", "/browse/all", "If-None-Match", etag).StatusCode != 200 {
		t.Error("the page does not show the new work")
	}
	s.get(t, "/r/"+id)
	if err := s.coop.Withdraw(id, "right-holder"); err != nil {
		t.Fatal(err)
	}
	s.wantStatus(t, http.StatusGone, "/r/"+id)
	if strings.Contains(s.get(t, "/browse/all"), "Tout neuf") {
		t.Error("a withdrawn work is still listed")
	}
	stale := s.get(t, "/status")
	s.freshen(t, now)
	if s.get(t, "/status") == stale {
		t.Error("the freshness does not show")
	}
	fresh := s.get(t, "/about")
	now = now.Add(4 * 24 * time.Hour)
	if s.get(t, "/about") == fresh {
		t.Error("a log that has not been signed for four days does not show as stale")
	}
}

// TestSearch finds a work through the real index, without accents, and keeps nothing of the query.
func TestSearch(t *testing.T) {
	s := newShop(t)
	index, err := search.Open(t.TempDir(), s.coop.DB, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	s.Site = newSite(t, s, func(c *site.Config) { c.Search = index })
	page := s.get(t, "/search?q=premieres+lueur")
	if !strings.Contains(page, `r/`+s.album) || strings.Contains(page, "r/"+s.film) {
		t.Error("the search finds the wrong works")
	}
	if r := do(s, "GET", "/search?q=x"); r.Header.Get("Cache-Control") != "no-store" {
		t.Error("a search may be kept")
	}
	if bytes.Contains([]byte(s.log.String()), []byte("lueur")) {
		t.Error("the log holds the query")
	}
	s.get(t, "/search?q=%3Cb%3E&kind=album&year=2024&page=1")
	s.wantStatus(t, 404, "/search?q=a&page=5000")
}

// TestPlayer: one element, nothing loaded before it is asked for, and addresses that answer.
func TestPlayer(t *testing.T) {
	s := newShop(t)
	for target, src := range map[string]string{
		"/r/" + s.album + "/play":                     "t/" + s.album + "-01.webm",
		"/r/" + s.album + "/play?track=2&q=128":       "t/" + s.album + "-02.webm?q=128",
		"/r/" + s.album + "/play?track=1&at=12.5":     "t/" + s.album + "-01.webm#t=12.5",
		"/r/" + s.album + "/play?track=all":           "r/" + s.album + "/album.webm",
		"/fr/r/" + s.album + "/play?track=all&at=180": "r/" + s.album + "/album.webm#t=180",
		"/r/" + s.closed + "/play?track=2":            "e/" + s.closed + "-02.webm",
		"/en/r/" + s.film + "/play":                   "t/" + s.film + "-01.webm",
	} {
		players := 0
		eachElement(t, s.get(t, target), func(n *html.Node) {
			if n.Data == "source" {
				t.Errorf("%s: a <source>", target)
			}
			if n.Data != "audio" && n.Data != "video" {
				return
			}
			players++
			attr := map[string]string{}
			for _, a := range n.Attr {
				attr[a.Key] = a.Val
			}
			if _, controls := attr["controls"]; attr["preload"] != "none" || !controls || !strings.HasSuffix(attr["src"], src) {
				t.Errorf("%s: %v, want %s", target, attr, src)
			}
			if (n.Data == "video") != strings.Contains(target, s.film) {
				t.Errorf("%s: <%s>", target, n.Data)
			}
		})
		if players != 1 {
			t.Errorf("%s: %d players", target, players)
		}
	}
	if page := s.get(t, "/r/"+s.album+"/play?track=all"); !strings.Contains(page, "at=180") {
		t.Error("the continuous album does not link to its second track")
	}
	if page := s.get(t, "/r/"+s.first+"/play"); !strings.Contains(page, "r/"+s.second+"/play") {
		t.Error("an episode does not lead to the next one")
	}
}
