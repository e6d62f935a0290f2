package templates_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"p2p.legal/peerfy/templates"
)

func TestStylesheetFetchesNothing(t *testing.T) {
	name, css := templates.Stylesheet()
	memberName, memberCSS := templates.MemberStylesheet()
	if !regexp.MustCompile(`^style-[0-9a-f]{12}\.css$`).MatchString(name) || !regexp.MustCompile(`^member-[0-9a-f]{12}\.css$`).MatchString(memberName) {
		t.Errorf("the names are %q and %q", name, memberName)
	}
	if !strings.HasPrefix(string(memberCSS), strings.TrimSpace(string(css))) {
		t.Error("the members' stylesheet does not begin with everybody's")
	}
	css = append(css, memberCSS...)
	for _, forbidden := range []string{"url(", "@import", "@font-face", "http:", "https:", "data:", "expression", "/*", "  ", "image-set"} {
		if strings.Contains(string(css), forbidden) {
			t.Errorf("it contains %q", forbidden)
		}
	}
}

func TestStylesheetIsBalanced(t *testing.T) {
	_, packed := templates.MemberStylesheet()
	var source []byte
	for _, file := range []string{"style.css", "member_style.css"} {
		css, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, css...)
	}
	for _, css := range []string{string(packed), string(source)} {
		for _, pair := range []string{"{}", "()", "[]"} {
			depth := 0
			for i, c := range css {
				switch c {
				case rune(pair[0]):
					depth++
				case rune(pair[1]):
					depth--
				}
				if depth < 0 {
					t.Fatalf("a %q too many at byte %d", pair[1:], i)
				}
			}
			if depth != 0 {
				t.Errorf("%d %q are not closed", depth, pair[:1])
			}
		}
	}
	if a, b := strings.Count(string(source), "{"), strings.Count(string(packed), "{"); a != b {
		t.Errorf("%d blocks written, %d after packing", a, b)
	}
}

// The smallest contrast that WCAG 2.2 AA asks for text of ordinary size.
const enough = 4.5

func TestContrast(t *testing.T) {
	_, css := templates.Stylesheet()
	roots := regexp.MustCompile(`:root\{([^}]*)\}`).FindAllStringSubmatch(string(css), -1)
	if len(roots) != 2 {
		t.Fatalf("%d schemes", len(roots))
	}
	dots := regexp.MustCompile(`\.hero\{[^}]*radial-gradient\((#[0-9a-f]{6})33 `).FindStringSubmatch(string(css))
	if dots == nil {
		t.Fatal("the hero has lost its dots")
	}
	colors := map[string]string{}
	for scheme, root := range []string{roots[0][1], roots[1][1]} {
		for _, m := range regexp.MustCompile(`--([a-z]+):(#[0-9a-f]{6})`).FindAllStringSubmatch(root, -1) {
			colors[m[1]] = m[2]
		}
		for _, pair := range []string{
			"ink paper", "ink sheet", "ink tint", "soft paper", "soft sheet", "soft tint", "press pink", "press sun",
		} {
			text, ground, _ := strings.Cut(pair, " ")
			if c := contrast(luminance(t, colors[text]), luminance(t, colors[ground])); c < enough {
				t.Errorf("scheme %d: %s has a contrast of %.2f", scheme, pair, c)
			}
		}
		under := blend(t, colors["pink"], dots[1], 0x33/255.0)
		if c := contrast(luminance(t, colors["press"]), luminance(t, under)); c < enough {
			t.Errorf("scheme %d: text on the hero's dots has a contrast of %.2f", scheme, c)
		}
	}
}

func channels(t *testing.T, color string) (c [3]float64) {
	t.Helper()
	if len(color) != 7 {
		t.Fatalf("%q is not a color", color)
	}
	for i := range c {
		v, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c[i] = float64(v)
	}
	return c
}

func blend(t *testing.T, below, above string, alpha float64) string {
	b, a := channels(t, below), channels(t, above)
	out := "#"
	for i := range b {
		out += fmt.Sprintf("%02x", int(b[i]*(1-alpha)+a[i]*alpha))
	}
	return out
}

// luminance and contrast are those of WCAG 2.2.
func luminance(t *testing.T, color string) float64 {
	var l [3]float64
	for i, v := range channels(t, color) {
		if v /= 255; v <= 0.04045 {
			l[i] = v / 12.92
		} else {
			l[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }
