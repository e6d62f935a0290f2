package site

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"p2p.legal/peerfy/templates"
)

const htmlType = "text/html; charset=utf-8"

// component is what a template is to us: something that can be written. (The template library itself is
// known to package templates alone.)
type component interface {
	Render(context.Context, io.Writer) error
}

// drafts are buffers for reuse: a page of unknown length costs its own length twice over.
var drafts = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// servePage answers with a page of the route: from the cache where it may be kept, else made now.
func (s *Site) servePage(w http.ResponseWriter, q *request) error {
	if q.session != nil { // a member sees more, and nobody else gets to see that page
		view, err := q.route.page(q)
		if err != nil {
			return err
		}
		return s.show(w, q, http.StatusOK, view)
	}
	a, err := s.finished(q, func() (*answer, error) {
		view, err := q.route.page(q)
		if err != nil {
			return nil, err
		}
		draft := drafts.Get().(*bytes.Buffer)
		defer drafts.Put(draft)
		draft.Reset()
		if err := s.render(draft, q, view); err != nil {
			return nil, err
		}
		return newAnswer(http.StatusOK, htmlType, bytes.Clone(draft.Bytes())), nil
	})
	if err != nil {
		return err
	}
	if !q.route.cached {
		a.cacheControl = noStore // a search stays in nobody's cache, the visitor's included
	}
	a.send(w, q.Request)
	return nil
}

// finished is the answer of a route that may be kept: one for each language, spelling of the address and
// state of the catalogue.
func (s *Site) finished(q *request, make func() (*answer, error)) (*answer, error) {
	whole := func() (*answer, error) {
		a, err := make()
		if err != nil {
			return nil, err
		}
		if q.prefix == "" {
			a.vary = varyAll
		}
		if q.route.cached {
			a.pack()
		}
		if acceptsGzip(q.Header.Get("Accept-Encoding")) {
			a.compressed() // now, so that the cache knows its size
		}
		return a, nil
	}
	if !q.route.cached {
		return whole()
	}
	return s.cache.get(q.state.epoch, string(q.lang)+"\x00"+q.prefix+"\x00"+q.address(), whole)
}

// render writes a view with its template.
func (s *Site) render(w io.Writer, q *request, view any) error {
	c, err := template(view)
	if err != nil {
		return err
	}
	return c.Render(q.Context(), w)
}

// template finds the template of a view.
func template(view any) (component, error) {
	switch v := view.(type) {
	case templates.Home:
		return templates.HomePage(v), nil
	case templates.Browse:
		return templates.BrowsePage(v), nil
	case templates.Search:
		return templates.SearchPage(v), nil
	case templates.ArtistPage:
		return templates.ShowArtist(v), nil
	case templates.Release:
		return templates.ReleasePage(v), nil
	case templates.Player:
		return templates.PlayerPage(v), nil
	case templates.SeriesPage:
		return templates.ShowSeries(v), nil
	case templates.Text:
		return templates.TextPage(v), nil
	case templates.Notice:
		return templates.NoticePage(v), nil
	case templates.Ledger:
		return templates.LedgerPage(v), nil
	case templates.EntryPage:
		return templates.ShowEntry(v), nil
	case templates.Status:
		return templates.StatusPage(v), nil
	case templates.Problem:
		return templates.ProblemPage(v), nil
	}
	return memberTemplate(view)
}

// memberTemplate finds the template of a view for members.
func memberTemplate(view any) (component, error) {
	switch v := view.(type) {
	case templates.Join:
		return templates.JoinPage(v), nil
	case templates.Login:
		return templates.LoginPage(v), nil
	case templates.Again:
		return templates.AgainPage(v), nil
	case templates.Account:
		return templates.AccountPage(v), nil
	case templates.Identity:
		return templates.IdentityPage(v), nil
	case templates.Pass:
		return templates.PassPage(v), nil
	case templates.MyMonth:
		return templates.MyMonthPage(v), nil
	case templates.Receipts:
		return templates.ReceiptsPage(v), nil
	case templates.Library:
		return templates.LibraryPage(v), nil
	case templates.List:
		return templates.ListPage(v), nil
	case templates.Queue:
		return templates.QueuePage(v), nil
	case templates.Goodbye:
		return templates.GoodbyePage(v), nil
	case templates.Done:
		return templates.DonePage(v), nil
	}
	return nil, fmt.Errorf("no template for %T", view)
}
