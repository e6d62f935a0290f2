// Package browser drives real browsers for the end-to-end tests and for the
// pictures in the README: Firefox ESR as strict as Tor Browser at "Safest"
// (no script, no SVG, no web font; every name resolved through Tor), and
// Chromium for pictures at given widths. It needs the two programs and the
// standard library, nothing between.
//
// It promises that what a test sees a person would: pages' own scripts never
// run, a click is a pointer's, a key is a key's. Scripts that a test evaluates
// run beside the page, not in it. It promises also that no packet leaves the
// machine but through the SOCKS port given (without one only loopback is
// reachable), and that Close leaves no process and no profile behind.
//
// Differences from Tor Browser: scripts are off in the engine and not by
// NoScript, so its click-to-play frame is not there; the window has the size
// asked for and is not rounded; with Dark the resistance to fingerprinting is
// off, because it always says light; an onion is a secure place only when
// Trusting asks for it; sound is played in real time to a device that is not
// there. Narrow widths are real: Firefox's windows are made as narrow as asked
// by taking the smallest width from its toolbars, and Chromium, whose windows
// end at 500 pixels, is told the metrics of a device instead.
package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoElement is returned when nothing on the page matches.
var ErrNoElement = errors.New("no such element")

// patience is how long one command may take: a page through Tor at worst.
const patience = 120 * time.Second

// Config says how Firefox is started.
type Config struct {
	Firefox     string // the program; "" is firefox-esr
	Socks       string // host:port of a SOCKS 5 port that resolves names; "" reaches loopback alone
	Width       int    // of the page in pixels; 0 is 1400
	Height      int    // of the page in pixels; 0 is 900
	Dark        bool   // the reader prefers dark pages
	Trusting    bool   // an onion counts as a secure place, as in Tor Browser: its cookies may be Secure
	Languages   string // such as "fr, en"; "" is "en-US, en"
	DownloadDir string // where downloads go; "" is a folder that Close removes
	Log         *slog.Logger
}

// Firefox is a running browser with one window. Its methods are for one
// goroutine at a time.
type Firefox struct {
	p         *process
	w         *wire
	dir       string
	downloads string
	unwatch   func() bool
	log       *slog.Logger
}

// Start starts Firefox and waits until it obeys. When ctx ends the browser is
// killed; Close must be called in any case.
func Start(ctx context.Context, c Config) (*Firefox, error) {
	c = c.withDefaults()
	dir, err := profile()
	if err != nil {
		return nil, err
	}
	f := &Firefox{dir: dir, downloads: c.DownloadDir, log: c.Log}
	if f.downloads == "" {
		f.downloads = filepath.Join(dir, "downloads")
	}
	if err := f.start(ctx, c); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (c Config) withDefaults() Config {
	if c.Firefox == "" {
		c.Firefox = "firefox-esr"
	}
	if c.Width == 0 {
		c.Width = 1400
	}
	if c.Height == 0 {
		c.Height = 900
	}
	if c.Languages == "" {
		c.Languages = "en-US, en"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func (f *Firefox) start(ctx context.Context, c Config) error {
	begun := time.Now()
	if err := f.furnish(c); err != nil {
		return err
	}
	cmd := exec.Command(c.Firefox, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--new-instance",
		"--profile", f.dir, fmt.Sprintf("--width=%d", c.Width), fmt.Sprintf("--height=%d", c.Height+100), "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+f.dir, "MOZ_CRASHREPORTER_DISABLE=1", "MOZ_DISABLE_AUTO_SAFE_MODE=1")
	var err error
	if f.p, err = begin(cmd); err != nil {
		return err
	}
	f.unwatch = context.AfterFunc(ctx, f.p.kill)
	if err := f.connect(ctx); err != nil {
		return err
	}
	session := map[string]any{"pageLoadStrategy": "normal", "timeouts": map[string]int{"pageLoad": 90_000, "implicit": 0, "script": 20_000}}
	if _, err := f.call("WebDriver:NewSession", session); err != nil {
		return err
	}
	if err := f.Resize(c.Width, c.Height); err != nil {
		return err
	}
	f.log.Debug("firefox is up", "took", time.Since(begun).Round(time.Millisecond))
	return nil
}

// furnish writes the profile: the preferences, and the style that lets the
// window be narrower than its toolbars.
func (f *Firefox) furnish(c Config) error {
	if err := errors.Join(os.MkdirAll(filepath.Join(f.dir, "chrome"), 0o700), os.MkdirAll(f.downloads, 0o700)); err != nil {
		return err
	}
	prefs, err := c.preferences(f.downloads)
	if err != nil {
		return err
	}
	var b strings.Builder
	for name, v := range prefs {
		j, err := json.Marshal(v)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "user_pref(%q, %s);\n", name, j)
	}
	const narrow = ":root, body, #navigator-toolbox, #browser { min-width: 0 !important; }\n"
	return errors.Join(
		os.WriteFile(filepath.Join(f.dir, "user.js"), []byte(b.String()), 0o600),
		os.WriteFile(filepath.Join(f.dir, "chrome", "userChrome.css"), []byte(narrow), 0o600))
}

// connect waits for the port that Firefox writes into its profile.
func (f *Firefox) connect(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		port, err := os.ReadFile(filepath.Join(f.dir, "MarionetteActivePort"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if port := strings.TrimSpace(string(port)); port != "" {
			f.w, err = dial("127.0.0.1:" + port)
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("starting firefox: %w", ctx.Err())
		case <-f.p.done:
			return fmt.Errorf("starting firefox: it ended (%w): %s", f.p.err, f.p.said)
		case <-limit.C:
			return fmt.Errorf("starting firefox: not ready after %s: %s", patience, f.p.said)
		}
	}
}

// Close ends Firefox and removes its profile. It returns when no process of it
// is left.
func (f *Firefox) Close() error {
	var errs []error
	if f.w != nil {
		// a browser that was killed before cannot say goodbye
		_, _ = f.w.call(5*time.Second, "Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}})
		_ = f.w.conn.Close()
	}
	if f.p != nil {
		grace := 5 * time.Second
		if f.w == nil {
			grace = 0
		}
		errs = append(errs, f.p.end(grace))
		f.unwatch()
	}
	return errors.Join(append(errs, os.RemoveAll(f.dir))...)
}

// call sends one command of WebDriver or Marionette.
func (f *Firefox) call(command string, params any) (json.RawMessage, error) {
	r, err := f.w.call(patience, command, params)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	return r, nil
}

// value is a call whose result is {"value": …}.
func value[T any](f *Firefox, command string, params any) (T, error) {
	var v struct{ Value T }
	r, err := f.call(command, params)
	if err != nil {
		return v.Value, err
	}
	if err := json.Unmarshal(r, &v); err != nil {
		return v.Value, fmt.Errorf("%s: %w", command, err)
	}
	return v.Value, nil
}
