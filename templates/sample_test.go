package templates_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

const (
	onion  = "peerfyabcdefghijklmnopqrstuvwxyz234567abcdefghijk7wz3qmd.onion"
	sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	sprite = "a/s-AbCdEfGhAgQGCAoMDhASFBYYGhweICIkJigqLC4wMjQ2ODo8PkA.jpg"
)

// sample makes views in which every name is name.
type sample struct {
	lang i18n.Lang
	name string
	rich bool // every field is filled; else as little as there can be
}

func (s sample) page(nav string) templates.Page {
	style, _ := templates.Stylesheet()
	p := templates.Page{Lang: s.lang, Title: s.name, Base: "../", Root: "../", Stylesheet: "a/" + style, Site: s.name, Nav: nav}
	if s.rich {
		p.Path, p.Query, p.Feed, p.NoIndex = "browse/all?genre=x&year=2026", s.name, "feed.xml", true
		p.Footer = templates.Footer{
			Onion: onion, Size: s.lang.N("count.lines", 1234), Day: s.lang.Date(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)),
			Stale: true, Fee: s.lang.Money(800),
		}
	}
	return p
}

func (s sample) link(href string) templates.Link {
	return templates.Link{Href: href, Text: s.name, Count: "1,234"}
}

func (s sample) links(n int) []templates.Link {
	links := make([]templates.Link, n)
	for i := range links {
		links[i] = s.link("browse/all?genre=" + strconv.Itoa(i))
		links[i].Current = i == 1
	}
	return links
}

func (s sample) cards(n int) []templates.Card {
	cards := make([]templates.Card, n)
	for i := range cards {
		cards[i] = templates.Card{
			ID: fmt.Sprintf("%013d", i), Title: s.name, Artist: s.name, Slug: "les-veilleurs", Year: "2026",
			Kind: s.lang.T("kind.album"), Length: s.lang.N("count.tracks", 12) + ", " + s.lang.About(47*time.Minute),
			Cell: i, Open: i%2 == 0, Video: i%5 == 0,
		}
		if i%7 == 6 {
			cards[i].Cell = -1
		}
	}
	return cards
}

func (s sample) listing(n int) templates.Listing {
	if !s.rich {
		return templates.Listing{}
	}
	l := templates.Listing{
		Cards: s.cards(n), Sprite: sprite, Count: s.lang.N("count.releases", 1234), Active: s.links(1),
		Prev: "browse/all", Next: "browse/all?page=3", PageNo: s.lang.T("listing.page", 2, 52),
	}
	for _, sort := range []string{"sort.newest", "sort.title", "sort.artist"} {
		l.Sorts = append(l.Sorts, templates.Link{Href: "browse/all?sort=title", Text: s.lang.T(sort), Current: sort == "sort.title"})
	}
	genres := s.links(10)
	l.Facets = []templates.Facet{{Name: s.lang.T("filter.genre"), Values: genres}}
	for _, words := range []string{"albums singles films podcasts series all", "2026 2025 2024 2023 2022 2021 2020 2019 2018 2017", "français English castellano none", "CC0-1.0 BY-4.0 BY-SA-4.0"} {
		f := templates.Facet{Name: s.lang.T("filter.kind")}
		for _, w := range strings.Fields(words) {
			f.Values = append(f.Values, templates.Link{Href: "browse/all?year=" + w, Text: w, Count: "1,234", Current: w == "2026"})
		}
		l.Facets = append(l.Facets, f)
	}
	return l
}

func (s sample) tracks(n int) []templates.Track {
	tracks := make([]templates.Track, n)
	for i := range tracks {
		tracks[i] = templates.Track{
			Number: strconv.Itoa(i + 1), Title: s.name, Length: "3:05", Play: "r/abcdefghjkmnp/play?track=" + strconv.Itoa(i+1),
			Excerpt: i == 1, Open: i != 1, Current: i == 2, Seek: "r/abcdefghjkmnp/play?track=all&at=120",
			Splits: []templates.Share{{Name: s.name, Href: "artist/a", Percent: "60%", BP: 6000}, {Name: s.name, Href: "artist/b", Percent: "40%", BP: 4000}},
		}
	}
	tracks[0].Artist, tracks[n-1].Play = s.name, ""
	return tracks
}

func (s sample) files(tracks int) []templates.File {
	about := s.lang.T("download.time", s.lang.About(6*time.Minute))
	files := []templates.File{
		{Href: "r/a.zip", Name: s.name + ".zip", Kind: s.lang.T("download.zip"), Size: "412 MB", Time: about, SHA256: sha256, Sum: "r/a.sha256"},
		{Href: "r/a.torrent", Name: s.name, Kind: s.lang.T("download.masters"), Size: "412 MB", Time: about, Torrent: "r/a.torrent", Magnet: "magnet:?xt=urn:btih:" + sha256[:40], Warning: s.lang.T("download.warning")},
		{Href: "r/a.opus.torrent", Name: s.name, Kind: s.lang.T("download.opus"), Size: "42 MB", Time: about, Torrent: "r/a.opus.torrent", Magnet: "magnet:?xt=urn:btih:" + sha256[:40], Warning: s.lang.T("download.warning")},
	}
	for range tracks {
		files = append(files, templates.File{Href: "r/abcdefghjkmnp/files/01%20-%20Nuit.flac", Name: s.name, Kind: "FLAC", Size: "41.2 MB", Time: about, SHA256: sha256})
	}
	return files
}

func (s sample) release(video bool) templates.Release {
	v := templates.Release{Page: s.page("browse"), ID: "abcdefghjkmnp", Heading: s.name, Artist: s.name, Slug: "les-veilleurs"}
	if !s.rich {
		return v
	}
	v.Kind, v.Date, v.Language, v.Tag, v.Length = "album", "20 March 2026", "català", "ca", "12 tracks, 47 min"
	v.Genres, v.Series, v.Episode = s.links(3), s.link("series/x"), "S01E02"
	v.Cover, v.CoverAlt, v.CoverW, v.CoverH = "r/abcdefghjkmnp/cover.jpg", s.lang.T("release.cover", s.name), 480, 480
	v.Video, v.Open, v.Access, v.Notes = video, true, s.lang.T("access.open"), []string{s.name, s.name}
	v.Licence, v.Play, v.Whole = templates.Link{Href: "licence", Text: "CC BY-SA 4.0"}, templates.Link{Href: "r/a/play", Text: s.lang.T("release.play")}, templates.Link{Href: "r/a/play?track=all", Text: s.lang.T("release.whole")}
	v.Tracks, v.Files, v.Commands = s.tracks(12), s.files(12), []string{"curl -C - -O http://" + onion + "/r/abcdefghjkmnp.zip", "sha256sum -c SHA256SUMS"}
	for range 3 {
		v.Credits = append(v.Credits, templates.Credit{Name: s.name, Roles: "author, composer", Society: s.name, Basis: s.name})
	}
	v.Authorised, v.EntryHref, v.Authorisation = s.lang.T("authorised.on", s.name), "ledger/entry/42", "r/a/files/AUTHORISATION.txt"
	v.ReplacedBy = templates.Link{Href: "r/b", Text: s.lang.T("release.replaced")}
	v.More, v.Sprite = s.cards(6), sprite
	return v
}

func (s sample) player(video bool) templates.Player {
	v := templates.Player{
		Page: s.page("browse"), ID: "abcdefghjkmnp", Heading: s.name, Artist: s.name, Slug: "les-veilleurs", Now: s.name,
		Src: "t/abcdefghjkmnp-01.webm#t=120", Type: "audio/webm", Video: video, Width: 640, Height: 360,
		Download: templates.Link{Href: "r/a/files/x", Text: s.lang.T("player.download"), Count: "41 MB"},
	}
	if !s.rich {
		return v
	}
	v.Cover, v.CoverAlt, v.CoverW, v.CoverH = "r/a/cover.jpg", s.lang.T("release.cover", s.name), 480, 480
	v.Excerpt, v.Poster, v.Access = true, "r/a/cover.jpg", s.lang.T("access.excerpt")
	v.Captions = []templates.Caption{{Src: "t/a/fr.vtt", Lang: "fr", Label: "français", Default: true}, {Src: "t/a/en.vtt", Lang: "en", Label: "English"}}
	v.Qualities, v.Resume, v.Tracks = s.links(2), s.links(9), s.tracks(12)
	v.Prev, v.Next, v.Whole, v.Continuous = s.link("p"), s.link("n"), templates.Link{Href: "w", Text: s.lang.T("release.whole")}, !video
	return v
}

func (s sample) ledger() templates.Ledger {
	v := templates.Ledger{Page: s.page("ledger"), Size: "0"}
	if !s.rich {
		return v
	}
	v.Origin, v.Root, v.Day, v.Key = "example/log", sha256, "20 March 2026", "example+1f2e3d4c+"+sha256
	v.Fresh, v.Witnesses, v.Prev, v.Next, v.Files = s.lang.T("ledger.fresh.yes"), s.lang.T("ledger.seen.none"), "ledger", "ledger?before=1", s.links(3)
	for i := range 50 {
		e := templates.Entry{Index: strconv.Itoa(1234 - i), Kind: "release", Summary: s.lang.T("entry.release", s.name), Href: "ledger/entry/" + strconv.Itoa(1234-i)}
		if i == 3 {
			e.Void = s.name
		}
		v.Entries = append(v.Entries, e)
	}
	return v
}

func (s sample) notice(errors bool) templates.Notice {
	v := templates.Notice{Page: s.page(""), Sealed: true}
	if s.rich {
		v.Values = templates.NoticeForm{URL: s.name, Reason: "law", Text: s.name, Name: s.name, Contact: s.name, GoodFaith: true}
	}
	if errors {
		v.Errors = []string{s.lang.T("notice.error.url"), s.lang.T("notice.error.name")}
	}
	return v
}

var terms = templates.Terms{Fee: 800, Net: 667, Artists: 7000, Contributions: 1000, Costs: 2000, PlaySeconds: 30, MinPayout: 1000}

func (s sample) text(blocks []templates.Block) templates.Text {
	v := templates.Text{Page: s.page("about"), Heading: s.lang.T("about.title"), Blocks: blocks}
	if s.rich {
		v.Verbatim, v.Extra = s.name, s.links(2)
	}
	return v
}

func (s sample) problem() templates.Problem {
	v := templates.Problem{Page: s.page(""), Code: 404, Heading: s.lang.T("problem.404.heading"), Message: s.lang.T("problem.404.message")}
	if s.rich {
		v.Links = s.links(2)
	}
	return v
}

func (s sample) home() templates.Home {
	v := templates.Home{Page: s.page("home"), Empty: !s.rich}
	if s.rich {
		v.New, v.Kinds, v.Genres, v.Years = s.listing(12), s.links(5), s.links(10), s.links(10)
		v.Totals = s.lang.T("home.totals", s.lang.N("count.releases", 1234), s.lang.N("count.artists", 56))
	}
	return v
}

func (s sample) artist() templates.ArtistPage {
	v := templates.ArtistPage{Page: s.page("browse"), Name: s.name, Slug: "a", Since: s.lang.T("artist.since", 42), EntryHref: "ledger/entry/42"}
	if s.rich {
		v.Key, v.Listing, v.AppearsOn = "a+1f2e3d4c+"+sha256, s.listing(18), s.cards(6)
		v.Facets, v.Active, v.Sorts = nil, nil, nil
	}
	return v
}

func (s sample) series() templates.SeriesPage {
	v := templates.SeriesPage{Page: s.page("browse"), Heading: s.name, Artist: s.name, Slug: "a"}
	if s.rich {
		v.Podcast, v.Sprite = true, sprite
		v.Seasons = []templates.Season{{Name: s.lang.T("series.season", 1), Episodes: s.cards(6)}, {Episodes: s.cards(8)}}
	}
	return v
}

func (s sample) search() templates.Search {
	v := templates.Search{Page: s.page("search"), Listing: s.listing(24)}
	if s.rich {
		v.DidYouMean = s.link("search?q=x")
		for range 3 {
			v.Artists = append(v.Artists, templates.Link{Href: "artist/a", Text: s.name})
		}
	}
	return v
}

func (s sample) status() templates.Status {
	v := templates.Status{Page: s.page("about")}
	if s.rich {
		v.Rows = []templates.Row{{Name: "a", Value: "b"}, {Name: "c", Value: "d", Good: true}, {Name: "e", Value: "f", Bad: true}}
	}
	return v
}
