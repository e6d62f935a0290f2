package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/storetest"
)

// house is a co-operative's folder as a host has it: a few works for members, the running month opened, vouchers
// loaded. What belongs off the host lies elsewhere.
type house struct {
	dir    string
	keys   string // of root, editor and treasurer, with the closing identity: not on the host
	onion  string
	origin string
	period royalty.Period
	works  []string // releases
	tracks []string
	titles []string // of releases and tracks

	mu       sync.Mutex // guards vouchers
	vouchers []royalty.Code
}

// atOnce is a rule under which a second of a track is a play, and nothing is paced: so that hundreds of plays, counted
// through HTTP by the real rule, take a moment.
var atOnce = catalog.PlayRule{Seconds: 1, Clock: 0, Fast: 600, PacePct: 10_000, Parallel: 3, PlayUnits: 1, Download: 1}

func newHouse(t testing.TB, rule catalog.PlayRule, vouchers int) *house {
	t.Helper()
	h := &house{dir: t.TempDir(), keys: t.TempDir(), period: royalty.PeriodAt(time.Now())}
	if left := time.Until(h.period.End()); left < 3*time.Minute {
		t.Skipf("the month ends in %v", left)
	}
	c, err := found(h.dir, "Seized", storetest.Day)
	if err != nil {
		t.Fatal(err)
	}
	h.onion, h.origin = c.Onion, c.Origin
	for _, name := range append(slices.Clone(offline), roleTreasurer+".pub") {
		if err := os.Rename(filepath.Join(h.dir, "keys", name), filepath.Join(h.keys, name)); err != nil {
			t.Fatal(err)
		}
	}
	db, err := openStore(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	h.fill(t, db, rule)
	if _, err := openMonth(&local{DB: db}, h.dir, h.period, h.keys, "", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h.sell(t, vouchers)
	return h
}

// fill changes the charter's rule, and adds works.
func (h *house) fill(t testing.TB, db *store.DB, rule catalog.PlayRule) {
	t.Helper()
	key := func(role string) storetest.Key {
		skey, err := secret(h.keys, role)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ledger.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		return storetest.Key{Secret: skey, Signer: s}
	}
	coop := &storetest.Coop{DB: db, Dir: h.dir, Artists: map[string]storetest.Key{}}
	coop.Keys.Root, coop.Keys.Editor, coop.Keys.Treasurer = key(roleRoot), key(roleEditor), key(roleTreasurer)
	charter := *db.Charter()
	charter.Plays = rule
	coop.Charter = &charter
	if _, err := coop.Append(ledger.KindCharter, &charter, coop.Keys.Root); err != nil {
		t.Fatal(err)
	}
	for i, title := range []string{"Marées basses", "Quarante jours", "L'heure bleue"} {
		w := storetest.Work{Artist: "les-guetteurs", ArtistName: "Les Guetteurs", Title: title, Date: "2025-01-02"}
		for n := range 8 {
			w.Tracks = append(w.Tracks, fmt.Sprintf("Chanson interdite %d-%d", i, n))
		}
		id := coop.Add(t, w)
		h.works, h.titles = append(h.works, id), append(append(h.titles, title), w.Tracks...)
		for n := range w.Tracks {
			h.tracks = append(h.tracks, catalog.TrackID(id, n))
		}
	}
}

// sell loads a batch of vouchers of one month.
func (h *house) sell(t testing.TB, n int) {
	t.Helper()
	b, codes, err := payment.Issue(h.origin, 1, 800, n, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := openMembers(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.LoadBatch(batchOf(b)); err != nil {
		t.Fatal(err)
	}
	h.vouchers = codes
}

// monthKeys are the host's for the month.
func (h *house) monthKeys(t testing.TB) *till.Keys {
	t.Helper()
	k, err := till.Load(filepath.Join(h.dir, monthsDir), h.period)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// guest is a browser over a unix socket.
type guest struct {
	t      testing.TB
	h      *house
	client *http.Client
	jar    *cookiejar.Jar
}

func (h *house) guest(t testing.TB, socket string) *guest {
	t.Helper()
	jar, _ := cookiejar.New(nil) // never fails
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	c := &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{DialContext: dial}}
	t.Cleanup(c.CloseIdleConnections)
	return &guest{t, h, c, jar}
}

// do sends a request, with a form when there are fields, and reads the whole answer; redirects are followed.
func (g *guest) do(method, path string, fields ...string) (status int, page string, err error) {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequest(method, "http://"+g.h.onion+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Accept-Language", "en")
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://"+g.h.onion)
	}
	resp, err := g.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// must is do, for what has to be answered with a page.
func (g *guest) must(method, path string, fields ...string) string {
	g.t.Helper()
	status, page, err := g.do(method, path, fields...)
	if err != nil || status != http.StatusOK {
		g.t.Fatalf("%s %s: status %d, %v: %.1000s", method, path, status, err, page)
	}
	return page
}

// session is the token in the browser's cookie.
func (g *guest) session() string {
	u := &url.URL{Scheme: "http", Host: g.h.onion, Path: "/"}
	for _, c := range g.jar.Cookies(u) {
		if c.Name == "s" {
			return c.Value
		}
	}
	return ""
}

var (
	codeShown   = regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){4}-[0-9A-Z]`)
	passShown   = regexp.MustCompile(`peerfy-pass-v1\.[\w.-]+`)
	answerShown = regexp.MustCompile(`peerfy-answer-v1\.[\w.-]+`)
	ownerShown  = regexp.MustCompile(`owner ([0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}-[0-9A-Z])`)
	listShown   = regexp.MustCompile(`my/list/([a-z2-7]{8})"`)
)

// closing is the treasurer's identity for the month.
func (h *house) closing(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(h.keys, closingIdentity(h.period)))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "#") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatal("no identity")
	return ""
}

// tallies gives fn every tally of the month.
func (h *house) tallies(t testing.TB, fn func(name [32]byte, record []byte) error) (n int) {
	t.Helper()
	m, err := store.OpenMembers(h.dir, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	err = m.EachTally(h.period, func(name [32]byte, record []byte) error {
		n++
		return fn(name, record)
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

// copyFolder copies files as they lie, sockets left out.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
