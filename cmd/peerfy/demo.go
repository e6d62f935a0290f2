package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"p2p.legal/peerfy/cmd/peerfy/sample"
	"p2p.legal/peerfy/onion/testnet"
	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/publish"
)

// demo sets up a whole co-operative on a private Tor network and keeps it up.
func (e *env) demo(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "keep everything in this `folder` and find it again next time (default: a folder that is removed)")
	music := fs.String("music", "", "publish the releases in this `folder` instead of the sample")
	status := fs.String("status", "", "write the addresses as JSON to this `file`")
	network := fs.String("net", "", "keep the private network in this `folder`, to start faster next time (default: with the rest)")
	if _, err := e.parse(fs, args, 0); err != nil {
		return err
	}
	if err := harden(e.say); err != nil {
		return err
	}
	if *dir == "" {
		temp, err := os.MkdirTemp("", "peerfy-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		*dir = temp
	}
	if *network == "" {
		*network = filepath.Join(*dir, "net")
	}
	d := &demo{env: e, dir: *dir, music: *music, netDir: *network}
	defer d.close()
	if err := d.prepare(); err != nil {
		return err
	}
	if err := d.goOnline(); err != nil {
		return err
	}
	if err := writeStatus(*status, d.status()); err != nil {
		return err
	}
	d.walkThrough()
	select {
	case <-e.ctx.Done():
		e.say("\nstopping: tor, the site and the private network…")
		return nil
	case err := <-d.host.fail:
		return err
	}
}

// demo is a demonstration that is up.
type demo struct {
	*env
	dir, music string
	netDir     string
	net        *testnet.Net
	host       *running
	browser    *testnet.Client
	voucher    royalty.Code // nobody has used it
}

// prepare starts the private network while the works are being made.
func (d *demo) prepare() error {
	type started struct {
		net *testnet.Net
		err error
	}
	network := make(chan started, 1)
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	d.say("setting up, for about a minute; starting a private Tor network on this machine (8 relays, no way out)…")
	go func() {
		n, err := testnet.Start(d.ctx, testnet.Config{Dir: d.netDir, Log: logger(d.stderr, true)})
		if err != nil {
			cancel() // no need to go on making works
		}
		network <- started{n, err}
	}()
	madeErr := d.publishAll(ctx)
	s := <-network
	d.net = s.net
	if s.err != nil {
		return missing("apt-get install tor, then try again", "the private Tor network did not start: %w", s.err)
	}
	return madeErr
}

// publishAll founds the co-operative and takes every release through the real
// pipeline, once: what a folder holds already is left as it is.
func (d *demo) publishAll(ctx context.Context) error {
	complete := filepath.Join(d.dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		d.say("the co-operative in %s is there already", d.dir)
		return nil
	}
	if !hasKey(filepath.Join(d.dir, "keys"), roleLog) {
		if _, err := found(d.dir, "Peerfy démo", time.Now()); err != nil {
			return err
		}
	}
	tool, err := media.New(media.Config{})
	if err != nil {
		return missing("apt-get install ffmpeg", "%w", err)
	}
	folders, err := d.folders(ctx)
	if err != nil {
		return err
	}
	published := 0
	for i, folder := range folders {
		d.say("release %d of %d: %s", i+1, len(folders), filepath.Base(folder))
		done := filepath.Join(d.dir, "published-"+filepath.Base(folder)) // an interrupted run goes on after it
		if _, err := os.Stat(done); err == nil {
			published++
			continue
		}
		if err := d.publishOne(ctx, tool, folder); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			d.say("  left out: %v", err)
			continue
		}
		if err := os.WriteFile(done, nil, 0o600); err != nil {
			return err
		}
		published++
	}
	if published == 0 {
		return refused("peerfy publish check FOLDER", "none of the folders could be published")
	}
	return os.WriteFile(complete, nil, 0o600)
}

// folders are those of the sample, or the subfolders of --music (or that
// folder itself, when it holds the files).
func (d *demo) folders(ctx context.Context) (paths []string, err error) {
	if d.music == "" {
		d.say("composing the sample: music, sleeves and two short films…")
		all, err := sample.Write(ctx, filepath.Join(d.dir, "sample"), "ffmpeg")
		for _, f := range all {
			paths = append(paths, f.Path)
		}
		return paths, err
	}
	entries, err := os.ReadDir(d.music)
	for _, entry := range entries {
		if entry.IsDir() {
			paths = append(paths, filepath.Join(d.music, entry.Name()))
		} else if _, ok := media.Accepted(entry.Name()); ok {
			return []string{d.music}, nil
		}
	}
	if len(paths) == 0 && err == nil {
		err = refused("a folder with one folder a release", "%s holds no media", d.music)
	}
	return paths, err
}

// publishOne does what artist and editor do: keys, check, make, review, accept.
func (d *demo) publishOne(ctx context.Context, tool *media.Tool, folder string) error {
	db, err := openHost(d.dir)
	if err != nil {
		return err
	}
	defer db.Close()
	c := publish.Config{Media: tool, Charter: db.Charter(), StayDown: db.StayDown}
	folder, credits, err := d.credited(ctx, folder, c)
	if err != nil {
		return err
	}
	keys := filepath.Join(d.dir, "artists", publish.Slug(credits.Artist))
	if !hasKey(keys, roleArtist) {
		if _, err := newArtist(keys, credits.Artist); err != nil {
			return err
		}
	}
	if c.Artist, c.ArtistEntry, err = readArtist(keys); err != nil {
		return err
	}
	c.Lookup = payees(db, c.Artist)
	s, err := signer(keys, roleArtist)
	if err != nil {
		return err
	}
	p := newProgress(d.stderr)
	defer p.end()
	if p.terminal {
		c.Progress = p.step
	}
	out := filepath.Join(d.dir, "bundle")
	b, err := publish.Make(ctx, folder, out, c, s)
	var bad *publish.NotReadyError
	if errors.As(err, &bad) {
		err = errors.Join(err, d.list(bad.Problems, false))
	}
	if err != nil {
		return err
	}
	entries, err := d.countersign(db, b, d.dir, filepath.Join(d.dir, "keys"), "")
	if err != nil {
		return err
	}
	_, err = accept(db, b, entries, p)
	return errors.Join(err, os.RemoveAll(out))
}

// credited answers with a folder that has a credits file, and what it says. One
// without is copied and given one made from its tags, in the name of whoever
// runs the demo; their own folder is not touched.
func (d *demo) credited(ctx context.Context, folder string, c publish.Config) (string, *publish.Credits, error) {
	looked, _ := publish.Check(ctx, folder, c)
	if looked == nil {
		return "", nil, fmt.Errorf("%s cannot be read", folder)
	}
	if !looked.HasCredits() {
		staged := filepath.Join(d.dir, "staged", filepath.Base(folder))
		if err := os.CopyFS(staged, os.DirFS(folder)); err != nil && !errors.Is(err, os.ErrExist) {
			return "", nil, err
		}
		declared := declare(string(looked.Template()), filepath.Base(folder))
		if err := os.WriteFile(filepath.Join(staged, publish.CreditsFile), []byte(declared), 0o600); err != nil {
			return "", nil, err
		}
		folder = staged
	}
	b, err := os.ReadFile(filepath.Join(folder, publish.CreditsFile))
	if err != nil {
		return "", nil, err
	}
	credits, err := publish.ParseCredits(b)
	return folder, credits, err
}

// declare fills in what a template leaves to a person, as declarations of
// whoever runs the demo, on their own machine and for their own eyes.
func declare(template, name string) string {
	for key, value := range map[string]string{
		"title": name, "artist": name, "date": time.Now().UTC().Format(time.DateOnly), "language": "zxx", "genre": "unsorted",
	} {
		template = strings.Replace(template, "\n"+key+": \n", "\n"+key+": "+value+"\n", 1)
	}
	template = strings.Replace(template, "contributor:  |", "contributor: "+name+" |", 1)
	template = strings.Replace(template, "society: | basis: author of the work", "society: none | basis: declared by the person who runs this demonstration", 1)
	template = strings.Replace(template, "\nnotes:\n", "\n", 1)
	return strings.Replace(template, "\nopen: no\n", "\nopen: yes\n", 1)
}

// goOnline serves the catalogue and gives the browser a tor of its own.
func (d *demo) goOnline() (err error) {
	d.say("publishing the onion service…")
	d.host, err = start(d.ctx, runConfig{
		dir: d.dir, listen: "127.0.0.1:0", log: logger(d.stderr, true), torrc: d.net.Torrc(), seed: d.net.Seed,
	})
	if err != nil {
		return err
	}
	if err := d.openMembership(); err != nil {
		return err
	}
	if d.browser, err = d.net.Client(d.ctx, filepath.Join(d.dir, "browser")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(d.ctx, time.Minute)
	defer cancel()
	return d.host.service.Load().Ready(ctx)
}

// openMembership opens the running month and the one before it, and makes a
// voucher to try them with.
func (d *demo) openMembership() error {
	db := &local{DB: d.host.db}
	keys, now := filepath.Join(d.dir, "keys"), time.Now()
	p := royalty.PeriodAt(now)
	for _, one := range []royalty.Period{p.Prev(), p} {
		if _, err := openMonth(db, d.dir, one, keys, "", now); err != nil {
			return err
		}
	}
	c := d.host.db.Charter()
	b, codes, err := payment.Issue(c.Origin, 3, royalty.Cents(c.Fee.Cents), 1, time.Time{})
	if err != nil {
		return err
	}
	d.voucher = codes[0]
	_, err = d.host.members.LoadBatch(batchOf(b))
	return err
}

func (d *demo) close() {
	var stops []func() error
	if d.net != nil {
		stops = append(stops, d.net.Close)
	}
	if d.host != nil {
		stops = append(stops, d.host.close)
	}
	if d.browser != nil {
		stops = append(stops, d.browser.Close)
	}
	for _, stop := range slices.Backward(stops) {
		if err := stop(); err != nil {
			d.say("stopping: %v", err)
		}
	}
}

func (d *demo) status() map[string]any {
	return map[string]any{
		"onion": d.host.service.Load().Address(), "socks": d.browser.Addr(),
		"preview": "http://" + d.host.preview, "vkey": d.host.db.Charter().Keys.Log,
		"voucher": d.voucher.String(),
	}
}

func (d *demo) walkThrough() {
	s := d.status()
	d.print("onion    http://%s/", s["onion"])
	d.print("socks    %s", s["socks"])
	d.print("preview  %s/", s["preview"])
	d.print("vkey     %s", s["vkey"])
	d.print("voucher  %s", s["voucher"])
	d.say(`
To see it as a listener does, set a browser's proxy to SOCKS5 %s with DNS through
it (in Firefox: Settings, Network, "Proxy DNS when using SOCKS v5"; in about:config
network.dns.blockDotOnion = false), turn JavaScript off, and open the onion address.
Tor Browser itself cannot enter a private network. For a quick look without Tor,
open the preview address in any browser.

Try:
  - search for "premieres lueurs", without its accent
  - play the album through: "album, continuous"
  - download a release, break it off, and resume it:
      curl --socks5-hostname %[1]s -C - -O http://%[2]s/r/%[3]s.zip
  - become a member: /join with the voucher above, which is worth three months;
    take this month, listen for half a minute, and look at /my/month
  - the log, where everything that was ever published stands: /ledger

Ctrl-C ends everything.`, s["socks"], s["onion"], d.someRelease())
}

// someRelease is the id of the oldest open release, for an example that works.
func (d *demo) someRelease() string {
	_, total, _, err := d.host.db.List(store.Filter{Open: true}, store.Newest, 0, 1)
	if err != nil || total == 0 {
		return "ID"
	}
	cards, _, _, err := d.host.db.List(store.Filter{Open: true}, store.Newest, total-1, 1)
	if err != nil || len(cards) == 0 {
		return "ID"
	}
	return cards[0].ID
}
