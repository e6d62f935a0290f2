package royalty_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"p2p.legal/peerfy/royalty"
)

func seedOf(n uint64) [32]byte { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, n)) }

// reference follows the steps of Allocate's comment with big numbers.
func reference(seed [32]byte, coins int64, weights []royalty.Weight) []royalty.Share {
	units, total := map[uint32]*big.Int{}, new(big.Int)
	for _, w := range weights {
		if w.Units > 0 {
			u := new(big.Int).SetUint64(w.Units)
			if total.Add(total, u); units[w.Payee] == nil {
				units[w.Payee] = new(big.Int)
			}
			units[w.Payee].Add(units[w.Payee], u)
		}
	}
	if total.Sign() == 0 {
		return nil
	}
	rank := func(p uint32) string {
		return fmt.Sprintf("%x", sha256.Sum256(append(seed[:32:32], byte(p>>24), byte(p>>16), byte(p>>8), byte(p))))
	}
	var order []uint32
	for p := range units {
		order = append(order, p)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		if rank(a) < rank(b) {
			return -1
		}
		return 1
	})
	h := sha256.Sum256(append([]byte("peerfy/offset/v1"), seed[:]...))
	u := new(big.Int).SetBytes(h[:16])
	u.Mod(u, total)
	floor := func(sum *big.Int) int64 {
		x := new(big.Int).Mul(sum, big.NewInt(coins))
		return x.Add(x, u).Div(x, total).Int64()
	}
	var shares []royalty.Share
	before := new(big.Int)
	for _, p := range order {
		with := new(big.Int).Add(before, units[p])
		shares = append(shares, royalty.Share{Payee: p, Coins: floor(with) - floor(before)})
		before = with
	}
	slices.SortFunc(shares, func(a, b royalty.Share) int { return int(int64(a.Payee) - int64(b.Payee)) })
	return shares
}

// Twenty thousand months: exact sum, every payee's quota rounded down or up, and
// (one in five) the very coins that the written rule gives.
func TestAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range uint64(20_000) {
		weights := make([]royalty.Weight, 1+r.IntN(40))
		limit := uint64(1) << (1 + r.IntN(57)) // sums stay below 2^64
		total := new(big.Int)
		for i := range weights {
			weights[i] = royalty.Weight{Payee: r.Uint32N(50), Units: r.Uint64N(limit)}
			total.Add(total, new(big.Int).SetUint64(weights[i].Units))
		}
		coins := int64(r.IntN(2000))
		if n%10 < 2 {
			coins = math.MaxInt64 - int64(r.IntN(10))
		}
		before := slices.Clone(weights)
		shares, err := royalty.Allocate(seedOf(n), coins, weights)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(weights, before) {
			t.Fatal("the weights were changed")
		}
		if n%5 == 0 { // big numbers take their time
			if want := reference(seedOf(n), coins, weights); !slices.Equal(shares, want) {
				t.Fatalf("case %d: %v, want %v", n, shares, want)
			}
		}
		checkQuotas(t, shares, coins, weights, total)
	}
}

func checkQuotas(t *testing.T, shares []royalty.Share, coins int64, weights []royalty.Weight, total *big.Int) {
	t.Helper()
	units := map[uint32]*big.Int{}
	for _, w := range weights {
		if units[w.Payee] == nil {
			units[w.Payee] = new(big.Int)
		}
		units[w.Payee].Add(units[w.Payee], new(big.Int).SetUint64(w.Units))
	}
	given := int64(0)
	for _, s := range shares {
		given += s.Coins
		// |coins·T − units·all| < T
		off := new(big.Int).Mul(big.NewInt(s.Coins), total)
		off.Sub(off, new(big.Int).Mul(units[s.Payee], big.NewInt(coins)))
		if off.CmpAbs(total) >= 0 {
			t.Fatalf("payee %d of %v gets %d of %d coins", s.Payee, weights, s.Coins, coins)
		}
	}
	if total.Sign() > 0 && given != coins {
		t.Fatalf("%d coins became %d", coins, given)
	}
}

func TestAllocateEdges(t *testing.T) {
	w := func(payee uint32, units uint64) royalty.Weight { return royalty.Weight{Payee: payee, Units: units} }
	for name, c := range map[string]struct {
		coins   int64
		weights []royalty.Weight
		want    []royalty.Share
	}{
		"no weights":      {560, nil, nil},
		"no units":        {560, []royalty.Weight{w(1, 0), w(2, 0)}, nil},
		"one payee":       {560, []royalty.Weight{w(7, 3)}, []royalty.Share{{Payee: 7, Coins: 560}}},
		"twice the same":  {4, []royalty.Weight{w(7, 1), w(2, 2), w(7, 1)}, []royalty.Share{{Payee: 2, Coins: 2}, {Payee: 7, Coins: 2}}},
		"no coins":        {0, []royalty.Weight{w(7, 1)}, []royalty.Share{{Payee: 7}}},
		"the most units":  {3, []royalty.Weight{w(7, math.MaxUint64)}, []royalty.Share{{Payee: 7, Coins: 3}}},
		"the last payees": {2, []royalty.Weight{w(math.MaxUint32, 1), w(0, 1)}, []royalty.Share{{Payee: 0, Coins: 1}, {Payee: math.MaxUint32, Coins: 1}}},
	} {
		got, err := royalty.Allocate(seedOf(1), c.coins, c.weights)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := royalty.Allocate(seedOf(1), -1, nil); err == nil {
		t.Error("less than no coins were shared out")
	}
	if _, err := royalty.Allocate(seedOf(1), 1, []royalty.Weight{w(1, math.MaxUint64), w(2, 1)}); err == nil {
		t.Error("a sum of 2^64 units passed")
	}
}

// Neither the order of the weights nor how a payee's are split changes a coin.
func TestAllocateOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range uint64(500) {
		var whole, parts []royalty.Weight
		for p := range uint32(30) {
			a, b := r.Uint64N(1000), r.Uint64N(1000)
			whole = append(whole, royalty.Weight{Payee: p, Units: a + b})
			parts = append(parts, royalty.Weight{Payee: p, Units: a}, royalty.Weight{Payee: p, Units: b})
		}
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		one, _ := royalty.Allocate(seedOf(n), 560, whole)
		two, _ := royalty.Allocate(seedOf(n), 560, parts)
		if !slices.Equal(one, two) {
			t.Fatalf("%v, in another order %v", one, two)
		}
	}
}

// The small are not favoured nor wronged: 150 payees with one play each beside
// 20 favourites get as a group, over many seeds, what they are owed.
func TestAllocateBias(t *testing.T) {
	seeds := 4000
	if os.Getenv("PEERFY_SOAK") != "" {
		seeds = 200_000
	}
	for _, plays := range []uint64{300, 600, 3000} {
		var weights []royalty.Weight
		for p := range uint32(150) {
			weights = append(weights, royalty.Weight{Payee: p, Units: 1})
		}
		left := plays - 150
		for p := range uint32(20) {
			n := max(1, left/5)
			if p == 19 {
				n = left
			}
			left -= n
			weights = append(weights, royalty.Weight{Payee: 1000 + p, Units: n})
		}
		small := int64(0)
		for n := range uint64(seeds) {
			shares, err := royalty.Allocate(seedOf(n), 560, weights)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range shares {
				if s.Payee < 1000 {
					small += s.Coins
				}
			}
		}
		owed := 560 * 150 / float64(plays)
		bias := float64(small)/float64(seeds)/owed - 1
		t.Logf("%d plays: %+.4f %%", plays, 100*bias)
		if math.Abs(bias) > 0.001 {
			t.Errorf("%d plays: small payees are off by %+.3f %%", plays, 100*bias)
		}
	}
}

// Each single payee, too, gets its quota on average.
func TestAllocateBiasOfOne(t *testing.T) {
	if os.Getenv("PEERFY_SOAK") == "" {
		t.Skip("a soak test: PEERFY_SOAK=1 runs it")
	}
	weights := []royalty.Weight{{Payee: 1, Units: 1}, {Payee: 2, Units: 2}, {Payee: 3, Units: 30}, {Payee: 4, Units: 400}}
	const seeds = 4_000_000
	got := map[uint32]int64{}
	for n := range uint64(seeds) {
		shares, _ := royalty.Allocate(seedOf(n), 100, weights)
		for _, s := range shares {
			got[s.Payee] += s.Coins
		}
	}
	for _, w := range weights {
		owed := 100 * float64(w.Units) / 433
		frac := owed - math.Floor(owed)
		sigma := math.Sqrt(frac * (1 - frac) / seeds)
		if off := float64(got[w.Payee])/seeds - owed; math.Abs(off) > 4*sigma {
			t.Errorf("payee %d is off by %g coins, %.1f standard errors", w.Payee, off, off/sigma)
		}
	}
}

func BenchmarkAllocate(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	weights := make([]royalty.Weight, 150)
	for i := range weights {
		weights[i] = royalty.Weight{Payee: uint32(i), Units: r.Uint64N(1_000_000)}
	}
	for n := uint64(0); b.Loop(); n++ {
		if _, err := royalty.Allocate(seedOf(n), 560, weights); err != nil {
			b.Fatal(err)
		}
	}
}
