package ledger

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Limits of a policy file. The specification asks for 32 of each at least.
const (
	maxPolicy     = 64 << 10 // bytes
	maxPolicyDefs = 256      // logs, witnesses and groups together
)

// quorumNone is the reserved name for asking no cosignature.
const quorumNone = "none"

// Policy says which checkpoints to believe (c2sp.org/tlog-policy): those signed
// by one of the logs and cosigned by a quorum of the witnesses. It does not
// change once parsed.
type Policy struct {
	logs      []logKey
	witnesses []witness
	groups    []group
	order     []string // witnesses and groups by name, in the order of the file
	quorum    string
}

type logKey struct {
	vkey, url string
	verifier  *verifier
}

type witness struct {
	name, vkey, url string
	verifier        *cosignatureVerifier
}

type group struct {
	name      string
	threshold int
	members   []string
}

// Witness is a line of a policy.
type Witness struct {
	Name string // within the policy
	VKey string // of type 0x04
	URL  string // may be empty
}

// Seen says who vouches for a checkpoint.
type Seen struct {
	Log       string     // vkey of the log that signed it
	Witnesses []Sighting // valid cosignatures, in the order of the policy
}

// Sighting is one witness's valid cosignature. The time is the witness's own
// word, to the second.
type Sighting struct {
	Name string // within the policy
	VKey string
	Time time.Time
}

// Logs returns the vkeys of the logs.
func (p *Policy) Logs() []string {
	var keys []string
	for _, l := range p.logs {
		keys = append(keys, l.vkey)
	}
	return keys
}

// Witnesses returns all witnesses, whether or not the quorum needs them.
func (p *Policy) Witnesses() []Witness {
	var all []Witness
	for _, w := range p.witnesses {
		all = append(all, Witness{Name: w.name, VKey: w.vkey, URL: w.url})
	}
	return all
}

// NeedsWitnesses reports whether the quorum is anything but "none". Without
// witnesses a second history cannot be excluded.
func (p *Policy) NeedsWitnesses() bool { return p.quorum != quorumNone }

// Check opens a signed checkpoint. It wraps [ErrUnsigned] when no log of the
// policy has signed under its own name, or when any key of the policy appears
// with a signature that is wrong; it wraps [ErrQuorum] when too few witnesses
// have cosigned, and then still returns what was seen. Whether a time is recent
// enough is for the caller to say.
func (p *Policy) Check(msg []byte) (Checkpoint, Seen, error) {
	c, n, err := splitCheckpoint(msg)
	if err != nil {
		return Checkpoint{}, Seen{}, err
	}
	seen, err := p.verify(c, n)
	if err != nil {
		return Checkpoint{}, Seen{}, err
	}
	if !p.meets(p.quorum, seen) {
		return c, seen, fmt.Errorf("checkpoint of size %d, seen by %d of %d witnesses, quorum %q: %w",
			c.Size, len(seen.Witnesses), len(p.witnesses), p.quorum, ErrQuorum)
	}
	return c, seen, nil
}

// verify checks every signature that a key of the policy is named with.
func (p *Policy) verify(c Checkpoint, n *note.Note) (Seen, error) {
	var seen Seen
	for _, l := range p.logs {
		if find(n.UnverifiedSigs, l.verifier.name, l.verifier.hash) < 0 {
			continue
		}
		if !signedBy(n.Text, n.UnverifiedSigs, l.verifier) {
			return Seen{}, fmt.Errorf("wrong signature by the log %s: %w", l.verifier.name, ErrUnsigned)
		}
		if seen.Log == "" && l.verifier.name == c.Origin {
			seen.Log = l.vkey
		}
	}
	if seen.Log == "" {
		return Seen{}, fmt.Errorf("checkpoint of %q by no log of the policy: %w", c.Origin, ErrUnsigned)
	}
	for _, w := range p.witnesses {
		i := find(n.UnverifiedSigs, w.verifier.name, w.verifier.hash)
		if i < 0 {
			continue
		}
		at, err := CosignatureTime(n.UnverifiedSigs[i])
		if err != nil || !signedBy(n.Text, n.UnverifiedSigs, w.verifier) {
			return Seen{}, fmt.Errorf("wrong cosignature by %s: %w", w.verifier.name, ErrUnsigned)
		}
		seen.Witnesses = append(seen.Witnesses, Sighting{Name: w.name, VKey: w.vkey, Time: at})
	}
	return seen, nil
}

// meets reports whether the witness or group of this name has cosigned. Groups
// refer to earlier ones only, and no name is a member twice, so this ends soon.
func (p *Policy) meets(name string, seen Seen) bool {
	if name == quorumNone {
		return true
	}
	i := slices.IndexFunc(p.groups, func(g group) bool { return g.name == name })
	if i < 0 {
		return slices.ContainsFunc(seen.Witnesses, func(s Sighting) bool { return s.Name == name })
	}
	met := 0
	for _, m := range p.groups[i].members {
		if p.meets(m, seen) {
			met++
		}
	}
	return met >= p.groups[i].threshold
}

// Format returns the policy in one spelling: logs, then witnesses and groups in
// their order, then the quorum; single spaces, thresholds as numbers, no
// comments. Policies that say the same in the same order format alike.
func (p *Policy) Format() []byte {
	var b bytes.Buffer
	line := func(fields ...string) {
		b.WriteString(strings.Join(slices.DeleteFunc(fields, func(f string) bool { return f == "" }), " ") + "\n")
	}
	for _, l := range p.logs {
		line("log", l.vkey, l.url)
	}
	for _, name := range p.order {
		if i := slices.IndexFunc(p.witnesses, func(w witness) bool { return w.name == name }); i >= 0 {
			w := p.witnesses[i]
			line("witness", w.name, w.vkey, w.url)
			continue
		}
		g := p.groups[slices.IndexFunc(p.groups, func(g group) bool { return g.name == name })]
		line(append([]string{"group", g.name, strconv.Itoa(g.threshold)}, g.members...)...)
	}
	line("quorum", p.quorum)
	return b.Bytes()
}
