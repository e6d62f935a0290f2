package pass_test

import (
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
)

// What is read is written and read again as the same, and to one spelling.
func FuzzParseFile(f *testing.F) {
	p := sold(f, monthKey(f), recipient)
	f.Add(pass.Format(p))
	f.Add(pass.FormatFile(p, recipient))
	f.Add(stub + wrap(pass.FormatFile(p, recipient), 50, "\r\n"))
	f.Add("owner " + ownerWord + "\n" + pass.Format(p) + "\nrecipient x")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := pass.ParseFile(text)
		if err != nil {
			if p != (pass.Pass{}) {
				t.Error("an error, and a pass")
			}
			return
		}
		recipient, err := pass.FileRecipient(text)
		if err != nil {
			t.Fatal(err)
		}
		file := pass.FormatFile(p, recipient)
		again, err := pass.ParseFile(file)
		if err != nil || again != p {
			t.Fatalf("written as\n%s\n%v", file, err)
		}
		if r, err := pass.FileRecipient(file); err != nil || r != recipient || pass.FormatFile(again, r) != file {
			t.Fatalf("written as\n%s\n%v", file, err)
		}
		p.Owner = royalty.Code{}
		if bare, err := pass.ParseFile(pass.Format(p)); err != nil || bare != p {
			t.Fatalf("the listening part: %v", err)
		}
	})
}

func FuzzPasted(f *testing.F) {
	for _, kind := range pasted {
		text := kind.format("2026-12", make([]byte, 256))
		f.Add(text)
		f.Add(wrap(text, 64, "\r\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, kind := range pasted {
			p, b, err := kind.parse(text)
			if err != nil {
				continue
			}
			q, c, err := kind.parse(kind.format(p, b))
			if err != nil || q != p || string(c) != string(b) || len(b) != 256 {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

func FuzzParseKey(f *testing.F) {
	n, e, err := pass.FormatKey(&monthKey(f).PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(n, e)
	f.Fuzz(func(t *testing.T, n, e string) {
		pub, err := pass.ParseKey(n, e)
		if err != nil {
			return
		}
		if n2, e2, err := pass.FormatKey(pub); err != nil || n2 != n || e2 != e {
			t.Fatalf("%q %q is written %q %q, %v", n, e, n2, e2, err)
		}
	})
}
