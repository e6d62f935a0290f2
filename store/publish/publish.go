// Package publish takes a work from the folder in which its artist keeps it to
// the bundle that an editor accepts.
//
// Check reads a folder and says everything that is missing or wrong at once,
// in the artist's words, and changes nothing. Make turns a folder that passes
// into a bundle: masters with their tags filled, renditions, covers, both
// torrents, the manifest, and what the artist signs, which is the authorisation
// and the release entry. OpenBundle believes nothing of what it is handed: every
// file is hashed, both torrents are built again, and what the manifest, the
// entry, the authorisation and the files say must agree to the byte and be
// signed by one artist.
//
// It is safe against the artist as well as for the artist. Names are composed
// Unicode without hidden characters; no name leaves its folder and no link is
// followed; media is read only through store/media, which holds ffmpeg short;
// what a withdrawal keeps down is refused before anything is signed. And nothing
// is ever half-written: work goes on beside the destination, in a folder called
// like it with ".partial", and takes its name in one step when it is complete
// and has been opened like a stranger's. Whoever is interrupted starts again
// and finds what was finished, under a name that follows from what it was made
// of.
//
// Who may be paid, what stays down and which charter is in force is for the
// caller to say: nothing here opens a database or the network. The formats of
// credits.txt and of the bundle are in format.md.
package publish

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/media"
)

// Limits that the manifest sets too; here they are said in the artist's words.
const (
	maxGenres       = 8
	maxNotes        = 20
	maxContributors = 200
	coverAdvised    = 1400 // pixels a side
)

var (
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	isrcPattern     = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$`)
)

// Config is what the caller knows of the co-operative and of the artist.
type Config struct {
	// Media looks into files and makes renditions. Always needed.
	Media *media.Tool

	// Charter is the one in force. Check does without; Make does not.
	Charter *catalog.Charter

	// Artist is who publishes, and ArtistEntry their signed entry, which every
	// bundle carries so that it can be verified alone. Check does without.
	Artist      catalog.Artist
	ArtistEntry []byte

	// Lookup finds the slug of a payee by display name. Without it the slug is
	// derived from the name, and Check warns that nobody has looked.
	Lookup func(name string) (slug string, ok bool)

	// StayDown names the artist whose withdrawn work has this pieces root.
	StayDown func(root catalog.Hash) (artist string, ok bool)

	// Progress is told how far a step is. The steps come one after the other,
	// done never falls and total stays the same within one. It may be nil, and
	// is never called from two goroutines at once.
	Progress func(step string, done, total int64)

	// Jobs is how many renditions are made at once; one for each processor if 0.
	Jobs int

	// Log is told which steps were made or found finished. It may be nil.
	Log *slog.Logger
}

func (c Config) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

func (c Config) progress(step string, done, total int64) {
	if c.Progress != nil {
		c.Progress(step, done, total)
	}
}

// Problem is one thing that an artist can mend or should know.
type Problem struct {
	File    string // it is about; empty for the whole folder
	Message string // one sentence that says what to do
	Fatal   bool   // nothing is published before it is mended
}

// String is the problem on one line.
func (p Problem) String() string {
	s := p.Message
	if p.File != "" {
		s = p.File + ": " + s
	}
	if p.Fatal {
		return "to mend: " + s
	}
	return "advice: " + s
}

// Fatal reports whether a problem among them keeps the work from being
// published.
func Fatal(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Fatal })
}

// NotReadyError is a folder that cannot be published yet.
type NotReadyError struct{ Problems []Problem }

// Error lists what keeps the folder from being published, a line each.
func (e *NotReadyError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		if p.Fatal {
			lines = append(lines, p.String())
		}
	}
	return "this folder cannot be published yet:\n" + strings.Join(lines, "\n")
}

// ErrExists is wrapped by Make when there is something at the destination.
var ErrExists = errors.New("exists already")

// ErrBundle is wrapped by every refusal of a bundle for what it holds.
var ErrBundle = errors.New("not an acceptable bundle")

// quote shows a stranger's text on one line, shortened, with nothing hidden.
func quote(s string) string {
	if len(s) > 60 {
		cut := 60
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strconv.Quote(s)
}

func list[S ~string](values []S) string {
	var names []string
	for _, v := range values {
		names = append(names, string(v))
	}
	return strings.Join(names, ", ")
}

// problems gathers what Check finds.
type problems []Problem

func (p *problems) fatal(file, format string, args ...any) {
	*p = append(*p, Problem{File: file, Message: fmt.Sprintf(format, args...), Fatal: true})
}

func (p *problems) advise(file, format string, args ...any) {
	*p = append(*p, Problem{File: file, Message: fmt.Sprintf(format, args...)})
}
