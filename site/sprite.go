package site

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/media"
)

// A sprite holds the small covers of one page, so that they cost one request. Its address says by itself
// what is in it, and therefore answers after a restart or when the cache has dropped it:
//
//	a/s-HASHLIST.jpg
//
// HASH is 6 characters of the SHA-256 of the covers' pieces roots, which makes the address change with the
// content. LIST are the releases' indexes in the log, each as its difference from the one before: zigzag,
// then five bits to a character of base64url, the lowest first, the sixth bit saying that more follow.
// Neighbours in the log take one character. A withdrawn release leaves its cell grey.
const (
	maxCells     = 24
	spriteColumn = 6 // cells in a row: the stylesheet knows it
	hashLength   = 6
	sheetDigits  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// sheet collects the covers of one page.
type sheet struct {
	covers  []catalog.Hash // episodes with the same cover share its cell
	indexes []int64        // of the first release with that cover
}

// cell is the place of a card's cover in the sheet, -1 when it has none or the sheet is full.
func (sh *sheet) cell(c *store.Card) int {
	if sh == nil || c.Cover == (catalog.Hash{}) {
		return -1
	}
	if i := slices.Index(sh.covers, c.Cover); i >= 0 {
		return i
	}
	if len(sh.covers) == maxCells {
		return -1
	}
	if sh.covers == nil {
		sh.covers, sh.indexes = make([]catalog.Hash, 0, maxCells), make([]int64, 0, maxCells)
	}
	sh.covers, sh.indexes = append(sh.covers, c.Cover), append(sh.indexes, c.Index)
	return len(sh.covers) - 1
}

// path is the sprite's address below the root, "" when there is no cover.
func (sh *sheet) path() string {
	if len(sh.covers) == 0 {
		return ""
	}
	list := make([]byte, 0, 64)
	prev := int64(0)
	for _, index := range sh.indexes {
		list = appendDelta(list, index-prev)
		prev = index
	}
	return "a/s-" + coversHash(sh.covers) + string(list) + ".jpg"
}

func appendDelta(list []byte, delta int64) []byte {
	u := uint64(delta<<1) ^ uint64(delta>>63)
	for ; u >= 32; u >>= 5 {
		list = append(list, sheetDigits[u&31|32])
	}
	return append(list, sheetDigits[u])
}

// cutDelta reads what appendDelta wrote; at most 30 bits are of use.
func cutDelta(list string) (delta int64, rest string, ok bool) {
	u := uint64(0)
	for i := 0; i < len(list) && i < 6; i++ {
		d := strings.IndexByte(sheetDigits, list[i])
		if d < 0 {
			return 0, "", false
		}
		u |= uint64(d&31) << (5 * i)
		if d < 32 {
			return int64(u>>1) ^ -int64(u&1), list[i+1:], true
		}
	}
	return 0, "", false
}

func coversHash(covers []catalog.Hash) string {
	b := append(make([]byte, 0, 1<<10), "peerfy sprite 1"...)
	for _, c := range covers {
		b = append(b, c[:]...)
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])[:hashLength]
}

// parseSheet reads the list of an address's file name: indexes of entries in the log.
func parseSheet(name string) ([]int64, error) {
	name, isSheet := strings.CutPrefix(name, "s-")
	name, isJPEG := strings.CutSuffix(name, ".jpg")
	if !isSheet || !isJPEG || len(name) <= hashLength {
		return nil, notFound
	}
	list, prev := name[hashLength:], int64(0)
	var indexes []int64
	for list != "" {
		delta, rest, ok := cutDelta(list)
		prev += delta
		if !ok || prev < 0 || len(indexes) == maxCells {
			return nil, notFound
		}
		indexes, list = append(indexes, prev), rest
	}
	return indexes, nil
}

// serveAsset answers the stylesheet and the sprites.
func (s *Site) serveAsset(w http.ResponseWriter, q *request) error {
	name := q.param("name")
	switch "a/" + name {
	case s.cssName:
		s.css.send(w, q.Request)
		return nil
	case s.memberCSS:
		s.ownCSS.send(w, q.Request)
		return nil
	}
	indexes, err := parseSheet(name)
	if err != nil {
		return err
	}
	a, err := s.cache.get(q.state.epoch, "\x00"+name, func() (*answer, error) { return s.drawSheet(name, indexes) })
	if err != nil {
		return err
	}
	a.send(w, q.Request)
	return nil
}

func (s *Site) drawSheet(name string, indexes []int64) (*answer, error) {
	cards, covers := make([]store.Card, len(indexes)), make([]catalog.Hash, len(indexes))
	for i, index := range indexes {
		c, err := s.cardAt(index)
		if err != nil {
			return nil, err
		}
		cards[i], covers[i] = c, c.Cover
	}
	ours := strings.HasPrefix(name, "s-"+coversHash(covers))
	if !ours && !slices.ContainsFunc(cards, func(c store.Card) bool { return c.ID == "" }) {
		return nil, notFound // no page of ours names it: nobody makes us draw at will
	}
	s.sheets <- struct{}{}
	defer func() { <-s.sheets }()
	jpeg, err := media.Sprite(s.smallCovers(cards), spriteColumn)
	if err != nil {
		return nil, fmt.Errorf("drawing a sprite: %w", err)
	}
	a := newAnswer(http.StatusOK, "image/jpeg", jpeg)
	if ours {
		a.cacheControl = immutable
	}
	return a, nil
}

// cardAt is the card of the release at an index of the log; an empty one when it is withdrawn.
func (s *Site) cardAt(index int64) (store.Card, error) {
	raw, _, err := s.cfg.DB.Entry(index)
	if err != nil {
		return store.Card{}, err
	}
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		return store.Card{}, err
	}
	c, err := s.cfg.DB.Card(e.ID())
	if errors.Is(err, store.ErrWithdrawn) {
		return store.Card{}, nil
	}
	return c, err
}

// smallCovers reads the covers of the cards; one that is missing or not a picture stays grey.
func (s *Site) smallCovers(cards []store.Card) [][]byte {
	covers := make([][]byte, len(cards))
	for i, c := range cards {
		if c.Cover == (catalog.Hash{}) {
			continue
		}
		b, err := s.readObject(c.Cover, media.MaxSprite)
		if err == nil {
			_, err = media.ReadCover(b)
		}
		if err != nil {
			s.log.Warn("a small cover is unusable", "error", err)
			continue
		}
		covers[i] = b
	}
	return covers
}

// readObject reads a small object whole.
func (s *Site) readObject(root catalog.Hash, limit int64) ([]byte, error) {
	f, size, err := s.cfg.DB.OpenObject(root)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > limit {
		return nil, fmt.Errorf("object %s has %d bytes, more than %d", root, size, limit)
	}
	return io.ReadAll(f)
}
