package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A session is one recording being made: what was played so far, what of it
// goes to the hall and to the echo, and the hand that plays, never twice the
// same within a piece but always the same from run to run.
type session struct {
	dry, hall, echo take
	rng             *rand.Rand
	err             error // the first note that could not be read
}

// newSession opens a session of so many seconds.
func newSession(seconds float64, seed uint64) *session {
	n := frames(seconds)
	return &session{
		dry: newTake(n), hall: newTake(n), echo: newTake(n),
		rng: rand.New(rand.NewPCG(seed, 0x0410)),
	}
}

// A strip is one channel of the mixing desk: its loudness, its place between
// left (-1) and right (1), and how much of it goes to the hall and the echo.
type strip struct{ gain, pan, hall, echo float64 }

// record adds sound at a time in seconds; what lies past the end is dropped.
func (s *session) record(at float64, sound []float32, c strip) {
	angle := (c.pan + 1) * math.Pi / 4
	l, r := float32(c.gain*math.Cos(angle)), float32(c.gain*math.Sin(angle))
	from := max(frames(at), 0)
	if from >= len(s.dry.l) {
		return
	}
	sound = sound[:min(len(sound), len(s.dry.l)-from)]
	mix(s.dry, from, sound, l, r)
	if c.hall > 0 {
		mix(s.hall, from, sound, l*float32(c.hall), r*float32(c.hall))
	}
	if c.echo > 0 {
		mix(s.echo, from, sound, l*float32(c.echo), r*float32(c.echo))
	}
}

// mix adds sound to both channels of t from a frame on.
func mix(t take, from int, sound []float32, l, r float32) {
	left, right := t.l[from:from+len(sound)], t.r[from:from+len(sound)]
	for i, v := range sound {
		left[i] += v * l
		right[i] += v * r
	}
}

// A voice makes one note: its frequency in hertz, its written length in
// seconds and how hard it is struck, about 1. It may ring longer than written.
type voice func(s *session, freq, seconds, force float64) []float32

// A part is a line of music for one voice: where it starts and how long one
// step of its notation lasts, in seconds.
type part struct {
	at, step float64
	voice    voice
	strip    strip
	loose    float64 // how far notes stray from their time, in seconds
	wide     float64 // how far a chord is spread to both sides, 0 to 1
}

// play reads notation and records it. Each word is one step: notes such as
// "f#4" or "bb3", several at once joined by "+", "-" to hold, "." to rest; the
// bar line "|" is there for the reader's eye.
func (s *session) play(p part, notation string) {
	for _, n := range s.read(notation) {
		for i, freq := range n.pitches {
			strum := float64(i) * p.loose
			at := p.at + float64(n.step)*p.step + strum + p.loose*(s.rng.Float64()-0.5)
			force := 0.86 + 0.28*s.rng.Float64()
			c := p.strip
			if k := len(n.pitches); k > 1 {
				c.pan += p.wide * (2*float64(i)/float64(k-1) - 1)
			}
			s.record(at, p.voice(s, freq, float64(n.length)*p.step, force), c)
		}
	}
}

// A note is one word of notation with the holds that follow it.
type note struct {
	step, length int
	pitches      []float64
}

// read turns notation into notes.
func (s *session) read(notation string) []note {
	var notes []note
	step := 0
	for word := range strings.FieldsSeq(strings.ReplaceAll(notation, "|", " ")) {
		switch word {
		case ".":
		case "-":
			if len(notes) > 0 {
				notes[len(notes)-1].length++
			}
		default:
			notes = append(notes, note{step, 1, s.chord(word)})
		}
		step++
	}
	return notes
}

// chord reads notes joined by "+", lowest first as they are written.
func (s *session) chord(word string) []float64 {
	var freqs []float64
	for name := range strings.SplitSeq(word, "+") {
		f, err := pitch(name)
		if err != nil && s.err == nil {
			s.err = err
		}
		freqs = append(freqs, f)
	}
	return freqs
}

// pitch gives the frequency of a note such as "c#4": equal temperament, a4 is
// 440 Hz.
func pitch(name string) (float64, error) {
	const keys = "c d ef g a b"
	semitone := -1
	if name != "" && name[0] != ' ' {
		semitone = strings.IndexByte(keys, name[0])
	}
	if semitone < 0 {
		return 440, fmt.Errorf("no note is called %q", name)
	}
	rest := name[1:]
	switch {
	case strings.HasPrefix(rest, "#"):
		semitone, rest = semitone+1, rest[1:]
	case strings.HasPrefix(rest, "b"):
		semitone, rest = semitone-1, rest[1:]
	}
	octave, err := strconv.Atoi(rest)
	if err != nil || octave < 0 || octave > 8 {
		return 440, fmt.Errorf("note %q has no octave from 0 to 8", name)
	}
	return 440 * math.Pow(2, float64(semitone+12*octave-57)/12), nil
}

// arpeggio spells chords out, one word of figure after the other: the word is
// the place of a note in the chord, lowest 0. The figure is repeated for each
// chord; other words ("-", ".") are kept. There are no bar lines in chords.
func arpeggio(chords, figure string) string {
	var out []string
	for chord := range strings.FieldsSeq(chords) {
		tones := strings.Split(chord, "+")
		for word := range strings.FieldsSeq(figure) {
			if i, err := strconv.Atoi(word); err == nil {
				word = tones[i%len(tones)]
			}
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}
