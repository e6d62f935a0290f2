package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"p2p.legal/peerfy/store/media"
)

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plainImage is of one colour, with a frame of another that a centred crop to a square cuts off.
func plainImage(w, h, sides int, in, out color.Color) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(out), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(sides, 0, w-sides, h), image.NewUniform(in), image.Point{}, draw.Src)
	return img
}

func decodeJPEG(t *testing.T, b []byte, w, h int) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, w, h) {
		t.Fatalf("the picture is %v, want %d × %d", img.Bounds(), w, h)
	}
	return img
}

func isNear(c color.Color, r, g, b int) bool {
	cr, cg, cb, _ := c.RGBA()
	near := func(got uint32, want int) bool { d := int(got>>8) - want; return d >= -12 && d <= 12 }
	return near(cr, r) && near(cg, g) && near(cb, b)
}

func TestCoversCutTheMiddle(t *testing.T) {
	red, blue := color.RGBA{200, 30, 30, 255}, color.RGBA{0, 0, 250, 255}
	for name, b := range map[string][]byte{
		"PNG":  pngOf(t, plainImage(1400, 1000, 200, red, blue)),
		"JPEG": jpegOf(t, plainImage(1400, 1000, 200, red, blue)),
		"tiny": pngOf(t, plainImage(14, 10, 2, red, blue)),
	} {
		small, large, err := media.Covers(b, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, img := range []image.Image{decodeJPEG(t, small, 96, 96), decodeJPEG(t, large, 480, 480)} {
			for _, p := range []image.Point{{4, 4}, {img.Bounds().Dx() - 4, 4}, {48, 48}, {4, img.Bounds().Dy() - 4}} {
				if !isNear(img.At(p.X, p.Y), 200, 30, 30) {
					t.Errorf("%s at %v: %v", name, p, img.At(p.X, p.Y))
				}
			}
		}
	}
}

func TestPostersStayUpright(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 600, 900))
	draw.Draw(img, image.Rect(0, 0, 600, 600), image.NewUniform(color.RGBA{0, 150, 0, 255}), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(0, 600, 600, 900), image.White, image.Point{}, draw.Src)
	small, large, err := media.Covers(pngOf(t, img), true)
	if err != nil {
		t.Fatal(err)
	}
	if p := decodeJPEG(t, large, 480, 720); !isNear(p.At(240, 10), 0, 150, 0) || !isNear(p.At(240, 700), 255, 255, 255) {
		t.Errorf("large: %v, %v", p.At(240, 10), p.At(240, 700))
	}
	if p := decodeJPEG(t, small, 96, 96); !isNear(p.At(48, 90), 0, 150, 0) {
		t.Errorf("small shows the bottom: %v", p.At(48, 90))
	}
}

// Black and white lines finer than a pixel must not become darker than they look: half the light is level 188, not 128;
// squares, the nearest simple curve, give 180.
func TestShrinkingKeepsTheLight(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 960, 960))
	for i := range img.Pix {
		img.Pix[i] = uint8(i%2) * 255
	}
	small, _, err := media.Covers(pngOf(t, img), false)
	if err != nil {
		t.Fatal(err)
	}
	if p := decodeJPEG(t, small, 96, 96); !isNear(p.At(40, 40), 180, 180, 180) {
		t.Errorf("%v", p.At(40, 40))
	}
}

func TestTransparentBecomesWhite(t *testing.T) {
	small, _, err := media.Covers(pngOf(t, image.NewNRGBA(image.Rect(0, 0, 100, 100))), false)
	if err != nil {
		t.Fatal(err)
	}
	if p := decodeJPEG(t, small, 96, 96); !isNear(p.At(40, 40), 255, 255, 255) {
		t.Errorf("%v", p.At(40, 40))
	}
}

func TestCoversDropMetadata(t *testing.T) {
	b := jpegOf(t, plainImage(100, 100, 0, color.White, color.White))
	secret := "Exif\x00\x00taken at home"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(secret) + 2)}, secret...)
	b = append(append(bytes.Clone(b[:2]), segment...), b[2:]...)
	small, large, err := media.Covers(b, false)
	if err != nil || bytes.Contains(small, []byte("Exif")) || bytes.Contains(large, []byte("Exif")) {
		t.Errorf("the place is still in it: %v", err)
	}
}

// bomb is a PNG of a few bytes that claims these dimensions.
func bomb(w, h uint32) []byte {
	chunk := func(kind string, data []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(append(b, kind...), data...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	b := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(header, 8, 6, 0, 0, 0))...)
	return append(append(b, chunk("IDAT", []byte("\x78\x9c\x03\x00\x00\x00\x00\x01"))...), chunk("IEND", nil)...)
}

func TestImageBombsTakeNoMemory(t *testing.T) {
	jpegBomb := bytes.Clone(jpegOf(t, plainImage(16, 16, 0, color.White, color.White)))
	i := bytes.Index(jpegBomb, []byte{0xff, 0xc0})
	copy(jpegBomb[i+5:], []byte{0xff, 0xff, 0xff, 0xff})
	for name, b := range map[string][]byte{
		"20000 × 20000": bomb(20000, 20000), "1 × 2 billion": bomb(1, 1<<31-1), "2 billion × 2 billion": bomb(1<<31-1, 1<<31-1),
		"8192 × 8192": bomb(8192, 8192), "a long line": bomb(8193, 1), "JPEG": jpegBomb,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := media.ReadCover(b)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, media.ErrCover) || !strings.Contains(err.Error(), "pixels") && !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%s, %d bytes: %d bytes of memory were taken", name, len(b), took)
		}
	}
}

func TestReadCoverRefusesOthers(t *testing.T) {
	var g bytes.Buffer
	if err := gif.Encode(&g, plainImage(10, 10, 0, color.White, color.White), nil); err != nil {
		t.Fatal(err)
	}
	whole := pngOf(t, plainImage(100, 100, 0, color.White, color.White))
	for name, b := range map[string][]byte{
		"nothing": nil, "GIF": g.Bytes(), "SVG": []byte("<svg onload=alert(1)>"), "WebP": []byte("RIFF\x00\x00\x00\x00WEBPVP8 "),
		"cut PNG": whole[:len(whole)/2], "cut JPEG": jpegOf(t, plainImage(100, 100, 0, color.White, color.White))[:200],
		"no pixels": bomb(0, 0), "too many bytes": append(bytes.Clone(whole), make([]byte, media.MaxCover)...),
	} {
		if img, err := media.ReadCover(b); !errors.Is(err, media.ErrCover) || img != nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := media.Covers(b, false); !errors.Is(err, media.ErrCover) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// noise is as hard to compress as a picture can be.
func noise(seed uint64) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 96, 96))
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range img.Pix {
		img.Pix[i] = uint8(rng.Uint32()) | uint8(i%4/3*255)
	}
	return img
}

func TestSpriteFits(t *testing.T) {
	colours := []color.RGBA{{200, 0, 0, 255}, {0, 200, 0, 255}, {0, 0, 200, 255}}
	var covers [][]byte
	for i := range 24 {
		covers = append(covers, jpegOf(t, plainImage(96, 96, 0, colours[i%3], color.White)))
	}
	covers[5] = nil
	b, err := media.Sprite(covers, 6)
	if err != nil {
		t.Fatal(err)
	}
	sheet := decodeJPEG(t, b, 6*96, 4*96)
	for i := range covers {
		p := sheet.At(i%6*96+48, i/6*96+48)
		if c := colours[i%3]; i != 5 && !isNear(p, int(c.R), int(c.G), int(c.B)) || i == 5 && !isNear(p, 128, 128, 128) {
			t.Errorf("cell %d is %v", i, p)
		}
	}
	for i := range covers {
		covers[i] = jpegOf(t, noise(uint64(i)))
	}
	if b, err = media.Sprite(covers, 6); err != nil || len(b) > media.MaxSprite {
		t.Errorf("noise: %d bytes, %v", len(b), err)
	}
	again, err := media.Sprite(covers, 6)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("a second run gives other bytes: %v", err)
	}
}

func TestSpriteRefuses(t *testing.T) {
	good := jpegOf(t, noise(1))
	for name, c := range map[string]struct {
		covers [][]byte
		cols   int
	}{
		"none": {nil, 6}, "no columns": {[][]byte{good}, 0}, "too many": {make([][]byte, 1000), 6}, "a bomb": {[][]byte{good, bomb(20000, 20000)}, 6}, "text": {[][]byte{[]byte("x")}, 6},
	} {
		if b, err := media.Sprite(c.covers, c.cols); err == nil || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := media.Sprite([][]byte{good}, 6); err != nil {
		t.Error(err)
	} else {
		decodeJPEG(t, b, 96, 96)
	}
}

func FuzzReadCover(f *testing.F) {
	f.Add(pngOf(f, plainImage(9, 7, 1, color.White, color.Black)))
	f.Add(jpegOf(f, plainImage(9, 7, 1, color.White, color.Black)))
	f.Add(bomb(20000, 20000))
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, h, err := media.CoverSize(b); err == nil && w*h > 1<<16 {
			return // slow, not wrong
		}
		if _, err := media.ReadCover(b); err != nil && !errors.Is(err, media.ErrCover) {
			t.Errorf("an error of another kind: %v", err)
		}
	})
}
