package i18n_test

import (
	"testing"
	"time"

	"p2p.legal/peerfy/templates/i18n"
)

func TestFormats(t *testing.T) {
	fr, en := i18n.Fr, i18n.En
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ got, want string }{
		{fr.Number(0), "0"},
		{fr.Number(999), "999"},
		{fr.Number(1234567), "1\u202f234\u202f567"},
		{en.Number(1234567), "1,234,567"},
		{en.Number(-1234), "−1,234"},
		{fr.Money(800), "8,00\u00a0€"},
		{en.Money(800), "€8.00"},
		{en.Money(5), "€0.05"},
		{en.Money(-123456), "−€1,234.56"},
		{fr.Money(123456), "1\u202f234,56\u00a0€"},
		{fr.Percent(1250), "12,5\u202f%"},
		{en.Percent(10000), "100%"},
		{en.Percent(1), "0.01%"},
		{fr.Bytes(1), "1 octet"},
		{en.Bytes(999), "999 bytes"},
		{en.Bytes(41_240_000), "41.2\u00a0MB"},
		{fr.Bytes(41_240_000), "41,2\u00a0Mo"},
		{en.Bytes(412_345_678), "412\u00a0MB"},
		{en.Bytes(999_999), "1\u00a0MB"},
		{en.Bytes(1_500_000_000_000), "1.5\u00a0TB"},
		{en.Bytes(1<<63 - 1), "9223372\u00a0TB"},
		{en.Clock(185 * time.Second), "3:05"},
		{en.Clock(3723 * time.Second), "1:02:03"},
		{en.Clock(-time.Second), "0:00"},
		{en.About(45 * time.Second), "45\u00a0s"},
		{en.About(6 * time.Minute), "6\u00a0min"},
		{fr.About(65 * time.Minute), "1\u00a0h\u00a05\u00a0min"},
		{fr.About(3 * time.Hour), "3\u00a0h"},
		{fr.About(59*time.Minute + 40*time.Second), "1\u00a0h"},
		{fr.Date(day("2026-03-20")), "20\u00a0mars 2026"},
		{fr.Date(day("2026-08-01")), "1er\u00a0août 2026"},
		{en.Date(day("2026-03-20")), "20 March 2026"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
