package browser

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// An Element is something on the page that was last loaded; it is stale after
// the next one.
type Element string

// elementKey is how WebDriver marks an element in JSON.
const elementKey = "element-6066-11e4-a52e-4f735466cecf"

// MarshalJSON lets elements be arguments of Eval.
func (e Element) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{elementKey: string(e)})
}

// UnmarshalJSON reads an element that a script returned.
func (e *Element) UnmarshalJSON(b []byte) error {
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*e = Element(m[elementKey])
	return nil
}

// Navigate opens a page and waits until it is loaded, its pictures included.
func (f *Firefox) Navigate(url string) error {
	_, err := f.call("WebDriver:Navigate", map[string]any{"url": url})
	return err
}

// Back returns to the page before.
func (f *Firefox) Back() error {
	_, err := f.call("WebDriver:Back", nil)
	return err
}

// Reload loads the page again.
func (f *Firefox) Reload() error {
	_, err := f.call("WebDriver:Refresh", nil)
	return err
}

// URL is where the browser is.
func (f *Firefox) URL() (string, error) { return value[string](f, "WebDriver:GetCurrentURL", nil) }

// Title is that of the page.
func (f *Firefox) Title() (string, error) { return value[string](f, "WebDriver:GetTitle", nil) }

// Find gives the first element that a CSS selector matches, or ErrNoElement.
func (f *Firefox) Find(css string) (Element, error) {
	e, err := value[Element](f, "WebDriver:FindElement", map[string]any{"using": "css selector", "value": css})
	if err != nil {
		return "", fmt.Errorf("%q: %w", css, err)
	}
	return e, nil
}

// FindAll gives every element that a CSS selector matches, perhaps none, in
// the order of the page.
func (f *Firefox) FindAll(css string) ([]Element, error) {
	r, err := f.call("WebDriver:FindElements", map[string]any{"using": "css selector", "value": css})
	if err != nil {
		return nil, err
	}
	var all []Element
	if err := json.Unmarshal(r, &all); err != nil {
		return nil, fmt.Errorf("%q: %w", css, err)
	}
	return all, nil
}

// FindLink gives the link whose text is exactly this, or ErrNoElement.
func (f *Firefox) FindLink(text string) (Element, error) {
	e, err := value[Element](f, "WebDriver:FindElement", map[string]any{"using": "link text", "value": text})
	if err != nil {
		return "", fmt.Errorf("link %q: %w", text, err)
	}
	return e, nil
}

// Text is what a reader sees of e.
func (f *Firefox) Text(e Element) (string, error) {
	return value[string](f, "WebDriver:GetElementText", map[string]any{"id": string(e)})
}

// Attr is an attribute of e as the page has it; "" when it has none.
func (f *Firefox) Attr(e Element, name string) (string, error) {
	v, err := value[*string](f, "WebDriver:GetElementAttribute", map[string]any{"id": string(e), "name": name})
	if v == nil {
		return "", err
	}
	return *v, err
}

// Focus is what the keyboard speaks to.
type Focus struct {
	Tag  string // lower case: "a", "input", "body" when nothing has the focus
	Text string // what is written on it, or its label or value
	Href string // as the page has it
	ID   string
	Name string
}

// Active gives the element that has the focus.
func (f *Firefox) Active() (Focus, error) {
	return Eval[Focus](f, `
		const e = document.activeElement ?? document.body;
		const text = (e.innerText ?? "").trim() || e.getAttribute("aria-label") || e.value || "";
		return {Tag: e.localName, Text: e === document.body ? "" : text, Href: e.getAttribute("href") ?? "", ID: e.id, Name: e.getAttribute("name") ?? ""};`)
}

// Eval runs a script and gives what it returns. It stands beside the page, in
// a sandbox of its own that sees the document, and so runs although the page's
// own scripts are off. In it arguments has the args.
func Eval[T any](f *Firefox, script string, args ...any) (T, error) {
	if args == nil {
		args = []any{}
	}
	return value[T](f, "WebDriver:ExecuteScript", map[string]any{"script": script, "args": args, "sandbox": "default"})
}

// Screenshot gives a PNG of what is seen, or of the full page.
func (f *Firefox) Screenshot(full bool) ([]byte, error) {
	s, err := value[string](f, "WebDriver:TakeScreenshot", map[string]any{"full": full, "hash": false})
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(s)
}

// Resize makes the page, not the window, w pixels wide and h high.
func (f *Firefox) Resize(w, h int) error {
	type rect struct{ Width, Height int }
	want := rect{w, h + 100}
	for range 4 { // the first guess shows how much the window adds
		var got rect
		r, err := f.call("WebDriver:SetWindowRect", map[string]any{"width": want.Width, "height": want.Height})
		if err != nil {
			return err
		}
		if err := json.Unmarshal(r, &got); err != nil {
			return fmt.Errorf("resizing: %w", err)
		}
		inner, err := Eval[rect](f, "return {Width: innerWidth, Height: innerHeight}")
		if err != nil {
			return err
		}
		if inner == (rect{w, h}) {
			return nil
		}
		want = rect{got.Width + w - inner.Width, got.Height + h - inner.Height}
	}
	return fmt.Errorf("resizing: no window gives a page of %d×%d", w, h)
}

// Wait asks again and again, until yes or an error, for at most limit.
func (f *Firefox) Wait(limit time.Duration, yes func() (bool, error)) error {
	end := time.Now().Add(limit)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		ok, err := yes()
		if ok || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %s in vain", limit)
		}
		select {
		case <-ticker.C:
		case <-f.p.done:
			return fmt.Errorf("firefox has ended: %w", f.p.err)
		}
	}
}
