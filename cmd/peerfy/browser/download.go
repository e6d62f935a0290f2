package browser

import (
	"errors"
	"fmt"
)

// A Download is one file that the browser fetches beside the page.
type Download struct {
	URL    string
	Path   string // where it will be; while it runs a ".part" file grows beside it
	Bytes  int64  // so far
	Total  int64  // as the server says; 0 when it does not
	Done   bool   // whole
	Paused bool   // stopped by Pause, or by a connection that broke
	Error  string // why it stopped by itself; "" when it did not
}

// Downloads lists what was downloaded since the start, oldest first.
func (f *Firefox) Downloads() ([]Download, error) {
	return system[[]Download](f, `
		return all.map(d => ({
			URL: d.source.url, Path: d.target.path, Bytes: d.currentBytes, Total: d.totalBytes, Done: d.succeeded,
			Paused: !d.succeeded && d.stopped, Error: d.error ? String(d.error.message || d.error) : "",
		}));`)
}

// Pause stops the download of url and keeps what has come.
func (f *Firefox) Pause(url string) error {
	_, err := system[bool](f, one+`await d.cancel(); return true;`, url)
	return err
}

// Resume goes on with the download of url, by a request for the rest.
func (f *Firefox) Resume(url string) error {
	_, err := system[bool](f, one+`d.start().catch(() => {}); return true;`, url)
	return err
}

// one picks the youngest download of a URL.
const one = `
	const d = all.findLast(d => d.source.url === arguments[0]);
	if (!d) throw new Error("no download of " + arguments[0]);
	`

// system runs a script in the browser's own part, where the downloads are.
// Pages' elements do not exist there, so it leaves at once.
func system[T any](f *Firefox, script string, args ...any) (v T, err error) {
	if args == nil {
		args = []any{}
	}
	if _, err := f.call("Marionette:SetContext", map[string]any{"value": "chrome"}); err != nil {
		return v, err
	}
	defer func() {
		_, back := f.call("Marionette:SetContext", map[string]any{"value": "content"})
		err = errors.Join(err, back)
	}()
	const head = `
		const { Downloads } = ChromeUtils.importESModule("resource://gre/modules/Downloads.sys.mjs");
		return (async () => {
			const all = await (await Downloads.getList(Downloads.ALL)).getAll();
			`
	v, err = value[T](f, "WebDriver:ExecuteScript", map[string]any{"script": head + script + "})();", "args": args, "sandbox": "system"})
	if err != nil {
		return v, fmt.Errorf("in the browser's own part: %w", err)
	}
	return v, nil
}
