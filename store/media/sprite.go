package media

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
)

// maxCells keeps a sheet below the browser's and the decoder's limits.
const maxCells = 200

// Sprite puts small covers into one JPEG, row by row, cols to a row, each in a cell of [SmallSide] pixels, so that a page of
// covers costs one request. A nil cover leaves its cell grey. The sheet has at most [MaxSprite] bytes: the quality goes down
// until it fits.
func Sprite(covers [][]byte, cols int) ([]byte, error) {
	if len(covers) == 0 || len(covers) > maxCells || cols < 1 || cols > maxCells {
		return nil, fmt.Errorf("a sprite of %d covers in %d columns; from 1 to %d are possible", len(covers), cols, maxCells)
	}
	cols = min(cols, len(covers))
	rows := (len(covers) + cols - 1) / cols
	sheet := image.NewRGBA(image.Rect(0, 0, cols*SmallSide, rows*SmallSide))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	for i, cover := range covers {
		if cover == nil {
			continue
		}
		img, err := ReadCover(cover)
		if err != nil {
			return nil, fmt.Errorf("cover %d of a sprite: %w", i, err)
		}
		cell := image.Rect(0, 0, SmallSide, SmallSide).Add(image.Pt(i%cols*SmallSide, i/cols*SmallSide))
		draw.Draw(sheet, cell, shrink(img, SmallSide, SmallSide, true), image.Point{}, draw.Src)
	}
	return fitJPEG(sheet)
}

func fitJPEG(sheet image.Image) ([]byte, error) {
	for quality := 80; ; quality -= 8 {
		b, err := encodeJPEG(sheet, max(quality, 1))
		if err != nil || len(b) <= MaxSprite {
			return b, err
		}
		if quality <= 1 {
			return nil, fmt.Errorf("%w: a sheet of covers does not fit %d bytes", ErrCover, MaxSprite)
		}
	}
}
