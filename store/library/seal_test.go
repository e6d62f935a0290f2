package library_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store/library"
)

func newCode(t testing.TB) royalty.Code {
	t.Helper()
	code, err := royalty.NewCode()
	must(t, err)
	return code
}

func TestSeal(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	code := newCode(t)
	for _, l := range []*library.Library{new(library.Library), someLibrary(t, r), someLibrary(t, r), full(t)} {
		sealed, err := library.Seal(code, l)
		must(t, err)
		if len(sealed)%4096 != 0 || len(sealed) > 252<<10 || len(sealed) > len(l.Encode())+28+4095 {
			t.Errorf("%d bytes sealed are %d", len(l.Encode()), len(sealed))
		}
		again, err := library.Unseal(code, sealed)
		if err != nil || !bytes.Equal(again.Encode(), l.Encode()) {
			t.Fatalf("opened: %v", err)
		}
		twice, err := library.Seal(code, l)
		if err != nil || bytes.Equal(twice, sealed) {
			t.Errorf("sealed the same twice, %v", err)
		}
		if bytes.Contains(sealed, []byte("peerfy")) {
			t.Error("it can be read")
		}
	}
}

func TestUnsealRefuses(t *testing.T) {
	code := newCode(t)
	l, _ := shelf(t)
	sealed, err := library.Seal(code, l)
	must(t, err)
	if _, err := library.Unseal(newCode(t), sealed); !errors.Is(err, library.ErrSealed) {
		t.Errorf("another code: %v", err)
	}
	step := 97
	if os.Getenv("PEERFY_SOAK") != "" {
		step = 1
	}
	for i := 0; i < len(sealed); i += step {
		for _, bad := range [][]byte{sealed[:i], append(bytes.Clone(sealed[:i]), sealed[i]^1), flipped(sealed, i)} {
			if _, err := library.Unseal(code, bad); !errors.Is(err, library.ErrSealed) {
				t.Fatalf("%d bytes, altered at %d: %v", len(bad), i, err)
			}
		}
	}
	for _, n := range []int{1, 4096, 1 << 20} {
		if _, err := library.Unseal(code, append(bytes.Clone(sealed), make([]byte, n)...)); !errors.Is(err, library.ErrSealed) {
			t.Errorf("%d bytes more: %v", n, err)
		}
	}
}

func flipped(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 0x10
	return b
}

// Who has the code may seal anything: only the one form of a library opens.
func TestUnsealRefusesOtherForms(t *testing.T) {
	code := newCode(t)
	key := code.Key("library-seal")
	block, err := aes.NewCipher(key[:])
	must(t, err)
	aead, err := cipher.NewGCMWithRandomNonce(block)
	must(t, err)
	l, _ := shelf(t)
	text := l.Encode()
	pad := 4096 - 28 - len(text)
	for what, c := range map[string]struct {
		text []byte
		ok   bool
	}{
		"as it should be":   {append(bytes.Clone(text), make([]byte, pad)...), true},
		"a block too many":  {append(bytes.Clone(text), make([]byte, pad+4096)...), false},
		"a byte too few":    {append(bytes.Clone(text), make([]byte, pad-1)...), false},
		"no filling":        {text, false},
		"something behind":  {append(append(bytes.Clone(text), make([]byte, pad-1)...), 1), false},
		"nothing":           {nil, false},
		"only zero bytes":   {make([]byte, 4096-28), false},
		"not its only form": {append(append([]byte(" "), text...), make([]byte, pad-1)...), false},
	} {
		if _, err := library.Unseal(code, aead.Seal(nil, nil, c.text, nil)); c.ok != (err == nil) || err != nil && !errors.Is(err, library.ErrSealed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What could not be opened again is not sealed.
func TestSealRefuses(t *testing.T) {
	bad := &library.Library{Lists: []library.List{{ID: "aaaaaaaa", Name: "x", Tracks: []string{"y"}}}}
	if _, err := library.Seal(newCode(t), bad); !errors.Is(err, library.ErrMalformed) {
		t.Errorf("a wrong track: %v", err)
	}
	large := full(t)
	large.Lists[0].Tracks = append(large.Lists[0].Tracks, first)
	if _, err := library.Seal(newCode(t), large); !errors.Is(err, library.ErrFull) {
		t.Errorf("too large: %v", err)
	}
}

func TestName(t *testing.T) {
	code := newCode(t)
	if library.Name(code) == library.Name(newCode(t)) {
		t.Error("two codes have one name")
	}
	if library.Name(code) == code.Key("library-seal") {
		t.Error("the name opens the library")
	}
}
