package blind

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/pass"
)

const (
	header       = "peerfy/secret/v1"
	maxSecret    = 8 << 10 // bytes
	maxRecipient = 2048    // characters; age's longest has 1,959
	maxOrigin    = 255     // bytes, as in the log
)

var names = [...]string{"origin", "period", "key", "recipient", "owner", "seed", "request"}

// FormatSecret is the file that the member keeps between request and answer:
// remarks in French and English, then one value a line.
func FormatSecret(s Secret) string {
	var b strings.Builder
	b.WriteString("# À garder secret jusqu’à la réponse du site, puis à détruire.\n" +
		"# Keep this secret until the site has answered, then destroy it.\n" + header + "\n")
	for i, v := range s.values() {
		b.WriteString(names[i] + " " + v + "\n")
	}
	return b.String()
}

// values are those of the lines below the header, in the order of names.
func (s Secret) values() [len(names)]string {
	seed := base64.RawURLEncoding.EncodeToString(s.Seed[:])
	return [...]string{s.Origin, s.Period.String(), s.Key, s.Recipient, s.Owner.String(), seed, s.Request}
}

// ParseSecret reads what [FormatSecret] writes, at most 8 kB: its lines in their
// order and spelling, whatever the remarks and line ends. Errors wrap
// [pass.ErrMalformed].
func ParseSecret(text string) (Secret, error) {
	if len(text) > maxSecret || !utf8.ValidString(text) {
		return Secret{}, fmt.Errorf("reading a secret: %w: more than %d bytes, or not text", pass.ErrMalformed, maxSecret)
	}
	values, ok := split(text)
	if !ok {
		return Secret{}, fmt.Errorf("reading a secret: %w: lines are missing or too many", pass.ErrMalformed)
	}
	s, err := parse(values)
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return Secret{}, fmt.Errorf("reading a secret: %w: %w", pass.ErrMalformed, err)
	}
	return s, nil
}

// split is the values of the lines below the header, which may be no other.
func split(text string) (values [len(names)]string, ok bool) {
	i := -1 // the header
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "" || line[0] == '#':
			continue
		case i == len(names), i < 0 && line != header:
			return values, false
		case i >= 0:
			if values[i], ok = strings.CutPrefix(line, names[i]+" "); !ok {
				return values, false
			}
		}
		i++
	}
	return values, i == len(names)
}

func parse(values [len(names)]string) (Secret, error) {
	owner, err := royalty.ParseCode(values[4])
	if err != nil {
		return Secret{}, fmt.Errorf("the owner word: %w", err)
	}
	seed, err := base64.RawURLEncoding.Strict().DecodeString(values[5])
	if err != nil || len(seed) != 32 {
		return Secret{}, errors.New("the seed")
	}
	period, blinded, err := pass.ParseRequest(values[6])
	if err != nil {
		return Secret{}, fmt.Errorf("the request: %w", err)
	}
	s := Secret{Origin: values[0], Period: period, Key: values[2], Recipient: values[3], Owner: owner, Seed: [32]byte(seed), Request: pass.FormatRequest(period, blinded)}
	if s.values() != values {
		return Secret{}, errors.New("not in the one spelling")
	}
	return s, nil
}

// key is the period's pass key.
func (s Secret) key() (*rsa.PublicKey, error) { return pass.ParseKey(s.Key, exponent) }

// exponent is that of every pass key, 65537, as the log spells it.
const exponent = "AQAB"

// check is what must hold before anything is hidden.
func (s Secret) check() error {
	if _, err := royalty.ParsePeriod(s.Period.String()); err != nil {
		return err
	}
	if s.Origin == "" || len(s.Origin) > maxOrigin || !utf8.ValidString(s.Origin) || strings.TrimSpace(s.Origin) != s.Origin || strings.ContainsFunc(s.Origin, unicode.IsControl) {
		return errors.New("an origin has 1 to 255 bytes without control characters")
	}
	if _, err := s.key(); err != nil {
		return err
	}
	data, found := strings.CutPrefix(s.Recipient, "age1")
	if !found || data == "" || len(data) > maxRecipient || strings.Trim(data, "qpzry9x8gf2tvdw0s3jn54khce6mua7l1") != "" {
		return errors.New("not a recipient: it begins with age1")
	}
	return nil
}
