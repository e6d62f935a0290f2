package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"p2p.legal/peerfy/onion"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
)

// A member's machine trusts no page of a site: it follows the log itself, from
// the first entry on, with the log's key that was told elsewhere, and judges it
// as the host does.
//
// Limit: whoever holds the log's key can show one member another log than the
// rest, and in it a pass key by which to know that member's pass again. Nothing
// here can see that: comparing logs can, as mirrors do and members may.

// logSource is where a log is read, and the key that signs it.
type logSource struct {
	base string // "http://ADDRESS.onion"
	vkey string
	http *http.Client
	ctx  context.Context
}

// parseSource reads "ADDRESS.onion#VKEY".
func parseSource(ctx context.Context, s, socks string) (*logSource, error) {
	address, vkey, ok := strings.Cut(s, "#")
	address = strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/")
	if !ok || !strings.HasSuffix(address, ".onion") {
		return nil, usage("--site %q is not ADDRESS.onion#VKEY: the key of the log stands on the co-operative's printed card, and on its page of the log", s)
	}
	return &logSource{base: "http://" + address, vkey: vkey, ctx: ctx, http: &http.Client{
		Timeout:       2 * time.Minute,
		Transport:     &http.Transport{DialContext: onion.NewDialer(socks, "log").DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// ReadTile implements ledger.TileReader.
func (l *logSource) ReadTile(path string) ([]byte, error) {
	return l.get("/ledger/"+path, ledger.MaxBundle)
}

func (l *logSource) get(path string, max int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(l.ctx, "GET", l.base+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("reading the log: %s answers %s", path, resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, max+1))
	if int64(len(b)) > max {
		return nil, fmt.Errorf("reading the log: %s has more than %d bytes", path, max)
	}
	return b, err
}

// state follows the log to its end and returns what it amounts to.
func (l *logSource) state(progress func(string, int64, int64)) (*catalog.State, error) {
	v, err := ledger.NewVerifier(l.vkey)
	if err != nil {
		return nil, usage("the key of the log: %w", err)
	}
	checkpoint, err := l.get("/ledger/checkpoint", 64<<10)
	if err != nil {
		return nil, missing("tor running, and --socks with its SOCKS port", "%w", err)
	}
	origin, _, _ := strings.Cut(string(checkpoint), "\n")
	s := new(catalog.State)
	f := ledger.Follower{Source: l.base, Origin: origin, Verifier: v, Tiles: l}
	_, err = f.Follow(nil, checkpoint, func(index int64, raw []byte) error {
		progress("reading the log", index+1, 0)
		if e, err := ledger.ParseEntry(raw); err == nil {
			_ = s.Judge(index, e) // a void entry has no effect, and stops nothing
		}
		return nil
	})
	var cheat *ledger.SecurityError
	switch {
	case errors.As(err, &cheat):
		return nil, refused("tell the co-operative, by another way than its site", "the log of %s: %w", l.base, err)
	case err != nil:
		return nil, missing("the same again: what cannot be had now may be had later", "the log of %s: %w", l.base, err)
	}
	if c := s.Charter(); c == nil || c.Origin != origin || c.Keys.Log != l.vkey {
		return nil, refused("", "the log of %s has no charter that names its key", l.base)
	}
	return s, nil
}
