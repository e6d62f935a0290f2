package till

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"p2p.legal/peerfy/royalty"
)

const fileEnd = ".key"

// Save writes the keys to the file PERIOD.key of folder, which it makes when it
// is not there; both are the owner's alone. When it returns nil the file is on
// the disk, complete. It never replaces a file: ErrExists says that keys of that
// month were saved before, and [Load] answers them. After any other error Save
// may be repeated, or Load asked what is there.
//
// The file is written under a name of its own first and linked to the right one
// when it is whole, so the file system must know hard links.
func (k *Keys) Save(folder string) error {
	path, err := keysPath(folder, k.Period)
	if err == nil {
		err = k.save(folder, path)
	}
	if err != nil {
		return fmt.Errorf("saving the keys of %.7s: %w", k.Period, err)
	}
	return nil
}

func (k *Keys) save(folder, path string) error {
	if err := makeFolder(folder); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(k.Format())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, shred(f.Name()))
	}
	err = os.Link(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		// These keys were never used: nothing is lost with them.
		return errors.Join(ErrExists, shred(f.Name()))
	}
	return errors.Join(err, os.Remove(f.Name()), syncFolder(folder))
}

// makeFolder makes the folder, and its name in the folder above, durable.
func makeFolder(folder string) error {
	err := os.Mkdir(folder, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return errors.Join(err, syncFolder(filepath.Dir(folder)))
}

// Load reads the keys of a month. ErrNone says that the folder has none. What it
// returns is on the disk, even if the Save that wrote it was cut short: no opening
// must name a key that the next power cut takes away.
func Load(folder string, p royalty.Period) (*Keys, error) {
	k, err := load(folder, p)
	if err != nil {
		return nil, fmt.Errorf("loading the keys of %.7s: %w", p, err)
	}
	return k, nil
}

func load(folder string, p royalty.Period) (*Keys, error) {
	path, err := keysPath(folder, p)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxKeys+1))
	if err := errors.Join(err, f.Sync(), f.Close(), syncFolder(folder)); err != nil {
		return nil, err
	}
	k, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if k.Period != p {
		return nil, fmt.Errorf("%w: the file is of %s", ErrMalformed, k.Period)
	}
	return k, nil
}

// Destroy makes a month's keys unreadable: their file, and any that a Save left
// half-way, is overwritten with random bytes, which are brought to the disk, then
// unlinked, and that too is brought to the disk. Where there is nothing it does
// nothing; after an error or a power cut it is simply called again.
//
// Overwriting reaches the blocks that the file system gives it. A flash disk
// writes elsewhere and keeps the old cells until it needs them; snapshots,
// copy-on-write and journalling file systems, backups and images of a virtual
// machine keep theirs for as long as they like. So this is only as good as the
// disk below: where that matters, the disk is encrypted, and backups hold the
// file sealed to somebody else.
func Destroy(folder string, p royalty.Period) error {
	if err := destroy(folder, p); err != nil {
		return fmt.Errorf("destroying the keys of %.7s: %w", p, err)
	}
	return nil
}

func destroy(folder string, p royalty.Period) error {
	path, err := keysPath(folder, p)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		ours, _ := filepath.Match(filepath.Base(path)+"*", e.Name())
		if ours {
			err = errors.Join(err, shred(filepath.Join(folder, e.Name())))
		}
	}
	return errors.Join(err, syncFolder(folder))
}

// shred overwrites a file in place and unlinks it.
func shred(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, rand.Reader, info.Size())
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Remove(path)
}

// keysPath refuses periods that are none: they would be names of other files.
func keysPath(folder string, p royalty.Period) (string, error) {
	valid, err := royalty.ParsePeriod(p.String())
	return filepath.Join(folder, valid.String()+fileEnd), err
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
