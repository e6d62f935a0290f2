package sample

import "math"

// A partial is one of the simple tones that a sound is made of: its frequency
// beside the note's, its loudness, and the seconds after which it is at 37 %.
type partial struct{ ratio, amp, decay float64 }

// ring adds a sine that dies away. It is computed as the answer of resonators
// to one blow, two multiplications a frame and no table; there are four of
// them, a frame apart, so that the processor need not wait for the last result.
func ring(out []float32, freq, amp, decay, phase float64) {
	if freq > 0.42*rate {
		return
	}
	w, fall := 2*math.Pi*freq/rate, 1/(decay*rate)
	at := func(n float64) float64 { return amp * math.Exp(-n*fall) * math.Sin(phase+n*w) }
	p0, p1, p2, p3 := at(-4), at(-3), at(-2), at(-1)
	q0, q1, q2, q3 := at(-8), at(-7), at(-6), at(-5)
	a, b := 2*math.Exp(-4*fall)*math.Cos(4*w), -math.Exp(-8*fall)
	out = out[:min(len(out), frames(math.Min(decay*10, 600)))]
	for ; len(out) >= 4; out = out[4:] {
		p0, q0 = a*p0+b*q0, p0
		p1, q1 = a*p1+b*q1, p1
		p2, q2 = a*p2+b*q2, p2
		p3, q3 = a*p3+b*q3, p3
		out[0] += float32(p0)
		out[1] += float32(p1)
		out[2] += float32(p2)
		out[3] += float32(p3)
	}
}

// forever is the decay of a tone that is held.
const forever = 1e6

// struck gives the voice of a bar, bell or string that is hit once: it rings
// its own time, whatever the written length. The knock is the mallet's noise.
func struck(ps []partial, knock float64) voice {
	longest := 0.0
	for _, p := range ps {
		longest = math.Max(longest, p.decay)
	}
	return func(s *session, freq, _, force float64) []float32 {
		stretch := math.Pow(440/freq, 0.35) // low bars ring longer
		out := make([]float32, frames(5*longest*stretch))
		for _, p := range ps {
			amp := p.amp * math.Pow(force, 1+math.Log2(p.ratio+1)*0.4)
			ring(out, freq*p.ratio, amp, p.decay*stretch, 0)
		}
		s.knock(out, knock*force)
		fade(out, 0.0015, 0.3)
		return out
	}
}

// knock adds the short dull noise of something touching something.
func (s *session) knock(out []float32, amp float64) {
	low, level := 0.0, amp
	for i := range min(len(out), frames(0.03)) {
		low += 0.25 * (s.rng.Float64()*2 - 1 - low)
		out[i] += float32(low * level)
		level *= 0.996
	}
}

func vibraphone() voice {
	return struck([]partial{{1, 0.8, 1.3}, {1.0012, 0.2, 1.6}, {4, 0.22, 0.35}, {10.1, 0.05, 0.08}}, 0.25)
}

func kalimba() voice {
	return struck([]partial{{1, 0.85, 0.75}, {0.9985, 0.15, 0.9}, {5.4, 0.16, 0.06}, {2, 0.1, 0.3}, {11.3, 0.05, 0.03}}, 0.6)
}

func marimba() voice {
	return struck([]partial{{1, 0.9, 0.28}, {3.95, 0.35, 0.09}, {9.3, 0.12, 0.035}}, 0.5)
}

func bell() voice {
	return struck([]partial{{0.5, 0.25, 3}, {1, 0.5, 2.2}, {1.19, 0.22, 1.6}, {1.5, 0.12, 1.2}, {2.01, 0.3, 1.1}, {2.74, 0.14, 0.7}, {4.07, 0.08, 0.4}}, 0.1)
}

func tine() voice {
	return struck([]partial{{1, 0.75, 1.1}, {1.001, 0.2, 1.5}, {2, 0.28, 0.6}, {3, 0.08, 0.35}, {7.1, 0.12, 0.09}, {14.2, 0.04, 0.04}}, 0.12)
}

func piano() voice {
	var ps []partial
	for n := 1.0; n <= 12; n++ {
		stiff := n * math.Sqrt(1+0.0005*n*n) // a real string is a little stiff
		ps = append(ps, partial{stiff, 0.62 / math.Pow(n, 1.35), 1.8 / math.Pow(n, 0.75)})
		ps = append(ps, partial{stiff * 1.0009, 0.25 / math.Pow(n, 1.3), 2.2 / math.Pow(n, 0.75)})
	}
	return struck(ps, 0.3)
}

func anvil() voice {
	return struck([]partial{{1, 0.4, 0.14}, {2.32, 0.3, 0.1}, {3.85, 0.24, 0.09}, {5.1, 0.18, 0.05}, {6.6, 0.12, 0.05}}, 0.8)
}

// bass is a plucked string bass, damped by the hand at the end of its note.
func bass(s *session, freq, seconds, force float64) []float32 {
	out := make([]float32, frames(seconds+0.08))
	for n, amp := range []float64{0.9, 0.5, 0.3, 0.14, 0.07} {
		h := float64(n + 1)
		ring(out, freq*h, amp*math.Pow(force, h), 1.4/h, 0)
	}
	s.knock(out, 0.25*force)
	fade(out, 0.006, 0.09)
	return out
}

// guitar gives a plucked nylon string: noise runs round a loop as long as one
// period, a little duller at each round (Karplus and Strong). The brightness
// is from 0 to 1.
func guitar(brightness, sustain float64) voice {
	return func(s *session, freq, _, force float64) []float32 {
		out := make([]float32, frames(sustain*math.Pow(220/freq, 0.3)))
		period := rate/freq - 0.5 + 0.22*brightness // what the filter below delays
		n := int(period - 0.1)
		frac := period - float64(n)
		tune := (1 - frac) / (1 + frac)
		damp := math.Exp(-6.2 / (sustain * freq))
		loop := s.plectrum(n, brightness*math.Min(force, 1.1))
		var before, in1, out1 float64
		at := 0
		for i := range out {
			v := loop[at]
			x := damp * (0.5*(v+before) + 0.22*brightness*(v-before))
			before = v
			y := tune*(x-out1) + in1 // an all-pass holds the part of a frame
			in1, out1 = x, y
			loop[at] = y
			if at++; at == n {
				at = 0
			}
			out[i] = float32(v * force)
		}
		fade(out, 0.001, 0.2)
		return out
	}
}

// plectrum fills a loop with the string's first shape: soft noise with the
// notch of the place where it is plucked, and no constant part.
func (s *session) plectrum(n int, brightness float64) []float64 {
	loop, low, sum := make([]float64, n), 0.0, 0.0
	for range 3 { // runs in, so that the loop closes without a step
		for i := range loop {
			low += (0.12 + 0.5*brightness) * (s.rng.Float64()*2 - 1 - low)
			loop[i] = low
		}
	}
	plucked := make([]float64, n)
	for i := range loop {
		plucked[i] = loop[i] - loop[(i+n-n/5)%n]
		sum += plucked[i]
	}
	peak := 1e-9
	for i := range plucked {
		plucked[i] -= sum / float64(n)
		peak = math.Max(peak, math.Abs(plucked[i]))
	}
	for i := range plucked {
		plucked[i] *= 0.8 / peak
	}
	return plucked
}

// held adds a tone of harmonics, each amp given in turn, for as long as out.
func (s *session) held(out []float32, freq float64, amps []float64) {
	for h, amp := range amps {
		ring(out, freq*float64(h+1), amp, forever, s.rng.Float64()*2*math.Pi)
	}
}

// cents gives the frequency that lies so many hundredths of a semitone above.
func cents(freq, c float64) float64 { return freq * math.Pow(2, c/1200) }

// accordion is the musette register: three reeds, two of them out of tune by
// turns, whose beating is the sound of a dance hall.
func accordion(s *session, freq, seconds, force float64) []float32 {
	out := make([]float32, frames(seconds+0.05))
	amps := []float64{0.30, 0.25, 0.22, 0.12, 0.13, 0.07, 0.06, 0.035, 0.03, 0.02}
	for _, c := range []float64{-13, 0, 15} {
		s.held(out, cents(freq, c), amps)
	}
	scale(out, 0.75*force)
	fade(out, 0.022, 0.06)
	return out
}

// flute is a wooden one: few harmonics, breath, and a vibrato that comes late.
func flute(s *session, freq, seconds, force float64) []float32 {
	out := make([]float32, frames(seconds+0.12))
	s.held(out, freq, []float64{0.62, 0.2, 0.1, 0.03, 0.02})
	var low, band float64
	k := 2 * math.Sin(math.Pi*math.Min(freq*1.01, 5000)/rate)
	for i := range out {
		low += k * band
		band += k * (s.rng.Float64()*2 - 1 - low - 0.35*band)
		out[i] += float32(0.018 * band)
	}
	out = waver(out, 4.9, 0.0003) // a sixth of a semitone either way
	scale(out, force)
	fade(out, 0.07, 0.14)
	return out
}

// waver makes a vibrato by reading the sound now faster, now slower.
func waver(in []float32, hertz, seconds float64) []float32 {
	out := make([]float32, len(in))
	w, depth := 2*math.Pi*hertz/rate, seconds*rate
	for i := range out {
		late := math.Min(float64(i)/(0.45*rate), 1)
		x := float64(i) - depth*late*(1-math.Cos(w*float64(i)))
		j := max(int(x), 0)
		if f := float32(x - float64(j)); j+1 < len(in) && f > 0 {
			out[i] = in[j] + f*(in[j+1]-in[j])
		} else {
			out[i] = in[min(j, len(in)-1)]
		}
	}
	return out
}

// bowed gives strings played softly together. The swell is the time in
// seconds that they take to come and to go.
func bowed(swell float64, amps ...float64) voice {
	return func(s *session, freq, seconds, force float64) []float32 {
		out := make([]float32, frames(seconds+swell))
		for _, c := range []float64{-5, 4} {
			s.held(out, cents(freq, c+2*s.rng.Float64()), amps)
		}
		scale(out, 0.5*force)
		fade(out, swell, swell)
		return out
	}
}

// pad is the bed of an ambient piece: warm, slow, almost without edges.
func pad() voice { return bowed(1.6, 0.6, 0.26, 0.13, 0.06, 0.03) }

// fade lets out begin and end at nothing, in so many seconds each.
func fade(out []float32, in, end float64) {
	n := min(frames(in), len(out))
	for i := range n {
		out[i] *= rise(i, n)
	}
	n = min(frames(end), len(out))
	for i := range n {
		out[len(out)-1-i] *= rise(i, n)
	}
}

// rise is a smooth step from 0 at i = 0 towards 1 at i = n.
func rise(i, n int) float32 {
	x := float32(i) / float32(n)
	return x * x * (3 - 2*x)
}

// scale multiplies all of out.
func scale(out []float32, by float64) {
	for i := range out {
		out[i] *= float32(by)
	}
}
