package ledger_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/ledger"
)

type sheet struct {
	Title  string         `json:"title"`
	Points int64          `json:"points"`
	Open   bool           `json:"open"`
	Roles  []string       `json:"roles"`
	Keys   map[string]int `json:"keys,omitempty"`
	Inner  *sheet         `json:"inner,omitempty"`
	Note   string         `json:"note,omitempty"`
	Bytes  []byte         `json:"bytes,omitempty"`
}

const sheetJSON = `{"title":"a <b> & \"c\" \\ é / 日本 \u2764","points":-9223372036854775808,"open":true,` +
	`"roles":["x",""],"keys":{"B":2,"a":1},"inner":{"title":"","points":0,"open":false,"roles":[]},"bytes":"AAE="}`

func TestCanonicalRoundTrip(t *testing.T) {
	v := sheet{
		Title:  "a <b> & \"c\" \\ é / 日本 ❤",
		Points: math.MinInt64,
		Open:   true,
		Roles:  []string{"x", ""},
		Keys:   map[string]int{"a": 1, "B": 2},
		Inner:  &sheet{Roles: []string{}},
		Bytes:  []byte{0, 1},
	}
	want := strings.ReplaceAll(sheetJSON, `\u2764`, "❤")
	got, err := ledger.MarshalCanonical(v)
	if err != nil || string(got) != want {
		t.Fatalf("got  %s, %v\nwant %s", got, err, want)
	}
	var back sheet
	if err := ledger.UnmarshalCanonical(got, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := ledger.MarshalCanonical(back); err != nil || string(again) != want {
		t.Fatalf("again %s, %v", again, err)
	}
}

func TestMarshalCanonicalRefuses(t *testing.T) {
	for name, v := range map[string]any{
		"nil slice":          sheet{},
		"nil":                nil,
		"fraction":           map[string]float64{"x": 0.5},
		"exponent":           map[string]float64{"x": 1e300},
		"beyond int64":       map[string]uint64{"x": math.MaxUint64},
		"not UTF-8":          map[string]string{"x": "a\xff"},
		"NUL":                map[string]string{"x": "a\x00"},
		"newline":            map[string]string{"x": "a\n"},
		"delete":             map[string]string{"x": "a\x7f"},
		"C1 control":         map[string]string{"x": "a\u0085"},
		"line separator":     map[string]string{"x": "a\u2028"},
		"paragraph":          map[string]string{"x": "a\u2029"},
		"bidi override":      map[string]string{"x": "a\u202eb"},
		"bidi isolate":       map[string]string{"x": "a\u2066b"},
		"control in a field": map[string]int{"a\tb": 1},
		"too deep":           deep(17),
		"raw, not UTF-8":     json.RawMessage("\"\xff\""),
		"raw escape":         json.RawMessage(`"\u0041"`),
		"a function":         func() {},
	} {
		if b, err := ledger.MarshalCanonical(v); err == nil {
			t.Errorf("%s: written as %s", name, b)
		}
	}
	if _, err := ledger.MarshalCanonical(deep(16)); err != nil {
		t.Errorf("nested as deep as allowed: %v", err)
	}
}

// deep returns arrays nested n deep around one another.
func deep(n int) any {
	v := any([]any{})
	for range n {
		v = []any{v}
	}
	return v
}

func TestUnmarshalCanonicalRefuses(t *testing.T) {
	good := `{"title":"t","points":1,"open":true,"roles":["r"]}`
	if err := ledger.UnmarshalCanonical([]byte(good), new(sheet)); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{
		"nothing":             "",
		"space before":        " " + good,
		"newline after":       good + "\n",
		"space inside":        strings.Replace(good, ":", ": ", 1),
		"trailing data":       good + "{}",
		"unknown field":       `{"title":"t","points":1,"open":true,"roles":["r"],"zzz":1}`,
		"field twice":         `{"title":"t","title":"t","points":1,"open":true,"roles":["r"]}`,
		"field in other case": `{"Title":"t","points":1,"open":true,"roles":["r"]}`,
		"missing field":       `{"title":"t","points":1,"open":true}`,
		"other order":         `{"points":1,"title":"t","open":true,"roles":["r"]}`,
		"empty but given":     `{"title":"t","points":1,"open":true,"roles":["r"],"note":""}`,
		"null":                `{"title":"t","points":1,"open":true,"roles":null}`,
		"null left out":       `{"title":"t","points":1,"open":true,"roles":["r"],"inner":null}`,
		"wrong type":          `{"title":1,"points":1,"open":true,"roles":["r"]}`,
		"fraction":            `{"title":"t","points":1.0,"open":true,"roles":["r"]}`,
		"exponent":            `{"title":"t","points":1e0,"open":true,"roles":["r"]}`,
		"leading zero":        `{"title":"t","points":01,"open":true,"roles":["r"]}`,
		"minus zero":          `{"title":"t","points":-0,"open":true,"roles":["r"]}`,
		"plus":                `{"title":"t","points":+1,"open":true,"roles":["r"]}`,
		"out of range":        `{"title":"t","points":9223372036854775808,"open":true,"roles":["r"]}`,
		"escape of a letter":  `{"title":"\u0074","points":1,"open":true,"roles":["r"]}`,
		"escape of a slash":   `{"title":"\/","points":1,"open":true,"roles":["r"]}`,
		"escape of a newline": `{"title":"\n","points":1,"open":true,"roles":["r"]}`,
		"raw newline":         "{\"title\":\"\n\",\"points\":1,\"open\":true,\"roles\":[\"r\"]}",
		"not UTF-8":           "{\"title\":\"\xff\",\"points\":1,\"open\":true,\"roles\":[\"r\"]}",
		"surrogate":           "{\"title\":\"\xed\xa0\x80\",\"points\":1,\"open\":true,\"roles\":[\"r\"]}",
		"cut off":             good[:len(good)-1],
		"cut in a string":     `{"title":"t`,
		"cut after escape":    `{"title":"\`,
		"comma at the end":    `{"title":"t","points":1,"open":true,"roles":["r",]}`,
		"no colon":            `{"title" "t"}`,
		"array":               `[]`,
		"word":                `truth`,
		"base64 otherwise":    `{"title":"t","points":1,"open":true,"roles":["r"],"bytes":"AAF="}`,
	} {
		if err := ledger.UnmarshalCanonical([]byte(b), new(sheet)); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := []byte(`"` + strings.Repeat("a", ledger.MaxCanonical) + `"`)
	if err := ledger.UnmarshalCanonical(long, new(string)); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
}

// A kind that nobody knows has no type to compare with: the form alone must
// refuse what has a second spelling.
func TestUnknownKindIsCanonical(t *testing.T) {
	for body, ok := range map[string]bool{
		`{}`:                              true,
		`{"z":1,"a":{"b":[0,-1,"\\\""]}}`: true,
		`{"a":9223372036854775807}`:       true,
		`{"a":9223372036854775808}`:       false,
		`{"a":-9223372036854775809}`:      false,
		`{"a":-0}`:                        false,
		`{"a":-}`:                         false,
		`{"a":00}`:                        false,
		`{"a":1.5}`:                       false,
		`{"a":1e5}`:                       false,
		`{"a":1E5}`:                       false,
		`{"a":null}`:                      false,
		`{"a":nil}`:                       false,
		`{"a":True}`:                      false,
		`{"a":tru}`:                       false,
		`{"a":falsey}`:                    false,
		`{"a":1,"a":1}`:                   false,
		`{"a":1,"b":{"c":1,"c":2}}`:       false,
		`{"a":[{"c":1,"c":2}]}`:           false,
		`{"a":{"b":-0,"c":1}`:             false,
		`{"a":[-0,"c"]`:                   false,
		`{"a":[1 ,2]}`:                    false,
		`{"a":[1,,2]}`:                    false,
		`{"a":[1,]}`:                      false,
		`{"a":[1;2]}`:                     false,
		`{"a":1,}`:                        false,
		`{"a":1;"b":2}`:                   false,
		`{"a"=1}`:                         false,
		`{a:1}`:                           false,
		`{"a":1}{}`:                       false,
		`{"a":"\u0061"}`:                  false,
		`{"a":"\/"}`:                      false,
		`{"\n":1}`:                        false,
	} {
		_, err := ledger.SignText("peerfy/poem/v1\n"+body+"\n", artistKey(t))
		if ok != (err == nil) || !ok && !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// Which characters may stand in signed text: those that show, in their order.
func TestSignedText(t *testing.T) {
	for r, ok := range map[rune]bool{
		' ': true, '~': true, '\x1f': false, '\x7f': false, '\u0080': false, '\u009f': false, '\u00a0': true,
		'\u200d': true, '\u200e': true, '\u2027': true, '\u2028': false, '\u2029': false, '\u202a': false, '\u202c': false,
		'\u202e': false, '\u202f': true, '\u2065': true, '\u2066': false, '\u2069': false, '\u206a': true, '\ufffd': true, '\U0001f9c5': true,
	} {
		if _, err := ledger.MarshalCanonical([]string{string(r)}); ok != (err == nil) {
			t.Errorf("%U in JSON: %v", r, err)
		}
		if r == ' ' || r == '\u00a0' || r == '\u202f' {
			continue // no spaces in names
		}
		if _, _, err := ledger.GenerateKey(string(r)); ok != (err == nil) {
			t.Errorf("%U in a name: %v", r, err)
		}
	}
}

func TestCanonicalErrorsSayWhere(t *testing.T) {
	for b, want := range map[string]string{
		`{"title":"t","points":1}`:              "at byte 23 a field is missing",
		`{"points":1,"title":"t"}`:              "at byte 2 a field",
		`{"title":null}`:                        "at byte 9: null",
		`{"title":"t","points":1,"open":true,}`: "at byte 36: a string is missing",
	} {
		if err := ledger.UnmarshalCanonical([]byte(b), new(sheet)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", b, err, want)
		}
	}
}

func TestCanonicalLimit(t *testing.T) {
	longest := []byte(`"` + strings.Repeat("a", ledger.MaxCanonical-2) + `"`)
	if err := ledger.UnmarshalCanonical(longest, new(string)); err != nil {
		t.Error(err)
	}
}

// What a type does not describe keeps its numbers to the last digit.
func TestUnmarshalCanonicalUntyped(t *testing.T) {
	b := `{"a":9007199254740993,"b":[true,false,"x"]}`
	var v map[string]any
	if err := ledger.UnmarshalCanonical([]byte(b), &v); err != nil {
		t.Fatal(err)
	}
}

func FuzzUnmarshalCanonical(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(sheetJSON, `\u2764`, "❤")))
	f.Add([]byte(sheetJSON))
	f.Add([]byte(`{"title":"","points":0,"open":false,"roles":[]}`))
	f.Add([]byte(`[[[[]]],"\\\"",-1,true]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s sheet
		if ledger.UnmarshalCanonical(b, &s) == nil {
			if again, err := ledger.MarshalCanonical(s); err != nil || string(again) != string(b) {
				t.Fatalf("%q became %q, %v", b, again, err)
			}
		}
		var m map[string]any
		if ledger.UnmarshalCanonical(b, &m) == nil {
			if again, err := ledger.MarshalCanonical(m); err != nil || string(again) != string(b) {
				t.Fatalf("%q became %q, %v", b, again, err)
			}
		}
	})
}
