package store

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Limits of what visitors and editors leave here.
const (
	MaxNotice     = 64 << 10 // bytes of one sealed notice
	MaxNotices    = 10_000   // kept at once
	MaxNoticesDay = 300      // taken in one day (UTC)
	MaxBoard      = 16 << 10 // bytes of one text on the board
)

// ErrFull says that no more notices can be kept until some were dealt with.
var ErrFull = errors.New("no more notices can be kept for now")

// Notice is what somebody has to say about a work, sealed to the editor before
// it came here.
type Notice struct {
	Receipt string // given to whoever sent it: 16 lower-case base32 characters
	Day     time.Time
	Sealed  []byte
}

// Statement is the public reason for a withdrawal, or the answer to a notice,
// in the editor's words. The log holds only its code.
type Statement struct {
	Release string
	Day     time.Time
	Text    string
}

// PutNotice keeps a sealed notice and returns its receipt. Only the day is
// kept of the moment. The error wraps ErrFull or ErrRefused.
func (db *DB) PutNotice(sealed []byte, at time.Time) (receipt string, err error) {
	if len(sealed) == 0 || len(sealed) > MaxNotice {
		return "", fmt.Errorf("%w: a notice of %d bytes", ErrRefused, len(sealed))
	}
	var random [10]byte
	rand.Read(random[:])
	receipt = strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
	db.writing.Lock()
	defer db.writing.Unlock()
	err = db.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketNotices)
		if err := roomForNotice(b, at); err != nil {
			return err
		}
		return b.Put([]byte(receipt), encodeDated(at, sealed))
	})
	return receipt, err
}

// roomForNotice keeps a flood of one day from closing the form for good.
func roomForNotice(b *bolt.Bucket, at time.Time) error {
	all, today := 0, 0
	err := b.ForEach(func(_, v []byte) error {
		day, _, err := decodeDated(v)
		all++
		if day.Equal(at.UTC().Truncate(24 * time.Hour)) {
			today++
		}
		return err
	})
	if err == nil && (all >= MaxNotices || today >= MaxNoticesDay) {
		return ErrFull
	}
	return err
}

// Notices are all that are kept, in no order.
func (db *DB) Notices() (notices []Notice, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketNotices).ForEach(func(k, v []byte) error {
			day, sealed, err := decodeDated(v)
			notices = append(notices, Notice{string(k), day, []byte(sealed)})
			return err
		})
	})
	return notices, err
}

// DropNotice forgets a notice that was answered.
func (db *DB) DropNotice(receipt string) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	return db.update(func(tx *bolt.Tx) error {
		if tx.Bucket(bucketNotices).Get([]byte(receipt)) == nil {
			return fmt.Errorf("notice %.40q: %w", receipt, ErrUnknown)
		}
		return tx.Bucket(bucketNotices).Delete([]byte(receipt))
	})
}

// PutStatement puts the reason for the withdrawal of a release on the board, in
// place of an earlier one.
func (db *DB) PutStatement(release, text string, at time.Time) error {
	if text == "" || len(text) > MaxBoard {
		return fmt.Errorf("%w: a statement of %d bytes", ErrRefused, len(text))
	}
	db.writing.Lock()
	defer db.writing.Unlock()
	err := db.update(func(tx *bolt.Tx) error {
		if _, err := readFate(tx, release); err != nil {
			return err
		}
		return tx.Bucket(bucketBoard).Put([]byte(release), encodeDated(at, []byte(text)))
	})
	if err != nil {
		return err
	}
	return db.refresh()
}

// Statement is the text on the board about a release, if there is one.
func (db *DB) Statement(release string) (s Statement, ok bool, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketBoard).Get([]byte(release))
		if b == nil {
			return nil
		}
		day, text, err := decodeDated(b)
		s, ok = Statement{release, day, text}, err == nil
		return err
	})
	return s, ok, err
}

// Board are all statements, by release id.
func (db *DB) Board() (board []Statement, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketBoard).ForEach(func(k, v []byte) error {
			day, text, err := decodeDated(v)
			board = append(board, Statement{string(k), day, text})
			return err
		})
	})
	return board, err
}

func encodeDated(at time.Time, b []byte) []byte {
	var r record
	r.num(dayOf(at))
	r.text(string(b))
	return r
}

func decodeDated(b []byte) (day time.Time, text string, err error) {
	r := readRecord(b)
	day, text = time.Unix(r.num()*86_400, 0).UTC(), r.text()
	return day, text, r.end("a dated text")
}
