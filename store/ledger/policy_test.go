package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"p2p.legal/peerfy/store/ledger"
)

// policyText is the example of the tlog-policy specification with keys.
func policyText(t testing.TB) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# a policy\n\n  log\t%s  http://log.example/ledger\n", logKey(t).vkey)
	for i, name := range []string{"X1", "X2", "X3", "Y1", "Y2", "Y3"} {
		_, vkey := cosigner(t, "witness.example/"+name, byte(20+i))
		fmt.Fprintf(&b, "witness %s %s\n", name, vkey)
	}
	b.WriteString("group X-witnesses 2 X1 X2 X3\n")
	b.WriteString(" # indented comment\n")
	b.WriteString("group Y-witnesses any Y1 Y2 Y3\n")
	b.WriteString("group X-and-Y all X-witnesses Y-witnesses\n")
	b.WriteString("quorum X-and-Y\n")
	return b.String()
}

func parsePolicy(t testing.TB, text string) *ledger.Policy {
	t.Helper()
	p, err := ledger.ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// seenBy returns a signed head with cosignatures by the witnesses so named.
func seenBy(t testing.TB, m *ledger.Memory, names ...string) []byte {
	t.Helper()
	msg := signed(t, m)
	all := []string{"X1", "X2", "X3", "Y1", "Y2", "Y3"}
	for i, name := range all {
		for _, n := range names {
			if n != name {
				continue
			}
			s, _ := cosigner(t, "witness.example/"+name, byte(20+i))
			var err error
			if msg, err = ledger.Cosign(msg, s, noon.Add(time.Duration(i)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return msg
}

func TestPolicyQuorum(t *testing.T) {
	m := testLog(t, 5)
	p := parsePolicy(t, policyText(t))
	for names, ok := range map[string]bool{
		"":                  false,
		"X1":                false,
		"X1 X2":             false,
		"X1 X2 X3":          false,
		"Y1 Y2 Y3":          false,
		"X1 Y1":             false,
		"X1 X2 Y3":          true,
		"X2 X3 Y1":          true,
		"X1 X2 X3 Y1 Y2 Y3": true,
	} {
		want := strings.Fields(names)
		c, seen, err := p.Check(seenBy(t, m, want...))
		if ok != (err == nil) || !ok && !errors.Is(err, ledger.ErrQuorum) {
			t.Errorf("%q: %v", names, err)
		}
		// Who was there is told even when it is not enough.
		if c != head(t, m) || seen.Log != logKey(t).vkey || len(seen.Witnesses) != len(want) {
			t.Errorf("%q: %+v, %+v", names, c, seen)
		}
		for i, w := range seen.Witnesses {
			if w.Name != want[i] || w.Time.Truncate(time.Minute) != noon.Truncate(time.Minute) {
				t.Errorf("%q: %+v", names, w)
			}
		}
	}
}

func TestPolicyNone(t *testing.T) {
	p := parsePolicy(t, "log "+logKey(t).vkey+"\nquorum none\n")
	if _, seen, err := p.Check(signed(t, testLog(t, 5))); err != nil || len(seen.Witnesses) != 0 {
		t.Errorf("%+v, %v", seen, err)
	}
	if p.NeedsWitnesses() || !parsePolicy(t, policyText(t)).NeedsWitnesses() {
		t.Error("wrong about needing witnesses")
	}
}

// Of several logs one is enough, and which one is told.
func TestPolicySeveralLogs(t *testing.T) {
	a, b := testKey(t, "a.example/log", 41), testKey(t, "b.example/log", 42)
	p := parsePolicy(t, fmt.Sprintf("log %s\nlog %s\nlog %s\nquorum none\n", a.vkey, logKey(t).vkey, b.vkey))
	if _, seen, err := p.Check(signed(t, testLog(t, 5))); err != nil || seen.Log != logKey(t).vkey {
		t.Errorf("%+v, %v", seen, err)
	}
	// Another log's signature beside does no harm and does no good.
	c := head(t, testLog(t, 5))
	both, err := ledger.SignCheckpoint(c, a, logKey(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, seen, err := p.Check(both); err != nil || seen.Log != logKey(t).vkey {
		t.Errorf("%+v, %v", seen, err)
	}
	if _, _, err := p.Check(mustSign(t, c, a)); !errors.Is(err, ledger.ErrUnsigned) {
		t.Errorf("another log's name: %v", err)
	}
}

// One name may have two keys, an old and a new one.
func TestPolicyTwoKeysOfOneName(t *testing.T) {
	heir := testKey(t, origin, 43)
	_, w1 := cosigner(t, "witness.example/X1", 20)
	_, w2 := cosigner(t, "witness.example/X1", 44)
	p := parsePolicy(t, fmt.Sprintf("log %s\nlog %s\nwitness old %s http://a.example/w#1\nwitness new %s\nquorum none\n",
		logKey(t).vkey, heir.vkey, w1, w2))
	m := testLog(t, 5)
	if _, seen, err := p.Check(seenBy(t, m, "X1")); err != nil || seen.Log != logKey(t).vkey || seen.Witnesses[0].Name != "old" {
		t.Errorf("%+v, %v", seen, err)
	}
	if _, seen, err := p.Check(mustSign(t, head(t, m), heir)); err != nil || seen.Log != heir.vkey {
		t.Errorf("%+v, %v", seen, err)
	}
	if w := p.Witnesses()[0]; w.URL != "http://a.example/w#1" || !strings.Contains(string(p.Format()), w1+" "+w.URL+"\n") {
		t.Errorf("%+v", w)
	}
}

// Signatures come in any order.
func TestPolicyOrder(t *testing.T) {
	lines := strings.SplitAfter(string(seenBy(t, testLog(t, 5), "X1")), "\n")
	lines[4], lines[5] = lines[5], lines[4]
	_, seen, err := parsePolicy(t, onePolicy(t)).Check([]byte(strings.Join(lines, "")))
	if err != nil || len(seen.Witnesses) != 1 {
		t.Errorf("%+v, %v", seen, err)
	}
}

func TestPolicyRefusesCheckpoint(t *testing.T) {
	m := testLog(t, 5)
	p := parsePolicy(t, policyText(t))
	good := seenBy(t, m, "X1", "X2", "Y1")
	c := head(t, m)
	// Under another witness's name a cosignature is by an unknown key.
	renamed := strings.Replace(string(good), "X1 ", "X3 ", 1)
	if _, seen, err := p.Check([]byte(renamed)); !errors.Is(err, ledger.ErrQuorum) || len(seen.Witnesses) != 2 {
		t.Errorf("renamed: %+v, %v", seen, err)
	}
	x1, _ := cosigner(t, "witness.example/X1", 20)
	alone, err := ledger.SignCheckpoint(c, testKey(t, origin, 99))
	if err != nil {
		t.Fatal(err)
	}
	if alone, err = ledger.Cosign(alone, x1, noon); err != nil {
		t.Fatal(err)
	}
	c.Origin = "coop.example/other"
	other, err := ledger.SignCheckpoint(c, logKey(t))
	if err != nil {
		t.Fatal(err)
	}
	// One wrong signature by a known key spoils the note, though the rest is enough.
	broken := []byte(strings.Replace(string(seenBy(t, m, "X1", "X2", "X3", "Y1")), "\n5\n", "\n6\n", 1))
	for name, msg := range map[string][]byte{
		"nothing":               nil,
		"log key unknown":       alone,
		"log of another origin": other,
		"log signature wrong":   broken,
		"cosignature wrong":     swapCosignature(t, m),
	} {
		_, seen, err := p.Check(msg)
		if !errors.Is(err, ledger.ErrUnsigned) && !errors.Is(err, ledger.ErrMalformed) || seen.Log != "" {
			t.Errorf("%s: %+v, %v", name, seen, err)
		}
	}
	if _, _, err := parsePolicy(t, "quorum none\n").Check(good); !errors.Is(err, ledger.ErrUnsigned) {
		t.Errorf("a policy without logs: %v", err)
	}
}

// swapCosignature returns a head with enough cosignatures, one of them made for
// another head.
func swapCosignature(t *testing.T, m *ledger.Memory) []byte {
	t.Helper()
	good := seenBy(t, m, "X1", "X2", "X3", "Y1")
	other := seenBy(t, testLog(t, 6), "X1", "X2", "X3", "Y1")
	a, b := strings.SplitAfter(string(good), "\n"), strings.SplitAfter(string(other), "\n")
	a[len(a)-3] = b[len(b)-3]
	return []byte(strings.Join(a, ""))
}

func TestPolicyFormat(t *testing.T) {
	p := parsePolicy(t, policyText(t))
	canonical := string(p.Format())
	if again := string(parsePolicy(t, canonical).Format()); again != canonical {
		t.Errorf("\n%s\nbecame\n%s", canonical, again)
	}
	if !strings.HasPrefix(canonical, "log "+logKey(t).vkey+" http://log.example/ledger\nwitness X1 ") ||
		!strings.HasSuffix(canonical, "group Y-witnesses 1 Y1 Y2 Y3\ngroup X-and-Y 2 X-witnesses Y-witnesses\nquorum X-and-Y\n") {
		t.Error(canonical)
	}
	if logs, ws := p.Logs(), p.Witnesses(); len(logs) != 1 || len(ws) != 6 || ws[5].Name != "Y3" || ws[5].URL != "" {
		t.Errorf("%v %v", logs, ws)
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	text := policyText(t)
	lines := strings.SplitAfter(text, "\n")
	log, x1 := lines[2], lines[3]
	key := strings.Fields(x1)[2]
	other := testKey(t, "another.example/name", 1)
	_, otherKey := cosigner(t, "another.example/name", 20)
	for name, bad := range map[string]string{
		"nothing":               "",
		"no quorum":             log,
		"two quorums":           "quorum none\nquorum none\n",
		"quorum undefined":      "quorum X\n",
		"quorum of two":         x1 + "quorum X1 X1\n",
		"quorum before":         "quorum X1\n" + x1,
		"no newline":            "quorum none",
		"unknown word":          "wittness a b\nquorum none\n",
		"carriage return":       "quorum none\r\n",
		"delete":                "# \x7f\nquorum none\n",
		"NUL first":             "\x00quorum none\n",
		"NUL":                   "# \x00\nquorum none\n",
		"log without key":       "log\nquorum none\n",
		"log with too much":     strings.TrimSuffix(log, "\n") + " more\nquorum none\n",
		"log with witness key":  "log " + key + "\nquorum none\n",
		"log twice":             log + log + "quorum none\n",
		"log key twice":         log + "log " + other.vkey + "\nquorum none\n",
		"witness without key":   "witness X1\nquorum none\n",
		"witness with note key": "witness X1 " + other.vkey + "\nquorum none\n",
		"witness twice":         x1 + x1 + "quorum none\n",
		"witness key twice":     x1 + "witness X2 " + otherKey + "\nquorum none\n",
		"witness none":          "witness none " + key + "\nquorum none\n",
		"witness too much":      "witness X1 " + key + " url more\nquorum none\n",
		"group of none":         "group g any\nquorum none\n",
		"group any none":        "group g any none\nquorum none\n",
		"group undefined":       "group g any X1\nquorum none\n",
		"group of itself":       "group g any g\nquorum none\n",
		"group named none":      x1 + "group none any X1\nquorum none\n",
		"group name taken":      x1 + "group X1 any X1\nquorum none\n",
		"member twice":          x1 + "group g any X1 X1\nquorum none\n",
		"member of two":         x1 + "group g any X1\ngroup h any X1\nquorum none\n",
		"threshold 0":           x1 + "group g 0 X1\nquorum none\n",
		"threshold 2 of 1":      x1 + "group g 2 X1\nquorum none\n",
		"threshold 01":          x1 + "group g 01 X1\nquorum none\n",
		"threshold +1":          x1 + "group g +1 X1\nquorum none\n",
		"threshold most":        x1 + "group g most X1\nquorum none\n",
		"too many":              manyGroups(t, 257),
	} {
		if p, err := ledger.ParsePolicy([]byte(bad)); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	if _, err := ledger.ParsePolicy([]byte(manyGroups(t, 256))); err != nil {
		t.Errorf("as many definitions as allowed: %v", err)
	}
	const limit = 64 << 10
	if _, err := ledger.ParsePolicy([]byte("quorum none" + strings.Repeat("\n", limit-11))); err != nil {
		t.Errorf("as long as allowed: %v", err)
	}
	if _, err := ledger.ParsePolicy([]byte("quorum none" + strings.Repeat("\n", limit-10))); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
}

// manyGroups returns a chain of n definitions, each group holding the one before.
func manyGroups(t *testing.T, n int) string {
	_, vkey := cosigner(t, "witness.example/X1", 20)
	var b strings.Builder
	fmt.Fprintf(&b, "witness g0 %s\n", vkey)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "group g%d all g%d\n", i, i-1)
	}
	fmt.Fprintf(&b, "quorum g%d\n", n-1)
	return b.String()
}

// Names are octets: two that look alike are two.
func TestPolicyNamesAreOctets(t *testing.T) {
	_, a := cosigner(t, "witness.example/X1", 20)
	_, b := cosigner(t, "witness.example/X2", 21)
	text := "witness K " + a + "\nwitness \u212a " + b + "\nwitness \xff " + strings.Fields(policyText(t))[0]
	p, err := ledger.ParsePolicy([]byte(strings.TrimSuffix(text, "\nwitness \xff #") + "\ngroup \xff all K \u212a\nquorum \xff\n"))
	if err != nil || len(p.Witnesses()) != 2 {
		t.Errorf("%v, %v", p, err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(policyText(f)))
	f.Add([]byte("quorum none\n"))
	msg := seenBy(f, testLog(f, 3), "X1", "X2", "Y1")
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ledger.ParsePolicy(b)
		if err != nil {
			return
		}
		once := p.Format()
		q, err := ledger.ParsePolicy(once)
		if err != nil || string(q.Format()) != string(once) {
			t.Fatalf("%q: %v", once, err)
		}
		_, seen1, err1 := p.Check(msg)
		_, seen2, err2 := q.Check(msg)
		if fmt.Sprint(seen1, err1) != fmt.Sprint(seen2, err2) {
			t.Fatalf("%q decides otherwise than %q", once, b)
		}
	})
}
