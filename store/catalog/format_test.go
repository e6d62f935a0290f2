package catalog_test

import (
	_ "embed"
	"regexp"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

//go:embed format.md
var format string

// TestWorkedExample parses what format.md shows.
func TestWorkedExample(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```(?:json|id)\n(.*?)\n```").FindAllStringSubmatch(format, -1)
	if len(blocks) != 4 {
		t.Fatalf("format.md shows %d blocks, want 4", len(blocks))
	}
	body, id, withdrawal := blocks[0][1], blocks[1][1], blocks[2][1]
	if _, err := catalog.ParseRelease([]byte(body)); err != nil {
		t.Error(err)
	}
	if got := ledger.TextID("peerfy/release/v1\n" + body + "\n"); got != id {
		t.Errorf("the id is %s, format.md says %s", got, id)
	}
	w, err := catalog.ParseWithdrawal([]byte(withdrawal))
	if err != nil || w.Release != id {
		t.Errorf("the withdrawal: %v", err)
	}
	o, err := catalog.ParseOpening([]byte(blocks[3][1]))
	if err != nil || o.Period != "2026-12" || o.Fee != 800 {
		t.Errorf("the opening: %v", err)
	}
}
