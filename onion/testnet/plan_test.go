package testnet

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func examplePlan() plan {
	p := plan{Nodes: make([]member, authorities+relays)}
	for i := range p.Nodes {
		p.Nodes[i] = member{Name: nodeName(i), ORPort: 12000 + i, Fingerprint: fmt.Sprintf("%040X", i)}
		if i < authorities {
			p.Nodes[i].DirPort, p.Nodes[i].V3Ident = 13000+i, fmt.Sprintf("%040X", 100+i)
		}
	}
	return p
}

func TestPlan(t *testing.T) {
	good := examplePlan().format()
	if p, err := parsePlan(good); err != nil || !bytes.Equal(p.format(), good) {
		t.Fatalf("own plan: %v", err)
	}
	for name, bad := range map[string]string{
		"nothing":       "",
		"cut short":     string(good[:len(good)/2]),
		"other folder":  strings.Replace(string(good), "relay0", "../..", 1),
		"a node less":   string(plan{Nodes: examplePlan().Nodes[1:]}.format()),
		"unknown field": strings.Replace(string(good), `"Name"`, `"Extra": 1, "Name"`, 1),
		"no port":       strings.Replace(string(good), "12003", "0", 1),
		"torrc line":    strings.Replace(string(good), "0000000000000000000000000000000000000003", `x\nControlPort 9051`, 1),
		"too large":     string(good) + strings.Repeat(" ", maxPlan),
	} {
		if _, err := parsePlan([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParsePlan(f *testing.F) {
	f.Add(examplePlan().format())
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := parsePlan(b); err == nil && !bytes.Equal(p.format(), b) {
			t.Errorf("%q was accepted, but is written otherwise", b)
		}
	})
}

// A saved network is used only while its consensus is complete and holds for
// another hour.
func TestFresh(t *testing.T) {
	n := &Net{dir: t.TempDir(), plan: examplePlan()}
	from := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	save := func(nodes int) {
		dir := filepath.Join(n.dir, nodeName(0))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"cached-microdesc-consensus": "network-status-version 3 microdesc\nvalid-after 2026-01-02 03:00:00\nvalid-until 2026-01-02 11:00:00\n" + strings.Repeat("r x\n", nodes),
			"cached-microdescs.new":      strings.Repeat("onion-key\n", nodes),
			"cached-certs":               strings.Repeat("dir-key-certificate-version 3\n", authorities),
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	save(authorities + relays)
	for _, c := range []struct {
		after time.Duration
		good  bool
	}{{0, true}, {time.Hour, true}, {7 * time.Hour, true}, {7*time.Hour + time.Second, false}, {-time.Second, false}} {
		if err := n.fresh(from.Add(c.after)); (err == nil) != c.good {
			t.Errorf("after %v: %v", c.after, err)
		}
	}
	save(authorities + relays - 1)
	if err := n.fresh(from); err == nil {
		t.Error("consensus without one of the nodes was accepted")
	}
}

func FuzzStamp(f *testing.F) {
	f.Add([]byte("a\nvalid-after 2026-01-02 03:04:05\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		at, err := stamp(b, "valid-after ")
		if err == nil && !bytes.Contains(b, []byte(at.Format("2006-"))) {
			t.Errorf("%q gave %v", b, at)
		}
	})
}
