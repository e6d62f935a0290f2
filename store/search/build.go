package search

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"

	"p2p.legal/peerfy/store/catalog"
)

// batchSize is how many releases go into the index at once.
const batchSize = 500

// rebuildFrom is how many new entries are better indexed by a build.
const rebuildFrom = 20_000

// formatOrder and parseOrder keep the place of a release in the log.
func formatOrder(i int64) string { return strconv.FormatInt(i, 36) }

func parseOrder(b []byte) (n uint32) {
	v, err := strconv.ParseUint(string(b), 36, 32)
	if err != nil {
		return 0
	}
	return uint32(v)
}

// Update brings the index up to the log and returns when it is there. Nobody
// needs to call it: a search notices that the log has grown. It is for whoever
// wants to wait.
func (x *Index) Update(ctx context.Context) error {
	x.busy.Lock()
	defer x.busy.Unlock()
	size := x.src.Size()
	at, err := x.src.StateAt(size)
	if err != nil {
		return err
	}
	state := layout + " " + at
	x.mu.RLock()
	cur := x.cur
	x.mu.RUnlock()
	switch {
	case cur == nil || x.broken.Load() || !x.extends(cur, size) || size-cur.size > rebuildFrom:
		return x.build(ctx, size, state)
	case cur.state == state:
		return nil
	}
	return x.extend(ctx, cur, size, state)
}

// extends says whether the log of this size begins with the one that the index
// was made from.
func (x *Index) extends(cur *scorchIndex, size int64) bool {
	if cur.size > size {
		return false
	}
	at, err := x.src.StateAt(cur.size)
	return err == nil && cur.state == layout+" "+at
}

// extend adds what the log has gained. Each batch may be applied again: state
// is written with the last.
func (x *Index) extend(ctx context.Context, cur *scorchIndex, size int64, state string) (err error) {
	defer catch(&err)
	gone, err := x.src.Gone(cur.size, size)
	if err != nil {
		return err
	}
	b := index.NewBatch()
	for _, id := range gone {
		if _, _, err := x.src.Sleeve(id); err != nil {
			b.Delete(id)
		}
	}
	err = x.src.Walk(ctx, cur.size, func(id, artist string, at int64, m *catalog.Manifest) error {
		b.Update(newDocument(id, artist, at, m))
		if len(b.IndexOps) < batchSize {
			return nil
		}
		defer b.Reset()
		return cur.Batch(b)
	})
	if err != nil {
		return err
	}
	b.SetInternal(stateKey, []byte(state))
	if err := cur.Batch(b); err != nil {
		return err
	}
	cur.size, cur.state = size, state
	x.indexed.Store(size)
	x.log.Info("search index updated", "entries", size)
	return nil
}

// build makes a new index beside the current one and puts it in its place.
func (x *Index) build(ctx context.Context, size int64, state string) (err error) {
	temp, err := os.MkdirTemp(x.dir, buildPrefix)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	path := filepath.Join(temp, "index")
	if err := x.fill(ctx, temp, path, size, state); err != nil {
		return err
	}
	if err := syncAll(path); err != nil {
		return err
	}
	final := filepath.Join(x.dir, indexPrefix+filepath.Base(temp)[len(buildPrefix):])
	if err := os.Rename(path, final); err != nil {
		return err
	}
	next, err := openScorch(final)
	if err != nil {
		return errors.Join(err, os.RemoveAll(final))
	}
	x.mu.Lock()
	old := x.cur
	x.cur = next
	x.broken.Store(false)
	x.indexed.Store(size)
	x.mu.Unlock()
	x.log.Info("search index built", "entries", size, "releases", x.walked.Swap(0))
	if old != nil {
		err = errors.Join(old.close(), os.RemoveAll(old.path))
	}
	return err
}

// syncAll makes the files of a finished index durable before it gets its name.
func syncAll(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range files {
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// fill writes an index of the log's first size entries to path, with its
// scratch files in temp.
func (x *Index) fill(ctx context.Context, temp, path string, size int64, state string) (err error) {
	defer catch(&err)
	b, err := scorch.NewBuilder(map[string]any{
		"path": path, "buildPathPrefix": temp, "batchSize": batchSize, "internal": map[string][]byte{string(stateKey): []byte(state)},
	})
	if err != nil {
		return err
	}
	x.walked.Store(0)
	err = x.src.Walk(ctx, 0, func(id, artist string, at int64, m *catalog.Manifest) error {
		if at >= size {
			return nil
		}
		x.walked.Add(1)
		return b.Index(newDocument(id, artist, at, m))
	})
	if err != nil {
		return err
	}
	if x.walked.Load() == 0 {
		return createEmpty(path, state)
	}
	if err := b.Close(); err != nil {
		return fmt.Errorf("writing the search index: %w", err)
	}
	return nil
}

// createEmpty makes an index without releases, which a builder cannot.
func createEmpty(path, state string) error {
	q := index.NewAnalysisQueue(1)
	defer q.Close()
	s, err := scorch.NewScorch(scorch.Name, map[string]any{"path": path}, q)
	if err != nil {
		return err
	}
	if err := s.Open(); err != nil {
		return err
	}
	return errors.Join(s.SetInternal(stateKey, []byte(state)), s.Close())
}
