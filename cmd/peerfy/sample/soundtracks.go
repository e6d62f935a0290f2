package sample

// filmSeconds and episodeSeconds are the lengths of the two moving pictures
// and of their music.
const (
	filmSeconds    = 20
	episodeSeconds = 12
)

// tide is the music of the film: surf, a horn twice, a piano that rises with
// the water.
func tide() ([]take, error) {
	const beat = 0.62
	s := newSession(filmSeconds, 7)
	s.record(0, s.sea(filmSeconds, 5.2), strip{0.5, -0.5, 0.05, 0})
	s.record(0, s.sea(filmSeconds, 6.1), strip{0.5, 0.5, 0.05, 0})
	s.play(part{at: 0.5, step: 4 * beat, voice: pad(), strip: strip{0.17, 0, 0.5, 0}, wide: 0.6},
		"d3+a3+d4+f4 bb2+f3+a3+d4 g2+d3+bb3+d4 a2+e3+a3+c#4 d2+a3+d4+f#4 d2+a3+d4+f#4")
	s.play(part{2.5, beat, piano(), strip{0.30, 0.1, 0.45, 0.15}, 0.012, 0},
		`a4 - d5 - | f5 - e5 - | d5 - bb4 d5 | g5 - f5 - | e5 - c#5 - | f#5 - a5 - d6+f#5 - - -`)
	s.play(part{1.2, 1, horn, strip{0.12, -0.6, 0.9, 0.2}, 0, 0}, "d2 - . . . . . . . d2 -")
	t, err := s.mixdown(room{decay: 4, bright: 0.45, echo: 0.93, repeat: 0.4, level: 0.12, end: 3})
	return []take{t}, err
}

// night is the music of the episode: wind, the clockwork that turns the lamp,
// strings that ask a question.
func night() ([]take, error) {
	const beat = 0.5
	s := newSession(episodeSeconds, 8)
	s.record(0, s.sea(episodeSeconds, 3.7), strip{0.34, 0.4, 0.1, 0})
	s.play(part{0.25, beat / 2, marimba(), strip{0.12, 0.35, 0.25, 0.3}, 0.003, 0}, times(21, "e6 . b5 ."))
	dark := bowed(0.45, 0.5, 0.36, 0.25, 0.17, 0.12, 0.08)
	s.play(part{at: 0.3, step: 4 * beat, voice: dark, strip: strip{0.12, 0, 0.4, 0}, wide: 0.6},
		"e2+b2+e3+g3 c2+g2+e3+g3 a2+c3+e3+a3 b2+d#3+f#3+a3 e2+b2+e3+g#3")
	s.play(part{2.3, beat, flute, strip{0.13, -0.2, 0.6, 0.25}, 0.01, 0}, `b4 - e5 f#5 g5 - f#5 e5 a5 - g5 e5 f#5 - - b4 g#5 - -`)
	s.play(part{0.3, 4 * beat, bell(), strip{0.12, 0.2, 0.8, 0.3}, 0, 0}, "e5 . b5 . e6")
	t, err := s.mixdown(room{decay: 3, bright: 0.4, echo: 0.75, repeat: 0.4, level: 0.12, end: 2})
	return []take{t}, err
}
