package sample

import (
	"image"
	"math"
)

// coverSide is the width and the height of a record's cover in pixels.
const coverSide = 1400

// A cover draws one picture of w×h pixels.
type cover func(w, h int) *image.RGBA

// lueurs: a sun behind hills of mist, its light in a pond, and a boat with a
// lantern. Yellow, coral and blue.
func lueurs(w, h int) *image.RGBA {
	yellow, coral, blue := newPlate(w, h), newPlate(w, h), newPlate(w, h)
	const shore = 705.0
	sun := point{520, 440}
	yellow.wash(down(60, 0.06, 620, 0.85))
	yellow.fill(disc(sun, 215), flat(1))
	yellow.fill(box(0, shore, 1000, 1000), down(shore, 0.75, 1000, 0.18))
	coral.wash(down(250, 0, 660, 0.34))
	for i := range 3 { // the light spreads
		r := 265 + 62*float64(i)
		coral.over(hoop(sun, r, r+7-2*float64(i)), flat(0.5-0.12*float64(i)))
	}
	coral.fill(disc(sun, 215), down(230, 0.55, 640, 1))
	for i := range 6 { // bands of mist cut the sun
		y, t := 462+31*float64(i), 3+3.4*float64(i)
		coral.fill(box(280, y, 760, y+t), flat(0.1))
	}
	coral.fill(box(0, shore, 1000, 1000), down(shore, 0.3, 1000, 0.05))
	blue.wash(down(0, 0.42, 330, 0))
	hills(blue, coral, shore)
	water(yellow, coral, blue, sun, shore)
	boat(yellow, coral, blue, point{330, 812})
	reeds(blue)
	for _, b := range []point{{660, 205}, {712, 178}, {742, 232}, {800, 190}} { // birds
		blue.over(bow(b, point{b.x + 10, b.y - 12}, point{b.x + 17, b.y}, 4, false), flat(1))
		blue.over(bow(point{b.x + 17, b.y}, point{b.x + 26, b.y - 13}, point{b.x + 36, b.y - 2}, 4, false), flat(1))
	}
	return sheet{rgb(251, 244, 230), 0.5, 1}.print(
		pass{yellow, rgb(255, 214, 74), 0, 0, 0, 0},
		pass{coral, rgb(255, 102, 94), 6.6, 1.31, 2, -1},
		pass{blue, rgb(22, 92, 138), 6.6, 0.26, -1, 2})
}

// hills stand one behind the other, each sinking into the mist of the next.
func hills(blue, coral *plate, shore float64) {
	for i, l := range []struct{ base, height, seed, tone float64 }{
		{545, 34, 0.4, 0.30}, {588, 30, 2.1, 0.44}, {634, 24, 4.4, 0.62}, {678, 13, 5.8, 0.86},
	} {
		line := ridge(l.base, l.height, l.seed)
		s := below(0, 1000, shore, line)
		coral.fill(s, down(l.base-40, 0.16+0.05*float64(i), l.base+90, 0.34))
		blue.fill(s, func(x, y float64) float64 { return l.tone * (1 - 0.85*clamp((y-line(x))/95)) })
	}
}

// water lies still: the sun's light in bars, and the hills upside down.
func water(yellow, coral, blue *plate, sun point, shore float64) {
	blue.fill(box(0, shore, 1000, 1000), down(shore, 0.20, 1000, 0.78))
	for i := range 15 {
		f := float64(i)
		y := shore + 14 + f*16 + f*f*0.28
		half := 196 - f*9.5 + 34*math.Sin(f*2.4)
		bar := oval(point{sun.x + 16*math.Sin(f*1.7), y}, half, 2.6+f*0.33)
		coral.fill(bar, flat(0.92-0.025*f))
		yellow.fill(bar, flat(1))
		blue.fill(bar, flat(0.02*f))
	}
	for i := range 22 {
		f := float64(i)
		y := shore + 6 + f*13.5
		x := math.Mod(137*f*f+90*f, 1000)
		blue.over(oval(point{x, y}, 60+40*math.Sin(f), 1.6+f*0.09), flat(0.5+0.02*f))
	}
}

// boat carries two watchers and their lantern.
func boat(yellow, coral, blue *plate, at point) {
	hull := bow(point{at.x - 92, at.y - 14}, point{at.x, at.y + 44}, point{at.x + 92, at.y - 16}, 34, false)
	lamp := point{at.x + 62, at.y - 78}
	yellow.fill(disc(lamp, 30), flat(1))
	coral.fill(disc(lamp, 30), flat(0))
	blue.fill(disc(lamp, 30), flat(0))
	blue.fill(hull, flat(1))
	coral.fill(hull, flat(0.5))
	for _, dx := range []float64{-34, 16} { // coats, heads
		blue.fill(bow(point{at.x + dx, at.y + 6}, point{at.x + dx - 3, at.y - 32}, point{at.x + dx + 3, at.y - 62}, 42, true), flat(1))
		blue.fill(disc(point{at.x + dx + 4, at.y - 68}, 12), flat(1))
	}
	blue.fill(stroke(point{at.x + 26, at.y - 30}, point{lamp.x, lamp.y - 22}, 5, 3), flat(1))
	coral.fill(disc(lamp, 11), flat(1))
	for i := range 6 { // its light on the water
		y := at.y + 34 + 13*float64(i)
		bar := oval(point{lamp.x + 5*math.Sin(float64(i)*2), y}, 26-3*float64(i), 2.6)
		blue.fill(bar, flat(0.05))
		yellow.fill(bar, flat(1))
	}
}

// reeds frame the picture on both sides.
func reeds(blue *plate) {
	for i := range 26 {
		f := float64(i)
		x := 12 + 9.5*f
		if i >= 11 {
			x = 1000 - 8.5*(f-11)
		}
		lean := 26 * math.Sin(f*1.9)
		top := 770 + 90*math.Abs(math.Sin(f*2.7)) + 2.5*math.Abs(x-math.Round(x/1000)*1000)/2
		blue.over(bow(point{x, 1010}, point{x + lean*0.2, top + 90}, point{x + lean, top}, 9, true), flat(1))
		if i%4 == 1 { // a bulrush
			blue.over(bow(point{x + lean*0.8, top + 34}, point{x + lean*0.95, top + 6}, point{x + lean*1.06, top - 34}, 15, false), flat(1))
		}
	}
}

// onion: a cut onion that turns like a dancer, coat in coat; round it the
// count of a waltz, one large and two small. Violet, pink and green.
func onion(w, h int) *image.RGBA {
	pink, violet, green := newPlate(w, h), newPlate(w, h), newPlate(w, h)
	c := point{500, 585}
	pink.wash(around(c, 330, 0.10, 760, 0.62))
	steps(pink, violet, c)
	leaves(green, violet, pink)
	roots(violet, c)
	coats := []struct{ size, violet, pink float64 }{
		{1, 1, 0.55}, {0.93, 0.06, 0.62}, {0.83, 0.82, 0.9}, {0.775, 0, 0.16}, {0.67, 0.52, 0.8}, {0.615, 0, 0.34},
		{0.51, 0.9, 0.75}, {0.455, 0, 0.1}, {0.35, 0.45, 0.85}, {0.30, 0, 0.5}, {0.205, 1, 0.6}, {0.15, 0, 0.05}, {0.075, 0.9, 0.9},
	}
	for i, coat := range coats {
		s := bulb(c, 268*coat.size, 0.045*float64(i))
		shade := func(v, depth float64) tone {
			return func(x, _ float64) float64 { return clamp(v + depth*(x-c.x)/400) }
		}
		green.fill(s, flat(0))
		violet.fill(s, shade(coat.violet, 0.18*math.Min(coat.violet*4, 1)))
		pink.fill(s, shade(coat.pink, 0.35))
	}
	return sheet{rgb(252, 246, 234), 0.5, 2}.print(
		pass{pink, rgb(255, 92, 140), 6.8, 1.31, -2, 1},
		pass{green, rgb(0, 158, 112), 6.8, 0.78, 2, 2},
		pass{violet, rgb(78, 52, 130), 6.8, 0.26, 0, 0})
}

// bulb is the outline of an onion about c, turned by angle: round below, drawn
// out into a neck above.
func bulb(c point, r, angle float64) shape {
	const n = 160
	line := make([]point, n)
	for i := range line {
		a := 2 * math.Pi * float64(i) / n
		neck := math.Abs(math.Mod(a+math.Pi/2+math.Pi, 2*math.Pi) - math.Pi) // from straight up
		d := r * (1 + 0.30*math.Exp(-neck*neck/0.03) + 0.17*math.Exp(-neck*neck/0.4))
		line[i] = turn(c, d, a+angle)
	}
	return shape{line}
}

// steps are the feet of the dance: ONE two three, all the way round.
func steps(pink, violet *plate, c point) {
	const n = 36
	for i := range n {
		a := 2*math.Pi*float64(i)/n - math.Pi/2
		r := 9.0
		if i%3 == 0 {
			r = 21
		}
		at := turn(point{c.x, c.y - 80}, 440, a)
		pink.fill(disc(at, r), flat(1))
		if i%3 == 0 {
			violet.fill(hoop(at, 7, r), flat(0.9))
		}
	}
}

// leaves are three, and the middle one is the tallest.
func leaves(green, violet, pink *plate) {
	for i, l := range []struct{ bx, by, ex, ey, w float64 }{
		{470, 120, 300, 96, 54}, {560, 90, 745, 118, 54}, {480, 90, 530, 8, 60},
	} {
		s := bow(point{486 + 14*float64(i), 250}, point{l.bx, l.by}, point{l.ex, l.ey}, l.w, true)
		pink.fill(s, flat(0))
		violet.fill(s, flat(0))
		green.fill(s, down(20, 1, 260, 0.55))
		violet.fill(bow(point{486 + 14*float64(i), 250}, point{l.bx, l.by}, point{l.ex, l.ey}, 7, true), flat(0.8))
	}
}

// roots hang like the fringe of a dress that swings.
func roots(violet *plate, c point) {
	for i := range 15 {
		f := float64(i) - 7
		start := point{c.x + 9*f, c.y + 262 - 0.35*f*f}
		end := point{c.x + 22*f + 40, c.y + 350 - 1.1*f*f + 9*math.Sin(3*f)}
		violet.over(bow(start, point{c.x + 9*f - 12, c.y + 328}, end, 8, true), flat(0.95))
	}
}

// site is a building site that is also a sound: columns of blocks as high as
// music is loud, a crane, on a page of squared paper. Orange and blue.
func site(w, h int) *image.RGBA {
	orange, blue, ruled := newPlate(w, h), newPlate(w, h), newPlate(w, h)
	for i := range 26 {
		at := 20 + 40*float64(i)
		ruled.over(box(at-0.8, 0, at+0.8, 1000), flat(0.32))
		ruled.over(box(0, at-0.8, 1000, at+0.8), flat(0.32))
	}
	orange.fill(disc(point{330, 310}, 178), around(point{330, 310}, 0, 0.55, 190, 1))
	crane(orange, blue)
	const n = 6
	for row := range n {
		for col := range n {
			a, b := float64(col)-2.5, float64(row)-2.5
			tall := 70 + 120*math.Exp(-(a*a+b*b)/9)*(1+math.Sin(1.9*a+0.6)*math.Cos(1.3*b-0.8)) + 22*math.Mod(float64(row*5+col*3), 4)
			block(orange, blue, point{500 + (a-b)*66, 700 + (a+b)*38}, tall, (row+col)%5 == 2)
		}
	}
	for i := range 12 { // the holes of the notebook
		c := point{42, 62 + 80*float64(i)}
		orange.fill(disc(c, 15), flat(0))
		blue.fill(disc(c, 15), flat(0.95))
		blue.fill(disc(point{c.x + 3, c.y + 3}, 12), flat(0.72))
	}
	ruled.clear(orange, blue)
	return sheet{rgb(248, 244, 230), 0.5, 3}.print(
		pass{ruled, rgb(30, 62, 150), 0, 0, 0, 0},
		pass{orange, rgb(255, 112, 48), 6.8, 1.31, 2, 2},
		pass{blue, rgb(30, 62, 150), 6.8, 0.26, -1, 0})
}

// clear takes the ink away wherever one of the others has some.
func (p *plate) clear(others ...*plate) {
	for _, o := range others {
		for i, v := range o.d {
			p.d[i] *= 1 - min(6*v, 1)
		}
	}
}

// block is a column seen from above at a slant: a light top, a grey side and a
// dark one, with the joints of its stones.
func block(orange, blue *plate, at point, tall float64, lit bool) {
	const a, b = 62.0, 36.0
	y := at.y - tall
	left := polygon(at.x-a, y, at.x, y+b, at.x, at.y+b, at.x-a, at.y)
	right := polygon(at.x+a, y, at.x, y+b, at.x, at.y+b, at.x+a, at.y)
	top := polygon(at.x, y-b, at.x+a, y, at.x, y+b, at.x-a, y)
	orange.fill(left, down(y, 1, at.y+b, 0.55))
	blue.fill(left, flat(0))
	orange.fill(right, flat(0.42))
	blue.fill(right, down(y, 0.96, at.y+b, 0.62))
	orange.fill(top, flat(0.14))
	blue.fill(top, flat(0))
	if lit {
		orange.fill(top, flat(1))
		blue.fill(oval(point{at.x, y}, 26, 15), flat(0.9))
	}
	for j := 40.0; j < tall; j += 40 {
		blue.over(stroke(point{at.x - a, y + j}, point{at.x, y + b + j}, 2.4, 2.4), flat(0.9))
		blue.fill(stroke(point{at.x + a, y + j}, point{at.x, y + b + j}, 2.4, 2.4), flat(0.1))
	}
}

// crane lifts one more block.
func crane(orange, blue *plate) {
	const x, top = 742.0, 120.0
	line := func(x0, y0, x1, y1, w float64) { blue.over(stroke(point{x0, y0}, point{x1, y1}, w, w), flat(1)) }
	line(x-17, top, x-17, 640, 7)
	line(x+17, top, x+17, 640, 7)
	for y := top; y < 620; y += 34 {
		line(x-17, y, x+17, y+34, 4)
		line(x+17, y, x-17, y+34, 4)
	}
	line(180, top, 925, top, 7)
	line(190, top-32, 900, top-32, 5)
	for at := 190.0; at < 900; at += 32 {
		line(at, top, at+16, top-32, 3.5)
		line(at+16, top-32, at+32, top, 3.5)
	}
	line(x, 40, 200, top-32, 3)
	line(x, 40, 905, top-32, 3)
	line(x-17, top-32, x, 38, 6)
	line(x+17, top-32, x, 38, 6)
	weight := box(868, top, 925, top+62)
	blue.fill(weight, flat(1))
	orange.fill(weight, flat(0.6))
	line(330, top, 330, 236, 3.5)
	line(330, 232, 296, 262, 3)
	line(330, 232, 364, 262, 3)
	orange.fill(box(290, 260, 370, 322), flat(0))
	block(orange, blue, point{330, 318}, 40, false)
}
