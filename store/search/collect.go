package search

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"slices"

	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/searcher"
	index "github.com/blevesearch/bleve_index_api"

	"p2p.legal/peerfy/store/catalog"
)

// make builds a searcher over a reader. A nil searcher finds nothing.
type maker func(s *session) (search.Searcher, error)

// all wants every word, and likes works that have them in title or name.
func (p *plan) all() maker {
	return func(s *session) (search.Searcher, error) {
		var must []search.Searcher
		for _, w := range p.wishes {
			if len(w.variants) == 0 {
				return nil, closeAll(must, nil)
			}
			one, err := s.either(fieldAll, w.variants, 1)
			if err != nil {
				return nil, closeAll(must, err)
			}
			must = append(must, one)
		}
		return s.liking(p, must, len(must))
	}
}

// some wants at least so many of the words.
func (p *plan) some(least int) maker {
	return func(s *session) (search.Searcher, error) {
		var must []search.Searcher
		for _, w := range p.wishes {
			if len(w.variants) == 0 {
				continue
			}
			one, err := s.either(fieldAll, w.variants, 1)
			if err != nil {
				return nil, closeAll(must, err)
			}
			must = append(must, one)
		}
		if len(must) < least {
			return nil, closeAll(must, nil)
		}
		return s.liking(p, must, least)
	}
}

// named wants every word in the artist's name.
func (p *plan) named() maker {
	return func(s *session) (search.Searcher, error) {
		var must []search.Searcher
		for _, w := range p.wishes {
			if len(w.variants) == 0 {
				return nil, closeAll(must, nil)
			}
			one, err := s.either(fieldArtist, w.variants, 1)
			if err != nil {
				return nil, closeAll(must, err)
			}
			must = append(must, one)
		}
		return searcher.NewConjunctionSearcher(s.ctx, s.r, must, search.SearcherOptions{})
	}
}

// either finds any of the variants.
func (s *session) either(field string, variants []variant, boost float64) (search.Searcher, error) {
	var any []search.Searcher
	for _, v := range variants {
		one, err := searcher.NewTermSearcher(s.ctx, s.r, v.term, field, boost*v.boost, search.SearcherOptions{})
		if err != nil {
			return nil, closeAll(any, err)
		}
		any = append(any, one)
	}
	if len(any) == 1 {
		return any[0], nil
	}
	return searcher.NewDisjunctionSearcher(s.ctx, s.r, any, 1, search.SearcherOptions{})
}

// The weights of where a word stands. A word anywhere weighs 1.
const (
	likeTitle  = 4
	likeArtist = 3
	likeExact  = 8
	likeTerms  = 4 // variants of a word that are looked for in titles and names
)

// liking joins what must match with what raises the rank.
func (s *session) liking(p *plan, must []search.Searcher, least int) (search.Searcher, error) {
	var want search.Searcher
	var err error
	if least == len(must) {
		want, err = searcher.NewConjunctionSearcher(s.ctx, s.r, must, search.SearcherOptions{})
	} else {
		want, err = searcher.NewDisjunctionSearcher(s.ctx, s.r, must, float64(least), search.SearcherOptions{})
	}
	if err != nil {
		return nil, closeAll(must, err)
	}
	exact := []variant{{term: p.phrase, boost: 1}}
	liked := []search.Searcher{}
	add := func(field string, vs []variant, boost float64) {
		if len(vs) > 0 && err == nil {
			var one search.Searcher
			if one, err = s.either(field, vs, boost); err == nil {
				liked = append(liked, one)
			}
		}
	}
	add(fieldExact, exact, likeExact)
	for _, w := range p.wishes {
		vs := w.variants[:min(len(w.variants), likeTerms)]
		add(fieldTitle, vs, likeTitle)
		add(fieldArtist, vs, likeArtist)
	}
	if err != nil {
		return nil, closeAll(append(liked, want), err)
	}
	should, err := searcher.NewDisjunctionSearcher(s.ctx, s.r, liked, 0, search.SearcherOptions{})
	if err != nil {
		return nil, closeAll(append(liked, want), err)
	}
	return searcher.NewBooleanSearcher(s.ctx, s.r, want, should, nil, search.SearcherOptions{})
}

func closeAll(ss []search.Searcher, err error) error {
	for _, s := range ss {
		err = cmp.Or(err, s.Close())
	}
	return err
}

// values are what the index keeps beside a release for filters and order.
type values struct {
	artist                        string
	kind, year, language, licence []byte
	genres                        [][]byte
	open                          bool
	order                         uint32 // of its entry in the log
	score                         float64
}

// The first byte of a term of fieldRow says what the rest is.
const (
	rowArtist   = 'a'
	rowGenre    = 'g'
	rowIndex    = 'i'
	rowKind     = 'k'
	rowLanguage = 'l'
	rowOpen     = 'o'
	rowLicence  = 'c'
	rowYear     = 'y'
)

func (v *values) reset() { *v = values{genres: v.genres[:0]} }

func (v *values) visit(_ string, term []byte) {
	if len(term) == 0 {
		return
	}
	rest := term[1:]
	switch term[0] {
	case rowArtist:
		v.artist = string(rest)
	case rowGenre:
		v.genres = append(v.genres, rest)
	case rowIndex:
		v.order = parseOrder(rest)
	case rowKind:
		v.kind = rest
	case rowLanguage:
		v.language = rest
	case rowLicence:
		v.licence = rest
	case rowYear:
		v.year = rest
	case rowOpen:
		v.open = true
	}
}

// each runs a searcher and shows the values of every hit until fn has enough.
func (s *session) each(make maker, fn func(v *values) bool) error {
	return s.walk(make, func(_ index.IndexInternalID, v *values) bool { return fn(v) })
}

func (s *session) walk(make maker, fn func(id index.IndexInternalID, v *values) bool) (err error) {
	sr, err := make(s)
	if err != nil || sr == nil {
		return err
	}
	defer func() { err = cmp.Or(err, sr.Close()) }()
	rows, err := s.r.DocValueReader([]string{fieldRow})
	if err != nil {
		return err
	}
	c := &search.SearchContext{DocumentMatchPool: search.NewDocumentMatchPool(sr.DocumentMatchPoolSize()+1, 0), IndexReader: s.r}
	var v values
	for n := 0; ; n++ {
		hit, err := sr.Next(c)
		if err != nil || hit == nil {
			return err
		}
		if n%1024 == 1023 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		v.reset()
		if err := rows.VisitDocValues(hit.IndexInternalID, v.visit); err != nil {
			return err
		}
		v.score = hit.Score
		more := fn(hit.IndexInternalID, &v)
		c.DocumentMatchPool.Put(hit)
		if !more {
			return nil
		}
	}
}

// hits is what a walk found: how many, the best of them, and counts by filter.
type hits struct {
	r      *reader
	found  int // before filters
	total  int
	best   best
	counts map[byte]map[string]*int
	open   int
}

// collect walks all hits, applies the filters and keeps the best.
func (s *session) collect(make maker) (*hits, error) {
	h := &hits{r: s.r, counts: map[byte]map[string]*int{rowKind: {}, rowGenre: {}, rowYear: {}, rowLanguage: {}, rowLicence: {}}}
	h.best.keep, h.best.byOrder = s.q.Offset+s.q.Limit, s.q.Sort == Newest
	err := s.walk(make, func(id index.IndexInternalID, v *values) bool {
		h.found++
		m := misses(&s.q, v)
		h.count(v, m)
		if m == 0 {
			h.total++
			h.best.offer(scored{v.score, v.order, binary.BigEndian.Uint64(id)})
		}
		return true
	})
	return h, err
}

// The fields that a hit can miss the filters by.
const (
	missKind = 1 << iota
	missGenre
	missYear
	missLanguage
	missLicence
	missOpen
)

func misses(q *Query, v *values) (m uint) {
	for _, f := range []struct {
		bit  uint
		want string
		got  []byte
	}{{missKind, q.Kind, v.kind}, {missYear, q.Year, v.year}, {missLanguage, q.Language, v.language}, {missLicence, q.Licence, v.licence}} {
		if f.want != "" && f.want != string(f.got) {
			m |= f.bit
		}
	}
	if q.Genre != "" && !slices.ContainsFunc(v.genres, func(g []byte) bool { return string(g) == q.Genre }) {
		m |= missGenre
	}
	if q.Open && !v.open {
		m |= missOpen
	}
	return m
}

// count counts a hit in every facet whose own filter is all that it misses.
func (h *hits) count(v *values, m uint) {
	if m&(m-1) != 0 {
		return
	}
	add := func(bit uint, field byte, value []byte) {
		if m&^bit != 0 {
			return
		}
		n := h.counts[field][string(value)]
		if n == nil {
			n = new(int)
			h.counts[field][string(value)] = n
		}
		*n++
	}
	add(missKind, rowKind, v.kind)
	add(missYear, rowYear, v.year)
	add(missLanguage, rowLanguage, v.language)
	add(missLicence, rowLicence, v.licence)
	for _, g := range v.genres {
		add(missGenre, rowGenre, g)
	}
	if v.open && m&^missOpen == 0 {
		h.open++
	}
}

const maxFacet = 100

func (h *hits) facets() Facets {
	most := func(field byte) []Count {
		var cs []Count
		for value, n := range h.counts[field] {
			cs = append(cs, Count{value, *n})
		}
		slices.SortFunc(cs, func(a, b Count) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Value, b.Value)) })
		return cs[:min(len(cs), maxFacet)]
	}
	f := Facets{Kinds: most(rowKind), Genres: most(rowGenre), Years: most(rowYear), Languages: most(rowLanguage), Licences: most(rowLicence), Open: h.open}
	slices.SortFunc(f.Kinds, func(a, b Count) int {
		return slices.Index(catalog.Kinds, catalog.Kind(a.Value)) - slices.Index(catalog.Kinds, catalog.Kind(b.Value))
	})
	slices.SortFunc(f.Years, func(a, b Count) int { return cmp.Compare(b.Value, a.Value) })
	return f
}

// page are the ids of the hits on the asked page.
func (h *hits) page(q Query) (ids []string) {
	sorted := h.best.sorted()
	for _, hit := range sorted[min(q.Offset, len(sorted)):] {
		id, err := h.r.ExternalID(binary.BigEndian.AppendUint64(nil, hit.id))
		if err != nil {
			continue
		}
		ids = append(ids, id)
	}
	return ids
}

type scored struct {
	score float64
	order uint32
	id    uint64
}

// best keeps the best hits in a heap whose root is the worst of them.
type best struct {
	keep    int
	byOrder bool
	hits    []scored
}

func (b *best) worse(x, y scored) bool {
	if b.byOrder || x.score == y.score {
		return x.order < y.order
	}
	return x.score < y.score
}

func (b *best) offer(h scored) {
	switch {
	case len(b.hits) < b.keep:
		heap.Push(b, h)
	case b.worse(b.hits[0], h):
		b.hits[0] = h
		heap.Fix(b, 0)
	}
}

func (b *best) sorted() []scored {
	slices.SortFunc(b.hits, func(x, y scored) int {
		switch {
		case b.worse(y, x):
			return -1
		case b.worse(x, y):
			return 1
		}
		return 0
	})
	return b.hits
}

// Len implements heap.Interface.
func (b *best) Len() int { return len(b.hits) }

// Less implements heap.Interface.
func (b *best) Less(i, j int) bool { return b.worse(b.hits[i], b.hits[j]) }

// Swap implements heap.Interface.
func (b *best) Swap(i, j int) { b.hits[i], b.hits[j] = b.hits[j], b.hits[i] }

// Push implements heap.Interface.
func (b *best) Push(x any) { b.hits = append(b.hits, x.(scored)) }

// Pop implements heap.Interface.
func (b *best) Pop() any {
	last := b.hits[len(b.hits)-1]
	b.hits = b.hits[:len(b.hits)-1]
	return last
}
