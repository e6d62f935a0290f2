package sample

import (
	"math"
	"testing"
)

func TestPitch(t *testing.T) {
	for name, want := range map[string]float64{"a4": 440, "a3": 220, "c4": 261.6256, "f#4": 369.9944, "bb3": 233.0819, "e0": 20.6017} {
		if got, err := pitch(name); err != nil || math.Abs(got-want) > 0.001 {
			t.Errorf("pitch(%q) = %.4f, %v; want %.4f", name, got, err, want)
		}
	}
	for _, name := range []string{"", "h4", " 4", "a", "a9", "c##4", "a4x"} {
		if _, err := pitch(name); err == nil {
			t.Errorf("pitch(%q) was read", name)
		}
	}
}

func TestReadNotation(t *testing.T) {
	s := newSession(1, 1)
	notes := s.read("a4 - . | c4+e4 -")
	if s.err != nil || len(notes) != 2 || notes[0].length != 2 || notes[1].step != 3 || notes[1].length != 2 || len(notes[1].pitches) != 2 {
		t.Errorf("notes %+v, error %v", notes, s.err)
	}
	if s.read("a4 x4"); s.err == nil {
		t.Error("a note that does not exist was played")
	}
	if _, err := s.mixdown(room{decay: 1, level: 0.1}); err == nil {
		t.Error("a session with a wrong note was mixed")
	}
}

func TestArpeggio(t *testing.T) {
	if got := arpeggio("c4+e4+g4 d4+f4+a4", "0 2 . 4"); got != "c4 g4 . e4 d4 a4 . f4" {
		t.Errorf("arpeggio = %q", got)
	}
}
