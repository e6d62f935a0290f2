package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	bolt "go.etcd.io/bbolt"

	"p2p.legal/peerfy/store/catalog"
)

// row is what filters look at: 40 bytes a release. Texts are interned: a field
// holds the place of the text in columns.words.
type row struct {
	index    int64 // of the entry
	artist   uint32
	genre    uint32 // the first of ngenres in columns.genres
	year     uint32
	language uint32
	licence  uint32
	kind     uint32
	ngenres  uint8
	open     bool
}

// columns are the rows of the listed releases, newest first. They do not
// change, but for the lazy parts.
type columns struct {
	size    int64 // of the log they were read from
	rows    []row
	genres  []uint32
	words   []string
	ids     map[string]uint32
	artists int
	tracks  int

	mu     sync.Mutex // guards what follows
	orders map[Sort][]int32
	all    *Facets // of the zero filter
}

// columnCache holds the columns of the last state that was listed.
type columnCache struct {
	mu   sync.Mutex // guards cols; held while they are read, so that one reads for all
	cols *columns
}

func (c *columnCache) get(tx *bolt.Tx) (*columns, error) {
	size := logSize(tx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cols != nil && c.cols.size == size {
		return c.cols, nil
	}
	cols, err := readColumns(tx, size)
	if err != nil {
		return nil, err
	}
	c.cols = cols
	return cols, nil
}

func encodeRow(c *Card, artist int) []byte {
	var r record
	r.num(int64(artist))
	r.num(int64(c.Tracks))
	r.flag(c.Open)
	for _, s := range []string{string(c.Kind), strconv.Itoa(c.Year), c.Language, c.Licence} {
		r.text(s)
	}
	r.num(int64(len(c.Genres)))
	for _, g := range c.Genres {
		r.text(g)
	}
	r.text(c.Title)
	r.text(c.Artist)
	return r
}

// rowsPerBlock rows share a value, so that reading all of them reads a few runs
// of pages: rows strewn between manifests would map the whole file.
const rowsPerBlock = 256

// indexed is a row with the index of its entry.
type indexed struct {
	index int64
	row   string
}

// putRow writes the row of a release, or removes it when row is nil.
func putRow(tx *bolt.Tx, index int64, row []byte) error {
	k := indexKey(index / rowsPerBlock)
	b := tx.Bucket(bucketRows)
	rows, err := readBlock(b.Get(k))
	if err != nil {
		return err
	}
	at, found := slices.BinarySearchFunc(rows, index, func(r indexed, i int64) int { return cmp.Compare(r.index, i) })
	if found {
		rows = slices.Delete(rows, at, at+1)
	}
	if row != nil {
		rows = slices.Insert(rows, at, indexed{index, string(row)})
	}
	if len(rows) == 0 {
		return b.Delete(k)
	}
	var block record
	for _, r := range rows {
		block.num(r.index)
		block.text(r.row)
	}
	return b.Put(k, block)
}

func readBlock(b []byte) (rows []indexed, err error) {
	r := readRecord(b)
	for !r.ended() {
		rows = append(rows, indexed{r.num(), r.text()})
	}
	return rows, r.end("rows")
}

// eachRow shows all rows, newest first.
func eachRow(tx *bolt.Tx, fn func(index int64, r *reader) error) error {
	c := tx.Bucket(bucketRows).Cursor()
	for k, v := c.Last(); k != nil; k, v = c.Prev() {
		rows, err := readBlock(v)
		if err != nil {
			return err
		}
		for _, row := range slices.Backward(rows) {
			if err := fn(row.index, &reader{s: row.row}); err != nil {
				return err
			}
		}
	}
	return nil
}

func readColumns(tx *bolt.Tx, size int64) (*columns, error) {
	cols := &columns{
		size: size, ids: map[string]uint32{}, orders: map[Sort][]int32{},
		rows: make([]row, 0, size), genres: make([]uint32, 0, 2*size), // most entries are releases
	}
	seen := make([]bool, viewOf(tx).Payees())
	err := eachRow(tx, func(index int64, r *reader) error {
		w := cols.add(index, r)
		if int(w.artist) < len(seen) && !seen[w.artist] {
			seen[w.artist] = true
			cols.artists++
		}
		r.text() // title
		r.text() // name
		return r.end("a row")
	})
	return cols, err
}

// add reads all of a row but the texts that lists are sorted by.
func (c *columns) add(index int64, r *reader) row {
	w := row{index: index, artist: uint32(r.num())}
	c.tracks += int(r.num())
	w.open = r.flag()
	for _, field := range []*uint32{&w.kind, &w.year, &w.language, &w.licence} {
		*field = c.intern(r.text())
	}
	w.genre, w.ngenres = uint32(len(c.genres)), uint8(min(r.count(), 255))
	for range w.ngenres {
		c.genres = append(c.genres, c.intern(r.text()))
	}
	c.rows = append(c.rows, w)
	return w
}

func (c *columns) intern(s string) uint32 {
	id, ok := c.ids[s]
	if !ok {
		id = uint32(len(c.words))
		s = strings.Clone(s)
		c.words, c.ids[s] = append(c.words, s), id
	}
	return id
}

// order is the places of the rows in the asked order, nil for newest first.
func (c *columns) order(tx *bolt.Tx, by Sort) ([]int32, error) {
	if by == Newest {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.orders[by]; o != nil {
		return o, nil
	}
	keys, err := c.sortKeys(tx, by)
	if err != nil {
		return nil, err
	}
	order := make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a, b))
	})
	c.orders[by] = order
	return order, nil
}

// sortKeys are the folded titles or names of the rows.
func (c *columns) sortKeys(tx *bolt.Tx, by Sort) ([]string, error) {
	keys := make([]string, 0, len(c.rows))
	var skipped columns
	skipped.ids = map[string]uint32{}
	err := eachRow(tx, func(index int64, r *reader) error {
		skipped.add(index, r)
		skipped.rows, skipped.genres = skipped.rows[:0], skipped.genres[:0]
		title, name := r.text(), r.text()
		if by == ByArtist {
			title = name
		}
		keys = append(keys, foldText(title))
		return r.end("a row")
	})
	if err == nil && len(keys) != len(c.rows) {
		err = damaged("there are %d rows instead of %d", len(keys), len(c.rows))
	}
	return keys, err
}

// wanted is a filter in interned form. absent stands for a text that no row
// has, none for no wish.
type wanted struct {
	kind, genre, year, language, licence, artist uint32
	open                                         bool
}

const (
	none   = ^uint32(0)
	absent = none - 1
)

func (c *columns) resolve(tx *bolt.Tx, f Filter) (wanted, error) {
	id := func(s string) uint32 {
		if s == "" {
			return none
		}
		if id, ok := c.ids[s]; ok {
			return id
		}
		return absent
	}
	w := wanted{kind: id(string(f.Kind)), genre: id(f.Genre), year: none, language: id(f.Language), licence: id(f.Licence), artist: none, open: f.Open}
	if f.Year != 0 {
		w.year = id(strconv.Itoa(f.Year))
	}
	if f.Artist != "" {
		v := viewOf(tx)
		w.artist = absent
		if a, ok := v.Artist(f.Artist); ok {
			w.artist = uint32(a.Number)
		}
		return w, v.err
	}
	return w, nil
}

// The fields that a row can miss a filter by.
const (
	missKind = 1 << iota
	missGenre
	missYear
	missLanguage
	missLicence
	missOpen
)

func (c *columns) misses(r *row, w *wanted) (m uint) {
	if w.kind != none && r.kind != w.kind {
		m |= missKind
	}
	if w.genre != none && !slices.Contains(c.genresOf(r), w.genre) {
		m |= missGenre
	}
	if w.year != none && r.year != w.year {
		m |= missYear
	}
	if w.language != none && r.language != w.language {
		m |= missLanguage
	}
	if w.licence != none && r.licence != w.licence {
		m |= missLicence
	}
	if w.open && !r.open {
		m |= missOpen
	}
	return m
}

func (c *columns) genresOf(r *row) []uint32 { return c.genres[r.genre : r.genre+uint32(r.ngenres)] }

// page walks all rows once: a row that misses nothing is counted everywhere, a
// row that misses one field is counted in that field's facet.
func (c *columns) page(w wanted, order []int32, offset, limit int) (page []int64, total int, f Facets) {
	if w == (wanted{none, none, none, none, none, none, false}) {
		return c.allPage(w, order, offset, limit)
	}
	return c.scan(w, order, offset, limit)
}

func (c *columns) scan(w wanted, order []int32, offset, limit int) (page []int64, total int, f Facets) {
	t := newTally(len(c.words))
	for i := range c.rows {
		r := &c.rows[i]
		if order != nil {
			r = &c.rows[order[i]]
		}
		if w.artist != none && r.artist != w.artist {
			continue
		}
		m := c.misses(r, &w)
		if m&(m-1) != 0 {
			continue
		}
		if m == 0 {
			if total >= offset && len(page) < limit {
				page = append(page, r.index)
			}
			total++
		}
		t.count(r, c.genresOf(r), m)
	}
	return page, total, t.facets(c.words)
}

// allPage answers without a filter: no walk, and facets made once.
func (c *columns) allPage(w wanted, order []int32, offset, limit int) (page []int64, total int, f Facets) {
	c.mu.Lock()
	if c.all == nil {
		_, _, all := c.scan(w, nil, 0, 0)
		c.all = &all
	}
	f = *c.all
	c.mu.Unlock()
	for i := offset; i < len(c.rows) && len(page) < limit; i++ {
		at := int32(i)
		if order != nil {
			at = order[i]
		}
		page = append(page, c.rows[at].index)
	}
	return page, len(c.rows), f
}

// tally counts words by field.
type tally struct {
	kinds, genres, years, languages, licences []int32
	open                                      int
}

func newTally(words int) *tally {
	all := make([]int32, 5*words)
	return &tally{all[:words], all[words : 2*words], all[2*words : 3*words], all[3*words : 4*words], all[4*words:], 0}
}

func (t *tally) count(r *row, genres []uint32, m uint) {
	if m&^missKind == 0 {
		t.kinds[r.kind]++
	}
	if m&^missGenre == 0 {
		for _, g := range genres {
			t.genres[g]++
		}
	}
	if m&^missYear == 0 {
		t.years[r.year]++
	}
	if m&^missLanguage == 0 {
		t.languages[r.language]++
	}
	if m&^missLicence == 0 {
		t.licences[r.licence]++
	}
	if m&^missOpen == 0 && r.open {
		t.open++
	}
}

const maxFacet = 100

func (t *tally) facets(words []string) Facets {
	f := Facets{
		Kinds: counts(words, t.kinds), Genres: counts(words, t.genres), Years: counts(words, t.years),
		Languages: counts(words, t.languages), Licences: counts(words, t.licences), Open: t.open,
	}
	slices.SortFunc(f.Kinds, func(a, b Count) int {
		return slices.Index(catalog.Kinds, catalog.Kind(a.Value)) - slices.Index(catalog.Kinds, catalog.Kind(b.Value))
	})
	slices.SortFunc(f.Years, func(a, b Count) int { return cmp.Compare(b.Value, a.Value) })
	f.Genres = f.Genres[:min(len(f.Genres), maxFacet)]
	return f
}

func counts(words []string, n []int32) []Count {
	var cs []Count
	for id, n := range n {
		if n > 0 {
			cs = append(cs, Count{words[id], int(n)})
		}
	}
	slices.SortFunc(cs, func(a, b Count) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Value, b.Value)) })
	return cs
}

// folds maps Latin letters with marks to those they are sorted as.
var folds = strings.NewReplacer("à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ā", "a", "ă", "a", "ą", "a",
	"æ", "ae", "ç", "c", "ć", "c", "č", "c", "ď", "d", "đ", "d", "ð", "d", "è", "e", "é", "e", "ê", "e", "ë", "e", "ē", "e", "ė", "e", "ę", "e", "ě", "e",
	"ğ", "g", "ì", "i", "í", "i", "î", "i", "ï", "i", "ī", "i", "ı", "i", "ł", "l", "ñ", "n", "ń", "n", "ň", "n",
	"ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ø", "o", "ō", "o", "ő", "o", "œ", "oe", "ŕ", "r", "ř", "r",
	"ś", "s", "ş", "s", "š", "s", "ß", "ss", "ț", "t", "ţ", "t", "ť", "t", "ù", "u", "ú", "u", "û", "u", "ü", "u", "ū", "u", "ů", "u", "ű", "u",
	"ý", "y", "ÿ", "y", "ź", "z", "ż", "z", "ž", "z", "þ", "th")

// foldText is the key that titles and names are sorted by: lower case, without
// the marks of Latin letters, without leading punctuation.
func foldText(s string) string {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
	return folds.Replace(strings.ToLower(s))
}
