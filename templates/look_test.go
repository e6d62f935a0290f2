//go:build look

package templates_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

// TestLook writes every page, full and nearly empty, in both languages, into a
// folder that it names, for somebody to look at: go test -tags look -run Look -v.
func TestLook(t *testing.T) {
	dir := t.ArtifactDir()
	for _, sheet := range []func() (string, []byte){templates.Stylesheet, templates.MemberStylesheet} {
		name, css := sheet()
		write(t, filepath.Join(dir, "a", name), css)
	}
	for _, lang := range i18n.Langs {
		for folder, rich := range map[string]bool{"full": true, "empty": false} {
			for key, c := range maps.All(pages(sample{lang, "Nuit sur la rade", rich})) {
				name := strings.ReplaceAll(key, " ", "-") + ".html"
				write(t, filepath.Join(dir, string(lang)+"-"+folder, name), render(t, c))
			}
		}
	}
	t.Logf("the pages are in %s", dir)
}

func write(t *testing.T, path string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}
