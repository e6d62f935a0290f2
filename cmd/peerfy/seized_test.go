package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/pass/blind"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/tally"
	"p2p.legal/peerfy/royalty/till"
)

// season is what twenty members did.
type season struct {
	traces
	plays int
}

// TestSeizedServer lets twenty members do all that members do, through HTTP, and then looks at the folder as somebody does
// who has carried the machine away: nothing in it says who has an account, whose pass it is or what a pass has
// played; and when the month's keys are destroyed, not even those who hold the closing identity can read a tally.
func TestSeizedServer(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	h := newHouse(t, atOnce, 40)
	logs, err := os.Create(filepath.Join(h.dir, "peerfy.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	socket := filepath.Join(t.TempDir(), "s")
	r, err := start(t.Context(), runConfig{
		dir: h.dir, tor: "none", listen: "unix:" + socket,
		log: slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	var s season
	var done sync.WaitGroup
	for n := range 20 {
		done.Go(func() { s.member(h.guest(t, socket), n) })
	}
	done.Wait()
	if t.Failed() {
		r.close()
		return
	}
	live := filepath.Join(t.TempDir(), "backup")
	copyFolder(t, h.dir, live) // as a backup that does not stop the site
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	keys, identity := h.monthKeys(t), h.closing(t)
	for i, title := range h.titles {
		s.titles(t, fmt.Sprintf("title %d", i), title, h, live)
	}
	for what, folder := range map[string]string{"the folder": h.dir, "a backup of it": live, "the folder for temporary files": os.Getenv("TMPDIR")} {
		if found := s.files(t, folder); len(found) > 0 {
			t.Errorf("%s holds %d traces: %.3000q", what, len(found), found)
		}
	}
	h.counted(t, keys, identity, s.plays)
	h.destroyed(t, keys, identity)
}

// member is one of twenty: they join, take a month, half of them by a blind pass, play ten tracks, download, keep a
// library, correct the month, log out and in by the pass.
func (s *season) member(g *guest, n int) {
	t, h := g.t, g.h
	voucher := h.vouchers[2*n]
	s.text("voucher", voucher.String())
	account := codeShown.FindString(g.must("POST", "/join", "voucher", voucher.String()))
	s.text("account", account)
	s.text("session", g.session())
	if n%3 == 0 {
		g.must("POST", "/account/kept")
	}
	g.must("POST", "/account/redeem", "voucher", h.vouchers[2*n+1].String())
	s.text("second voucher", h.vouchers[2*n+1].String())
	identity, recipient, err := seal.NewIdentity()
	if err != nil {
		t.Error(err)
		return
	}
	s.text("identity", identity)
	s.text("recipient", recipient)
	hash := pass.RecipientHash(recipient)
	s.add("recipient's hash", hash[:])
	var mine pass.Pass
	if n%2 == 0 {
		mine, err = pass.ParseFile(passOn(g.must("POST", "/account/pass", "period", h.period.String(), "recipient", recipient)))
	} else {
		mine, err = s.blind(g, recipient)
	}
	if err != nil {
		t.Error(err)
		return
	}
	s.text("owner word", mine.Owner.String())
	text := pass.Format(mine)
	s.text("pass", text[len("peerfy-pass-v1.2026-12."):])
	s.add("signature", mine.Signature[:])
	s.add("signature's middle", mine.Signature[100:160])
	s.add("owner's hash", mine.OwnerHash[:])
	id := mine.ID(h.origin)
	s.add("pass id", id[:])
	s.listen(g, n)
	s.library(g, n)
	g.must("POST", "/logout")
	g.must("POST", "/login", "pass", pass.FormatFile(mine, recipient), "next", "my/month")
	s.text("session", g.session())
	g.correct(h.tracks[n%len(h.tracks)], mine.Owner)
	g.do("GET", "/search?q="+url.QueryEscape(fmt.Sprintf("recherche secrète numéro %d", n)))
	s.text("search", fmt.Sprintf("recherche secrète numéro %d", n))
	g.do("POST", "/login", "account", "7"+account[1:]) // mistyped
	g.do("POST", "/login", "account", account)
	s.text("session", g.session())
}

// passOn is the text of a page's field.
func passOn(page string) string {
	line := passShown.FindString(page)
	if owner := ownerShown.FindStringSubmatch(page); owner != nil {
		line += "\nowner " + owner[1]
	}
	return line
}

// blind buys a pass that the host does not see, and logs in with it.
func (s *season) blind(g *guest, recipient string) (pass.Pass, error) {
	keys := g.h.monthKeys(g.t)
	request, secret, err := blind.Request(&keys.Pass.PublicKey, g.h.origin, g.h.period, recipient)
	if err != nil {
		return pass.Pass{}, err
	}
	answer := answerShown.FindString(g.must("POST", "/account/blind", "request", request))
	s.text("blind answer", answer[len("peerfy-answer-v1.2026-12."):])
	s.text("blind request", request[len("peerfy-request-v1.2026-12."):])
	mine, err := blind.Finish(secret, answer)
	if err != nil {
		return mine, err
	}
	g.must("POST", "/logout")
	g.must("POST", "/login", "pass", pass.FormatFile(mine, recipient), "next", "my/month")
	s.text("session", g.session())
	return mine, nil
}

// listen plays ten tracks and downloads one release.
func (s *season) listen(g *guest, n int) {
	for i := range 10 {
		g.must("GET", "/t/"+g.h.tracks[(n+2*i)%len(g.h.tracks)]+".webm")
	}
	s.mu.Lock()
	s.plays += 10
	s.mu.Unlock()
	g.must("GET", "/r/"+g.h.works[n%3]+".zip")
	g.must("GET", "/r/"+g.h.works[n%3]+".torrent")
}

// library makes one, with lists, a followed artist and a place to resume at.
func (s *season) library(g *guest, n int) {
	g.must("POST", "/my/library/new")
	code := codeShown.FindString(g.must("GET", "/my/library"))
	s.text("library code", code)
	name := fmt.Sprintf("Ma liste intime %d", n)
	s.text("list", name)
	page := g.must("POST", "/my/list/new", "name", name)
	list := listShown.FindStringSubmatch(page)
	if list == nil {
		g.t.Errorf("no list on the page: %s", page)
		return
	}
	g.must("POST", "/my/list/add", "id", g.h.works[n%3], "list", list[1])
	g.must("POST", "/my/queue/add", "id", g.h.tracks[n])
	g.must("POST", "/my/follow", "slug", "les-guetteurs")
	g.must("POST", "/my/resume", "track", g.h.tracks[n])
	g.must("GET", "/my/list/"+list[1]+".xspf")
	g.must("POST", "/my/library/close")
	g.must("POST", "/my/library/open", "code", code)
}

// correct adds a play that was not counted, which the owner word allows.
func (g *guest) correct(track string, owner royalty.Code) {
	page := g.must("GET", "/my/month")
	_, version, _ := strings.Cut(page, `name="version" value="`)
	version, _, _ = strings.Cut(version, `"`)
	g.must("POST", "/my/month", "version", version, "add", "1", "work", track, "owner", owner.String())
}

// titles looks for what was played where members are: a title, an id of a work, as text or as its bytes, in the members'
// database or the log.
func (s *season) titles(t *testing.T, what, title string, h *house, backup string) {
	t.Helper()
	var works traces
	works.text(what, title)
	if what == "title 0" { // once
		for _, track := range h.tracks {
			works.text("track", track)
		}
		for _, id := range h.works {
			works.text("release", id)
		}
	}
	for _, folder := range []string{h.dir, backup} {
		for _, name := range []string{membersFile, "peerfy.log"} {
			b, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			if found := works.in(b); len(found) > 0 {
				t.Errorf("%s names a work: %q", name, found)
			}
		}
	}
}

// counted opens the tallies as the treasurer does: all the plays were really counted. With one of the two keys alone
// nothing opens.
func (h *house) counted(t *testing.T, keys *till.Keys, identity string, want int) {
	t.Helper()
	plays, downloads := 0, 0
	other, _, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	n := h.tallies(t, func(name [32]byte, record []byte) error {
		one, err := tally.UnsealForClose(keys.Tally, h.period, name, record, identity)
		if err != nil {
			return err
		}
		for _, c := range one.Counted {
			plays += c.Plays
			if c.Downloaded {
				downloads++
			}
		}
		if !one.Corrected || one.Recipient == "" {
			t.Error("a correction or a recipient is not there")
		}
		if _, err := tally.UnsealForClose(keys.Tally, h.period, name, record, other); !errors.Is(err, tally.ErrSealed) {
			t.Errorf("the month's keys alone: %v", err)
		}
		if _, err := tally.UnsealForClose([32]byte{}, h.period, name, record, identity); !errors.Is(err, tally.ErrSealed) {
			t.Errorf("the closing identity alone: %v", err)
		}
		return nil
	})
	if n != 20 || plays != want || downloads != 20 {
		t.Errorf("%d tallies with %d plays and %d downloads: want 20, %d and 20", n, plays, downloads, want)
	}
}

// destroyed lets the month's keys go, and looks for what is left of them.
func (h *house) destroyed(t *testing.T, keys *till.Keys, identity string) {
	t.Helper()
	var s traces
	for name, key := range map[string][]byte{"tally key": keys.Tally[:], "token key": keys.Token[:], "prime": keys.Pass.Primes[0].Bytes(), "exponent": keys.Pass.D.Bytes()} {
		s.add(name, key)
	}
	s.add("till key", []byte(keys.Till[len(keys.Till)-30:]))
	if found := s.files(t, h.dir); len(found) == 0 {
		t.Error("the month's keys are not found while they are there: the search finds nothing")
	}
	if err := till.Destroy(filepath.Join(h.dir, monthsDir), h.period); err != nil {
		t.Fatal(err)
	}
	if found := s.files(t, h.dir); len(found) > 0 {
		t.Errorf("of the month's keys there is left %q", found)
	}
	if _, err := till.Load(filepath.Join(h.dir, monthsDir), h.period); !errors.Is(err, till.ErrNone) {
		t.Errorf("the month's keys: %v", err)
	}
	guess := [32]byte{}
	binary.BigEndian.PutUint64(guess[:], 7)
	h.tallies(t, func(name [32]byte, record []byte) error {
		if _, err := tally.UnsealForClose(guess, h.period, name, record, identity); !errors.Is(err, tally.ErrSealed) {
			t.Errorf("a tally opens without the month's key: %v", err)
		}
		return nil
	})
}
