package royalty

import "fmt"

// Cents is an amount in cents of the euro. It may be negative.
type Cents int64

// String is the amount in euros, with a point and two decimals whatever the
// language: "8.00", "-0.05".
func (c Cents) String() string {
	sign, n := "", uint64(c)
	if c < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}
