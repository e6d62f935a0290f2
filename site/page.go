package site

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"p2p.legal/peerfy/templates"
)

const htmlType = "text/html; charset=utf-8"

// component is what a template is to us: something that can be written. (The template library itself is
// known to package templates alone.)
type component interface {
	Render(context.Context, io.Writer) error
}

// servePage answers with a page of the route: from the cache where it may be kept, else made now.
func (s *Site) servePage(w http.ResponseWriter, q *request) error {
	a, err := s.finished(q, func() (*answer, error) {
		view, err := q.route.page(q)
		if err != nil {
			return nil, err
		}
		var buf bytes.Buffer
		if err := s.render(&buf, q, view); err != nil {
			return nil, err
		}
		return newAnswer(http.StatusOK, htmlType, buf.Bytes()), nil
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
	inLanguage := func() (*answer, error) {
		a, err := make()
		if err == nil && q.prefix == "" {
			a.vary = varyAll
		}
		return a, err
	}
	if !q.route.cached {
		return inLanguage()
	}
	return s.cache.get(q.state.epoch, string(q.lang)+"\x00"+q.prefix+"\x00"+q.address(), inLanguage)
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
	return nil, fmt.Errorf("no template for %T", view)
}
