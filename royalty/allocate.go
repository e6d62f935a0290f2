package royalty

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// Weight is what one payee is owed for, in any unit that all share: plays times
// basis points, say.
type Weight struct {
	Payee uint32
	Units uint64
}

// Share is what one payee gets.
type Share struct {
	Payee uint32
	Coins int64
}

// Allocate shares out coins by weight, by systematic sampling (W. G. Madow, "On
// the theory of systematic sampling, II", 1949). With T the sum of the units:
//
//  1. Weights of one payee are added; payees without units are left out.
//  2. Payees are put in the order of SHA-256(seed ‖ payee), payee as four bytes,
//     the highest first.
//  3. The offset u is the first 16 bytes of SHA-256("peerfy/offset/v1" ‖ seed), as
//     a number with the highest byte first, modulo T.
//  4. A payee before which the units sum to A, and with which to B, gets
//     ⌊(B·coins + u) / T⌋ − ⌊(A·coins + u) / T⌋ coins.
//
// So the coins sum exactly, each payee gets its exact quota rounded down or up,
// and over the seeds each gets its quota on average, to within 2⁻⁶⁴: nobody is
// favoured for being small or large, as largest remainders would. Whoever
// chooses the seed chooses who is rounded up: it must be fixed by something that
// neither the co-operative nor the member could choose.
//
// The result is sorted by payee and names every payee with units, some perhaps
// with no coin; without units it is empty, and the coins are the caller's to
// place. The weights are not changed. It refuses fewer than no coins, and units
// whose sum does not fit 64 bits.
func Allocate(seed [32]byte, coins int64, weights []Weight) ([]Share, error) {
	if coins < 0 {
		return nil, fmt.Errorf("allocating %d coins", coins)
	}
	payees, total, err := merge(seed, weights)
	if err != nil || total == 0 {
		return nil, err
	}
	u := offset(seed, total)
	shares := make([]Share, len(payees))
	var sum, given uint64
	for i, p := range payees {
		sum += p.units
		upTo := crossed(sum, uint64(coins), u, total)
		shares[i] = Share{p.payee, int64(upTo - given)}
		given = upTo
	}
	slices.SortFunc(shares, func(a, b Share) int { return cmp.Compare(a.Payee, b.Payee) })
	return shares, nil
}

type ranked struct {
	payee uint32
	units uint64
	rank  [32]byte
}

// merge adds up the weights of each payee and puts payees in the seed's order.
func merge(seed [32]byte, weights []Weight) (payees []ranked, total uint64, err error) {
	sorted := slices.Clone(weights)
	slices.SortFunc(sorted, func(a, b Weight) int { return cmp.Compare(a.Payee, b.Payee) })
	for _, w := range sorted {
		if w.Units == 0 {
			continue
		}
		var carry uint64
		if total, carry = bits.Add64(total, w.Units, 0); carry != 0 {
			return nil, 0, fmt.Errorf("allocating: the units of %d weights do not fit 64 bits", len(weights))
		}
		if n := len(payees); n > 0 && payees[n-1].payee == w.Payee {
			payees[n-1].units += w.Units
			continue
		}
		payees = append(payees, ranked{w.Payee, w.Units, rank(seed, w.Payee)})
	}
	slices.SortFunc(payees, func(a, b ranked) int { return bytes.Compare(a.rank[:], b.rank[:]) })
	return payees, total, nil
}

func rank(seed [32]byte, payee uint32) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint32(seed[:], payee))
}

// offset is uniform below total, but for 2^-64.
func offset(seed [32]byte, total uint64) uint64 {
	h := sha256.Sum256(append([]byte("peerfy/offset/v1"), seed[:]...))
	hi, lo := binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(h[8:16])
	return bits.Rem64(hi, lo, total)
}

// crossed is (sum·coins + u) / total in 128 bits. As sum <= total and u < total,
// the result is at most coins and Div64 cannot overflow.
func crossed(sum, coins, u, total uint64) uint64 {
	hi, lo := bits.Mul64(sum, coins)
	lo, carry := bits.Add64(lo, u, 0)
	q, _ := bits.Div64(hi+carry, lo, total)
	return q
}
