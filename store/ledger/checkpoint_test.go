package ledger_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"p2p.legal/peerfy/store/ledger"
)

// The example of the tlog-checkpoint specification.
const specCheckpoint = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

func TestCheckpoint(t *testing.T) {
	c, err := ledger.ParseCheckpoint(specCheckpoint)
	if err != nil || c.Size != 20852163 || c.Origin != "example.com/behind-the-sofa" || c.String() != specCheckpoint {
		t.Fatalf("%+v, %v", c, err)
	}
}

func TestParseCheckpointRefuses(t *testing.T) {
	const root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
	for name, text := range map[string]string{
		"nothing":          "",
		"no root":          "o\n1\n",
		"no final newline": "o\n1\n" + root,
		"extension":        "o\n1\n" + root + "\nmore\n",
		"empty line":       "o\n1\n" + root + "\n\n",
		"no origin":        "\n1\n" + root + "\n",
		"long origin":      strings.Repeat("o", 256) + "\n1\n" + root + "\n",
		"control":          "o\x01\n1\n" + root + "\n",
		"bidi":             "o\u202e\n1\n" + root + "\n",
		"not UTF-8":        "o\xff\n1\n" + root + "\n",
		"negative":         "o\n-1\n" + root + "\n",
		"leading zero":     "o\n01\n" + root + "\n",
		"plus":             "o\n+1\n" + root + "\n",
		"space":            "o\n1 \n" + root + "\n",
		"too large":        "o\n1099511627777\n" + root + "\n",
		"beyond int64":     "o\n9223372036854775808\n" + root + "\n",
		"short root":       "o\n1\nAAAA\n",
		"stray bits":       "o\n1\n" + root[:42] + "J=\n",
		"no padding":       "o\n1\n" + root[:43] + "\n",
		"root of nothing":  "o\n0\n" + root + "\n",
	} {
		if c, err := ledger.ParseCheckpoint(text); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	largest := strings.Repeat("o", 255) + "\n1099511627776\n" + root + "\n"
	if _, err := ledger.ParseCheckpoint(largest); err != nil {
		t.Errorf("the largest tree, the longest origin: %v", err)
	}
	empty := "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	if _, err := ledger.ParseCheckpoint(empty); err != nil {
		t.Errorf("the empty tree: %v", err)
	}
}

func TestOpenCheckpoint(t *testing.T) {
	k, w := logKey(t), testKey(t, "mirror.example", 9)
	c := head(t, testLog(t, 5))
	msg, err := ledger.SignCheckpoint(c, w, k)
	if err != nil {
		t.Fatal(err)
	}
	got, n, err := ledger.OpenCheckpoint(msg, origin, k.verifier)
	if err != nil || got != c || n.Text != c.String() {
		t.Fatalf("%+v, %v", got, err)
	}
	if len(n.Sigs) != 1 || n.Sigs[0].Name != origin || len(n.UnverifiedSigs) != 1 || n.UnverifiedSigs[0].Name != "mirror.example" {
		t.Errorf("signatures %+v", n)
	}
	theirs, err := note.Open(msg, note.VerifierList(k.verifier))
	if err != nil || theirs.Text != n.Text || theirs.Sigs[0] != n.Sigs[0] {
		t.Errorf("package note: %+v, %v", theirs, err)
	}
	for name, try := range map[string]func() error{
		"another origin": func() error { _, _, err := ledger.OpenCheckpoint(msg, "x", k.verifier); return err },
		"another key": func() error {
			_, _, err := ledger.OpenCheckpoint(msg, origin, testKey(t, origin, 8).verifier)
			return err
		},
		"another size": func() error {
			_, _, err := ledger.OpenCheckpoint(bytes.Replace(msg, []byte("\n5\n"), []byte("\n6\n"), 1), origin, k.verifier)
			return err
		},
	} {
		if err := try(); !errors.Is(err, ledger.ErrUnsigned) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignCheckpointRefuses(t *testing.T) {
	good := ledger.Checkpoint{Origin: origin, Size: 1}
	for name, c := range map[string]ledger.Checkpoint{
		"no origin":   {Size: 1},
		"two lines":   {Origin: "a\nb", Size: 1},
		"negative":    {Origin: origin, Size: -1},
		"too large":   {Origin: origin, Size: ledger.MaxSize + 1},
		"wrong empty": {Origin: origin},
	} {
		if _, err := ledger.SignCheckpoint(c, logKey(t)); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ledger.SignCheckpoint(good); err == nil {
		t.Error("signed without a key")
	}
	long := specCheckpoint + "\n— a AAAAAAA=\n" + strings.Repeat("x", ledger.MaxCheckpoint)
	if _, _, err := ledger.OpenCheckpoint([]byte(long), "x", logKey(t).verifier); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("long checkpoint: %v", err)
	}
}

func TestMutatedCheckpoint(t *testing.T) {
	msg := signed(t, testLog(t, 5))
	r := rand.New(rand.NewPCG(3, 4))
	for i := range msg {
		mutateCheckpoint(t, msg, i, byte(1+r.IntN(255)))
	}
}

func mutateCheckpoint(t *testing.T, msg []byte, i int, flip byte) {
	t.Helper()
	bad := bytes.Clone(msg)
	bad[i] ^= flip
	if c, _, err := ledger.OpenCheckpoint(bad, origin, logKey(t).verifier); err == nil {
		t.Fatalf("byte %d ^ %02x: opened as %+v", i, flip, c)
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(specCheckpoint)
	f.Add("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ledger.ParseCheckpoint(text); err == nil && c.String() != text {
			t.Fatalf("%q became %q", text, c)
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	k := logKey(f)
	f.Add(signed(f, testLog(f, 3)))
	f.Fuzz(func(t *testing.T, msg []byte) {
		c, n, err := ledger.OpenCheckpoint(msg, origin, k.verifier)
		if err == nil {
			if again, err := note.Sign(n); err != nil || c.String() != n.Text || len(again) != len(msg) {
				t.Fatalf("%q became %q, %v", msg, again, err)
			}
		}
	})
}
