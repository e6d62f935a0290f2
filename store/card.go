package store

import (
	"strconv"
	"time"

	"p2p.legal/peerfy/store/catalog"
)

// Card is what a list shows of a release. It is read from a flat record without
// touching the manifest: one allocation for its texts, one for its genres.
type Card struct {
	ID       string
	Index    int64 // of its entry
	Kind     catalog.Kind
	Title    string
	Artist   string // the name on the sleeve
	Slug     string // of the artist
	Date     string // YYYY-MM-DD
	Year     int
	Genres   []string
	Language string
	Licence  string
	Tracks   int
	Duration time.Duration
	Open     bool           // every track is free of charge
	AnyOpen  bool           // at least one track is
	Series   catalog.Series // its zero value when the release belongs to none
	Cover    catalog.Hash   // pieces root of the small JPEG; zero when there is no cover
	Large    catalog.Hash   // pieces root of the 480 pixel JPEG
	Day      int64          // it was appended here, in days since 1970 (UTC)
}

// Added is the day on which the release was appended here, UTC.
func (c *Card) Added() time.Time { return time.Unix(c.Day*86_400, 0).UTC() }

func newCard(r *catalog.ReleaseRecord, m *catalog.Manifest, day int64) Card {
	c := Card{
		ID: r.ID, Index: r.Index, Kind: m.Kind, Title: m.Title, Artist: m.Artist, Slug: r.Artist, Date: m.Date, Year: yearOf(m.Date),
		Genres: m.Genres, Language: m.Language, Licence: m.Licence, Tracks: len(m.Tracks),
		Duration: time.Duration(m.Duration()) * time.Millisecond, Open: m.Open(), Day: day,
	}
	for _, t := range m.Tracks {
		c.AnyOpen = c.AnyOpen || t.Open
	}
	if m.Series != nil {
		c.Series = *m.Series
	}
	if m.Cover != nil {
		c.Cover, c.Large = m.Cover.Small.Root, m.Cover.Large.Root
	}
	return c
}

func (c *Card) encode() []byte {
	var r record
	for _, s := range []string{c.ID, string(c.Kind), c.Title, c.Artist, c.Slug, c.Date, c.Language, c.Licence, c.Series.Title, c.Series.Slug} {
		r.text(s)
	}
	for _, n := range []int64{c.Index, int64(c.Tracks), int64(c.Duration / time.Millisecond), c.Day, int64(c.Series.Season), int64(c.Series.Episode)} {
		r.num(n)
	}
	r.flag(c.Open)
	r.flag(c.AnyOpen)
	r = append(append(r, c.Cover[:]...), c.Large[:]...)
	r.num(int64(len(c.Genres)))
	for _, g := range c.Genres {
		r.text(g)
	}
	return r
}

func decodeCard(b []byte) (Card, error) {
	r := readRecord(b)
	c := Card{
		ID: r.text(), Kind: catalog.Kind(r.text()), Title: r.text(), Artist: r.text(), Slug: r.text(),
		Date: r.text(), Language: r.text(), Licence: r.text(),
	}
	c.Series.Title, c.Series.Slug = r.text(), r.text()
	c.Index, c.Tracks = r.num(), int(r.num())
	c.Duration = time.Duration(r.num()) * time.Millisecond
	c.Day, c.Series.Season, c.Series.Episode = r.num(), int(r.num()), int(r.num())
	c.Open, c.AnyOpen = r.flag(), r.flag()
	copy(c.Cover[:], r.take(len(c.Cover)))
	copy(c.Large[:], r.take(len(c.Large)))
	c.Genres = make([]string, r.count())
	for i := range c.Genres {
		c.Genres[i] = r.text()
	}
	c.Year = yearOf(c.Date)
	return c, r.end("a card")
}

func yearOf(date string) int {
	if len(date) < 4 {
		return 0
	}
	y, err := strconv.Atoi(date[:4])
	if err != nil {
		return 0
	}
	return y
}

// texts is what a search index reads of a release, and whom its split sheets
// name: kept apart from the manifest so that neither needs parsing it.
type texts struct {
	tracks []string
	payees []string
}

func encodeTexts(m *catalog.Manifest) []byte {
	var r record
	r.num(int64(len(m.Tracks)))
	for _, t := range m.Tracks {
		r.text(t.Title)
	}
	slugs := payees(m)
	r.num(int64(len(slugs)))
	for _, s := range slugs {
		r.text(s)
	}
	return r
}

func decodeTexts(b []byte) (texts, error) {
	r := readRecord(b)
	var t texts
	for _, list := range []*[]string{&t.tracks, &t.payees} {
		*list = make([]string, r.count())
		for i := range *list {
			(*list)[i] = r.text()
		}
	}
	return t, r.end("the titles of a release")
}
