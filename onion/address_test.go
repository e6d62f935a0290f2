package onion_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"p2p.legal/peerfy/onion"
)

// known are addresses of the public network that everybody can look up: an
// encoding that is not ours.
var known = []string{
	"2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion", // the Tor Project
	"duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion", // DuckDuckGo
}

func TestAddress(t *testing.T) {
	for _, addr := range known {
		pub, err := onion.ParseAddress(addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		if got := onion.Address(pub); got != addr {
			t.Errorf("got %s, want %s", got, addr)
		}
	}
	good := known[0]
	for _, bad := range []string{"", ".onion", strings.ToUpper(good), good + ".", "www." + good, good + ":80", "a" + good[1:], strings.TrimSuffix(good, ".onion"),
		"\n" + good[1:], strings.Repeat("\n", 56) + ".onion", "example.com", "expyuzz4wqqyqhjn.onion"} {
		if _, err := onion.ParseAddress(bad); !errors.Is(err, onion.ErrNotOnion) {
			t.Errorf("%q: %v, want ErrNotOnion", bad, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, addr := range known {
		f.Add(addr)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if pub, err := onion.ParseAddress(s); err == nil && onion.Address(pub) != s {
			t.Errorf("%q was accepted, but is written %q", s, onion.Address(pub))
		}
	})
}

// exampleKey is the worked example of FormatKey's documentation.
const exampleKey = `peerfy/onion-key/v1 aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead.onion
AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
`

func TestKeyExample(t *testing.T) {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	key := ed25519.NewKeyFromSeed(seed)
	if got := string(onion.FormatKey(key)); got != exampleKey {
		t.Errorf("got %s, want %s", got, exampleKey)
	}
	got, err := onion.ParseKey([]byte(exampleKey))
	if err != nil || !got.Equal(key) {
		t.Errorf("ParseKey: %v", err)
	}
}

func TestParseKeyRefuses(t *testing.T) {
	other, err := onion.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(onion.FormatKey(other)), "\n")
	_, second, _ := strings.Cut(exampleKey, "\n")
	for _, bad := range []string{"", "\n", exampleKey + "\n", strings.TrimSuffix(exampleKey, "\n"), strings.ReplaceAll(exampleKey, "\n", "\r\n"),
		first + "\n" + second, strings.Replace(exampleKey, "=", "", 1), exampleKey + strings.Repeat(" ", 500)} {
		_, err := onion.ParseKey([]byte(bad))
		if !errors.Is(err, onion.ErrBadKey) {
			t.Errorf("%q: %v, want ErrBadKey", bad, err)
		}
		if err != nil && strings.Contains(err.Error(), "AAECAwQ") {
			t.Errorf("error repeats the key: %v", err)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte(exampleKey))
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, err := onion.ParseKey(b); err == nil && !bytes.Equal(onion.FormatKey(key), b) {
			t.Errorf("%q was accepted, but is written otherwise", b)
		}
	})
}
