package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Spaces at which a line never breaks.
const (
	hard = "\u00a0"
	thin = "\u202f"
)

// Number is a whole number in groups of three: 1 234 567 or 1,234,567.
func (l Lang) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	if n >= 0 && n < 1000 {
		return digits
	}
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	group := ","
	if l == Fr {
		group = thin
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + group + digits[i:]
	}
	return sign + digits
}

// Money is an amount in cents of the euro: 8,00 € or €8.00.
func (l Lang) Money(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "−", -cents
	}
	whole, rest := l.Number(cents/100), fmt.Sprintf("%02d", cents%100)
	if l == Fr {
		return sign + whole + "," + rest + hard + "€"
	}
	return sign + "€" + whole + "." + rest
}

// Percent is a share in basis points (1/10,000), with the decimals it needs:
// 12,5 % or 12.5%.
func (l Lang) Percent(bp int64) string {
	s := l.decimal(float64(bp)/100, 2)
	if l == Fr {
		return s + thin + "%"
	}
	return s + "%"
}

// decimal has at most that many decimals and no closing zeros.
func (l Lang) decimal(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if l == Fr {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// Bytes is a size, as download windows show it: in powers of 1,000 with three
// significant digits: 41,2 Mo or 41.2 MB.
func (l Lang) Bytes(n int64) string {
	units := []string{"kB", "MB", "GB", "TB"}
	if l == Fr {
		units = []string{"ko", "Mo", "Go", "To"}
	}
	if n < 1000 {
		return l.N("unit.bytes", n)
	}
	v, unit := float64(n)/1000, 0
	for v >= 999.5 && unit < len(units)-1 {
		v, unit = v/1000, unit+1
	}
	decimals := 0
	if v < 99.95 && unit > 0 {
		decimals = 1
	}
	return l.decimal(v, decimals) + hard + units[unit]
}

// Clock is a duration as players show it: 3:05, or 1:02:03 from an hour on.
func (l Lang) Clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s < 0 {
		s = 0
	}
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// About is a duration in words, no finer than it is of use: 45 s, 12 min,
// 1 h 5 min, 3 h.
func (l Lang) About(d time.Duration) string {
	s := max(int64(d.Round(time.Second)/time.Second), 0)
	minutes := (s + 30) / 60
	switch {
	case s < 60:
		return strconv.FormatInt(s, 10) + hard + "s"
	case minutes < 60:
		return strconv.FormatInt(minutes, 10) + hard + "min"
	case minutes%60 == 0 || minutes >= 600:
		return l.Number((minutes+30)/60) + hard + "h"
	}
	return fmt.Sprintf("%d%sh%s%d%smin", minutes/60, hard, hard, minutes%60, hard)
}

var frenchMonths = [...]string{"janvier", "février", "mars", "avril", "mai", "juin",
	"juillet", "août", "septembre", "octobre", "novembre", "décembre"}

// Month is a month: mars 2026 or March 2026.
func (l Lang) Month(t time.Time) string {
	if l != Fr {
		return t.Format("January 2006")
	}
	return frenchMonths[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// Date is a day: 20 mars 2026 or 20 March 2026. Nothing finer is ever shown.
func (l Lang) Date(t time.Time) string {
	if l != Fr {
		return t.Format("2 January 2006")
	}
	day := strconv.Itoa(t.Day())
	if day == "1" {
		day = "1er"
	}
	return day + hard + frenchMonths[t.Month()-1] + " " + strconv.Itoa(t.Year())
}
