package site

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
)

// sendFile answers with an object: exact length, ranges, and its SHA-256 as a strong ETag. The type is the
// manifest's, which admits only those that are published; nosniff forbids any other reading of it. save is
// the name to store it under; "" shows it in place.
func (s *Site) sendFile(w http.ResponseWriter, q *request, f catalog.File, save string) error {
	file, size, err := s.cfg.DB.OpenObject(f.Root)
	if errors.Is(err, store.ErrUnknown) {
		return notHeld
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if size != f.Size {
		return fmt.Errorf("object %s has %d bytes instead of %d", f.Root, size, f.Size)
	}
	sendContent(w, q, f.Type, f.SHA256, save, file)
	return nil
}

// notHeld is a file that the catalogue knows and this site does not hold.
var notHeld = &problem{status: http.StatusServiceUnavailable, words: "held"}

// sendContent lets the standard library answer ranges and conditions. Compression stays off: it would break
// resuming in Tor Browser. Without a time there is no Last-Modified.
func sendContent(w http.ResponseWriter, q *request, contentType string, sum catalog.Hash, save string, r io.ReadSeeker) {
	h := w.Header()
	if strings.HasPrefix(contentType, "text/") {
		contentType += "; charset=utf-8"
	}
	h.Set("Content-Type", contentType)
	h.Set("Etag", `"`+sum.String()+`"`)
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = immutable
	}
	if save != "" {
		h.Set("Content-Disposition", attachment(save))
	}
	http.ServeContent(w, q.Request, "", time.Time{}, r)
}

// attachment is a Content-Disposition for any name (RFC 6266): in ASCII for old clients, and in full. The name
// is cleaned first, so nothing in it can end the header or leave the download folder.
func attachment(name string) string {
	name = metainfo.CleanName(name)
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '%' || r == '\\' || r == '"' {
			return '_'
		}
		return r
	}, name)
	v := mime.FormatMediaType("attachment", map[string]string{"filename": plain})
	if plain != name {
		v += "; filename*=UTF-8''" + escapeRFC5987(name)
	}
	return v
}

func escapeRFC5987(s string) string {
	const safe = "!#$&+-.^_`|~"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// access of a file of a release: to whom it may be given.
type access int

const (
	unlisted access = iota // not a file of this release
	free                   // cover, texts, excerpts: for everybody
	open                   // of a track that the right-holder marked open
	members                // of a track that is not
)

// fileOf finds the file that matches in a release, and who may have it.
func fileOf(m *catalog.Manifest, match func(catalog.File) bool) (catalog.File, access) {
	for _, f := range m.Texts {
		if match(f) {
			return f, free
		}
	}
	if c := m.Cover; c != nil {
		for _, f := range []catalog.File{c.Original, c.Large, c.Small} {
			if match(f) {
				return f, free
			}
		}
	}
	for _, t := range m.Tracks {
		if t.Excerpt != nil && match(*t.Excerpt) {
			return *t.Excerpt, free
		}
		if f, ok := fileOfTrack(t, match); ok {
			return f, accessOf(t.Open)
		}
	}
	for _, w := range m.Whole {
		if match(w.File) {
			return w.File, accessOf(m.Open())
		}
	}
	return catalog.File{}, unlisted
}

func fileOfTrack(t catalog.Track, match func(catalog.File) bool) (catalog.File, bool) {
	files := []catalog.File{t.Master}
	for _, r := range t.Renditions {
		files = append(files, r.File)
	}
	for _, s := range t.Subtitles {
		files = append(files, s.File)
	}
	for _, f := range files {
		if match(f) {
			return f, true
		}
	}
	return catalog.File{}, false
}

func accessOf(isOpen bool) access {
	if isOpen {
		return open
	}
	return members
}

// giveFile sends the file of a release that matches, if everybody may have it.
func (s *Site) giveFile(w http.ResponseWriter, q *request, id string, save func(*catalog.Manifest, catalog.File) string, match func(catalog.File) bool) error {
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return err
	}
	f, who := fileOf(m, match)
	switch who {
	case unlisted:
		return notFound
	case members, open:
		if who == members {
			if err := s.admit(q, id); err != nil {
				return err
			}
		}
		st := q.seat()
		if st == nil {
			break
		}
		return s.download(w, q, st, id, func(w http.ResponseWriter) error { return s.sendFile(w, q, f, save(m, f)) })
	}
	return s.sendFile(w, q, f, save(m, f))
}

// download gives a member something to keep, and counts it once something of it went out.
func (s *Site) download(w http.ResponseWriter, q *request, st *seat, id string, send func(http.ResponseWriter) error) error {
	w.Header()["Cache-Control"] = noStore
	err := send(w)
	if out, ok := w.(*writer); ok && q.Method == http.MethodGet && out.status < 300 && out.bytes > 0 {
		s.countDownload(st, id)
	}
	return err
}

// serveFile answers /r/ID/files/PATH: one file of either torrent, to be saved.
func (s *Site) serveFile(w http.ResponseWriter, q *request) error {
	want := q.param("path")
	return s.giveFile(w, q, q.param("id"), saveName, func(f catalog.File) bool { return f.Path == want })
}

// saveName is what a file is called when it travels alone: with artist and title in front of a track. Texts
// are shown in place: people want to read the authorisation, not to keep it.
func saveName(m *catalog.Manifest, f catalog.File) string {
	name := strings.ReplaceAll(f.Path, "/", " - ")
	switch {
	case f.Type == "text/plain":
		return ""
	case strings.HasPrefix(f.Type, "audio/"), strings.HasPrefix(f.Type, "video/"):
		return m.Artist + " - " + m.Title + " - " + name
	}
	return name
}

// serveCover answers /r/ID/cover.jpg: the larger of the two small covers, shown in place.
func (s *Site) serveCover(w http.ResponseWriter, q *request) error {
	m, err := s.cfg.DB.Manifest(q.param("id"))
	if err != nil {
		return err
	}
	if m.Cover == nil {
		return notFound
	}
	return s.sendFile(w, q, m.Cover.Large, "")
}

// serveSeed answers a torrent client's web seed: /seed/TOKEN/NAME/PATH, where NAME is that of one of the
// release's two torrents and PATH of a file in it. TOKEN is the id of an open work, or was handed to a member.
func (s *Site) serveSeed(w http.ResponseWriter, q *request) error {
	token, name, want := q.param("token"), q.param("name"), q.param("path")
	id, err := s.releaseOfToken(token)
	if err != nil {
		return err
	}
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return err
	}
	var files []catalog.File
	switch name {
	case m.Torrents.Masters.Name:
		files = m.MasterFiles()
	case m.Torrents.Renditions.Name:
		files = m.RenditionFiles()
	}
	for _, f := range files {
		if f.Path != want {
			continue
		}
		if id != token {
			return s.sendFile(w, q, f, path.Base(f.Path))
		}
		return s.giveFile(w, q, id, func(*catalog.Manifest, catalog.File) string { return path.Base(f.Path) },
			func(x catalog.File) bool { return x == f })
	}
	return notFound
}

// releaseOfToken is the release that the first part of a web seed's address opens. It may be the id of a
// release itself: then the file's own access decides.
func (s *Site) releaseOfToken(token string) (string, error) {
	if catalog.IsID(token) {
		return token, nil
	}
	keys, err := s.keys(s.period())
	if errors.Is(err, till.ErrNone) {
		return "", notFound
	}
	if err != nil {
		return "", err
	}
	id, err := till.CheckToken(keys.Token, token, s.now())
	if err != nil {
		return "", tokenOver
	}
	if wait, ok := s.tokens.take(token, s.now()); !ok {
		return "", tooMany(wait)
	}
	return id, nil
}

// tokenOver answers a token that is not of this month: a torrent is handed out anew.
var tokenOver = &problem{status: http.StatusForbidden, words: "token"}

// serveObject answers /o/ROOT: any file by its pieces root. Several releases may hold it; the one whose
// right-holder is the most generous decides.
func (s *Site) serveObject(w http.ResponseWriter, q *request) error {
	root, err := catalog.ParseHash(q.param("root"))
	if err != nil {
		return notFound
	}
	ids, err := s.cfg.DB.Holders(root)
	if err != nil {
		return err
	}
	err = notFound
	for _, id := range ids {
		m, merr := s.cfg.DB.Manifest(id)
		if merr != nil {
			return merr
		}
		switch f, who := fileOf(m, func(f catalog.File) bool { return f.Root == root }); who {
		case free, open:
			return s.sendFile(w, q, f, path.Base(f.Path))
		case members:
			if st := q.seat(); st != nil {
				return s.download(w, q, st, id, func(w http.ResponseWriter) error { return s.sendFile(w, q, f, path.Base(f.Path)) })
			}
			err = membersOnly(id)
		}
	}
	return err
}

// serveZip answers /r/ID.zip: the masters' folder with cover and texts.
func (s *Site) serveZip(w http.ResponseWriter, q *request) error {
	id := q.param("id")
	m, a, err := s.zipOf(q, id)
	if err != nil {
		return err
	}
	defer a.Close()
	send := func(w http.ResponseWriter) error {
		// The id stands for the manifest's hash, hence for every byte of the archive.
		tag := catalog.Sum([]byte("peerfy zip 1\n" + id))
		sendContent(w, q, "application/zip", tag, m.Torrents.Masters.Name+".zip", a)
		return nil
	}
	if st := q.seat(); st != nil {
		return s.download(w, q, st, id, send)
	}
	return send(w)
}

// serveZipSum answers /r/ID.zip.sha256: what `sha256sum -c` reads beside the zip. Working it out reads every
// byte of the release, so that is done once, and for one release at a time.
func (s *Site) serveZipSum(w http.ResponseWriter, q *request) error {
	m, a, err := s.zipOf(q, q.param("id"))
	if err != nil {
		return err
	}
	defer a.Close()
	name := m.Torrents.Masters.Name + ".zip"
	sum, err := s.cache.get(q.state.epoch, "zip sum "+q.param("id"), func() (*answer, error) { // in all languages
		s.summing <- struct{}{}
		defer func() { <-s.summing }()
		h := sha256.New()
		if _, err := io.Copy(h, a); err != nil {
			return nil, fmt.Errorf("summing up a zip: %w", err)
		}
		return newAnswer(http.StatusOK, textType, fmt.Appendf(nil, "%x  %s\n", h.Sum(nil), name)), nil
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", attachment(name+".sha256"))
	sum.send(w, q.Request)
	return nil
}

// zipOf is the zip of a release that this visitor may have, all of whose files are here.
func (s *Site) zipOf(q *request, id string) (*catalog.Manifest, *archive, error) {
	m, err := s.releaseFor(q, id)
	if err != nil {
		return nil, nil, err
	}
	files := m.MasterFiles()
	for _, f := range files {
		if !s.cfg.DB.HasObject(f.Root) {
			return nil, nil, notHeld
		}
	}
	return m, newArchive(s.cfg.DB, &s.crcs, m.Torrents.Masters.Name, files), nil
}

// releaseFor is a release that this visitor may have in full: a member any, everybody the open ones.
func (s *Site) releaseFor(q *request, id string) (*catalog.Manifest, error) {
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return nil, err
	}
	if !m.Open() {
		return m, s.admit(q, id)
	}
	return m, nil
}

// admit refuses a release to visitors. A member's downloads carry a token beside the cookie: a browser that keeps
// what it knows apart by the site in its address bar, as Tor Browser does, sends no cookie when it resumes one.
func (s *Site) admit(q *request, id string) error {
	token := q.form.Get("token")
	switch {
	case q.seat() != nil:
		return nil
	case token == "" || catalog.IsID(token):
		return membersOnly(id)
	}
	of, err := s.releaseOfToken(token)
	if err == nil && of != id {
		return membersOnly(id)
	}
	return err
}

// escapePath writes a file's path as the end of an address.
func escapePath(p string) string { return (&url.URL{Path: p}).EscapedPath() }
