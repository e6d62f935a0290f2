// Package search finds works by the words of their titles, artists, tracks,
// series and genres.
//
// # What it promises
//
//   - To visitors: case, accents, ligatures and apostrophes do not matter; the
//     last word may be unfinished; a word of four letters or more may have one
//     typo when nothing is found as it was written. All words must match, and
//     only when no work has them all are works with fewer shown.
//   - To their privacy: no query is stored, logged or part of an error.
//   - To the rest of the house: the index is made from the catalogue and is
//     never the source of truth. It carries the state of the log that it was
//     made from. What does not match the log, or does not open, is thrown away
//     and built again in the background while the last one answers. A hit that
//     the catalogue no longer lists is dropped before it is shown.
//
// A document is a release. Its tracks are words of it: a hit on a track is a hit
// on its release and names the track.
//
// # Why it is bounded
//
// A query is at most 200 bytes and ten words. Unfinished and mistyped words
// expand to a fixed number of terms, read from the dictionary: no query becomes
// a pattern. The index lies in mapped files, and a search keeps only the page it
// answers with.
package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"p2p.legal/peerfy/store/catalog"
)

// Source is what the index reads of the catalogue. *store.DB is one.
type Source interface {
	// Size is how many entries the log has.
	Size() int64
	// StateAt names the first size entries of the log.
	StateAt(size int64) (string, error)
	// Walk calls fn for every listed release whose entry is at from or later,
	// in order. Of the manifest only what is searched is there.
	Walk(ctx context.Context, from int64, fn func(id, artist string, index int64, m *catalog.Manifest) error) error
	// Gone are the releases taken from the lists by the entries in [from, to).
	Gone(from, to int64) ([]string, error)
	// Sleeve is what Walk shows of one release, an error when none does.
	Sleeve(id string) (artist string, m *catalog.Manifest, err error)
}

// Limits of a query.
const (
	MaxText   = 200    // bytes
	MaxWords  = 10     // further words are not looked at
	MaxOffset = 10_000 // results beyond are not reached
	MaxLimit  = 100
)

// Sentinels that callers branch on.
var (
	// ErrTooLong says that the query has more than MaxText bytes.
	ErrTooLong = errors.New("the query is longer than 200 bytes")

	// ErrNotReady says that the first index is still being built.
	ErrNotReady = errors.New("the search index is being built")
)

// Sort is the order of results.
type Sort int

// The orders of results.
const (
	Relevance Sort = iota
	Newest
)

// Query is what somebody looks for. Filters are compared exactly; empty ones
// let everything through.
type Query struct {
	Text     string
	Kind     string
	Genre    string
	Year     string // YYYY
	Language string
	Licence  string
	Open     bool // only works free of charge in full
	Sort     Sort
	Offset   int
	Limit    int // 0 means 24
}

// Result is one page of what was found.
type Result struct {
	IDs        []string // of releases
	Tracks     []string // beside each id the title of the track that matched, empty when it was the release
	Total      int      // of releases, exact
	Facets     Facets
	Artists    []string // slugs of at most five artists whose names match; on the first page only
	DidYouMean string   // a better spelling, empty when there is none
	Partial    bool     // no work has all the words: these have some
}

// Facets say how many of the releases found each further choice would leave:
// every count applies all other filters of the query, and not its own.
type Facets struct {
	Kinds, Genres, Years, Languages, Licences []Count
	Open                                      int
}

// Count is a value and the number of releases that have it.
type Count struct {
	Value string
	N     int
}

// Search answers a query. Errors wrap ErrTooLong or ErrNotReady, or say that
// the index cannot be read; then it is being built again.
func (x *Index) Search(ctx context.Context, q Query) (res Result, err error) {
	if len(q.Text) > MaxText {
		return res, ErrTooLong
	}
	q.Offset = min(max(q.Offset, 0), MaxOffset)
	if q.Limit <= 0 {
		q.Limit = 24
	}
	q.Limit = min(q.Limit, MaxLimit)
	words := Words(q.Text)
	if len(words) == 0 {
		return res, nil
	}
	x.nudge()
	err = x.read(func(r *reader) error {
		s := &session{ctx: ctx, r: r, q: q, words: words[:min(len(words), MaxWords)], src: x.src}
		res, err = s.run()
		return err
	})
	return res, err
}

// session is one query over one state of the index.
type session struct {
	ctx   context.Context
	r     *reader
	q     Query
	words []string
	src   Source
}

// run tries from the strictest to the loosest reading of the words, and stops
// at the first that finds something.
func (s *session) run() (Result, error) {
	plan, err := s.plan()
	if err != nil {
		return Result{}, err
	}
	hits, err := s.collect(plan.all())
	if err != nil {
		return Result{}, err
	}
	if hits.found == 0 && plan.forgive() {
		if hits, err = s.collect(plan.all()); err != nil {
			return Result{}, err
		}
	}
	partial := false
	for least := len(s.words) - 1; hits.found == 0 && least > 0; least = min(least-1, 1) {
		partial = true
		if hits, err = s.collect(plan.some(least)); err != nil {
			return Result{}, err
		}
	}
	return s.result(plan, hits, partial && hits.found > 0)
}

// result turns hits into what is shown.
func (s *session) result(p *plan, hits *hits, partial bool) (Result, error) {
	res := Result{Total: hits.total, Facets: hits.facets(), Partial: partial}
	var spelling map[string]string
	for _, id := range hits.page(s.q) {
		_, m, err := s.src.Sleeve(id)
		if err != nil {
			res.Total--
			continue // withdrawn since the index was made
		}
		res.IDs = append(res.IDs, id)
		res.Tracks = append(res.Tracks, p.track(m))
		spelling = p.spell(spelling, m)
	}
	res.DidYouMean = p.suggestion(spelling)
	if s.q.Offset > 0 {
		return res, nil
	}
	var err error
	res.Artists, err = s.artists(p)
	return res, err
}

const maxArtists = 5

// artists are those whose name has all the words.
func (s *session) artists(p *plan) ([]string, error) {
	found := map[string]int{}
	err := s.each(p.named(), func(v *values) bool {
		found[v.artist]++
		return len(found) < 100
	})
	if err != nil {
		return nil, err
	}
	slugs := make([]string, 0, len(found))
	for slug := range found {
		slugs = append(slugs, slug)
	}
	slices.SortFunc(slugs, func(a, b string) int { return cmp.Or(found[b]-found[a], cmp.Compare(a, b)) })
	return slugs[:min(len(slugs), maxArtists)], nil
}

// damaged wraps what bbolt or bleve say when an index file is not what it was.
func damaged(v any) error { return fmt.Errorf("the search index cannot be read: %v", v) }
