package ledger

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ParsePolicy reads a policy file. Keys must be Ed25519: type 0x01 for logs,
// 0x04 for witnesses. Errors name the line.
func ParsePolicy(b []byte) (*Policy, error) {
	if len(b) > maxPolicy {
		return nil, fmt.Errorf("policy of %d bytes, at most %d: %w", len(b), maxPolicy, ErrTooLarge)
	}
	if i := bytes.IndexFunc(b, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }); i >= 0 {
		return nil, malformed("policy: control character at byte %d", i)
	}
	if !bytes.HasSuffix(b, []byte("\n")) {
		return nil, malformed("policy: the last line does not end")
	}
	p := &policyParser{member: make(map[string]bool)}
	for i, line := range strings.Split(string(b), "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("policy, line %d: %w", i+1, err)
		}
	}
	if p.quorum == "" {
		return nil, malformed("policy: a quorum line is missing")
	}
	return &p.Policy, nil
}

// policyParser is a policy while its lines are read.
type policyParser struct {
	Policy
	member map[string]bool // names that a group has already taken
}

func (p *policyParser) line(line string) error {
	f := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(f) == 0 || strings.HasPrefix(f[0], "#") {
		return nil
	}
	if len(p.logs)+len(p.order) >= maxPolicyDefs && f[0] != "quorum" {
		return malformed("line: more than %d definitions", maxPolicyDefs)
	}
	switch f[0] {
	case "log":
		return p.log(f[1:])
	case "witness":
		return p.witness(f[1:])
	case "group":
		return p.group(f[1:])
	case "quorum":
		return p.setQuorum(f[1:])
	}
	return malformed("line: unknown word %q", clip(f[0]))
}

// log reads "log <vkey> [<url>]".
func (p *policyParser) log(f []string) error {
	if len(f) < 1 || len(f) > 2 {
		return malformed("line: want log <vkey> [<url>]")
	}
	k, err := parseVerifier(f[0], algNote)
	if err != nil {
		return err
	}
	for _, l := range p.logs {
		if bytes.Equal(l.verifier.key, k.key) || l.verifier.name == k.name && l.verifier.hash == k.hash {
			return malformed("line: this log is already there")
		}
	}
	p.logs = append(p.logs, logKey{vkey: f[0], url: last(f[1:]), verifier: &verifier{k}})
	return nil
}

// witness reads "witness <name> <vkey> [<url>]".
func (p *policyParser) witness(f []string) error {
	if len(f) < 2 || len(f) > 3 {
		return malformed("line: want witness <name> <vkey> [<url>]")
	}
	if err := p.define(f[0]); err != nil {
		return err
	}
	k, err := parseVerifier(f[1], algCosignature)
	if err != nil {
		return err
	}
	for _, w := range p.witnesses {
		if bytes.Equal(w.verifier.key, k.key) || w.verifier.name == k.name && w.verifier.hash == k.hash {
			return malformed("line: the key of witness %q is already there", w.name)
		}
	}
	p.witnesses = append(p.witnesses, witness{name: f[0], vkey: f[1], url: last(f[2:]), verifier: &cosignatureVerifier{k}})
	return nil
}

// group reads "group <name> all|any|<k> <name>...".
func (p *policyParser) group(f []string) error {
	if len(f) < 3 {
		return malformed("line: want group <name> all|any|<number> <name>…")
	}
	members := f[2:]
	threshold, err := parseThreshold(f[1], len(members))
	if err != nil {
		return err
	}
	for _, m := range members {
		if !slices.Contains(p.order, m) {
			return malformed("line: %q is not defined above", clip(m))
		}
		if p.member[m] {
			return malformed("line: %q is a member already", clip(m))
		}
		p.member[m] = true
	}
	if err := p.define(f[0]); err != nil {
		return err
	}
	p.groups = append(p.groups, group{name: f[0], threshold: threshold, members: members})
	return nil
}

func parseThreshold(s string, members int) (int, error) {
	switch s {
	case "any":
		return 1, nil
	case "all":
		return members, nil
	}
	k, err := strconv.Atoi(s)
	if err != nil || k < 1 || k > members || strconv.Itoa(k) != s {
		return 0, malformed("line: %q is no number from 1 to %d", clip(s), members)
	}
	return k, nil
}

// setQuorum reads "quorum <name>".
func (p *policyParser) setQuorum(f []string) error {
	if len(f) != 1 {
		return malformed("line: want quorum <name>")
	}
	if p.quorum != "" {
		return malformed("line: a second quorum")
	}
	if f[0] != quorumNone && !slices.Contains(p.order, f[0]) {
		return malformed("line: %q is not defined above", clip(f[0]))
	}
	p.quorum = f[0]
	return nil
}

// define takes a new name for a witness or a group.
func (p *policyParser) define(name string) error {
	if name == quorumNone || slices.Contains(p.order, name) {
		return malformed("line: the name %q is taken", clip(name))
	}
	p.order = append(p.order, name)
	return nil
}

// last returns the optional field at the end of a line.
func last(f []string) string {
	if len(f) == 0 {
		return ""
	}
	return f[0]
}
