package store_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
)

// memberMode tells a test binary that was started again what to do with the
// folder in childDir.
const memberMode = "PEERFY_MEMBERS_CHILD"

// lanes is how many members the child is at once.
const lanes = 4

// TestMemberChild is the child: it does nothing in an ordinary run.
func TestMemberChild(t *testing.T) {
	var err error
	switch os.Getenv(memberMode) {
	case "work":
		err = work(os.Getenv(childDir), laneLength)
	case "brief":
		err = work(os.Getenv(childDir), 20)
	case "starve":
		err = starveMembers(os.Getenv(childDir))
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func memberChild(t *testing.T, mode, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemberChild$")
	cmd.Env = append(os.Environ(), memberMode+"="+mode, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// work lets every lane redeem, buy and play, to a length or until the process is
// killed. A lane begins a little before what its tally says, as a caller does who
// cannot know what was stored.
func work(dir string, length int) error {
	m, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		return err
	}
	errs := make(chan error, lanes)
	var out sync.Mutex
	for lane := range lanes {
		go func() {
			last, err := lastOf(m, lane)
			for n := max(0, last-2); err == nil && n < length; n++ {
				err = one(m, lane, n, n > last, func(what string) {
					out.Lock()
					defer out.Unlock()
					fmt.Println(what, lane, n)
				})
			}
			errs <- err
		}()
	}
	for range lanes {
		err = errors.Join(err, <-errs)
	}
	return errors.Join(err, m.Close())
}

// laneLength is how many vouchers there are for a lane.
const laneLength = store.MaxVouchers

// one is the n-th month of a lane: a voucher, a pass, and a play unless it is
// known to be there: an older tally would take the place of a newer one.
func one(m *store.Members, lane, n int, play bool, said func(string)) error {
	a := id("account", lane)
	if cents, err := m.Redeem(a, id(fmt.Sprint("lane-", lane), n), id("redeem", lane, n), midJune); err != nil || cents != fee {
		return fmt.Errorf("redeeming %d of lane %d: %d, %w", n, lane, cents, err)
	}
	said("redeem")
	s := sale(laneMonth(n), fmt.Sprint(lane, " ", n))
	s.Blind = true
	month, _, err := m.Buy(a, s)
	if err != nil || !bytes.Equal(month.Sealed, s.Sealed) {
		return fmt.Errorf("buying %d of lane %d: %q, %w", n, lane, month.Sealed, err)
	}
	said("buy")
	if !play {
		return nil
	}
	if err := m.PutTally(june, a, []byte(strconv.Itoa(n))); err != nil {
		return fmt.Errorf("playing %d of lane %d: %w", n, lane, err)
	}
	said("play")
	return nil
}

func laneMonth(n int) royalty.Period { return modelPeriods[n%3] }

// lastOf is the last play of a lane.
func lastOf(m *store.Members, lane int) (int, error) {
	b, err := m.Tally(june, id("account", lane))
	if errors.Is(err, store.ErrUnknown) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(b))
}

// laneFolder makes a file with accounts and vouchers for all lanes.
func laneFolder(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	m, err := store.OpenMembers(dir, store.Options{})
	ok(t, err)
	for lane := range lanes {
		ok(t, m.CreateAccount(id("account", lane)))
		_, err = m.LoadBatch(batch(fmt.Sprint("lane-", lane), laneLength))
		ok(t, err)
	}
	ok(t, m.Close())
	return dir
}

// memberKills kills a writer again and again, and sees that what it acknowledged
// is there, once, and that the money adds up.
func memberKills(t *testing.T, rounds int) {
	dir := laneFolder(t)
	r := rand.New(rand.NewPCG(4, 4))
	said := map[string]int{} // "redeem 2" → how many lane 2 has acknowledged
	for range rounds {
		killWorker(t, dir, r, said)
		m, err := store.OpenMembers(dir, store.Options{})
		ok(t, err)
		for lane := range lanes {
			laneKept(t, m, lane, said)
		}
		balanced(t, m)
		ok(t, m.Close())
	}
	if said["play 0"] < 2*rounds {
		t.Errorf("the first lane acknowledged %d: the test tests little", said["play 0"])
	}
	t.Logf("%d kills, acknowledged to %v", rounds, said)
}

// killWorker lets the lanes run a little and kills them at some moment.
func killWorker(t *testing.T, dir string, r *rand.Rand, said map[string]int) {
	t.Helper()
	cmd := memberChild(t, "work", dir)
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	left := 60 + r.IntN(60)
	var timer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); left-- {
		hear(t, lines.Text(), said)
		if left <= 0 && timer == nil {
			timer = time.AfterFunc(time.Duration(r.IntN(3_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // killed
	if timer != nil {
		timer.Stop()
	}
}

// hear notes an acknowledgement: what a lane has done so many times.
func hear(t *testing.T, line string, said map[string]int) {
	t.Helper()
	f := strings.Fields(line)
	if len(f) != 3 {
		t.Fatalf("the writer says %q", line)
	}
	n, err := strconv.Atoi(f[2])
	ok(t, err)
	said[f[0]+" "+f[1]] = max(said[f[0]+" "+f[1]], n+1)
}

// laneKept compares an account with what its lane acknowledged. One more may
// be there, whose answer was lost.
func laneKept(t *testing.T, m *store.Members, lane int, said map[string]int) {
	t.Helper()
	a, err := m.Account(id("account", lane))
	ok(t, err)
	redeemed, bought := 0, len(a.Months)
	for _, e := range a.Events {
		if e.Kind == store.VoucherKind {
			redeemed++
		}
	}
	played, err := lastOf(m, lane)
	ok(t, err)
	for what, got := range map[string]int{"redeem": redeemed, "buy": bought, "play": played + 1} {
		if n := said[fmt.Sprint(what, " ", lane)]; got < n || got > n+1 {
			t.Errorf("lane %d: %d of %q are there, acknowledged were %d", lane, got, what, n)
		}
	}
	if a.Balance != fee*royalty.Cents(redeemed-bought) {
		t.Errorf("lane %d holds %s with %d redeemed and %d bought", lane, a.Balance, redeemed, bought)
	}
}

func TestMemberKills(t *testing.T) { memberKills(t, 12) }

// starveMembers works under a limit on the file's size until that fails, then
// goes on without.
func starveMembers(dir string) error {
	m, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(dir, "members.db"))
	if err != nil {
		return err
	}
	var free syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		return err
	}
	tight := syscall.Rlimit{Cur: uint64(info.Size()), Max: free.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight); err != nil {
		return err
	}
	failed := false
	for n := 0; n < 150; n++ {
		err := one(m, 0, n, true, func(string) {})
		if err == nil {
			err = m.PutLibrary(id(n), make([]byte, 100_000))
		}
		if err != nil && failed {
			return err
		}
		if err != nil {
			fmt.Println("unsure", errors.Is(err, store.ErrUnsure))
			failed, n = true, n-1
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
				return err
			}
		}
	}
	return m.Close()
}

func TestMembersDiskFull(t *testing.T) {
	dir := laneFolder(t)
	out, err := memberChild(t, "starve", dir).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !bytes.Contains(out, []byte("unsure true")) {
		t.Errorf("the limit was not met, or not as ErrUnsure:\n%s", out)
	}
	m := members(t, dir)
	if a, err := m.Account(id("account", 0)); err != nil || len(a.Months) != 150 || a.Balance != 0 {
		t.Errorf("%d months, %s, %v", len(a.Months), a.Balance, err)
	}
	balanced(t, m)
}
