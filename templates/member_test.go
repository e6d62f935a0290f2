package templates_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"p2p.legal/peerfy/templates"
	"p2p.legal/peerfy/templates/i18n"
)

// One finished page serves everybody who is not logged in: nothing that a
// member could do may change a byte of it.
func TestStrangersGetTheSamePage(t *testing.T) {
	for _, lang := range i18n.Langs {
		s := sample{lang, "Nuit", true}
		release, player := s.release(false), s.player(false)
		plain := [][]byte{render(t, templates.ReleasePage(release)), render(t, templates.PlayerPage(player))}
		release.Own, player.Own = s.own(), s.own()
		for i, page := range [][]byte{render(t, templates.ReleasePage(release)), render(t, templates.PlayerPage(player))} {
			if !bytes.Equal(page, plain[i]) {
				t.Errorf("%s, page %d: what a member can do shows to a stranger", lang, i)
			}
			if bytes.Contains(page, []byte("my/queue/add")) || !bytes.Contains(page, []byte(`href="../join"`)) {
				t.Errorf("%s, page %d: a stranger is offered the wrong thing", lang, i)
			}
		}
	}
}

func TestMembersAreNotAskedToJoin(t *testing.T) {
	for key, c := range memberPages(sample{i18n.En, "Nuit", true}) {
		page := render(t, c)
		if !bytes.Contains(page, []byte(`action="../logout"`)) {
			if !slices.Contains([]string{"join", "login", "again"}, key) {
				t.Errorf("%s: no way to log out", key)
			}
			continue
		}
		for _, n := range elements(t, page) {
			if href, _ := attr(n, "href"); href == "../login" && key != "goodbye" || href == "../join" && key != "account" && key != "account blind" {
				t.Errorf("%s: a member is led to %s", key, href)
			}
		}
	}
}

// forms are the forms of a page but the masthead's, each with its fields.
func forms(t *testing.T, page []byte) map[*html.Node][]*html.Node {
	t.Helper()
	fields := map[*html.Node][]*html.Node{}
	for _, n := range elements(t, page) {
		if n.Data != "form" {
			continue
		}
		if role, _ := attr(n, "role"); role == "search" {
			continue
		}
		fields[n] = []*html.Node{}
		for f := range n.Descendants() {
			if f.Type == html.ElementNode && slices.Contains([]string{"input", "textarea", "select", "button"}, f.Data) {
				fields[n] = append(fields[n], f)
			}
		}
	}
	return fields
}

// What opens something is never offered to a browser's memory or to a spelling
// service, and every form is a POST with a button.
func TestFormsKeepSecrets(t *testing.T) {
	secrets := []string{"account", "pass", "voucher", "code", "owner", "recipient", "request"}
	for key, c := range memberPages(sample{i18n.Fr, "Nuit", true}) {
		for form, fields := range forms(t, render(t, c)) {
			action := attrOrNone(form, "action")
			if attrOrNone(form, "method") != "post" || action == "" {
				t.Errorf("%s: a form to %q that is no POST", key, action)
			}
			buttons := 0
			for _, f := range fields {
				if f.Data == "button" {
					buttons++
				}
				if !slices.Contains(secrets, attrOrNone(f, "name")) || attrOrNone(f, "type") == "hidden" {
					continue
				}
				if attrOrNone(f, "autocomplete") != "off" || attrOrNone(f, "spellcheck") != "false" {
					t.Errorf("%s: the field %s of the form to %s may be remembered", key, attrOrNone(f, "name"), action)
				}
			}
			if buttons == 0 {
				t.Errorf("%s: the form to %s has no button", key, action)
			}
		}
	}
}

// The form of an ended session is sent again with the fields account and pass
// beside its own: no other form may use these names.
func TestOnlyLoginAsksWhoOneIs(t *testing.T) {
	for key, c := range memberPages(sample{i18n.En, "Nuit", true}) {
		for form, fields := range forms(t, render(t, c)) {
			for _, f := range fields {
				name := attrOrNone(f, "name")
				if slices.Contains([]string{"account", "pass"}, name) && !slices.Contains([]string{"login", "again"}, key) {
					t.Errorf("%s: the form to %s has a field %s", key, attrOrNone(form, "action"), name)
				}
			}
		}
	}
}

// Nothing that was posted is lost when a session has ended.
func TestAgainCarriesTheForm(t *testing.T) {
	s := sample{i18n.En, "Nuit", true}
	want := map[string]string{"name": "Nuit <b>", "version": "17", "remove": "2", "text": "a\nb\r\nc"}
	v := s.again()
	v.Outcome, v.Fields = templates.Outcome{}, nil
	for name, value := range maps.All(want) {
		v.Fields = append(v.Fields, templates.Field{Name: name, Value: value})
	}
	for form, fields := range forms(t, render(t, templates.AgainPage(v))) {
		if attrOrNone(form, "action") != "../my/list/3" {
			t.Errorf("it goes to %q", attrOrNone(form, "action"))
		}
		got := map[string]string{}
		for _, f := range fields {
			if attrOrNone(f, "type") == "hidden" {
				got[attrOrNone(f, "name")] = attrOrNone(f, "value")
			}
		}
		want["text"] = "a\nb\nc" // as HTML reads line ends, and a browser sends them as it likes anyway
		if !maps.Equal(got, want) {
			t.Errorf("it carries %q, want %q", got, want)
		}
	}
}

// A refused form says so where a screen reader hears it, and its fields point
// there; the fields of the other forms do not.
func TestRefusedFieldsAreMarked(t *testing.T) {
	s := sample{i18n.En, "Nuit", true}
	for form, want := range map[string]string{"redeem": "voucher", "blind": "request", "delete": "confirm", "pass": "recipient"} {
		v := s.account()
		v.Outcome = templates.Outcome{Form: form, Errors: []string{s.lang.T("refused.mistyped")}}
		alerts, marked := 0, []string{}
		for _, n := range elements(t, render(t, templates.AccountPage(v))) {
			if attrOrNone(n, "role") == "alert" {
				alerts++
			}
			if attrOrNone(n, "aria-invalid") == "true" && strings.HasSuffix(" "+attrOrNone(n, "aria-describedby"), " errors") {
				marked = append(marked, attrOrNone(n, "name"))
			}
		}
		if alerts != 1 || !slices.Equal(marked, []string{want}) {
			t.Errorf("%s refused: %d alerts, marked %q", form, alerts, marked)
		}
	}
}

func TestOnlyWaitingReloads(t *testing.T) {
	for _, seconds := range []int{0, 5} {
		v := templates.Search{Page: sample{i18n.Fr, "Nuit", false}.page(""), Unavailable: true}
		v.Refresh, v.Path = seconds, "search?q=nuit"
		page := render(t, templates.SearchPage(v))
		if got := bytes.Contains(page, []byte(`<meta http-equiv="refresh" content="5"`)); got != (seconds == 5) {
			t.Errorf("after %d s: reloads: %t", seconds, got)
		}
		if got := bytes.Contains(page, []byte(`<a href="../search?q=nuit">`)); got != (seconds == 5) {
			t.Errorf("after %d s: a link to look by oneself: %t", seconds, got)
		}
	}
}

// The queue is one quiet audio element with a plain link beside it.
func TestQueueIsOneStream(t *testing.T) {
	media, links := 0, 0
	for _, n := range elements(t, render(t, templates.QueuePage(sample{i18n.En, "Nuit", true}.queue()))) {
		if n.Data == "audio" && attrOrNone(n, "preload") == "none" && attrOrNone(n, "src") == "../my/queue.opus" {
			media++
		}
		if attrOrNone(n, "href") == "../my/queue.opus" {
			links++
		}
	}
	if media != 1 || links != 1 {
		t.Errorf("%d streams, %d links", media, links)
	}
}

// What stands at an end cannot be moved further.
func TestEndsOfAListDoNotMove(t *testing.T) {
	v := sample{i18n.En, "Nuit", true}.list()
	v.Outcome, v.Tracks = templates.Outcome{}, v.Tracks[:0]
	for i := range 3 {
		v.Tracks = append(v.Tracks, templates.ListTrack{Position: i + 1, Title: "Nuit", First: i == 0, Last: i == 2})
	}
	var got []string
	for _, n := range elements(t, render(t, templates.ListPage(v))) {
		if n.Data == "button" && slices.Contains([]string{"up", "down", "remove"}, attrOrNone(n, "name")) {
			got = append(got, attrOrNone(n, "name")+attrOrNone(n, "value"))
		}
	}
	if want := []string{"down1", "remove1", "up2", "down2", "remove2", "up3", "remove3"}; !slices.Equal(got, want) {
		t.Errorf("buttons %q, want %q", got, want)
	}
}

// A month that is frozen shows numbers, and no field to change them.
func TestFrozenMonthHasNoFields(t *testing.T) {
	v := sample{i18n.En, "Nuit", true}.month()
	for _, frozen := range []bool{false, true} {
		v.Frozen = frozen
		numbers := 0
		for _, n := range elements(t, render(t, templates.MyMonthPage(v))) {
			if name := attrOrNone(n, "name"); strings.HasPrefix(name, "plays.") || strings.HasPrefix(name, "downloads.") || name == "save" {
				numbers++
			}
		}
		if want := map[bool]int{false: templates.RowsPerPage + 1, true: 0}[frozen]; numbers != want {
			t.Errorf("frozen %t: %d fields, want %d", frozen, numbers, want)
		}
	}
}
