package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"p2p.legal/peerfy/royalty"
)

// traces are secrets that no file may hold, in the forms in which one might be written.
type traces struct {
	mu     sync.Mutex
	needle map[[8]byte][]trace // by its first bytes
}

type trace struct {
	what  string
	bytes []byte
}

// add adds a secret as it is, as hexadecimal, and as base64 wherever it may lie in what is encoded.
func (s *traces) add(what string, secret []byte) {
	if len(secret) < 12 {
		panic("a secret too short to look for: " + what)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.needle == nil {
		s.needle = map[[8]byte][]trace{}
	}
	put := func(form string, b []byte) {
		k := [8]byte(b)
		s.needle[k] = append(s.needle[k], trace{what + form, bytes.Clone(b)})
	}
	put("", secret)
	put(" in hex", hex.AppendEncode(nil, secret))
	put(" in HEX", bytes.ToUpper(hex.AppendEncode(nil, secret)))
	for shift := range 3 {
		padded := append(make([]byte, shift), secret...)
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			whole := enc.AppendEncode(nil, padded)
			from, to := (shift*8+5)/6, len(padded)*8/6 // of the secret's bytes alone
			put(fmt.Sprintf(" in %s+%d", name, shift), whole[from:to])
		}
	}
}

// text adds a secret that is printed, in the spellings that a program makes of it.
func (s *traces) text(what, secret string) {
	if secret == "" {
		panic("no " + what)
	}
	for _, spelled := range slices.Compact([]string{secret, strings.ToLower(secret), strings.ReplaceAll(secret, "-", ""), strings.ReplaceAll(strings.ToLower(secret), "-", ""), url.QueryEscape(secret)}) {
		s.add(what, []byte(spelled))
	}
}

// in lists what is found in b.
func (s *traces) in(b []byte) (found []string) {
	for i := 0; i+8 <= len(b); i++ {
		for _, t := range s.needle[[8]byte(b[i:])] {
			if bytes.HasPrefix(b[i:], t.bytes) {
				found = append(found, fmt.Sprintf("%s at %d", t.what, i))
			}
		}
	}
	return found
}

// packed lists what is found in b when any stretch of it is inflated: DEFLATE stands in zlib, gzip and zip alike.
func (s *traces) packed(b []byte) (found []string) {
	in := bytes.NewReader(nil)
	r := flate.NewReader(in)
	for i := range b {
		if b[i]&6 == 6 || b[i] == 0 { // no such block
			continue
		}
		in.Reset(b[i:])
		if err := r.(flate.Resetter).Reset(in, nil); err != nil {
			panic(err)
		}
		out, _ := io.ReadAll(io.LimitReader(r, 1<<20)) // up to where it is broken
		if len(out) >= 12 {
			for _, f := range s.in(out) {
				found = append(found, fmt.Sprintf("deflated at %d: %s", i, f))
			}
		}
	}
	return found
}

// files looks through a folder. Objects are what the site serves to everybody who may have them, and large: they are not
// inflated.
func (s *traces) files(t testing.TB, folder string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		all := append(s.in([]byte(name)), s.in(b)...)
		if !strings.HasPrefix(name, "objects") && !strings.HasPrefix(name, "search") {
			all = append(all, s.packed(b)...)
		}
		for _, f := range all {
			found = append(found, name+": "+f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestSearchFinds plants one secret in every form and finds it each time: without that, finding nothing means nothing.
func TestSearchFinds(t *testing.T) {
	code, err := royalty.NewCode()
	if err != nil {
		t.Fatal(err)
	}
	var s traces
	s.text("account", code.String())
	s.add("token", []byte{0xfb, 0xff, 0xfe, 0x3f, 0xbf, 1, 2, 3, 4, 5, 6, 7, 8})
	line := "level=DEBUG msg=request account=" + code.String() + " status=200\n"
	zipped := func(level int, head string) string {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, level)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, strings.Repeat("something before ", 20)+line)
		w.Close()
		return head + b.String()
	}
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	io.WriteString(w, line)
	w.Close()
	token := "\xfb\xff\xfe\x3f\xbf\x01\x02\x03\x04\x05\x06\x07\x08"
	for name, content := range map[string]string{
		"clear": line, "lower": strings.ToLower(line), "plain": strings.ReplaceAll(line, "-", ""),
		"hex": hex.EncodeToString([]byte(line)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(line))),
		"base64 0": base64.StdEncoding.EncodeToString([]byte(line)), "base64 1": base64.StdEncoding.EncodeToString([]byte("x" + line)),
		"base64 2": base64.URLEncoding.EncodeToString([]byte("xy" + line)), "deflate": zipped(6, ""), "deflate odd": zipped(9, "abc"),
		"fixed": zipped(1, "\x78\x9c"), "gzip": "header" + gz.String(), "bytes": "abc" + token, "url": base64.RawURLEncoding.EncodeToString([]byte("q" + token)),
		"std": base64.RawStdEncoding.EncodeToString([]byte("qq" + token)),
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "log"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if len(s.files(t, folder)) == 0 {
			t.Errorf("%s: nothing is found", name)
		}
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, code.String()), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if len(s.files(t, folder)) == 0 {
		t.Error("a file's name: nothing is found")
	}
}
