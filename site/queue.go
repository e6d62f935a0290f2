package site

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"p2p.legal/peerfy/royalty/listen"
	"p2p.legal/peerfy/royalty/listen/chain"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/library"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

// "My queue" is what one session wants to hear, as one stream without a gap: the tracks' Ogg renditions, chained.
// It lives in the session; saved, it becomes a list of the library.

// maxQueue bounds a queue: a day and a half of music.
const maxQueue = 500

// queuePage answers GET /my/queue.
func (s *Site) queuePage(q *request) (any, error) {
	return s.queueView(q, q.outcome(), "")
}

func (s *Site) queueView(q *request, o templates.Outcome, name string) (templates.Queue, error) {
	tracks := q.session.queued()
	lines, length, err := s.trackLines(q.lang, tracks)
	v := templates.Queue{
		Page: s.memberPage(q, q.lang.T("queue.title")), Outcome: o, Version: listVersion(tracks), Src: "my/queue.opus",
		Open: q.session.library() != nil, Name: name,
	}
	v.Nav = "queue"
	if len(tracks) > 0 {
		v.Length = lengthOf(q.lang, len(tracks), length)
	}
	from, to, pager := s.paged(q, len(lines), "my/queue")
	v.Tracks, v.Pager = lines[from:to], pager
	return v, err
}

// queued is a copy of the session's queue.
func (s *session) queued() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.queue)
}

// listVersion names what a form about a list was made from.
func listVersion(tracks []string) string {
	return library.List{Tracks: tracks}.Version()
}

// trackLines are the lines of a list, with the length of it all.
func (s *Site) trackLines(l i18n.Lang, tracks []string) ([]templates.ListTrack, time.Duration, error) {
	var total time.Duration
	lines := make([]templates.ListTrack, len(tracks))
	for i, name := range tracks {
		lines[i] = templates.ListTrack{Position: i + 1, First: i == 0, Last: i == len(tracks)-1, Title: l.T("list.gone")}
		id, n, m, err := s.trackNamed(name)
		if err != nil {
			return nil, 0, err
		}
		if m == nil {
			continue
		}
		t := m.Tracks[n]
		total += milliseconds(t.Duration)
		lines[i].Title, lines[i].Artist, lines[i].Length = t.Title, m.Artist, l.Clock(milliseconds(t.Duration))
		lines[i].Href = choiceHref(id, choice{track: n})
	}
	return lines, total, nil
}

// trackNamed is a track of the catalogue; the manifest is nil when it is gone.
func (s *Site) trackNamed(name string) (id string, track int, m *catalog.Manifest, err error) {
	id, track, err = catalog.ParseTrackID(name)
	if err != nil {
		return "", 0, nil, nil
	}
	m, err = s.cfg.DB.Manifest(id)
	if errors.Is(err, store.ErrWithdrawn) || errors.Is(err, store.ErrUnknown) || err == nil && track >= len(m.Tracks) {
		return "", 0, nil, nil
	}
	return id, track, m, err
}

// tracksOf are the tracks that a form means by an id: of a release all, or one.
func (s *Site) tracksOf(id string) ([]string, error) {
	if _, _, m, err := s.trackNamed(id); err != nil || m != nil {
		return []string{id}, err
	}
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return nil, refuse("work")
	}
	names := make([]string, len(m.Tracks))
	for i := range m.Tracks {
		names[i] = catalog.TrackID(id, i)
	}
	return names, nil
}

// postQueueAdd adds a release or a track at the end.
func (s *Site) postQueueAdd(w http.ResponseWriter, q *request) error {
	tracks, err := s.tracksOf(q.field("id"))
	o := templates.Outcome{}
	if err == nil {
		err = q.session.enqueue(tracks)
		o.Done = count(q.lang, "done.queued", len(tracks))
	}
	if err != nil {
		sentences, ok := q.refusals(err)
		if !ok {
			return err
		}
		o = templates.Outcome{Errors: sentences}
	}
	return s.said(w, q, q.back("my/queue"), o)
}

func (s *session) enqueue(tracks []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue)+len(tracks) > maxQueue {
		return refuse("queue.full", maxQueue)
	}
	s.queue = append(s.queue, tracks...)
	return nil
}

// postQueue moves, removes, clears or saves.
func (s *Site) postQueue(w http.ResponseWriter, q *request) error {
	done, err := s.changeQueue(q)
	if err == nil {
		return s.said(w, q, "my/queue", templates.Outcome{Done: done})
	}
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	v, err := s.queueView(q, templates.Outcome{Errors: sentences}, q.field("name"))
	if err != nil {
		return err
	}
	return s.show(w, q, http.StatusUnprocessableEntity, v)
}

func (s *Site) changeQueue(q *request) (done string, err error) {
	if q.post.Has("save") {
		return s.saveQueue(q)
	}
	stay := q.session
	stay.mu.Lock()
	defer stay.mu.Unlock()
	if v := q.post.Get("version"); v != "" && v != listVersion(stay.queue) {
		return "", refuse("stale")
	}
	if q.post.Has("clear") {
		stay.queue = nil
		return q.lang.T("done.cleared"), nil
	}
	what, at := pressed(q)
	if at < 1 || at > len(stay.queue) {
		return "", badRequest
	}
	stay.queue = moved(stay.queue, what, at-1)
	return "", nil
}

// pressed is the button of a line, and the line's position from 1.
func pressed(q *request) (what string, at int) {
	for _, what := range []string{"up", "down", "remove"} {
		if q.post.Has(what) {
			at, _ := strconv.Atoi(q.post.Get(what))
			return what, at
		}
	}
	return "", 0
}

func moved(list []string, what string, i int) []string {
	switch {
	case what == "remove":
		return slices.Delete(slices.Clone(list), i, i+1)
	case what == "up" && i > 0:
		list = slices.Clone(list)
		list[i-1], list[i] = list[i], list[i-1]
	case what == "down" && i < len(list)-1:
		list = slices.Clone(list)
		list[i+1], list[i] = list[i], list[i+1]
	}
	return list
}

// serveQueue answers /my/queue.opus: the whole queue as one chained Ogg Opus stream.
func (s *Site) serveQueue(w http.ResponseWriter, q *request) error {
	st := q.seat()
	if st == nil {
		return s.askLogin(w, q, needPass)
	}
	c, parts, err := s.chainOf(q.session.queued())
	if err != nil {
		return err
	}
	if c == nil {
		return notFound
	}
	defer c.Close()
	if q.Header.Get("Range") == "bytes=0-" { // all of it, as players ask at first
		q.Header.Del("Range")
	}
	return s.stream(endless{w}, q, st, "audio/ogg", catalog.Hash(c.Tag()), c, parts)
}

// endless sends a whole answer without its length; of a part the length is told. A player that knows an Ogg stream's
// length looks at its end before it plays the first note, to learn the duration, which a chain's end does not tell:
// Firefox reads up to there, at the pace of listening, if that is less than about a megabyte away.
type endless struct{ http.ResponseWriter }

// WriteHeader leaves the length out.
func (e endless) WriteHeader(status int) {
	if status == http.StatusOK {
		e.Header().Del("Content-Length")
	}
	e.ResponseWriter.WriteHeader(status)
}

// chainOf joins the tracks that are here and have an Ogg rendition: films have none.
func (s *Site) chainOf(tracks []string) (*chain.Chain, []listen.Part, error) {
	var files []chain.File
	var parts []listen.Part
	for _, name := range tracks {
		id, n, m, err := s.trackNamed(name)
		if err != nil {
			return nil, nil, err
		}
		if m == nil {
			continue
		}
		r, ok := oggOf(m.Tracks[n])
		if !ok || !s.cfg.DB.HasObject(r.Root) {
			continue
		}
		files = append(files, chain.File{Root: r.Root, Size: r.Size, Open: func() (io.ReadSeekCloser, error) {
			f, _, err := s.cfg.DB.OpenObject(r.Root)
			return f, err
		}})
		parts = append(parts, partOf(id, m, n, r.Size)...)
	}
	if len(files) == 0 {
		return nil, nil, nil
	}
	c, err := chain.New(files)
	return c, parts, err
}

// oggOf is the rendition of a track that can be chained.
func oggOf(t catalog.Track) (catalog.Rendition, bool) {
	for _, r := range t.Renditions {
		if r.Label == "ogg" {
			return r, true
		}
	}
	return catalog.Rendition{}, false
}

// paged cuts the table of a page into pages.
func (s *Site) paged(q *request, total int, path string) (from, to int, p templates.Pager) {
	return s.pagedBy(q, "page", total, path)
}

// pagedBy cuts one of several tables of a page into pages, by the query's key.
func (s *Site) pagedBy(q *request, key string, total int, path string) (from, to int, p templates.Pager) {
	const rows = templates.RowsPerPage
	pages := max((total+rows-1)/rows, 1)
	n, _ := strconv.Atoi(q.form.Get(key))
	n = min(max(n, 1), pages)
	href := func(n int) string { return path + "?" + key + "=" + strconv.Itoa(n) }
	if n > 1 {
		p.Prev = href(n - 1)
	}
	if n < pages {
		p.Next = href(n + 1)
	}
	if pages > 1 {
		p.PageNo = q.lang.T("listing.page", n, pages)
	}
	return (n - 1) * rows, min(n*rows, total), p
}
