package payment

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"p2p.legal/peerfy/royalty"
)

//go:embed sheet.html
var sheetHTML string

// Sheet writes the vouchers as plain text, each a block to cut out, in French
// ("fr") or English ("en"). Name is the co-operative's, onion its address with
// ".onion". The codes must be those of the batch, each once: a sheet with
// another code would be sold for money and refused by the site.
//
// What is written is worth money to whoever reads it.
func Sheet(w io.Writer, lang, name string, b Batch, codes []royalty.Code, onion string) error {
	s, err := newSheet(lang, name, b, codes, onion)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	const cut = "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n"
	fmt.Fprintf(&out, "%s\n%s\n\n", s.Heading, s.Warning)
	for _, code := range s.Codes {
		fmt.Fprintf(&out, "%s\n%s\nhttp://%s/join\n%s\n", cut, s.Name, s.Onion, s.Worth)
		if s.Expires != "" {
			fmt.Fprintln(&out, s.Expires)
		}
		fmt.Fprintf(&out, "\n    %s\n\n%s\n%s\n\n", code, s.HowTo[0], s.HowTo[1])
	}
	out.WriteString(cut)
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing the sheet: %w", err)
	}
	return nil
}

// SheetHTML writes the same for a printer: one HTML file that needs nothing
// else, two columns of vouchers on A4 with lines to cut along, no script.
func SheetHTML(w io.Writer, lang, name string, b Batch, codes []royalty.Code, onion string) error {
	s, err := newSheet(lang, name, b, codes, onion)
	if err != nil {
		return err
	}
	t, err := template.New("sheet").Parse(sheetHTML)
	if err != nil {
		return fmt.Errorf("reading the sheet's template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, s); err != nil {
		return fmt.Errorf("filling the sheet: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing the sheet: %w", err)
	}
	return nil
}

// sheet is what both forms print.
type sheet struct {
	Lang, Name, Onion string
	Heading, Warning  string // for the treasurer, not on the vouchers
	Worth, Expires    string
	HowTo             [2]string
	Codes             []royalty.Code
}

func newSheet(lang, name string, b Batch, codes []royalty.Code, onion string) (*sheet, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("making a sheet: %w", err)
	}
	hashes := make([][32]byte, len(codes))
	for i, c := range codes {
		hashes[i] = Hash(c)
	}
	slices.SortFunc(hashes, compareHashes)
	if !slices.Equal(hashes, b.Hashes) {
		return nil, errors.New("making a sheet: the codes are not those of the batch")
	}
	for _, text := range []string{name, onion} {
		if text == "" || strings.ContainsFunc(text, hidden) {
			return nil, fmt.Errorf("making a sheet: %.80q cannot be printed on one line", text)
		}
	}
	s := &sheet{Lang: lang, Name: name, Onion: onion, Codes: codes}
	switch lang {
	case "en":
		s.english(b)
	case "fr":
		s.french(b)
	default:
		return nil, fmt.Errorf("making a sheet: no language %.20q, only fr and en", lang)
	}
	return s, nil
}

func (s *sheet) english(b Batch) {
	s.Heading = fmt.Sprintf("%s: batch %s, vouchers: %d", s.Name, b.ID, len(b.Hashes))
	s.Warning = "Print, cut, then delete this file: whoever reads a code can use it."
	s.Worth = fmt.Sprintf("Voucher for %d months, €%s", b.Months, b.Value)
	if b.Months == 1 {
		s.Worth = fmt.Sprintf("Voucher for 1 month, €%s", b.Value)
	}
	if !b.Expires.IsZero() {
		s.Expires = "To be used before " + b.Expires.UTC().Format("2 January 2006")
	}
	s.HowTo = [2]string{
		"1. Open this address in Tor Browser: create an account there, or log in.",
		"2. Type the code on your account’s page. It works once: keep it secret until then.",
	}
}

func (s *sheet) french(b Batch) {
	s.Heading = fmt.Sprintf("%s\u00a0: lot %s, nombre de bons\u00a0: %d", s.Name, b.ID, len(b.Hashes))
	s.Warning = "Imprimez, découpez, puis effacez ce fichier\u00a0: qui lit un code peut s’en servir."
	s.Worth = fmt.Sprintf("Bon pour %d\u00a0mois, %s\u00a0€", b.Months, strings.Replace(b.Value.String(), ".", ",", 1))
	if !b.Expires.IsZero() {
		s.Expires = "À utiliser avant le " + frenchDate(b.Expires.UTC())
	}
	s.HowTo = [2]string{
		"1. Ouvrez cette adresse dans le navigateur Tor\u00a0: créez-y un compte, ou connectez-vous.",
		"2. Tapez le code sur la page de votre compte. Il sert une fois\u00a0: gardez-le secret d’ici là.",
	}
}

func frenchDate(t time.Time) string {
	months := [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
	day := fmt.Sprint(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s %s %d", day, months[t.Month()-1], t.Year())
}
