package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/seal"
)

// closingIdentity is the treasurer's file that opens the tallies of a month. It
// belongs beside the treasurer's key, never on the host.
func closingIdentity(p royalty.Period) string { return "closing-" + p.String() + "." + identityFile }

// treasurerClosing prints the recipient to which the tallies of a month are
// sealed. Its identity stays where it is made.
func (e *env) treasurerClosing(args []string) error {
	fs := e.flags()
	keys := fs.String("keys", "", "the treasurer's `folder`, where the closing identity is made if it is not there")
	rest, err := e.parse(fs, args, 1, "keys")
	if err != nil {
		return err
	}
	p, err := royalty.ParsePeriod(rest[0])
	if err != nil {
		return usage("%w", err)
	}
	recipient, err := closingRecipient(*keys, p)
	if err != nil {
		return err
	}
	e.say("%s opens the tallies of %s. Keep it here, and nowhere else, until the month is published.", filepath.Join(*keys, closingIdentity(p)), p)
	e.print("%s", recipient)
	return nil
}

// closingRecipient is the recipient of the closing identity in a treasurer's
// folder, made when there is none.
func closingRecipient(keys string, p royalty.Period) (string, error) {
	if info, err := os.Stat(keys); err != nil || !info.IsDir() {
		return "", missing("--keys FOLDER, the treasurer's", "there is no folder %s", keys)
	}
	path := filepath.Join(keys, closingIdentity(p))
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := makeClosing(path); err != nil {
			return "", err
		}
	}
	identity, err := readSmall(path, 16<<10)
	if err != nil {
		return "", err
	}
	_, recipient, _ := strings.Cut(string(identity), "# public key: ")
	recipient, _, _ = strings.Cut(recipient, "\n")
	// The comment may have been edited, or the key below it be cut: what is
	// sealed to a recipient that nobody can open is lost.
	sealed, err := seal.Seal(recipient, []byte("trial"))
	if err == nil {
		_, err = seal.Open(string(identity), sealed)
	}
	if err != nil {
		return "", refused("restore it from a copy", "%s is damaged: %w", path, err)
	}
	return recipient, nil
}

// makeClosing makes a closing identity under another name, and gives it its own
// when it is whole: an interruption leaves all of it or none.
func makeClosing(path string) error {
	temp, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if _, err := makeIdentity(temp, identityFile); err != nil {
		return err
	}
	err = os.Link(filepath.Join(temp, identityFile), path)
	if err != nil && !errors.Is(err, os.ErrExist) { // another process was faster: its own is used
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
