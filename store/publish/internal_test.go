package publish

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"p2p.legal/peerfy/store/metainfo"
)

// Where the file system knows no links, files are copied, and never over
// another.
func TestCopyFile(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	if err := os.WriteFile(from, []byte("sound"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(from, to); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(to); err != nil || !bytes.Equal(b, []byte("sound")) {
		t.Errorf("%q, %v", b, err)
	}
	if err := copyFile(from, to); !os.IsExist(err) {
		t.Errorf("over another file: %v", err)
	}
}

// Whatever a work is called, its files can be stored everywhere.
func FuzzPart(f *testing.F) {
	f.Add("AC/DC: Live\u202e", 75)
	f.Add(strings.Repeat("e\u0301", 200)+". ", 150)
	f.Add("..", 4)
	f.Add("CON", 20)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 8 || limit > titleName {
			return
		}
		p := part(s, limit)
		if err := metainfo.CheckName(p); err != nil || len(p) > limit+1 || !norm.NFC.IsNormalString(p) {
			t.Fatalf("part(%q) = %q (%d bytes): %v", s, p, len(p), err)
		}
	})
}
