package site

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/library"
	"p2p.legal/peerfy/templates"
)

// listPage answers GET /my/list/ID.
func (s *Site) listPage(q *request) (any, error) {
	return s.listView(q, q.outcome(), "")
}

// listOf is the list that the address names; a closed library has none to show.
func (s *Site) listOf(q *request) (library.List, error) {
	lib, _, err := s.readLibrary(q)
	var closed *refusal
	if errors.As(err, &closed) {
		return library.List{}, notFound
	}
	if err != nil {
		return library.List{}, err
	}
	one, ok := listIn(lib, q.param("id"))
	if !ok {
		return library.List{}, notFound
	}
	return one, nil
}

func listIn(lib *library.Library, id string) (library.List, bool) {
	i := slices.IndexFunc(lib.Lists, func(l library.List) bool { return l.ID == id })
	if i < 0 {
		return library.List{}, false
	}
	return lib.Lists[i], true
}

func (s *Site) listView(q *request, o templates.Outcome, name string) (templates.List, error) {
	one, err := s.listOf(q)
	if err != nil {
		return templates.List{}, err
	}
	lines, length, err := s.trackLines(q.lang, one.Tracks)
	if name == "" {
		name = one.Name
	}
	v := templates.List{
		Page: s.memberPage(q, one.Name), Outcome: o, ID: one.ID, Name: name, Version: one.Version(),
		Detail: lengthOf(q.lang, len(one.Tracks), length),
	}
	v.Nav = "library"
	from, to, pager := s.paged(q, len(lines), "my/list/"+one.ID)
	v.Tracks, v.Pager = lines[from:to], pager
	return v, err
}

// postListNew makes a list.
func (s *Site) postListNew(w http.ResponseWriter, q *request) error {
	name := q.field("name")
	err := s.changeLibrary(q, func(lib *library.Library) error {
		_, err := lib.NewList(name)
		return err
	})
	return s.answerLibrary(w, q, "new", templates.Outcome{Done: q.lang.T("done.list.made", name)}, err)
}

// postListAdd adds a release or a track to a list, or to a new one.
func (s *Site) postListAdd(w http.ResponseWriter, q *request) error {
	tracks, err := s.tracksOf(q.field("id"))
	name := ""
	if err == nil {
		err = s.changeLibrary(q, func(lib *library.Library) error {
			name, err = s.addTo(lib, q, tracks)
			return err
		})
	}
	return s.sayOwn(w, q, q.lang.T("done.list", name), err)
}

func (s *Site) addTo(lib *library.Library, q *request, tracks []string) (name string, err error) {
	id := q.field("list")
	if id == "new" {
		if name, err = s.nameFor(q.field("id")); err != nil {
			return "", err
		}
		one, err := lib.NewList(name)
		if err != nil {
			return "", err
		}
		id = one.ID
	}
	if one, ok := listIn(lib, id); ok {
		name = one.Name
	}
	return name, lib.Add(id, tracks...)
}

// nameFor names a new list after the first work in it.
func (s *Site) nameFor(id string) (string, error) {
	if release, _, err := catalog.ParseTrackID(id); err == nil {
		id = release
	}
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return "", err
	}
	return library.CutName(m.Title), nil
}

// sayOwn ends a form that stands on a work's page: back there, with words.
func (s *Site) sayOwn(w http.ResponseWriter, q *request, done string, err error) error {
	o := templates.Outcome{Done: done}
	if err != nil {
		sentences, ok := q.refusals(err)
		if !ok {
			return err
		}
		o = templates.Outcome{Errors: sentences}
	}
	return s.said(w, q, q.back("my/library"), o)
}

// postList does what the pressed button of a list says.
func (s *Site) postList(w http.ResponseWriter, q *request) error {
	one, err := s.listOf(q)
	if err != nil {
		return err
	}
	switch {
	case q.post.Has("play"):
		q.session.mu.Lock()
		q.session.queue = slices.Clone(one.Tracks[:min(len(one.Tracks), maxQueue)])
		q.session.mu.Unlock()
		return s.seeOther(w, q, "my/queue")
	case q.post.Has("delete"):
		err := s.changeLibrary(q, func(lib *library.Library) error { return lib.DropList(one.ID) })
		return s.answerLibrary(w, q, "", templates.Outcome{Done: q.lang.T("done.list.deleted", one.Name)}, err)
	}
	done := ""
	err = s.changeLibrary(q, func(lib *library.Library) error {
		now, ok := listIn(lib, one.ID)
		if !ok {
			return library.ErrUnknown
		}
		done, err = changeList(q, lib, now)
		return err
	})
	if err == nil {
		return s.said(w, q, "my/list/"+one.ID, templates.Outcome{Done: done})
	}
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	v, err := s.listView(q, templates.Outcome{Form: "rename", Errors: sentences}, q.field("name"))
	if err != nil {
		return err
	}
	return s.show(w, q, http.StatusUnprocessableEntity, v)
}

func changeList(q *request, lib *library.Library, one library.List) (done string, err error) {
	if q.post.Has("rename") {
		return q.lang.T("done.list.renamed", q.field("name")), lib.Rename(one.ID, q.field("name"))
	}
	if v := q.post.Get("version"); v != "" && v != one.Version() {
		return "", refuse("stale")
	}
	what, at := pressed(q)
	switch what {
	case "up":
		return "", lib.Move(one.ID, at-1, -1)
	case "down":
		return "", lib.Move(one.ID, at-1, 1)
	case "remove":
		return "", lib.Remove(one.ID, at-1)
	}
	return "", badRequest
}

// saveQueue keeps the queue as a list.
func (s *Site) saveQueue(q *request) (done string, err error) {
	name, tracks := q.field("name"), q.session.queued()
	err = s.changeLibrary(q, func(lib *library.Library) error {
		one, err := lib.NewList(name)
		if err != nil {
			return err
		}
		return lib.Add(one.ID, tracks...)
	})
	return q.lang.T("done.list.made", name), err
}

// A list leaves in one of three formats.
type listFormat int

const (
	asM3U8 listFormat = iota
	asXSPF
	asJSON
)

// serveList answers /my/list/ID.m3u8, .xspf and .json. The first two are for players without cookies: their
// addresses hold tokens until the end of the month, and handing them out counts as downloads. An importer finds
// the tracks in the addresses, here and on a mirror.
func (s *Site) serveList(format listFormat) func(http.ResponseWriter, *request) error {
	return func(w http.ResponseWriter, q *request) error {
		if q.session == nil {
			return s.askLogin(w, q, needSession)
		}
		one, err := s.listOf(q)
		if err != nil {
			return err
		}
		if format == asJSON {
			return sendOwn(w, q, "application/json", one.Name+".json", string((&library.Library{Lists: []library.List{one}}).Encode()))
		}
		entries, err := s.entriesOf(q, one)
		if err != nil {
			return err
		}
		var b strings.Builder
		if format == asXSPF {
			err = library.WriteXSPF(&b, one.Name, entries)
			return errors.Join(err, sendOwn(w, q, "application/xspf+xml", one.Name+".xspf", b.String()))
		}
		err = library.WriteM3U8(&b, one.Name, entries)
		return errors.Join(err, sendOwn(w, q, "application/vnd.apple.mpegurl", one.Name+".m3u8", b.String()))
	}
}

// entriesOf are the tracks of a list with addresses that play outside the browser: in full with a pass.
func (s *Site) entriesOf(q *request, one library.List) ([]library.Entry, error) {
	var entries []library.Entry
	for _, name := range one.Tracks {
		id, n, m, err := s.trackNamed(name)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		token := ""
		if q.seat() != nil && !m.Open() {
			if token, err = s.handOut(q, id, m); err != nil {
				return nil, err
			}
		}
		path, seconds := s.playable(id, token, m, n)
		if path == "" {
			continue
		}
		entries = append(entries, library.Entry{
			Track: name, Title: m.Tracks[n].Title, Artist: m.Artist, Album: m.Title, Duration: time.Duration(seconds) * time.Second, URL: s.origin + "/" + path,
		})
	}
	return entries, nil
}
