package store_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/storetest"
)

func TestObjects(t *testing.T) {
	c := storetest.New(t)
	content := bytes.Repeat([]byte("peerfy"), 10_000)
	h, err := metainfo.Hash(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	empty, err := metainfo.Hash(strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]io.Reader{
		"short": bytes.NewReader(content[1:]), "long": bytes.NewReader(append(content[:len(content):len(content)], 0)), "other": bytes.NewReader(bytes.ToUpper(content)),
		"broken off": io.MultiReader(bytes.NewReader(content[:100]), brokenReader{}),
	} {
		if err := c.DB.PutObject(wrong, h); err == nil {
			t.Errorf("%s: stored", name)
		}
		if left, err := os.ReadDir(filepath.Join(c.Dir, "objects", "tmp")); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
	}
	if _, _, err := c.DB.OpenObject(h.Root); !errors.Is(err, store.ErrUnknown) {
		t.Errorf("before it is stored: %v", err)
	}
	for range 2 {
		if err := c.DB.PutObject(bytes.NewReader(content), h); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.DB.PutObject(strings.NewReader(""), empty); err != nil {
		t.Error(err)
	}
	if n, err := c.DB.DropObjects([]catalog.Hash{empty.Root, {1}}); n != 1 || err != nil || c.DB.HasObject(empty.Root) {
		t.Errorf("dropping a file that nobody needs: %d, %v", n, err)
	}
	f, size, err := c.DB.OpenObject(h.Root)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	if err != nil || size != h.Size || !bytes.Equal(got, content) {
		t.Errorf("read %d bytes of %d, %v", len(got), size, err)
	}
	for path, want := range map[string]os.FileMode{"peerfy.db": 0o600, "objects": 0o700, "objects/tmp": 0o700} {
		if info, err := os.Stat(filepath.Join(c.Dir, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken off") }

func emptyHashes(t *testing.T) metainfo.Hashes {
	t.Helper()
	h, err := metainfo.Hash(strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
