package templates

import "p2p.legal/peerfy/templates/i18n"

// Page is what every page needs: all view structs embed it. Every text in the
// view structs is finished (formatted, in the page's language); templates
// choose words by key with T and lay them out, nothing else.
type Page struct {
	Lang  i18n.Lang
	Title string // of the document; the site's name is appended
	// Base leads from this page to the site's root in the page's own language
	// ("./", "../", …): links made with it keep a /fr/ or /en/ prefix. Root
	// leads to the true root, for what has no language: stylesheet, sprite, media.
	Base, Root string
	Stylesheet string // content-hashed file name below Root, "a/….css"
	Path       string // of this page below the language's root, without leading slash, with its query: for the switch
	Site       string // the co-operative's name
	Nav        string // which item of the navigation is current: "home", "browse", "publish", "about", … or ""
	Query      string // what stands in the search box
	Feed       string // href of this page's RSS feed, "" for none
	Footer     Footer
	NoIndex    bool
	Member     bool // somebody is logged in; false for everybody else, so that one finished page serves them all
	Refresh    int  // seconds after which the page loads itself anew, 0 for never: only where it waits for something
}

// T is the words of key in the page's language.
func (p Page) T(key string, args ...any) string { return p.Lang.T(key, args...) }

// Footer is the state of the log, at the foot of every page.
type Footer struct {
	Onion string // whole address; its last 8 characters are shown
	Size  string // "1 234 lines"
	Day   string // of the last checkpoint
	Stale bool   // older than 3 days
	Fee   string // "8,00 €"
}

// Card is one release in a listing. Covers stand in one sprite: cell Cell of
// the sheet named by the listing.
type Card struct {
	ID, Title, Artist, Slug string
	Year, Kind, Length      string // finished words: "2026", "album", "4 tracks, 3 min"
	Cell                    int    // index in the sprite, -1 for none
	Video                   bool
	Open                    bool
}

// Listing is a page of cards with what narrows it.
type Listing struct {
	Cards  []Card
	Sprite string // content-hashed path below Root, "" when no card has a cover
	Count  string // "1 234 releases"
	Facets []Facet
	Active []Link // chosen filters; the link removes it
	Sorts  []Link
	Prev   string // hrefs relative to Base, "" at an end
	Next   string
	PageNo string // "page 2 of 52"

	prevWords, nextWords string // keys, when they are not those of pages of cards
}

// Facet is one row of filters: genre, year, licence, kind, language.
type Facet struct {
	Name   string
	Values []Link
}

// Link is an address relative to Base, with its text.
type Link struct {
	Href, Text string
	Count      string
	Current    bool
}

// Home is the shop window.
type Home struct {
	Page
	New    Listing // newest releases
	Kinds  []Link  // browse by kind
	Genres []Link
	Years  []Link
	Totals string // "1 234 works by 56 artists, all authorised"
	Empty  bool   // nothing published yet
}

// Browse is a listing by kind ("all" for everything), narrowed by filters.
type Browse struct {
	Page
	Heading string
	Listing
}

// Search is a listing that answers a query.
type Search struct {
	Page
	DidYouMean Link // Text empty when there is nothing to propose
	Listing
	Artists     []Link // artists whose name matches
	Unavailable bool   // the index is being rebuilt
}

// ArtistPage is an artist and the releases.
type ArtistPage struct {
	Page
	Name, Slug string
	Since      string // day of the entry and its number, linked to the ledger
	EntryHref  string
	Key        string // verifier key, for who wants to check
	Listing
	AppearsOn []Card // cells of the same sprite
}

// Release is one release: sleeve, tracks, files, credits, authorisation.
type Release struct {
	Page
	ID, Heading, Artist, Slug    string
	Kind, Date, Language, Length string
	Tag                          string // BCP 47, of title and notes; "" or "zxx" when unknown
	Genres                       []Link
	Series                       Link   // Text empty when it belongs to none
	Episode                      string // "S01E02", "no. 3"
	Cover                        string // path below Root, "" for none
	CoverAlt                     string
	CoverW, CoverH               int
	Video                        bool
	Open                         bool   // all tracks
	Access                       string // a sentence of "access.": what can be heard and why
	Own                          Own
	Notes                        []string
	Licence                      Link
	Tracks                       []Track
	Play                         Link     // the main button
	Whole                        Link     // "album, continuous"; Text empty for none
	Files                        []File   // zip and torrents first, then masters
	Commands                     []string // ready to copy: resume and check
	Credits                      []Credit
	Authorised                   string // "Authorised by … on …"
	EntryHref                    string
	Authorisation                string // href of AUTHORISATION.txt
	ReplacedBy                   Link   // Text empty unless there is a newer release
	More                         []Card // of the same artist; Sprite below
	Sprite                       string
}

// Track is one line of the track list.
type Track struct {
	Number, Title, Artist, Length string
	Play                          string // href of its player page, "" when it cannot be played
	Excerpt                       bool   // only an excerpt plays
	Open                          bool
	Download                      Link // the master: size, type
	Splits                        []Share
	Seek                          string // href with #t= into the whole file, on the player page
	Current                       bool
}

// Share is one payee of a work, as a bar.
type Share struct {
	Name, Href, Percent string
	BP                  int // of 10,000
}

// File is one thing to download, always shown with size, hash and time.
type File struct {
	Href, Name, Kind     string
	Size, Time           string // "41.2 MB", "about 6 min over Tor"
	SHA256               string
	Torrent, Magnet, Sum string // hrefs, "" for none
	Warning              string
}

// Credit is one contributor and the ground of the permission.
type Credit struct{ Name, Roles, Society, Basis string }

// Player is the page with the one audio or video element.
type Player struct {
	Page
	ID, Heading, Artist, Slug string
	Now                       string // what plays: track title or "album, continuous"
	Cover                     string // path below Root
	CoverAlt                  string
	CoverW, CoverH            int
	Src                       string // path below Root, may carry #t=
	Type                      string // MIME type
	Video                     bool
	Excerpt                   bool
	Width, Height             int // of the video
	Poster                    string
	Captions                  []Caption
	Qualities                 []Link // Text "96 kbit/s", Count "1.2 MB"
	Tracks                    []Track
	Prev, Next                Link // track or episode; Text empty at an end
	Whole                     Link
	Continuous                bool   // the whole album plays: track lines move within it
	Download                  Link   // plain link beside the player, always there
	Access                    string // why only an excerpt plays, what to do
	Own                       Own
	Resume                    []Link // "at 5 min", … for films
}

// Caption is a WebVTT track.
type Caption struct {
	Src, Lang, Label string
	Default          bool
}

// SeriesPage lists the episodes of a series, season by season.
type SeriesPage struct {
	Page
	Heading, Artist, Slug string
	Podcast               bool
	Seasons               []Season
	Sprite                string
}

// Season is one season's episodes, first to last.
type Season struct {
	Name     string
	Episodes []Card
}

// Text is a page of prose: about, limits, publish, licence. Paragraphs come
// from the language's own catalogue.
type Text struct {
	Page
	Heading  string
	Blocks   []Block
	Verbatim string // the licence's text, as it stands in the charter
	Extra    []Link
}

// Block is a heading with paragraphs and points; any part may be empty.
type Block struct {
	ID, Heading string
	Paragraphs  []string
	Points      []string
	Code        string
	Links       []Link
}

// Notice is the form for a notice, and what became of it.
type Notice struct {
	Page
	Values  NoticeForm
	Errors  []string // what is missing, all at once
	Receipt string   // number, when it was taken; then no form is shown
	Sealed  bool
}

// NoticeForm is what stands in the form's fields.
type NoticeForm struct {
	URL, Reason, Text, Name, Contact string
	GoodFaith                        bool
}

// Ledger is the log's state, newest entries first.
type Ledger struct {
	Page
	Origin, Size, Root, Day, Key string
	Fresh                        string // "signed 3 h ago" as a day, or that it is stale
	Witnesses                    string // how many others have seen it, or that nobody has
	Entries                      []Entry
	Prev, Next                   string
	Files                        []Link // checkpoint, tiles, how to verify
}

// Entry is one line of the log.
type Entry struct {
	Index, Kind, Summary, Href string
	Void                       string // reason, "" for a valid entry
}

// EntryPage is one entry in full.
type EntryPage struct {
	Page
	Entry
	Raw     string
	Signers []string
}

// Status is the plain state of the service.
type Status struct {
	Page
	Rows []Row
}

// Row is a name and a value.
type Row struct {
	Name, Value string
	Good, Bad   bool
}

// Problem is an error page: what happened and where to go.
type Problem struct {
	Page
	Code    int
	Heading string
	Message string
	Quote   string // the editors' words about a withdrawal, "" for none
	Links   []Link
}
