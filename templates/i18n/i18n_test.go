package i18n_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/templates/i18n"
)

func TestBothLanguagesHaveTheSameWords(t *testing.T) {
	fr, en := i18n.Fr.Keys(), i18n.En.Keys()
	slices.Sort(fr)
	slices.Sort(en)
	if !slices.Equal(fr, en) {
		t.Fatalf("keys differ:\nonly in French: %q\nonly in English: %q", without(fr, en), without(en, fr))
	}
	verb := regexp.MustCompile(`%(\[\d\])?.`)
	for _, key := range en {
		f, e := i18n.Fr.T(key), i18n.En.T(key)
		if strings.TrimSpace(f) == "" || strings.TrimSpace(e) == "" {
			t.Errorf("%s: empty", key)
		}
		if strings.Contains(f, "|") != strings.Contains(e, "|") {
			t.Errorf("%s: counted in one language only", key)
		}
		for _, form := range append(strings.Split(f, "|"), strings.Split(e, "|")...) {
			if got, want := verb.FindAllString(form, -1), verb.FindAllString(strings.Split(e, "|")[0], -1); !slices.Equal(got, want) {
				t.Errorf("%s: arguments %q in %q, want %q", key, got, form, want)
			}
		}
		if strings.ContainsAny(f+e, `'"<>&`) {
			t.Errorf("%s: a straight quote or a mark of HTML", key)
		}
	}
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// The sources name words by key, by a prefix that ends in a dot and is
// completed at run time, or by a key to which ".yes" or ".no" is added.
func TestEveryKeyExistsAndIsUsed(t *testing.T) {
	literals := map[string]bool{}
	asked := regexp.MustCompile(`\b(?:T|N|count|yesNo)\((?:[\w.]+, *)?"([a-z0-9.-]+)"`)
	words := regexp.MustCompile(`status: +http\.\w+, words: +"([a-z0-9]+)"`)
	literal := regexp.MustCompile(`"([a-z0-9-]+\.[a-z0-9.-]*)"`)
	for _, source := range sources(t) {
		for _, m := range literal.FindAllStringSubmatch(source, -1) {
			literals[m[1]] = true
		}
		for _, m := range asked.FindAllStringSubmatch(source, -1) {
			literals[m[1]] = true
			if k := m[1]; !strings.HasSuffix(k, ".") && !i18n.En.Has(k) {
				t.Errorf("no words for %q", k)
			}
		}
		for _, m := range words.FindAllStringSubmatch(source, -1) {
			for _, part := range []string{".heading", ".message"} {
				if k := "problem." + m[1] + part; !i18n.En.Has(k) {
					t.Errorf("no words for %q", k)
				}
			}
		}
	}
	for _, key := range i18n.En.Keys() {
		if !used(key, literals) {
			t.Errorf("nobody uses %q", key)
		}
	}
}

func used(key string, literals map[string]bool) bool {
	base := strings.TrimSuffix(strings.TrimSuffix(key, ".yes"), ".no")
	if literals[key] || literals[base] {
		return true
	}
	for i, c := range key {
		if c == '.' && literals[key[:i+1]] {
			return true
		}
	}
	return false
}

// wordFiles hold the words themselves: naming a key there is not using it.
var wordFiles = []string{"fr.go", "en.go", "member_fr.go", "member_en.go"}

// A key in two files of one language would hide one of them.
func TestEveryKeyStandsOnce(t *testing.T) {
	line := regexp.MustCompile(`(?m)^\t"([a-z0-9.-]+)": `)
	seen := map[string]int{}
	for _, file := range wordFiles {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(b), -1) {
			seen[m[1]]++
		}
	}
	if len(seen) != len(i18n.En.Keys()) {
		t.Errorf("%d keys in the files, %d in the tables", len(seen), len(i18n.En.Keys()))
	}
	for key, n := range seen {
		if n != len(i18n.Langs) {
			t.Errorf("%s stands %d times in the files", key, n)
		}
	}
}

// sources are the templates and the code that names words.
func sources(t *testing.T) []string {
	t.Helper()
	var texts []string
	for _, pattern := range []string{"../*.templ", "../*.go", "../../site/*.go", "*.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			base := filepath.Base(path)
			if strings.HasSuffix(base, "_test.go") || strings.HasSuffix(base, "_templ.go") || slices.Contains(wordFiles, base) {
				continue
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(b))
		}
	}
	return texts
}

func TestT(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{i18n.En.T("no.such.key", 1), "no.such.key"},
		{i18n.En.T("listing.page", 2, 1234), "page 2 of 1,234"},
		{i18n.Fr.T("listing.page", 2, 1234), "page 2 sur 1\u202f234"},
		{i18n.Fr.T("search.for", "50 % d’eau"), "Résultats pour «\u00a050 % d’eau\u00a0»"},
		{i18n.En.N("count.releases", 0), "0 releases"},
		{i18n.En.N("count.releases", 1), "1 release"},
		{i18n.Fr.N("count.releases", 0), "0 parution"},
		{i18n.Fr.N("count.releases", 1), "1 parution"},
		{i18n.Fr.N("count.releases", 2), "2 parutions"},
		{i18n.Fr.N("no.such.key", 2), "no.such.key"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestFrenchSpaces(t *testing.T) {
	plain := regexp.MustCompile(` [;!?:€»]|« `)
	for _, key := range i18n.Fr.Keys() {
		if text := i18n.Fr.T(key); plain.MatchString(text) {
			t.Errorf("%s: a space that may break in %q", key, text)
		}
	}
}
