package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"p2p.legal/peerfy/store/ledger"
)

// An independent implementation of the same specifications reads our log, and we
// read what it writes.

// entryLog returns a log of real entries.
func entryLog(t testing.TB, size int) *ledger.Memory {
	t.Helper()
	m := ledger.NewMemory(origin, nil)
	for i := range size {
		if _, err := m.Append(entry(t, i)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// serve serves a log over HTTP as a site does and returns the prefix.
func serve(t *testing.T, m *ledger.Memory, checkpoint []byte) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ledger/checkpoint", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(checkpoint)
	})
	mux.HandleFunc("GET /ledger/tile/", func(w http.ResponseWriter, r *http.Request) {
		b, err := m.ReadTile(strings.TrimPrefix(r.URL.Path, "/ledger/"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		_, _ = w.Write(b)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/ledger"
}

func onePolicy(t testing.TB) string {
	_, vkey := cosigner(t, "witness.example/X1", 20)
	return fmt.Sprintf("log %s\nwitness X1 %s\ngroup some 1 X1\nquorum some\n", logKey(t).vkey, vkey)
}

func TestTorchwoodReadsTheLog(t *testing.T) {
	m := entryLog(t, 300)
	prefix := serve(t, m, seenBy(t, m, "X1"))
	policy, err := torchwood.ParsePolicy(parsePolicy(t, onePolicy(t)).Format())
	if err != nil {
		t.Fatal(err)
	}
	fetcher, err := torchwood.NewTileFetcher(prefix)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := fetcher.ReadEndpoint(t.Context(), "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := torchwood.VerifyCheckpoint(msg, policy)
	if err != nil || c.N != 300 || c.Origin != origin {
		t.Fatalf("%+v, %v", c, err)
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		t.Fatal(err)
	}
	count := int64(0)
	for i, raw := range client.AllEntries(t.Context(), c.Tree, 0) {
		if want, err := m.Entry(i); err != nil || !bytes.Equal(raw, want) || i != count {
			t.Fatalf("entry %d: %q, %v", i, raw, err)
		}
		count++
	}
	if client.Err() != nil || count != 300 {
		t.Fatalf("%d entries, %v", count, client.Err())
	}
	raw, path, err := client.Entry(t.Context(), c.Tree, 271)
	if err != nil {
		t.Fatal(err)
	}
	theirs := torchwood.FormatProof(271, path, msg)
	ours, err := ledger.ProveEntry(300, 271, m, msg)
	if err != nil || !bytes.Equal(theirs, ours.Format()) {
		t.Fatalf("proofs differ:\n%s\n%s\n%v", theirs, ours.Format(), err)
	}
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(raw), ours.Format()); err != nil {
		t.Error(err)
	}
}

// httpTiles is a TileReader over HTTP.
type httpTiles struct {
	client *http.Client
	prefix string
}

func (h httpTiles) ReadTile(path string) ([]byte, error) {
	resp, err := h.client.Get(h.prefix + "/" + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, ledger.MaxBundle+1))
}

func TestFollowOverHTTP(t *testing.T) {
	m := entryLog(t, 300)
	msg := signed(t, m)
	got, _, err := collect(follower(t, httpTiles{http.DefaultClient, serve(t, m, msg)}), nil, msg, 0)
	if err != nil || len(got) != 300 {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	if voids, err := ledger.Replay(0, got, &counter{t: t, last: -1}); err != nil || len(voids) != 0 {
		t.Errorf("%v, %v", voids, err)
	}
}

func TestTorchwoodProofs(t *testing.T) {
	m := entryLog(t, 20)
	msg := seenBy(t, m, "X1")
	raw, err := m.Entry(13)
	if err != nil {
		t.Fatal(err)
	}
	path, err := tlog.ProveRecord(20, 13, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{
		torchwood.FormatProof(13, path, msg),
		torchwood.FormatProofWithExtraData(13, []byte("extra"), path, msg),
		torchwood.FormatProofWithExtraData(13, []byte{}, path, msg),
	} {
		p, err := ledger.ParseProof(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(raw, parsePolicy(t, onePolicy(t))); err != nil {
			t.Error(err)
		}
		if extra, err := torchwood.ProofExtraData(b); err == nil && !bytes.Equal(extra, p.Extra) || err != nil && p.Extra != nil {
			t.Errorf("extra %q, %q, %v", extra, p.Extra, err)
		}
	}
}

func TestTorchwoodCosignatures(t *testing.T) {
	m := testLog(t, 5)
	ours := seenBy(t, m, "X1")
	_, vkey := cosigner(t, "witness.example/X1", 20)
	v, err := torchwood.NewCosignatureVerifier(vkey)
	if err != nil || v.String() != vkey {
		t.Fatalf("%v, %v", v, err)
	}
	n, err := note.Open(ours, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	if at, err := torchwood.CosignatureTimestamp(n.Sigs[0]); err != nil || at != noon.Unix() {
		t.Errorf("%d, %v", at, err)
	}

	s, err := torchwood.NewCosignatureSigner("witness.example/X1", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{20}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	_, n, err = ledger.OpenCheckpoint(signed(t, m), origin, logKey(t).verifier)
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().Truncate(time.Second)
	theirs, err := note.Sign(n, s)
	if err != nil {
		t.Fatal(err)
	}
	_, seen, err := parsePolicy(t, onePolicy(t)).Check(theirs)
	if err != nil || len(seen.Witnesses) != 1 {
		t.Fatalf("%+v, %v", seen, err)
	}
	if at := seen.Witnesses[0].Time; at.Before(before) || at.After(time.Now()) {
		t.Errorf("cosigned at %v", at)
	}
}

// Both say the same of the same policy and the same cosignatures.
func TestTorchwoodPolicies(t *testing.T) {
	m := testLog(t, 5)
	text := policyText(t)
	theirs, err := torchwood.ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	again, err := torchwood.ParsePolicy(parsePolicy(t, text).Format())
	if err != nil {
		t.Fatal(err)
	}
	for set := range 1 << 6 {
		var names []string
		for i, name := range []string{"X1", "X2", "X3", "Y1", "Y2", "Y3"} {
			if set>>i&1 == 1 {
				names = append(names, name)
			}
		}
		msg := seenBy(t, m, names...)
		_, _, ours := parsePolicy(t, text).Check(msg)
		for _, p := range []torchwood.Policy{theirs, again} {
			if _, _, err := torchwood.VerifyCheckpoint(msg, p); (err == nil) != (ours == nil) {
				t.Errorf("%v: ours %v, theirs %v", names, ours, err)
			}
		}
	}
}

func TestTorchwoodTiles(t *testing.T) {
	for _, tile := range tlog.NewTiles(8, 0, 70000) {
		path := ledger.TilePath(tile)
		if path != torchwood.TilePath(tile) {
			t.Errorf("%s, theirs %s", path, torchwood.TilePath(tile))
		}
		if got, err := torchwood.ParseTilePath(path); err != nil || got != tile {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	entries := [][]byte{[]byte("one"), {}, bytes.Repeat([]byte("x"), ledger.MaxEntry)}
	ours, err := ledger.EntryBundle(entries)
	if err != nil {
		t.Fatal(err)
	}
	var theirs []byte
	for _, e := range entries {
		if theirs, err = torchwood.AppendTileEntry(theirs, e); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(ours, theirs) {
		t.Error("bundles differ")
	}
	c, err := torchwood.ParseCheckpoint(specCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := ledger.ParseCheckpoint(c.String()); err != nil || ours.Size != c.N || ours.Root != c.Hash || ours.Origin != c.Origin {
		t.Errorf("%+v, %v", ours, err)
	}
}
