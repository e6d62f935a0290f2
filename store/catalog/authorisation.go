package catalog

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/ledger"
)

// Authorisation is what a right-holder signs before anything is made from the
// masters: who took part, on what ground permission is given, under which
// licence, for exactly which files. It names no infohash and no release id,
// for both follow from it.
type Authorisation struct {
	Cooperative  string // origin of the log it is meant for
	Artist       string // slug
	Name         string // display name
	Title        string
	Licence      string // id
	LicenceHash  Hash   // of LICENCE.txt
	Contributors []Contributor
	Masters      []File // the tracks' masters
}

// LicenceFile is the text among a release's files that says what its copies may
// be used for.
const LicenceFile = "LICENCE.txt"

const authorisationHead = "peerfy/authorisation/v1\n"

// Text is the signed part of AUTHORISATION.txt: readable by eye, one fact a
// line, in both languages where it is a sentence.
func (a Authorisation) Text() string {
	var b strings.Builder
	b.WriteString(authorisationHead)
	fmt.Fprintf(&b, "co-operative: %s\nartist: %s (%s)\ntitle: %s\nlicence: %s sha256:%s\n", a.Cooperative, a.Name, a.Artist, a.Title, a.Licence, a.LicenceHash)
	b.WriteString("I authorise the co-operative, its members and its mirrors to stream, copy and share these files under that licence. The permission is non-exclusive and I can revoke it for the future at any time.\n")
	b.WriteString("J'autorise la coopérative, ses membres et ses miroirs à diffuser, copier et partager ces fichiers sous cette licence. La permission n'est pas exclusive et je peux la retirer pour l'avenir à tout moment.\n")
	for _, c := range a.Contributors {
		fmt.Fprintf(&b, "contributor: %s | %s | society: %s | basis: %s\n", c.Name, strings.Join(c.Roles, ", "), society(c), c.Basis)
	}
	for _, f := range a.Masters {
		fmt.Fprintf(&b, "master: %s %d %s\n", f.SHA256, f.Size, f.Path)
	}
	return b.String()
}

func society(c Contributor) string {
	if c.Society == "" {
		return "none"
	}
	return c.Society + " | agreement: " + c.Agreement
}

// Sign makes the content of AUTHORISATION.txt, a signed note.
func (a Authorisation) Sign(artist note.Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: a.Text()}, artist)
}

// Authorisation is what the manifest says must have been signed.
func (m *Manifest) Authorisation(c *Charter, artist ArtistRecord) Authorisation {
	a := Authorisation{
		Cooperative: c.Origin, Artist: artist.Slug, Name: m.Artist, Title: m.Title,
		Licence: m.Licence, Contributors: slices.Clone(m.Contributors),
	}
	for _, f := range m.Texts {
		if f.Path == LicenceFile {
			a.LicenceHash = f.SHA256
		}
	}
	for _, t := range m.Tracks {
		a.Masters = append(a.Masters, t.Master)
	}
	return a
}

// CheckAuthorisation verifies that text, the content of AUTHORISATION.txt,
// says exactly what the manifest says and is signed by the artist.
func (m *Manifest) CheckAuthorisation(text []byte, c *Charter, artist ArtistRecord) error {
	v, err := ledger.NewVerifier(artist.Key)
	if err != nil {
		return err
	}
	n, err := note.Open(text, note.VerifierList(v))
	if err != nil {
		return fmt.Errorf("AUTHORISATION.txt is not signed by %s: %w", artist.Slug, err)
	}
	if n.Text != m.Authorisation(c, artist).Text() {
		return fmt.Errorf("AUTHORISATION.txt does not say what the manifest says")
	}
	return nil
}
