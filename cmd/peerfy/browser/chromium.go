package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Chromium opens a page of this machine's loopback with scripts off and writes
// a PNG of it to out, exactly width pixels wide. With height 0 the picture is
// as high as the page. Nothing but loopback is reachable.
func Chromium(ctx context.Context, url string, width, height int, dark bool, out string) error {
	png, err := chromium(ctx, url, width, height, dark)
	if err != nil {
		return fmt.Errorf("chromium: %w", err)
	}
	return os.WriteFile(out, png, 0o600)
}

func chromium(ctx context.Context, url string, width, height int, dark bool) (png []byte, err error) {
	dir, err := profile()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d, err := startDevtools(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	return d.shoot(url, width, height, dark)
}

// devtools speaks Chromium's DevTools protocol over two pipes: JSON messages,
// each ended by a zero byte. There is no port that others could find.
type devtools struct {
	p       *process
	to      *os.File
	from    *os.File
	r       *bufio.Reader
	id      int
	session string
	loaded  bool // the tab's page is there, since load set it to false
	unwatch func() bool
}

func startDevtools(ctx context.Context, dir string) (*devtools, error) {
	theirIn, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	from, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), to.Close())
	}
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-breakpad",
		"--disable-crash-reporter", "--disable-dev-shm-usage", "--mute-audio", "--force-device-scale-factor=1",
		"--proxy-server=socks5://127.0.0.1:9", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
		"--remote-debugging-pipe", "--user-data-dir="+dir)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, as Chromium expects
	p, err := begin(cmd)
	err = errors.Join(err, theirIn.Close(), theirOut.Close())
	if err != nil {
		return nil, errors.Join(err, to.Close(), from.Close())
	}
	return &devtools{p: p, to: to, from: from, r: bufio.NewReader(from), unwatch: context.AfterFunc(ctx, p.kill)}, nil
}

// close ends Chromium.
func (d *devtools) close() error {
	d.session = ""
	_, _ = d.call("Browser.close", nil) // one that was killed cannot answer
	err := d.p.end(5 * time.Second)
	d.unwatch()
	return errors.Join(err, d.to.Close(), d.from.Close())
}

// shoot opens the page in a tab that has the metrics of a small device, if
// need be: Chromium's own windows are never narrower than 500 pixels.
func (d *devtools) shoot(url string, width, height int, dark bool) ([]byte, error) {
	if err := d.open(); err != nil {
		return nil, err
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	view := height
	if view == 0 {
		view = 600
	}
	steps := []struct {
		method string
		params any
	}{
		{"Page.enable", nil},
		{"Emulation.setScriptExecutionDisabled", map[string]any{"value": true}},
		{"Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": view, "deviceScaleFactor": 1, "mobile": false}},
		{"Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}},
	}
	for _, s := range steps {
		if _, err := d.call(s.method, s.params); err != nil {
			return nil, err
		}
	}
	if err := d.load(url); err != nil {
		return nil, err
	}
	if height == 0 {
		var err error
		if height, err = d.pageHeight(); err != nil {
			return nil, err
		}
	}
	var shot struct{ Data string }
	r, err := d.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true,
		"clip": map[string]any{"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
	if err := errors.Join(err, decode(r, &shot)); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}

// open makes a tab and speaks to it from then on.
func (d *devtools) open() error {
	var tab struct{ TargetID, SessionID string }
	r, err := d.call("Target.createTarget", map[string]any{"url": "about:blank"})
	if err := errors.Join(err, decode(r, &tab)); err != nil {
		return err
	}
	r, err = d.call("Target.attachToTarget", map[string]any{"targetId": tab.TargetID, "flatten": true})
	if err := errors.Join(err, decode(r, &tab)); err != nil {
		return err
	}
	d.session = tab.SessionID
	return nil
}

// load opens the page and waits until it is there with all its pictures.
func (d *devtools) load(url string) error {
	var went struct{ ErrorText string }
	d.loaded = false
	r, err := d.call("Page.navigate", map[string]any{"url": url})
	if err := errors.Join(err, decode(r, &went)); err != nil {
		return err
	}
	if went.ErrorText != "" {
		return fmt.Errorf("%s: %s", url, went.ErrorText)
	}
	for !d.loaded {
		if _, err := d.read(); err != nil {
			return err
		}
	}
	return nil
}

// pageHeight is that of everything on the page.
func (d *devtools) pageHeight() (int, error) {
	var m struct{ CSSContentSize struct{ Height float64 } }
	r, err := d.call("Page.getLayoutMetrics", nil)
	return int(m.CSSContentSize.Height), errors.Join(err, decode(r, &m))
}

func decode(b json.RawMessage, into any) error {
	if b == nil {
		return nil // the call failed and says so itself
	}
	return json.Unmarshal(b, into)
}

// message is what Chromium sends: the answer to a call, or an event.
type message struct {
	ID        int
	SessionID string
	Method    string
	Result    json.RawMessage
	Error     *struct{ Message string }
}

func (d *devtools) call(method string, params any) (json.RawMessage, error) {
	d.id++
	ask := map[string]any{"id": d.id, "method": method}
	if params != nil {
		ask["params"] = params
	}
	if d.session != "" {
		ask["sessionId"] = d.session
	}
	b, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	if _, err := d.to.Write(append(b, 0)); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	for {
		m, err := d.read()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", method, err)
		case m.ID != d.id:
			continue
		case m.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, m.Error.Message)
		}
		return m.Result, nil
	}
}

// read takes one message. A browser that hangs is the caller's context's to
// end; that ends the pipe too.
func (d *devtools) read() (message, error) {
	var m message
	b, err := d.r.ReadBytes(0)
	if err != nil {
		return m, fmt.Errorf("it ended: %w: %s", err, d.p.said)
	}
	err = json.Unmarshal(bytes.TrimSuffix(b, []byte{0}), &m)
	if m.Method == "Page.loadEventFired" && m.SessionID == d.session {
		d.loaded = true
	}
	return m, err
}
