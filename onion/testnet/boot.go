package testnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// look is how often the files of the authorities are looked at; tor offers
	// no event for what is awaited there.
	look = 30 * time.Millisecond
	// bootLimit bounds one attempt at a fresh network, which takes 9 seconds on
	// an idle machine of two cores: then it hangs.
	bootLimit = 60 * time.Second
	// margin is how long a saved consensus must still hold for the network to
	// be resumed.
	margin = time.Hour
)

// create makes the network anew in its folder.
func (n *Net) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bootLimit)
	defer cancel()
	n.resumed = false
	if err := n.lay(); err != nil {
		return err
	}
	// Relays publish themselves once at their start and try again late, so the
	// authorities must listen before.
	if err := n.run(ctx, n.plan.Nodes[:authorities]); err != nil {
		return err
	}
	if err := n.run(ctx, n.plan.Nodes[authorities:]); err != nil {
		return err
	}
	if err := n.await(ctx, "descriptors", n.allPublished); err != nil {
		return err
	}
	if err := n.vote(); err != nil {
		return err
	}
	if err := n.await(ctx, "consensus", n.agreed); err != nil {
		return err
	}
	// Written last: a folder without a plan holds nothing to resume.
	return n.plan.write(n.dir)
}

// resume starts a saved network, which needs no vote.
func (n *Net) resume(ctx context.Context) error {
	var err error
	if n.plan, err = readPlan(n.dir); err != nil {
		return err
	}
	if err := n.fresh(time.Now()); err != nil {
		return err
	}
	if err := n.configure(hold()); err != nil {
		return err
	}
	n.resumed = true
	return n.run(ctx, n.plan.Nodes)
}

// fresh tells whether the saved consensus is complete and good for a while.
func (n *Net) fresh(now time.Time) error {
	if !n.agreed() {
		return errors.New("saved consensus is incomplete")
	}
	b, err := os.ReadFile(filepath.Join(n.dir, nodeName(0), "cached-microdesc-consensus"))
	if err != nil {
		return err
	}
	from, err1 := stamp(b, "valid-after ")
	until, err2 := stamp(b, "valid-until ")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if now.Before(from) || now.Add(margin).After(until) {
		return fmt.Errorf("saved consensus holds from %s to %s only", from, until)
	}
	return nil
}

// stamp finds a line of a consensus that starts with key, and reads the time in
// it.
func stamp(consensus []byte, key string) (time.Time, error) {
	_, rest, ok := bytes.Cut(consensus, []byte("\n"+key))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	t, err := time.Parse(time.DateTime, string(line))
	if !ok || err != nil {
		return time.Time{}, fmt.Errorf("consensus has no usable line %q", key)
	}
	return t, nil
}

// lay clears the folder of an earlier network and writes all that the nodes
// need before their first start.
func (n *Net) lay() error {
	for _, name := range ourFiles() {
		if err := os.RemoveAll(filepath.Join(n.dir, name)); err != nil {
			return err
		}
	}
	if err := n.draw(); err != nil {
		return err
	}
	weights := fmt.Sprintf("%d\n", time.Now().Unix())
	for _, m := range n.plan.Nodes {
		weights += fmt.Sprintf("node_id=$%s bw=10000\n", m.Fingerprint)
	}
	if err := os.WriteFile(filepath.Join(n.dir, "bandwidth"), []byte(weights), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(n.dir, "empty"), nil, 0o600); err != nil {
		return err
	}
	return n.configure(hold())
}

// ourFiles are the names that this package may remove from its folder.
func ourFiles() []string {
	names := []string{"plan.json", "bandwidth", "empty"}
	for i := range authorities + relays {
		names = append(names, nodeName(i))
	}
	return names
}

// draw gives each node its ports and keys.
func (n *Net) draw() error {
	ports, err := freePorts(2*authorities + relays)
	if err != nil {
		return err
	}
	n.plan = plan{Nodes: make([]member, authorities+relays)}
	errs := make(chan error)
	for i := range n.plan.Nodes {
		m := &n.plan.Nodes[i]
		m.Name, m.ORPort = nodeName(i), ports[i]
		if i < authorities {
			m.DirPort = ports[authorities+relays+i]
		}
		go func() {
			var err error
			m.Fingerprint, m.V3Ident, err = writeKeys(filepath.Join(n.dir, m.Name), m.authority())
			errs <- err
		}()
	}
	for range n.plan.Nodes {
		err = errors.Join(err, <-errs)
	}
	return err
}

// configure writes all torrc files.
func (n *Net) configure(offset int) error {
	for _, m := range n.plan.Nodes {
		if err := writeTorrc(n.dir, n.plan, m, offset); err != nil {
			return err
		}
	}
	return nil
}

// run starts nodes and waits until all of them listen.
func (n *Net) run(ctx context.Context, members []member) error {
	first := len(n.nodes)
	for _, m := range members {
		nd, err := startNode(n, m)
		if err != nil {
			return err
		}
		n.nodes = append(n.nodes, nd)
	}
	for _, nd := range n.nodes[first:] {
		select {
		case <-nd.ready:
		case <-nd.proc.Done(): // a port is taken, most likely
			return nd.failed()
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen: %w", nd.Name, ctx.Err())
		}
	}
	return nil
}

// await looks at the folder until done says yes.
func (n *Net) await(ctx context.Context, what string, done func() bool) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
	return nil
}

// allPublished tells whether every authority knows every node: a vote before
// that would leave nodes out.
func (n *Net) allPublished() bool {
	for i := range authorities {
		if n.count(i, "router ", "cached-descriptors", "cached-descriptors.new") < len(n.plan.Nodes) {
			return false
		}
	}
	return true
}

// agreed tells whether the first authority has a consensus on all nodes and the
// microdescriptors that it names.
func (n *Net) agreed() bool {
	return n.count(0, "r ", "cached-microdesc-consensus") == len(n.plan.Nodes) &&
		n.count(0, "onion-key", "cached-microdescs", "cached-microdescs.new") >= len(n.plan.Nodes) &&
		n.count(0, "dir-key-certificate-version ", "cached-certs") >= authorities
}

// count counts the lines with a prefix in some files of the i-th node; a
// missing file has none.
func (n *Net) count(i int, prefix string, names ...string) int {
	total := 0
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(n.dir, nodeName(i), name))
		if err != nil {
			continue
		}
		for line := range bytes.Lines(b) {
			if bytes.HasPrefix(line, []byte(prefix)) {
				total++
			}
		}
	}
	return total
}

// vote has the authorities vote at once: they are told of a consensus due when
// both delays have passed.
func (n *Net) vote() error {
	offset := offsetFor(time.Now().Add(voteDelay + distDelay + 1300*time.Millisecond))
	for _, nd := range n.nodes[:authorities] {
		if err := writeTorrc(n.dir, n.plan, nd.member, offset); err != nil {
			return err
		}
	}
	for _, nd := range n.nodes[:authorities] {
		if err := nd.reload(); err != nil {
			return err
		}
	}
	return nil
}
