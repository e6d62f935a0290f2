package site

import (
	"path"
	"strconv"
	"strings"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

const moreCards = 6 // of the same artist, at the foot of a release

// work is a release with everything its pages show.
type work struct {
	id       string
	record   catalog.ReleaseRecord
	manifest *catalog.Manifest
	names    map[string]string // of the payees, by slug
	more     []store.Card
	magnets  [2]string // masters, renditions
	onion    string    // of commands, "http://…"
	charter  *catalog.Charter
	member   bool   // asked by a pass: everything plays
	token    string // "?token=…" for a member's downloads, so that a browser can resume them; "" for open works
}

// plays reports whether a track plays in full for whoever asks, full whether all do.
func (w *work) plays(i int) bool { return w.member || w.manifest.Tracks[i].Open }
func (w *work) full() bool       { return w.member || w.manifest.Open() }

// release answers /r/ID.
func (s *Site) release(q *request) (any, error) {
	w, err := s.work(q)
	if err != nil {
		return nil, err
	}
	if w.more, err = s.moreOf(w); err != nil {
		return nil, err
	}
	page := s.page(q, w.manifest.Artist+" – "+w.manifest.Title)
	page.Nav, page.Feed = "browse", "artist/"+w.record.Artist+"/feed.xml"
	v := releaseView(page, w)
	v.Own, err = s.ownOf(q, w.id, w.record.Artist, "")
	return v, err
}

func (s *Site) work(q *request) (*work, error) {
	id := q.param("id")
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return nil, err
	}
	record, ok, err := s.cfg.DB.Release(id)
	if err != nil || !ok {
		return nil, orNotFound(err)
	}
	w := &work{id: id, record: record, manifest: m, onion: s.origin, charter: q.state.charter, names: map[string]string{}, member: q.seat() != nil}
	for _, t := range m.Tracks {
		for _, split := range t.Splits {
			a, _, err := s.cfg.DB.Artist(split.Payee)
			if err != nil {
				return nil, err
			}
			w.names[split.Payee] = a.Name
		}
	}
	if m.Open() { // a member's magnet holds a token, which /r/ID.magnet hands out
		w.magnets = [2]string{s.magnet(id, id, mastersOf(m)), s.magnet(id, id, renditionsOf(m))}
	} else if w.member {
		token, err := s.tokenFor(q, id, m)
		if err != nil {
			return nil, err
		}
		w.token = "?token=" + token
	}
	return w, nil
}

// moreOf are other releases of the same artist.
func (s *Site) moreOf(w *work) ([]store.Card, error) {
	all, err := s.cfg.DB.ArtistReleases(w.record.Artist)
	var more []store.Card
	for _, c := range all {
		if c.ID != w.id && len(more) < moreCards {
			more = append(more, c)
		}
	}
	return more, err
}

func releaseView(page templates.Page, w *work) templates.Release {
	l, m := page.Lang, w.manifest
	v := templates.Release{
		Page: page, ID: w.id, Heading: m.Title, Artist: m.Artist, Slug: w.record.Artist,
		Kind: kindName(l, m.Kind), Date: day(l, m.Date), Language: languageName(l, m.Language), Tag: m.Language,
		Length: lengthOf(l, len(m.Tracks), milliseconds(m.Duration())),
		Video:  m.Kind.Video(), Open: m.Open(), Access: accessSentence(l, w), Notes: m.Notes,
		Licence:    licenceLink(l, m.Licence, w.charter),
		Authorised: l.T("authorised.on", m.Artist),
		EntryHref:  "ledger/entry/" + strconv.FormatInt(w.record.Index, 10),
	}
	for _, g := range m.Genres {
		v.Genres = append(v.Genres, templates.Link{Href: address{path: "browse/all"}.with("genre", g), Text: g})
	}
	if m.Series != nil {
		v.Series = templates.Link{Href: "series/" + m.Series.Slug, Text: m.Series.Title}
		v.Episode = episodeName(l, *m.Series)
	}
	v.Cover, v.CoverAlt, v.CoverW, v.CoverH = coverOf(l, w)
	v.Tracks = trackViews(l, w, -1)
	v.Play = playLink(l, w)
	v.Whole = wholeLink(l, w)
	v.Files = fileViews(l, w)
	v.Commands = commands(w)
	v.Credits = creditViews(l, m)
	if f, ok := textFile(m, "AUTHORISATION.txt"); ok {
		v.Authorisation = fileHref(w.id, f)
	}
	if w.record.Replaced != "" {
		v.ReplacedBy = templates.Link{Href: "r/" + w.record.Replaced, Text: l.T("release.replaced")}
	}
	v.More = cardViews(l, w.more, nil) // no sprite: page, stylesheet and cover are three requests already
	return v
}

// coverOf is the larger cover's address and size: square, or 2:3 upright for moving pictures.
func coverOf(l i18n.Lang, w *work) (src, alt string, width, height int) {
	m := w.manifest
	if m.Cover == nil {
		return "", "", 0, 0
	}
	width, height = 480, 480
	if m.Kind.Video() {
		height = 720
	}
	return "r/" + w.id + "/cover.jpg", l.T("release.cover", m.Title), width, height
}

// accessSentence says what can be heard and why: nobody should press a button in vain.
func accessSentence(l i18n.Lang, w *work) string {
	openTracks, excerpts, m := 0, 0, w.manifest
	if w.member {
		return l.T("access.member")
	}
	for _, t := range m.Tracks {
		if t.Open {
			openTracks++
		} else if t.Excerpt != nil {
			excerpts++
		}
	}
	switch {
	case openTracks == len(m.Tracks):
		return l.T("access.open")
	case openTracks > 0:
		return l.T("access.some")
	case excerpts > 0:
		return l.T("access.excerpt")
	}
	return l.T("access.none")
}

// episodeName is "S01E02", or "no. 3" when the series has no seasons.
func episodeName(l i18n.Lang, s catalog.Series) string {
	if s.Season == 0 {
		return l.T("series.number", s.Episode)
	}
	return "S" + twoDigits(s.Season) + "E" + twoDigits(s.Episode)
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func licenceLink(l i18n.Lang, id string, c *catalog.Charter) templates.Link {
	if id == c.Licence.ID {
		return templates.Link{Href: "licence", Text: id}
	}
	return templates.Link{Href: "licence#" + strings.ReplaceAll(id, ".", "-"), Text: licenceName(id)}
}

// trackViews are the lines of the track list; current is the one that plays, -1 for none.
func trackViews(l i18n.Lang, w *work, current int) []templates.Track {
	m := w.manifest
	views := make([]templates.Track, len(m.Tracks))
	whole := wholeLink(l, w).Href
	for i := range m.Tracks {
		t := &m.Tracks[i]
		v := templates.Track{
			Number: trackNumber(m, t), Title: t.Title, Length: l.Clock(milliseconds(t.Duration)),
			Open: t.Open, Excerpt: !w.plays(i) && t.Excerpt != nil, Current: i == current,
			Splits: shareViews(l, w, t.Splits),
		}
		if w.plays(i) || v.Excerpt {
			v.Play = playHref(w.id, "track", strconv.Itoa(i+1))
		}
		if w.plays(i) {
			v.Download = templates.Link{
				Href: fileHref(w.id, t.Master) + w.token, Count: l.Bytes(t.Master.Size),
				Text: formatName(t.Master),
			}
		}
		if whole != "" {
			v.Seek = whole + "&at=" + secondsOf(milliseconds(t.Start))
		}
		views[i] = v
	}
	return views
}

// trackNumber is "3", or "2-3" on a release of several discs.
func trackNumber(m *catalog.Manifest, t *catalog.Track) string {
	if m.Tracks[len(m.Tracks)-1].Disc > 1 {
		return strconv.Itoa(t.Disc) + "-" + strconv.Itoa(t.Number)
	}
	return strconv.Itoa(t.Number)
}

func shareViews(l i18n.Lang, w *work, splits []catalog.Split) []templates.Share {
	views := make([]templates.Share, len(splits))
	for i, s := range splits {
		views[i] = templates.Share{Name: w.names[s.Payee], Href: "artist/" + s.Payee, Percent: l.Percent(s.BP), BP: int(s.BP)}
	}
	return views
}

// formatName is what people call a file's format: FLAC, MP3, Opus.
func formatName(f catalog.File) string {
	return strings.ToUpper(strings.TrimPrefix(path.Ext(f.Path), "."))
}

// fileHref is where one file of a release is saved from.
func fileHref(id string, f catalog.File) string { return "r/" + id + "/files/" + escapePath(f.Path) }

func textFile(m *catalog.Manifest, name string) (catalog.File, bool) {
	for _, f := range m.Texts {
		if f.Path == name {
			return f, true
		}
	}
	return catalog.File{}, false
}

func playHref(id, key, value string) string { return "r/" + id + "/play?" + key + "=" + value }

func playLink(l i18n.Lang, w *work) templates.Link {
	for i, t := range w.manifest.Tracks {
		switch {
		case w.plays(i):
			text := l.T("release.play")
			if w.manifest.Kind.Video() {
				text = l.T("release.watch")
			}
			return templates.Link{Href: playHref(w.id, "track", strconv.Itoa(i+1)), Text: text}
		case t.Excerpt != nil:
			return templates.Link{Href: playHref(w.id, "track", strconv.Itoa(i+1)), Text: l.T("release.excerpts")}
		}
	}
	return templates.Link{}
}

// wholeLink is "album, continuous", where that plays for everybody.
func wholeLink(l i18n.Lang, w *work) templates.Link {
	if _, ok := choose(w.manifest.Whole, ""); !ok || !w.full() {
		return templates.Link{}
	}
	return templates.Link{Href: playHref(w.id, "track", "all"), Text: l.T("release.whole")}
}

// fileViews are the downloads: the zip, the two torrents, and what travels with them.
func fileViews(l i18n.Lang, w *work) []templates.File {
	m := w.manifest
	if !w.full() {
		return nil
	}
	base := "r/" + w.id
	masters, renditions := mastersOf(m), renditionsOf(m)
	files := []templates.File{{
		Href: base + ".zip" + w.token, Name: masters.Name + ".zip", Kind: l.T("download.zip"),
		Size: l.Bytes(masters.length()), Time: downloadTime(l, masters.length()), Sum: base + ".zip.sha256",
	}}
	for i, t := range []torrent{masters, renditions} {
		kind := l.T("download.masters")
		if i == 1 {
			kind = l.T("download.opus")
		}
		files = append(files, templates.File{
			Href: base + t.suffix + ".torrent", Name: t.Name + ".torrent", Kind: kind,
			Size: l.Bytes(t.length()), Time: downloadTime(l, t.length()), Torrent: base + t.suffix + ".torrent",
			Magnet: w.magnets[i], Warning: l.T("download.warning"),
		})
	}
	for _, t := range m.Tracks {
		files = append(files, fileView(l, w, t.Master))
	}
	return files
}

func fileView(l i18n.Lang, w *work, f catalog.File) templates.File {
	return templates.File{
		Href: fileHref(w.id, f) + w.token, Name: f.Path, Kind: formatName(f),
		Size: l.Bytes(f.Size), Time: downloadTime(l, f.Size), SHA256: f.SHA256.String(),
	}
}

// commands resume and check a download outside the browser, ready to copy.
func commands(w *work) []string {
	if !w.manifest.Open() {
		return nil
	}
	name := shellQuote(w.manifest.Torrents.Masters.Name)
	return []string{
		"curl --socks5-hostname 127.0.0.1:9050 -C - -o " + shellQuote(w.manifest.Torrents.Masters.Name+".zip") + " " + w.onion + "/r/" + w.id + ".zip",
		"unzip " + shellQuote(w.manifest.Torrents.Masters.Name+".zip") + " && cd " + name + " && sha256sum -c SHA256SUMS",
	}
}

// shellQuote makes any name one word of a shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func creditViews(l i18n.Lang, m *catalog.Manifest) []templates.Credit {
	views := make([]templates.Credit, len(m.Contributors))
	for i, c := range m.Contributors {
		roles := make([]string, len(c.Roles))
		for j, r := range c.Roles {
			roles[j] = roleName(l, r)
		}
		society := l.T("release.society.none")
		if c.Society != "" {
			society = c.Society + " (" + c.Agreement + ")"
		}
		views[i] = templates.Credit{Name: c.Name, Roles: strings.Join(roles, ", "), Society: society, Basis: c.Basis}
	}
	return views
}
