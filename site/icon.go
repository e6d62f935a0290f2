package site

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
)

// serveIcon answers /favicon.ico, which browsers ask for unasked: a record in the shop's inks. Without it each
// first visit would cost a page about a missing one.
func (s *Site) serveIcon(w http.ResponseWriter, q *request) error {
	a, err := s.finished(q, func() (*answer, error) {
		var buf bytes.Buffer
		if err := png.Encode(&buf, drawIcon(32)); err != nil {
			return nil, err
		}
		a := newAnswer(http.StatusOK, "image/png", buf.Bytes())
		a.cacheControl = immutable
		return a, nil
	})
	if err != nil {
		return err
	}
	a.send(w, q.Request)
	return nil
}

// drawIcon is a disc with a groove, a label and a hole, side pixels wide.
func drawIcon(side int) image.Image {
	inks := color.Palette{color.Transparent, color.RGBA{0x1e, 0x1e, 0x6e, 255}, color.RGBA{0xff, 0x8a, 0xb0, 255}}
	img := image.NewPaletted(image.Rect(0, 0, side, side), inks)
	for y := range side {
		for x := range side {
			dx, dy := 2*x+1-side, 2*y+1-side
			switch r := (dx*dx + dy*dy) * 1000 / (side * side); {
			case r < 12, r > 940: // the hole, and outside
			case r < 150, r > 480 && r < 540:
				img.SetColorIndex(x, y, 2)
			default:
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img
}
