package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/store"
)

// noticeList prints the notices that visitors sent. They are sealed to the
// editor: without the editor's identity only receipt and day are told.
func (e *env) noticeList(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	keys := fs.String("keys", "", "the `folder` with "+editorIdentity+" (default DIR/keys)")
	asJSON := jsonFlag(fs)
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	if *keys == "" {
		*keys = filepath.Join(*dir, "keys")
	}
	db, err := openHost(*dir)
	if err != nil {
		return err
	}
	defer db.Close()
	notices, err := db.Notices()
	if err != nil {
		return err
	}
	identity, missingErr := os.ReadFile(filepath.Join(*keys, editorIdentity))
	if *asJSON {
		return e.printJSON(opened(notices, string(identity)))
	}
	for _, n := range notices {
		e.print("notice %s  %s", n.Receipt, n.Day.Format(time.DateOnly))
		if missingErr != nil {
			continue
		}
		text, err := seal.Open(string(identity), n.Sealed)
		if err != nil {
			e.print("    cannot be opened: %v", err)
			continue
		}
		e.print("%s", readable(text))
	}
	if len(notices) == 0 {
		e.say("no notice waits")
	} else if missingErr != nil {
		e.say("they are sealed: add --keys FOLDER with %s to read them", editorIdentity)
	}
	return nil
}

// openedNotice is a notice for a program: Text is what the form held, or
// nothing when it is sealed to somebody else.
type openedNotice struct {
	Receipt string          `json:"receipt"`
	Day     string          `json:"day"`
	Text    json.RawMessage `json:"notice,omitempty"`
}

func opened(notices []store.Notice, identity string) []openedNotice {
	all := make([]openedNotice, len(notices))
	for i, n := range notices {
		all[i] = openedNotice{Receipt: n.Receipt, Day: n.Day.Format(time.DateOnly)}
		if text, err := seal.Open(identity, n.Sealed); err == nil && json.Valid(text) {
			all[i].Text = text
		}
	}
	return all
}

// readable lays out a notice, one field a line, in the order of the form. What
// is no notice is shown as it is, quoted: it comes from a stranger.
func readable(text []byte) string {
	var n struct{ URL, Reason, Text, Name, Contact, Day string }
	if err := json.Unmarshal(text, &n); err != nil {
		return fmt.Sprintf("    %q", text)
	}
	return fmt.Sprintf("    work     %q\n    reason   %q\n    from     %q, %q\n    words    %q", n.URL, n.Reason, n.Name, n.Contact, n.Text)
}

// noticeDrop forgets a notice that was answered, to make room for others.
func (e *env) noticeDrop(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	rest, err := e.parse(fs, args, 1, "dir")
	if err != nil {
		return err
	}
	db, err := openHost(*dir)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.DropNotice(rest[0]); err != nil {
		return err
	}
	e.say("forgotten: %s", rest[0])
	return nil
}
