// Package cmd_test checks the arrows of the house: which package may import
// which, and that every outside module has one home.
package cmd_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "p2p.legal/peerfy"

// arrows lists, for every package (below the module), what it may import of
// ours and which outside modules live in it. Tests of a package may use more.
var arrows = map[string]struct{ ours, outside []string }{
	"store/metainfo":         {},
	"store/ledger":           {outside: []string{"golang.org/x/mod"}},
	"store/catalog":          {ours: []string{"store/ledger", "store/metainfo"}, outside: []string{"golang.org/x/mod"}},
	"store/search":           {ours: []string{"store/catalog"}, outside: []string{"github.com/blevesearch/bleve/v2", "github.com/blevesearch/bleve_index_api", "golang.org/x/text"}},
	"store/media":            {ours: []string{"store/metainfo"}, outside: []string{"go.senan.xyz/taglib"}},
	"store/publish":          {ours: []string{"store/media", "store/catalog", "store/ledger", "store/metainfo"}, outside: []string{"golang.org/x/text", "golang.org/x/mod"}},
	"store":                  {ours: []string{"royalty", "store/catalog", "store/ledger", "store/metainfo"}, outside: []string{"go.etcd.io/bbolt", "golang.org/x/mod", "golang.org/x/sys"}},
	"store/storetest":        {ours: []string{"store", "store/catalog", "store/ledger", "store/metainfo"}, outside: []string{"golang.org/x/mod"}},
	"templates/i18n":         {},
	"templates":              {ours: []string{"templates/i18n"}, outside: []string{"github.com/a-h/templ"}},
	"onion/internal/torproc": {},
	"onion":                  {ours: []string{"onion/internal/torproc"}, outside: []string{"github.com/cretz/bine", "golang.org/x/net"}},
	"onion/testnet":          {ours: []string{"onion/internal/torproc"}},
	"royalty":                {},
	"royalty/seal":           {outside: []string{"filippo.io/age"}},
	"royalty/pass":           {ours: []string{"royalty"}},
	"royalty/pass/blind":     {ours: []string{"royalty", "royalty/pass"}, outside: []string{"github.com/cloudflare/circl"}},
	"royalty/till":           {ours: []string{"royalty"}, outside: []string{"golang.org/x/mod"}},
	"royalty/tally":          {ours: []string{"royalty", "royalty/seal"}},
	"royalty/listen":         {},
	"royalty/listen/chain":   {},
	"royalty/payment":        {ours: []string{"royalty"}, outside: []string{"golang.org/x/mod"}},
	"store/library":          {ours: []string{"royalty", "store/catalog"}},
	"site":                   {ours: []string{"royalty", "royalty/pass", "royalty/till", "royalty/tally", "royalty/seal", "royalty/payment", "royalty/listen", "royalty/listen/chain", "store/library", "templates", "templates/i18n", "store", "store/catalog", "store/ledger", "store/metainfo", "store/media", "store/search"}, outside: []string{"github.com/a-h/templ"}},
	"cmd/peerfy/sample":      {},
	"cmd/peerfy/browser":     {},
	"cmd/peerfy/bench":       {ours: []string{"*"}, outside: []string{"*"}},
	"cmd/peerfy":             {ours: []string{"*"}, outside: []string{"golang.org/x/mod"}},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Standard"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestArrows fails when a package imports what the drawing does not allow.
func TestArrows(t *testing.T) {
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if len(p.Imports) == 0 {
			continue // tests only
		}
		rule, ok := arrows[name]
		if !ok {
			t.Errorf("%s is not in the drawing: give it a place and its arrows", name)
			continue
		}
		for _, imp := range p.Imports {
			checkArrow(t, name, imp, rule.ours, rule.outside)
		}
	}
}

func checkArrow(t *testing.T, name, imp string, ours, outside []string) {
	t.Helper()
	if inner, ok := strings.CutPrefix(imp, module+"/"); ok {
		if !slices.Contains(ours, inner) && !slices.Contains(ours, "*") {
			t.Errorf("%s imports %s: no such arrow", name, inner)
		}
		return
	}
	if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
		return // standard library
	}
	if slices.Contains(outside, "*") {
		return
	}
	if !slices.ContainsFunc(outside, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") }) {
		t.Errorf("%s imports %s: that module does not live there", name, imp)
	}
}

// TestCoreTouchesNoNetwork fails when the packages that judge and verify could
// open a socket: what checks the books must not be able to call home.
func TestCoreTouchesNoNetwork(t *testing.T) {
	for _, p := range list(t, "-deps", "./store/ledger", "./store/catalog", "./store/metainfo", "./royalty", "./royalty/pass", "./royalty/till", "./royalty/tally") {
		if p.ImportPath == "net" || p.ImportPath == "net/http" {
			t.Errorf("%s is linked into the core", p.ImportPath)
		}
	}
}

// TestTopLevel keeps the tree as the README draws it.
func TestTopLevel(t *testing.T) {
	out, err := exec.Command("git", "-C", "..", "ls-files", "-co", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	allowed := strings.Fields("site onion store templates royalty cmd go.mod go.sum README.md LICENSE Makefile")
	for line := range strings.Lines(string(out)) {
		top, _, _ := strings.Cut(strings.TrimSpace(line), "/")
		if !slices.Contains(allowed, top) && !strings.HasPrefix(top, ".") {
			t.Errorf("%s has no place at the top level", top)
		}
	}
}
