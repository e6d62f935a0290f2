package sample

import "math"

// A room is what surrounds the players.
type room struct {
	decay  float64 // seconds until the hall has lost 60 dB
	bright float64 // 0 to 1: how much of the treble the walls give back
	echo   float64 // seconds between echoes; 0 is none
	repeat float64 // how much of an echo is echoed again
	level  float64 // loudness wanted, as root mean square, 1 is full scale
	end    float64 // seconds in which the last sound fades away
}

// mixdown ends the session: echo, then hall, then the same loudness for all,
// a soft ceiling instead of clipping, and an end that is silent.
func (s *session) mixdown(r room) (take, error) {
	if s.err != nil {
		return take{}, s.err
	}
	if r.echo > 0 {
		s.pingPong(frames(r.echo), float32(r.repeat))
	}
	s.reverberate(r)
	out := s.dry
	level(out, r.level)
	fade(out.l, 0.004, r.end)
	fade(out.r, 0.004, r.end)
	return out, nil
}

// pingPong sends the echo from one side to the other, duller at each turn.
func (s *session) pingPong(delay int, repeat float32) {
	in := s.echo
	var dullL, dullR float32
	for i := delay; i < len(in.l); i++ {
		dullL += 0.35 * (in.r[i-delay]*repeat - dullL)
		dullR += 0.35 * (in.l[i-delay]*repeat - dullR)
		in.l[i] += dullL
		in.r[i] += dullR
		s.dry.l[i] += dullL
		s.dry.r[i] += dullR
		s.hall.l[i] += 0.3 * dullL
		s.hall.r[i] += 0.3 * dullR
	}
}

// lines is the number of delay lines of the hall.
const lines = 8

// reverberate adds the hall: eight delay lines that feed each other without
// loss (Householder's mirror), each losing treble and strength at every turn.
func (s *session) reverberate(r room) {
	lengths := [lines]int{1123, 1291, 1447, 1621, 1801, 1999, 2203, 2441}
	var ring [lines][]float32
	var gain, dull [lines]float32
	var at [lines]int
	for i, n := range lengths {
		ring[i] = make([]float32, n)
		gain[i] = float32(math.Pow(10, -3*float64(n)/(r.decay*rate)))
	}
	keep := float32(0.25 + 0.65*r.bright)
	inL, inR := newDiffuser(), newDiffuser()
	for i := range s.hall.l {
		l, rr := inL.next(s.hall.l[i]), inR.next(s.hall.r[i])
		var sum float32
		for j := range lines {
			dull[j] += keep * (ring[j][at[j]] - dull[j])
			sum += dull[j]
		}
		sum *= 2.0 / lines
		for j := range lines {
			v := (dull[j] - sum) * gain[j]
			if j&1 == 0 {
				v += l
			} else {
				v += rr
			}
			ring[j][at[j]] = v
			if at[j]++; at[j] == lengths[j] {
				at[j] = 0
			}
		}
		s.dry.l[i] += 0.35 * (dull[0] - dull[2] + dull[4] - dull[6])
		s.dry.r[i] += 0.35 * (dull[1] - dull[3] + dull[5] - dull[7])
	}
}

// A diffuser blurs what enters the hall, and keeps the bass out of it.
type diffuser struct {
	ring [3][]float32
	at   [3]int
	bass float32
}

func newDiffuser() *diffuser {
	return &diffuser{ring: [3][]float32{make([]float32, 142), make([]float32, 379), make([]float32, 607)}}
}

// next takes one frame in and gives one out.
func (d *diffuser) next(v float32) float32 {
	d.bass += 0.018 * (v - d.bass)
	v -= d.bass
	for i := range d.ring {
		r, at := d.ring[i], d.at[i]
		old := r[at]
		r[at] = v + 0.6*old
		v = old - 0.6*r[at]
		if at++; at == len(r) {
			at = 0
		}
		d.at[i] = at
	}
	return v
}

// level brings t to a loudness, then bends what is above the knee so that
// nothing passes 1.
func level(t take, want float64) {
	sum := 0.0
	for i := range t.l {
		sum += float64(t.l[i])*float64(t.l[i]) + float64(t.r[i])*float64(t.r[i])
	}
	gain := float32(want / math.Sqrt(sum/float64(2*len(t.l))+1e-12))
	for i := range t.l {
		t.l[i], t.r[i] = bend(t.l[i]*gain), bend(t.r[i]*gain)
	}
}

// bend leaves v as it is up to the knee and nears 1 above it.
func bend(v float32) float32 {
	const knee = 0.6
	switch {
	case v > knee:
		return 1 - (1-knee)*(1-knee)/(v+1-2*knee)
	case v < -knee:
		return -bend(-v)
	}
	return v
}
