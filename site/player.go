package site

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

const whole = -1 // the track number of "album, continuous"

// choice is what a player page was asked to play.
type choice struct {
	track   int    // from 0, or whole
	quality string // label of a rendition; "" is the first
	at      string // seconds to begin at; "" for the start
}

// player answers /r/ID/play?track=N&q=LABEL&at=SECONDS. N is a number from 1, or "all".
func (s *Site) player(q *request) (any, error) {
	w, err := s.work(q)
	if err != nil {
		return nil, err
	}
	c, err := parseChoice(q, w.manifest)
	if err != nil {
		return nil, err
	}
	m := w.manifest
	if c.track == whole && !w.full() {
		return nil, membersOnly(w.id)
	}
	if c.track != whole && !w.plays(c.track) && m.Tracks[c.track].Excerpt == nil {
		return nil, membersOnly(w.id)
	}
	page := s.page(q, m.Artist+" – "+m.Title)
	page.Nav = "browse"
	v, err := playerView(page, w, c)
	if err != nil {
		return v, err
	}
	if v.Own, err = s.ownOfTrack(q, w, c); err != nil || m.Series == nil {
		return v, err
	}
	episodes, err := s.cfg.DB.Series(m.Series.Slug)
	v.Prev, v.Next = neighbours(page.Lang, w.id, episodes)
	return v, err
}

// ownOfTrack is what a member can do with what plays.
func (s *Site) ownOfTrack(q *request, w *work, c choice) (templates.Own, error) {
	if c.track == whole {
		return s.ownOf(q, w.id, w.record.Artist, "")
	}
	track := catalog.TrackID(w.id, c.track)
	return s.ownOf(q, track, w.record.Artist, track)
}

func parseChoice(q *request, m *catalog.Manifest) (choice, error) {
	c := choice{quality: q.form.Get("q")}
	switch n := q.form.Get("track"); n {
	case "":
	case "all":
		c.track = whole
	default:
		i, err := strconv.Atoi(n)
		if err != nil || i < 1 || i > len(m.Tracks) || strconv.Itoa(i) != n {
			return c, notFound
		}
		c.track = i - 1
	}
	if at := q.form.Get("at"); at != "" {
		seconds, err := strconv.ParseFloat(at, 64)
		if err != nil || len(at) > 12 || !(seconds >= 0) || int64(seconds*1000) > m.Duration() {
			return c, notFound
		}
		c.at = secondsOf(time.Duration(seconds * float64(time.Second)))
	}
	return c, nil
}

// source is one file that can play.
type source struct {
	path string // below the root, without quality
	all  []catalog.Rendition
}

func playerView(page templates.Page, w *work, c choice) (templates.Player, error) {
	l, m := page.Lang, w.manifest
	v := templates.Player{
		Page: page, ID: w.id, Heading: m.Title, Artist: m.Artist, Slug: w.record.Artist,
		Video: m.Kind.Video(), Whole: wholeLink(l, w), Access: accessSentence(l, w),
		Tracks: trackViews(l, w, c.track),
	}
	v.Cover, v.CoverAlt, v.CoverW, v.CoverH = coverOf(l, w)
	for i := range v.Tracks {
		v.Tracks[i].Splits = nil // the release's page shows them
	}
	if c.track == whole {
		v.Now, v.Continuous = l.T("player.whole"), true
		return v, fillSource(&v, w, c, source{"r/" + w.id + "/album.webm", m.Whole})
	}
	t := &m.Tracks[c.track]
	v.Now = t.Title
	v.Prev, v.Next = trackLink(w, c.track-1), trackLink(w, c.track+1)
	name := catalog.TrackID(w.id, c.track) + ".webm"
	if !w.plays(c.track) {
		fillExcerpt(&v, *t.Excerpt, "e/"+name)
		return v, nil
	}
	if err := fillSource(&v, w, c, source{"t/" + name, t.Renditions}); err != nil {
		return v, err
	}
	v.Captions = captions(l, w, c.track)
	if v.Video {
		v.Poster = v.Cover
		v.Width, v.Height = frameSize(c, t.Renditions)
		v.Resume = resumeLinks(l, w, c)
	}
	v.Download = templates.Link{Href: fileHref(w.id, t.Master) + w.token, Text: l.T("player.download"), Count: l.Bytes(t.Master.Size)}
	return v, nil
}

// fillSource points the element at the chosen rendition and offers the others.
func fillSource(v *templates.Player, w *work, c choice, src source) error {
	l := v.Lang
	r, ok := choose(src.all, c.quality)
	if !ok {
		return notFound
	}
	v.Type, v.Src = r.Type, src.path
	if c.quality != "" {
		v.Src += "?q=" + r.Label
	}
	v.Download = templates.Link{Href: v.Src, Text: l.T("player.download"), Count: l.Bytes(r.Size)}
	if c.at != "" {
		v.Src += "#t=" + c.at
	}
	for _, other := range webm(src.all) {
		text := l.T("player.opus", other.Label)
		if v.Video {
			text = l.T("player.lines", other.Label) + ", " + l.T("player.kbps", other.Kbps)
		}
		v.Qualities = append(v.Qualities, templates.Link{
			Href: choiceHref(w.id, choice{c.track, other.Label, c.at}), Text: text, Count: l.Bytes(other.Size), Current: other.Label == r.Label,
		})
	}
	return nil
}

func fillExcerpt(v *templates.Player, f catalog.File, path string) {
	v.Excerpt, v.Src, v.Type = true, path, f.Type
	v.Poster = ""
	if v.Video {
		v.Poster, v.Width, v.Height = v.Cover, 640, 360
	}
	v.Download = templates.Link{Href: path, Text: v.T("player.download"), Count: v.Lang.Bytes(f.Size)}
}

// choiceHref is the address of a player page.
func choiceHref(id string, c choice) string {
	n := "all"
	if c.track != whole {
		n = strconv.Itoa(c.track + 1)
	}
	href := playHref(id, "track", n)
	if c.quality != "" {
		href += "&q=" + c.quality
	}
	if c.at != "" {
		href += "&at=" + c.at
	}
	return href
}

// trackLink leads to the track before or after.
func trackLink(w *work, i int) templates.Link {
	if i < 0 || i >= len(w.manifest.Tracks) {
		return templates.Link{}
	}
	t := &w.manifest.Tracks[i]
	if !w.plays(i) && t.Excerpt == nil {
		return templates.Link{}
	}
	return templates.Link{Href: choiceHref(w.id, choice{track: i}), Text: t.Title}
}

// neighbours are the episodes before and after this one.
func neighbours(l i18n.Lang, id string, episodes []store.Card) (prev, next templates.Link) {
	i := slices.IndexFunc(episodes, func(c store.Card) bool { return c.ID == id })
	link := func(j int) templates.Link {
		if i < 0 || j < 0 || j >= len(episodes) {
			return templates.Link{}
		}
		c := episodes[j]
		return templates.Link{Href: "r/" + c.ID + "/play", Text: episodeName(l, c.Series) + " " + c.Title}
	}
	return link(i - 1), link(i + 1)
}

func captions(l i18n.Lang, w *work, track int) []templates.Caption {
	var views []templates.Caption
	for _, sub := range w.manifest.Tracks[track].Subtitles {
		if sub.Type != "text/vtt" {
			continue
		}
		views = append(views, templates.Caption{
			Src: "t/" + catalog.TrackID(w.id, track) + "/" + sub.Language + ".vtt", Lang: sub.Language, Label: languageName(l, sub.Language),
			Default: strings.HasPrefix(sub.Language, string(l)) && sub.Language != w.manifest.Language,
		})
	}
	return views
}

// frameSize is the frame that the page keeps free before the film is loaded: sixteen to nine of the
// rendition's lines.
func frameSize(c choice, all []catalog.Rendition) (width, height int) {
	r, _ := choose(all, c.quality)
	lines, err := strconv.Atoi(r.Label)
	if err != nil || lines < 1 || lines > 4320 {
		lines = 360
	}
	return (lines*16/9 + 1) / 2 * 2, lines
}

// resumeLinks begin a film where one has left off: every tenth of it, in whole minutes.
func resumeLinks(l i18n.Lang, w *work, c choice) []templates.Link {
	total := milliseconds(w.manifest.Tracks[c.track].Duration)
	step := (total / 10).Truncate(time.Minute)
	if step < time.Minute {
		return nil
	}
	var links []templates.Link
	for at := step; at < total-step/2; at += step {
		seconds := strconv.Itoa(int(at / time.Second))
		links = append(links, templates.Link{
			Href: choiceHref(w.id, choice{c.track, c.quality, seconds}), Text: l.Clock(at), Current: c.at == seconds,
		})
	}
	return links
}
