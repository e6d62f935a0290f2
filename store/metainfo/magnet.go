package metainfo

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
)

// A Magnet is a link to a torrent (BEP 9). Stock clients that know no peer cannot follow it to an onion, so
// pages offer the .torrent first.
type Magnet struct {
	InfoHash [20]byte
	Name     string   // shown by clients until the torrent is there
	Length   int64    // bytes of all files
	Webseeds []string // BEP 19 URLs
	Source   string   // URL of the .torrent, or empty
}

// String is the link, its parts always in the same order: xt, dn, xl, ws…, xs.
func (m Magnet) String() string {
	var b strings.Builder
	b.WriteString("magnet:?xt=urn:btih:" + hex.EncodeToString(m.InfoHash[:]))
	add := func(key, value string) { b.WriteString("&" + key + "=" + escape(value)) }
	add("dn", m.Name)
	add("xl", strconv.FormatInt(m.Length, 10))
	for _, u := range m.Webseeds {
		add("ws", u)
	}
	if m.Source != "" {
		add("xs", m.Source)
	}
	return b.String()
}

// Magnet links to m, with m's web seeds and the URL of its .torrent.
func (m *Meta) Magnet(source string) Magnet {
	return Magnet{m.InfoHash(), m.Name, m.Length(), m.Webseeds, source}
}

// escape writes spaces as %20: many clients take a + literally.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
