package site_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/storetest"
)

// channel is what a feed reader takes from an RSS document.
type channel struct {
	Title string `xml:"channel>title"`
	Links []struct {
		XMLName xml.Name
		Href    string `xml:"href,attr"`
		Rel     string `xml:"rel,attr"`
		Text    string `xml:",chardata"`
	} `xml:"channel>link"`
	Items []struct {
		Title     string `xml:"title"`
		Link      string `xml:"link"`
		GUID      string `xml:"guid"`
		Date      string `xml:"pubDate"`
		Episode   int    `xml:"http://www.itunes.com/dtds/podcast-1.0.dtd episode"`
		Duration  int    `xml:"http://www.itunes.com/dtds/podcast-1.0.dtd duration"`
		Enclosure struct {
			URL    string `xml:"url,attr"`
			Length int    `xml:"length,attr"`
			Type   string `xml:"type,attr"`
		} `xml:"enclosure"`
	} `xml:"channel>item"`
}

func (s *shop) feed(t testing.TB, path string) channel {
	t.Helper()
	r := do(s, "GET", path)
	if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/rss+xml") {
		t.Fatalf("%s: type %q", path, got)
	}
	var c channel
	if err := strictXML(bodyOf(t, r), &c); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return c
}

// strictXML decodes a document and sees to it that there is nothing after it.
func strictXML(doc string, v any) error {
	d := xml.NewDecoder(strings.NewReader(doc))
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return err
	}
	return nil
}

// TestFeeds reads every feed as a podcast player does, and fetches what it promises.
func TestFeeds(t *testing.T) {
	s := newShop(t)
	for path, items := range map[string]int{"/feed.xml": 5, "/artist/les-veilleurs/feed.xml": 2, "/series/carnet/feed.xml": 2} {
		c := s.feed(t, path)
		if len(c.Items) != items || c.Title == "" {
			t.Errorf("%s: %d items titled %q, want %d", path, len(c.Items), c.Title, items)
		}
		self := false
		for _, l := range c.Links {
			self = self || l.Rel == "self" && l.Href == "http://"+onion+path
		}
		if !self {
			t.Errorf("%s: no link to itself: %v", path, c.Links)
		}
		for _, item := range c.Items {
			target, ok := strings.CutPrefix(item.Enclosure.URL, "http://"+onion)
			r := do(s, "HEAD", target)
			if !ok || r.StatusCode != http.StatusOK || r.Header.Get("Content-Length") != strconv.Itoa(item.Enclosure.Length) || r.Header.Get("Content-Type") != item.Enclosure.Type {
				t.Errorf("%s: the enclosure %+v answers %d, %v", path, item.Enclosure, r.StatusCode, r.Header)
			}
			if item.Link != "http://"+onion+"/r/"+item.GUID || !strings.HasSuffix(item.Date, " 00:00:00 +0000") {
				t.Errorf("%s: item %+v", path, item)
			}
		}
	}
	if c := s.feed(t, "/series/carnet/feed.xml"); c.Items[0].Episode != 2 || c.Items[0].Duration != 180 || c.Items[0].Title != "Carnet nº 2" {
		t.Errorf("the newest episode comes as %+v", c.Items[0])
	}
	var list struct {
		Outlines []struct {
			Feed string `xml:"xmlUrl,attr"`
		} `xml:"body>outline"`
	}
	if err := strictXML(s.get(t, "/opml.xml"), &list); err != nil || len(list.Outlines) != 5 {
		t.Errorf("OPML: %v, %d outlines, want the co-operative and four artists", err, len(list.Outlines))
	}
	for _, o := range list.Outlines {
		s.feed(t, strings.TrimPrefix(o.Feed, "http://"+onion))
	}
}

// TestHostileFeeds publishes texts that break XML; every feed stays well-formed and says the same words.
func TestHostileFeeds(t *testing.T) {
	s := newShop(t)
	titles := map[string]bool{}
	for i, title := range hostileStrings(t) {
		if i%7 != 0 || len(titles) == 25 {
			continue
		}
		w := storetest.Work{Kind: catalog.Podcast, Title: title, Notes: []string{title}, Open: true, Seed: title, Series: &catalog.Series{Title: "Série <&>", Slug: "serie", Episode: len(titles) + 1}}
		if _, err := s.coop.AddRelease(w); err == nil {
			titles[title] = true
		}
	}
	c := s.feed(t, "/series/serie/feed.xml")
	if len(c.Items) != len(titles) || len(titles) < 20 {
		t.Errorf("%d items of %d titles", len(c.Items), len(titles))
	}
	for _, item := range c.Items {
		if !titles[item.Title] {
			t.Errorf("the title %q was not published", item.Title)
		}
	}
	s.feed(t, "/feed.xml")
}
