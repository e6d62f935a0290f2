package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/onion"
	"p2p.legal/peerfy/royalty/seal"
	"p2p.legal/peerfy/store/ledger"
)

// A keys folder holds one secret key a file, named by its role, mode 0600, and
// beside it ROLE.pub with the verifier key that anybody may know.
const (
	roleRoot      = "root"
	roleEditor    = "editor"
	roleTreasurer = "treasurer"
	roleLog       = "log"
	roleFresh     = "fresh"
	roleOnion     = "onion"
	roleArtist    = "artist"
	identityFile  = "identity" // an age identity: opens what is sealed to the folder's owner
)

// editorIdentity opens the notices that are sealed to the editor.
const editorIdentity = roleEditor + "." + identityFile

// offline are the files of a keys folder that do not belong on a web host.
var offline = []string{roleRoot, roleEditor, editorIdentity, roleTreasurer}

// makeKey makes the key of a role in folder and answers with its verifier key.
// It never replaces a key.
func makeKey(folder, role, name string) (vkey string, err error) {
	skey, vkey, err := ledger.GenerateKey(name)
	if err != nil {
		return "", fmt.Errorf("making the %s key: %w", role, err)
	}
	if err := writeNew(filepath.Join(folder, role), skey+"\n", 0o600); err != nil {
		return "", err
	}
	return vkey, writeNew(filepath.Join(folder, role+".pub"), vkey+"\n", 0o644)
}

// makeIdentity makes an age identity in folder and answers with its recipient.
func makeIdentity(folder, name string) (recipient string, err error) {
	identity, recipient, err := seal.NewIdentity()
	if err != nil {
		return "", err
	}
	text := "# public key: " + recipient + "\n" + identity + "\n"
	return recipient, writeNew(filepath.Join(folder, name), text, 0o600)
}

// writeNew writes a file that must not exist yet, durably.
func writeNew(path, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return refused("another folder, or look at what lies there", "%s exists already and is left as it is", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// secret reads the key of a role from a keys folder.
func secret(folder, role string) (string, error) {
	b, err := os.ReadFile(filepath.Join(folder, role))
	if errors.Is(err, fs.ErrNotExist) {
		return "", refused("--keys FOLDER with the file "+role, "there is no %s key in %s", role, folder)
	}
	return strings.TrimSpace(string(b)), err
}

// signer reads the key of a role for signing.
func signer(folder, role string) (note.Signer, error) {
	skey, err := secret(folder, role)
	if err != nil {
		return nil, err
	}
	s, err := ledger.NewSigner(skey)
	if err != nil {
		return nil, refused("", "%s: %w", filepath.Join(folder, role), err)
	}
	return s, nil
}

// hasKey reports whether folder holds the key of role.
func hasKey(folder, role string) bool {
	_, err := os.Stat(filepath.Join(folder, role))
	return err == nil
}

// anySigner reads the first of the roles that folder holds a key of.
func anySigner(folder string, roles ...string) (note.Signer, string, error) {
	for _, r := range roles {
		if hasKey(folder, r) {
			s, err := signer(folder, r)
			return s, r, err
		}
	}
	return nil, "", refused("--keys FOLDER", "%s holds none of these keys: %s", folder, strings.Join(roles, ", "))
}

// keyName is the name a key of the co-operative carries in its signatures.
func keyName(coop, role string) string { return coop + "/" + role }

// onionKey reads the seed of the onion service.
func onionKey(folder string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(filepath.Join(folder, roleOnion))
	if err != nil {
		return nil, refused("peerfy init --dir D --name NAME, or restore a backup", "the onion key cannot be read: %w", err)
	}
	return onion.ParseKey(b)
}
