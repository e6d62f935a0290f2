package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
	"p2p.legal/peerfy/store"
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

// openMembers opens the members' database in dir, or reaches the process that
// serves it.
func openMembers(dir string) (hostMembers, error) {
	m, err := store.OpenMembers(dir, store.Options{})
	if errors.Is(err, store.ErrLocked) {
		if r, dialErr := dialAdmin(adminSocket(dir)); dialErr == nil {
			return r, nil
		}
	}
	if err != nil {
		return nil, storeError(dir, err)
	}
	return m, nil
}

// hostKey reads the key of the members' database, and makes it when there is
// neither key nor database yet.
func hostKey(dir string) (key [32]byte, err error) {
	folder := filepath.Join(dir, "keys")
	text, err := os.ReadFile(filepath.Join(folder, membersKey))
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, membersFile)); err == nil {
			return key, missing("restore "+filepath.Join(folder, membersKey)+" from a backup",
				"the key of the members' database is gone: no account could be found with a new one")
		}
		rand.Read(key[:])
		return key, writeNew(filepath.Join(folder, membersKey), hex.EncodeToString(key[:])+"\n", 0o600)
	}
	if err != nil {
		return key, err
	}
	b, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(b) != len(key) {
		return key, refused("restore it from a backup", "%s is not a key of 64 hexadecimal digits", filepath.Join(folder, membersKey))
	}
	return [32]byte(b), nil
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

// soldAt reads where vouchers are sold; there may be nothing to say.
func soldAt(dir string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(dir, soldFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && len(lines) < 20 {
			lines = append(lines, line)
		}
	}
	return lines, err
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
