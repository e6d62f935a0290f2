package sample

import "strings"

// times repeats a piece of notation.
func times(n int, notation string) string { return strings.Repeat(notation+" ", n) }

// aube, "dawn", in D: one light after the other.
func aube() ([]take, error) {
	const beat = 0.85
	s := newSession(12*4*beat+6, 1)
	chords := `d3+a3+e4+f#4 d3+a3+e4+f#4 c#3+a3+c#4+e4 b2+a3+d4+f#4
		g2+b3+d4+f#4 f#2+a3+d4+e4 e2+b3+d4+g4 a2+a3+d4+e4
		d3+a3+e4+f#4 g2+b3+d4+f#4 a2+a3+c#4+e4 d2+a3+d4+f#4`
	s.play(part{step: 4 * beat, voice: pad(), strip: strip{0.16, 0, 0.5, 0}, wide: 0.7}, chords)
	figure := arpeggio(strings.Join(strings.Fields(chords)[1:11], " "), "0 2 1 3 2 1 3 2")
	s.play(part{4 * beat, beat / 2, guitar(0.45, 3.2), strip{0.30, -0.3, 0.35, 0.12}, 0.012, 0}, figure)
	s.play(part{16 * beat, beat, vibraphone(), strip{0.24, 0.35, 0.6, 0.3}, 0.012, 0},
		`. f#5 - a5 | e5 - d5 - | . g5 f#5 d5 | e5 - - - |
		 . f#5 - a5 | b5 - f#5 - | e5 - c#5 a4 | d5 - - - `)
	s.play(part{32 * beat, beat, flute, strip{0.16, 0.05, 0.7, 0.2}, 0.01, 0},
		`a5 - - f#5 | g5 - - b5 | a5 - e5 - | f#5 - - - `)
	s.play(part{16 * beat, 4 * beat, bass, strip{0.30, 0, 0.06, 0}, 0.01, 0},
		`g1 f#1 e1 a1 d2 g1 a1 d2`)
	s.play(part{0, 2 * beat, bell(), strip{0.10, -0.5, 0.9, 0.4}, 0.02, 0}, `d6 . . a5 . . . e6 . . . . . . . . . . . . . . d6 .`)
	t, err := s.mixdown(room{decay: 4.2, bright: 0.5, echo: 3 * beat / 4, repeat: 0.42, level: 0.11, end: 4})
	return []take{t}, err
}

// etang is two tracks on one breath, in B minor: "mist on the pond" ends on a
// low fifth that never stops, and "the watchers" rise out of it. The cut lies
// inside the held sound: played one after the other they are one recording.
func etang() ([]take, error) {
	const (
		eighth = 0.24
		bar    = 6 * eighth
		first  = 30 * bar // where the second track begins
	)
	s := newSession(62*bar+5, 2)
	for i := range 10 { // overlapping swells, so that it never stops
		s.play(part{at: float64(i) * 6.2 * bar, step: 8 * bar, voice: pad(), strip: strip{0.12, 0, 0.45, 0}, wide: 0.6}, "b1+b2+f#3")
	}
	mist(s, eighth)
	watchers(s, first, eighth)
	t, err := s.mixdown(room{decay: 4.8, bright: 0.45, echo: 3 * eighth, repeat: 0.45, level: 0.115, end: 4.5})
	if err != nil {
		return nil, err
	}
	joint := frames(first)
	return []take{t.cut(0, joint), t.cut(joint, len(t.l))}, nil
}

// mist is the first half: a guitar in six eighths, then a flute over the water.
func mist(s *session, eighth float64) {
	bar := 6 * eighth
	chords := `b2+f#3+c#4+d4+f#4 b2+f#3+c#4+d4+f#4 g2+d3+b3+d4+f#4 g2+d3+b3+d4+f#4
		d3+a3+d4+e4+a4 d3+a3+d4+e4+a4 c#3+a3+c#4+e4+a4 a2+e3+c#4+e4+a4`
	figure := arpeggio(chords, "0 2 3 1 4 3")
	s.play(part{3 * bar, eighth, guitar(0.6, 2.6), strip{0.30, -0.35, 0.3, 0.1}, 0.01, 0}, times(3, figure))
	answer := arpeggio(chords, ". . 4 . 2 .")
	s.play(part{11 * bar, eighth, kalimba(), strip{0.17, 0.5, 0.45, 0.35}, 0.012, 0}, times(2, answer))
	s.play(part{11 * bar, bar, bass, strip{0.26, 0, 0.05, 0}, 0.01, 0}, times(2, "b1 - g1 - d2 - c#2 a1"))
	s.play(part{13 * bar, 3 * eighth, flute, strip{0.19, 0.12, 0.65, 0.22}, 0.015, 0},
		`d5 c#5 b4 - | a4 b4 d5 - | e5 f#5 e5 d5 | c#5 - - . |
		 f#5 - e5 d5 | b4 - - . | a4 d5 e5 f#5 | e5 - - - `)
	s.play(part{19 * bar, eighth, brush(6200, 0.02, 0.035), strip{0.05, 0.4, 0.2, 0}, 0.01, 0},
		times(8, "c4 . c4 c4 . c4"))
	s.play(part{26.5 * bar, bar, bell(), strip{0.10, -0.2, 0.9, 0.5}, 0.02, 0}, `f#5 - c#6 - `)
}

// watchers is the second half: a heart, lamps, and two voices in thirds.
func watchers(s *session, at, eighth float64) {
	bar := 6 * eighth
	chords := `b2+f#3+b3+d4 g2+d3+b3+d4 d3+a3+d4+f#4 a2+e3+c#4+e4
		b2+f#3+b3+d4 g2+d3+b3+d4 e3+g3+b3+e4 f#2+f#3+a#3+c#4`
	s.play(part{at + bar, 3 * eighth, drum, strip{0.5, 0, 0.08, 0}, 0.004, 0}, times(26, "b1 g1"))
	lamps := arpeggio(chords, "0 3 2 3 1 3 2 3 1 3 2 3")
	s.play(part{at + 4*bar, eighth / 2, marimba(), strip{0.13, 0.3, 0.3, 0.4}, 0.004, 0}, times(3, lamps))
	s.play(part{at + 4*bar, bar, bowed(0.5, 0.5, 0.34, 0.22, 0.15, 0.1, 0.06), strip{0.075, 0, 0.4, 0}, 0, 0.8}, times(3, chords))
	s.play(part{at + 8*bar, eighth * 1.5, bass, strip{0.34, 0, 0.04, 0}, 0.006, 0},
		times(2, `b1 b1 - f#2 | g1 g1 - d2 | d2 d2 - a1 | a1 a1 - e2 |
		 b1 b1 - f#2 | g1 g1 - b1 | e2 e2 - b1 | f#1 f#1 - a#1 |`)+"b1 b1 - f#2 | g1 g1 - d2 | d2 d2 - a1 | a1 a1 - e2")
	s.play(part{at + 8*bar, eighth, brush(7400, 0.004, 0.03), strip{0.05, -0.3, 0.15, 0}, 0.006, 0}, times(20, "c4 . c4 . c4 c4"))
	s.play(part{at + 12*bar, 3 * eighth, flute, strip{0.20, -0.15, 0.6, 0.2}, 0.012, 0},
		`f#5 - d5 e5 | f#5 a5 e5 - | d5 - b4 d5 | e5 - f#5 - |
		 b5 - a5 f#5 | g5 - f#5 d5 | e5 - g5 f#5 | c#5 - d5 - `)
	s.play(part{at + 16*bar, 3 * eighth, vibraphone(), strip{0.13, 0.3, 0.6, 0.25}, 0.012, 0},
		`d6 - f#5 - | b5 - d6 - | g5 - b5 - | a#5 - f#5 - |
		 d6 - b5 - | d6 b5 g5 - | a5 - d6 - | c#6 - e6 - `)
	s.play(part{at + 28*bar, bar, bell(), strip{0.12, 0, 0.9, 0.5}, 0.02, 0}, `b5 - f#5+d6 -`)
}

// ete, "where the summer goes", in G: thumb pianos and a path through thorns.
func ete() ([]take, error) {
	const beat = 0.6
	s := newSession(15*4*beat+4.5, 4)
	chords := `g2+d3+b3+d4+g4 f#2+d3+a3+d4+f#4 e2+b2+g3+d4+g4 c3+g3+b3+e4+g4
		g2+d3+b3+d4+g4 d3+a3+d4+e4+a4 c3+g3+c4+e4+b4 c3+g3+c4+d4+e4
		e2+b2+g3+d4+g4 d3+a3+d4+f#4+a4 c3+g3+b3+e4+g4 b2+d3+g3+d4+g4
		a2+e3+g3+c4+e4 d3+a3+c4+d4+g4 g2+d3+b3+d4+g4`
	s.play(part{0, beat / 2, kalimba(), strip{0.27, -0.25, 0.35, 0.3}, 0.008, 0},
		arpeggio(chords, "1 3 2 4 . 3 2 4"))
	s.play(part{4 * 4 * beat, beat / 2, guitar(0.5, 2.4), strip{0.2, 0.4, 0.3, 0}, 0.014, 0},
		arpeggio(strings.Join(strings.Fields(chords)[4:14], " "), "0 . 2 3 0 4 3 2"))
	s.play(part{at: 2 * 4 * beat, step: 4 * beat, voice: pad(), strip: strip{0.11, 0, 0.5, 0}, wide: 0.7},
		strings.Join(strings.Fields(chords)[2:], " "))
	s.play(part{4 * 4 * beat, 2 * beat, bass, strip{0.33, 0, 0.05, 0}, 0.008, 0},
		`g1 d2 d2 a1 c2 g1 c2 - e1 b1 d2 a1 c2 g1 b1 g1 a1 e2 d2 - g1 -`)
	s.play(part{4 * 4 * beat, beat, vibraphone(), strip{0.24, 0.1, 0.6, 0.3}, 0.012, 0},
		`d5 - b4 d5 | a5 - f#5 - | e5 g5 - e5 | d5 - - - |
		 g5 - b5 - | a5 f#5 d5 - | e5 - g5 b5 | a5 - g5 - |
		 e5 - c5 e5 | d5 - a4 - | b4 - - - `)
	s.play(part{8 * 4 * beat, beat / 2, brush(5200, 0.03, 0.04), strip{0.045, -0.4, 0.2, 0}, 0.01, 0},
		times(5, "c4 . c4 c4 . c4 c4 . "))
	t, err := s.mixdown(room{decay: 3.4, bright: 0.55, echo: 3 * beat / 4, repeat: 0.45, level: 0.11, end: 4})
	return []take{t}, err
}
