package royalty_test

import (
	"math"
	"testing"

	"p2p.legal/peerfy/royalty"
)

func TestCentsString(t *testing.T) {
	for c, want := range map[royalty.Cents]string{
		0: "0.00", 5: "0.05", 800: "8.00", 123456: "1234.56", -5: "-0.05", -800: "-8.00",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		if got := c.String(); got != want {
			t.Errorf("%d cents: %q, want %q", int64(c), got, want)
		}
	}
}
