package sample

import "math"

// drum is a soft kick: a sine that falls from high to low in the first moment.
func drum(s *session, freq, _, force float64) []float32 {
	out := make([]float32, frames(0.55))
	phase := 0.0
	for i := range out {
		t := float64(i) / rate
		phase += 2 * math.Pi * freq * (1 + 2.2*math.Exp(-t/0.018)) / rate
		out[i] = float32(force * math.Sin(phase) * math.Exp(-t/0.14))
	}
	s.knock(out, 0.35*force)
	fade(out, 0.001, 0.1)
	return out
}

// brush gives noise that is filtered and dies: a snare with brushes, a shaker,
// a hi-hat, as its colour (hertz) and decay (seconds) say. The pitch that the
// notation asks for is not heard.
func brush(colour, attack, decay float64) voice {
	return func(s *session, _, _, force float64) []float32 {
		out := make([]float32, frames(attack+decay*7))
		k := 2 * math.Sin(math.Pi*colour/rate)
		var low, band float64
		level, fall := 1.0, math.Exp(-1/(decay*rate))
		start := frames(attack)
		for i := range out {
			low += k * band
			high := s.rng.Float64()*2 - 1 - low - 0.9*band
			band += k * high
			out[i] = float32(0.5 * force * level * (0.6*band + 0.4*high))
			if i > start {
				level *= fall
			}
		}
		fade(out, attack, 0.01)
		return out
	}
}

// sea is surf for so many seconds: noise whose loudness and brightness breathe
// with the waves, one about every period seconds.
func (s *session) sea(seconds, period float64) []float32 {
	out := make([]float32, frames(seconds))
	var low, lower float64
	shift, swell := s.rng.Float64()*6, 0.0
	for i := range out {
		if i%64 == 0 {
			shift += 64 * 2 * math.Pi / (period * rate) * (0.8 + 0.4*s.rng.Float64())
			swell = math.Pow(0.5+0.5*math.Sin(shift), 2)
		}
		low += (0.015 + 0.13*swell) * (s.rng.Float64()*2 - 1 - low)
		lower += 0.006 * (low - lower)
		out[i] = float32((low - lower) * (0.35 + 0.9*swell))
	}
	fade(out, 2, 3)
	return out
}

// horn is a ship's or a lighthouse's: low, reedy, far away.
func horn(s *session, freq, seconds, force float64) []float32 {
	out := make([]float32, frames(seconds+0.6))
	for _, c := range []float64{-4, 5} {
		s.held(out, cents(freq, c), []float64{0.4, 0.3, 0.26, 0.16, 0.1, 0.07, 0.04, 0.03})
	}
	scale(out, 0.5*force)
	fade(out, 0.35, 0.9)
	return out
}
