package site

import (
	"net/http"
)

// table lists every address that answers, each also below /fr/ and /en/. Pages stand in the order in which
// a visitor meets them.
func (s *Site) table() []route {
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

		get("zip", "/r/{id}.zip", s.serveZip),
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
		get("file", "/r/{id}/files/{path...}", s.serveFile),
		get("track", "/t/{track}.webm", s.serveTrack, "q"),
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

		// Parts of the contract that open later: an honest page, not a dead end.
		soon("join", "/join"), soon("account", "/account"), soon("pass", "/pass"),
		soon("login", "/login"), soon("logout", "/logout"), soon("month", "/my/{page}"),
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
