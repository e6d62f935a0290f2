package templates_test

import (
	"strings"
	"testing"

	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

func TestProseSaysTheSameInBothLanguages(t *testing.T) {
	for name, blocks := range map[string]func(i18n.Lang) []templates.Block{
		"about":   func(l i18n.Lang) []templates.Block { return templates.About(l, terms) },
		"publish": func(l i18n.Lang) []templates.Block { return templates.Publish(l, terms) },
		"limits":  templates.Limits,
		"licence": templates.Licence,
	} {
		fr, en := blocks(i18n.Fr), blocks(i18n.En)
		if len(fr) != len(en) {
			t.Fatalf("%s: %d blocks in French, %d in English", name, len(fr), len(en))
		}
		for i := range fr {
			f, e := fr[i], en[i]
			if f.ID != e.ID || len(f.Paragraphs) != len(e.Paragraphs) || len(f.Points) != len(e.Points) ||
				len(f.Links) != len(e.Links) || (f.Code == "") != (e.Code == "") || (f.Heading == "") != (e.Heading == "") {
				t.Errorf("%s, block %d (%s): the languages differ in shape", name, i, e.ID)
			}
			for _, text := range append(append([]string{f.Heading}, f.Paragraphs...), f.Points...) {
				if strings.Contains(text, " ;") || strings.Contains(text, " :") || strings.Contains(text, " ?") || strings.Contains(text, "'") {
					t.Errorf("%s: %q is not set as French is", name, text)
				}
			}
		}
	}
}

// The worked example must add up to the fee.
func TestWorkedExample(t *testing.T) {
	var text strings.Builder
	for _, b := range templates.Publish(i18n.En, terms) {
		text.WriteString(strings.Join(b.Paragraphs, "\n"))
	}
	for _, want := range []string{
		"fee of €8.00. €1.33 of it is tax, €6.67 is left",
		"€4.66 to the artists (70%), €0.66 to common causes (10%), €1.35 to running costs (20%)",
		"You get €2.33, the second €1.39, the third €0.94",
		"your €2.33 become €1.39 and €0.94",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("missing %q in\n%s", want, text.String())
		}
	}
}

func TestTenConditions(t *testing.T) {
	for _, l := range i18n.Langs {
		if n := len(templates.Publish(l, terms)[0].Points); n != 10 {
			t.Errorf("%s: %d conditions", l, n)
		}
	}
}
