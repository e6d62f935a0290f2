package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cespare/webtest"

	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store/search"
)

// TestScripts plays the journeys of testdata/*.txt. In their addresses ALBUM, CLOSED, FILM, EPISODE and GONE
// stand for the ids of the works of newShop.
func TestScripts(t *testing.T) {
	s := newShop(t)
	index, err := search.Open(t.TempDir(), s.coop.DB, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	s.Site = newSite(t, s, func(c *site.Config) { c.Search = index })
	names := strings.NewReplacer("ALBUM", s.album, "CLOSED", s.closed, "FILM", s.film, "EPISODE", s.first, "GONE", s.gone)
	webtest.TestHandler(t, "testdata/*.txt", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := setTarget(r, names.Replace(r.URL.RequestURI())); err != nil {
			t.Error(err)
		}
		if r.Host = r.Header.Get("X-Host"); r.Host == "" {
			r.Host = onion
		}
		s.ServeHTTP(w, r)
	}))
}
