package media

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits on subtitles.
const (
	MaxSubtitles = 4 << 20 // bytes of a file
	maxCues      = 20000
	maxCue       = 2000 // bytes of one cue's text
)

// ErrSubtitles is wrapped by every refusal of subtitles.
var ErrSubtitles = errors.New("unusable subtitles")

// ReadSubtitles reads SubRip or WebVTT and writes the WebVTT that browsers show: cues with times and text, italic, bold and
// underlined. Styles, positions, notes and every other tag are left out, since they can carry addresses of other
// sites. Reading the result again gives the same bytes.
func ReadSubtitles(b []byte, f Format) (vtt []byte, err error) {
	if !f.IsSubtitles() || len(b) > MaxSubtitles {
		return nil, fmt.Errorf("%w: neither WebVTT nor SubRip of at most %d bytes", ErrSubtitles, MaxSubtitles)
	}
	s := strings.TrimPrefix(string(b), "\ufeff")
	if !utf8.ValidString(s) || strings.ContainsFunc(s, isControl) {
		return nil, fmt.Errorf("%w: not plain text in UTF-8; save the file in that encoding", ErrSubtitles)
	}
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	if f == VTT {
		var ok bool
		if s, ok = cutVTTHeader(s); !ok {
			return nil, fmt.Errorf("%w: the file does not begin with WEBVTT", ErrSubtitles)
		}
	}
	return writeCues(s, f)
}

func isControl(r rune) bool {
	return (r < ' ' && r != '\n' && r != '\r' && r != '\t') || r >= 0x7f && r < 0xa0
}

// cutVTTHeader drops the first line and what belongs to it, up to the first empty line.
func cutVTTHeader(s string) (rest string, ok bool) {
	line, _, _ := strings.Cut(s, "\n")
	if rest, ok = strings.CutPrefix(line, "WEBVTT"); !ok || rest != "" && !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "\t") {
		return "", false
	}
	_, rest, _ = strings.Cut(s, "\n\n")
	return rest, true
}

func writeCues(s string, f Format) ([]byte, error) {
	out := []byte("WEBVTT\n\n")
	cues := 0
	for block := range strings.SplitSeq(s, "\n\n") {
		c, ok, err := parseCue(strings.Trim(block, "\n"), f)
		if err != nil {
			return nil, fmt.Errorf("%w: after %d cues: %w", ErrSubtitles, cues, err)
		}
		if !ok {
			continue
		}
		if cues++; cues > maxCues {
			return nil, fmt.Errorf("%w: more than %d cues", ErrSubtitles, maxCues)
		}
		out = append(out, c...)
	}
	if cues == 0 {
		return nil, fmt.Errorf("%w: there is no cue in the file", ErrSubtitles)
	}
	return out, nil
}

// parseCue returns one cue as written; ok is false for blocks that are none: notes, styles and cues without text.
func parseCue(block string, f Format) (cue string, ok bool, err error) {
	lines := strings.Split(block, "\n")
	first := 0
	if len(lines) > 1 && !strings.Contains(lines[0], "-->") {
		first = 1 // a number or a name of the cue
	}
	if !strings.Contains(lines[first], "-->") {
		if word, _, _ := strings.Cut(lines[0], " "); block == "" || f == VTT && (word == "NOTE" || word == "STYLE" || word == "REGION") {
			return "", false, nil
		}
		return "", false, fmt.Errorf("a block without times: %s", strconv.Quote(block[:min(len(block), 40)]))
	}
	from, to, err := parseTimes(lines[first])
	if err != nil {
		return "", false, err
	}
	text := cueText(lines[first+1:])
	if len(text) > maxCue {
		return "", false, fmt.Errorf("a text of %d bytes; at most %d are taken", len(text), maxCue)
	}
	return stamp(from) + " --> " + stamp(to) + "\n" + text + "\n\n", text != "", nil
}

func parseTimes(line string) (from, to time.Duration, err error) {
	left, right, _ := strings.Cut(line, "-->")
	right, _, _ = strings.Cut(strings.TrimSpace(right), " ") // settings follow
	right, _, _ = strings.Cut(right, "\t")
	from, err1 := parseStamp(strings.TrimSpace(left))
	to, err2 := parseStamp(right)
	if err1 != nil || err2 != nil || from >= to {
		return 0, 0, fmt.Errorf("times that cannot be: %s", strconv.Quote(line[:min(len(line), 60)]))
	}
	return from, to, nil
}

// parseStamp reads "01:02:03.456", "02:03.456" and SubRip's comma.
func parseStamp(s string) (time.Duration, error) {
	clock, millis, ok := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if !ok || len(millis) != 3 {
		return 0, strconv.ErrSyntax
	}
	parts := strings.Split(clock, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return 0, strconv.ErrSyntax
	}
	ms := uint64(0)
	for i, part := range append(parts, millis) {
		n, err := strconv.ParseUint(part, 10, 10)
		if err != nil || i > len(parts)-3 && i < len(parts) && (n > 59 || len(part) != 2) {
			return 0, strconv.ErrSyntax
		}
		unit := uint64(60)
		if i == len(parts) {
			unit = 1000
		}
		ms = ms*unit + n
	}
	if d := time.Duration(ms) * time.Millisecond; d <= MaxDuration {
		return d, nil
	}
	return 0, strconv.ErrRange
}

func stamp(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}

func cueText(lines []string) string {
	var kept []string
	for _, line := range lines {
		if line = strings.TrimSpace(cleanLine(line)); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// cleanLine leaves three tags and the named characters of WebVTT, and escapes what could be taken for others.
func cleanLine(s string) string {
	var b strings.Builder
	for s != "" {
		n, keep := token(s)
		b.WriteString(keep)
		s = s[n:]
	}
	return b.String()
}

// token is how many bytes to take from the front of s, and what stands for them.
func token(s string) (n int, keep string) {
	switch s[0] {
	case '<':
		// Looking no further than this keeps a file of "<" alone from taking a square of its length.
		tag, _, closed := strings.Cut(s[1:min(len(s), 200)], ">")
		if !closed {
			return 1, "&lt;"
		}
		if isPlainTag(tag) {
			return len(tag) + 2, "<" + tag + ">"
		}
		return len(tag) + 2, ""
	case '>':
		return 1, "&gt;"
	case '&':
		for _, name := range []string{"&lt;", "&gt;", "&amp;", "&nbsp;", "&lrm;", "&rlm;"} {
			if strings.HasPrefix(s, name) {
				return len(name), name
			}
		}
		return 1, "&amp;"
	}
	n = strings.IndexAny(s, "<>&")
	if n < 0 {
		n = len(s)
	}
	return n, s[:n]
}

func isPlainTag(tag string) bool {
	switch strings.TrimPrefix(tag, "/") {
	case "i", "b", "u":
		return true
	}
	return false
}
