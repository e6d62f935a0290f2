package publish_test

import (
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/publish"
)

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"Les Veilleurs de Brume": "les-veilleurs-de-brume",
		"Clémence & the Relays":  "clemence-the-relays",
		"Cœur d'Ælla — Søren":    "coeur-daella-soren",
		"ŁÓDŹ Straße":            "lodz-strasse",
		"Carnet nº 1":            "carnet-no-1",
		"  --  ":                 "",
		"Кино":                   "",
		"ｆｕｌｌ":                   "full",
		"I\u0307stanbul":         "istanbul",
		"a\u202eb\x00c":          "a-b-c",
		"0123456789 0123456789 0123456789 0123456789 0123456789 01234567 89": "0123456789-0123456789-0123456789-0123456789-0123456789-01234567",
	} {
		if got := publish.Slug(name); got != want {
			t.Errorf("Slug(%q) = %q, not %q", name, got, want)
		}
	}
}

func FuzzSlug(f *testing.F) {
	f.Add("Clémence & the Relays")
	f.Add("œ\u0301'’\u200b")
	f.Fuzz(func(t *testing.T, name string) {
		s := publish.Slug(name)
		if s != "" && !catalog.IsSlug(s) || publish.Slug(s) != s {
			t.Fatalf("Slug(%q) = %q", name, s)
		}
	})
}
