package library_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/library"
)

// xspf is a list with the given inside.
func xspf(head, tracks string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><playlist version="1" xmlns="http://xspf.org/ns/0/">` + head + "<trackList>" + tracks + "</trackList></playlist>\n"
}

func track(location string) string { return "<track><location>" + location + "</location></track>" }

func TestReadXSPF(t *testing.T) {
	text := xspf("<!-- x --><creator>y</creator><title> Pluie &amp; <![CDATA[<vent>]]>\n</title>",
		"<track><title>Aurore</title><location>\n"+onion+"/t/"+first+".webm?q=96&amp;x=1\n</location></track>"+
			"<track><location>file:///a.mp3</location><location>/r/"+release+"/play?track=2</location></track>"+
			"<track><title>Elsewhere</title><location>ipfs:x</location><album>z</album></track><track/>"+
			`<track xmlns:v="urn:v"><v:location>`+first+`</v:location><extension application="a"><location>`+first+`</location></extension><identifier>`+third+`</identifier></track>`)
	lists, unknown, err := library.Read([]byte(text))
	must(t, err)
	if len(lists) != 1 || lists[0].Name != "Pluie & <vent>" || !slices.Equal(lists[0].Tracks, []string{first, second, third}) {
		t.Errorf("read %q", lists)
	}
	if !slices.Equal(unknown, []string{"Elsewhere"}) {
		t.Errorf("unknown %q", unknown)
	}
	lists, _, err = library.Read([]byte(xspf("", track(first))))
	if err != nil || lists[0].Name != "XSPF" {
		t.Errorf("without a name: %q %v", lists, err)
	}
}

func TestHostileXML(t *testing.T) {
	good := xspf("", track(first))
	if _, _, err := library.Read([]byte(good)); err != nil {
		t.Fatal(err)
	}
	deep := func(n int) string {
		return xspf("<extension>"+strings.Repeat("<a>", n)+strings.Repeat("</a>", n)+"</extension>", track(first))
	}
	if _, _, err := library.Read([]byte(deep(14))); err != nil {
		t.Errorf("16 deep: %v", err)
	}
	for what, text := range map[string]string{
		"a document type":   strings.Replace(good, "<playlist", `<!DOCTYPE playlist [<!ENTITY a "b">]><playlist`, 1),
		"an outer entity":   strings.Replace(good, "<playlist", `<!DOCTYPE x SYSTEM "file:///etc/passwd"><playlist`, 1),
		"an entity":         xspf("<title>&a;</title>", track(first)),
		"depth":             deep(15),
		"great depth":       deep(20_000),
		"another encoding":  strings.Replace(good, "UTF-8", "ISO-8859-1", 1),
		"another namespace": strings.Replace(good, "/ns/0/", "/ns/1/", 1),
		"no namespace":      strings.Replace(good, `xmlns="http://xspf.org/ns/0/"`, "", 1),
		"another root":      strings.ReplaceAll(good, "playlist", "rss"),
		"two roots":         good + good[strings.Index(good, "<playlist"):],
		"no end":            strings.Replace(good, "</playlist>", "", 1),
		"a wrong end":       strings.Replace(good, "</trackList>", "</track>", 1),
		"only a beginning":  `<?xml version="1.0"?>`,
		"a sign":            "<",
		"not UTF-8":         xspf("<title>\xff</title>", track(first)),
	} {
		if _, _, err := library.Read([]byte(text)); !errors.Is(err, library.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
