package site

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
)

// Two torrents for each release: the masters, and what is made for streaming, called "opus" in addresses.
type torrent struct {
	catalog.Torrent
	suffix string // of its address: "/r/ID" + suffix + ".torrent"
	files  []catalog.File
}

func mastersOf(m *catalog.Manifest) torrent {
	return torrent{m.Torrents.Masters, "", m.MasterFiles()}
}

func renditionsOf(m *catalog.Manifest) torrent {
	return torrent{m.Torrents.Renditions, ".opus", m.RenditionFiles()}
}

func (t torrent) length() (n int64) {
	for _, f := range t.files {
		n += f.Size
	}
	return n
}

// seeds are the web seeds of a release. Clients append the torrent's name and the file's path.
func (s *Site) seeds(token string) []string { return []string{s.origin + "/seed/" + token + "/"} }

// tokenFor is what opens a release's web seed to a client without cookies: the id of an open work; for a
// member a token until the end of the month, which names no pass and of which nothing is stored.
func (s *Site) tokenFor(q *request, id string, m *catalog.Manifest) (string, error) {
	if m.Open() {
		return id, nil
	}
	keys, err := s.keys(s.period())
	if err != nil {
		return "", err
	}
	return till.NewToken(keys.Token, id, lastDay(s.period())), nil
}

func (s *Site) magnet(id, token string, t torrent) string {
	m := metainfo.Magnet{
		Name: t.Name, Length: t.length(), Webseeds: s.seeds(token),
		Source: s.origin + "/r/" + id + t.suffix + ".torrent",
	}
	hex.Decode(m.InfoHash[:], []byte(t.InfoHash)) // checked when the manifest was appended
	return m.String()
}

// serveTorrent answers /r/ID.torrent and /r/ID.opus.torrent.
func (s *Site) serveTorrent(of func(*catalog.Manifest) torrent) func(http.ResponseWriter, *request) error {
	return func(w http.ResponseWriter, q *request) error {
		id := q.param("id")
		m, err := s.releaseFor(q, id)
		if err != nil {
			return err
		}
		t := of(m)
		token, err := s.handOut(q, id, m)
		if err != nil {
			return err
		}
		a, err := s.finishedFor(q, m, func() (*answer, error) {
			info, err := s.cfg.DB.Info(t.InfoHash)
			if errors.Is(err, store.ErrUnknown) {
				return nil, notHeld
			}
			if err != nil {
				return nil, err
			}
			return newAnswer(http.StatusOK, "application/x-bittorrent", metainfo.Torrent(info, s.seeds(token))), nil
		})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Disposition", attachment(t.Name+".torrent"))
		a.send(w, q.Request)
		return nil
	}
}

// handOut makes the token of a torrent, a magnet or a playlist for whoever asks, and counts the download of a
// member: what a client then fetches with it is nobody's.
func (s *Site) handOut(q *request, id string, m *catalog.Manifest) (token string, err error) {
	if st := q.seat(); st != nil && q.Method == http.MethodGet {
		s.countDownload(st, id)
	}
	return s.tokenFor(q, id, m)
}

// finishedFor is finished for what holds a token: only that of an open work is the same for everybody.
func (s *Site) finishedFor(q *request, m *catalog.Manifest, make func() (*answer, error)) (*answer, error) {
	if m.Open() {
		return s.finished(q, make)
	}
	a, err := make()
	if err == nil {
		a.cacheControl = noStore
	}
	return a, err
}

// serveMagnet answers /r/ID.magnet: one line of text.
func (s *Site) serveMagnet(of func(*catalog.Manifest) torrent) func(http.ResponseWriter, *request) error {
	return func(w http.ResponseWriter, q *request) error {
		id := q.param("id")
		m, err := s.releaseFor(q, id)
		if err != nil {
			return err
		}
		token, err := s.handOut(q, id, m)
		if err != nil {
			return err
		}
		a, err := s.finishedFor(q, m, func() (*answer, error) {
			return newAnswer(http.StatusOK, textType, []byte(s.magnet(id, token, of(m))+"\n")), nil
		})
		if err != nil {
			return err
		}
		a.send(w, q.Request)
		return nil
	}
}

const textType = "text/plain; charset=utf-8"

// sendText answers with a small text made from the catalogue; save is the name to store it under.
func (s *Site) sendText(w http.ResponseWriter, q *request, contentType, text, save string) error {
	a, err := s.finished(q, func() (*answer, error) { return newAnswer(http.StatusOK, contentType, []byte(text)), nil })
	if err != nil {
		return err
	}
	if save != "" {
		w.Header().Set("Content-Disposition", attachment(save))
	}
	a.send(w, q.Request)
	return nil
}

// serveSums answers /r/ID.sha256: what `sha256sum -c` reads inside the release's folder.
func (s *Site) serveSums(w http.ResponseWriter, q *request) error {
	m, err := s.cfg.DB.Manifest(q.param("id"))
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range m.MasterFiles() {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Path)
	}
	return s.sendText(w, q, textType, b.String(), m.Torrents.Masters.Name+".sha256")
}

// serveManifest answers /r/ID.json: the bytes that the log names by their SHA-256.
func (s *Site) serveManifest(w http.ResponseWriter, q *request) error {
	a, err := s.finished(q, func() (*answer, error) {
		b, err := s.cfg.DB.ManifestBytes(q.param("id"))
		if err != nil {
			return nil, err
		}
		return newAnswer(http.StatusOK, "application/json", b), nil
	})
	if err != nil {
		return err
	}
	a.send(w, q.Request)
	return nil
}

// servePlaylist answers /r/ID.m3u8: open tracks in full, the others as excerpts, for players outside the
// browser; to a member all of them in full, by a token, which counts as a download. Its addresses are whole,
// because such a file is opened from a disk.
func (s *Site) servePlaylist(w http.ResponseWriter, q *request) error {
	id := q.param("id")
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return err
	}
	token := ""
	if q.seat() != nil && !m.Open() {
		if token, err = s.handOut(q, id, m); err != nil {
			return err
		}
	}
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXTENC:UTF-8\n#PLAYLIST:" + oneLine(m.Artist+" - "+m.Title) + "\n")
	for i, t := range m.Tracks {
		path, seconds := s.playable(id, token, m, i)
		if path == "" {
			continue
		}
		b.WriteString("#EXTINF:" + strconv.FormatInt(seconds, 10) + "," + oneLine(m.Artist+" - "+t.Title) + "\n")
		b.WriteString(s.origin + "/" + path + "\n")
	}
	save := m.Artist + " - " + m.Title + ".m3u8"
	if token != "" {
		return sendOwn(w, q, "application/vnd.apple.mpegurl", save, b.String())
	}
	return s.sendText(w, q, "application/vnd.apple.mpegurl", b.String(), save)
}

// playable is where a track can be heard, by everybody or with a token, and for how many seconds; "" when
// nowhere.
func (s *Site) playable(id, token string, m *catalog.Manifest, i int) (path string, seconds int64) {
	t := &m.Tracks[i]
	seconds = (t.Duration + 999) / 1000
	switch _, plays := choose(t.Renditions, ""); {
	case token != "" && plays:
		return "t/" + catalog.TrackID(id, i) + ".webm?token=" + token, seconds
	case t.Open && plays:
		return "t/" + catalog.TrackID(id, i) + ".webm", seconds
	case t.Excerpt != nil:
		return "e/" + catalog.TrackID(id, i) + ".webm", min(seconds, 60)
	}
	return "", 0
}

// oneLine keeps a name from beginning a new line of a playlist. (The catalogue refuses such names already.)
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
