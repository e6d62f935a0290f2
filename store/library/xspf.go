package library

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	nsXSPF = "http://xspf.org/ns/0/"

	// maxDepth is what a list needs, and some for the extensions of players.
	maxDepth = 16
)

// readXSPF walks through XSPF 1 (https://xspf.org/spec). Elements that it does not
// know are passed over. It refuses a document type, with which all entities but
// the five of XML go, other encodings than UTF-8, and depth.
func (f *found) readXSPF(data []byte) error {
	f.name = "XSPF"
	d := xml.NewDecoder(bytes.NewReader(data))
	w := xspfWalk{found: f}
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = w.take(t)
		}
		if err != nil {
			return fmt.Errorf("%w: not XSPF 1", ErrMalformed)
		}
	}
}

type xspfWalk struct {
	*found
	begun     bool
	path      []string // the open elements; "" for one of another namespace
	text      []byte   // of the innermost, since its last child
	addresses []string // of the track so far
}

func (w *xspfWalk) take(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive:
		return ErrMalformed
	case xml.StartElement:
		return w.open(t.Name)
	case xml.CharData:
		w.text = append(w.text, t...)
	case xml.EndElement:
		w.close()
	}
	return nil
}

func (w *xspfWalk) open(name xml.Name) error {
	root := len(w.path) == 0
	if root && (w.begun || name != xml.Name{Space: nsXSPF, Local: "playlist"}) || len(w.path) == maxDepth {
		return ErrMalformed
	}
	local := name.Local
	if name.Space != nsXSPF {
		local = ""
	}
	w.begun, w.path, w.text = true, append(w.path, local), nil
	return nil
}

func (w *xspfWalk) close() {
	switch strings.Join(w.path, "/") {
	case "playlist/title":
		if name := clean(string(w.text)); name != "" {
			w.name = name
		}
	case "playlist/trackList/track/location", "playlist/trackList/track/identifier":
		w.addresses = append(w.addresses, string(w.text))
	case "playlist/trackList/track/title":
		// It leads nowhere as a rule, but names what has no address.
		w.addresses = append(w.addresses, string(w.text))
	case "playlist/trackList/track":
		w.add(w.addresses...)
		w.addresses = nil
	}
	w.path, w.text = slices.Delete(w.path, len(w.path)-1, len(w.path)), nil
}
