package onion

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// ErrNoTor is wrapped by every error that means that there is no tor program
// here, or not where Config.Tor says.
var ErrNoTor = torproc.ErrNoTor

// Info is what a tor program tells about itself.
type Info struct {
	// Path is absolute.
	Path string
	// Version is like "0.4.9.11".
	Version string
	// HasPoW: the build can ask visitors for proof of work, and solve it as a
	// visitor.
	HasPoW bool
}

// probeLimit bounds each of the two short runs of tor.
const probeLimit = 10 * time.Second

// Probe asks the tor program at torPath ("" looks it up) for its version and
// abilities. It starts no network.
func Probe(ctx context.Context, torPath string) (Info, error) {
	path, err := torproc.Look(torPath)
	if err != nil {
		return Info{}, err
	}
	version, err := ask(ctx, path, "--version")
	if err != nil {
		return Info{}, err
	}
	info := Info{Path: path, Version: parseVersion(version)}
	if info.Version == "" {
		return Info{}, fmt.Errorf("%s is not a tor program: it gives no version: %w", path, ErrNoTor)
	}
	modules, err := ask(ctx, path, "--list-modules")
	if err != nil {
		return Info{}, err
	}
	for line := range bytes.Lines(modules) {
		info.HasPoW = info.HasPoW || strings.TrimSpace(string(line)) == "pow: yes"
	}
	return info, nil
}

// ask runs tor with one option and returns what it prints.
func ask(ctx context.Context, path, option string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, option)
	cmd.Env = []string{}
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("asking %s for %s: %w", path, strings.TrimLeft(option, "-"), err)
	}
	return out, nil
}

// parseVersion finds the number in "Tor version 0.4.9.11." or "Tor version
// 0.4.9.11 (git-…).".
func parseVersion(out []byte) string {
	line, _, _ := strings.Cut(string(out), "\n")
	after, ok := strings.CutPrefix(line, "Tor version ")
	if !ok {
		return ""
	}
	version, _, _ := strings.Cut(after, " ")
	return strings.TrimRight(version, ".")
}
