package sample

import "math"

// turn gives the point at a distance from c in a direction, 0 being right and
// a quarter of a turn down.
func turn(c point, r, angle float64) point {
	return point{c.x + r*math.Cos(angle), c.y + r*math.Sin(angle)}
}

func disc(c point, r float64) shape { return oval(c, r, r) }

func oval(c point, rx, ry float64) shape {
	n := 24 + int(math.Max(rx, ry)/4)
	line := make([]point, n)
	for i := range line {
		a := 2 * math.Pi * float64(i) / float64(n)
		line[i] = point{c.x + rx*math.Cos(a), c.y + ry*math.Sin(a)}
	}
	return shape{line}
}

// hoop is the part between two circles.
func hoop(c point, inner, outer float64) shape {
	return append(disc(c, outer), disc(c, inner)...)
}

func box(x0, y0, x1, y1 float64) shape { return polygon(x0, y0, x1, y0, x1, y1, x0, y1) }

// polygon takes x and y in turns.
func polygon(xy ...float64) shape {
	var line []point
	for i := 0; i+1 < len(xy); i += 2 {
		line = append(line, point{xy[i], xy[i+1]})
	}
	return shape{line}
}

// stroke is a line from a to b as thick as said at either end.
func stroke(a, b point, wa, wb float64) shape {
	l := math.Hypot(b.x-a.x, b.y-a.y)
	if l == 0 {
		return nil
	}
	nx, ny := -(b.y-a.y)/l/2, (b.x-a.x)/l/2
	return polygon(a.x+nx*wa, a.y+ny*wa, b.x+nx*wb, b.y+ny*wb, b.x-nx*wb, b.y-ny*wb, a.x-nx*wa, a.y-ny*wa)
}

// bow is a curved stroke from a to b, drawn towards the point by, that is
// thickest in its middle or, with a tip, at its beginning.
func bow(a, by, b point, width float64, tip bool) shape {
	const n = 28
	line := make([]point, 2*n+2)
	for i := 0; i <= n; i++ {
		t := float64(i) / n
		u := 1 - t
		c := point{u*u*a.x + 2*u*t*by.x + t*t*b.x, u*u*a.y + 2*u*t*by.y + t*t*b.y}
		dx, dy := u*(by.x-a.x)+t*(b.x-by.x), u*(by.y-a.y)+t*(b.y-by.y)
		l := math.Hypot(dx, dy) + 1e-9
		w := width / 2 * math.Sqrt(4*t*u)
		if tip {
			w = width / 2 * math.Sqrt(u) * (1 - 0.2*t)
		}
		line[i] = point{c.x - dy/l*w, c.y + dx/l*w}
		line[2*n+1-i] = point{c.x + dy/l*w, c.y - dx/l*w}
	}
	return shape{line}
}

// below is everything under a curve, down to a floor.
func below(x0, x1, floor float64, curve func(x float64) float64) shape {
	line := []point{{x1, floor}, {x0, floor}}
	for x := x0; x < x1; x += 5 {
		line = append(line, point{x, curve(x)})
	}
	return shape{append(line, point{x1, curve(x1)})}
}

// wedge is a beam from c between two directions.
func wedge(c point, r, from, to float64) shape {
	line := []point{c}
	for i := range 9 {
		line = append(line, turn(c, r, from+(to-from)*float64(i)/8))
	}
	return shape{line}
}

// ridge is a hill's line: a sum of waves that never looks the same twice.
func ridge(base, height, seed float64) func(x float64) float64 {
	return func(x float64) float64 {
		x /= 1000
		v := math.Sin(5.1*x+seed) + 0.5*math.Sin(11.7*x+2.3*seed) + 0.22*math.Sin(27*x+4.1*seed) + 0.07*math.Sin(71*x+seed)
		return base - height*v
	}
}
