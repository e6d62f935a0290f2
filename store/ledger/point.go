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

// curveD is d = -121665/121666 mod p, big-endian.
var curveD = [32]byte{
	0x52, 0x03, 0x6c, 0xee, 0x2b, 0x6f, 0xfe, 0x73, 0x8c, 0xc7, 0x40, 0x79, 0x77, 0x79, 0xe8, 0x98,
	0x00, 0x70, 0x0a, 0x4d, 0x41, 0x41, 0xd8, 0xab, 0x75, 0xeb, 0x4d, 0xca, 0x13, 0x59, 0x78, 0xa3,
}

// curve holds p = 2^255-19 and d.
type curve struct{ p, d *big.Int }

func newCurve() curve {
	p := new(big.Int).Lsh(big.NewInt(1), 255)
	p.Sub(p, big.NewInt(19))
	return curve{p, new(big.Int).SetBytes(curveD[:])}
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
// three doublings of y alone, with x² taken from the curve, decide it. y is
// kept as a fraction, for a division costs more than all the rest; on the curve
// no denominator is zero, because d is not a square.
func (c curve) smallOrder(y *big.Int) bool {
	z := big.NewInt(1)
	for range 3 {
		y, z = c.double(y, z)
	}
	return y.Cmp(z) == 0
}

// double returns the y of twice the point whose y is y/z, as a fraction.
func (c curve) double(y, z *big.Int) (num, den *big.Int) {
	y2, z2 := c.times(y, y), c.times(z, z)
	u := new(big.Int).Sub(y2, z2) // x² is u/v
	v := c.times(c.d, y2)
	v.Add(v, z2)
	yv, uz, zv := c.times(y2, v), c.times(u, z2), c.times(z2, v)
	num = new(big.Int).Add(yv, uz)
	den = new(big.Int).Sub(uz, yv)
	den.Add(den, zv.Lsh(zv, 1))
	return num.Mod(num, c.p), den.Mod(den, c.p)
}

func (c curve) times(a, b *big.Int) *big.Int {
	product := new(big.Int).Mul(a, b)
	return product.Mod(product, c.p)
}
