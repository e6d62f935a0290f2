package main

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/search"
)

// search: CPU per query and class, over every track of the large catalogue.
func (b *bench) search(ctx context.Context) error {
	return b.withIndex(ctx, func(db *store.DB, x *search.Index) error {
		_, _, tracks, err := db.Totals()
		if err != nil {
			return err
		}
		titles, err := sampleTitles(db, 300)
		if err != nil {
			return err
		}
		for _, class := range []struct {
			name string
			make func(title string) search.Query
			goal string
		}{
			{"one word", func(t string) search.Query { return search.Query{Text: word(t, 0)} }, ""},
			{"two words", func(t string) search.Query { return search.Query{Text: word(t, 0) + " " + word(t, 1)} }, "at most 10 ms CPU"},
			{"first three letters", func(t string) search.Query { return search.Query{Text: cut(word(t, 0), 3)} }, ""},
			{"one typo", func(t string) search.Query { return search.Query{Text: typo(word(t, 0))} }, ""},
			{"accents missing", func(t string) search.Query { return search.Query{Text: plain(t)} }, ""},
			{"a very common word", func(string) search.Query { return search.Query{Text: "le"} }, ""},
			{"two words, filtered by kind", func(t string) search.Query { return search.Query{Text: word(t, 0) + " " + word(t, 1), Kind: "album"} }, ""},
		} {
			if err := b.searchClass(ctx, x, class.name, class.goal, tracks, titles, class.make); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bench) searchClass(ctx context.Context, x *search.Index, name, goal string, tracks int, titles []string, query func(string) search.Query) error {
	var cpus, walls []time.Duration
	found := 0
	for _, title := range titles {
		before, began := spent(), time.Now()
		r, err := x.Search(ctx, query(title))
		if err != nil {
			return err
		}
		walls, cpus = append(walls, time.Since(began)), append(cpus, spent()-before)
		if r.Total > 0 {
			found++
		}
	}
	round := func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
	b.row(fmt.Sprintf("search, %d tracks: %s (%d of %d found something)", tracks, name, found, len(titles)),
		fmt.Sprintf("median %s CPU, 99th percentile %s", round(median(cpus)), round(percentile(walls, 99))), "", "", goal)
	return nil
}

// sampleTitles are titles spread over the catalogue.
func sampleTitles(db *store.DB, n int) (titles []string, err error) {
	_, total, _, err := db.List(store.Filter{}, store.Newest, 0, 1)
	if err != nil {
		return nil, err
	}
	for i := range n {
		cards, _, _, err := db.List(store.Filter{}, store.Newest, i*total/n, 1)
		if err != nil {
			return nil, err
		}
		titles = append(titles, cards[0].Title)
	}
	return titles, nil
}

// word is the i-th word of at least three letters, the last if there are fewer.
func word(title string, i int) string {
	words := strings.FieldsFunc(title, func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r > 127) })
	var long []string
	for _, w := range words {
		if utf8.RuneCountInString(w) > 2 {
			long = append(long, w)
		}
	}
	if len(long) == 0 {
		return title
	}
	return long[min(i, len(long)-1)]
}

func cut(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

// typo leaves out the third letter.
func typo(s string) string {
	r := []rune(s)
	if len(r) < 5 {
		return s
	}
	return string(append(r[:2:2], r[3:]...))
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if 0x300 <= r && r < 0x370 {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}
