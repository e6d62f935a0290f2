package tally_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/royalty/tally"
)

func TestParseWork(t *testing.T) {
	for _, s := range []string{release, release + "-01", release + "-09", release + "-10", release + "-100", release + "-999"} {
		w, err := tally.ParseWork(s)
		if err != nil || string(w) != s || w.Release() != release {
			t.Errorf("%s: %q of %q, %v", s, w, w.Release(), err)
		}
	}
	for _, s := range []string{
		"", "x", release[1:], release + "a", release + "-", release + "-1", release + "-00", release + "-001", release + "-0",
		release + "-1000", release + "--1", release + "-+1", release + "-0x1", release + "-01 ", " " + release, release + "/01",
		"MVHTOCKZO2V2PI7NQO65", "mvhtockzo2v2pi7nqo61", "mvhtockzo2v2pi7nqoé5", release + "-99999999999999999999",
		release[:19] + "\n", "\n" + release + "-01", release[:10] + "\r\n" + release[12:],
	} {
		if w, err := tally.ParseWork(s); !errors.Is(err, tally.ErrWork) || w != "" {
			t.Errorf("%q: %q, %v", s, w, err)
		}
	}
}

func FuzzParseWork(f *testing.F) {
	f.Add(release)
	f.Add(release + "-01")
	p := testPass(f, 1)
	f.Fuzz(func(t *testing.T, s string) {
		w, err := tally.ParseWork(s)
		if err != nil {
			return
		}
		o, _ := p.create(t)
		if len(w) == len(release) {
			if first, err := o.RecordDownload(w); !first || err != nil {
				t.Fatal(first, err)
			}
		} else {
			play(t, o, w, 1)
		}
		if _, ok := o.Tally().Units[w]; !ok || string(w) != s {
			t.Fatalf("%q became %v", s, o.Tally().Units)
		}
	})
}

func TestDownloadCountsOnce(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	for i, w := range []tally.Work{release + "-03", release, release + "-01"} {
		if first, err := o.RecordDownload(w); first != (i == 0) || err != nil {
			t.Errorf("%s: %v, %v", w, first, err)
		}
	}
	if got := o.Tally().Units; len(got) != 1 || got[release] != (tally.Count{Downloaded: true}) {
		t.Errorf("counted %v", got)
	}
	if _, err := o.RecordDownload("nothing"); !errors.Is(err, tally.ErrWork) {
		t.Error(err)
	}
}

func TestPlaysRefused(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	for _, w := range []tally.Work{release, "", "x"} {
		if err := o.RecordPlay(w, 1); !errors.Is(err, tally.ErrWork) {
			t.Errorf("%q: %v", w, err)
		}
	}
	for _, n := range []int{0, -1} {
		if err := o.RecordPlay(release+"-01", n); err == nil {
			t.Errorf("%d plays are counted", n)
		}
	}
	if got := o.Tally().Units; len(got) != 0 {
		t.Errorf("counted %v", got)
	}
	play(t, o, release+"-01", math.MaxInt)
	play(t, o, release+"-01", math.MaxInt)
	if got := o.Tally().Units[release+"-01"].Plays; got != tally.MaxPlays {
		t.Errorf("%d plays", got)
	}
}

// A correction is the whole truth, for what was before it; undoing brings back
// what was counted, with what came since.
func TestCorrect(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	play(t, o, release+"-01", 5)
	play(t, o, release+"-02", 1)
	own := map[tally.Work]tally.Count{release + "-01": {Plays: 2}, release + "-02": {}, work(1, 0): {Downloaded: true}, work(2, 0): {}}
	if err := o.Correct(own); err != nil {
		t.Fatal(err)
	}
	play(t, o, release+"-01", 1)
	for _, w := range []tally.Work{release, work(1, 0)} {
		if first, err := o.RecordDownload(w); !first || err != nil {
			t.Fatal(first, err)
		}
	}
	o, err := p.unseal(o.Seal())
	if err != nil {
		t.Fatal(err)
	}
	downloaded := tally.Count{Downloaded: true}
	got := o.Tally()
	if want := (map[tally.Work]tally.Count{release + "-01": {Plays: 3}, release: downloaded, work(1, 0): downloaded}); !got.Corrected || !maps.Equal(got.Units, want) {
		t.Errorf("corrected to %v, wanted %v", got.Units, want)
	}
	counted := map[tally.Work]tally.Count{release + "-01": {Plays: 6}, release + "-02": {Plays: 1}, release: downloaded, work(1, 0): downloaded}
	if !maps.Equal(got.Counted, counted) {
		t.Errorf("counted are %v, wanted %v", got.Counted, counted)
	}
	o.Undo()
	if got := o.Tally(); got.Corrected || !maps.Equal(got.Units, counted) {
		t.Errorf("undone to %v", got.Units)
	}
}

func TestCorrectRefused(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	play(t, o, release+"-01", 5)
	for name, own := range map[string]map[tally.Work]tally.Count{
		"no work":           {"x": {Plays: 1}},
		"less than nothing": {release + "-01": {Plays: -1}},
		"too much":          {release + "-01": {Plays: tally.MaxPlays + 1}},
		"track downloaded":  {release + "-01": {Downloaded: true}},
		"release played":    {release: {Plays: 1}},
		"both":              {release: {Plays: 1, Downloaded: true}},
	} {
		if err := o.Correct(own); !errors.Is(err, tally.ErrWork) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := map[tally.Work]tally.Count{}
	for i := range tally.MaxWorks + 1 {
		many[work(i, 1)] = tally.Count{Plays: 1}
	}
	if err := o.Correct(many); !errors.Is(err, tally.ErrFull) {
		t.Error(err)
	}
	if got := o.Tally(); got.Corrected || got.Units[release+"-01"].Plays != 5 {
		t.Errorf("a refused correction left %v", got)
	}
}

// The largest record that can be fits the limit and opens.
func TestFull(t *testing.T) {
	_, closing, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	p := testPass(t, 1)
	p.closing = closing
	o, _ := p.create(t)
	if err := o.SetRecipient(closing, [32]byte{}); err != nil {
		t.Fatal(err)
	}
	for i := range tally.MaxWorks - 1 {
		play(t, o, work(i, 1+i%999), tally.MaxPlays)
	}
	if err := o.Correct(o.Tally().Units); err != nil {
		t.Fatal(err)
	}
	play(t, o, release+"-01", 1)
	for _, err := range []error{o.RecordPlay(release+"-02", 1), second(o.RecordDownload(release))} {
		if !errors.Is(err, tally.ErrFull) {
			t.Errorf("one work too many: %v", err)
		}
	}
	play(t, o, release+"-01", 1)
	record := o.Seal()
	again, err := p.unseal(record)
	if err != nil || len(record) > tally.MaxRecord {
		t.Fatalf("%d bytes, %v", len(record), err)
	}
	if got := again.Tally(); len(got.Units) != tally.MaxWorks || len(got.Counted) != tally.MaxWorks || got.Units[release+"-01"].Plays != 2 {
		t.Errorf("%d and %d works, %v", len(got.Units), len(got.Counted), got.Units[release+"-01"])
	}
}

func second(_ bool, err error) error { return err }

// A correction may leave room that what was counted no longer has: then neither
// version takes the play.
func TestFullOfCounted(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	for i := range tally.MaxWorks {
		play(t, o, work(i, 1), 1)
	}
	if err := o.Correct(nil); err != nil {
		t.Fatal(err)
	}
	if err := o.RecordPlay(release+"-01", 1); !errors.Is(err, tally.ErrFull) {
		t.Error(err)
	}
	if got := o.Tally(); len(got.Units) != 0 || len(got.Counted) != tally.MaxWorks {
		t.Errorf("%d and %d works", len(got.Units), len(got.Counted))
	}
}

// And the other way round: the member's own version is full.
func TestFullOfOwn(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	own := map[tally.Work]tally.Count{}
	for i := range tally.MaxWorks {
		own[work(i, 1)] = tally.Count{Plays: 1}
	}
	if err := o.Correct(own); err != nil {
		t.Fatal(err)
	}
	if err := o.RecordPlay(release+"-01", 1); !errors.Is(err, tally.ErrFull) {
		t.Error(err)
	}
	if got := o.Tally(); len(got.Units) != tally.MaxWorks || len(got.Counted) != 0 {
		t.Errorf("%d and %d works", len(got.Units), len(got.Counted))
	}
}

// What a mirror sends may be made to be large: it is refused for its size alone.
func TestTooLarge(t *testing.T) {
	p := testPass(t, 1)
	o, _ := p.create(t)
	for i := range tally.MaxWorks {
		play(t, o, work(i, 1), 1)
	}
	if err := o.Correct(o.Tally().Units); err != nil {
		t.Fatal(err)
	}
	layer := p.layer(t, o.Seal())
	_, _, sealed := parts(layer)
	large := append(bytes.Clone(layer[:61]), 0xff, 0xff)
	large = append(append(large, make([]byte, 0xffff)...), sealed...)
	if _, err := p.unseal(p.wrap(t, large)); err != tally.ErrSealed {
		t.Errorf("%d bytes: %v", len(large), err)
	}
	o, err := p.unseal(p.forge(t, o.Seal(), tooMany(t, p, o)))
	if err != tally.ErrSealed {
		t.Errorf("%d works: %v", len(o.Tally().Units), err)
	}
}

// tooMany is the text of a tally with one work more than allowed.
func tooMany(t *testing.T, p holder, o *tally.Open) []byte {
	t.Helper()
	o.Undo()
	text, _ := p.text(t, o.Seal())
	const works, entry = 2379, 17
	n := binary.BigEndian.Uint16(text[works:])
	end := works + 2 + int(n)*entry
	binary.BigEndian.PutUint16(text[works:], n+1)
	text = append(text[:end], bytes.Repeat([]byte{0xff}, 12)...) // sorts after all others
	text = append(text, 0xf0, 0, 1, 0, 1)
	return append(text, make([]byte, 1024-len(text)%1024)...)
}

// Random doings against a plain map, through the sealed record now and then.
func TestAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := testPass(t, 1)
	o, _ := p.create(t)
	m := model{counted: map[tally.Work]tally.Count{}}
	for step := range 3000 {
		m.step(t, rng, o)
		if step%7 == 0 {
			var err error
			if o, err = p.unseal(o.Seal()); err != nil {
				t.Fatal(err)
			}
		}
		got := o.Tally()
		if !maps.Equal(got.Counted, m.counted) || !maps.Equal(got.Units, m.units()) || got.Corrected != (m.own != nil) {
			t.Fatalf("step %d: %v, wanted %v", step, got, m)
		}
	}
	got, err := p.forClose(o.Seal())
	if err != nil || !maps.Equal(got.Units, m.units()) {
		t.Errorf("the treasurer reads %v, %v", got, err)
	}
}

// model is what a tally should be; own is nil while it is not corrected.
type model struct{ counted, own map[tally.Work]tally.Count }

func (m *model) units() map[tally.Work]tally.Count {
	if m.own != nil {
		return m.own
	}
	return m.counted
}

func (m *model) step(t *testing.T, rng *rand.Rand, o *tally.Open) {
	t.Helper()
	w := work(rng.IntN(20), 1+rng.IntN(12))
	id := tally.Work(w.Release())
	switch rng.IntN(20) {
	case 0:
		own := map[tally.Work]tally.Count{}
		for range rng.IntN(9) {
			own[work(rng.IntN(20), 1+rng.IntN(12))] = tally.Count{Plays: 1 + rng.IntN(tally.MaxPlays)}
			own[work(rng.IntN(20), 0)] = tally.Count{Downloaded: true}
		}
		if err := o.Correct(own); err != nil {
			t.Fatal(err)
		}
		m.own = own
	case 1:
		o.Undo()
		m.own = nil
	case 2, 3, 4:
		first, err := o.RecordDownload(w)
		if err != nil || first == m.counted[id].Downloaded {
			t.Fatalf("%s downloaded: %v, %v", w, first, err)
		}
		if first {
			m.add(id, tally.Count{Downloaded: true})
		}
	default:
		n := 1 + rng.IntN(3)
		play(t, o, w, n)
		m.add(w, tally.Count{Plays: n})
	}
}

func (m *model) add(w tally.Work, c tally.Count) {
	for _, units := range []map[tally.Work]tally.Count{m.counted, m.own} {
		if units == nil {
			continue
		}
		sum := tally.Count{Plays: min(units[w].Plays+c.Plays, tally.MaxPlays), Downloaded: c.Downloaded}
		units[w] = sum
	}
}
