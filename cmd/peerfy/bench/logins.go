package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/seal"
)

const (
	loginCount  = 8_000 // of each class
	loginAtOnce = 8     // as many as there are vouchers
	timedTries  = 20_000
)

// logins: answers per second of CPU to the log-in form, and whether their time
// tells a code that nobody has from one that is nearly somebody's.
func (b *bench) logins(ctx context.Context) error {
	c, err := newClub(b.dir)
	if err != nil {
		return err
	}
	rows, t, err := measureLogins(ctx, c, b.peerfy, loginCount, timedTries)
	if err := errors.Join(err, c.remove()); err != nil {
		return err
	}
	for _, r := range rows {
		b.row("log-in answers, "+r.name, fmt.Sprintf("%.0f per CPU second", float64(r.answers)/r.cpu.Seconds()), "", "", "")
	}
	b.row(fmt.Sprintf("time of refusals, %d tries: somebody's code but for one symbol; codes drawn at random", timedTries),
		fmt.Sprintf("Welch t %.1f", t), "", "", "|t| below 12")
	return nil
}

// answered is what one class of log-ins cost the server.
type answered struct {
	name    string
	answers int
	cpu     time.Duration
}

func measureLogins(ctx context.Context, c *club, peerfy string, n, tries int) (rows []answered, t float64, err error) {
	passes, err := c.passes(loginAtOnce)
	if err != nil {
		return nil, 0, err
	}
	s, err := c.serve(ctx, peerfy)
	if err != nil {
		return nil, 0, err
	}
	defer s.close()
	poor, rich, err := c.accounts()
	if err != nil {
		return nil, 0, err
	}
	for _, class := range []struct {
		name, field string
		status      int
		text        func(member int) string
	}{
		{"unknown code", "account", http.StatusForbidden, func(int) string { return randomCode() }},
		{"account without the month", "account", http.StatusSeeOther, func(i int) string { return poor[i] }},
		{"account with the month", "account", http.StatusSeeOther, func(i int) string { return rich[i] }},
		{"pass", "pass", http.StatusSeeOther, func(i int) string { return pass.Format(passes[i]) }},
	} {
		r := answered{name: class.name, answers: n / loginAtOnce * loginAtOnce}
		r.cpu, err = s.spends(func() error {
			return c.together(func(i int, v *visitor) error {
				for range n / loginAtOnce {
					if _, err := v.want(class.status, "/login", url.Values{class.field: {class.text(i)}}); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", class.name, err)
		}
		rows = append(rows, r)
	}
	t, err = c.timing(rich[0], tries)
	return rows, t, err
}

// spends is the CPU time that the server took while f ran.
func (s *server) spends(f func() error) (time.Duration, error) {
	before, err := cpu(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := cpu(s.cmd.Process.Pid)
	return after - before, err
}

// together lets some visitors do something at the same time.
func (c *club) together(do func(i int, v *visitor) error) error {
	errs := make([]error, loginAtOnce)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			v, err := visit(c.socket, c.host)
			if err != nil {
				errs[i] = err
				return
			}
			defer v.close()
			errs[i] = do(i, v)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

var accountCode = regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){4}-[0-9A-Z]`)

// accounts makes some accounts, and some that have taken the month.
func (c *club) accounts() (poor, rich []string, err error) {
	poor, rich = make([]string, loginAtOnce), make([]string, loginAtOnce)
	err = c.together(func(i int, v *visitor) error {
		var err error
		if poor[i], err = v.join(""); err != nil {
			return err
		}
		if rich[i], err = v.join(c.vouchers[i].String()); err != nil {
			return err
		}
		_, recipient, err := seal.NewIdentity()
		if err != nil {
			return err
		}
		_, err = v.want(http.StatusSeeOther, "/account/pass", url.Values{"period": {c.period.String()}, "recipient": {recipient}})
		return err
	})
	return poor, rich, err
}

// join makes an account and reads its code.
func (v *visitor) join(voucher string) (code string, err error) {
	if _, err := v.want(http.StatusSeeOther, "/join", url.Values{"voucher": {voucher}}); err != nil {
		return "", err
	}
	page, err := v.want(http.StatusOK, "/account", nil)
	if code = accountCode.FindString(string(page)); err == nil && code == "" {
		err = errors.New("no account code on the page")
	}
	return code, err
}

func randomCode() string {
	code, err := royalty.NewCode()
	if err != nil {
		panic(err) // the system's random source never fails
	}
	return code.String()
}

// timing is Welch's t of the times of refusals: of codes that differ from a known
// one in one symbol, and of random ones, in a random order over one connection.
func (c *club) timing(known string, tries int) (float64, error) {
	v, err := visit(c.socket, c.host)
	if err != nil {
		return 0, err
	}
	defer v.close()
	near := nearMisses(known)
	order := rand.New(rand.NewPCG(1, 2))
	var times [2][]float64
	for range tries {
		class, code := order.IntN(2), randomCode()
		if class == 0 {
			code = near[order.IntN(len(near))]
		}
		began := time.Now()
		if _, err := v.want(http.StatusForbidden, "/login", url.Values{"account": {code}}); err != nil {
			return 0, err
		}
		times[class] = append(times[class], float64(time.Since(began)))
	}
	return welch(times[0], times[1]), nil
}

// nearMisses are the codes that differ from a known one in one symbol, beside the
// symbol that checks them.
func nearMisses(known string) (near []string) {
	const symbols, checks = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"
	for i, old := range known[:len(known)-1] {
		for _, other := range symbols {
			if old == '-' || other == old {
				continue
			}
			for _, check := range checks {
				code := known[:i] + string(other) + known[i+1:len(known)-1] + string(check)
				if _, err := royalty.ParseCode(code); err == nil {
					near = append(near, code)
				}
			}
		}
	}
	return near
}

// welch is the t of Welch's test: how many standard errors two means are apart.
// A twentieth is left out at either end, where the machine was doing something
// else.
func welch(a, b []float64) float64 {
	meanA, errA := trimmed(a)
	meanB, errB := trimmed(b)
	return (meanA - meanB) / math.Sqrt(errA+errB)
}

// trimmed is the mean of the middle of x, and the square of its standard error.
func trimmed(x []float64) (mean, errSquared float64) {
	sorted := slices.Sorted(slices.Values(x))
	sorted = sorted[len(sorted)/20 : len(sorted)-len(sorted)/20]
	n := float64(len(sorted))
	for _, v := range sorted {
		mean += v / n
	}
	for _, v := range sorted {
		errSquared += (v - mean) * (v - mean) / (n - 1) / n
	}
	return mean, errSquared
}
