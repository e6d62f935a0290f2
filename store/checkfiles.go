package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/metainfo"
)

// checkManifests finds manifests that are missing, and those of works that are
// withdrawn. What stays in c.visible is visible.
func (c *checker) checkManifests() error {
	kept := c.visible[:0]
	for _, v := range c.visible {
		r, _ := c.state.Release(v.id)
		has := c.tx.Bucket(bucketManifests).Get([]byte(v.id)) != nil
		switch {
		case r.Withdrawn != "" && has:
			c.add("release "+v.id, "it is withdrawn and its manifest is still here")
		case r.Withdrawn == "" && c.absent[v.id]:
			c.add("release "+v.id, "its manifest is missing or not the one that the log names")
		case r.Withdrawn == "":
			kept = append(kept, v)
		}
	}
	c.visible = kept
	return c.tx.Bucket(bucketManifests).ForEach(func(k, _ []byte) error {
		if _, ok := c.state.Release(string(k)); !ok {
			c.add("release "+clip(string(k)), "there is a manifest of it and no entry in the log")
		}
		return nil
	})
}

// checkInfos reads the torrents.
func (c *checker) checkInfos() error {
	b := c.tx.Bucket(bucketInfos)
	for _, v := range c.visible {
		for _, t := range v.torrents {
			if b.Get([]byte(t)) == nil {
				c.add("release "+v.id, "its torrent %s is missing", t)
			}
		}
	}
	return b.ForEach(func(k, info []byte) error {
		m, err := metainfo.ParseInfo(info)
		if err != nil {
			c.add("torrent "+clip(string(k)), "%v", err)
		} else if fmt.Sprintf("%x", m.InfoHash()) != string(k) {
			c.add("torrent "+clip(string(k)), "its infohash is another")
		}
		return nil
	})
}

// checkObjects hashes every file of every visible work, and then looks for
// files that belong to none.
func (c *checker) checkObjects() error {
	seen := map[catalog.Hash]bool{}
	for i, v := range c.visible {
		m := new(catalog.Manifest)
		if err := json.Unmarshal(c.tx.Bucket(bucketManifests).Get([]byte(v.id)), m); err != nil {
			return damaged("the manifest of %s: %v", v.id, err)
		}
		for _, f := range m.Files() {
			if seen[f.Root] {
				continue
			}
			seen[f.Root] = true
			if err := c.checkObject(v.id, f); err != nil {
				return err
			}
		}
		c.progress("files", int64(i+1), int64(len(c.visible)))
	}
	return c.checkStrangers(seen)
}

func (c *checker) checkObject(id string, f catalog.File) error {
	o, size, err := c.db.OpenObject(f.Root)
	if errors.Is(err, ErrUnknown) {
		c.add("release "+id, "the file %q (%s) is missing", clip(f.Path), f.Root)
		return nil
	}
	if err != nil {
		c.add("release "+id, "the file %q cannot be opened: %v", clip(f.Path), err)
		return nil
	}
	defer o.Close()
	if size != f.Size {
		c.add("release "+id, "the file %q (%s) has %d bytes instead of %d", clip(f.Path), f.Root, size, f.Size)
		return nil
	}
	h := metainfo.NewHasher()
	if _, err := io.Copy(h, contextReader{c, o}); err != nil {
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		c.add("release "+id, "the file %q (%s) cannot be read: %v", clip(f.Path), f.Root, err)
		return nil
	}
	if got := h.Sum(); got.Root != f.Root || got.SHA256 != f.SHA256 {
		c.add("release "+id, "the file %q (%s) holds other bytes", clip(f.Path), f.Root)
	}
	return nil
}

// contextReader ends a long read when the check is called off.
type contextReader struct {
	c *checker
	r io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.c.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// checkStrangers names files that no visible work needs. The folder may be a
// link to another disk.
func (c *checker) checkStrangers(seen map[catalog.Hash]bool) error {
	root, err := filepath.EvalSymlinks(filepath.Join(c.db.dir, objectsName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return c.ctx.Err()
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		place := filepath.Join(objectsName, rel)
		h, err := catalog.ParseHash(e.Name())
		if err != nil || !seen[h] || filepath.Join(c.db.dir, place) != c.db.objectPath(h) {
			c.problems = append(c.problems, Problem{Where: place, What: "no visible work needs this file", Leftover: true})
		}
		return nil
	})
}
