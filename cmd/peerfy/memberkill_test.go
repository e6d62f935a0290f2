package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/tally"
	"p2p.legal/peerfy/store"
)

// lane is one member after the other, who does what members do while the host dies again and again. It notes what was
// acknowledged. What is cut off it sends again after the restart, as a person does who got no answer.
type lane struct {
	t  *testing.T
	h  *house
	n  int
	at step // what is done next

	account, recipient, pass, library string
	voucher                           royalty.Code
	form                              string         // the code drawn for the join form, which is sent until it is answered
	lists                             []string       // acknowledged
	tracks, asked                     map[string]int // delivered whole, and asked for
	kills                             int            // while this member was there

	past []member
}

// member is one whom a lane has done with, and what they were told.
type member struct {
	account string
	pass    pass.Pass
	library string
	lists   []string
	tracks  map[string]int
	asked   map[string]int
	kills   int
}

type step int

const (
	joins step = iota // every second one with the voucher
	redeems
	keeps
	takes
	plays // several times
	opensLibrary
	writes // several times
	leaves
)

// serveKilled is a server that was started, and dies by SIGKILL.
type serveKilled struct {
	cmd    *exec.Cmd
	socket string
	words  *bytes.Buffer
}

func (h *house) serve(t *testing.T) *serveKilled {
	t.Helper()
	temp := t.TempDir()
	s := &serveKilled{socket: filepath.Join(temp, "s"), words: new(bytes.Buffer)}
	status := filepath.Join(temp, "status")
	s.cmd = exec.Command("peerfy", "serve", "--dir", h.dir, "--tor", "none", "--listen", "unix:"+s.socket, "--status", status)
	s.cmd.Stderr = s.words
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) { // another process makes it
		if _, err := os.Stat(status); err == nil {
			return s
		}
		if time.Now().After(deadline) {
			s.kill()
			t.Fatalf("it does not serve again: %s", s.words)
		}
	}
}

func (s *serveKilled) kill() {
	if s.cmd.ProcessState == nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
}

// run works until the server is gone.
func (l *lane) run(socket string) {
	g := l.h.guest(l.t, socket)
	g.client.Timeout = 10 * time.Second
	if l.account != "" && l.at > joins { // the session went with the process
		if _, ok := l.ask(g, "POST", "/login", "account", l.account); !ok {
			return
		}
		if l.library != "" {
			if _, ok := l.ask(g, "POST", "/my/library/open", "code", l.library); !ok {
				return
			}
		}
	}
	for l.one(g) {
	}
}

// ask sends a request; false when there was no answer. Any other answer than 200 is a mistake.
func (l *lane) ask(g *guest, method, path string, fields ...string) (page string, ok bool) {
	status, page, err := g.do(method, path, fields...)
	if err != nil {
		return "", false
	}
	if status != 200 {
		l.t.Errorf("lane %d, %s %s: status %d: %.600s", l.n, method, path, status, page[strings.Index(page, "<main")+1:])
		return "", false
	}
	return page, true
}

// one does the next step. It goes on only when the step was acknowledged.
func (l *lane) one(g *guest) (ok bool) {
	var page string
	switch l.at {
	case joins:
		ok = l.join(g)
	case redeems:
		_, ok = l.ask(g, "POST", "/account/redeem", "voucher", l.voucher.String())
	case keeps:
		_, ok = l.ask(g, "POST", "/account/kept")
	case takes:
		ok = l.take(g)
	case plays:
		track := l.h.tracks[(l.n+len(l.tracks))%len(l.h.tracks)]
		l.asked[track]++
		if _, ok = l.ask(g, "GET", "/t/"+track+".webm"); ok {
			l.tracks[track]++
			if len(l.tracks) < 4 {
				return true
			}
		}
	case opensLibrary:
		if page, ok = l.ask(g, "POST", "/my/library/new"); ok {
			l.library = codeShown.FindString(page)
		}
	case writes:
		name := fmt.Sprintf("list %d", len(l.lists))
		if _, ok = l.ask(g, "POST", "/my/list/new", "name", name); ok {
			if l.lists = append(l.lists, name); len(l.lists) < 3 {
				return true
			}
		}
	case leaves:
		ok = l.leave(g)
	}
	if ok {
		l.at = (l.at + 1) % (leaves + 1)
	}
	return ok
}

// join makes an account, with a voucher or without. The same form makes the same account, however often it is sent.
func (l *lane) join(g *guest) bool {
	if l.voucher == (royalty.Code{}) {
		form, ok := l.ask(g, "GET", "/join")
		if !ok {
			return false
		}
		l.form, l.voucher, l.kills = codeShown.FindString(form), l.h.next(), 0
	}
	fields := []string{"code", l.form}
	if paid := len(l.past)%2 != 0; paid {
		fields = append(fields, "voucher", l.voucher.String())
	}
	page, ok := l.ask(g, "POST", "/join", fields...)
	if !ok {
		return false
	}
	shown := codeShown.FindString(page)
	if shown == "" || len(fields) > 2 && !strings.Contains(page, "€8.00") {
		l.t.Errorf("lane %d: no account or no credit: %.3000s", l.n, page)
	}
	l.account = shown
	again, ok := l.ask(g, "POST", "/join", fields...) // the answer might have been lost
	if got := codeShown.FindString(again); ok && got != shown {
		l.t.Errorf("lane %d: one form has made two accounts", l.n)
	}
	return ok
}

// take takes the month, and sees that asking again, with the same recipient, gives the same pass.
func (l *lane) take(g *guest) bool {
	if l.recipient == "" {
		_, recipient, err := seal.NewIdentity()
		if err != nil {
			l.t.Error(err)
			return false
		}
		l.recipient = recipient
	}
	for range 2 {
		page, ok := l.ask(g, "POST", "/account/pass", "period", l.h.period.String(), "recipient", l.recipient)
		if !ok {
			return false
		}
		shown := passOn(page)
		if l.pass != "" && shown != l.pass {
			l.t.Errorf("lane %d: the month was taken twice, with two passes", l.n)
		}
		l.pass = shown
	}
	return true
}

// leave notes what this member was told, and makes room for the next.
func (l *lane) leave(g *guest) bool {
	p, err := pass.ParseFile(l.pass)
	if err != nil {
		l.t.Errorf("lane %d: %v", l.n, err)
	}
	l.past = append(l.past, member{l.account, p, l.library, l.lists, l.tracks, l.asked, l.kills})
	*l = lane{t: l.t, h: l.h, n: l.n, past: l.past, tracks: map[string]int{}, asked: map[string]int{}}
	_, ok := l.ask(g, "POST", "/logout")
	if ok {
		l.at = leaves
	}
	return ok
}

// next is a voucher that nobody has.
func (h *house) next() royalty.Code {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.vouchers[0]
	h.vouchers = h.vouchers[1:]
	return v
}

// serveKills lets six lanes work, kills the server at some moment, counts all money, and starts it again.
func serveKills(t *testing.T, rounds int) {
	h := newHouse(t, atOnce, min(200+rounds*60, store.MaxVouchers))
	r := rand.New(rand.NewPCG(5, 5))
	lanes := make([]*lane, 6)
	for n := range lanes {
		lanes[n] = &lane{t: t, h: h, n: n, tracks: map[string]int{}, asked: map[string]int{}}
	}
	var slowest time.Duration
	for range rounds {
		start := time.Now()
		s := h.serve(t)
		slowest = max(slowest, time.Since(start))
		var done sync.WaitGroup
		for _, l := range lanes {
			done.Go(func() { l.run(s.socket) })
		}
		time.Sleep(time.Duration(100+r.IntN(250)) * time.Millisecond) // the moment of the kill, from the seed
		s.kill()
		done.Wait()
		for _, l := range lanes {
			l.kills++
		}
		if t.Failed() {
			t.Fatalf("the server said: %s", s.words)
		}
		h.kept(t, lanes)
	}
	h.tallied(t, lanes)
	total := 0
	for _, l := range lanes {
		total += len(l.past)
	}
	if total < rounds {
		t.Errorf("%d members came to the end in %d rounds: the test tests little", total, rounds)
	}
	t.Logf("%d kills, %d members, %v to start at most", rounds, total, slowest)
}

// accountID is what the host calls an account.
func (h *house) accountID(t *testing.T, code string) [32]byte {
	t.Helper()
	key, err := hostKey(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := royalty.ParseCode(code)
	if err != nil {
		t.Fatal(err)
	}
	name := c.Key("account")
	mac := hmac.New(sha256.New, key[:])
	mac.Write(name[:])
	return [32]byte(mac.Sum(nil))
}

// kept looks at the file that the killed server has left: the money adds up, and every account has what its lane was told.
func (h *house) kept(t *testing.T, lanes []*lane) {
	t.Helper()
	m, err := store.OpenMembers(h.dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	problems, err := m.Check(t.Context())
	if err != nil || len(problems) > 0 {
		t.Fatalf("after a kill: %v, %v", problems, err)
	}
	redeemed, sold, open := 0, 0, 0
	for _, l := range lanes {
		redeemed, sold = redeemed+len(l.past), sold+len(l.past)
		for _, one := range l.past {
			h.holds(t, m, one.account, 1, 1, 1, 1)
		}
		if open++; l.account != "" {
			least, bought := 0, 0
			if l.at > redeems {
				least, redeemed = 1, redeemed+1
			}
			if l.at > takes {
				bought, sold = 1, sold+1
			}
			h.holds(t, m, l.account, least, 1, bought, 1)
		}
	}
	batches, err := m.Batches()
	if err != nil || len(batches) != 1 {
		t.Fatal(batches, err)
	}
	totals, err := m.Totals()
	if err != nil {
		t.Fatal(err)
	}
	used := batches[0].Used
	if used < redeemed || used > redeemed+open || totals.In[store.VoucherKind] != royalty.Cents(800*used) {
		t.Errorf("%d vouchers are used and %v came in, %d were acknowledged", used, totals.In[store.VoucherKind], redeemed)
	}
	n, err := m.Sales(h.period)
	if err != nil || n < sold || n > sold+open || totals.Paid != royalty.Cents(800*n) || totals.Held != royalty.Cents(800*(used-n)) {
		t.Errorf("%d months are sold, %v paid and %v held (%v), %d were acknowledged", n, totals.Paid, totals.Held, err, sold)
	}
}

// holds compares an account with what may be in it.
func (h *house) holds(t *testing.T, m *store.Members, code string, leastIn, mostIn, leastMonths, mostMonths int) {
	t.Helper()
	a, err := m.Account(h.accountID(t, code))
	if err != nil {
		t.Errorf("an account that was shown is gone: %v", err)
		return
	}
	in := 0
	for _, e := range a.Events {
		if e.Kind == store.VoucherKind {
			in++
		}
	}
	if in < leastIn || in > mostIn || len(a.Months) < leastMonths || len(a.Months) > mostMonths || a.Balance != royalty.Cents(800*(in-len(a.Months))) {
		t.Errorf("an account has %d vouchers, %d months and %v: want %d to %d and %d to %d", in, len(a.Months), a.Balance, leastIn, mostIn, leastMonths, mostMonths)
	}
}

// tallied opens what was counted: of each member every play that was delivered, except one for each kill that may have
// come between the last byte and the count; and never more than were asked for. (What was counted when its answer was cut off
// counts anew when it is heard anew: what the clock of a play needs is in memory alone.) Libraries have every list.
func (h *house) tallied(t *testing.T, lanes []*lane) {
	t.Helper()
	keys, identity := h.monthKeys(t), h.closing(t)
	counted := map[[32]byte]tally.Tally{}
	h.tallies(t, func(name [32]byte, record []byte) error {
		one, err := tally.UnsealForClose(keys.Tally, h.period, name, record, identity)
		counted[one.Pass] = one
		return err
	})
	g := h.guest(t, h.serve(t).socket)
	lost := 0
	for _, l := range lanes {
		for _, one := range l.past {
			got := counted[one.pass.ID(h.origin)]
			n := 0
			for track, delivered := range one.tracks {
				c := got.Counted[tally.Work(track)].Plays
				if n += max(delivered-c, 0); c > one.asked[track] {
					t.Errorf("%d plays of a track that was asked for %d times", c, one.asked[track])
				}
			}
			if lost += n; n > one.kills || got.Recipient == "" {
				t.Errorf("%d plays are missing after %d kills, recipient %v", n, one.kills, got.Recipient != "")
			}
		}
	}
	t.Logf("%d plays were delivered and not counted", lost)
	for _, l := range lanes[:2] {
		for _, one := range l.past[max(0, len(l.past)-10):] {
			g.must("POST", "/login", "account", one.account)
			page := g.must("POST", "/my/library/open", "code", one.library)
			for _, name := range one.lists {
				if !strings.Contains(page, ">"+name+"<") {
					t.Errorf("the list %q is gone: %s", name, page)
				}
			}
		}
	}
}

func TestServeKills(t *testing.T) { serveKills(t, 10) }
