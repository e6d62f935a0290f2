package payment_test

import (
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/royalty/payment"
)

const batchID = "00ff00ff00ff00ff"

func voidText() string {
	return "peerfy/vouchers-void/v1\norigin " + origin + "\nbatch " + batchID + "\nvoid 1\n" + strings.Repeat("0a", 32) + "\n"
}

func TestVoid(t *testing.T) {
	treasurer, known := key(t, "treasurer")
	_, stranger := key(t, "treasurer")
	for _, v := range []payment.Void{
		{Origin: origin, Batch: batchID, All: true},
		{Origin: origin, Batch: batchID, Hashes: [][32]byte{{1}, {2}}},
	} {
		raw, err := payment.FormatVoid(v, treasurer)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := payment.ParseVoid(raw, known, origin); err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("parsed %+v, %v", got, err)
		}
		if _, err := payment.ParseVoid(raw, stranger, origin); err == nil {
			t.Error("a stranger's void note is good")
		}
		if _, err := payment.ParseVoid(raw, known, "elsewhere"); err == nil {
			t.Error("another co-operative's void note is good")
		}
		if _, err := payment.ParseBatch(raw, known, origin); err == nil {
			t.Error("a void note is a batch")
		}
	}
}

func TestFormatVoidRefuses(t *testing.T) {
	treasurer, _ := key(t, "treasurer")
	for name, v := range map[string]payment.Void{
		"nothing":      {Origin: origin, Batch: batchID},
		"all and some": {Origin: origin, Batch: batchID, All: true, Hashes: [][32]byte{{1}}},
		"unsorted":     {Origin: origin, Batch: batchID, Hashes: [][32]byte{{2}, {1}}},
		"twice":        {Origin: origin, Batch: batchID, Hashes: [][32]byte{{2}, {2}}},
		"too many":     {Origin: origin, Batch: batchID, Hashes: make([][32]byte, payment.MaxVouchers+1)},
		"no batch":     {Origin: origin, All: true},
		"no origin":    {Batch: batchID, All: true},
	} {
		if raw, err := payment.FormatVoid(v, treasurer); err == nil {
			t.Errorf("%s: signed\n%s", name, raw)
		}
	}
}

func TestParseVoidRefuses(t *testing.T) {
	known := note.VerifierList(anybody{})
	good := voidText()
	if _, err := payment.ParseVoid(signedByAnybody(good), known, origin); err != nil {
		t.Fatal(err)
	}
	hash := strings.Repeat("0a", 32)
	for name, text := range map[string]string{
		"a batch":      strings.Replace(good, "vouchers-void", "vouchers", 1),
		"All":          strings.Replace(good, "void 1\n"+hash, "void All", 1),
		"all and more": strings.Replace(good, "void 1", "void all", 1),
		"none":         strings.Replace(good, "void 1\n"+hash, "void 0", 1),
		"one missing":  strings.Replace(good, "void 1", "void 2", 1),
		"01":           strings.Replace(good, "void 1", "void 01", 1),
		"one too much": good + hash + "\n",
		"upper case":   strings.Replace(good, hash, strings.ToUpper(hash), 1),
	} {
		if v, err := payment.ParseVoid(signedByAnybody(text), known, origin); err == nil {
			t.Errorf("%s: read as %+v", name, v)
		}
	}
}

func FuzzParseVoid(f *testing.F) {
	f.Add(voidText())
	f.Add("peerfy/vouchers-void/v1\norigin " + origin + "\nbatch " + batchID + "\nvoid all\n")
	known := note.VerifierList(anybody{})
	f.Fuzz(func(t *testing.T, text string) {
		v, err := payment.ParseVoid(signedByAnybody(text), known, origin)
		if err != nil {
			return
		}
		again, err := payment.FormatVoid(v, anybody{})
		if err != nil || textOf(again) != text {
			t.Errorf("%q was written as %q, %v", text, again, err)
		}
	})
}
