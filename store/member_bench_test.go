package store_test

import (
	"fmt"
	"sync"
	"testing"

	"p2p.legal/peerfy/store"
)

// BenchmarkPutTally measures tallies of 2 KiB on the disk, with so many writers
// at once: what a play costs.
func BenchmarkPutTally(b *testing.B) {
	for _, writers := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			m := members(b, b.TempDir())
			b.ResetTimer()
			var all sync.WaitGroup
			for w := range writers {
				all.Go(func() {
					for i := w; i < b.N; i += writers {
						if err := m.PutTally(june, id("pass", w), make([]byte, 2<<10)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "plays/s")
		})
	}
}

// BenchmarkMembers measures what pages ask for, among 10,000 accounts that have
// each taken two months.
func BenchmarkMembers(b *testing.B) {
	m := members(b, b.TempDir())
	fill(b, m, 10_000)
	var at int
	next := func() [32]byte { at++; return id("account", at%10_000) }
	for _, x := range []struct {
		name string
		do   func() error
	}{
		{"account", func() error { _, err := m.Account(next()); return err }},
		{"tally", func() error { _, err := m.Tally(june, next()); return err }},
		{"sales", func() error { _, err := m.Sales(june); return err }},
		{"check", func() error { _, err := m.Check(b.Context()); return err }},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := x.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fill makes n accounts, many at a time.
func fill(t testing.TB, m *store.Members, n int) {
	t.Helper()
	var all sync.WaitGroup
	for w := range 256 {
		all.Go(func() {
			for i := w; i < n; i += 256 {
				if err := live(m, i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// live is what a member does in two months.
func live(m *store.Members, i int) error {
	a := id("account", i)
	if err := m.CreateAccount(a); err != nil {
		return err
	}
	if _, err := m.Credit(a, id("paid", i), "sepa", 3*fee, june); err != nil {
		return err
	}
	for _, p := range []string{"june", "july"} {
		s := sale(june, fmt.Sprint(p, i))
		if p == "july" {
			s.Period = july
		}
		s.Sealed = make([]byte, 1_000)
		if _, _, err := m.Buy(a, s); err != nil {
			return err
		}
	}
	return m.PutTally(june, a, make([]byte, 2<<10))
}
