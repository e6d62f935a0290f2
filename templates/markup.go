package templates

import (
	"context"
	"io"
	"slices"
	"strconv"
	"sync"

	"github.com/a-h/templ"
)

// A page of the catalogue consists of two dozen cards and four dozen filters.
// They are written by hand: the code that templ makes of them costs eight times
// as much, since it writes each word by itself and asks after each for an error.

// markup is HTML being written.
type markup []byte

// raw is for markup.
func (m *markup) raw(s string) { *m = append(*m, s...) }

// text is for what others wrote, between tags or in a quoted attribute.
func (m *markup) text(s string) {
	from := 0
	for i := range len(s) {
		if escaped := escapes[s[i]]; escaped != "" {
			*m = append(append(*m, s[from:i]...), escaped...)
			from = i + 1
		}
	}
	*m = append(*m, s[from:]...)
}

// escapes are the characters that mean something in HTML, as templ writes them.
var escapes = [256]string{'&': "&amp;", '\'': "&#39;", '<': "&lt;", '>': "&gt;", '"': "&#34;"}

func (m *markup) number(n int) { *m = strconv.AppendInt(*m, int64(n), 10) }

// component writes in one piece what fill appends; size is about how long it gets.
func component(size int, fill func(*markup)) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		m := drafts.Get().(*markup)
		defer drafts.Put(m)
		*m = slices.Grow((*m)[:0], size)
		fill(m)
		_, err := w.Write(*m)
		return err
	})
}

// drafts are buffers that were written out: a page borrows two.
var drafts = sync.Pool{New: func() any { return new(markup) }}

// cards is a wall of sleeves.
func cards(p Page, s sheet, all []Card) templ.Component {
	words := cardWords{p.T("card.cover"), p.T("card.open")}
	return component(512*len(all)+32, func(m *markup) {
		m.raw(`<ul class="wall">`)
		for i := range all {
			m.card(p, s, words, &all[i])
		}
		m.raw(`</ul>`)
	})
}

type cardWords struct{ cover, open string }

func (m *markup) card(p Page, s sheet, words cardWords, c *Card) {
	m.raw(`<li>`)
	m.link(p, "r/", c.ID)
	m.raw(`>`)
	if c.Cell >= 0 && s.columns > 0 {
		m.cell(s, c, words.cover)
	} else {
		m.raw(`<span class="`)
		m.raw(c.blank())
		m.raw(`" aria-hidden="true">`)
		m.text(initial(c.Title))
	}
	m.raw(`</span> <bdi>`)
	m.text(c.Title)
	m.raw(`</bdi></a> `)
	m.link(p, "artist/", c.Slug)
	m.raw(`><bdi>`)
	m.text(c.Artist)
	m.raw(`</bdi></a> <small>`)
	if c.Open {
		m.raw(`<i>`)
		m.text(words.open)
		m.raw(`</i> `)
	}
	m.line(c.Kind, c.Year, c.Length)
	m.raw(`</small></li>`)
}

// cell is the cover of a card, out of its sheet.
func (m *markup) cell(s sheet, c *Card, alt string) {
	m.raw(`<span class="cover`)
	if c.Video {
		m.raw(` film`)
	}
	m.raw(`"><img class="`)
	m.raw(s.class(c.Cell))
	m.raw(`" src="`)
	m.text(s.src)
	m.raw(`" width="`)
	m.number(s.columns * cellSide)
	m.raw(`" height="`)
	m.number(s.rows * cellSide)
	m.raw(`" alt="`)
	m.text(alt)
	m.raw(`">`)
}

// link opens a link to a page of the site and leaves its tag open, for further
// attributes. Base is in front, so that no href can begin with a scheme.
func (m *markup) link(p Page, folder, href string) {
	m.raw(`<a href="`)
	m.text(p.Base)
	m.raw(folder)
	m.text(href)
	m.raw(`"`)
}

// line joins the parts that are there.
func (m *markup) line(parts ...string) {
	before := ""
	for _, p := range parts {
		if p != "" {
			m.raw(before)
			m.text(p)
			before = " · "
		}
	}
}

// facets are the rows of filters.
func facets(p Page, all []Facet) templ.Component {
	return component(1024*len(all), func(m *markup) {
		for _, f := range all {
			m.raw(`<h2>`)
			m.text(f.Name)
			m.raw(`</h2><ul>`)
			for _, v := range f.Values {
				m.raw(`<li>`)
				m.link(p, "", v.Href)
				if v.Current {
					m.raw(` aria-current="true"`)
				}
				m.raw(`><bdi>`)
				m.text(v.Text)
				m.raw(`</bdi></a> `)
				m.text(v.Count)
				m.raw(`</li>`)
			}
			m.raw(`</ul>`)
		}
	})
}
