package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/storetest"
)

// club is a small co-operative whose running month is open, and whose keys the
// bench holds: it makes as many passes as it wants.
type club struct {
	dir, socket string
	host        string // that the site answers to
	origin      string
	period      royalty.Period
	keys        *till.Keys
	songs       []string // addresses of tracks of three minutes
	jingles     []string // addresses of tracks that are over at once
	vouchers    []royalty.Code
}

const (
	rate       = 96_000 / 8 // bytes of a stream per second
	songLasts  = 3 * time.Minute
	songBytes  = int64(songLasts/time.Second) * rate
	songs      = 12
	jingles    = 24
	jingleTime = 2 * time.Millisecond
)

// newClub makes a club in a new folder below dir.
func newClub(dir string) (_ *club, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	c := &club{period: royalty.PeriodAt(time.Now())}
	if c.dir, err = os.MkdirTemp(dir, "club-"); err != nil {
		return nil, err
	}
	c.socket = filepath.Join(c.dir, "s")
	if err := c.found(); err != nil {
		return nil, errors.Join(err, c.remove())
	}
	return c, nil
}

func (c *club) found() error {
	coop, err := storetest.Create(c.dir)
	if err != nil {
		return err
	}
	c.host, c.origin = coop.Charter.Onion, coop.Charter.Origin
	if c.songs, err = publish(coop, "Songs", songs, songLasts, songBytes); err == nil {
		c.jingles, err = publish(coop, "Jingles", jingles, jingleTime, 64)
	}
	return errors.Join(err, c.open(coop), c.sell(8), writeKeys(coop), coop.DB.Close())
}

// publish adds an album of tracks that last as long as is said, in files of so
// many bytes, and answers with their addresses. Its torrents are not those of
// these files: nobody asks for them here.
func publish(coop *storetest.Coop, title string, n int, lasts time.Duration, size int64) (tracks []string, err error) {
	w := storetest.Work{Title: title, Artist: "the-bench"}
	for i := range n {
		w.Tracks = append(w.Tracks, fmt.Sprintf("%s %d", title, i+1))
	}
	p, err := coop.Prepare(w)
	if err != nil {
		return nil, err
	}
	for i := range p.M.Tracks {
		t := &p.M.Tracks[i]
		t.Duration, t.Start = lasts.Milliseconds(), int64(i)*lasts.Milliseconds()
		content := song(title, i, size)
		h, err := metainfo.Hash(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		f := &t.Renditions[0].File
		f.Root, f.SHA256, f.Size = h.Root, h.SHA256, h.Size
		p.Files[h.Root] = content
	}
	if err := sign(coop, p, w.Artist); err != nil {
		return nil, err
	}
	if err := p.Store(coop.DB); err != nil {
		return nil, err
	}
	for i := range p.M.Tracks {
		tracks = append(tracks, "/t/"+catalog.TrackID(p.ID, i)+".webm")
	}
	_, err = coop.DB.Append(p.Raw, p.Manifest, storetest.Day)
	return tracks, err
}

// song is what a track of an album sounds like: bytes that tell where they stand.
func song(title string, i int, size int64) []byte {
	b := make([]byte, 0, size+100)
	for int64(len(b)) < size {
		b = fmt.Appendf(b, "%s, track %d, byte %d\n", title, i, len(b))
	}
	return b[:size]
}

// sign makes the release entry of a work that was changed after Prepare.
func sign(coop *storetest.Coop, p *storetest.Prepared, artist string) (err error) {
	if p.Manifest, err = p.M.Format(); err != nil {
		return err
	}
	text, err := ledger.Text(ledger.KindRelease, catalog.Release{
		Artist: artist, Manifest: catalog.Sum(p.Manifest), Size: int64(len(p.Manifest)),
		Torrents: []string{p.M.Torrents.Masters.InfoHash, p.M.Torrents.Renditions.InfoHash}, Roots: p.M.Roots(),
	})
	if err != nil {
		return err
	}
	p.ID = ledger.TextID(text)
	p.Raw, err = ledger.SignText(text, coop.Artists[artist], coop.Keys.Editor)
	return err
}

// open opens the running month.
func (c *club) open(coop *storetest.Coop) (err error) {
	if c.keys, err = till.New(c.period, "test.example"); err != nil {
		return err
	}
	if err := c.keys.Save(filepath.Join(c.dir, "months")); err != nil {
		return err
	}
	o := catalog.Opening{Period: c.period.String(), Fee: coop.Charter.Fee.Cents}
	_, closing, err := seal.NewIdentity()
	if err != nil {
		return err
	}
	o.Closing = closing
	if o.PassKey.N, o.PassKey.E, err = pass.FormatKey(&c.keys.Pass.PublicKey); err != nil {
		return err
	}
	if o.Till, err = c.keys.TillVerifier(); err != nil {
		return err
	}
	if o.SalesUntil, o.StatementBy, err = catalog.Calendar(o.Period); err != nil {
		return err
	}
	_, err = coop.Append(ledger.KindOpening, o, coop.Keys.Treasurer)
	return err
}

// sell loads vouchers of one month each. The host's key of the database is made
// with it, as serve does when both are new.
func (c *club) sell(n int) error {
	b, codes, err := payment.Issue(c.origin, 1, 800, n, time.Time{})
	if err != nil {
		return err
	}
	c.vouchers = codes
	m, err := store.OpenMembers(c.dir, store.Options{})
	if err != nil {
		return err
	}
	_, err = m.LoadBatch(store.VoucherBatch{ID: b.ID, Value: b.Value, Hashes: b.Hashes})
	key := bytes.Repeat([]byte("0"), 64)
	keys := filepath.Join(c.dir, "keys")
	return errors.Join(err, m.Close(), os.MkdirAll(keys, 0o700), os.WriteFile(filepath.Join(keys, "members"), key, 0o600))
}

// serve starts the site.
func (c *club) serve(ctx context.Context, peerfy string) (*server, error) {
	return launch(ctx, c.socket, peerfy, "serve", "--dir", c.dir, "--tor", "none", "--listen", "unix:"+c.socket, "--quiet")
}

func (c *club) remove() error { return os.RemoveAll(c.dir) }

// passes signs n passes, as the month's key does when they are sold.
func (c *club) passes(n int) ([]pass.Pass, error) {
	all, errs := make([]pass.Pass, n), make([]error, n)
	var wg sync.WaitGroup
	for w := range runtime.NumCPU() {
		wg.Go(func() {
			for i := w; i < n; i += runtime.NumCPU() {
				all[i], errs[i] = c.pass(i)
			}
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

func (c *club) pass(i int) (pass.Pass, error) {
	p := pass.Pass{Period: c.period, RecipientHash: pass.RecipientHash(fmt.Sprint("recipient ", i))}
	sig, err := pass.Sign(c.keys.Pass, p.ID(c.origin))
	copy(p.Signature[:], sig)
	return p, err
}
