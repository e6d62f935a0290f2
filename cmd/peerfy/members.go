package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
)

// membersKey names the accounts in the members' database: without it nobody can
// look for a code there. It belongs to the host and stays as long as accounts do.
const membersKey = "members"

// membersFile is the members' database in a co-operative's folder.
const membersFile = "members.db"

// soldFile tells visitors where vouchers are sold: one line each, in the
// co-operative's own words.
const soldFile = "vouchers.txt"

// hostMembers is what the treasurer's commands need of the members' database: it
// is open here, or in the process that serves.
type hostMembers interface {
	LoadBatch(b store.VoucherBatch) (loaded int, err error)
	VoidBatch(id string, hashes [][32]byte) (voided int, err error)
	Batches() ([]store.BatchState, error)
	Sales(p royalty.Period) (int, error)
	Close() error
}

// openMembers reaches the process that serves dir, or opens the members'
// database itself, making it when there is none.
func openMembers(dir string) (hostMembers, error) {
	if r, err := dialAdmin(adminSocket(dir)); err == nil {
		return r, nil
	}
	if !hasKey(filepath.Join(dir, "keys"), roleLog) {
		return nil, missing("peerfy init --dir "+dir+" --name NAME", "there is no co-operative in %s", dir)
	}
	if !hasMembers(dir) {
		if _, err := hostKey(dir); err != nil {
			return nil, err
		}
	}
	m, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		return nil, storeError(dir, err)
	}
	return m, nil
}

// hasMembers reports whether there is a members' database in dir.
func hasMembers(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, membersFile))
	return !errors.Is(err, os.ErrNotExist)
}

// hostKey reads the key of the members' database. Where there is none it makes
// the database, then the key, each whole or not at all. So a key without its
// database says that the database was lost, whatever interrupted the making; and
// a database without its key is given one as long as it never held any money.
func hostKey(dir string) (key [32]byte, err error) {
	folder := filepath.Join(dir, "keys")
	path := filepath.Join(folder, membersKey)
	if !hasKey(folder, membersKey) {
		if err := emptyMembers(dir); err != nil {
			return key, err
		}
		rand.Read(key[:])
		if err := makeWhole(path, func(temp string) error {
			return writeNew(filepath.Join(temp, membersKey), hex.EncodeToString(key[:])+"\n", 0o600)
		}); err != nil {
			return key, fmt.Errorf("making the key of the members' database: %w", err)
		}
	}
	if !hasMembers(dir) {
		return key, missing("restore it from a backup; if nobody ever joined, remove "+path,
			"%s is gone, and the accounts with it", filepath.Join(dir, membersFile))
	}
	return readHostKey(path)
}

func readHostKey(path string) (key [32]byte, err error) {
	text, err := readSmall(path, 1<<10)
	if err != nil {
		return key, err
	}
	b, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(b) != len(key) {
		return key, refused("restore it from a backup", "%s is not a key of 64 hexadecimal digits", path)
	}
	return [32]byte(b), nil
}

// emptyMembers makes the members' database, if there is none, and refuses one
// that has seen money: its accounts are named under a key that is gone.
func emptyMembers(dir string) error {
	path := filepath.Join(dir, membersFile)
	if !hasMembers(dir) {
		return makeWhole(path, func(temp string) error {
			m, err := store.OpenMembers(temp, store.Options{})
			if err != nil {
				return fmt.Errorf("making the members' database: %w", err)
			}
			return m.Close()
		})
	}
	used, err := hasMoney(dir)
	switch {
	case err != nil:
		return storeError(dir, err)
	case used:
		return missing("restore "+filepath.Join(dir, "keys", membersKey)+" from a backup",
			"the key of %s is gone: no account could be found with a new one", path)
	}
	return nil
}

// hasMoney reports whether an account of the members' database in dir was ever
// credited.
func hasMoney(dir string) (bool, error) {
	m, err := store.OpenMembers(dir, store.Options{ReadOnly: true})
	if err != nil {
		return false, err
	}
	totals, err := m.Totals()
	return len(totals.In) > 0, errors.Join(err, m.Close())
}

// makeWhole lets write make the file that path names, but in a folder of its own,
// and gives it its place when it is complete: an interruption leaves all of it or
// none. A file that is there already stays, whoever made it.
func makeWhole(path string, write func(temp string) error) error {
	temp, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := write(temp); err != nil {
		return err
	}
	err = os.Link(filepath.Join(temp, filepath.Base(path)), path)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// newFile is a file that must not exist yet.
type newFile struct {
	path, text string
	mode       fs.FileMode
}

// writeAll writes files that belong together, in one folder, durably: all of
// them, or, when one exists already or the disk refuses, none.
func writeAll(files []newFile) (err error) {
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			return refused("another name", "%s exists already and is left as it is", f.path)
		}
	}
	var made []string
	for _, f := range files {
		w, openErr := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if err = openErr; err != nil {
			break
		}
		made = append(made, f.path)
		_, err = w.WriteString(f.text)
		if err = errors.Join(err, w.Sync(), w.Close()); err != nil {
			break
		}
	}
	if err == nil {
		return syncFolder(filepath.Dir(files[0].path))
	}
	for _, path := range made {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// syncFolder brings the names in a folder to the disk.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// months reads the keys of open months, each once: they do not change while
// they are there.
type months struct {
	folder string

	mu   sync.Mutex
	held map[royalty.Period]*till.Keys
}

// keys are those of one month, or till.ErrNone.
func (m *months) keys(p royalty.Period) (*till.Keys, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.held[p]; k != nil {
		return k, nil
	}
	k, err := till.Load(m.folder, p)
	if err != nil {
		return nil, err
	}
	if m.held == nil {
		m.held = map[royalty.Period]*till.Keys{}
	}
	m.held[p] = k
	return k, nil
}

// Limits of soldFile.
const (
	maxSoldFile  = 16 << 10
	maxSoldLines = 20
	maxSoldLine  = 300
)

// soldAt reads where vouchers are sold; there may be nothing to say.
func soldAt(dir string) (lines []string, err error) {
	path := filepath.Join(dir, soldFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	b, err := readSmall(path, maxSoldFile)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := catalog.CheckText(line, maxSoldLine); err != nil {
			return nil, refused("one plain line for each place", "%s: the line %.40q %w", path, line, err)
		}
		lines = append(lines, line)
	}
	if len(lines) > maxSoldLines {
		return nil, refused("the shops and people that matter most", "%s has %d lines: at most %d are shown", path, len(lines), maxSoldLines)
	}
	return lines, nil
}

// handleMembers adds what the treasurer's commands ask of a serving process.
func handleMembers(handle func(string, func(*http.Request) (any, error)), m *store.Members) {
	handle("POST /vouchers/load", func(r *http.Request) (any, error) {
		var b store.VoucherBatch
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAppend)).Decode(&b); err != nil {
			return nil, err
		}
		return m.LoadBatch(b)
	})
	handle("POST /vouchers/void", func(r *http.Request) (any, error) {
		var b store.VoucherBatch
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAppend)).Decode(&b); err != nil {
			return nil, err
		}
		return m.VoidBatch(b.ID, b.Hashes)
	})
	handle("GET /vouchers", func(*http.Request) (any, error) { return m.Batches() })
	handle("GET /sales", func(r *http.Request) (any, error) { return m.Sales(royalty.Period(r.URL.Query().Get("q"))) })
}

func (r *remote) sendBatch(path string, b store.VoucherBatch) (n int, err error) {
	body, err := json.Marshal(b)
	if err != nil {
		return 0, err
	}
	err = r.call("POST", path, bytes.NewReader(body), &n)
	return n, err
}

func (r *remote) LoadBatch(b store.VoucherBatch) (int, error) {
	return r.sendBatch("/vouchers/load", b)
}

func (r *remote) VoidBatch(id string, hashes [][32]byte) (int, error) {
	return r.sendBatch("/vouchers/void", store.VoucherBatch{ID: id, Hashes: hashes})
}

func (r *remote) Batches() (all []store.BatchState, err error) {
	err = r.call("GET", "/vouchers", nil, &all)
	return all, err
}

func (r *remote) Sales(p royalty.Period) (n int, err error) {
	err = r.call("GET", "/sales?q="+url.QueryEscape(p.String()), nil, &n)
	return n, err
}
