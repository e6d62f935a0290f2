package site

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
)

// feedItems is how many releases a feed names, the newest first.
const feedItems = 50

// RSS 2.0 (rssboard.org) with Apple's podcast tags and an Atom link to itself. Prefixes are written as they
// stand: the names are fixed and the library has no other way to keep them short.
type rss struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Itunes  string     `xml:"xmlns:itunes,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Self        atomLink  `xml:"atom:link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language,omitempty"`
	TTL         int       `xml:"ttl"` // minutes
	Author      string    `xml:"itunes:author"`
	Category    category  `xml:"itunes:category"`
	Image       *hrefNode `xml:"itunes:image"`
	Type        string    `xml:"itunes:type,omitempty"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title       string     `xml:"title"`
	Link        string     `xml:"link"`
	GUID        guid       `xml:"guid"`
	Date        string     `xml:"pubDate"`
	Description string     `xml:"description"`
	Author      string     `xml:"itunes:author"`
	Duration    int64      `xml:"itunes:duration"` // seconds
	Season      int        `xml:"itunes:season,omitempty"`
	Episode     int        `xml:"itunes:episode,omitempty"`
	Image       *hrefNode  `xml:"itunes:image"`
	Enclosure   *enclosure `xml:"enclosure"`
}

type atomLink struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
}

type hrefNode struct {
	Href string `xml:"href,attr"`
}

type category struct {
	Text string `xml:"text,attr"`
}

type guid struct {
	Permanent bool   `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

type enclosure struct {
	URL    string `xml:"url,attr"`
	Length int64  `xml:"length,attr"`
	Type   string `xml:"type,attr"`
}

const feedType = "application/rss+xml; charset=utf-8"

// serveFeed answers /feed.xml: what is new.
func (s *Site) serveFeed(w http.ResponseWriter, q *request) error {
	return s.sendXML(w, q, feedType, func() (any, error) {
		cards, _, _, err := s.cfg.DB.List(store.Filter{}, store.Newest, 0, feedItems)
		if err != nil {
			return nil, err
		}
		return s.feed(q, q.lang.T("feed.title", q.state.charter.Name), "", cards)
	})
}

// serveArtistFeed answers /artist/SLUG/feed.xml.
func (s *Site) serveArtistFeed(w http.ResponseWriter, q *request) error {
	slug := q.param("slug")
	a, ok, err := s.cfg.DB.Artist(slug)
	if err != nil || !ok {
		return orNotFound(err)
	}
	return s.sendXML(w, q, feedType, func() (any, error) {
		cards, err := s.cfg.DB.ArtistReleases(slug)
		if err != nil {
			return nil, err
		}
		return s.feed(q, q.lang.T("feed.artist", a.Name), "artist/"+slug, cards)
	})
}

// serveSeriesFeed answers /series/SLUG/feed.xml: a podcast, as podcast players expect it.
func (s *Site) serveSeriesFeed(w http.ResponseWriter, q *request) error {
	slug := q.param("slug")
	cards, err := s.cfg.DB.Series(slug)
	if err != nil || len(cards) == 0 {
		return orNotFound(err)
	}
	return s.sendXML(w, q, feedType, func() (any, error) {
		newest := make([]store.Card, 0, len(cards))
		for i := range cards {
			newest = append(newest, cards[len(cards)-1-i])
		}
		return s.feed(q, cards[0].Series.Title, "series/"+slug, newest)
	})
}

func orNotFound(err error) error {
	if err != nil {
		return err
	}
	return notFound
}

// feed makes a channel of cards, newest first, about the page at path.
func (s *Site) feed(q *request, title, path string, cards []store.Card) (*rss, error) {
	self := s.origin + "/" + strings.TrimPrefix(path+"/feed.xml", "/")
	ch := rssChannel{
		Title: title, Link: s.origin + "/" + path, TTL: 1440,
		Self:        atomLink{self, "self", "application/rss+xml"},
		Description: q.lang.T("feed.description", q.state.charter.Name),
		Author:      title, Category: category{"Music"},
	}
	for _, c := range cards[:min(len(cards), feedItems)] {
		item, err := s.feedItem(q, c)
		if err != nil {
			return nil, err
		}
		ch.Items = append(ch.Items, item)
		if ch.Image == nil {
			ch.Image = item.Image
		}
		if ch.Language == "" && c.Language != "zxx" {
			ch.Language = c.Language
		}
		if c.Series.Slug != "" && path != "" {
			ch.Type, ch.Author = "episodic", c.Artist
		}
	}
	return &rss{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Itunes: "http://www.itunes.com/dtds/podcast-1.0.dtd", Channel: ch}, nil
}

func (s *Site) feedItem(q *request, c store.Card) (rssItem, error) {
	m, err := s.cfg.DB.Manifest(c.ID)
	if err != nil {
		return rssItem{}, err
	}
	link := s.origin + "/r/" + c.ID
	item := rssItem{
		Title: c.Artist + " - " + c.Title, Link: link, GUID: guid{false, c.ID}, Author: c.Artist,
		Date: feedDate(c.Date), Duration: int64(c.Duration / time.Second),
		Season: c.Series.Season, Episode: c.Series.Episode,
		Description: strings.Join(m.Notes, "\n\n"),
		Enclosure:   s.enclosure(c.ID, m),
	}
	if c.Series.Slug != "" {
		item.Title = c.Title
	}
	if m.Cover != nil {
		item.Image = &hrefNode{link + "/cover.jpg"}
	}
	if item.Description == "" {
		item.Description = kindName(q.lang, c.Kind) + ", " + lengthOf(q.lang, c.Tracks, c.Duration)
	}
	return item, nil
}

// enclosure is what a podcast player fetches: the whole in one file if it may, else the first track.
func (s *Site) enclosure(id string, m *catalog.Manifest) *enclosure {
	if whole, ok := choose(m.Whole, ""); ok && m.Open() {
		return &enclosure{s.origin + "/r/" + id + "/album.webm", whole.Size, whole.Type}
	}
	t := &m.Tracks[0]
	if r, ok := choose(t.Renditions, ""); ok && t.Open {
		return &enclosure{s.origin + "/t/" + catalog.TrackID(id, 0) + ".webm", r.Size, r.Type}
	}
	if t.Excerpt != nil {
		return &enclosure{s.origin + "/e/" + catalog.TrackID(id, 0) + ".webm", t.Excerpt.Size, t.Excerpt.Type}
	}
	return nil
}

// feedDate is a day in RFC 1123 form: only days are public.
func feedDate(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return ""
	}
	return t.Format(time.RFC1123Z)
}

// OPML 2.0 (opml.org): the feeds, to be taken into a reader at once.
type opml struct {
	XMLName  xml.Name  `xml:"opml"`
	Version  string    `xml:"version,attr"`
	Title    string    `xml:"head>title"`
	Outlines []outline `xml:"body>outline"`
}

type outline struct {
	Text string `xml:"text,attr"`
	Type string `xml:"type,attr"`
	Feed string `xml:"xmlUrl,attr"`
	Page string `xml:"htmlUrl,attr"`
}

// opmlArtists is the most artists that the list of feeds names.
const opmlArtists = 1000

// serveOPML answers /opml.xml.
func (s *Site) serveOPML(w http.ResponseWriter, q *request) error {
	return s.sendXML(w, q, "text/x-opml; charset=utf-8", func() (any, error) {
		artists, _, err := s.cfg.DB.Artists(0, opmlArtists)
		if err != nil {
			return nil, err
		}
		name := q.state.charter.Name
		list := &opml{Version: "2.0", Title: name, Outlines: []outline{{name, "rss", s.origin + "/feed.xml", s.origin + "/"}}}
		for _, a := range artists {
			page := s.origin + "/artist/" + a.Slug
			list.Outlines = append(list.Outlines, outline{a.Name, "rss", page + "/feed.xml", page})
		}
		return list, nil
	})
}

// sendXML answers with a document, kept like a page. The encoder replaces what XML cannot hold.
func (s *Site) sendXML(w http.ResponseWriter, q *request, contentType string, make func() (any, error)) error {
	a, err := s.finished(q, func() (*answer, error) {
		doc, err := make()
		if err != nil {
			return nil, err
		}
		var buf bytes.Buffer
		buf.WriteString(xml.Header)
		if err := xml.NewEncoder(&buf).Encode(doc); err != nil {
			return nil, fmt.Errorf("writing %s: %w", q.route.name, err)
		}
		return newAnswer(http.StatusOK, contentType, buf.Bytes()), nil
	})
	if err != nil {
		return err
	}
	a.send(w, q.Request)
	return nil
}
