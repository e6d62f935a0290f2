// Package metainfo turns files into numbers that anybody can recompute: the BEP 52 pieces root and the
// SHA-256 of a file, and the torrent of a folder.
//
// It promises its callers three things. The same files under the same names give the same bytes, byte for
// byte, on every machine: paths are sorted, and no date, author, comment or tracker is written, so a mirror
// that rebuilds a torrent arrives at the infohash that was signed. What it reads back is what it would have
// written: [ParseTorrent] accepts canonical bencoding with our keys only and refuses everything else, so
// Torrent(m.Info, m.Webseeds) is always the input of the ParseTorrent that gave m. And no name leaves here
// that could step out of a folder, hide its ending, or not exist on a listener's file system.
//
// It is safe to feed with strangers' bytes. Size is checked before anything is read (1 MiB), every string
// has a limit, the reader follows our schema instead of the input's nesting (which therefore cannot be
// deeper than five levels), and nothing here opens a connection: web seeds are text. SHA-1 stands only in
// torrents, because stock clients (BEP 3) need it; a file's identity is its pieces root, and a fetched file
// is checked by that before it is kept.
//
// Torrents are version 1 with private=1 (BEP 27): stock clients then ask no DHT and no strangers, and every
// client in use can read them. See format.md beside this file.
package metainfo

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits on every torrent that is built or parsed.
const (
	MaxTorrent     = 1 << 20             // bytes of a whole .torrent
	MaxInfo        = MaxTorrent - 64<<10 // bytes of an info dictionary, leaving room for the web seeds
	MaxFiles       = 5000                // files in one torrent
	MaxLength      = 1 << 44             // bytes of all files together: 16 TiB
	MaxPieceLength = 16 << 20            // bytes
	MaxWebseeds    = 32                  // URLs in url-list
	MaxURL         = 1024                // bytes of one URL
	maxDepth       = 8                   // folders above a file, the torrent's own not counted
	audioPieces    = int64(256 << 10)    // piece length of music
	videoPieces    = int64(1 << 20)      // piece length of films
)

// ErrInvalid is wrapped by every refusal of a set of files or a torrent. The text after it says why.
var ErrInvalid = errors.New("invalid torrent")

// A File is one file to be listed in a torrent.
type File struct {
	Path []string // folders and file name below the torrent's own name; empty only in a torrent of one bare file
	Size int64    // bytes; Build fails if Open yields more or fewer
	Open func() (io.ReadCloser, error)
}

// PieceLength is the piece length, in bytes, of every torrent of ours: small enough for a player to seek over
// Tor, large enough that clients which ask a web seed piece by piece are not slow.
func PieceLength(video bool) int64 {
	if video {
		return videoPieces
	}
	return audioPieces
}

// InfoHash is the torrent's infohash: the SHA-1 of its info dictionary as bencoded (BEP 3).
func InfoHash(info []byte) [20]byte { return sha1.Sum(info) }

// Build reads every file once, in path order, and returns the canonical bencoded info dictionary. A single
// file with an empty Path makes a torrent of one bare file called name; otherwise name is the folder.
// The order of files does not matter. An error of Open or Read is returned wrapped; unusable names, sizes
// or piece lengths wrap [ErrInvalid].
func Build(name string, files []File, pieceLength int64) (info []byte, err error) {
	m, err := plan(name, files, pieceLength)
	if err != nil {
		return nil, err
	}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return slices.Compare(a.Path, b.Path) })
	p := &pieces{length: pieceLength, hash: sha1.New()}
	for _, f := range files {
		if err := copyFile(p, f); err != nil {
			return nil, fmt.Errorf("reading %s: %w", shown(strings.Join(f.Path, "/")), err)
		}
	}
	m.Pieces = p.finish()
	return m.encodeInfo(), nil
}

// plan checks everything that can be known before a file is read.
func plan(name string, files []File, pieceLength int64) (*Meta, error) {
	m := &Meta{Name: name, PieceLength: pieceLength}
	for _, f := range files {
		m.Files = append(m.Files, Entry{Path: f.Path, Size: f.Size})
	}
	slices.SortFunc(m.Files, func(a, b Entry) int { return slices.Compare(a.Path, b.Path) })
	if err := m.check(); err != nil {
		return nil, err
	}
	const perFile = 64 // bencoding around one file's path and length, at most
	size := m.pieceCount()*sha1.Size + int64(len(name)) + 200
	for _, f := range m.Files {
		size += perFile + int64(len(strings.Join(f.Path, "012345")))
	}
	if size > MaxInfo {
		return nil, fmt.Errorf("%w: %d files in %d pieces do not fit %d bytes; split the release or take longer pieces", ErrInvalid, len(files), m.pieceCount(), MaxInfo)
	}
	return m, nil
}

func copyFile(w io.Writer, f File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := io.Copy(w, io.LimitReader(r, f.Size+1))
	if err != nil {
		return err
	}
	if n != f.Size {
		return fmt.Errorf("%w: the file changed its size while it was read", ErrInvalid)
	}
	return nil
}

// Torrent returns a whole .torrent: the info dictionary and, where there are any, the web seeds (BEP 19) in
// the order given. A web seed of a folder must end in "/": clients append name and path. It trusts its
// arguments; [ParseTorrent] of the result says whether they were fit.
func Torrent(info []byte, webseeds []string) []byte {
	b := append([]byte("d4:info"), info...)
	if len(webseeds) > 0 {
		b = appendString(b, "url-list")
		b = append(b, 'l')
		for _, u := range webseeds {
			b = appendString(b, u)
		}
		b = append(b, 'e')
	}
	return append(b, 'e')
}
