package site_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/site"
	"p2p.legal/peerfy/store/catalog"
)

// paused is a browser that takes an answer up to its n-th piece and then no more, until it is told.
type paused struct {
	*httptest.ResponseRecorder
	n         int
	began, on chan struct{}
}

func (p *paused) Write(b []byte) (int, error) {
	if p.n--; p.n == 0 {
		close(p.began)
		<-p.on
	}
	return p.ResponseRecorder.Write(b)
}

// stream asks for something to hear, and returns when its n-th piece is on the way.
func (v *visitor) stream(path string, n int) (p *paused, done *sync.WaitGroup) {
	p = &paused{ResponseRecorder: httptest.NewRecorder(), n: n, began: make(chan struct{}), on: make(chan struct{})}
	r := httptest.NewRequest("GET", path, nil)
	r.Host, r.RequestURI = onion, path
	r.Header.Set("Cookie", v.cookie)
	done = new(sync.WaitGroup)
	done.Go(func() { v.club.ServeHTTP(p, r) })
	<-p.began
	return p, done
}

// TestLoggedOutWhileListening logs out while an album runs, and in again, downloads something and corrects the month, and
// only then takes the rest: what that counts must not put an older month in the place of the newer.
func TestLoggedOutWhileListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClub(t)
		v := c.visitor(t)
		account := v.join()
		v.takes()
		p, done := v.stream("/r/"+c.closed+"/album.webm", 2) // its first track is delivered whole
		v.send("POST", "/logout", url.Values{})
		v.post("/login", "account", account)
		text(t, v.send("GET", "/r/"+c.film+".zip", nil), 200)
		version := between(v.get("/my/month"), `name="version" value="`, `"`)
		v.post("/my/month", "version", version, "add", "1", "work", catalog.TrackID(c.album, 1))
		close(p.on)
		done.Wait()
		time.Sleep(2 * time.Minute)
		v.send("POST", "/logout", url.Values{})
		v.post("/login", "account", account)
		wants(t, v.get("/my/month"), `name="plays.`+catalog.TrackID(c.album, 1), "downloads."+c.film,
			`name="plays.`+catalog.TrackID(c.closed, 0), `name="plays.`+catalog.TrackID(c.closed, 1))
		v.send("POST", "/logout", url.Values{})
		if n, seats := c.Stays(); n != 0 || seats != 0 {
			t.Errorf("%d sessions and %d seats are left", n, seats)
		}
	})
}

// TestLoggedOutMeanwhile logs in and out while other requests of the same browser are under way. No page breaks.
func TestLoggedOutMeanwhile(t *testing.T) {
	c := newClub(t)
	v, account, list := c.member(t)
	mine := between(v.get("/pass"), "recipient ", "\n")
	paths := []string{"/account", "/pass", "/my/month", "/my/month.csv", "/my/library", "/my/queue", "/my/queue.opus", "/my/list/" + list, "/r/" + c.closed, "/my/receipts"}
	var done sync.WaitGroup
	stop := make(chan struct{})
	cookies := make(chan string, 1000)
	for range 3 {
		cookie := v.cookie
		done.Go(func() {
			for i := 0; ; i++ {
				select {
				case cookie = <-cookies:
				case <-stop:
					return
				default:
				}
				u := &visitor{t: t, club: c, cookie: cookie, lang: "en"}
				if r := u.send("GET", paths[i%len(paths)], nil, "Range", "bytes=0-0"); r.StatusCode >= 500 {
					t.Errorf("%s: status %d", paths[i%len(paths)], r.StatusCode)
				}
				if r := u.send("POST", "/account/kept", url.Values{}); r.StatusCode >= 500 {
					t.Errorf("account/kept: status %d", r.StatusCode)
				}
				if r := u.send("POST", "/account/pass", values("period", "2026-12", "recipient", mine)); r.StatusCode >= 500 {
					t.Errorf("account/pass: status %d", r.StatusCode)
				}
			}
		})
	}
	for range 60 {
		v.send("POST", "/login", values("account", account))
		for range 3 {
			cookies <- v.cookie
		}
		v.send("POST", "/logout", url.Values{})
	}
	close(stop)
	done.Wait()
	if n, seats := c.Stays(); n != 0 || seats != 0 {
		t.Errorf("%d sessions and %d seats are left", n, seats)
	}
	if strings.Contains(c.log.String(), "panic") {
		t.Errorf("a handler panicked: %.3000s", c.log)
	}
}

// TestLoggedOutWhileTaking logs out while a month is being taken: the pass is paid, and nobody sits on its seat for ever.
func TestLoggedOutWhileTaking(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	var hold atomic.Bool
	c := newClub(t, func(cfg *site.Config) {
		month := cfg.Month
		cfg.Month = func(p royalty.Period) (*till.Keys, error) {
			if hold.CompareAndSwap(true, false) {
				close(asked)
				<-goOn
			}
			return month(p)
		}
	})
	v := c.visitor(t)
	account := v.join()
	other := *v
	_, mine := recipient(t)
	hold.Store(true)
	var done sync.WaitGroup
	done.Go(func() {
		if r := other.send("POST", "/account/pass", values("period", "2026-12", "recipient", mine)); r.StatusCode != 303 {
			t.Errorf("status %d", r.StatusCode)
		}
	})
	<-asked
	v.send("POST", "/logout", url.Values{})
	close(goOn)
	done.Wait()
	if n, seats := c.Stays(); n != 0 || seats != 0 {
		t.Errorf("%d sessions and %d seats are left", n, seats)
	}
	v.post("/login", "account", account)
	v.hears(206)
}

// TestSellerOfAVoucher sends a voucher once more, as whoever sold it can, when its account is in use although nobody
// pressed the button that says that the code is kept: it does not lead there any more.
func TestSellerOfAVoucher(t *testing.T) {
	for what, use := range map[string]func(v *visitor){
		"took a month":     func(v *visitor) { v.takes() },
		"redeemed another": func(v *visitor) { v.post("/account/redeem", "voucher", v.club.voucher()) },
	} {
		c := newClub(t)
		voucher := c.voucher()
		v := c.visitor(t)
		code := codePattern.FindString(v.post("/join", "voucher", voucher))
		use(v)
		seller := c.visitor(t)
		page := seller.said(422, "/join", []string{"voucher", voucher}, "redeemed already")
		if strings.Contains(page, code) || seller.cookie != "" {
			t.Errorf("the member %s, and the seller has the account", what)
		}
		seller.said(422, "/join", []string{"voucher", voucher}, "redeemed already")
		wants(t, v.get("/account"), code)
		wants(t, c.visitor(t).post("/login", "account", code), "+€8.00")
		c.conserved(t)
	}
}

// TestCrowded fills the room for sessions, first by one member, then by many: nobody's voucher is lost by it.
func TestCrowded(t *testing.T) {
	c := newClub(t)
	greedy := c.visitor(t)
	account := greedy.join()
	greedy.takes()
	for range site.MaxSessions + 10 {
		greedy.cookie = ""
		if r := greedy.send("POST", "/login", values("account", account)); r.StatusCode != 303 {
			t.Fatalf("the member's own log-in: status %d", r.StatusCode)
		}
	}
	v := c.visitor(t)
	v.join() // one member cannot fill the house
	if n, _ := c.Stays(); n > site.MaxSessions/10 {
		t.Errorf("one member holds %d sessions", n)
	}
	if greedy.isOut() {
		t.Error("the latest session of a member is closed")
	}
}

// TestFullHouse refuses a newcomer for want of room. The voucher is still good.
func TestFullHouse(t *testing.T) {
	c := newClub(t)
	c.FillSessions()
	voucher := c.voucher()
	v := c.visitor(t)
	if r := v.send("POST", "/join", values("voucher", voucher)); r.StatusCode != 503 && r.StatusCode != 429 {
		t.Fatalf("status %d", r.StatusCode)
	}
	if in, _ := c.worth(t); in != 0 {
		t.Errorf("%v came in although nobody got the account", in)
	}
	if strings.Contains(c.log.String(), "level=ERROR") {
		t.Error("a full house is logged as an error, each time: whoever fills it fills the disk")
	}
	c.conserved(t)
}

// TestJoinTwice loses the answer to joining, as a broken circuit does, and sends the form again: the voucher's
// credit is not lost.
func TestJoinTwice(t *testing.T) {
	c := newClub(t)
	voucher := c.voucher()
	v := c.visitor(t)
	code := between(v.get("/join"), `name="code" value="`, `"`)       // drawn for the form
	v.send("POST", "/join", values("voucher", voucher, "code", code)) // the answer does not arrive
	v.cookie = ""
	page := v.post("/join", "voucher", voucher, "code", code)
	wants(t, page, "€8.00", code)
	v.post("/account/kept")
	wants(t, c.visitor(t).post("/login", "account", code), "+€8.00")
	c.visitor(t).said(422, "/join", []string{"voucher", voucher}, "redeemed already") // now it is kept
	if in, held := c.worth(t); in != 800 || held != 800 {
		t.Errorf("%v came in, %v is held", in, held)
	}
	c.conserved(t)
}
