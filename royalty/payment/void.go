package payment

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// Void takes vouchers back that are not used yet: a stack was stolen, a sheet
// was printed twice. What is used stays used.
type Void struct {
	Origin string
	Batch  string     // the batch's ID
	All    bool       // every voucher of the batch; then Hashes is empty
	Hashes [][32]byte // those to void otherwise, ascending, each once
}

const voidHeader = "peerfy/vouchers-void/v1"

// FormatVoid writes the void note, signed by the treasurer. It refuses what
// ParseVoid would refuse.
func FormatVoid(v Void, treasurer note.Signer) ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, fmt.Errorf("void note: %w", err)
	}
	return sign(v.text(), treasurer)
}

// ParseVoid reads a void note under the rules of [ParseBatch]. Whether the
// batch exists and the hashes are of it, the caller knows.
func ParseVoid(raw []byte, treasurers note.Verifiers, origin string) (Void, error) {
	text, err := open(raw, treasurers)
	if err != nil {
		return Void{}, fmt.Errorf("void note: %w", err)
	}
	v, err := parseVoidText(text)
	switch {
	case err != nil:
	case v.Origin != origin:
		err = fmt.Errorf("it is of %.80q, not of %.80q", v.Origin, origin)
	default:
		err = v.check()
	}
	if err == nil && v.text() != text {
		err = errors.New("it is not in its one spelling")
	}
	if err != nil {
		return Void{}, fmt.Errorf("void note: %w", err)
	}
	return v, nil
}

func (v *Void) text() string {
	count := "all"
	if !v.All {
		count = fmt.Sprint(len(v.Hashes))
	}
	return fmt.Sprintf("%s\norigin %s\nbatch %s\nvoid %s\n", voidHeader, v.Origin, v.Batch, count) + hashLines(v.Hashes)
}

func parseVoidText(text string) (Void, error) {
	l := lines{rest: text}
	l.want(voidHeader)
	v := Void{Origin: l.field("origin"), Batch: l.field("batch")}
	if count := l.field("void"); count == "all" {
		v.All = true
	} else {
		v.Hashes = l.hashes(l.integer(count))
	}
	return v, l.err
}

// check says the first thing that is wrong. All is a word of its own so that an
// empty list, a caller's slip, never voids a whole batch.
func (v *Void) check() error {
	if err := checkNames(v.Origin, v.Batch); err != nil {
		return err
	}
	switch n := len(v.Hashes); {
	case v.All && n > 0:
		return errors.New("it voids all vouchers, and some")
	case !v.All && (n < 1 || n > MaxVouchers):
		return fmt.Errorf("it voids %d vouchers, not 1 to %d", n, MaxVouchers)
	}
	return checkAscending(v.Hashes)
}
