package site

import (
	"io"
	"net/http"

	"p2p.legal/peerfy/store/catalog"
)

// Held is what the cache keeps, for tests of its bound.
func (s *Site) Held() (bytes int64, answers int) { return s.cache.held() }

// CacheLimit makes the cache smaller, for a test that fills it.
func (s *Site) CacheLimit(bytes int64) { s.cache = newCache(bytes) }

// ParseSheet is for fuzzing.
func ParseSheet(name string) ([]int64, error) { return parseSheet(name) }

// Attachment is for fuzzing.
func Attachment(name string) string { return attachment(name) }

// AcceptsGzip is for a table test.
func AcceptsGzip(header string) bool { return acceptsGzip(header) }

// NewWriter is what handlers write to.
func NewWriter(w http.ResponseWriter) http.ResponseWriter { return &writer{ResponseWriter: w} }

// NewArchive is the zip of files whose checksums are known beforehand, and its length.
func NewArchive(folder string, files []catalog.File, sums map[catalog.Hash]uint32) (io.ReadSeekCloser, int64) {
	a := newArchive(nil, &crcs{sums: sums}, folder, files)
	return a, a.size
}
