// Command bench measures what the README promises of speed, as ratios against
// known programs in one run, and prints a table. It is run by `make bench`.
//
// A machine's seconds mean little to somebody else, so every figure stands
// beside its peer's, measured by turns in the same minutes: nginx for finished
// pages, net/http with html/template for rendered ones, a plain file server
// behind the same private Tor network for the onion. CPU is read from the
// kernel's own accounts of the serving process.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run: where it works, and the table it fills.
type bench struct {
	dir      string // large catalogue and scratch, kept between runs
	peerfy   string // the program under test
	releases int
	only     string
	bare     string
	table    *tabwriter.Writer
}

func run(ctx context.Context) error {
	b := &bench{table: tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)}
	flag.StringVar(&b.dir, "dir", ".tools/bench", "keep the large catalogue in this `folder`")
	flag.StringVar(&b.peerfy, "peerfy", "./peerfy", "the `program` to measure")
	flag.IntVar(&b.releases, "releases", 113_000, "size of the catalogue: 113,000 have 350,000 tracks")
	flag.StringVar(&b.only, "only", "", "one `part`: pages, render, search, start, boot, onion, streams, plays, logins")
	flag.StringVar(&b.bare, "bare", "", "serve nothing but the file named after it on this `socket`, with net/http alone (the benches start it)")
	flag.Parse()
	if b.bare != "" {
		signal.Reset(os.Interrupt) // which ends it
		return serveBare(b.bare, flag.Arg(0))
	}
	var err error
	if b.peerfy, err = filepath.Abs(b.peerfy); err != nil {
		return err
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	fmt.Fprintf(b.table, "%s, %d cores, %s, %s\n\n", machine(), runtime.NumCPU(), runtime.Version(), host())
	fmt.Fprintln(b.table, "what\tours\tpeer\tratio\tgoal")
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"pages", b.pages}, {"render", b.render}, {"search", b.search}, {"start", b.start}, {"boot", b.boot}, {"onion", b.onion},
		{"streams", b.streams}, {"plays", b.plays}, {"logins", b.logins},
	} {
		if b.only != "" && b.only != part.name {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring:", part.name)
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return b.table.Flush()
}

// row adds a line: our figure, the peer's, their ratio and the goal; empty
// where there is none.
func (b *bench) row(what, ours, peer, ratio, goal string) {
	fmt.Fprintf(b.table, "%s\t%s\t%s\t%s\t%s\n", what, ours, peer, ratio, goal)
}

func machine() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, ok := strings.CutPrefix(s.Text(), "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return runtime.GOARCH
}

func host() string {
	name, err := os.Hostname()
	if err != nil {
		return "unnamed machine"
	}
	return name
}
