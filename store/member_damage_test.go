package store_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/store"
)

// fewMembers makes a file with a bit of everything and closes it.
func fewMembers(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	m, err := store.OpenMembers(dir, store.Options{})
	ok(t, err)
	for _, b := range []store.VoucherBatch{batch("batch-0", 20), batch("batch-1", 5)} {
		_, err := m.LoadBatch(b)
		ok(t, err)
	}
	_, err = m.VoidBatch("batch-1", [][32]byte{id("batch-1", 0)})
	ok(t, err)
	for i := range 5 {
		ok(t, live(m, i))
		_, err := m.Redeem(id("account", i), id("batch-0", i), id("redeem", i), midJune)
		ok(t, err)
		ok(t, m.PutLibrary(id("library", i%4), make([]byte, 500)))
	}
	ok(t, m.DeleteAccount(id("account", 4), true))
	ok(t, m.DropPeriod(july))
	ok(t, m.Close())
	return dir
}

// tryMembers reads and checks a damaged file. It must be an error or a problem,
// or it says what the original said.
func tryMembers(t *testing.T, what, dir, says string) (noticed bool) {
	t.Helper()
	m, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrSchema) || len(err.Error()) > 300 {
			t.Errorf("%s: opening: %v", what, err)
		}
		return true
	}
	problems, checkErr := m.Check(t.Context())
	got, err := membersSay(m)
	if cerr := m.Close(); cerr != nil && !errors.Is(cerr, store.ErrDamaged) {
		t.Errorf("%s: closing: %v", what, cerr)
	}
	switch {
	case checkErr != nil:
		t.Errorf("%s: checking: %v", what, checkErr)
	case err != nil && !errors.Is(err, store.ErrDamaged):
		t.Errorf("%s: reading: %v", what, err)
	case len(problems) == 0 && (err != nil || got != says):
		t.Errorf("%s: it says something else and Check has found nothing: %v", what, err)
	}
	return len(problems) > 0
}

func wholeMembers(t *testing.T) (dir, says string, whole []byte) {
	t.Helper()
	dir = fewMembers(t)
	whole, err := os.ReadFile(filepath.Join(dir, "members.db"))
	ok(t, err)
	m, err := store.OpenMembers(dir, store.Options{ReadOnly: true})
	ok(t, err)
	says, err = membersSay(m)
	ok(t, err)
	balanced(t, m)
	ok(t, m.Close())
	return dir, says, whole
}

func memberTruncations(t *testing.T, n int) {
	dir, says, whole := wholeMembers(t)
	r := rand.New(rand.NewPCG(5, 1))
	path := filepath.Join(dir, "members.db")
	for i := range n {
		length := i
		if i >= 8 {
			length = r.IntN(len(whole))
		}
		ok(t, os.WriteFile(path, whole[:length], 0o600))
		tryMembers(t, fmt.Sprintf("cut to %d bytes", length), dir, says)
	}
}

func memberFlips(t *testing.T, n int) {
	dir, says, whole := wholeMembers(t)
	r := rand.New(rand.NewPCG(5, 2))
	path := filepath.Join(dir, "members.db")
	noticed := 0
	for range n {
		at, bit := r.IntN(len(whole)), byte(1)<<r.IntN(8)
		whole[at] ^= bit
		ok(t, os.WriteFile(path, whole, 0o600))
		if tryMembers(t, fmt.Sprintf("bit %#x of byte %d flipped", bit, at), dir, says) {
			noticed++
		}
		whole[at] ^= bit
	}
	t.Logf("%d of %d flips were noticed, the others changed nothing", noticed, n)
}

func TestMemberTruncations(t *testing.T) { memberTruncations(t, 30) }

func TestMemberFlips(t *testing.T) { memberFlips(t, 60) }

// TestDamagedHead spoils one of the two heads of the file: it then opens with the
// other one, which may be one change older.
func TestDamagedHead(t *testing.T) {
	dir, _, whole := wholeMembers(t)
	for _, head := range []int{0, os.Getpagesize()} {
		whole[head+35] ^= 1
		ok(t, os.WriteFile(filepath.Join(dir, "members.db"), whole, 0o600))
		whole[head+35] ^= 1
		m, err := store.OpenMembers(dir, store.Options{})
		ok(t, err)
		if problems, err := m.Check(t.Context()); err != nil || len(problems) != 1 || !strings.Contains(problems[0].What, "heads") {
			t.Errorf("the head at %d: %q, %v", head, problems, err)
		}
		ok(t, m.CreateAccount(id("new"))) // makes a head anew
		ok(t, m.PutTally("2026-08", id("t"), []byte("1")))
		balanced(t, m)
		ok(t, m.Close())
	}
}

// TestDamagedBranches spoils the branches of the trees, which say where records
// are and carry no checksum: a key that leads astray, a place beyond the page.
func TestDamagedBranches(t *testing.T) {
	dir := t.TempDir()
	m, err := store.OpenMembers(dir, store.Options{})
	ok(t, err)
	fill(t, m, 300)
	says, err := membersSay(m)
	ok(t, err)
	ok(t, m.Close())
	path := filepath.Join(dir, "members.db")
	whole, err := os.ReadFile(path)
	ok(t, err)
	noticed := 0
	for at := 0; at < len(whole); at += os.Getpagesize() {
		page := whole[at:]
		if binary.LittleEndian.Uint16(page[8:]) != 1 {
			continue // no branch
		}
		const second = 16 + 16 // the page's head and its first element
		for _, spoiled := range []int{second + 3, second + int(binary.LittleEndian.Uint32(page[second:])), second + 8} {
			page[spoiled] ^= 0x40
			ok(t, os.WriteFile(path, whole, 0o600))
			if tryMembers(t, fmt.Sprintf("byte %d of the branch at %d", spoiled, at), dir, says) {
				noticed++
			}
			page[spoiled] ^= 0x40
		}
	}
	if noticed < 6 {
		t.Errorf("%d were noticed: the test tests little", noticed)
	}
}

// TestCatalogueIsNoMembersFile opens one file as the other.
func TestCatalogueIsNoMembersFile(t *testing.T) {
	dir, _ := small(t)
	ok(t, os.Rename(filepath.Join(dir, "peerfy.db"), filepath.Join(dir, "members.db")))
	_, err := store.OpenMembers(dir, store.Options{})
	is(t, err, store.ErrDamaged)
}

// TestCheckNames spoils one thing after the other and wants it named.
func TestCheckNames(t *testing.T) {
	more := func(at int) func([]byte) []byte { return func(v []byte) []byte { v[at]++; return v } }
	gone := func([]byte) []byte { return nil }
	for _, x := range []struct {
		table string
		sum   bool
		spoil func([]byte) []byte
		says  []string
	}{
		{"accounts", false, more(0), []string{"members.db, accounts: 1 records are not what was written"}},
		{"accounts", true, more(0), []string{"members.db, accounts: 1 balances are not what their books say", "members.db: "}},
		{"accounts", true, gone, []string{`members.db, sums: "accounts": there are 3`, "events belong to no account", "months belong to no account"}},
		{"book", true, gone, []string{"1 balances are not", `members.db, sums: "in/`}},
		{"keys", true, gone, []string{"members.db, keys: 1 keys of events are missing", "members.db, keys: there are "}},
		{"months", true, gone, []string{"1 balances are not", `members.db, sums: "out/fee"`}},
		{"months", true, more(1), []string{"months: 1 records are not what was written"}},
		{"batches", true, more(len("xbatch-0")), []string{"members.db, vouchers: 5 were redeemed for "}},
		{"vouchers", true, gone, []string{"members.db, batches: 1 batches are not what their vouchers say"}},
		{"vouchers", true, func(v []byte) []byte { v[len(v)-1] = 2; return v }, []string{"batches are not what their vouchers say"}},
		{"vouchers", true, func(v []byte) []byte { v[1] = 'c'; return v }, []string{"vouchers: 1 vouchers belong to no batch"}},
		{"periods", true, gone, []string{"members.db, sales/2026-06: there are 5, 0 were sold", "months were sold for"}},
		{"sales/2026-06", true, gone, []string{"sales/2026-06: there are 4, 5 were sold"}},
		{"tallies/2026-06", true, gone, []string{"tallies/2026-06: there are 4, 5 were put"}},
		{"libraries", true, gone, []string{`sums: "libraries": there are 3`}},
		{"libraries", false, more(7), []string{"libraries: 1 records are not what was written"}},
		{"sums", true, gone, []string{`sums: "accounts": there are 4 with 0 cents, the sum says 0`}},
	} {
		m := members(t, fewMembers(t))
		ok(t, m.Spoil(x.table, x.sum, x.spoil))
		problems, err := m.Check(t.Context())
		ok(t, err)
		for _, want := range x.says {
			if !slices.ContainsFunc(problems, func(p store.Problem) bool { return strings.Contains(p.String(), want) }) {
				t.Errorf("%s spoiled: %q, wanted %q", x.table, problems, want)
			}
		}
	}
	m := members(t, fewMembers(t))
	ok(t, m.Foreign("sales/June"))
	if problems, err := m.Check(t.Context()); err != nil || len(problems) != 1 || !strings.Contains(problems[0].What, "sales/June") {
		t.Errorf("a foreign table: %q, %v", problems, err)
	}
}

func TestMembersOfAnotherVersion(t *testing.T) {
	dir := fewMembers(t)
	m, err := store.OpenMembers(dir, store.Options{})
	ok(t, err)
	ok(t, m.Spoil("members", true, func(v []byte) []byte { v[0]++; return v }))
	ok(t, m.Close())
	_, err = store.OpenMembers(dir, store.Options{})
	is(t, err, store.ErrSchema)
}

func TestCheckEndsEarly(t *testing.T) {
	m := members(t, t.TempDir())
	_, err := m.LoadBatch(batch("one", store.MaxVouchers))
	ok(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.Check(ctx)
	is(t, err, context.Canceled)
}

// TestDamagedRecordIsNoBalance reads a flipped record without checking first.
func TestDamagedRecordIsNoBalance(t *testing.T) {
	m := members(t, t.TempDir())
	a := rich(t, m, "a", 2)
	ok(t, m.Spoil("accounts", false, func(v []byte) []byte { v[0]++; return v }))
	_, err := m.Account(a)
	is(t, err, store.ErrDamaged)
	_, _, err = m.Buy(a, sale(june, 1))
	is(t, err, store.ErrDamaged)
	is(t, m.DeleteAccount(a, true), store.ErrDamaged)
	ok(t, m.CreateAccount(id("b"))) // others go on
}

// FuzzMemberRecords reads anything as records: what reads back must be written
// the same again.
func FuzzMemberRecords(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte("\x04sepa\x80\x14\x072026-06"))
	f.Add([]byte("\x07batch-0\x01"))
	f.Add(append([]byte("\x072026-06\xa0\x06"), append(make([]byte, 32), []byte("\x01\x02ab")...)...))
	f.Add([]byte{4, 200, 1, 1, 0})
	f.Add([]byte("\x0700000000\xaa\xaa\xaa\xaa\xaa\xaa000000000000000000000000000000000000")) // a day beyond counting
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, again := range store.MemberRoundTrip(b) {
			if n := len(store.MemberRoundTrip(again)); n == 0 {
				t.Errorf("%x was read from %x and does not read back", again, b)
			}
			if len(again) > len(b) {
				t.Errorf("%x was read from %x, which is shorter", again, b)
			}
		}
	})
}
