package site

import (
	"net/http"
	"net/url"
	"strings"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/templates"
)

// webm are the renditions that play in a browser without scripts from their first byte.
func webm(all []catalog.Rendition) []catalog.Rendition {
	var fit []catalog.Rendition
	for _, r := range all {
		if strings.HasSuffix(r.Type, "/webm") {
			fit = append(fit, r)
		}
	}
	return fit
}

// choose is the rendition with that label, the first one when the label is empty.
func choose(all []catalog.Rendition, label string) (catalog.Rendition, bool) {
	for _, r := range webm(all) {
		if r.Label == label || label == "" {
			return r, true
		}
	}
	return catalog.Rendition{}, false
}

// trackOf is the track that an address such as /t/ID-01.webm names.
func (s *Site) trackOf(q *request) (*catalog.Manifest, int, error) {
	id, i, err := catalog.ParseTrackID(q.param("track"))
	if err != nil {
		return nil, 0, notFound
	}
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return nil, 0, err
	}
	if i >= len(m.Tracks) {
		return nil, 0, notFound
	}
	return m, i, nil
}

// serveTrack answers /t/TRACK.webm?q=LABEL: a whole track, to members, and to everybody if its right-holder
// opened it.
func (s *Site) serveTrack(w http.ResponseWriter, q *request) error {
	m, i, err := s.trackOf(q)
	if err != nil {
		return err
	}
	id, _, _ := catalog.ParseTrackID(q.param("track"))
	st := q.seat()
	if !m.Tracks[i].Open && st == nil {
		if err := s.byToken(w, q, id); err != nil {
			return err
		}
	}
	r, ok := choose(m.Tracks[i].Renditions, q.form.Get("q"))
	if !ok {
		return notFound
	}
	if st != nil {
		return s.streamFile(w, q, st, r.File, partOf(id, m, i, r.Size))
	}
	return s.sendFile(w, q, r.File, "")
}

// byToken lets a player without cookies in, with the token of a list that was handed to a member.
func (s *Site) byToken(w http.ResponseWriter, q *request, release string) error {
	token := q.form.Get("token")
	if token == "" {
		return membersOnlyTrack(q.param("track"))
	}
	id, err := s.releaseOfToken(token)
	if err != nil {
		return err
	}
	if id != release || id == token {
		return membersOnlyTrack(q.param("track"))
	}
	w.Header()["Cache-Control"] = noStore
	return nil
}

// serveExcerpt answers /e/TRACK.webm, which is free.
func (s *Site) serveExcerpt(w http.ResponseWriter, q *request) error {
	m, i, err := s.trackOf(q)
	if err != nil {
		return err
	}
	if m.Tracks[i].Excerpt == nil {
		return notFound
	}
	return s.sendFile(w, q, *m.Tracks[i].Excerpt, "")
}

// serveSubtitles answers /t/TRACK/LANGUAGE.vtt.
func (s *Site) serveSubtitles(w http.ResponseWriter, q *request) error {
	m, i, err := s.trackOf(q)
	if err != nil {
		return err
	}
	if !m.Tracks[i].Open && q.seat() == nil {
		return membersOnlyTrack(q.param("track"))
	}
	for _, sub := range m.Tracks[i].Subtitles {
		if sub.Language == q.param("lang") && sub.Type == "text/vtt" {
			if !m.Tracks[i].Open {
				w.Header()["Cache-Control"] = noStore
			}
			return s.sendFile(w, q, sub.File, "")
		}
	}
	return notFound
}

// serveWhole answers /r/ID/album.webm?q=LABEL: all tracks without a gap.
func (s *Site) serveWhole(w http.ResponseWriter, q *request) error {
	m, err := s.releaseFor(q, q.param("id"))
	if err != nil {
		return err
	}
	r, ok := choose(m.Whole, q.form.Get("q"))
	if !ok {
		return notFound
	}
	if st := q.seat(); st != nil {
		return s.streamFile(w, q, st, r.File, partsOf(q.param("id"), m, r.Size))
	}
	return s.sendFile(w, q, r.File, "")
}

// membersOnly refuses a work that is not open and says what to do, and what can be had instead.
func membersOnly(id string) *problem {
	return &problem{status: http.StatusForbidden, words: "members", links: func(q *request) []templates.Link {
		return append(q.waysIn("r/"+id), templates.Link{Href: "r/" + id, Text: q.lang.T("problem.release")})
	}}
}

func membersOnlyTrack(track string) *problem {
	id, _, _ := strings.Cut(track, "-")
	return &problem{status: http.StatusForbidden, words: "members", links: func(q *request) []templates.Link {
		return append(q.waysIn("r/"+id),
			templates.Link{Href: "e/" + track + ".webm", Text: q.lang.T("problem.excerpt")},
			templates.Link{Href: "r/" + id, Text: q.lang.T("problem.release")})
	}}
}

// waysIn are the links with which a visitor gets in: the account's page for who is logged in without a pass for
// this month.
func (q *request) waysIn(next string) []templates.Link {
	if q.session != nil {
		return []templates.Link{{Href: "account", Text: q.lang.T("nav.account")}}
	}
	return []templates.Link{
		{Href: "join", Text: q.lang.T("nav.join")},
		{Href: "login?next=" + url.QueryEscape(next), Text: q.lang.T("nav.login")},
	}
}
