package sample

import (
	"math"
	"slices"
)

// A plate says how much of one ink goes where, from 0 (none) to 1 (solid).
// What is drawn on it is measured in thousandths of its width.
type plate struct {
	w, h  int
	scale float64 // pixels in a thousandth
	d     []float32
}

func newPlate(w, h int) *plate {
	return &plate{w, h, float64(w) / 1000, make([]float32, w*h)}
}

// A point is measured as everything drawn is.
type point struct{ x, y float64 }

// A shape is one or more closed lines; what lies inside an odd number of them
// is in the shape.
type shape [][]point

// A tone is how much ink a shape is filled with, place by place.
type tone func(x, y float64) float64

// flat is the same everywhere; 0 takes away what was there.
func flat(v float64) tone { return func(_, _ float64) float64 { return v } }

// down runs from one tone at height y0 to another at y1, and stays so beyond.
func down(y0, v0, y1, v1 float64) tone {
	return func(_, y float64) float64 {
		return v0 + (v1-v0)*clamp((y-y0)/(y1-y0))
	}
}

// around runs from one tone at distance r0 of a centre to another at r1.
func around(c point, r0, v0, r1, v1 float64) tone {
	return func(x, y float64) float64 {
		return v0 + (v1-v0)*clamp((math.Hypot(x-c.x, y-c.y)-r0)/(r1-r0))
	}
}

func clamp(v float64) float64 { return math.Max(0, math.Min(1, v)) }

// wash covers the whole plate.
func (p *plate) wash(t tone) {
	for y := range p.h {
		row := p.d[y*p.w : (y+1)*p.w]
		for x := range row {
			row[x] = float32(t((float64(x)+0.5)/p.scale, (float64(y)+0.5)/p.scale))
		}
	}
}

// fill draws a shape over what is there.
func (p *plate) fill(s shape, t tone) { p.draw(s, t, false) }

// over adds a shape's ink to what is there, never less than before.
func (p *plate) over(s shape, t tone) { p.draw(s, t, true) }

// fineness is the number of lines that a row of pixels is cut into, so that
// edges are smooth.
const fineness = 4

func (p *plate) draw(s shape, t tone, keep bool) {
	edges, top, bottom := p.edges(s)
	first, last := max(int(top), 0), min(int(bottom), p.h-1)
	cover := make([]float32, p.w+2)
	var xs []float64
	for y := first; y <= last; y++ {
		from, to := p.w, 0
		for k := range fineness {
			line := float64(y) + (float64(k)+0.5)/fineness
			xs = crossings(xs[:0], edges, line)
			for i := 0; i+1 < len(xs); i += 2 {
				a, b := math.Max(xs[i], 0), math.Min(xs[i+1], float64(p.w))
				if a < b {
					span(cover, a, b)
					from, to = min(from, int(a)), max(to, min(int(b)+1, p.w))
				}
			}
		}
		p.blend(y, from, to, cover, t, keep)
	}
}

// span adds one line from a to b to the row, its ends by their part of a pixel.
func span(cover []float32, a, b float64) {
	const whole = 1.0 / fineness
	i, j := int(a), int(b)
	if i == j {
		cover[i] += float32((b - a) * whole)
		return
	}
	cover[i] += float32((float64(i+1) - a) * whole)
	for x := i + 1; x < j; x++ {
		cover[x] += whole
	}
	cover[j] += float32((b - float64(j)) * whole)
}

// blend lays the tone where the row is covered, and clears the row.
func (p *plate) blend(y, from, to int, cover []float32, t tone, keep bool) {
	for x := from; x < to; x++ {
		c := cover[x]
		cover[x] = 0
		if c == 0 {
			continue
		}
		v := float32(t((float64(x)+0.5)/p.scale, (float64(y)+0.5)/p.scale))
		at := &p.d[y*p.w+x]
		if keep && v < *at {
			continue
		}
		*at += min(c, 1) * (v - *at)
	}
	if to < len(cover) {
		cover[to] = 0
	}
}

// An edge is one line of a shape in pixels, from its upper end to its lower.
type edge struct{ x, top, bottom, slope float64 }

func (p *plate) edges(s shape) (edges []edge, top, bottom float64) {
	top, bottom = math.Inf(1), math.Inf(-1)
	for _, line := range s {
		for i, a := range line {
			b := line[(i+1)%len(line)]
			if a.y > b.y {
				a, b = b, a
			}
			if a.y == b.y {
				continue
			}
			e := edge{a.x * p.scale, a.y * p.scale, b.y * p.scale, (b.x - a.x) / (b.y - a.y)}
			edges = append(edges, e)
			top, bottom = math.Min(top, e.top), math.Max(bottom, e.bottom)
		}
	}
	return edges, top, bottom
}

// crossings lists where the edges cross a line, from left to right.
func crossings(xs []float64, edges []edge, y float64) []float64 {
	for _, e := range edges {
		if y >= e.top && y < e.bottom {
			xs = append(xs, e.x+(y-e.top)*e.slope)
		}
	}
	slices.Sort(xs)
	return xs
}
