package site

import (
	"net/http"
	"slices"
)

// table lists every address that answers, each also below /fr/ and /en/. Pages stand in the order in which
// a visitor meets them.
func (s *Site) table() []route { return slices.Concat(s.public(), s.personalTable(), later()) }

// public is what everybody may ask for.
func (s *Site) public() []route {
	narrow := []string{"genre", "year", "language", "licence", "open", "sort", "page"}
	get := func(name, pattern string, serve func(http.ResponseWriter, *request) error, query ...string) route {
		return route{name: name, pattern: pattern, serve: serve, query: query, cached: true}
	}
	page := func(name, pattern string, view func(*request) (any, error), query ...string) route {
		return route{name: name, pattern: pattern, page: view, query: query, cached: true}
	}
	live := func(name, pattern string, view func(*request) (any, error), query ...string) route {
		return route{name: name, pattern: pattern, page: view, query: query}
	}
	return []route{
		page("home", "/", s.home),
		live("search", "/search", s.search, append(narrow, "q", "kind")...),
		page("browse", "/browse/{kind}", s.browse, narrow...),
		page("artist", "/artist/{slug}", s.artist, "page"),
		page("series", "/series/{slug}", s.series, "page"),

		get("zip", "/r/{id}.zip", s.serveZip, "token"),
		get("zipsum", "/r/{id}.zip.sha256", s.serveZipSum),
		get("torrent", "/r/{id}.opus.torrent", s.serveTorrent(renditionsOf)),
		get("torrent", "/r/{id}.torrent", s.serveTorrent(mastersOf)),
		get("magnet", "/r/{id}.opus.magnet", s.serveMagnet(renditionsOf)),
		get("magnet", "/r/{id}.magnet", s.serveMagnet(mastersOf)),
		get("sums", "/r/{id}.sha256", s.serveSums),
		get("playlist", "/r/{id}.m3u8", s.servePlaylist),
		get("manifest", "/r/{id}.json", s.serveManifest),
		page("release", "/r/{id}", s.release),
		page("player", "/r/{id}/play", s.player, "track", "q", "at"),
		get("whole", "/r/{id}/album.webm", s.serveWhole, "q"),
		get("cover", "/r/{id}/cover.jpg", s.serveCover),
		get("file", "/r/{id}/files/{path...}", s.serveFile, "token"),
		get("track", "/t/{track}.webm", s.serveTrack, "q", "token"),
		get("subtitles", "/t/{track}/{lang}.vtt", s.serveSubtitles),
		get("excerpt", "/e/{track}.webm", s.serveExcerpt),
		get("object", "/o/{root}", s.serveObject),
		get("seed", "/seed/{token}/{name}/{path...}", s.serveSeed),
		get("asset", "/a/{name}", s.serveAsset),

		get("feed", "/feed.xml", s.serveFeed),
		get("feed", "/artist/{slug}/feed.xml", s.serveArtistFeed),
		get("feed", "/series/{slug}/feed.xml", s.serveSeriesFeed),
		get("opml", "/opml.xml", s.serveOPML),

		page("publish", "/publish", s.publish),
		page("licence", "/licence", s.licence),
		{name: "notice", pattern: "/notice", query: []string{"url"}, methods: []string{"GET, HEAD, POST"}, serve: s.serveNotice},
		page("about", "/about", s.about),
		page("limits", "/about/limits", s.limits),
		live("status", "/status", s.status),

		page("ledger", "/ledger", s.ledger, "before"),
		get("checkpoint", "/ledger/checkpoint", s.serveCheckpoint),
		get("tile", "/ledger/tile/{path...}", s.serveTile),
		page("entry", "/ledger/entry/{index}", s.entry),
		page("succession", "/ledger/succession", s.succession),
		get("charter", "/charter.json", s.serveCharter),
		get("icon", "/favicon.ico", s.serveIcon),
		get("robots", "/robots.txt", s.serveRobots),
	}
}

// personalTable is what members have: a page that asks for less than it shows refuses within.
func (s *Site) personalTable() []route {
	own := func(name, pattern string, serve func(http.ResponseWriter, *request) error) route {
		return route{name: name, pattern: pattern, serve: serve}
	}
	return []route{
		{name: "join", pattern: "/join", methods: []string{"GET, HEAD, POST"}, serve: s.serveJoin},
		{name: "login", pattern: "/login", query: []string{"next"}, methods: []string{"GET, HEAD, POST"}, serve: s.serveLogin},
		{name: "logout", pattern: "/logout", methods: []string{"POST"}, serve: s.postLogout},
		s.personal("account", "/account", needAccount, s.accountPage),
		s.post("account", "/account/kept", needAccount, nil, s.postKept),
		s.post("account", "/account/code.txt", needAccount, []string{"code"}, s.postCodeFile),
		s.post("account", "/account/identity.txt", needAccount, []string{"identity"}, s.postIdentityFile),
		s.post("account", "/account/redeem", needAccount, []string{"voucher"}, s.postRedeem),
		s.post("account", "/account/pass", needAccount, []string{"period", "recipient", "make"}, s.postTake),
		s.post("account", "/account/blind", needAccount, []string{"request"}, s.postBlind),
		s.post("account", "/account/delete", needAccount, []string{"confirm"}, s.postDelete),
		s.personal("pass", "/pass", needSession, s.passPage, "period"),
		s.post("pass", "/pass.txt", needSession, []string{"period"}, s.postPassFile),
		s.post("pass", "/pass/recipient", needPass, []string{"period", "recipient"}, s.postRecipient),
		both(s.personal("month", "/my/month", needCounts, s.monthPage, "page"),
			s.post("month", "/my/month", needCounts, []string{"version", "owner", "work", "save", "add", "reset", "back"}, s.postMonth)),
		own("month", "/my/month.csv", s.serveMonthTable),
		s.personal("receipts", "/my/receipts", needSession, s.receiptsPage),
		both(s.personal("queue", "/my/queue", needSession, s.queuePage, "page"),
			s.post("queue", "/my/queue", needSession, []string{"version", "up", "down", "remove", "clear", "save", "name"}, s.postQueue)),
		s.post("queue", "/my/queue/add", needSession, []string{"id", "back"}, s.postQueueAdd),
		own("stream", "/my/queue.opus", s.serveQueue),
		s.personal("library", "/my/library", needSession, s.libraryPage, "lists", "places", "artists"),
		s.post("library", "/my/library/open", needSession, []string{"code"}, s.postLibraryOpen),
		s.post("library", "/my/library/new", needSession, nil, s.postLibraryNew),
		s.post("library", "/my/library/kept", needSession, nil, s.postLibraryKept),
		s.post("library", "/my/library/code.txt", needSession, []string{"code"}, s.postLibraryCode),
		s.post("library", "/my/library/close", needSession, nil, s.postLibraryClose),
		s.post("library", "/my/library/delete", needSession, []string{"confirm"}, s.postLibraryDelete),
		{name: "library", pattern: "/my/library/import", methods: []string{"POST"}, serve: s.postLibraryImport},
		own("library", "/my/library.json", s.serveLibraryFile),
		s.post("list", "/my/list/new", needSession, []string{"name"}, s.postListNew),
		s.post("list", "/my/list/add", needSession, []string{"id", "list", "back"}, s.postListAdd),
		own("list", "/my/list/{id}.m3u8", s.serveList(asM3U8)),
		own("list", "/my/list/{id}.xspf", s.serveList(asXSPF)),
		own("list", "/my/list/{id}.json", s.serveList(asJSON)),
		both(s.personal("list", "/my/list/{id}", needSession, s.listPage, "page"),
			s.post("list", "/my/list/{id}", needSession, []string{"version", "up", "down", "remove", "rename", "name", "play", "delete"}, s.postList)),
		s.post("follow", "/my/follow", needSession, []string{"slug", "off", "back"}, s.postFollow),
		s.post("resume", "/my/resume", needSession, []string{"track", "remove", "back"}, s.postResume),
	}
}

// later are the parts of the contract that open later: an honest page, not a dead end.
func later() []route {
	return []route{
		soon("accounts", "/accounts"), soon("accounts", "/accounts/{path...}"),
		mirrorless("/mirrors"), mirrorless("/mirrors.txt"),
		soon("canary", "/canary.txt"), soon("software", "/software"),
	}
}

// soon is an address that is promised and does not answer yet: 404 with a page that says when it will.
func soon(name, pattern string) route {
	return route{name: name, pattern: pattern, page: func(*request) (any, error) { return nil, notYet }}
}

// mirrorless is what lists the mirrors, while there are none.
func mirrorless(pattern string) route {
	return route{name: "mirrors", pattern: pattern, page: func(*request) (any, error) { return nil, noMirrors }}
}

var noMirrors = &problem{status: http.StatusNotFound, words: "mirrors"}

var notYet = &problem{status: http.StatusNotFound, words: "later"}

// serveRobots answers /robots.txt: the catalogue may be indexed, searches and downloads need not be fetched.
func (s *Site) serveRobots(w http.ResponseWriter, q *request) error {
	return s.sendText(w, q, textType, "User-agent: *\nDisallow: /search\nDisallow: /t/\nDisallow: /o/\nDisallow: /seed/\n", "")
}
