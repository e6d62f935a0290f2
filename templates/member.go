package templates

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// keptThings are what the site keeps about a member, in the order in which
// joining tells it; each has words under "kept.".
var keptThings = []string{"code", "book", "pass", "plays", "session", "library"}

// isAbout reports whether the outcome is a refusal of that form.
func (o Outcome) isAbout(form string) bool { return len(o.Errors) > 0 && o.Form == form }

// describe ties a field of a form to its hints and, when the form was refused,
// to the list of what is wrong.
func (o Outcome) describe(form string, hints ...string) templ.Attributes {
	a := templ.Attributes{}
	if o.isAbout(form) {
		hints = append(slices.Clone(hints), "errors")
		a["aria-invalid"] = "true"
	}
	if len(hints) > 0 {
		a["aria-describedby"] = strings.Join(hints, " ")
	}
	return a
}

// loginHref leads to the login and from there back to this page.
func (p Page) loginHref() string { return "login?next=" + url.QueryEscape(p.Path) }

// fields are what the form sends whichever of its buttons is pressed.
func (o Own) fields(p Page) []Field {
	all := []Field{{"id", o.ID}}
	for _, f := range []Field{{"slug", o.Slug}, {"track", o.Track}, {"back", p.Path}} {
		if f.Value != "" {
			all = append(all, f)
		}
	}
	return all
}

// value is a bar's value in basis points, as HTML writes it.
func (f Part) value() string { return strconv.Itoa(f.BP) }

// count is a number that stands, or a dash where there is nothing to count.
func count(n, most int) string {
	if most == 0 && n == 0 {
		return "–"
	}
	return strconv.Itoa(n)
}

// canTake reports whether any month is for sale to this account.
func (v Account) canTake() bool {
	return slices.ContainsFunc(v.Months, func(m Month) bool { return m.State == MonthOpen })
}

// listFiles are the formats in which a list leaves the site.
var listFiles = []struct{ ending, name string }{{"m3u8", "M3U8"}, {"xspf", "XSPF"}, {"json", "JSON"}}

// anchorOf is the id of a line's name, to which its fields point.
func anchorOf(line int) string { return "w" + strconv.Itoa(line) }

// anchor is the id of the track's name, to which its buttons point.
func (t ListTrack) anchor() string { return "t" + strconv.Itoa(t.Position) }

// version is the field that tells an outdated form from a current one.
func version(v string) []Field {
	if v == "" {
		return nil
	}
	return []Field{{"version", v}}
}
