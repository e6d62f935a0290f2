package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
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
			running := royalty.PeriodAt(time.Now())
			env.Setenv("THIS", running.String())
			env.Setenv("MONTH", running.Next().String()) // can be opened whatever the day
			env.Values["browsers"] = map[string]*http.Client{}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"tone": scriptTone, "exits": scriptExits, "await": scriptAwait, "visit": scriptVisit, "each": scriptEach, "release": scriptRelease, "report": scriptReport,
			"browse": scriptBrowse(""), "stranger": scriptBrowse("http://elsewhere.example"), "keep": scriptKeep, "socks": scriptSOCKS,
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
	onion, err := onionOf(socket)
	if err != nil {
		return "", nil, err
	}
	req.Host = onion
	resp, err := through(socket).Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.Status, body, err
}

// through reaches the site behind a unix socket, whatever the address says.
func through(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
}

// onionOf is the address in the status file beside the socket of a site.
func onionOf(socket string) (string, error) {
	b, err := os.ReadFile(filepath.Join(filepath.Dir(socket), "status.json"))
	if err != nil {
		return "", err
	}
	var addresses struct{ Onion string }
	return addresses.Onion, json.Unmarshal(b, &addresses)
}

// scriptBrowse is "browse WHO PATH [FIELD=VALUE…]": the page, or the answer to a
// form, in a browser of that name, which keeps its cookies and follows where it
// is led. The site serves at $WORK/s. A VALUE like @FILE is what the file holds.
// Forms come from the site itself, unless another origin is given.
func scriptBrowse(origin string) func(ts *testscript.TestScript, _ bool, args []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		onion, err := onionOf(ts.MkAbs("s"))
		ts.Check(err)
		base := "http://" + onion
		req, err := http.NewRequest("GET", base+args[1], nil)
		if len(args) > 2 {
			req, err = http.NewRequest("POST", base+args[1], strings.NewReader(formOf(ts, args[2:]).Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Origin", cmp.Or(origin, base))
		}
		ts.Check(err)
		all := ts.Value("browsers").(map[string]*http.Client)
		if all[args[0]] == nil {
			all[args[0]] = through(ts.MkAbs("s"))
			all[args[0]].Jar, err = cookiejar.New(nil)
			ts.Check(err)
		}
		resp, err := all[args[0]].Do(req)
		ts.Check(err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		ts.Check(err)
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			body = fmt.Appendf(nil, "%s\n%s", resp.Status, html.UnescapeString(string(body)))
		} else if resp.StatusCode != http.StatusOK {
			ts.Fatalf("%s", resp.Status)
		}
		ts.Stdout().Write(body)
	}
}

// formOf reads FIELD=VALUE….
func formOf(ts *testscript.TestScript, fields []string) url.Values {
	form := url.Values{}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		if file, ok := strings.CutPrefix(value, "@"); ok {
			value = ts.ReadFile(file)
		}
		form.Add(name, value)
	}
	return form
}

// scriptKeep is "keep NAME PATTERN": sets NAME to what the first group of the
// pattern finds in what was said last.
func scriptKeep(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(`(?m)` + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("nothing like %s was said", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// scriptSOCKS is "socks NAME": a SOCKS port that leads to the site at $WORK/s,
// as tor would, whose address becomes NAME.
func scriptSOCKS(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], l.Addr().String())
	site := ts.MkAbs("s")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go relay(c, site)
		}
	}()
}

// relay answers one client of SOCKS5 (RFC 1928, with a user name as in RFC 1929)
// and joins it to a unix socket, whatever it asked for.
func relay(c net.Conn, socket string) {
	defer c.Close()
	head := make([]byte, 2)
	read := func(n byte) []byte {
		b := make([]byte, n)
		io.ReadFull(c, b)
		return b
	}
	io.ReadFull(c, head)
	read(head[1]) // methods
	c.Write([]byte{5, 2})
	read(1)
	read(read(1)[0])      // name
	read(read(1)[0])      // password
	c.Write([]byte{1, 0}) // taken
	read(4)               // connect, to a name
	read(read(1)[0])      // which
	read(2)               // port
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	site, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer site.Close()
	go func() { io.Copy(site, c); site.Close() }()
	io.Copy(c, site)
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
		if filepath.Ext(f.Name()) == manifestEnd {
			continue // lies beside what is to be signed
		}
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
