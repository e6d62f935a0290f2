package main

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
	"p2p.legal/peerfy/royalty/pass/blind"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/store/catalog"
)

// maxPasted bounds what a member pastes or keeps in a file.
const maxPasted = 16 << 10

// openingSource says where a month's opening is read: the log of a site over
// Tor, or the catalogue on this machine.
type openingSource struct{ site, socks, dir string }

func (src *openingSource) register(fs *flag.FlagSet) {
	fs.StringVar(&src.site, "site", "", "`ADDRESS.onion#VKEY` of the co-operative and its log's key; the key from elsewhere than the site")
	fs.StringVar(&src.socks, "socks", "127.0.0.1:9050", "SOCKS `port` of tor; Tor Browser's is 127.0.0.1:9150")
	fs.StringVar(&src.dir, "dir", "", "the co-operative's `folder`, when it is on this machine")
}

// opening reads a month's opening, and the origin of the log it stands in.
func (e *env) opening(src openingSource, p royalty.Period) (origin string, o catalog.OpeningRecord, err error) {
	view, done, err := e.catalogue(src)
	if err != nil {
		return "", o, err
	}
	defer done()
	o, ok := view.Opening(p.String())
	if db, isHost := view.(hostDB); isHost && db.Err() != nil {
		return "", o, db.Err()
	}
	switch {
	case !ok:
		return "", o, refused("a month that the site's page /join offers", "%s is not opened in the log", p)
	case o.Ended != 0:
		return "", o, refused("ask the co-operative what happened", "the charter at entry %d has ended the passes of %s", o.Ended, p)
	}
	return view.Charter().Origin, o, nil
}

// catalogue is what the log amounts to. done closes what was opened.
func (e *env) catalogue(src openingSource) (view catalog.View, done func(), err error) {
	switch {
	case (src.site == "") == (src.dir == ""):
		return nil, nil, usage("%s reads the log from --site ADDRESS.onion#VKEY, or from --dir D on the host", e.cmd.name)
	case src.dir != "":
		db, err := openHost(src.dir)
		if err != nil {
			return nil, nil, err
		}
		return db, func() { db.Close() }, nil
	}
	l, err := parseSource(e.ctx, src.site, src.socks)
	if err != nil {
		return nil, nil, err
	}
	progress := newProgress(e.stderr)
	defer progress.end()
	view, err = l.state(progress.step)
	return view, func() {}, err
}

// passRequest makes a pass that no site can tie to its payment: it prints the
// request to paste into the account's page, and keeps what finishes the pass.
func (e *env) passRequest(args []string) error {
	fs := e.flags()
	var src openingSource
	src.register(fs)
	recipient := fs.String("recipient", "", "the age `recipient` of the month's receipt, used nowhere else (default: of a new identity, in FILE.identity)")
	out := fs.String("out", "", "keeps what finishes the pass, a new `file`")
	rest, err := e.parse(fs, args, 1, "out")
	if err != nil {
		return err
	}
	p, err := royalty.ParsePeriod(rest[0])
	if err != nil {
		return usage("%w", err)
	}
	if p < royalty.PeriodAt(time.Now()) {
		return refused("a month that the site's page /join offers", "%s is over: no pass of it can be had", p)
	}
	if _, err := os.Lstat(*out); err == nil {
		return refused("another name; a request that was sent needs its file", "%s exists already and is left as it is", *out)
	}
	origin, o, err := e.opening(src, p)
	if err != nil {
		return err
	}
	request, files, err := newRequest(origin, o, p, *recipient, *out)
	if err != nil {
		return err
	}
	if err := writeAll(files); err != nil {
		return err
	}
	if *recipient == "" {
		e.say("Your identity for this month is in %s.identity: it alone opens the receipt. Keep it.", *out)
	}
	e.say("Paste this line on your account's page, under “the blind way”. Its answer goes to: peerfy pass finish %s ANSWER", *out)
	e.print("%s", request)
	return nil
}

// newRequest makes a request, and the files to keep before it is shown to
// anybody: what finishes it, and the identity of the receipt if one is made.
func newRequest(origin string, o catalog.OpeningRecord, p royalty.Period, recipient, out string) (request string, files []newFile, err error) {
	key, err := pass.ParseKey(o.PassKey.N, o.PassKey.E)
	if err != nil {
		return "", nil, fmt.Errorf("reading the pass key of %s: %w", p, err)
	}
	if recipient == "" {
		identity, made, err := seal.NewIdentity()
		if err != nil {
			return "", nil, err
		}
		recipient = made
		files = append(files, newFile{out + ".identity", "# public key: " + made + "\n" + identity + "\n", 0o600})
	} else if err := seal.CheckRecipient(strings.ToLower(strings.TrimSpace(recipient))); err != nil {
		return "", nil, refused("peerfy pass request without --recipient makes one", "%w", err)
	}
	request, secret, err := blind.Request(key, origin, p, recipient)
	if err != nil {
		return "", nil, refused("", "%w", err)
	}
	return request, append(files, newFile{out, blind.FormatSecret(secret), 0o600}), nil
}

// passFinish makes the pass of the site's answer.
func (e *env) passFinish(args []string) error {
	fs := e.flags()
	out := fs.String("out", "", "the pass, a new `file` (default FILE.pass)")
	rest, err := e.parse(fs, args, 2)
	if err != nil {
		return err
	}
	text, err := readSmall(rest[0], maxPasted)
	if err != nil {
		return err
	}
	secret, err := blind.ParseSecret(string(text))
	if err != nil {
		return refused("the file that `peerfy pass request` wrote", "%s: %w", rest[0], err)
	}
	answer, err := pasted(rest[1], "peerfy-answer")
	if err != nil {
		return err
	}
	made, err := finishPass(secret, answer)
	if err != nil {
		return err
	}
	if *out == "" {
		*out = rest[0] + ".pass"
	}
	if err := writeAll([]newFile{{*out, pass.FormatFile(made, secret.Recipient), 0o600}}); err != nil {
		return err
	}
	e.say("The pass is in %s. Wait some hours and take a new circuit before you use it. Then destroy %s: it ties the pass to its request.", *out, rest[0])
	e.print("%s", pass.Format(made))
	return nil
}

// finishPass says what a person can do when an answer makes no pass.
func finishPass(secret blind.Secret, answer string) (pass.Pass, error) {
	made, err := blind.Finish(secret, answer)
	switch {
	case err == nil:
		return made, nil
	case errors.Is(err, pass.ErrMalformed):
		return made, refused("the line that begins with peerfy-answer, whole", "%w", err)
	case errors.Is(err, pass.ErrPeriod):
		return made, refused("the file that `peerfy pass request` wrote for that month", "%w", err)
	case errors.Is(err, pass.ErrSignature):
		return made, refused("the answer to this very request; if it is, the stub beside it is your evidence", "%w", err)
	}
	return made, refused("the version of peerfy that made the request", "%w", err)
}

// pasted is an argument that may be a text, which has the mark in it, or the
// name of a file. What it refuses it does not repeat: it may be most of a pass.
func pasted(arg, mark string) (string, error) {
	if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
		b, err := readSmall(arg, maxPasted)
		return string(b), err
	}
	if !strings.Contains(arg, mark) {
		return "", refused("the line itself, in quotes, or the name of the file that holds it", "what was given is no file, and no line that begins with %s", mark)
	}
	return arg, nil
}

// passShow says what a pass is, and whether it is good.
func (e *env) passShow(args []string) error {
	fs := e.flags()
	var src openingSource
	src.register(fs)
	asJSON := jsonFlag(fs)
	rest, err := e.parse(fs, args, 1)
	if err != nil {
		return err
	}
	text, err := pasted(rest[0], "peerfy-pass")
	if err != nil {
		return err
	}
	p, err := pass.ParseFile(text)
	if err != nil {
		return refused("the file that was kept, or the line that begins with peerfy-pass", "%w", err)
	}
	recipient, err := pass.FileRecipient(text)
	if err != nil {
		return refused("", "%w", err)
	}
	checked := src.site != "" || src.dir != ""
	if checked {
		if err := e.verifyPass(src, p); err != nil {
			return err
		}
	}
	shown := passLines{
		Period: p.Period, Good: checked, Owner: p.Owner != (royalty.Code{}),
		Recipient: recipient, RecipientHash: hex.EncodeToString(p.RecipientHash[:]),
	}
	if *asJSON {
		return e.printJSON(shown)
	}
	e.print("%s", shown)
	return nil
}

// passLines are what pass show tells. A pass that is not good is refused.
type passLines struct {
	Period        royalty.Period `json:"period"`
	Good          bool           `json:"good"`  // signed by the month's key; false: not checked
	Owner         bool           `json:"owner"` // whether the owner word is there
	Recipient     string         `json:"recipient,omitempty"`
	RecipientHash string         `json:"recipient_sha256"`
}

func (v passLines) String() string {
	signature, owner, recipient := "not checked: add --site or --dir", "not here: the month cannot be corrected with this", v.Recipient
	if v.Good {
		signature = "good"
	}
	if v.Owner {
		owner = "here: show it to no mirror"
	}
	if recipient == "" {
		recipient = "not here; its SHA-256 is " + v.RecipientHash
	}
	return fmt.Sprintf("period     %s\nsignature  %s\nowner word %s\nrecipient  %s", v.Period, signature, owner, recipient)
}

// verifyPass checks a pass with the key that the log names for its month.
func (e *env) verifyPass(src openingSource, p pass.Pass) error {
	origin, o, err := e.opening(src, p.Period)
	if err != nil {
		return err
	}
	key, err := pass.ParseKey(o.PassKey.N, o.PassKey.E)
	if err != nil {
		return fmt.Errorf("reading the pass key of %s: %w", p.Period, err)
	}
	if err := pass.Verify(key, origin, p); err != nil {
		return refused("the pass as it was given, of this co-operative", "%w", err)
	}
	return nil
}
