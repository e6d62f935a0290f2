package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// Sentinels of Members that callers branch on, beside those of DB.
var (
	// ErrBalance says that an account holds less than what was to be taken.
	ErrBalance = errors.New("the account does not hold enough")

	// ErrHolds says that an account still holds money.
	ErrHolds = errors.New("the account still holds money")

	// ErrHaveMonth says that the account has already taken that month.
	ErrHaveMonth = errors.New("the account has this month already")

	// ErrClosed says that the period's tallies and sales were dropped.
	ErrClosed = errors.New("the month is closed")

	// ErrVoucherUnknown says that no loaded batch has the voucher.
	ErrVoucherUnknown = errors.New("no such voucher")

	// ErrVoucherUsed says that the voucher was redeemed before.
	ErrVoucherUsed = errors.New("the voucher was redeemed before")

	// ErrVoucherExpired says that the date of the voucher's batch is past.
	ErrVoucherExpired = errors.New("the voucher has expired")

	// ErrVoucherVoid says that the treasurer has declared the voucher void.
	ErrVoucherVoid = errors.New("the voucher is void")
)

// Members is what the co-operative keeps of its members: accounts with their
// cents, vouchers, the months that were taken, sealed tallies and sealed
// libraries. It is a file of its own, members.db, so that what rebuilds, mirrors
// and copies the catalogue never touches it.
//
// # What it promises
//
//   - To members: a voucher is credited once and never lost, a month is paid
//     once and its answer can be fetched again. Every change is one transaction
//     and is on the disk before the method returns. A change is named by a key of
//     the caller's, so that it can be repeated when the answer was lost; each
//     method says what repeating it does.
//   - To whoever fears a seizure: it is given hashes, sealed bytes and cents,
//     never a code, a pass, a name or a title. A redeemed voucher is marked as
//     used and says not by whom, a sale says not whose. Nothing carries a time:
//     months are the finest dates, and books are in no order but that.
//   - To the treasurer: money is neither made nor lost. Amounts are added with a
//     look at overflow, no balance is ever negative, and Check counts it all
//     again.
//   - To the operator: the promises of [DB]. ErrLocked, ErrDamaged and ErrSchema
//     at the opening, ErrUnsure when a commit fails. Every record carries a
//     checksum, so that a flipped bit is ErrDamaged and not another balance.
//
// # Why it is safe
//
// There is one writer. Changes that wait for the disk together are written
// together, but judged one after the other, each seeing those before it: one
// that is refused writes nothing and does not disturb the rest. When the commit
// fails, all of them get ErrUnsure, also those that were to be refused, since
// what they were judged by may not be there.
//
// # Limits
//
// Deleting leaves the bytes in free pages, and pages that were written together
// tend to lie together; the number of the last transaction tells how many there
// were. Who holds the disk can guess from that which account redeemed one of the
// last vouchers, or took one of the last months. Scrub writes everything anew in
// the order of its keys. In simple mode the host sees account and pass together
// anyhow, as it runs.
//
// An account is whoever knows its id: the caller checks codes. Check finds
// records that were lost, not an older state of the whole file.
type Members struct {
	file

	queue changes
}

const membersName = "members.db"

// OpenMembers opens the members' file in dir, creating it when it is not there
// and opts allow writing. Errors wrap ErrLocked, ErrDamaged, ErrSchema or
// ErrEmpty, or are the operating system's.
func OpenMembers(dir string, opts Options) (*Members, error) {
	m := &Members{queue: changes{turn: make(chan struct{}, 1)}}
	m.lay(filepath.Join(dir, membersName), opts, m.ready)
	if err := m.prepare(dir); err != nil {
		return nil, fmt.Errorf("opening %s: %w", m.name, err)
	}
	if err := m.open(); err != nil {
		return nil, fmt.Errorf("opening %s: %w", m.name, err)
	}
	return m, nil
}

// prepare makes the folder of a file that is to be written.
func (m *Members) prepare(dir string) error {
	if !m.mode.ReadOnly {
		return os.MkdirAll(dir, 0o700)
	}
	if _, err := os.Stat(m.name); errors.Is(err, os.ErrNotExist) {
		return ErrEmpty
	}
	return nil
}

// ready makes the tables of a new file, and refuses one that is not ours.
func (m *Members) ready() error {
	fresh := false
	err := m.bolt.View(func(tx *bolt.Tx) error {
		k, _ := tx.Cursor().First()
		fresh = k == nil
		return nil
	})
	if err != nil {
		return err
	}
	if fresh && !m.mode.ReadOnly {
		if err := m.bolt.Update(createMembers); err != nil {
			return err
		}
	}
	if err := m.bolt.View(checkMembersSchema); err != nil || m.mode.ReadOnly {
		return err
	}
	return os.RemoveAll(m.name + scrubSuffix) // of a Scrub that was interrupted
}

func createMembers(tx *bolt.Tx) error {
	for _, t := range memberTables {
		if _, err := tx.CreateBucket([]byte(t)); err != nil {
			return err
		}
	}
	return tableMembers.put(tx, keyMembersSchema, []byte{membersVersion})
}

func checkMembersSchema(tx *bolt.Tx) error {
	if tx.Bucket([]byte(tableMembers)) == nil {
		return damaged("it is no members' file of peerfy")
	}
	v, err := tableMembers.get(tx, keyMembersSchema)
	if err != nil {
		return err
	}
	if len(v) != 1 || v[0] != membersVersion {
		return fmt.Errorf("%w: schema %x, this one knows %d", ErrSchema, v, membersVersion)
	}
	for _, t := range memberTables {
		if tx.Bucket([]byte(t)) == nil {
			return damaged("the part %q is missing", t)
		}
	}
	return nil
}
