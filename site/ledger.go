package site

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

const entriesPerPage = 50

// logged is an entry as it stands in the log.
type logged struct {
	index int64
	raw   []byte
	void  string
	entry *ledger.Entry
}

// ledger answers /ledger?before=N: the log's state and its entries, newest first.
func (s *Site) ledger(q *request) (any, error) {
	size := q.state.facts.size
	before := size
	if v := q.form.Get("before"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 1 || n > size || strconv.FormatInt(n, 10) != v {
			return nil, notFound
		}
		before = n
	}
	var lines []logged
	for i := before - 1; i >= max(0, before-entriesPerPage); i-- {
		e, err := s.logged(i)
		if err != nil {
			return nil, err
		}
		lines = append(lines, e)
	}
	page := s.page(q, q.lang.T("ledger.title"))
	page.Nav = "ledger"
	return ledgerView(page, q.state, s.cfg.DB.Root().String(), lines, before), nil
}

func (s *Site) logged(index int64) (logged, error) {
	raw, void, err := s.cfg.DB.Entry(index)
	if err != nil {
		return logged{}, err
	}
	e, err := ledger.ParseEntry(raw)
	return logged{index, raw, void, e}, err
}

func ledgerView(page templates.Page, st *state, root string, lines []logged, before int64) templates.Ledger {
	l, c := page.Lang, st.charter
	v := templates.Ledger{
		Page: page, Origin: c.Origin, Size: l.Number(st.facts.size), Root: root, Key: c.Keys.Log,
		Day: day(l, st.facts.day), Fresh: freshness(l, st.facts), Witnesses: l.T("ledger.seen.none"),
		Files: []templates.Link{
			{Href: "ledger/checkpoint", Text: l.T("ledger.checkpoint")},
			{Href: "ledger/tile/entries/" + firstTile(st.facts.size), Text: "ledger/tile/entries/" + firstTile(st.facts.size)},
			{Href: "ledger/succession", Text: l.T("succession.title")},
		},
	}
	for _, e := range lines {
		v.Entries = append(v.Entries, entryView(l, e))
	}
	if before > entriesPerPage {
		v.Next = "ledger?before=" + strconv.FormatInt(before-entriesPerPage, 10)
	}
	if newer := before + entriesPerPage; before < st.facts.size {
		v.Prev = "ledger"
		if newer < st.facts.size {
			v.Prev = "ledger?before=" + strconv.FormatInt(newer, 10)
		}
	}
	return v
}

// firstTile is the name of the first tile of entries: partial while the log is short.
func firstTile(size int64) string {
	if size >= 256 {
		return "000"
	}
	return "000.p/" + strconv.FormatInt(size, 10)
}

func freshness(l i18n.Lang, f facts) string {
	switch {
	case f.day == "":
		return l.T("ledger.fresh.never")
	case f.stale:
		return l.T("ledger.fresh.no")
	}
	return l.T("ledger.fresh.yes")
}

func entryView(l i18n.Lang, e logged) templates.Entry {
	return templates.Entry{
		Index: l.Number(e.index), Kind: string(e.entry.Kind), Summary: summary(l, e), Void: e.void,
		Href: "ledger/entry/" + strconv.FormatInt(e.index, 10),
	}
}

// summary says in a few words what an entry does. It never shows a work's title: the log holds none.
func summary(l i18n.Lang, e logged) string {
	switch e.entry.Kind {
	case ledger.KindCharter:
		if c, err := catalog.ParseCharter(e.entry.Body); err == nil {
			return l.T("entry.charter", day(l, c.Since))
		}
	case ledger.KindArtist:
		if a, err := catalog.ParseArtist(e.entry.Body); err == nil {
			return l.T("entry.artist", a.Name)
		}
	case ledger.KindRelease:
		if r, err := catalog.ParseRelease(e.entry.Body); err == nil {
			return l.T("entry.release", r.Artist)
		}
	case ledger.KindWithdrawal:
		if w, err := catalog.ParseWithdrawal(e.entry.Body); err == nil {
			if w.Lift {
				return l.T("entry.lift")
			}
			return l.T("entry.withdrawal", l.T("reason."+w.Reason))
		}
	case ledger.KindOpening:
		if o, err := catalog.ParseOpening(e.entry.Body); err == nil {
			return l.T("entry.opening", monthName(l, royalty.Period(o.Period)))
		}
	}
	if !e.entry.Known {
		return l.T("ledger.unknown")
	}
	return ""
}

// entry answers /ledger/entry/N: one entry in full.
func (s *Site) entry(q *request) (any, error) {
	index, err := strconv.ParseInt(q.param("index"), 10, 64)
	if err != nil || index < 0 || strconv.FormatInt(index, 10) != q.param("index") {
		return nil, notFound
	}
	e, err := s.logged(index)
	if err != nil {
		return nil, err
	}
	page := s.page(q, q.lang.T("ledger.entry", index))
	page.Nav = "ledger"
	v := templates.EntryPage{Page: page, Entry: entryView(q.lang, e), Raw: string(e.raw)}
	for _, sig := range e.entry.Sigs {
		v.Signers = append(v.Signers, sig.Name)
	}
	return v, nil
}

// serveCheckpoint answers /ledger/checkpoint: the signed state of the log (c2sp.org/tlog-tiles).
func (s *Site) serveCheckpoint(w http.ResponseWriter, q *request) error {
	a := newAnswer(http.StatusOK, textType, s.cfg.DB.Checkpoint())
	a.send(w, q.Request)
	return nil
}

// serveTile answers /ledger/tile/…: hashes or entries (c2sp.org/tlog-tiles). A tile never changes.
func (s *Site) serveTile(w http.ResponseWriter, q *request) error {
	a, err := s.finished(q, func() (*answer, error) {
		b, err := s.cfg.DB.Tile("tile/" + q.param("path"))
		if errors.Is(err, ledger.ErrMalformed) || errors.Is(err, store.ErrUnknown) {
			return nil, notFound
		}
		if err != nil {
			return nil, err
		}
		contentType := "application/octet-stream"
		a := newAnswer(http.StatusOK, contentType, b)
		a.cacheControl = immutable
		if !strings.HasPrefix(q.param("path"), "entries/") {
			a.gzip = body{} // hashes do not shrink, and clients of the log expect them as they are
		}
		return a, nil
	})
	if err != nil {
		return err
	}
	a.send(w, q.Request)
	return nil
}

// serveCharter answers /charter.json: the charter in force as the log holds it, for artists to publish under.
func (s *Site) serveCharter(w http.ResponseWriter, q *request) error {
	a, err := s.finished(q, func() (*answer, error) {
		b, err := ledger.MarshalCanonical(q.state.charter)
		if err != nil {
			return nil, err
		}
		return newAnswer(http.StatusOK, "application/json", b), nil
	})
	if err != nil {
		return err
	}
	a.send(w, q.Request)
	return nil
}
