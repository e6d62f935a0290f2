package sample

import "strings"

// waltz is "Onion Waltz", in A minor: layer upon layer, as the name says. The
// tune is heard three times, each time in one more coat.
func waltz() ([]take, error) {
	const (
		beat = 0.355
		bar  = 3 * beat
	)
	s := newSession(40*bar+3.2, 5)
	tune := `a4 c5 e5 - d5 c5 | e5 - - - c5 e5 | f5 - e5 d5 c5 d5 | e5 - c5 - a4 - |
		g#4 b4 d5 - c5 b4 | d5 - - - b4 g#4 | a4 - c5 b4 a4 g#4 | b4 - - - e4 - |`
	close := `a4 c5 e5 - d5 c5 | e5 - - - c5 e5 | f5 - e5 d5 c5 d5 | e5 - c5 - a4 - |
		f5 - e5 d5 b4 d5 | e5 - g#4 - b4 - | a4 - - e4 a4 c5 | a4 - - - . . |`
	bridge := `g5 - e5 - c5 - | g5 - f#5 g5 a5 g5 | f5 - d5 - b4 - | f5 - e5 f5 g5 f5 |
		a5 - f5 - d5 - | g5 f5 e5 d5 c5 b4 | c5 - e5 - g5 - | g#5 - e5 - . . |`
	coda := `f5 - d5 - a4 - | e5 - c5 - a4 - | b4 c5 b4 g#4 e4 g#4 | a4+c5+e5 - - . . .`
	s.play(part{4 * bar, beat / 2, accordion, strip{0.21, -0.12, 0.2, 0.04}, 0.006, 0}, tune+close+bridge+close+coda)
	s.play(part{12 * bar, beat, vibraphone(), strip{0.15, 0.45, 0.4, 0.1}, 0.01, 0},
		`. e6 c6 | . . a5 | . f6 d6 | . e6 - | . d6 b5 | . g#5 - | . c6 e6 | a6 - - |
		 e6 - - | . c6 e6 | d6 - - | . b5 d6 | f6 - - | d6 b5 g5 | e6 - - | . b5 - |`)
	s.play(part{28 * bar, beat / 2, flute, strip{0.15, 0.3, 0.4, 0.1}, 0.008, 0},
		strings.NewReplacer("4", "5", "5", "6").Replace(close))
	accompany(s, beat)
	s.play(part{39 * bar, beat, bell(), strip{0.07, 0.3, 0.8, 0}, 0.01, 0}, `. . a5`)
	t, err := s.mixdown(room{decay: 1.7, bright: 0.55, echo: beat, repeat: 0.3, level: 0.14, end: 1.8})
	return []take{t}, err
}

// accompany plays what a waltz stands on: one low, two high, and brushes.
func accompany(s *session, beat float64) {
	intro := "am am e7 am "
	theme := "am am dm am e7 e7 am e7 "
	home := "am am dm am bd e7 am am "
	middle := "cc cc g7 g7 dm g7 cc e7 "
	low := map[string][2]string{"am": {"a1", "e2"}, "dm": {"d2", "a1"}, "e7": {"e1", "b1"}, "bd": {"b1", "f2"}, "cc": {"c2", "g1"}, "g7": {"g1", "d2"}}
	high := map[string]string{"am": "e3+a3+c4+e4", "dm": "f3+a3+d4+f4", "e7": "e3+g#3+d4+e4", "bd": "f3+a3+b3+f4", "cc": "e3+g3+c4+e4", "g7": "f3+g3+b3+f4"}
	var lows, highs []string
	for i, chord := range strings.Fields(intro + theme + home + middle + home + "dm am e7") {
		lows = append(lows, low[chord][i%2], ".", ".")
		highs = append(highs, ".", high[chord], high[chord])
	}
	lows = append(lows, "a1", "-", "-")
	highs = append(highs, "e3+a3+c4+e4", ".", ".")
	s.play(part{0, beat, bass, strip{0.40, 0.05, 0.06, 0}, 0.006, 0}, strings.Join(lows, " "))
	s.play(part{0, beat, guitar(0.7, 0.9), strip{0.14, 0.3, 0.14, 0}, 0.010, 0.25}, strings.Join(highs, " "))
	s.play(part{4 * 3 * beat, beat, brush(3600, 0.012, 0.045), strip{0.085, -0.25, 0.12, 0}, 0.006, 0}, times(35, ". c4 c4"))
	s.play(part{12 * 3 * beat, beat, drum, strip{0.28, 0, 0.04, 0}, 0.004, 0}, times(27, "a1 . ."))
}

// jingle is the podcast: a building site that swings. Hammers knock in rhythm,
// then an electric piano leaves room for somebody to speak over it.
func jingle() ([]take, error) {
	const beat = 0.6
	s := newSession(16*4*beat+2.6, 6)
	hook := `c5 e5 g5 a5 . g5 e5 g5 | d5 f5 a5 c6 - b5 g5 - |`
	s.play(part{0, beat / 2, marimba(), strip{0.34, -0.2, 0.25, 0.12}, 0.006, 0}, hook)
	s.play(part{14 * 4 * beat, beat / 2, marimba(), strip{0.34, -0.2, 0.25, 0.12}, 0.006, 0}, hook+" c6+e6+g6 ")
	hits := `. c5 . g4 . c5 c5 . | . c5 . g4 c5 . g4 c5 |`
	s.play(part{0, beat / 2, anvil(), strip{0.10, 0.5, 0.3, 0.15}, 0.004, 0}, hits)
	s.play(part{8 * beat, beat / 2, anvil(), strip{0.05, 0.5, 0.3, 0.15}, 0.004, 0}, times(6, hits))
	s.play(part{14 * 4 * beat, beat / 2, anvil(), strip{0.10, 0.5, 0.3, 0.15}, 0.004, 0}, hits+" c5")
	chords := `f3+a3+c4+e4+g4 . . e3+g3+b3+d4 . . . . | a2+g3+b3+c4+e4 . . d3+f3+a3+c4+e4 . . . . |`
	turn := `f3+a3+c4+e4+g4 . . g3+b3+d4+f4+a4 . . . . | c3+e3+g3+b3+d4 . . a2+g3+c#4+e4 . . . . |`
	s.play(part{2 * 4 * beat, beat / 2, tine(), strip{0.15, 0.1, 0.28, 0.1}, 0.008, 0.4}, times(3, chords+turn))
	s.play(part{2 * 4 * beat, beat / 2, bass, strip{0.36, 0, 0.04, 0}, 0.006, 0},
		times(3, `f1 - . e1 - . b1 - | a1 - . d2 - . a1 - | f1 - . g1 - . d2 - | c2 - . a1 - . c#2 - |`))
	s.play(part{14 * 4 * beat, beat / 2, bass, strip{0.36, 0, 0.04, 0}, 0.006, 0}, `c2 - . g1 - . a1 - | d2 - . g1 - - g1 b1 | c2 - - -`)
	s.play(part{2 * 4 * beat, beat / 2, drum, strip{0.42, 0, 0.04, 0}, 0.004, 0}, times(14, "c2 . . c2 . . . ."))
	s.play(part{2 * 4 * beat, beat / 2, brush(2600, 0.006, 0.06), strip{0.11, -0.15, 0.15, 0}, 0.005, 0}, times(14, ". . c4 . . . c4 ."))
	s.play(part{1 * 4 * beat, beat / 4, brush(8200, 0.003, 0.022), strip{0.05, 0.3, 0.1, 0}, 0.004, 0}, times(30, "c4 . c4 c4 . c4 c4 ."))
	s.play(part{6 * 4 * beat, beat, vibraphone(), strip{0.13, 0.35, 0.5, 0.3}, 0.01, 0},
		`. . g5 e5 | . . . c5 | . a5 - g5 | e5 - - - | . . b5 g5 | . e5 - . | . d5 e5 g5 | c6 - - - `)
	s.play(part{16 * 4 * beat, beat, tine(), strip{0.16, 0.1, 0.4, 0.1}, 0.01, 0.4}, `c3+e3+g3+d4+e4`)
	t, err := s.mixdown(room{decay: 1.5, bright: 0.6, echo: 3 * beat / 4, repeat: 0.35, level: 0.13, end: 1.6})
	return []take{t}, err
}
