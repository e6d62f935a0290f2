package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// Problem is one thing that Check found wrong.
type Problem struct {
	Where string // "entry 12", "release abc…", "objects/ab/abcd…", "the checkpoint"
	What  string // one sentence

	// Leftover: only a file that no visible work needs, such as an interrupted
	// acceptance leaves; accepting again takes it into use.
	Leftover bool
}

// String is the problem in one line.
func (p Problem) String() string { return p.Where + ": " + p.What }

// MaxProblems is how many problems Check lists; it counts the rest.
const MaxProblems = 1_000

// Check reads everything in dir again and says what is wrong: the log from its
// first entry on, every stored hash, the signed checkpoint, every derived
// record against a replay in memory, every manifest against the log, every
// file against its pieces root and SHA-256, and files that are missing or that
// no visible work needs. It changes nothing; what it keeps meanwhile lies in
// the system's temporary folder. progress, which may be nil, is told what is being read and how
// far it is.
//
// The error is for what keeps Check from looking: ErrLocked, ErrEmpty, ErrSchema,
// ErrDamaged when the file does not open at all, or that of ctx.
func Check(ctx context.Context, dir string, progress func(part string, done, total int64)) ([]Problem, error) {
	c := &checker{ctx: ctx, db: &DB{dir: dir, opts: Options{ReadOnly: true}}, progress: progress}
	if c.progress == nil {
		c.progress = func(string, int64, int64) {}
	}
	if err := c.db.prepare(); err != nil {
		return nil, fmt.Errorf("checking %s: %w", dir, err)
	}
	b, err := openBolt(c.db.path(), c.db.opts)
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", dir, err)
	}
	c.db.bolt = b
	err = guard(func() error { return b.View(c.run) })
	if errors.Is(err, ErrDamaged) {
		c.add(fileName, "%v", err)
		err = nil
	}
	if err == nil && c.more > 0 {
		c.problems = append(c.problems, Problem{Where: "and", What: fmt.Sprintf("%d more", c.more)})
	}
	return c.problems, errors.Join(err, guard(b.Close))
}

// checker is one run of Check.
type checker struct {
	ctx      context.Context
	db       *DB
	progress func(part string, done, total int64)
	problems []Problem
	more     int

	tx      *bolt.Tx
	scratch *bolt.DB // derived records of the replay
	state   catalog.State
	hashes  hashList
	visible []visible
	absent  map[string]bool // releases whose manifest is not the log's
}

// visible is a release whose files are to be there.
type visible struct {
	id       string
	index    int64
	torrents []string
}

func (c *checker) add(where, format string, args ...any) {
	if len(c.problems) >= MaxProblems {
		c.more++
		return
	}
	c.problems = append(c.problems, Problem{Where: where, What: fmt.Sprintf(format, args...)})
}

func (c *checker) run(tx *bolt.Tx) (err error) {
	c.tx, c.absent = tx, map[string]bool{}
	if err := checkSchema(tx); err != nil && !errors.Is(err, errDerived) {
		return err
	} else if err != nil {
		c.add(fileName, "%v", err)
		return nil
	}
	if err := c.openScratch(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.closeScratch()) }()
	for _, step := range []func() error{c.checkLog, c.checkHead, c.checkDerived, c.checkManifests, c.checkInfos, c.checkObjects, c.checkPages} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) openScratch() (err error) {
	// Not in dir, which may be full or not writable when it needs checking most.
	folder, err := os.MkdirTemp("", "peerfy-check-")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, fileName)
	c.scratch, err = bolt.Open(path, 0o600, &bolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	return c.scratch.Update(create)
}

func (c *checker) closeScratch() error {
	folder := filepath.Dir(c.scratch.Path())
	return errors.Join(c.scratch.Close(), os.RemoveAll(folder))
}

// hashList is the stored hashes of the replay.
type hashList []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (l hashList) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(l)) {
			return nil, damaged("stored hash %d", x)
		}
		hashes[i] = l[x]
	}
	return hashes, nil
}

// checkLog replays the log in batches.
func (c *checker) checkLog() error {
	size := logSize(c.tx)
	for from := int64(0); from < size; from += rebuildBatch {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		entries, err := readEntries(c.tx, from, min(size, from+rebuildBatch))
		if err != nil {
			return err
		}
		err = c.scratch.Update(func(tx *bolt.Tx) error { return c.replayBatch(tx, from, entries) })
		if err != nil {
			return err
		}
		c.progress("log", from+int64(len(entries)), size)
	}
	return nil
}

func (c *checker) replayBatch(tx *bolt.Tx, from int64, entries [][]byte) error {
	v := &txView{tx: tx, truth: c.tx, charter: c.state.Charter()}
	d := &deriver{txView: v}
	for i, raw := range entries {
		index := from + int64(i)
		if err := c.checkHashes(index, raw); err != nil {
			return err
		}
		ch, void := decide(&c.state, index, raw)
		if stored := string(c.tx.Bucket(bucketVoids).Get(indexKey(index))); stored != void {
			c.add(fmt.Sprintf("entry %d", index), "it is void for %q, the record says %q", void, stored)
		}
		var m *catalog.Manifest
		if void == "" && ch.Release != nil {
			m = c.checkRelease(ch.Release)
		}
		if void == "" {
			c.state.Apply(ch)
		}
		if err := d.replay(index, raw, ch, void, m); err != nil {
			return err
		}
	}
	return nil
}

// checkHashes compares the hashes that an entry completes with the stored ones.
func (c *checker) checkHashes(index int64, raw []byte) error {
	hashes, err := ledger.StoredHashes(index, raw, c.hashes)
	if err != nil {
		return err
	}
	b := c.tx.Bucket(bucketHashes)
	for _, h := range hashes {
		if stored := b.Get(indexKey(int64(len(c.hashes)))); string(stored) != string(h[:]) {
			c.add(fmt.Sprintf("entry %d", index), "its stored hashes are not those of its bytes")
		}
		c.hashes = append(c.hashes, h)
	}
	return nil
}

// checkRelease reads the manifest of a release in full. What is missing may
// have been withdrawn later in the log.
func (c *checker) checkRelease(r *catalog.ReleaseRecord) *catalog.Manifest {
	c.visible = append(c.visible, visible{r.ID, r.Index, r.Torrents})
	b := c.tx.Bucket(bucketManifests).Get([]byte(r.ID))
	if b == nil || catalog.Sum(b) != r.Manifest {
		c.absent[r.ID] = true
		return nil
	}
	m, err := catalog.ParseManifest(b)
	if err == nil {
		err = m.Fits(&r.Release, b, &c.state)
	}
	if err != nil {
		c.add("release "+r.ID, "the manifest: %v", err)
		return nil
	}
	artist, _ := c.state.Artist(r.Artist)
	// A text that is not held is reported with the other missing files.
	if err := c.db.checkAuthorisation(m, c.state.Charter(), artist); err != nil && !errors.Is(err, ErrUnknown) {
		c.add("release "+r.ID, "%v", err)
	}
	return m
}

// checkHead checks the signed checkpoint against the replay.
func (c *checker) checkHead() error {
	signed := c.tx.Bucket(bucketMeta).Get(keyCheckpoint)
	charter := c.state.Charter()
	if charter == nil {
		if len(signed) > 0 || len(c.hashes) > 0 {
			c.add("the log", "it does not begin with a valid charter")
		}
		return nil
	}
	cp, err := openCheckpoint(signed, charter)
	if err != nil {
		c.add("the checkpoint", "%v", err)
		return nil
	}
	size := logSize(c.tx)
	root, err := ledger.Root(size, c.hashes)
	if err != nil {
		return err
	}
	if cp.Size != size || cp.Root != root {
		c.add("the checkpoint", "it signs %d entries with the root %s, the log has %d with the root %s", cp.Size, cp.Root, size, root)
	}
	return nil
}

// checkDerived compares every derived record with that of the replay.
func (c *checker) checkDerived() error {
	return c.scratch.View(func(tx *bolt.Tx) error {
		if got, want := c.tx.Bucket(bucketMeta).Get(keyCharter), tx.Bucket(bucketMeta).Get(keyCharter); string(got) != string(want) {
			c.add("the charter in force", "the record names entry %d, the log says %d", keyIndex(got), keyIndex(want))
		}
		for _, name := range derivedBuckets {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			if n, first := differences(c.tx.Bucket(name), tx.Bucket(name)); n > 0 {
				c.add("the derived records", "%d of %q are not what follows from the log, the first %q", n, name, clip(first))
			}
		}
		return nil
	})
}

// differences walks two buckets side by side.
func differences(got, want *bolt.Bucket) (n int, first string) {
	differs := func(k []byte) {
		if n++; n == 1 {
			first = string(k)
		}
	}
	g, w := got.Cursor(), want.Cursor()
	gk, gv := g.First()
	wk, wv := w.First()
	for gk != nil || wk != nil {
		switch {
		case wk == nil || gk != nil && string(gk) < string(wk):
			differs(gk)
			gk, gv = g.Next()
		case gk == nil || string(wk) < string(gk):
			differs(wk)
			wk, wv = w.Next()
		default:
			if string(gv) != string(wv) {
				differs(gk)
			}
			gk, gv = g.Next()
			wk, wv = w.Next()
		}
	}
	return n, first
}

// checkPages lets bbolt check its free list and the reach of every page. Its
// check cannot be guarded, so it only runs where all has been read before.
func (c *checker) checkPages() error {
	if len(c.problems) > 0 {
		return nil
	}
	for err := range c.tx.Check() {
		c.add(fileName, "%v", err)
	}
	return nil
}
