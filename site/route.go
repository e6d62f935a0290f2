package site

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/templates/i18n"
)

// A route is one line of the table: an address, and what answers there. Either page or serve is set.
type route struct {
	name    string // in the log
	pattern string // "/r/{id}.zip": a segment may be a parameter with an ending; "{path...}" is all the rest
	query   []string
	methods []string
	cached  bool
	page    func(*request) (any, error)
	serve   func(http.ResponseWriter, *request) error

	segments []segment
}

// segment is one part of a pattern between slashes.
type segment struct {
	param  string // its name, empty for a literal
	suffix string // what follows the parameter, or the literal
	rest   bool   // takes all remaining segments
}

// routes finds the route of a path: grouped by first segment, in the order of the table.
type routes map[string][]*route

// request is a request whose route is known.
type request struct {
	*http.Request
	route  *route
	params []string // values, in the order of the pattern
	lang   i18n.Lang
	prefix string // "fr/", "en/", or "" when the browser's languages decide
	path   string // decoded, below the language's root, without leading slash
	form   url.Values
	post   url.Values // of a posted form: the fields that are known
	state  *state

	session *session // nil for who is not logged in
	account *account // the session's, while this request lasts; nil when it has none
	sits    *seat    // likewise; see seat
	period  royalty.Period
}

// compile prepares the table and refuses one with a mistake in it.
func compile(table []route) (routes, error) {
	byFirst, seen := routes{}, map[string]bool{}
	for i := range table {
		r := &table[i]
		if seen[r.pattern] || (r.page == nil) == (r.serve == nil) || !strings.HasPrefix(r.pattern, "/") {
			return nil, fmt.Errorf("route %s %s: listed twice or incomplete", r.name, r.pattern)
		}
		seen[r.pattern] = true
		if r.methods == nil {
			r.methods = []string{"GET, HEAD"}
		}
		for part := range strings.SplitSeq(r.pattern[1:], "/") {
			r.segments = append(r.segments, parseSegment(part))
		}
		first := r.segments[0].suffix
		byFirst[first] = append(byFirst[first], r)
	}
	return byFirst, nil
}

func parseSegment(part string) segment {
	inner, ok := strings.CutPrefix(part, "{")
	if !ok {
		return segment{suffix: part}
	}
	name, suffix, _ := strings.Cut(inner, "}")
	name, rest := strings.CutSuffix(name, "...")
	return segment{param: name, suffix: suffix, rest: rest}
}

// find is the route of a path without its leading slash, with its parameters.
func (rs routes) find(path string) (*route, []string) {
	first, _, _ := strings.Cut(path, "/")
	for _, r := range rs[first] {
		if params, ok := r.match(path); ok {
			return r, params
		}
	}
	return nil, nil
}

func (r *route) match(path string) (params []string, ok bool) {
	more := true
	for _, seg := range r.segments {
		if !more {
			return nil, false
		}
		part := path
		if seg.rest {
			return append(params, path), path != ""
		}
		part, path, more = strings.Cut(path, "/")
		switch value, fits := strings.CutSuffix(part, seg.suffix); {
		case !fits || seg.param == "" && value != "" || seg.param != "" && value == "":
			return nil, false
		case seg.param != "":
			params = append(params, value)
		}
	}
	return params, !more
}

// param is the value of a parameter of the route's pattern.
func (q *request) param(name string) string {
	i := 0
	for _, seg := range q.route.segments {
		if seg.param == name {
			return q.params[i]
		}
		if seg.param != "" {
			i++
		}
	}
	return ""
}

// Limits on what a visitor may send.
const (
	maxURL   = 2048 // bytes of the request line's target
	maxValue = 200  // bytes of one value in the query
)

// parseQuery keeps the keys that the route knows, the first value of each. What it drops means nothing here
// and therefore cannot fill the cache. A value that is too long or not text is refused.
func (r *route) parseQuery(raw string) (url.Values, error) {
	if raw == "" || len(r.query) == 0 {
		return nil, nil
	}
	form := url.Values{}
	all, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badRequest
	}
	for _, key := range r.query {
		v := all.Get(key)
		if len(v) > maxValue || !utf8.ValidString(v) {
			return nil, badRequest
		}
		if v != "" {
			form.Set(key, v)
		}
	}
	return form, nil
}

// address is the page's path below its language's root with its canonical query: what the language switch
// links to, and what the cache knows the page by.
func (q *request) address() string {
	path := (&url.URL{Path: q.path}).EscapedPath()
	if len(q.form) == 0 {
		return path
	}
	return path + "?" + q.form.Encode()
}

// base leads from this page to the root of its language, root to the true root. Both are relative, except
// on an address so deep that only an error can be there.
func (q *request) base() (base, root string) {
	depth := strings.Count(q.path, "/")
	if depth > 8 {
		return "/" + q.prefix, "/"
	}
	base = strings.Repeat("../", depth)
	root = base
	if q.prefix != "" {
		root += "../"
	}
	return orHere(base), orHere(root)
}

func orHere(s string) string {
	if s == "" {
		return "./"
	}
	return s
}
