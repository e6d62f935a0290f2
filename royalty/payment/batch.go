package payment

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
)

const (
	// MaxVouchers is the most vouchers of a batch, and hashes of a void note.
	MaxVouchers = 5_000
	// MaxMonths is the most months that one voucher pays.
	MaxMonths = 120
	// MaxFee is the highest fee of a month for which vouchers are made.
	MaxFee royalty.Cents = 100_000
	// MaxNote is the most bytes that ParseBatch and ParseVoid take: about
	// 330,000 for a full batch, and room for a hundred signatures.
	MaxNote = 384 << 10
)

// Batch is one printing of vouchers, all worth the same, as the site knows it.
type Batch struct {
	ID      string        // 16 lower-case hexadecimal characters
	Origin  string        // of the co-operative's log: good nowhere else
	Value   royalty.Cents // of each voucher: Months times the fee at issue
	Months  int           // that Value paid when it was issued
	Expires time.Time     // midnight UTC from which they are no longer taken; zero: never
	Hashes  [][32]byte    // of the codes, ascending, each once
}

// Hash is what a batch says of a voucher: SHA-256 of "peerfy/voucher/v1", a
// newline and the code as it is printed, in capitals with its dashes. Whoever
// holds a voucher can look for it in the batch with sha256sum.
func Hash(c royalty.Code) [32]byte {
	return sha256.Sum256([]byte("peerfy/voucher/v1\n" + c.String()))
}

// Issue makes count vouchers for so many months at the present fee. The codes
// are worth money: they go to the sheet and nowhere else. They are in the order
// in which they were drawn, which the batch's sorted hashes do not tell.
func Issue(origin string, months int, fee royalty.Cents, count int, expires time.Time) (Batch, []royalty.Code, error) {
	if count < 1 || count > MaxVouchers {
		return Batch{}, nil, fmt.Errorf("issuing %d vouchers: a batch has 1 to %d", count, MaxVouchers)
	}
	if months < 1 || months > MaxMonths {
		return Batch{}, nil, fmt.Errorf("issuing vouchers for %d months: 1 to %d are allowed", months, MaxMonths)
	}
	if fee < 1 || fee > MaxFee {
		return Batch{}, nil, fmt.Errorf("issuing vouchers at a fee of %s: it is not between 0.01 and %s", fee, MaxFee)
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return Batch{}, nil, fmt.Errorf("issuing vouchers: %w", err)
	}
	b := Batch{
		ID: hex.EncodeToString(id[:]), Origin: origin, Value: royalty.Cents(months) * fee, Months: months, Expires: expires,
	}
	codes := make([]royalty.Code, count)
	for i := range codes {
		c, err := royalty.NewCode()
		if err != nil {
			return Batch{}, nil, fmt.Errorf("issuing vouchers: %w", err)
		}
		codes[i] = c
		b.Hashes = append(b.Hashes, Hash(c))
	}
	slices.SortFunc(b.Hashes, compareHashes)
	if err := b.check(); err != nil {
		return Batch{}, nil, fmt.Errorf("issuing vouchers: %w", err)
	}
	return b, codes, nil
}

// FormatBatch writes the batch as a note signed by the treasurer. It refuses
// what ParseBatch would refuse.
func FormatBatch(b Batch, treasurer note.Signer) ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("voucher batch: %w", err)
	}
	return sign(b.text(), treasurer)
}

// ParseBatch reads a batch for the co-operative of that origin. One of the
// verifiers must have signed it; signatures by unknown keys are ignored, as
// notes have it. Only the spelling that FormatBatch writes is accepted.
func ParseBatch(raw []byte, treasurers note.Verifiers, origin string) (Batch, error) {
	text, err := open(raw, treasurers)
	if err != nil {
		return Batch{}, fmt.Errorf("voucher batch: %w", err)
	}
	b, err := parseBatchText(text)
	switch {
	case err != nil:
	case b.Origin != origin:
		err = fmt.Errorf("it is of %.80q, not of %.80q", b.Origin, origin)
	default:
		err = b.check()
	}
	// Numbers and dates have more than one spelling; the text only one.
	if err == nil && b.text() != text {
		err = errors.New("it is not in its one spelling")
	}
	if err != nil {
		return Batch{}, fmt.Errorf("voucher batch: %w", err)
	}
	return b, nil
}

const (
	batchHeader = "peerfy/vouchers/v1"
	dateLayout  = time.DateOnly
	never       = "never"
)

func (b *Batch) text() string {
	expires := never
	if !b.Expires.IsZero() {
		expires = b.Expires.UTC().Format(dateLayout)
	}
	head := fmt.Sprintf("%s\norigin %s\nbatch %s\nvalue %d\nmonths %d\nexpires %s\ncount %d\n",
		batchHeader, b.Origin, b.ID, int64(b.Value), b.Months, expires, len(b.Hashes))
	return head + hashLines(b.Hashes)
}

func parseBatchText(text string) (Batch, error) {
	l := lines{rest: text}
	l.want(batchHeader)
	b := Batch{Origin: l.field("origin"), ID: l.field("batch"), Value: royalty.Cents(l.number("value")), Months: int(l.number("months"))}
	if date := l.field("expires"); date != never {
		b.Expires = l.date(date)
	}
	b.Hashes = l.hashes(l.number("count"))
	return b, l.err
}

// check says the first thing that is wrong with the batch.
func (b *Batch) check() error {
	if err := checkNames(b.Origin, b.ID); err != nil {
		return err
	}
	months := royalty.Cents(b.Months)
	switch {
	case b.Months < 1 || b.Months > MaxMonths:
		return fmt.Errorf("vouchers for %d months: 1 to %d are allowed", b.Months, MaxMonths)
	case b.Value < months || b.Value > months*MaxFee || b.Value%months != 0:
		return fmt.Errorf("a voucher of %s is not a whole fee for each of %d months", b.Value, b.Months)
	case !b.Expires.IsZero() && !isDay(b.Expires):
		return errors.New("the vouchers do not expire at midnight UTC of a day in this millennium")
	case len(b.Hashes) < 1 || len(b.Hashes) > MaxVouchers:
		return fmt.Errorf("%d vouchers: a batch has 1 to %d", len(b.Hashes), MaxVouchers)
	}
	return checkAscending(b.Hashes)
}

func isDay(t time.Time) bool {
	return t.Equal(t.Truncate(24*time.Hour)) && t.UTC().Year() >= 2000 && t.UTC().Year() <= 2999
}

func compareHashes(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }

func checkAscending(hashes [][32]byte) error {
	for i := 1; i < len(hashes); i++ {
		if compareHashes(hashes[i-1], hashes[i]) >= 0 {
			return fmt.Errorf("hash %d does not stand above the one before it", i+1)
		}
	}
	return nil
}
