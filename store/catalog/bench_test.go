package catalog_test

import (
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// BenchmarkReplay folds a log of 2,000 releases, as a mirror does that begins.
// Its charter names three root keys and three editors, of whom the last signs.
func BenchmarkReplay(b *testing.B) {
	c := newCoop(b)
	for _, name := range []string{"root2", "root3", "editor1", "editor2"} {
		c.key(name)
	}
	c.charter.Keys.Root.Keys = append(c.charter.Keys.Root.Keys, c.vkeys["root2"], c.vkeys["root3"])
	c.charter.Keys.Editor = []string{c.vkeys["editor1"], c.vkeys["editor2"], c.vkeys["editor"]}
	log := []*ledger.Entry{
		c.entry(ledger.KindCharter, c.charter, "root"),
		c.entry(ledger.KindArtist, c.artist("brume", "Brume"), "brume", "editor"),
	}
	for i := range 2_000 {
		r := release("brume", 1, 2)
		r.Size = int64(i + 1)
		log = append(log, c.entry(ledger.KindRelease, r, "brume", "editor"))
	}
	for b.Loop() {
		var s catalog.State
		for i, e := range log {
			if err := s.Judge(int64(i), e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(log)), "µs/entry")
}
