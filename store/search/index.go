package search

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"

	"p2p.legal/peerfy/store/catalog"
)

// Fields of a document.
const (
	fieldAll    = "all"    // every word
	fieldTitle  = "title"  // words of the release's title and series
	fieldArtist = "artist" // words of the artist's name
	fieldExact  = "exact"  // title and name, each as one term
	fieldRow    = "row"    // values for filters: see values.visit
)

// layout is part of the state that an index is kept under: another one is
// built again.
const layout = "1"

// stateKey is where an index keeps its state.
var stateKey = []byte("state")

// atOnce is the most log entries that Open indexes before it returns.
const atOnce = 2_000

// retryAfter is how long the index rests after it could not be brought up.
const retryAfter = time.Minute

// Index is an open search index. It may be used from several goroutines.
type Index struct {
	dir string
	src Source
	log *slog.Logger

	cancel context.CancelFunc
	done   sync.WaitGroup
	kick   chan struct{} // wakes the goroutine that follows the log

	indexed atomic.Int64 // entries of the log that the current index covers
	walked  atomic.Int64 // releases that the build under way has read
	broken  atomic.Bool  // the current index could not be read

	mu   sync.RWMutex // held for writing while one index takes another's place
	cur  *scorchIndex // nil before the first is built
	busy sync.Mutex   // one catch-up at a time
}

// scorchIndex is one index on disk.
type scorchIndex struct {
	index.Index
	path  string
	queue *index.AnalysisQueue
	size  int64
	state string
}

// Open opens the index in dir, a folder of its own, and brings it up to the
// state of src: at once when the log is short, in the background when it is
// long. Until the first index is there Search answers ErrNotReady. A nil log
// discards.
func Open(dir string, src Source, log *slog.Logger) (*Index, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening the search index: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	x := &Index{dir: dir, src: src, log: log, cancel: cancel, kick: make(chan struct{}, 1)}
	x.openLast()
	if src.Size() <= atOnce {
		if err := x.Update(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("building the search index: %w", err), x.Close())
		}
	}
	x.kick <- struct{}{} // an index of the right size may still be of another log
	x.done.Go(func() { x.follow(ctx) })
	return x, nil
}

// Close stops building and closes the index.
func (x *Index) Close() error {
	x.cancel()
	x.done.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.cur == nil {
		return nil
	}
	cur := x.cur
	x.cur = nil
	return cur.close()
}

// Status says whether searches are answered, how many entries of the log the
// index covers, and how many releases a build under way has read.
func (x *Index) Status() (ready bool, covered int64, building int64) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.cur != nil, x.indexed.Load(), x.walked.Load()
}

// nudge wakes follow when the log has grown or the index broke.
func (x *Index) nudge() {
	if x.indexed.Load() == x.src.Size() && !x.broken.Load() {
		return
	}
	select {
	case x.kick <- struct{}{}:
	default:
	}
}

// follow brings the index up to the log whenever it is woken.
func (x *Index) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.kick:
			err := x.Update(ctx)
			if err == nil || ctx.Err() != nil {
				continue
			}
			x.log.Error("updating the search index", "error", err)
			// A full disk is not helped by building again at every search.
			select {
			case <-ctx.Done():
			case <-time.After(retryAfter):
			}
		}
	}
}

// openLast opens what an earlier run left and removes the rest.
func (x *Index) openLast() {
	left, err := os.ReadDir(x.dir)
	if err != nil {
		return
	}
	for _, e := range left {
		path := filepath.Join(x.dir, e.Name())
		if strings.HasPrefix(e.Name(), indexPrefix) && x.cur == nil {
			if x.cur, err = openScorch(path); err == nil {
				x.indexed.Store(x.cur.size)
				continue
			}
			x.log.Warn("a search index does not open and is made anew", "error", err)
		}
		if strings.HasPrefix(e.Name(), indexPrefix) || strings.HasPrefix(e.Name(), buildPrefix) {
			if err := os.RemoveAll(path); err != nil {
				x.log.Warn("removing an old search index", "error", err)
			}
		}
	}
}

const (
	indexPrefix = "index-"
	buildPrefix = "build-"
)

// checkSegments verifies the checksum at the end of every segment file: the
// CRC-32 of all bytes before it. Scorch would map a damaged file as it is and
// meet the damage in a goroutine of its own, where nobody can catch it.
func checkSegments(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.zap"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := checkSegment(path); err != nil {
			return err
		}
	}
	return nil
}

func checkSegment(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sum, stored := crc32.NewIEEE(), [crc32.Size]byte{}
	if _, err := io.CopyN(sum, f, info.Size()-crc32.Size); err != nil {
		return err
	}
	if _, err := io.ReadFull(f, stored[:]); err != nil {
		return err
	}
	if sum.Sum32() != binary.BigEndian.Uint32(stored[:]) {
		return damaged("a segment has another checksum")
	}
	return nil
}

func openScorch(path string) (s *scorchIndex, err error) {
	defer catch(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if err := checkSegments(path); err != nil {
		return nil, err
	}
	s = &scorchIndex{path: path, queue: index.NewAnalysisQueue(1)}
	config := map[string]any{"path": path, "bolt_timeout": "1s", "numSnapshotsToKeep": 1}
	if s.Index, err = scorch.NewScorch(scorch.Name, config, s.queue); err != nil {
		return nil, err
	}
	if err := s.Open(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	r, err := s.Reader()
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	state, err := r.GetInternal(stateKey)
	s.state = string(state)
	err = errors.Join(err, r.Close())
	if err == nil {
		_, err = fmt.Sscanf(s.state, layout+" %d", &s.size)
	}
	if err != nil {
		return nil, errors.Join(damaged("it does not say what it was made from"), s.close())
	}
	return s, nil
}

func (s *scorchIndex) close() (err error) {
	defer catch(&err)
	defer s.queue.Close()
	return s.Index.Close()
}

// catch turns a panic over a damaged file into an error.
func catch(err *error) {
	if r := recover(); r != nil {
		*err = damaged(r)
	}
}

// reader is one state of the index. It is closed after one search.
type reader struct {
	index.IndexReader
	ctx context.Context
}

// read runs fn over the current index.
func (x *Index) read(fn func(*reader) error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.cur == nil {
		return ErrNotReady
	}
	err := x.cur.read(fn)
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		x.broken.Store(true)
		x.nudge()
	}
	return err
}

func (s *scorchIndex) read(fn func(*reader) error) (err error) {
	defer catch(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	r, err := s.Reader()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return fn(&reader{r, context.Background()})
}

// wordAnalyzer gives bleve the words of a line.
type wordAnalyzer struct{}

// Analyze implements analysis.Analyzer.
func (wordAnalyzer) Analyze(b []byte) analysis.TokenStream {
	var ts analysis.TokenStream
	for i, w := range compounds(string(b)) {
		ts = append(ts, &analysis.Token{Term: []byte(w), Position: i + 1, Type: analysis.AlphaNumeric})
	}
	return ts
}

// newDocument is a release as the index sees it.
func newDocument(id, artist string, order int64, m *catalog.Manifest) *document.Document {
	d := document.NewDocument(id)
	words := func(field, text string) {
		d.AddField(document.NewTextFieldCustom(field, nil, []byte(text), index.IndexField, wordAnalyzer{}))
	}
	term := func(field, text string, options index.FieldIndexingOptions) {
		d.AddField(document.NewTextFieldCustom(field, nil, []byte(text), options, nil))
	}
	title := m.Title
	if m.Series != nil {
		title += "\n" + m.Series.Title
	}
	words(fieldAll, strings.Join(append(texts(m), strings.Join(m.Genres, "\n")), "\n"))
	words(fieldTitle, title)
	words(fieldArtist, m.Artist)
	term(fieldExact, phrase(m.Title), index.IndexField)
	term(fieldExact, phrase(m.Artist), index.IndexField)
	for _, v := range row(artist, order, m) {
		term(fieldRow, v, index.IndexField|index.DocValues|index.SkipFreqNorm)
	}
	return d
}

func row(artist string, order int64, m *catalog.Manifest) []string {
	terms := []string{
		string(rowArtist) + artist, string(rowIndex) + formatOrder(order), string(rowKind) + string(m.Kind),
		string(rowLanguage) + m.Language, string(rowLicence) + m.Licence, string(rowYear) + m.Date[:min(4, len(m.Date))],
	}
	for _, g := range m.Genres {
		terms = append(terms, string(rowGenre)+g)
	}
	if m.Open() {
		terms = append(terms, string(rowOpen))
	}
	return terms
}
