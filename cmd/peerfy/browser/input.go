package browser

import (
	"fmt"
	"strings"
)

// Click scrolls e into view and clicks on its middle as a pointer does. When
// the click leads to another page it waits until that is loaded. What lies
// under something else is refused, as it would not be reached.
func (f *Firefox) Click(e Element) error {
	_, err := f.call("WebDriver:ElementClick", map[string]any{"id": string(e)})
	return err
}

// ClickAt scrolls e into view and clicks on it at a place in pixels from its
// middle, right and down: the parts of a player's controls have no name.
func (f *Firefox) ClickAt(e Element, dx, dy int) error {
	if _, err := Eval[any](f, `arguments[0].scrollIntoView({block: "center", behavior: "instant"})`, e); err != nil {
		return err
	}
	return f.act("pointer", map[string]any{"pointerType": "mouse"},
		map[string]any{"type": "pointerMove", "duration": 0, "x": dx, "y": dy, "origin": e},
		map[string]any{"type": "pointerDown", "button": 0},
		map[string]any{"type": "pointerUp", "button": 0})
}

// Type puts the focus on e and types text into it.
func (f *Firefox) Type(e Element, text string) error {
	_, err := f.call("WebDriver:ElementSendKeys", map[string]any{"id": string(e), "text": text})
	return err
}

// Clear empties a field.
func (f *Firefox) Clear(e Element) error {
	_, err := f.call("WebDriver:ElementClear", map[string]any{"id": string(e)})
	return err
}

// keys are the keys with a name, as WebDriver numbers them.
var keys = map[string]string{
	"Backspace": "\ue003", "Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008", "Control": "\ue009", "Alt": "\ue00a", "Escape": "\ue00c",
	"Space": " ", "PageUp": "\ue00e", "PageDown": "\ue00f", "End": "\ue010", "Home": "\ue011", "Left": "\ue012", "Up": "\ue013",
	"Right": "\ue014", "Down": "\ue015", "Delete": "\ue017",
}

// Press presses keys one after the other, for whoever has the focus: "Tab",
// "Enter", "Space", "Left", single characters, and some together such as
// "Shift+Tab". It does not wait for a page that a key leads to: see Wait.
func (f *Firefox) Press(names ...string) error {
	var actions []any
	for _, name := range names {
		together := strings.Split(name, "+")
		var up []any
		for _, k := range together {
			code, ok := keys[k]
			if !ok && len([]rune(k)) != 1 {
				return fmt.Errorf("there is no key %q", k)
			}
			if !ok {
				code = k
			}
			actions = append(actions, map[string]any{"type": "keyDown", "value": code})
			up = append([]any{map[string]any{"type": "keyUp", "value": code}}, up...)
		}
		actions = append(actions, up...)
	}
	return f.act("key", nil, actions...)
}

// act performs actions of one input device.
func (f *Firefox) act(device string, params map[string]any, actions ...any) error {
	source := map[string]any{"type": device, "id": device, "actions": actions}
	if params != nil {
		source["parameters"] = params
	}
	_, err := f.call("WebDriver:PerformActions", map[string]any{"actions": []any{source}})
	return err
}
