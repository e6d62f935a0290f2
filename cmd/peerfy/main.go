// Command peerfy publishes a co-operative's legal catalogue as a Tor onion
// site: it keeps the log, takes in works, and serves them. One binary serves
// the host, the artist and the editor; `peerfy help` lists what it does.
//
// Data goes to stdout, words to stderr. Exit codes: 0 done, 1 refused or
// false, 2 the command line was not understood, 3 the environment is missing
// something, which is named.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(report(os.Stderr, err))
}

// Exit codes.
const (
	exitDone = iota
	exitRefused
	exitUsage
	exitMissing
)

// failure is an error with what to do about it, and an exit code.
type failure struct {
	err  error
	hint string
	code int
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func refused(hint, format string, args ...any) error {
	return &failure{fmt.Errorf(format, args...), hint, exitRefused}
}

func usage(format string, args ...any) error {
	return &failure{fmt.Errorf(format, args...), "peerfy help", exitUsage}
}

func missing(hint, format string, args ...any) error {
	return &failure{fmt.Errorf(format, args...), hint, exitMissing}
}

// report says the error, then the hint, and answers with the exit code.
func report(w io.Writer, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "peerfy: interrupted; the same command goes on from there")
		return exitRefused
	}
	fmt.Fprintf(w, "peerfy: %v\n", err)
	var f *failure
	if !errors.As(err, &f) {
		return exitRefused
	}
	if f.hint != "" {
		fmt.Fprintf(w, "  try: %s\n", f.hint)
	}
	return f.code
}

// command is one verb. Its name may have two words.
type command struct {
	name    string
	args    string // after the name, as shown by help
	summary string
	run     func(e *env, args []string) error
}

// env is what a command is given.
type env struct {
	ctx            context.Context
	stdout, stderr io.Writer
	cmd            command
}

var commands = []command{
	{"demo", "[--dir D] [--music FOLDER] [--status FILE] [--net FOLDER]", "a whole co-operative on a private Tor network, until Ctrl-C", (*env).demo},
	{"init", "--dir D --name NAME", "found a co-operative: keys, charter, empty catalogue", (*env).init},
	{"serve", "--dir D [--tor PATH|control:ADDR|none] [--listen ADDR] [--status FILE]", "publish the catalogue as an onion site", (*env).serve},
	{"doctor", "--dir D [--tor PATH] [--json]", "look for what would keep the site from running well", (*env).doctor},
	{"check", "--dir D [--json]", "verify the whole log, every hash and media file, the members' money and the months' keys; the site must be down", (*env).check},
	{"scrub", "--dir D", "write the databases anew, so that withdrawn titles and deleted accounts are no longer in their free pages; the site must be down", (*env).scrub},
	{"version", "[--json]", "which build this is", (*env).version},
	{"artist init", "--keys K --name NAME", "make an artist's keys", (*env).artistInit},
	{"publish check", "FOLDER [--keys K] [--charter FILE|--dir D] [--json]", "say everything that a release still lacks", (*env).publishCheck},
	{"publish make", "FOLDER --keys K --out BUNDLE --charter FILE|--dir D", "make and sign a release, ready to hand in", (*env).publishMake},
	{"review list", "--dir D [--json]", "the releases that wait for an editor", (*env).reviewList},
	{"review accept", "ID|BUNDLE --dir D [--keys E | --signed FOLDER]", "countersign a release and publish it", (*env).reviewAccept},
	{"review refuse", "ID|BUNDLE --reason TEXT --dir D", "refuse a release, with the reason", (*env).reviewRefuse},
	{"notice list", "--dir D [--keys E] [--json]", "what visitors reported about works, opened with the editor's identity", (*env).noticeList},
	{"notice drop", "RECEIPT --dir D", "forget a notice that was answered", (*env).noticeDrop},
	{"withdraw", "RELEASE --reason TEXT --dir D [--keys K | --signed FILE] [--code CODE]", "take a work down, for good", (*env).withdraw},
	{"month open", "P --dir D (--keys T [--closing RECIPIENT] | --closing RECIPIENT --out FILE | --signed FILE) [--past]", "make a month's keys and log its opening, before its first sale", (*env).monthOpen},
	{"month status", "P --dir D [--json]", "whether a month is open, whether its keys are here, how many passes are sold, and its days", (*env).monthStatus},
	{"pass request", "P --out FILE (--site ADDRESS.onion#VKEY [--socks PORT] | --dir D) [--recipient R]", "make a blind pass: prints the request for the account's page", (*env).passRequest},
	{"pass finish", "FILE ANSWER|FILE [--out PASS]", "make the pass of the site's answer", (*env).passFinish},
	{"pass show", "FILE|PASS [--site ADDRESS.onion#VKEY [--socks PORT] | --dir D] [--json]", "say what a pass is, and check it against the log", (*env).passShow},
	{"treasurer vouchers issue", "--months N --count K --keys T --out SHEET [--expires DAY] [--lang fr|en] [--charter FILE|--dir D]", "make vouchers: a sheet to print and sell, and a signed batch for the host", (*env).vouchersIssue},
	{"treasurer vouchers load", "BATCH --dir D", "make a signed batch of vouchers redeemable", (*env).vouchersLoad},
	{"treasurer vouchers void", "BATCH (--dir D (--keys T | --signed NOTE) | --keys T --out NOTE)", "declare what is left of a batch void", (*env).vouchersVoid},
	{"treasurer vouchers list", "--dir D [--json]", "what became of each batch", (*env).vouchersList},
	{"treasurer closing", "P --keys T", "print the recipient to which a month is sealed, making its identity if need be", (*env).treasurerClosing},
	{"sign", "REQUEST --keys K --out FILE [--role ROLE]", "sign on another machine what the host asks for", (*env).sign},
	{"charter", "--dir D", "print the charter in force", (*env).charter},
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	e := &env{ctx: ctx, stdout: stdout, stderr: stderr}
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		e.help()
		if len(args) == 0 {
			return usage("no command given")
		}
		return nil
	}
	if args[0] == "--version" {
		args = []string{"version"}
	}
	for _, c := range commands {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			e.cmd = c
			return c.run(e, args[len(words):])
		}
	}
	if e.helpGroup(args[0]) && slices.ContainsFunc(args[1:], isHelp) {
		return nil
	}
	return usage("%q is not a command", strings.Join(args[:min(2, len(args))], " "))
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-h" || arg == "help" }

// helpGroup lists the commands that begin with a word, and says whether there
// are any.
func (e *env) helpGroup(word string) (any bool) {
	for _, c := range commands {
		if strings.HasPrefix(c.name, word+" ") {
			fmt.Fprintf(e.stderr, "  peerfy %s %s\n      %s\n", c.name, c.args, c.summary)
			any = true
		}
	}
	return any
}

func (e *env) help() {
	fmt.Fprintln(e.stderr, "peerfy: a co-operative's legal catalogue, published as a Tor onion site.")
	for _, c := range commands {
		fmt.Fprintf(e.stderr, "\n  peerfy %s %s\n      %s\n", c.name, c.args, c.summary)
	}
}

// flags makes the command's flag set; parse reads it.
func (e *env) flags() *flag.FlagSet {
	fs := flag.NewFlagSet(e.cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse reads flags and arguments in any order and wants exactly the named
// arguments; the flags listed in required must not be empty.
func (e *env) parse(fs *flag.FlagSet, args []string, want int, required ...string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			e.explain(fs)
			return nil, err
		} else if err != nil {
			return nil, usage("%s: %v", e.cmd.name, err)
		}
		if fs.NArg() == 0 {
			break
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
	if len(rest) != want {
		return nil, usage("%s takes %d argument(s), %d given: peerfy %s %s", e.cmd.name, want, len(rest), e.cmd.name, e.cmd.args)
	}
	for _, name := range required {
		if fs.Lookup(name).Value.String() == "" {
			return nil, usage("%s needs --%s: peerfy %s %s", e.cmd.name, name, e.cmd.name, e.cmd.args)
		}
	}
	return rest, nil
}

func (e *env) explain(fs *flag.FlagSet) {
	fmt.Fprintf(e.stderr, "peerfy %s %s\n    %s\n\n", e.cmd.name, e.cmd.args, e.cmd.summary)
	fs.SetOutput(e.stderr)
	fs.PrintDefaults()
}

// say prints words for a person.
func (e *env) say(format string, args ...any) { fmt.Fprintf(e.stderr, format+"\n", args...) }

// printJSON prints data for a program: one JSON value, indented.
func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// jsonFlag registers --json.
func jsonFlag(fs *flag.FlagSet) *bool {
	return fs.Bool("json", false, "print the answer as JSON, for a program to read")
}

// print prints data.
func (e *env) print(format string, args ...any) { fmt.Fprintf(e.stdout, format+"\n", args...) }
