package till

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"p2p.legal/peerfy/royalty"
)

// MaxKeys is the most bytes of a file of keys.
const MaxKeys = 4 << 10

const keysHeader = "peerfy/month/v1"

// Format is the text of the file, see format.md. It is secret.
func (k *Keys) Format() []byte {
	var b bytes.Buffer
	p, q := k.Pass.Primes[0], k.Pass.Primes[1]
	if p.Cmp(q) < 0 {
		p, q = q, p
	}
	fmt.Fprintf(&b, "%s\nperiod %s\ntill %s\n", keysHeader, k.Period, k.Till)
	fmt.Fprintf(&b, "prime %x\nprime %x\ntoken %x\ntally %x\n", p, q, k.Token, k.Tally)
	fmt.Fprintf(&b, "sha256 %x\n", sha256.Sum256(b.Bytes()))
	return b.Bytes()
}

// Parse reads what Format writes, and nothing else: any altered byte is
// ErrMalformed. No error quotes the text.
func Parse(text []byte) (*Keys, error) {
	k, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("reading a month's keys: %w", err)
	}
	return k, nil
}

func parseKeys(text []byte) (*Keys, error) {
	if len(text) > MaxKeys {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrMalformed, len(text), MaxKeys)
	}
	v, err := fields(string(text), keysHeader, "period", "till", "prime", "prime", "token", "tally", "sha256")
	if err != nil {
		return nil, err
	}
	// First the hash: a damaged file shall be called so, not a wrong key.
	above, _, _ := bytes.Cut(text, []byte("\nsha256 "))
	if sum := sha256.Sum256(append(above[:len(above):len(above)], '\n')); v[6] != hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("%w: the file is damaged, its hash is another", ErrMalformed)
	}
	k := &Keys{Till: v[1]}
	var e1, e2, e3, e4 error
	k.Period, e1 = royalty.ParsePeriod(v[0])
	k.Pass, e2 = passKey(v[2], v[3])
	k.Token, e3 = hash(v[4])
	k.Tally, e4 = hash(v[5])
	name, _, e5 := parseTill(k.Till)
	if err := errors.Join(e1, e2, e3, e4, e5); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if !strings.HasSuffix(name, tillSuffix(k.Period)) || !bytes.Equal(k.Format(), text) {
		return nil, fmt.Errorf("%w: not in the one spelling", ErrMalformed)
	}
	return k, nil
}

// fields reads the lines "name value" below a header and returns the values.
// Neither more nor fewer lines are taken.
func fields(text, header string, names ...string) ([]string, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != len(names)+2 || lines[0] != header || lines[len(lines)-1] != "" {
		return nil, fmt.Errorf("%w: not the %d lines of %s", ErrMalformed, len(names)+1, header)
	}
	values := make([]string, len(names))
	for i, name := range names {
		value, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok {
			return nil, fmt.Errorf("%w: line %d is not the %s", ErrMalformed, i+2, name)
		}
		values[i] = value
	}
	return values, nil
}

// passKey makes the RSA key again from its primes (FIPS 186-5, section A.1.1:
// the private exponent is the inverse of the public one modulo the least common
// multiple of p-1 and q-1).
func passKey(first, second string) (*rsa.PrivateKey, error) {
	p, ok1 := new(big.Int).SetString(first, 16)
	q, ok2 := new(big.Int).SetString(second, 16)
	if !ok1 || !ok2 || p.BitLen() != passBits/2 || q.BitLen() != passBits/2 || p.Sign() < 0 || q.Sign() < 0 {
		return nil, errors.New("the primes of the pass key")
	}
	one := big.NewInt(1)
	p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
	gcd := new(big.Int).GCD(nil, nil, p1, q1)
	lcm := new(big.Int).Div(new(big.Int).Mul(p1, q1), gcd)
	d := new(big.Int).ModInverse(big.NewInt(exponent), lcm)
	if d == nil {
		return nil, errors.New("the primes of the pass key have no exponent")
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: exponent}, D: d, Primes: []*big.Int{p, q}}
	if key.N.BitLen() != passBits {
		return nil, fmt.Errorf("a pass key of %d bits", key.N.BitLen())
	}
	if err := key.Validate(); err != nil {
		return nil, fmt.Errorf("the pass key: %w", err)
	}
	key.Precompute()
	return key, nil
}

// hash reads 32 bytes in lower-case hexadecimal.
func hash(s string) (h [32]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, errors.New("not 64 hexadecimal digits")
	}
	return [32]byte(b), nil
}

// checkText refuses what cannot stand on a line of its own.
func checkText(s string) error {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%w: not a line of 1 to %d bytes of text", ErrMalformed, maxName)
	}
	return nil
}
