package sample

import (
	"image"
	"math"
	"math/rand/v2"
)

// An ink is the part of red, green and blue light that it lets through, 0 to
// 1. The paper is one too: the light that it gives back.
type ink struct{ r, g, b float32 }

// rgb gives the ink that looks so on white.
func rgb(r, g, b uint8) ink {
	return ink{float32(r) / 255, float32(g) / 255, float32(b) / 255}
}

// A pass is one turn through the press: a plate, its ink, the screen that
// breaks greys into dots, and how far the sheet slipped, in pixels. Screens
// are as wide as dots pixels and turned by angle; with 0 dots greys stay grey.
type pass struct {
	*plate
	ink
	dots, angle float64
	slipX       int
	slipY       int
}

// A sheet is what is printed on. The grain, from 0 to 1, is how much the
// paper shows through the ink.
type sheet struct {
	paper ink
	grain float32
	seed  uint64
}

// tile is the width of the patch of grain that is repeated; with four hundred
// thousand grains nobody sees it.
const tile = 640

// print lays the passes one over the other, as translucent inks do.
func (s sheet) print(passes ...pass) *image.RGBA {
	w, h := passes[0].w, passes[0].h
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	noise := s.grains()
	light := make([]ink, w)
	cover := make([]float32, w)
	for y := range h {
		for x := range light {
			light[x] = s.paper
		}
		for k, p := range passes {
			p.row(cover, y)
			if noise != nil {
				wear(cover, noise[((y+137*k)%tile)*tile:][:tile], 211*k, s.grain)
			}
			p.ink.lay(light, cover)
		}
		out := img.Pix[y*img.Stride:]
		for x, l := range light {
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = uint8(l.r*255), uint8(l.g*255), uint8(l.b*255), 255
		}
	}
	return img
}

// wear takes away ink where there is grain.
func wear(cover, patch []float32, shift int, grain float32) {
	for x, c := range cover {
		if c != 0 {
			cover[x] = c * (1 - grain*patch[(x+shift)%tile])
		}
	}
}

// lay takes from the light what the ink holds back.
func (i ink) lay(light []ink, cover []float32) {
	for x, c := range cover {
		if c != 0 {
			l := &light[x]
			l.r *= 1 - c*(1-i.r)
			l.g *= 1 - c*(1-i.g)
			l.b *= 1 - c*(1-i.b)
		}
	}
}

// row gives what of the ink reaches row y of the sheet.
func (p pass) row(cover []float32, y int) {
	clear(cover)
	from := y - p.slipY
	if from < 0 || from >= p.h {
		return
	}
	line := p.d[from*p.w : (from+1)*p.w]
	first, last := max(p.slipX, 0), min(p.w+p.slipX, p.w)
	if p.dots == 0 {
		copy(cover[first:last], line[max(-p.slipX, 0):])
		return
	}
	p.screen(cover[first:last], line[max(-p.slipX, 0):], y)
}

// screen turns the greys of a row into dots: ink stands where the grey is
// above a surface of hills, one a dot. The two waves of the surface advance by
// turning a vector, which is cheaper than asking for sines.
func (p pass) screen(cover, line []float32, y int) {
	k := 2 * math.Pi / p.dots
	sin, cos := math.Sincos(p.angle)
	u, v := newWave(-k*sin*float64(y), k*cos), newWave(k*cos*float64(y), k*sin)
	sharp := float32(p.dots * 0.55)
	for x := range cover {
		a, b := u.next(), v.next()
		switch d := line[x]; {
		case d <= 0.015:
		case d >= 0.985:
			cover[x] = 1
		default:
			cover[x] = max(0, min(1, 0.5+sharp*(d-0.5-0.25*(a+b))))
		}
	}
}

// A wave gives cosines at equal steps.
type wave struct{ re, im, stepRe, stepIm float32 }

func newWave(phase, step float64) wave {
	im, re := math.Sincos(phase)
	sIm, sRe := math.Sincos(step)
	return wave{float32(re), float32(im), float32(sRe), float32(sIm)}
}

func (w *wave) next() float32 {
	v := w.re
	w.re, w.im = w.re*w.stepRe-w.im*w.stepIm, w.re*w.stepIm+w.im*w.stepRe
	return v
}

// grains makes the patch: mostly small specks, some blots where the drum had
// less ink. Values are from 0 to 1; nil is no grain.
func (s sheet) grains() []float32 {
	if s.grain == 0 {
		return nil
	}
	rng := rand.NewPCG(s.seed, 640)
	const cell = 16
	const cells = tile / cell
	var blots [cells * cells]float32
	for i := range blots {
		blots[i] = float32(rng.Uint64()>>40) / (1 << 24)
	}
	out := make([]float32, tile*tile)
	for y := range tile {
		for x := range tile {
			n := float32(rng.Uint64()>>40) / (1 << 24)
			n *= n
			out[y*tile+x] = 0.55*n*n + 0.45*n*smooth(blots[:], cells, x, y, cell)
		}
	}
	return out
}

// smooth reads the blots between their corners.
func smooth(blots []float32, cells, x, y, cell int) float32 {
	i, j := x/cell, y/cell
	fx, fy := float32(x%cell)/float32(cell), float32(y%cell)/float32(cell)
	i2, j2 := (i+1)%cells, (j+1)%cells
	top := blots[j*cells+i]*(1-fx) + blots[j*cells+i2]*fx
	bottom := blots[j2*cells+i]*(1-fx) + blots[j2*cells+i2]*fx
	return top*(1-fy) + bottom*fy
}
