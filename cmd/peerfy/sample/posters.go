package sample

import (
	"image"
	"math"
)

// A poster's sides in pixels: two to three, as for every film and episode.
const posterWidth, posterHeight = 1000, 1500

// tidePoster: the moon pulls the sea up, wave over wave, past a lighthouse and
// a small boat. Yellow, teal, navy and a little red.
func tidePoster(w, h int) *image.RGBA {
	yellow, teal, navy, red := newPlate(w, h), newPlate(w, h), newPlate(w, h), newPlate(w, h)
	moon := point{585, 430}
	navy.wash(around(moon, 300, 0.66, 760, 1))
	teal.wash(around(moon, 300, 0.42, 900, 0.9))
	beams(navy, teal, yellow)
	for i, r := range []float64{420, 372, 330} {
		for _, p := range []*plate{navy, teal} {
			p.fill(disc(moon, r), flat(0.52-0.15*float64(i)))
		}
	}
	for _, p := range []*plate{navy, teal} {
		p.fill(disc(moon, 290), flat(0))
	}
	yellow.fill(disc(moon, 290), flat(0.95))
	for _, c := range [][3]float64{{500, 330, 62}, {660, 300, 34}, {690, 470, 78}, {540, 520, 40}, {470, 450, 22}, {610, 400, 18}} {
		teal.fill(disc(point{c[0], c[1]}, c[2]), flat(0.16)) // seas of the moon
	}
	stars(navy, teal, moon)
	lighthouse(navy, teal, yellow, red)
	for i := range 11 {
		swell(navy, teal, yellow, red, float64(i))
		if i == 2 {
			sailor(navy, teal, yellow, red, point{690, 0})
		}
	}
	return sheet{rgb(250, 243, 226), 0.5, 4}.print(
		pass{yellow, rgb(255, 205, 84), 0, 0, 0, 0},
		pass{teal, rgb(0, 158, 160), 6.4, 1.31, 1, -1},
		pass{red, rgb(232, 70, 58), 0, 0, 0, 0},
		pass{navy, rgb(24, 44, 98), 6.4, 0.26, -1, 1})
}

// stars are holes in the sky.
func stars(navy, teal *plate, moon point) {
	for i := range 70 {
		f := float64(i)
		at := point{math.Mod(617.3*f+31, 1000), math.Mod(271.7*f+f*f*3.1, 900)}
		if math.Hypot(at.x-moon.x, at.y-moon.y) < 440 {
			continue
		}
		r := 2.2 + 2.6*math.Mod(f*0.618, 1)
		navy.fill(disc(at, r), flat(0))
		teal.fill(disc(at, r), flat(0.1))
	}
}

// beams go out from the lantern on both sides, behind the moon.
func beams(navy, teal, yellow *plate) {
	lamp := point{196, 588}
	for _, side := range [][2]float64{{-0.30, -0.17}, {math.Pi + 0.12, math.Pi + 0.3}} {
		beam := wedge(lamp, 900, side[0], side[1])
		navy.fill(beam, around(lamp, 60, 0, 860, 0.6))
		teal.fill(beam, around(lamp, 60, 0, 860, 0.4))
		yellow.over(beam, around(lamp, 60, 0.9, 860, 0))
	}
}

// lighthouse stands on a rock at the left.
func lighthouse(navy, teal, yellow, red *plate) {
	tower := polygon(164, 640, 228, 640, 250, 1100, 142, 1100)
	for _, p := range []*plate{navy, teal, yellow} {
		p.fill(tower, flat(0))
	}
	for y := 640.0; y < 1100; y += 130 {
		in, out := 22*(y-640)/460, 22*(y-575)/460
		red.fill(polygon(164-in, y, 228+in, y, 228+out, y+65, 164-out, y+65), flat(1))
	}
	navy.fill(polygon(204, 640, 228, 640, 250, 1100, 210, 1100), flat(0.42)) // its shade
	for _, s := range []shape{box(150, 630, 242, 645), box(172, 552, 220, 560), polygon(166, 554, 196, 518, 226, 554), disc(point{196, 514}, 7)} {
		navy.fill(s, flat(1))
	}
	for _, p := range []*plate{navy, teal} {
		p.fill(box(174, 560, 218, 630), flat(0))
	}
	yellow.fill(box(174, 560, 218, 630), flat(1))
	red.fill(disc(point{196, 588}, 13), flat(0.8))
	for x := 152.0; x <= 240; x += 11 {
		navy.fill(stroke(point{x, 606}, point{x, 632}, 2.4, 2.4), flat(1))
	}
	navy.fill(box(150, 603, 242, 607), flat(1))
	rock := below(40, 372, 1180, func(x float64) float64 { return 985 + math.Abs(x-190)*0.55 + 22*math.Sin(x/17) + 9*math.Sin(x/5.3) })
	navy.fill(rock, flat(1))
	teal.fill(rock, flat(0.5))
}

// crest is the line on which the waves of row i sit: a great swell that rises
// to the right.
func crest(i, x float64) float64 {
	return 930 + 60*i - (150-13*i)*math.Exp(-math.Pow((x-840)/340, 2)) + 26*math.Sin(x/130+i)
}

// swell is one row of waves: scales with rings in them, each row before the
// one behind.
func swell(navy, teal, yellow, red *plate, i float64) {
	const r = 74.0
	for x := -r + r*math.Mod(i, 2); x < 1000+r; x += 2 * r {
		c := point{x, crest(i, x) + r}
		for k, ring := range []struct{ size, navy, teal float64 }{
			{1.18, 1, 0.9}, {1.10, 0, 0}, {1.0, 0.02, 1}, {0.78, 0, 0.06}, {0.68, 0.9, 0.8}, {0.46, 0, 0.55}, {0.34, 0, 0}, {0.22, 1, 0.6},
		} {
			s := disc(c, r*ring.size)
			if k == 0 {
				s = shape{append(arc(c, r*1.18), point{c.x + r*1.18, 1500}, point{c.x - r*1.18, 1500})}
			}
			yellow.fill(s, flat(0))
			red.fill(s, flat(0))
			navy.fill(s, flat(clamp(ring.navy*(0.72+0.03*i))))
			teal.fill(s, flat(ring.teal))
		}
	}
}

// arc is the upper half of a circle, from left to right.
func arc(c point, r float64) []point {
	var line []point
	for k := range 41 {
		line = append(line, turn(c, r, math.Pi+math.Pi*float64(k)/40))
	}
	return line
}

// sailor is a small boat on the swell.
func sailor(navy, teal, yellow, red *plate, at point) {
	y := crest(2.4, at.x) - 2
	hull := polygon(at.x-58, y-26, at.x+62, y-34, at.x+40, y+10, at.x-40, y+12)
	main := polygon(at.x-4, y-172, at.x-2, y-40, at.x+58, y-44)
	jib := polygon(at.x-12, y-150, at.x-12, y-40, at.x-50, y-36)
	for _, p := range []*plate{navy, teal, yellow} {
		p.fill(hull, flat(0))
		p.fill(main, flat(0))
		p.fill(jib, flat(0))
	}
	red.fill(hull, flat(1))
	red.fill(main, flat(1))
	yellow.fill(jib, flat(1))
	navy.fill(stroke(point{at.x - 8, y - 180}, point{at.x - 7, y - 28}, 5, 5), flat(1))
}

// keepersPoster: the lens of a lighthouse, like an eye over the sea; on its
// gallery the two keepers. Yellow, red and blue-black.
func keepersPoster(w, h int) *image.RGBA {
	yellow, red, black := newPlate(w, h), newPlate(w, h), newPlate(w, h)
	eye := point{500, 580}
	black.wash(around(eye, 330, 0.78, 900, 1))
	const rays = 14
	for i := range rays {
		a := 2*math.Pi*float64(i)/rays + 0.11
		beam := wedge(eye, 1600, a, a+math.Pi/rays)
		black.fill(beam, around(eye, 330, 0.05, 1150, 0.55))
		yellow.fill(beam, around(eye, 300, 1, 1000, 0.35))
	}
	tower(yellow, red, black, eye)
	lens(yellow, red, black, eye)
	for _, k := range []struct{ x, lean, tall float64 }{{318, 8, 1}, {682, -8, 0.88}} {
		keeper(yellow, red, black, point{k.x, 868}, k.lean, k.tall)
	}
	for x := 250.0; x <= 750; x += 31.25 { // the railing
		black.fill(stroke(point{x, 800}, point{x, 872}, 5, 5), flat(1))
	}
	black.fill(box(240, 796, 760, 803), flat(1))
	black.fill(box(240, 832, 760, 837), flat(1))
	surge(yellow, red, black)
	return sheet{rgb(250, 241, 222), 0.5, 5}.print(
		pass{yellow, rgb(255, 196, 56), 0, 0, 1, 1},
		pass{red, rgb(226, 60, 52), 6.4, 1.31, -2, 1},
		pass{black, rgb(26, 34, 66), 6.4, 0.26, 0, 0})
}

// tower widens downwards, in a red spiral.
func tower(yellow, red, black *plate, eye point) {
	edge := func(y float64) float64 { return 168 + 82*(y-880)/620 }
	body := polygon(eye.x-edge(880), 880, eye.x+edge(880), 880, eye.x+edge(1500), 1500, eye.x-edge(1500), 1500)
	black.fill(body, func(x, _ float64) float64 { return 0.62 * clamp((x-eye.x-10)/230) })
	yellow.fill(body, flat(0))
	red.fill(body, func(x, y float64) float64 {
		u := math.Asin(math.Max(-1, math.Min(1, (x-eye.x)/edge(y))))
		if math.Mod(y/150+u/math.Pi+10, 1) < 0.5 {
			return 1
		}
		return 0
	})
	for _, s := range []shape{box(232, 868, 768, 894), polygon(262, 894, 738, 894, 672, 934, 328, 934)} {
		yellow.fill(s, flat(0))
		red.fill(s, flat(0))
		black.fill(s, flat(1))
	}
	for _, y := range []float64{1030, 1260} { // windows with a light in them
		pane := shape{append(arc(point{eye.x - 20, y}, 26), point{eye.x + 6, y + 58}, point{eye.x - 46, y + 58})}
		red.fill(pane, flat(0))
		black.fill(pane, flat(0))
		yellow.fill(pane, flat(1))
		black.fill(stroke(point{eye.x - 20, y - 26}, point{eye.x - 20, y + 58}, 5, 5), flat(1))
		black.fill(box(eye.x-46, y+12, eye.x+6, y+17), flat(1))
	}
}

// lens is Fresnel's: rings of prisms round a burning centre.
func lens(yellow, red, black *plate, eye point) {
	cap := polygon(236, 330, 500, 96, 764, 330)
	for _, s := range []shape{cap, box(470, 60, 530, 120), disc(point{500, 52}, 30)} {
		yellow.fill(s, flat(0))
		red.fill(s, flat(1))
		black.fill(s, func(x, _ float64) float64 { return 0.75 * clamp((x-480)/260) })
	}
	room := box(252, 330, 748, 870)
	yellow.fill(room, flat(0.75))
	red.fill(room, flat(0))
	black.fill(room, flat(0))
	for _, ring := range []struct{ r, black, red, yellow float64 }{
		{262, 0, 0.75, 1}, {240, 1, 0, 0}, {228, 0, 0.1, 0.9}, {204, 0, 0.7, 1}, {182, 1, 0, 0},
		{172, 0, 0.05, 0.8}, {148, 0, 0.62, 1}, {126, 1, 0, 0}, {117, 0, 0, 0.5}, {92, 0, 1, 1}, {58, 1, 0, 0}, {46, 0, 0, 0},
	} {
		s := disc(eye, 0.86*ring.r)
		yellow.fill(s, flat(ring.yellow))
		red.fill(s, around(eye, 0.7*ring.r, 0.6*ring.red, 0.86*ring.r, ring.red))
		black.fill(s, flat(ring.black))
	}
	for _, x := range []float64{252, 748} {
		black.fill(stroke(point{x, 330}, point{x, 870}, 13, 13), flat(1))
	}
	black.fill(box(230, 322, 770, 340), flat(1))
}

// keeper is one of the two, in a coat, looking out.
func keeper(yellow, red, black *plate, foot point, lean, tall float64) {
	top := foot.y - 205*tall
	coat := bow(point{foot.x, foot.y + 4}, point{foot.x - lean, foot.y - 90}, point{foot.x + lean, top + 20}, 108*tall, true)
	for _, s := range []shape{coat, disc(point{foot.x + lean, top}, 27*tall), box(foot.x+lean-38*tall, top-12, foot.x+lean+38*tall, top-5),
		box(foot.x+lean-24*tall, top-36*tall, foot.x+lean+24*tall, top-8)} {
		yellow.fill(s, flat(0))
		red.fill(s, flat(0))
		black.fill(s, flat(1))
	}
	scarf := bow(point{foot.x + lean - 24, top + 26}, point{foot.x + lean, top + 42}, point{foot.x + lean + 24, top + 26}, 24, false)
	black.fill(scarf, flat(0))
	red.fill(scarf, flat(1))
}

// surge breaks at the foot of the tower.
func surge(yellow, red, black *plate) {
	for i := range 5 {
		f := float64(i)
		line := func(x float64) float64 {
			return 1330 + 42*f + 24*math.Sin(x/78+1.9*f) + 10*math.Sin(x/31+f) - 40*math.Exp(-math.Pow((x-500)/150, 2))*(1-f/5)
		}
		s := below(0, 1000, 1500, line)
		foam := below(0, 1000, 1500, func(x float64) float64 { return line(x) - 9 })
		for _, p := range []*plate{yellow, red, black} {
			p.fill(foam, flat(0))
		}
		black.fill(s, flat(0.98-0.16*math.Mod(f+1, 2)))
	}
}
