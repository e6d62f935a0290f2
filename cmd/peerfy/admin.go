package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
)

// adminSocket is where the serving process listens for the editor's commands.
// Only the owner of the folder can reach it.
func adminSocket(dir string) string { return filepath.Join(dir, "run", "admin.sock") }

// Most bytes of a request body: entries with a manifest, and an info dictionary.
const (
	maxAppend = 4 << 20
	maxInfo   = 8 << 20
)

// reply is a View's answer on its way through the socket.
type reply[T any] struct {
	Value T
	OK    bool
}

// adminHandler serves a database to other processes of the same owner.
func adminHandler(db *store.DB, members *store.Members) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			v, err := f(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusConflict)
				return
			}
			json.NewEncoder(w).Encode(v) // the other side sees a cut answer
		})
	}
	handle("GET /charter", func(*http.Request) (any, error) {
		b, err := ledger.MarshalCanonical(db.Charter())
		return json.RawMessage(b), err
	})
	handle("GET /artist", question(db, (*local).Artist))
	handle("GET /named", question(db, (*local).Named))
	handle("GET /release", question(db, (*local).Release))
	handle("GET /payees", question(db, func(l *local, _ string) (int, bool) { return l.Payees(), true }))
	handle("GET /staydown", question(db, func(l *local, q string) (string, bool) {
		root, err := catalog.ParseHash(q)
		l.keep(err)
		return l.StayDown(root)
	}))
	handle("GET /opening", question(db, (*local).Opening))
	handle("GET /monthkey", question(db, (*local).MonthKey))
	handle("GET /stands", question(db, (*local).Stands))
	handle("POST /append", func(r *http.Request) (any, error) {
		var items []store.Item
		if err := json.NewDecoder(io.LimitReader(r.Body, maxAppend)).Decode(&items); err != nil {
			return nil, err
		}
		return db.AppendAll(items, time.Now())
	})
	handle("POST /object", func(r *http.Request) (any, error) {
		want, err := parseHashes(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return true, db.PutObject(r.Body, want)
	})
	handle("POST /info", func(r *http.Request) (any, error) {
		b, err := io.ReadAll(io.LimitReader(r.Body, maxInfo))
		if err != nil {
			return nil, err
		}
		return true, db.PutInfo(b)
	})
	handleMembers(handle, members)
	handle("GET /notices", func(*http.Request) (any, error) { return db.Notices() })
	handle("POST /notices/drop", func(r *http.Request) (any, error) {
		return true, db.DropNotice(r.URL.Query().Get("receipt"))
	})
	handle("POST /statement", func(r *http.Request) (any, error) {
		q := r.URL.Query()
		return true, db.PutStatement(q.Get("release"), q.Get("text"), time.Now())
	})
	return mux
}

// question answers one of a View's questions about the parameter q.
func question[T any](db *store.DB, ask func(*local, string) (T, bool)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		l := &local{DB: db}
		v, ok := ask(l, r.URL.Query().Get("q"))
		return reply[T]{v, ok}, l.Err()
	}
}

func parseHashes(q url.Values) (h metainfo.Hashes, err error) {
	root, err1 := catalog.ParseHash(q.Get("root"))
	sum, err2 := catalog.ParseHash(q.Get("sha256"))
	size, err3 := strconv.ParseInt(q.Get("size"), 10, 64)
	return metainfo.Hashes{Root: root, SHA256: sum, Size: size}, errors.Join(err1, err2, err3)
}

// remote is a hostDB on the other side of an admin socket.
type remote struct {
	failed
	client  *http.Client
	charter *catalog.Charter
}

func dialAdmin(path string) (*remote, error) {
	r := &remote{client: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}}
	var body json.RawMessage
	if err := r.call("GET", "/charter", nil, &body); err != nil {
		return nil, err
	}
	var err error
	r.charter, err = catalog.ParseCharter(body)
	return r, err
}

// call asks the serving process and reads its answer into v.
func (r *remote) call(method, path string, body io.Reader, v any) error {
	req, err := http.NewRequest(method, "http://admin"+path, body)
	if err != nil {
		return err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the serving process: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAppend))
	if err != nil {
		return fmt.Errorf("asking the serving process: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(string(bytes.TrimSpace(b)))
	}
	return json.Unmarshal(b, v)
}

func askRemote[T any](r *remote, name, q string) (T, bool) {
	var a reply[T]
	r.keep(r.call("GET", "/"+name+"?q="+url.QueryEscape(q), nil, &a))
	return a.Value, a.OK
}

func (r *remote) Charter() *catalog.Charter { return r.charter }

func (r *remote) Artist(slug string) (catalog.ArtistRecord, bool) {
	return askRemote[catalog.ArtistRecord](r, "artist", slug)
}

func (r *remote) Named(name string) (string, bool) { return askRemote[string](r, "named", name) }

func (r *remote) Payees() int { n, _ := askRemote[int](r, "payees", ""); return n }

func (r *remote) Release(id string) (catalog.ReleaseRecord, bool) {
	return askRemote[catalog.ReleaseRecord](r, "release", id)
}

func (r *remote) StayDown(root catalog.Hash) (string, bool) {
	return askRemote[string](r, "staydown", root.String())
}

func (r *remote) Opening(period string) (catalog.OpeningRecord, bool) {
	return askRemote[catalog.OpeningRecord](r, "opening", period)
}

func (r *remote) MonthKey(key string) (string, bool) { return askRemote[string](r, "monthkey", key) }

func (r *remote) Stands(id string) (int64, bool) { return askRemote[int64](r, "stands", id) }

func (r *remote) AppendAll(items []store.Item, _ time.Time) (indexes []int64, err error) {
	b, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	err = r.call("POST", "/append", bytes.NewReader(b), &indexes)
	return indexes, err
}

func (r *remote) PutObject(body io.Reader, want metainfo.Hashes) error {
	return r.post("/object", url.Values{
		"root": {catalog.Hash(want.Root).String()}, "sha256": {catalog.Hash(want.SHA256).String()},
		"size": {strconv.FormatInt(want.Size, 10)},
	}, io.NopCloser(body))
}

func (r *remote) PutInfo(info []byte) error { return r.post("/info", nil, bytes.NewReader(info)) }

func (r *remote) PutStatement(release, text string, _ time.Time) error {
	return r.post("/statement", url.Values{"release": {release}, "text": {text}}, nil)
}

func (r *remote) Notices() (notices []store.Notice, err error) {
	err = r.call("GET", "/notices", nil, &notices)
	return notices, err
}

func (r *remote) DropNotice(receipt string) error {
	return r.post("/notices/drop", url.Values{"receipt": {receipt}}, nil)
}

func (r *remote) post(path string, q url.Values, body io.Reader) error {
	var ok bool
	return r.call("POST", path+"?"+q.Encode(), body, &ok)
}

func (r *remote) Close() error { r.client.CloseIdleConnections(); return nil }
