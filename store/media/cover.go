package media

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
)

// Limits on covers. A picture's dimensions are read and judged before memory for its pixels is taken: 66 bytes of PNG
// can ask for 1.5 GB.
const (
	MaxCover  = 32 << 20   // bytes of a cover file
	MaxSide   = 8192       // pixels, of covers and films
	MaxPixels = 40_000_000 // width × height, of covers and films
)

// Sizes of what is made of covers, in pixels. Small ones are square whatever the work, because a listing shows music and
// films in one grid.
const (
	SmallSide  = 96
	LargeSide  = 480    // the width; posters are half as high again
	MaxSprite  = 70_000 // bytes of a sheet made by Sprite
	smallSharp = 72     // JPEG quality
	largeSharp = 82
)

// ErrCover is wrapped by every refusal of a picture.
var ErrCover = errors.New("unusable picture")

// ReadCover decodes a JPEG or PNG, and nothing else. Its error is one sentence without the file's name.
func ReadCover(b []byte) (image.Image, error) {
	decode, config, err := coverDecoder(b)
	if err != nil {
		return nil, err
	}
	if !goodSize(config.Width, config.Height) {
		return nil, fmt.Errorf("%w: %d × %d pixels; at most %d a side and %d million together are taken", ErrCover, config.Width, config.Height, MaxSide, MaxPixels/1_000_000)
	}
	img, err := decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: it is damaged: %w", ErrCover, err)
	}
	return img, nil
}

// CoverSize tells the dimensions in pixels without decoding the rest.
func CoverSize(b []byte) (width, height int, err error) {
	_, config, err := coverDecoder(b)
	return config.Width, config.Height, err
}

func coverDecoder(b []byte) (decode func(*bytes.Reader) (image.Image, error), config image.Config, err error) {
	if len(b) > MaxCover {
		return nil, config, fmt.Errorf("%w: %d bytes; at most %d are taken", ErrCover, len(b), MaxCover)
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		config, err = jpeg.DecodeConfig(bytes.NewReader(b))
		decode = func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		config, err = png.DecodeConfig(bytes.NewReader(b))
		decode = func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }
	default:
		return nil, config, fmt.Errorf("%w: neither JPEG nor PNG", ErrCover)
	}
	if err != nil {
		return nil, config, fmt.Errorf("%w: it is damaged: %w", ErrCover, err)
	}
	return decode, config, nil
}

// goodSize divides instead of multiplying, so no dimensions overflow it.
func goodSize(width, height int) bool {
	return width > 0 && height > 0 && width <= MaxSide && height <= MaxSide && width <= MaxPixels/height
}

// Covers makes the two pictures that pages show, as JPEGs that carry pixels and nothing else: a small square of
// [SmallSide] pixels, and one [LargeSide] wide, square for music and 2:3 upright for films. What does not fit the shape is
// cut off, evenly on both sides, but from the bottom alone when a poster becomes a square, since faces and titles
// stand above. Transparent parts become white.
func Covers(b []byte, film bool) (small, large []byte, err error) {
	img, err := ReadCover(b)
	if err != nil {
		return nil, nil, err
	}
	height := LargeSide
	if film {
		height = LargeSide * 3 / 2
	}
	if small, err = encodeJPEG(shrink(img, SmallSide, SmallSide, film), smallSharp); err != nil {
		return nil, nil, err
	}
	large, err = encodeJPEG(shrink(img, LargeSide, height, false), largeSharp)
	return small, large, err
}

func encodeJPEG(img image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// crop is the largest part of r with the proportions of width to height.
func crop(r image.Rectangle, width, height int, top bool) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if w*height > h*width {
		w = max(1, h*width/height)
	} else {
		h = max(1, w*height/width)
	}
	x, y := r.Min.X+(r.Dx()-w)/2, r.Min.Y+(r.Dy()-h)/2
	if top {
		y = r.Min.Y
	}
	return image.Rect(x, y, x+w, y+h)
}

// shrink crops and scales by averaging all pixels that fall on one, in squared (nearly linear) light: plain averages make
// fine bright lines too dark. One line of the source is unpacked at a time, so a large cover is not held twice.
func shrink(img image.Image, width, height int, top bool) *image.RGBA {
	from := crop(img.Bounds(), width, height, top)
	line := image.NewRGBA(image.Rect(0, 0, from.Dx(), 1))
	columns := spans(from.Dx(), width)
	rows := spans(from.Dy(), height)
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	sums := make([]float64, 3*width)
	narrow := make([]float64, 3*width)
	have := -1 // the source line that narrow holds: neighbours share one
	for y, row := range rows {
		clear(sums)
		for i, weight := range row.weights {
			if have != row.first+i {
				have = row.first + i
				draw.Draw(line, line.Bounds(), image.White, image.Point{}, draw.Src)
				draw.Draw(line, line.Bounds(), img, image.Pt(from.Min.X, from.Min.Y+have), draw.Over)
				narrowLine(narrow, line.Pix, columns)
			}
			for x, v := range narrow {
				sums[x] += v * weight
			}
		}
		for x := range width {
			out.SetRGBA(x, y, color.RGBA{level(sums[3*x]), level(sums[3*x+1]), level(sums[3*x+2]), 255})
		}
	}
	return out
}

func narrowLine(narrow []float64, pix []uint8, columns []span) {
	for x, column := range columns {
		var r, g, b float64
		for i, weight := range column.weights {
			p := pix[4*(column.first+i):][:3]
			r += weight * float64(int(p[0])*int(p[0]))
			g += weight * float64(int(p[1])*int(p[1]))
			b += weight * float64(int(p[2])*int(p[2]))
		}
		narrow[3*x], narrow[3*x+1], narrow[3*x+2] = r, g, b
	}
}

func level(squared float64) uint8 { return uint8(min(255, math.Sqrt(squared)+0.5)) }

// A span says which source pixels make one of ours, and how much each counts; the weights add up to 1.
type span struct {
	first   int
	weights []float64
}

func spans(from, to int) []span {
	list := make([]span, to)
	scale := float64(from) / float64(to)
	for i := range list {
		low, high := float64(i)*scale, float64(i+1)*scale
		first := min(int(low), from-1)
		s := span{first: first}
		for j := first; j < from && float64(j) < high; j++ {
			if w := (min(high, float64(j+1)) - max(low, float64(j))) / scale; w > 1e-9 || j == first {
				s.weights = append(s.weights, w)
			}
		}
		list[i] = s
	}
	return list
}
