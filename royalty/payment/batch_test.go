package payment_test

import (
	"bytes"
	"crypto/sha256"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/payment"
)

func TestIssueAndParse(t *testing.T) {
	treasurer, known := key(t, "treasurer")
	for _, c := range []struct {
		months, count int
		expires       time.Time
	}{{1, 1, time.Time{}}, {12, 300, day(2028, 1, 1)}, {120, payment.MaxVouchers, day(2999, 12, 31)}} {
		b, codes := issue(t, c.months, c.count, c.expires)
		if b.Value != royalty.Cents(c.months)*800 || len(codes) != c.count {
			t.Fatalf("%d vouchers of %s", len(codes), b.Value)
		}
		raw, err := payment.FormatBatch(b, treasurer)
		if err != nil {
			t.Fatal(err)
		}
		got, err := payment.ParseBatch(raw, known, origin)
		if err != nil || !reflect.DeepEqual(got, b) {
			t.Fatalf("parsed %+v, %v", got, err)
		}
		good := map[[32]byte]bool{}
		for _, h := range b.Hashes {
			good[h] = true
		}
		for _, code := range codes {
			if !good[payment.Hash(code)] {
				t.Fatal("a code is not in its batch")
			}
		}
	}
}

// The order of the codes, in which a stack is sold, is not that of the hashes.
func TestIssueOrder(t *testing.T) {
	b, codes := issue(t, 1, 50, time.Time{})
	var drawn [][32]byte
	for _, c := range codes {
		drawn = append(drawn, payment.Hash(c))
	}
	if slices.Equal(drawn, b.Hashes) {
		t.Error("codes come in the order of their hashes")
	}
	other, _ := issue(t, 1, 50, time.Time{})
	if other.ID == b.ID {
		t.Error("two batches have one id")
	}
}

// The hash is for ever, and what a member can redo with sha256sum.
func TestHash(t *testing.T) {
	c, err := royalty.ParseCode("7k2m 9qx4 b3td 8hn0 01bc 5")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := payment.Hash(c), sha256.Sum256([]byte("peerfy/voucher/v1\n7K2M-9QX4-B3TD-8HN0-01BC-5")); got != want {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestIssueRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		origin  string
		months  int
		fee     royalty.Cents
		count   int
		expires time.Time
	}{
		"no origin":        {"", 1, 800, 1, time.Time{}},
		"two lines":        {"a\nb", 1, 800, 1, time.Time{}},
		"turned around":    {"a\u202eb", 1, 800, 1, time.Time{}},
		"a space too much": {"a ", 1, 800, 1, time.Time{}},
		"not UTF-8":        {"\xff", 1, 800, 1, time.Time{}},
		"a long origin":    {strings.Repeat("a", 256), 1, 800, 1, time.Time{}},
		"no months":        {origin, 0, 800, 1, time.Time{}},
		"for life":         {origin, math.MaxInt, 800, 1, time.Time{}},
		"free":             {origin, 1, 0, 1, time.Time{}},
		"dear":             {origin, 1, math.MaxInt64, 1, time.Time{}},
		"none":             {origin, 1, 800, 0, time.Time{}},
		"too many":         {origin, 1, 800, payment.MaxVouchers + 1, time.Time{}},
		"at noon":          {origin, 1, 800, 1, day(2028, 1, 1).Add(12 * time.Hour)},
		"long ago":         {origin, 1, 800, 1, day(1999, 12, 31)},
		"one day":          {origin, 1, 800, 1, day(3000, 1, 1)},
	} {
		if b, _, err := payment.Issue(c.origin, c.months, c.fee, c.count, c.expires); err == nil {
			t.Errorf("%s: issued %+v", name, b)
		}
	}
}

// A small batch whose every line is then bent.
func batchText() string {
	a, b := strings.Repeat("0a", 32), strings.Repeat("f1", 32)
	return "peerfy/vouchers/v1\norigin " + origin + "\nbatch 00ff00ff00ff00ff\nvalue 9600\nmonths 12\nexpires 2028-02-29\ncount 2\n" + a + "\n" + b + "\n"
}

func TestParseBatchRefuses(t *testing.T) {
	known := note.VerifierList(anybody{})
	good := batchText()
	if _, err := payment.ParseBatch(signedByAnybody(good), known, origin); err != nil {
		t.Fatal(err)
	}
	low, high := strings.Repeat("0a", 32), strings.Repeat("f1", 32)
	bend := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the text", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, text := range map[string]string{
		"empty":             "\n",
		"header only":       "peerfy/vouchers/v1\n",
		"another version":   bend("/v1", "/v2"),
		"a void note":       bend("vouchers/", "vouchers-void/"),
		"another origin":    bend(origin, "peerfy.example/lo"),
		"no origin":         bend("origin "+origin, "origin "),
		"two spaces":        bend("origin ", "origin  "),
		"upper-case id":     bend("00ff00ff00ff00ff", "00FF00FF00FF00FF"),
		"short id":          bend("00ff00ff00ff00ff", "00ff00ff00ff00"),
		"id of letters":     bend("00ff00ff00ff00ff", "zzzzzzzzzzzzzzzz"),
		"no value":          bend("9600", "0"),
		"negative":          bend("9600", "-9600"),
		"value with a plus": bend("9600", "+9600"),
		"value with zeros":  bend("9600", "09600"),
		"value in euros":    bend("9600", "96.00"),
		"huge value":        bend("9600", "99999999999999999999"),
		"broken fee":        bend("9600", "9601"),
		"dear fee":          bend("9600", "1200012"),
		"no months":         bend("months 12", "months 0"),
		"too many months":   bend("months 12", "months 121"),
		"months with space": bend("months 12", "months 12 "),
		"no such day":       bend("2028-02-29", "2027-02-29"),
		"a time":            bend("2028-02-29", "2028-02-29T00:00:00Z"),
		"day of one digit":  bend("2028-02-29", "2028-2-29"),
		"long ago":          bend("2028-02-29", "0001-01-01"),
		"Never":             bend("2028-02-29", "Never"),
		"count too low":     bend("count 2", "count 1"),
		"count too high":    bend("count 2", "count 3"),
		"count of nothing":  bend("count 2\n"+low+"\n"+high, "count 0"),
		"count of millions": bend("count 2", "count 2000000000"),
		"count below":       bend("count 2", "count -2"),
		"swapped hashes":    bend(low+"\n"+high, high+"\n"+low),
		"twice the same":    bend(high, low),
		"upper-case hash":   bend(low, strings.ToUpper(low)),
		"short hash":        bend(low, low[2:]),
		"odd hash":          bend(low, low[1:]),
		"blank line":        bend(low, "\n"+low),
		"one line more":     good + low + "\n",
		"blank end":         good + "\n",
		"lines swapped":     bend("value 9600\nmonths 12", "months 12\nvalue 9600"),
		"CRLF":              strings.ReplaceAll(good, "\n", "\r\n"),
	} {
		if b, err := payment.ParseBatch(signedByAnybody(text), known, origin); err == nil {
			t.Errorf("%s: read as %+v", name, b)
		}
	}
}

func TestParseBatchSignatures(t *testing.T) {
	treasurer, known := key(t, "treasurer")
	stranger, _ := key(t, "treasurer")
	b, _ := issue(t, 1, 3, time.Time{})
	raw, err := payment.FormatBatch(b, treasurer)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := payment.FormatBatch(b, stranger)
	if err != nil {
		t.Fatal(err)
	}
	both, err := note.Sign(&note.Note{Text: textOf(raw)}, stranger, treasurer)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw  []byte
		good bool
	}{
		"the treasurer":      {raw, true},
		"a stranger as well": {both, true},
		"a stranger":         {forged, false},
		"nobody":             {[]byte(textOf(raw)), false},
		"another text":       {bytes.Replace(raw, []byte("months 1\n"), []byte("months 2\n"), 1), false},
		"cut":                {raw[:len(raw)-1], false},
		"too long":           {append(bytes.Clone(raw), "— x "+strings.Repeat("AAAA", payment.MaxNote/4)+"\n"...), false},
		"long":               {append(bytes.Clone(raw), "— x "+strings.Repeat("AAAA", payment.MaxNote/5)+"\n"...), true},
	} {
		if _, err := payment.ParseBatch(c.raw, known, origin); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := payment.ParseBatch(raw, nil, origin); err == nil {
		t.Error("without treasurers a batch is good")
	}
}

// What is written can always be read: a batch that cannot be read is not signed.
func TestFormatBatchRefuses(t *testing.T) {
	treasurer, _ := key(t, "treasurer")
	for name, bend := range map[string]func(*payment.Batch){
		"unsorted": func(b *payment.Batch) { slices.Reverse(b.Hashes) },
		"none":     func(b *payment.Batch) { b.Hashes = nil },
		"value":    func(b *payment.Batch) { b.Value++ },
		"id":       func(b *payment.Batch) { b.ID = "1" },
		"origin":   func(b *payment.Batch) { b.Origin = "a\n\nb" },
		"expires":  func(b *payment.Batch) { b.Expires = b.Expires.Add(1) },
	} {
		b, _ := issue(t, 2, 3, day(2028, 1, 1))
		bend(&b)
		if raw, err := payment.FormatBatch(b, treasurer); err == nil {
			t.Errorf("%s: signed\n%s", name, raw)
		}
	}
}

// The worked example of format.md is read as format.md says.
func TestFormatExample(t *testing.T) {
	md, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	vkey := find(t, string(md), "    peerfy.example/treasurer+")
	v, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		t.Fatal(err)
	}
	known := note.VerifierList(v)
	raw := example(string(md), "peerfy/vouchers/v1\n")
	b, err := payment.ParseBatch([]byte(raw), known, "peerfy.example/log")
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	if b.ID != "5f1c0a9e77d2b384" || b.Value != 9600 || b.Months != 12 || !b.Expires.Equal(day(2029, 1, 1)) || len(b.Hashes) != 2 {
		t.Errorf("batch %+v", b)
	}
	code, err := royalty.ParseCode(strings.TrimSpace(find(t, string(md), "    7K2M-")))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(b.Hashes, payment.Hash(code)) {
		t.Errorf("%s is not in the example's batch", code)
	}
	void, err := payment.ParseVoid([]byte(example(string(md), "peerfy/vouchers-void/v1\n")), known, "peerfy.example/log")
	if err != nil || void.Batch != b.ID || void.All || len(void.Hashes) != 1 || void.Hashes[0] != payment.Hash(code) {
		t.Errorf("void note %+v, %v", void, err)
	}
}

func find(t *testing.T, md, prefix string) string {
	t.Helper()
	for line := range strings.Lines(md) {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	t.Fatalf("no line begins with %q", prefix)
	return ""
}

// example is the indented block that begins with the line.
func example(md, first string) string {
	var out strings.Builder
	in := false
	for line := range strings.Lines(md) {
		body, indented := strings.CutPrefix(line, "    ")
		in = in || indented && body == first
		if in && !indented && strings.TrimSpace(line) != "" {
			break
		}
		if in {
			out.WriteString(body)
		}
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func FuzzParseBatch(f *testing.F) {
	f.Add(batchText())
	f.Add(strings.Replace(batchText(), "2028-02-29", "never", 1))
	known := note.VerifierList(anybody{})
	f.Fuzz(func(t *testing.T, text string) {
		b, err := payment.ParseBatch(signedByAnybody(text), known, origin)
		if err != nil {
			return
		}
		again, err := payment.FormatBatch(b, anybody{})
		if err != nil || textOf(again) != text {
			t.Errorf("%q was written as %q, %v", text, again, err)
		}
	})
}

// Raw notes, signature lines included, never harm the reader.
func FuzzParseBatchNote(f *testing.F) {
	f.Add(signedByAnybody(batchText()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		known := note.VerifierList(anybody{})
		if b, err := payment.ParseBatch(raw, known, origin); err == nil {
			if _, err := payment.FormatBatch(b, anybody{}); err != nil {
				t.Error(err)
			}
		}
	})
}

func BenchmarkParseBatch(b *testing.B) {
	treasurer, known := key(b, "treasurer")
	batch, _ := issue(b, 12, payment.MaxVouchers, time.Time{})
	raw, err := payment.FormatBatch(batch, treasurer)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := payment.ParseBatch(raw, known, origin); err != nil {
			b.Fatal(err)
		}
	}
}
