package main

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store"
)

const perPage = 24 // as on the site

// render: CPU of a listing page that nobody asked for yet, from the large
// catalogue and without compression; against net/http with html/template
// filling a page of the same texts and links, from the same answers of the same
// store. Below it, what the page costs for the first who takes gzip.
func (b *bench) render(context.Context) error {
	db, err := store.Open(b.catalogue(), store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	dir, err := os.MkdirTemp("", "members-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	members, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		return err
	}
	defer members.Close()
	ours, err := site.New(site.Config{DB: db, Members: members, Onion: db.Charter().Onion, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer ours.Close()
	peer := &templated{db}
	const n = 400
	var mine, zipped, theirs []time.Duration
	var ratios []float64
	var size, other int
	for round := range rounds {
		first := 2 + 2*round*n // each page once: nothing is cached
		m, length, err := renderCost(ours, db.Charter().Onion, first, n, "")
		if err != nil {
			return err
		}
		t, peerLength, err := renderCost(peer, db.Charter().Onion, first, n, "")
		if err != nil {
			return err
		}
		z, _, err := renderCost(ours, db.Charter().Onion, first+n, n, "gzip")
		if err != nil {
			return err
		}
		size, other = length, peerLength
		mine, zipped, theirs, ratios = append(mine, m), append(zipped, z), append(theirs, t), append(ratios, float64(t)/float64(m))
	}
	if other > size {
		return fmt.Errorf("the peer's page has %d bytes, ours %d: the comparison would flatter us", other, size)
	}
	b.row(fmt.Sprintf("CPU of a listing page rendered from %d releases, nothing cached, not compressed, %d bytes; html/template, %d bytes", b.releases, size, other),
		median(mine).Round(time.Microsecond).String(), median(theirs).Round(time.Microsecond).String(),
		fmt.Sprintf("%.1f x less", median(ratios)), "at least 4 x less")
	b.row("  the same and compressed, for the first who asks for it", median(zipped).Round(time.Microsecond).String(), "", "", "")
	return nil
}

// sink is a ResponseWriter that counts.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { s.bytes += len(b); return len(b), nil }

func renderCost(h http.Handler, host string, first, n int, encoding string) (each time.Duration, size int, err error) {
	before := spent()
	for page := first; page < first+n; page++ {
		r, err := http.NewRequest("GET", "/en/browse/all?page="+strconv.Itoa(page), nil)
		if err != nil {
			return 0, 0, err
		}
		r.Host, r.RequestURI = host, r.URL.RequestURI()
		if encoding != "" {
			r.Header.Set("Accept-Encoding", encoding)
		}
		w := &sink{header: http.Header{}, status: http.StatusOK}
		h.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			return 0, 0, fmt.Errorf("page %d: status %d", page, w.status)
		}
		size = w.bytes
	}
	return (spent() - before) / time.Duration(n), size, nil
}

// templated is the peer: the same page with html/template.
type templated struct{ db *store.DB }

func (t *templated) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, err := strconv.Atoi(r.FormValue("page"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	cards, total, facets, err := t.db.List(store.Filter{}, store.Newest, (page-1)*perPage, perPage)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	type facet struct {
		Key, Name string
		Values    []store.Count
	}
	top := func(all []store.Count) []store.Count { return all[:min(len(all), 8)] }
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	err = listing.Execute(w, map[string]any{
		"Site": t.db.Charter().Name, "Onion": t.db.Charter().Onion, "Total": total, "Page": page, "Pages": (total + perPage - 1) / perPage,
		"Prev": page - 1, "Next": page + 1, "Cards": cards,
		"Facets": []facet{{"kind", "Kind", top(facets.Kinds)}, {"genre", "Genre", top(facets.Genres)}, {"year", "Year", top(facets.Years)},
			{"language", "Language", top(facets.Languages)}, {"licence", "Licence", top(facets.Licences)}},
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

var listing = template.Must(template.New("listing").Funcs(template.FuncMap{
	"minutes": func(d time.Duration) int { return int(d.Minutes()) },
	"cell":    func(i int) string { return "c" + strconv.Itoa(i) },
}).Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The whole catalogue – {{.Site}}</title>
<link rel="stylesheet" href="../../a/style.css">
<link rel="alternate" type="application/rss+xml" href="../feed.xml">
</head>
<body>
<a class="skip" href="#main">Skip to the page</a>
<header>
<p><a href="../">{{.Site}}</a></p><p>Music and film, authorised by the people who made them</p>
<form action="../search" role="search"><label for="q">Search</label><input id="q" name="q" type="search" maxlength="200" placeholder="Title, artist, track…"><button>Search</button></form>
<nav aria-label="Main"><a href="../browse/all" aria-current="page">Catalogue</a><a href="../publish">Publish</a><a href="../ledger">The log</a><a href="../about">About</a><a href="../../fr/browse/all?page={{.Page}}" lang="fr">Français</a></nav>
</header>
<main id="main">
<h1>The whole catalogue</h1><p>{{.Total}} releases</p>
<nav class="filters" aria-label="Filters"><details><summary>Filters</summary>
{{range .Facets}}{{$key := .Key}}<h2>{{.Name}}</h2><ul>{{range .Values}}<li><a href="../browse/all?{{$key}}={{.Value}}"><bdi>{{.Value}}</bdi></a> <small>{{.N}}</small></li>{{end}}</ul>
{{end}}</details></nav>
<nav class="sorts" aria-label="Order"><a href="../browse/all" aria-current="true">Newest</a><a href="../browse/all?sort=title">Title</a><a href="../browse/all?sort=artist">Artist</a></nav>
<ul class="wall">
{{range $i, $c := .Cards}}<li><a href="../r/{{.ID}}"><span class="cover"><img class="{{cell $i}}" src="../../a/s-0123456789abcdef.jpg" width="96" height="96" alt="cover"></span><b><bdi>{{.Title}}</bdi></b></a><a href="../artist/{{.Slug}}"><bdi>{{.Artist}}</bdi></a><small>{{if .Open}}<i>In full</i>{{end}} {{.Kind}} · {{.Year}} · {{.Tracks}} tracks, {{minutes .Duration}} min</small></li>
{{end}}</ul>
<nav class="pages" aria-label="Pages"><a href="../browse/all?page={{.Prev}}" rel="prev">Previous</a><span>page {{.Page}} of {{.Pages}}</span><a href="../browse/all?page={{.Next}}" rel="next">Next</a></nav>
</main>
<footer>
<ul><li><a href="../about">What this is</a></li><li><a href="../publish">Publish a work</a></li><li><a href="../notice">Report a work</a></li><li><a href="../feed.xml">RSS feed</a></li></ul>
<ul><li><a href="../about/limits">Honest limits</a></li><li><a href="../licence">Licence</a></li><li><a href="../status">State of the service</a></li><li><a href="../opml.xml">All feeds</a></li></ul>
<p>One fee, a month, once memberships open.</p><p>Your address ends in …{{.Onion}}</p>
</footer>
</body>
</html>
`))
