package ledger

import (
	"math/big"
	"slices"
)

// The field and the curve of Ed25519 (RFC 8032, section 5.1), as far as it
// takes to tell a sound public key from a trap. Only public keys are looked at,
// so that math/big's timing tells nothing.

// checkPoint reports why the 32 bytes of key are not a sound public key: they
// must be the usual encoding of a point of the curve that is not one of the
// eight of small order. With a key of small order one signature fits any text.
func checkPoint(key []byte) error {
	c := newCurve()
	b := slices.Clone(key)
	b[31] &= 0x7f // the sign of x, which no check below depends on
	slices.Reverse(b)
	y := new(big.Int).SetBytes(b)
	if y.Cmp(c.p) >= 0 {
		return malformed("key: not in its usual encoding")
	}
	if !c.holds(y) {
		return malformed("key: not a point of the curve")
	}
	if c.smallOrder(y) {
		return malformed("key: a point of small order")
	}
	return nil
}

// curve holds p = 2^255-19 and d = -121665/121666 mod p.
type curve struct{ p, d *big.Int }

func newCurve() curve {
	p := new(big.Int).Lsh(big.NewInt(1), 255)
	p.Sub(p, big.NewInt(19))
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mul(d, big.NewInt(-121665)).Mod(d, p)
	return curve{p, d}
}

// uv returns numerator and denominator of x² = (y²-1)/(dy²+1).
func (c curve) uv(y *big.Int) (u, v *big.Int) {
	one := big.NewInt(1)
	y2 := new(big.Int).Mul(y, y)
	u = new(big.Int).Sub(y2, one)
	v = new(big.Int).Mul(c.d, y2)
	v.Add(v, one)
	return u.Mod(u, c.p), v.Mod(v, c.p)
}

// holds reports whether some x goes with y, that is, whether u/v, and so u·v,
// is a square.
func (c curve) holds(y *big.Int) bool {
	u, v := c.uv(y)
	return big.Jacobi(u.Mul(u, v), c.p) >= 0
}

// smallOrder reports whether eight times the point is the identity (0, 1). The
// y of a double is (y²+x²)/(2-(y²-x²)) on this curve, where -x²+y² = 1+dx²y²:
// three doublings of y alone, with x² taken from the curve, decide it.
func (c curve) smallOrder(y *big.Int) bool {
	y = new(big.Int).Set(y)
	for range 3 {
		y = c.double(y)
	}
	return y.Cmp(big.NewInt(1)) == 0
}

// double returns the y of twice the point with this y.
func (c curve) double(y *big.Int) *big.Int {
	u, v := c.uv(y)
	x2 := new(big.Int).ModInverse(v, c.p)
	x2.Mul(x2, u)
	y2 := new(big.Int).Mul(y, y)
	num := new(big.Int).Add(y2, x2)
	den := new(big.Int).Sub(x2, y2)
	den.Add(den, big.NewInt(2)).Mod(den, c.p)
	den.ModInverse(den, c.p)
	return num.Mul(num, den).Mod(num, c.p)
}
