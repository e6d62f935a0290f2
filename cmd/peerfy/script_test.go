package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"p2p.legal/peerfy/royalty"
)

// TestMain lets scripts, and the end-to-end tests, run this test binary as
// the peerfy command.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"peerfy": main})
}

// TestScripts runs the promises of the command line, one file each.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("MONTH", royalty.PeriodAt(time.Now()).Next().String()) // can be opened whatever the day
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"tone": scriptTone, "exits": scriptExits, "await": scriptAwait, "visit": scriptVisit, "each": scriptEach, "release": scriptRelease, "report": scriptReport,
		},
	})
}

// scriptTone is "tone FILE SECONDS HERTZ": a sound to publish.
func scriptTone(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(tone(ts.MkAbs(args[0]), args[1], args[2]))
}

// scriptExits is "exits CODE COMMAND…": the command ends with exactly that code.
func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// scriptAwait is "await FILE": returns when the file is there.
func scriptAwait(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) { // another process makes it
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not appear", args[0])
		}
	}
}

// visit fetches a page of the site behind a unix socket.
func visit(socket, path string) (status string, body []byte, err error) {
	req, err := http.NewRequest("GET", "http://x"+path, nil)
	if err != nil {
		return "", nil, err
	}
	return ask(socket, req)
}

// ask sends a request to the site behind a unix socket, in the name of its
// onion address.
func ask(socket string, req *http.Request) (status string, body []byte, err error) {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	b, err := os.ReadFile(filepath.Join(filepath.Dir(socket), "status.json"))
	if err != nil {
		return "", nil, err
	}
	var addresses struct{ Onion string }
	if err := json.Unmarshal(b, &addresses); err != nil {
		return "", nil, err
	}
	req.Host = addresses.Onion
	resp, err := client.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.Status, body, err
}

// scriptVisit is "visit SOCKET PATH": status and page become stdout.
func scriptVisit(ts *testscript.TestScript, _ bool, args []string) {
	status, body, err := visit(args[0], args[1])
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n%s", status, body)
}

// scriptReport is "report SOCKET PAGE TEXT": sends the notice form.
func scriptReport(ts *testscript.TestScript, _ bool, args []string) {
	form := url.Values{"url": {args[1]}, "text": {args[2]}, "name": {"A. Neighbour"}, "contact": {"a@neighbour.example"}, "reason": {"right"}, "goodfaith": {"yes"}}
	req, err := http.NewRequest("POST", "http://x/notice", strings.NewReader(form.Encode()))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, err := ask(args[0], req)
	ts.Check(err)
	if status != "200 OK" {
		ts.Fatalf("%s: %s", status, body)
	}
}

// scriptRelease is "release SOCKET": sets RELEASE to the first release shown.
func scriptRelease(ts *testscript.TestScript, _ bool, args []string) {
	_, body, err := visit(args[0], "/")
	ts.Check(err)
	found := regexp.MustCompile(`r/([a-z2-7]{20})`).FindSubmatch(body)
	if found == nil {
		ts.Fatalf("the home page shows no release")
	}
	ts.Setenv("RELEASE", string(found[1]))
}

// scriptEach is "each FOLDER COMMAND…": runs the command for every file, which
// it calls FILE by path and NAME by name.
func scriptEach(ts *testscript.TestScript, _ bool, args []string) {
	files, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, f := range files {
		replace := strings.NewReplacer("FILE", filepath.Join(args[0], f.Name()), "NAME", f.Name())
		var words []string
		for _, w := range args[1:] {
			words = append(words, replace.Replace(w))
		}
		ts.Check(ts.Exec(words[0], words[1:]...))
	}
}

func tone(path, seconds, hertz string) error {
	cmd := exec.CommandContext(context.Background(), "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi",
		"-i", "sine=frequency="+hertz+":duration="+seconds+":sample_rate=44100", "-ac", "2", path)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}
