package search

import (
	"cmp"
	"slices"
	"strings"

	index "github.com/blevesearch/bleve_index_api"

	"p2p.legal/peerfy/store/catalog"
)

// How far a word may stray from what was written.
const (
	maxPrefix  = 64 // terms that an unfinished word may become, the most frequent
	maxTypos   = 16 // terms that a mistyped word may become, the most frequent
	minPrefix  = 2  // letters of an unfinished word
	minTypo    = 4  // letters of a word that may have a typo
	minTwo     = 7  // letters of a word for which a suggestion may mend two
	rarely     = 2  // results so few that a more frequent spelling is suggested
	ratherMore = 10 // times more frequent
)

// variant is a term of the dictionary that a word may stand for.
type variant struct {
	term  string
	count uint64 // releases that have it
	boost float64
}

// wish is one word of the query and what it may stand for.
type wish struct {
	word     string
	variants []variant
	exact    bool   // the dictionary has the word itself
	mended   string // the best term at the distance of one typo; of two for a suggestion
	often    uint64 // its count
	typos    []variant
}

// plan is how the words are read.
type plan struct {
	wishes []wish
	phrase string
	mended bool // a typo was forgiven
}

// plan looks every word up in the dictionary: as it is, as the beginning of
// others when it is the last, and, when there is nothing, with a typo.
func (s *session) plan() (*plan, error) {
	p := &plan{phrase: strings.Join(s.words, " ")}
	for i, word := range s.words {
		w, err := s.wish(word, i == len(s.words)-1)
		if err != nil {
			return nil, err
		}
		if len(w.variants) == 0 && len(w.typos) > 0 {
			w.variants, p.mended = w.typos, true
		}
		p.wishes = append(p.wishes, w)
	}
	return p, nil
}

func (s *session) wish(word string, last bool) (wish, error) {
	w := wish{word: word}
	n, err := s.r.count(fieldAll, word)
	if err != nil {
		return w, err
	}
	if n > 0 {
		w.exact = true
		w.variants = []variant{{word, n, 2}}
	}
	if last && runes(word) >= minPrefix {
		longer, err := s.r.prefix(word)
		if err != nil {
			return w, err
		}
		w.variants = append(w.variants, longer...)
	}
	if n > 0 && n > rarely || runes(word) < minTypo {
		return w, nil
	}
	if w.typos, err = s.r.typos(word, 1); err != nil {
		return w, err
	}
	near := w.typos
	if len(near) == 0 && len(w.variants) == 0 && runes(word) >= minTwo {
		if near, err = s.r.typos(word, 2); err != nil {
			return w, err
		}
	}
	if len(near) > 0 {
		w.mended, w.often = near[0].term, near[0].count
	}
	return w, nil
}

// forgive lets every word have a typo; false when that changes nothing.
func (p *plan) forgive() bool {
	changed := false
	for i := range p.wishes {
		w := &p.wishes[i]
		if len(w.variants) > 0 && len(w.typos) > 0 && w.variants[0].term != w.typos[0].term {
			w.variants = append(slices.Clone(w.variants), w.typos...)
			changed = true
		}
	}
	p.mended = p.mended || changed
	return changed
}

// suggestion is the query with its misspelt words mended, in the spelling of a
// title where one was seen.
func (p *plan) suggestion(spelling map[string]string) string {
	var words []string
	changed := false
	for _, w := range p.wishes {
		word := w.word
		few := uint64(0)
		if len(w.variants) > 0 {
			few = w.variants[0].count
		}
		mend := w.mended != "" && (!w.exact && (len(w.variants) == 0 || p.mended) || w.exact && w.often >= ratherMore*few)
		if mend {
			word, changed = w.mended, true
		}
		words = append(words, cmp.Or(spelling[word], word))
	}
	if !changed {
		return ""
	}
	return strings.Join(words, " ")
}

// spell notes how the works that were found write the mended words.
func (p *plan) spell(spelling map[string]string, m *catalog.Manifest) map[string]string {
	if !slices.ContainsFunc(p.wishes, func(w wish) bool { return w.mended != "" }) {
		return nil
	}
	if spelling == nil {
		spelling = map[string]string{}
	}
	for _, text := range texts(m) {
		for _, written := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || isJoiner(r) || strings.ContainsRune(",;:!?()«»\"", r) }) {
			if f := Words(written); len(f) == 1 && spelling[f[0]] == "" {
				spelling[f[0]] = strings.ToLower(written)
			}
		}
	}
	return spelling
}

// texts are the lines of a work that are searched, the release's own first.
func texts(m *catalog.Manifest) []string {
	lines := []string{m.Title, m.Artist}
	if m.Series != nil {
		lines = append(lines, m.Series.Title)
	}
	for _, t := range m.Tracks {
		lines = append(lines, t.Title)
	}
	return lines
}

// track is the title of the first track that has more of the words than the
// release's own lines have.
func (p *plan) track(m *catalog.Manifest) string {
	own := m.Title + " " + m.Artist
	if m.Series != nil {
		own += " " + m.Series.Title
	}
	most, title := p.matches(own), ""
	if most == len(p.wishes) {
		return ""
	}
	for _, t := range m.Tracks {
		if n := p.matches(t.Title); n > most {
			most, title = n, t.Title
		}
	}
	return title
}

// matches is how many wishes a line fulfils.
func (p *plan) matches(line string) (n int) {
	words := compounds(line)
	for _, w := range p.wishes {
		if slices.ContainsFunc(w.variants, func(v variant) bool { return slices.Contains(words, v.term) }) {
			n++
		}
	}
	return n
}

// count is how many releases have a term.
func (r *reader) count(field, term string) (uint64, error) {
	tfr, err := r.TermFieldReader(r.ctx, []byte(term), field, false, false, false)
	if err != nil {
		return 0, err
	}
	n := tfr.Count()
	return n, tfr.Close()
}

// prefix are the most frequent terms that go on where word ends.
func (r *reader) prefix(word string) ([]variant, error) {
	d, err := r.FieldDictPrefix(fieldAll, []byte(word))
	if err != nil {
		return nil, err
	}
	return frequent(d, maxPrefix, func(term string) (boost float64) {
		if term == word {
			return 0
		}
		return 1
	})
}

// typos are the most frequent terms at this distance from word, and no nearer
// than one edit. A swap of two neighbours is one.
func (r *reader) typos(word string, distance int) ([]variant, error) {
	f, ok := r.IndexReader.(index.IndexReaderFuzzy)
	if !ok {
		return nil, nil
	}
	d, err := f.FieldDictFuzzy(fieldAll, word, distance, "")
	if err != nil {
		return nil, err
	}
	return frequent(d, maxTypos, func(term string) float64 {
		switch {
		case term == word:
			return 0
		case term[0] == word[0]:
			return 1 // the first letter is seldom wrong
		}
		return 0.5
	})
}

// frequent reads a dictionary to its end and keeps the terms with a boost that
// most releases have.
func frequent(d index.FieldDict, most int, boost func(term string) float64) ([]variant, error) {
	var all []variant
	for {
		e, err := d.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		if b := boost(e.Term); b > 0 {
			all = append(all, variant{strings.Clone(e.Term), e.Count, b})
		}
	}
	slices.SortFunc(all, func(a, b variant) int {
		return cmp.Or(cmp.Compare(b.boost, a.boost), cmp.Compare(b.count, a.count), cmp.Compare(a.term, b.term))
	})
	return all[:min(len(all), most)], d.Close()
}
