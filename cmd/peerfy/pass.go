package main

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"strings"

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

func (e *env) opening(src openingSource, p royalty.Period) (origin string, o catalog.OpeningRecord, err error) {
	if (src.site == "") == (src.dir == "") {
		return "", o, usage("the log is read from --site ADDRESS.onion#VKEY, or from --dir D on the host")
	}
	var view catalog.View
	if src.dir != "" {
		db, err := openHost(src.dir)
		if err != nil {
			return "", o, err
		}
		defer db.Close()
		view = db
	} else {
		l, err := parseSource(e.ctx, src.site, src.socks)
		if err != nil {
			return "", o, err
		}
		progress := newProgress(e.stderr)
		view, err = l.state(progress.step)
		progress.end()
		if err != nil {
			return "", o, err
		}
	}
	o, ok := view.Opening(p.String())
	if !ok || o.Ended != 0 {
		return "", o, refused("a month that the site's /join page offers", "%s is not opened in the log", p)
	}
	return view.Charter().Origin, o, nil
}

// passRequest makes a pass that no site can tie to its payment: it prints the
// request to paste into the account's page, and keeps what finishes the pass.
func (e *env) passRequest(args []string) error {
	fs := e.flags()
	var src openingSource
	fs.StringVar(&src.site, "site", "", "`ADDRESS.onion#VKEY` of the co-operative and its log's key")
	fs.StringVar(&src.socks, "socks", "127.0.0.1:9050", "SOCKS `port` of tor")
	fs.StringVar(&src.dir, "dir", "", "the co-operative's `folder`, when it is on this machine")
	recipient := fs.String("recipient", "", "the age `recipient` of the month's receipt (default: a new identity in FILE.identity)")
	out := fs.String("out", "", "keeps what finishes the pass, a new `file`")
	rest, err := e.parse(fs, args, 1, "out")
	if err != nil {
		return err
	}
	p, err := royalty.ParsePeriod(rest[0])
	if err != nil {
		return usage("%w", err)
	}
	if _, err := os.Lstat(*out); err == nil {
		return refused("another name; a request that was sent already needs its file", "%s exists already and is left as it is", *out)
	}
	origin, o, err := e.opening(src, p)
	if err != nil {
		return err
	}
	key, err := pass.ParseKey(o.PassKey.N, o.PassKey.E)
	if err != nil {
		return refused("", "the pass key of %s: %w", p, err)
	}
	if *recipient == "" {
		if *recipient, err = makeIdentityFile(*out + ".identity"); err != nil {
			return err
		}
		e.say("your identity for this month is in %s: it alone opens the receipt. Keep it.", *out+".identity")
	} else if err := seal.CheckRecipient(strings.ToLower(*recipient)); err != nil {
		return refused("peerfy pass request without --recipient makes one", "%w", err)
	}
	request, secret, err := blind.Request(key, origin, p, *recipient)
	if err != nil {
		return refused("", "%w", err)
	}
	if err := writeNew(*out, blind.FormatSecret(secret), 0o600); err != nil {
		return err
	}
	e.say("Paste this line on your account's page, under “the blind way”. Its answer goes to: peerfy pass finish %s ANSWER", *out)
	e.print("%s", request)
	return nil
}

// makeIdentityFile makes an age identity, as age-keygen writes it.
func makeIdentityFile(path string) (recipient string, err error) {
	identity, recipient, err := seal.NewIdentity()
	if err != nil {
		return "", err
	}
	return recipient, writeNew(path, "# public key: "+recipient+"\n"+identity+"\n", 0o600)
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
	answer, err := pasted(rest[1])
	if err != nil {
		return err
	}
	made, err := blind.Finish(secret, answer)
	if errors.Is(err, pass.ErrSignature) {
		return refused("paste the answer once more; if it stays so, the stub beside it is your evidence", "%w", err)
	}
	if err != nil {
		return refused("the line that begins with peerfy-answer, whole", "%w", err)
	}
	if *out == "" {
		*out = rest[0] + ".pass"
	}
	if err := writeNew(*out, pass.FormatFile(made, secret.Recipient), 0o600); err != nil {
		return err
	}
	e.say("the pass is in %s. Wait some hours and take a new circuit before you use it. %s may be destroyed now.", *out, rest[0])
	e.print("%s", pass.Format(made))
	return nil
}

// pasted is an argument that may be a text or the name of a file.
func pasted(arg string) (string, error) {
	if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
		b, err := readSmall(arg, maxPasted)
		return string(b), err
	}
	if len(arg) > maxPasted {
		return "", refused("", "more than %d bytes", maxPasted)
	}
	return arg, nil
}

// passShow says what a pass is, and whether it is good.
func (e *env) passShow(args []string) error {
	fs := e.flags()
	var src openingSource
	fs.StringVar(&src.site, "site", "", "check it against the log of `ADDRESS.onion#VKEY`")
	fs.StringVar(&src.socks, "socks", "127.0.0.1:9050", "SOCKS `port` of tor")
	fs.StringVar(&src.dir, "dir", "", "check it against the log in this `folder`")
	asJSON := jsonFlag(fs)
	rest, err := e.parse(fs, args, 1)
	if err != nil {
		return err
	}
	text, err := pasted(rest[0])
	if err != nil {
		return err
	}
	p, err := pass.ParseFile(text)
	if err != nil {
		return refused("", "this is not a pass: %w", err)
	}
	recipient, err := pass.FileRecipient(text)
	if err != nil {
		return refused("", "this is not a pass: %w", err)
	}
	verdict := "not checked: add --site or --dir"
	if src.site != "" || src.dir != "" {
		if err := e.verifyPass(src, p); err != nil {
			return err
		}
		verdict = "good"
	}
	hasOwner := p.Owner != (royalty.Code{})
	if *asJSON {
		return e.printJSON(map[string]any{"period": p.Period, "signature": verdict, "owner": hasOwner, "recipient": recipient, "recipient_sha256": fmt.Sprintf("%x", p.RecipientHash)})
	}
	e.print("period     %s\nsignature  %s\nowner word %s\nrecipient  %s", p.Period, verdict, map[bool]string{true: "here", false: "not in this file"}[hasOwner], recipient)
	return nil
}

func (e *env) verifyPass(src openingSource, p pass.Pass) error {
	origin, o, err := e.opening(src, p.Period)
	if err != nil {
		return err
	}
	var key *rsa.PublicKey
	if key, err = pass.ParseKey(o.PassKey.N, o.PassKey.E); err != nil {
		return refused("", "%w", err)
	}
	if err := pass.Verify(key, origin, p); err != nil {
		return refused("", "%w", err)
	}
	return nil
}
