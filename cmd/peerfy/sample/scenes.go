package sample

import (
	"image"
	"math"
)

// A Scene draws a moving picture: progress runs from 0 at the first frame to 1
// at the last, and seconds from 0.
type Scene func(w, h int, progress, seconds float64) *image.RGBA

// Frames gives the n frames of a scene of w×h pixels at fps frames a second.
// Any of them may be asked for, in any order and at the same time.
func Frames(scene Scene, w, h, fps, n int) func(i int) *image.RGBA {
	return func(i int) *image.RGBA {
		return scene(w, h, float64(i)/float64(max(n-1, 1)), float64(i)/float64(fps))
	}
}

// Tide is the film: a night by the sea in one shot. The water rises, the light
// turns, a boat comes home.
func Tide(w, h int, progress, seconds float64) *image.RGBA {
	yellow, teal, navy, red := newPlate(w, h), newPlate(w, h), newPlate(w, h), newPlate(w, h)
	dark := 0.25 * (1 - clamp(seconds/1.5) + clamp((progress-0.93)/0.07))
	moon := point{640 + 60*progress, 190 - 40*progress}
	navy.wash(around(moon, 90, 0.62, 620, 0.96))
	teal.wash(around(moon, 90, 0.5, 700, 0.85))
	sweep(navy, teal, yellow, point{176, 196}, seconds)
	for i := range 3 {
		r := 128 - 14*float64(i)
		for _, p := range []*plate{navy, teal} {
			p.fill(disc(moon, r), flat(0.42-0.14*float64(i)))
		}
	}
	for _, p := range []*plate{navy, teal} {
		p.fill(disc(moon, 84), flat(0))
	}
	yellow.fill(disc(moon, 84), flat(0.95))
	smallTower(navy, teal, yellow, red, seconds)
	for i := range 6 {
		tideRow(navy, teal, yellow, red, float64(i), progress, seconds)
		if i == 1 {
			homeward(navy, teal, yellow, red, progress, seconds)
		}
	}
	for i := range navy.d {
		navy.d[i] = min(1, navy.d[i]+float32(3*dark))
	}
	return sheet{rgb(250, 243, 226), 0, 7}.print(
		pass{yellow, rgb(255, 205, 84), 0, 0, 0, 0}, pass{teal, rgb(0, 158, 160), 0, 0, 0, 0},
		pass{red, rgb(232, 70, 58), 0, 0, 0, 0}, pass{navy, rgb(24, 44, 98), 0, 0, 0, 0})
}

// sweep turns a beam about the lamp: seen from the side it grows, swings over
// and is gone.
func sweep(navy, teal, yellow *plate, lamp point, seconds float64) {
	turns := seconds / 5
	for k := range 2 {
		a := 2 * math.Pi * (turns + float64(k)/2)
		reach, open := math.Cos(a), 0.05+0.10*math.Abs(math.Sin(a))
		if math.Abs(reach) < 0.06 {
			continue
		}
		dir := -0.10
		if reach < 0 {
			dir = math.Pi + 0.10
		}
		beam := wedge(lamp, 1000*math.Abs(reach), dir-open, dir+open)
		for _, p := range []*plate{navy, teal} {
			p.fill(beam, around(lamp, 20, 0.05, 900, 0.6))
		}
		yellow.fill(beam, around(lamp, 20, 0.9, 800, 0))
	}
}

func smallTower(navy, teal, yellow, red *plate, seconds float64) {
	rock := below(60, 300, 620, func(x float64) float64 { return 392 + math.Abs(x-176)*0.5 + 8*math.Sin(x/9) })
	body := polygon(156, 222, 196, 222, 208, 420, 144, 420)
	for _, p := range []*plate{navy, teal, yellow} {
		p.fill(body, flat(0))
	}
	for y := 222.0; y < 400; y += 56 {
		in, out := 12*(y-222)/198, 12*(y-194)/198
		red.fill(polygon(156-in, y, 196+in, y, 196+out, y+28, 156-out, y+28), flat(1))
	}
	navy.fill(polygon(182, 222, 196, 222, 208, 420, 186, 420), flat(0.4))
	for _, s := range []shape{box(148, 216, 204, 224), polygon(158, 182, 176, 162, 194, 182), rock} {
		navy.fill(s, flat(1))
	}
	for _, p := range []*plate{navy, teal} {
		p.fill(box(163, 182, 189, 216), flat(0))
	}
	yellow.fill(box(163, 182, 189, 216), flat(0.7+0.3*math.Cos(seconds*2.5)))
	red.fill(disc(point{176, 198}, 7), flat(0.8))
}

// tideLine is the height of the water in row i. It rises all the time, and
// every row moves its own way.
func tideLine(i, x, progress, seconds float64) float64 {
	side := 1 - 2*math.Mod(i, 2)
	base := 425 + 34*i - 78*progress*(1-i/9)
	return base + (7+2.2*i)*math.Sin(x/(70+16*i)+side*seconds*(0.9+0.12*i)+1.7*i) + 3*math.Sin(x/23-side*seconds*1.7+i)
}

func tideRow(navy, teal, yellow, red *plate, i, progress, seconds float64) {
	line := func(x float64) float64 { return tideLine(i, x, progress, seconds) }
	floor := 600.0
	if i < 5 { // the next rows hide the rest
		floor = tideLine(i, 0, progress, seconds) + 120
	}
	foam := below(0, 1000, floor, line)
	water := below(0, 1000, floor, func(x float64) float64 { return line(x) + 5 + 1.1*i })
	for _, p := range []*plate{yellow, red, navy, teal} {
		p.fill(foam, flat(0))
	}
	top := 420 + 34*i - 78*progress
	teal.fill(water, down(top, 1, top+110, 0.75))
	navy.fill(water, down(top, 0.16+0.09*i, top+150, 0.62+0.06*i))
}

// homeward is the boat that comes back with the water.
func homeward(navy, teal, yellow, red *plate, progress, seconds float64) {
	x := 1010 - 560*progress
	y := tideLine(1.6, x, progress, seconds) + 4
	roll := 5 * math.Sin(seconds*1.3)
	hull := polygon(x-34, y-16, x+36, y-20, x+24, y+8, x-24, y+9)
	main := polygon(x+roll, y-112, x-1, y-24, x+36, y-26)
	jib := polygon(x-5+roll, y-98, x-5, y-24, x-30, y-21)
	for _, p := range []*plate{navy, teal, yellow} {
		for _, s := range []shape{hull, main, jib} {
			p.fill(s, flat(0))
		}
	}
	red.fill(hull, flat(1))
	red.fill(main, flat(1))
	yellow.fill(jib, flat(1))
	navy.fill(stroke(point{x - 3 + roll, y - 118}, point{x - 3, y - 18}, 3, 3), flat(1))
}

// Night is the episode: inside the lantern, the lens turns and rain runs past
// the panes; one keeper winds the clockwork, the other looks out.
func Night(w, h int, progress, seconds float64) *image.RGBA {
	yellow, red, black := newPlate(w, h), newPlate(w, h), newPlate(w, h)
	eye := point{500, 262}
	black.wash(around(eye, 200, 0.72, 640, 1))
	const rays = 10
	for i := range rays {
		a := 2*math.Pi*float64(i)/rays + 0.42*seconds
		beam := wedge(eye, 800, a, a+0.62*math.Pi/rays)
		black.fill(beam, around(eye, 130, 0.04, 640, 0.5))
		yellow.fill(beam, around(eye, 120, 1, 600, 0.4))
	}
	rain(black, seconds)
	for _, x := range []float64{70, 355, 645, 930} { // frames of the panes
		black.fill(box(x-6, 0, x+6, 600), flat(1))
	}
	black.fill(box(0, 60, 1000, 70), flat(1))
	turningLens(yellow, red, black, eye, seconds)
	floor := box(0, 492, 1000, 600)
	yellow.fill(floor, flat(0))
	red.fill(floor, flat(0.92))
	black.fill(floor, down(492, 0.35, 562, 0.8))
	arm := 34 * math.Sin(2*seconds)
	smallKeeper(yellow, red, black, point{236, 500}, 6, 1)
	smallKeeper(yellow, red, black, point{768, 500}, -6+2*math.Sin(seconds), 0.94)
	black.fill(stroke(point{250, 402}, point{330, 420 + arm}, 17, 11), flat(1))
	red.fill(hoop(point{352, 430}, 26, 36), flat(1))
	black.fill(stroke(turn(point{352, 430}, 31, 4*seconds), turn(point{352, 430}, 31, 4*seconds+math.Pi), 7, 7), flat(1))
	dark := float32(1 - clamp(seconds/1.2) + clamp((progress-0.92)/0.08))
	for i := range black.d {
		black.d[i] = min(1, black.d[i]+dark)
	}
	return sheet{rgb(250, 241, 222), 0, 8}.print(
		pass{yellow, rgb(255, 196, 56), 0, 0, 0, 0}, pass{red, rgb(226, 60, 52), 0, 0, 0, 0},
		pass{black, rgb(26, 34, 66), 0, 0, 0, 0})
}

// rain falls at a slant outside.
func rain(black *plate, seconds float64) {
	for i := range 60 {
		f := float64(i)
		x := math.Mod(173.1*f, 1080)
		y := math.Mod(97.7*f+620*seconds*(1+0.3*math.Mod(f*0.37, 1)), 640) - 60
		black.fill(stroke(point{x, y}, point{x - 14, y + 46}, 2, 3), flat(0.25))
	}
}

// turningLens breathes as its prisms pass.
func turningLens(yellow, red, black *plate, eye point, seconds float64) {
	beat := 0.5 + 0.5*math.Cos(seconds*2.1)
	black.fill(polygon(430, 420, 570, 420, 610, 500, 390, 500), flat(1))
	for _, ring := range []struct{ r, black, red, yellow float64 }{
		{196, 1, 0, 0}, {186, 0, 0.2 + 0.5*beat, 1}, {160, 1, 0, 0}, {152, 0, 0.1, 0.9}, {132, 0, 0.75 - 0.4*beat, 1},
		{110, 1, 0, 0}, {102, 0, 0, 0.7}, {78, 0, 0.4 + 0.5*beat, 1}, {56, 1, 0, 0}, {48, 0, 0, 0.25 * beat},
	} {
		s := oval(eye, ring.r*(0.90+0.10*math.Cos(seconds*0.84)), ring.r)
		yellow.fill(s, flat(ring.yellow))
		red.fill(s, flat(ring.red))
		black.fill(s, flat(ring.black))
	}
}

func smallKeeper(yellow, red, black *plate, foot point, lean, tall float64) {
	top := foot.y - 190*tall
	coat := bow(point{foot.x, foot.y + 40}, point{foot.x - lean, foot.y - 70}, point{foot.x + lean, top + 18}, 100*tall, true)
	for _, s := range []shape{coat, disc(point{foot.x + lean, top}, 25*tall), box(foot.x+lean-34*tall, top-12, foot.x+lean+34*tall, top-5),
		box(foot.x+lean-22*tall, top-32*tall, foot.x+lean+22*tall, top-8)} {
		yellow.fill(s, flat(0))
		red.fill(s, flat(0))
		black.fill(s, flat(1))
	}
	scarf := bow(point{foot.x + lean - 22, top + 24}, point{foot.x + lean, top + 40}, point{foot.x + lean + 22, top + 24}, 22, false)
	black.fill(scarf, flat(0))
	red.fill(scarf, flat(1))
}
