package publish_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/publish"
)

// childArg makes the test binary run Make alone, so that it can be killed.
const childArg = "make-in-a-child"

// order is what the child is told.
type order struct {
	Dir, Out, Skey string
	Charter        *catalog.Charter
	Artist         catalog.Artist
	Entry          []byte
}

// child makes one file at a time and says so on stdout.
func child(args []string) {
	var o order
	err := json.Unmarshal([]byte(args[0]), &o)
	if err != nil {
		panic(err)
	}
	tool, err := media.New(media.Config{})
	if err != nil {
		panic(err)
	}
	signer, err := ledger.NewSigner(o.Skey)
	if err != nil {
		panic(err)
	}
	c := publish.Config{
		Media: tool, Charter: o.Charter, Artist: o.Artist, ArtistEntry: o.Entry, Jobs: 1,
		Log: slog.New(slog.NewTextHandler(os.Stdout, nil)),
	}
	if _, err := publish.Make(context.Background(), o.Dir, o.Out, c, signer); err != nil {
		panic(err)
	}
}

// killAfter runs Make in a child and kills it without warning when it has made
// so many files. It says whether the child was still at work.
func killAfter(t *testing.T, co *coop, dir, out string, files int) (killed bool) {
	t.Helper()
	o, err := json.Marshal(order{dir, out, co.artist.skey, co.config.Charter, co.config.Artist, co.config.ArtistEntry})
	check(t, err)
	self, err := os.Executable()
	check(t, err)
	cmd := exec.Command(self, childArg, string(o))
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	for lines := bufio.NewScanner(pipe); files > 0 && lines.Scan(); {
		if strings.Contains(lines.Text(), "msg=made") {
			files--
		}
	}
	cmd.Process.Kill()
	io.Copy(io.Discard, pipe)
	return cmd.Wait() != nil
}

// resume finishes what was killed and counts what need not be made again.
func resume(t *testing.T, co *coop, dir, out string) (found int) {
	t.Helper()
	var log strings.Builder
	c := co.config
	c.Log = slog.New(slog.NewTextHandler(&syncWriter{w: &log}, nil))
	made, err := publish.Make(t.Context(), dir, out, c, co.artist.signer)
	check(t, err)
	opened, err := publish.OpenBundle(t.Context(), out, nil)
	check(t, err)
	if made.ID() != opened.ID() {
		t.Errorf("made %s and opened %s", made.ID(), opened.ID())
	}
	if _, err := os.Stat(out + ".partial"); err == nil {
		t.Errorf("left behind: %q", tree(t, out+".partial"))
	}
	return strings.Count(log.String(), "found finished")
}

// Killed in the middle, nothing stands at the destination; started again, it
// goes on from there.
func TestKilled(t *testing.T) {
	t.Parallel()
	co, dir := newCoop(t), album(t)
	out := filepath.Join(t.TempDir(), "out")
	if !killAfter(t, co, dir, out, 5) {
		t.Fatal("it was finished before it was killed")
	}
	if _, err := os.Stat(out); err == nil {
		t.Fatal("something stands at the destination")
	}
	if found := resume(t, co, dir, out); found < 5 {
		t.Errorf("only %d files were found finished", found)
	}
}
