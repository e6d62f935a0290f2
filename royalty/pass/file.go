package pass

import (
	"fmt"
	"strings"

	"p2p.legal/peerfy/royalty"
)

// FormatFile is the file that the member keeps: the listening part, the owner
// word and the recipient, each under a remark in French and in English. An owner
// word or recipient that is not known is left out; a recipient must be the one
// the pass was made for.
func FormatFile(p Pass, recipient string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Votre pass Peerfy de %[1]s : qui a cette ligne écoute à votre place.\n"+
		"# Your Peerfy pass of %[1]s: whoever has this line listens in your place.\n", p.Period)
	b.WriteString(Format(p) + "\n")
	if p.Owner != (royalty.Code{}) {
		b.WriteString("# Mot de propriétaire, pour corriger le mois : jamais à un miroir.\n" +
			"# Owner word, to correct the month: never for a mirror.\n" +
			"owner " + p.Owner.String() + "\n")
	}
	if recipient != "" {
		b.WriteString("# Destinataire du reçu. / Recipient of the receipt.\n" +
			"recipient " + canonical(recipient) + "\n")
	}
	return b.String()
}

// ParseFile reads what [FormatFile] or [Format] wrote, in up to 8 kB: lines in
// any order, with space around them, wrapped by a mail program, remarks changed
// or gone, with the stub of the sale under it. An owner word or recipient that
// does not belong to the pass is refused. Errors wrap ErrMalformed, and
// [royalty.ErrMistyped] if the owner word is mistyped. It verifies no signature.
func ParseFile(text string) (Pass, error) {
	p, _, err := parseFile(text)
	if err != nil {
		return Pass{}, fmt.Errorf("reading a pass: %w", err)
	}
	return p, nil
}

// FileRecipient is the recipient that stands in a pass file, in lower case, or
// the empty text. It reads the file as [ParseFile] does.
func FileRecipient(text string) (string, error) {
	_, recipient, err := parseFile(text)
	if err != nil {
		return "", fmt.Errorf("reading a pass: %w", err)
	}
	return recipient, nil
}

func parseFile(text string) (Pass, string, error) {
	text, err := clean(text)
	if err != nil {
		return Pass{}, "", err
	}
	f, err := split(text)
	if err != nil {
		return Pass{}, "", err
	}
	period, b, err := parse(f.listening, passPrefix, passBytes)
	if err != nil {
		return Pass{}, "", err
	}
	p := Pass{Period: period, RecipientHash: [32]byte(b), OwnerHash: [32]byte(b[32:]), Signature: [256]byte(b[64:])}
	if f.owner != "" {
		if p.Owner, err = royalty.ParseCode(f.owner); err != nil {
			return Pass{}, "", fmt.Errorf("%w: the owner word: %w", ErrMalformed, err)
		}
		if OwnerHash(p.Owner) != p.OwnerHash {
			return Pass{}, "", fmt.Errorf("%w: the owner word is that of another pass", ErrMalformed)
		}
	}
	recipient := canonical(f.recipient)
	if recipient != "" && RecipientHash(recipient) != p.RecipientHash {
		return Pass{}, "", fmt.Errorf("%w: the recipient is that of another pass", ErrMalformed)
	}
	return p, recipient, nil
}

// fields are the words of a pass file, put together again where they were
// wrapped.
type fields struct{ listening, owner, recipient string }

// listeningLen is the length of the listening part. Until it is reached, what
// looks like the name of a field is the end of a wrapped line.
const listeningLen = len(passPrefix) + len("2026-12.") + (passBytes*8+5)/6

// stubHeader begins the stub of a sale (royalty/till), which runs until a field
// or the end.
const stubHeader = "peerfy/stub/v1"

func split(text string) (fields, error) {
	var f fields
	var stub string
	var into *string // the field that a wrapped line belongs to
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if into != &f.listening || len(f.listening) >= listeningLen {
			if field := f.begun(words[0], &stub); field != nil {
				if *field != "" && field != &stub {
					return fields{}, fmt.Errorf("%w: two of one line", ErrMalformed)
				}
				into = field
				if into != &f.listening {
					words = words[1:] // the name
				}
			}
		}
		if into == nil {
			return fields{}, fmt.Errorf("%w: a line that is not of a pass", ErrMalformed)
		}
		*into += strings.Join(words, "")
	}
	return f, nil
}

// begun is the field that a line with this first word begins, or nil.
func (f *fields) begun(first string, stub *string) *string {
	switch {
	case first == stubHeader:
		return stub
	case strings.HasPrefix(first, passPrefix):
		return &f.listening
	case strings.EqualFold(first, "owner"):
		return &f.owner
	case strings.EqualFold(first, "recipient"):
		return &f.recipient
	}
	return nil
}
