package sample

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// rate is the number of frames a second of every recording here.
const rate = 44100

// fullScale leaves 1 dB of room below the largest 16-bit number, so that no
// player or encoder that overshoots a little clips.
const fullScale = 0.89 * 32767

// A take is a stereo recording; 1 is the loudest sample that is written.
// Both channels have the same length.
type take struct{ l, r []float32 }

// newTake makes a silent take of so many frames.
func newTake(frames int) take {
	return take{make([]float32, frames), make([]float32, frames)}
}

// cut gives the frames from..to of t; they share t's memory.
func (t take) cut(from, to int) take { return take{t.l[from:to], t.r[from:to]} }

// frames turns seconds into a number of frames.
func frames(seconds float64) int { return int(seconds*rate + 0.5) }

// writeWAV writes t as 16-bit stereo RIFF WAVE (Microsoft's format 1, PCM).
// The noise of the dither is one step high, triangular, and always the same.
func writeWAV(w io.Writer, t take) error {
	size := len(t.l) * 4
	b := make([]byte, 0, 44+size)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(36+size))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, 2) // channels
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*4)
	b = binary.LittleEndian.AppendUint16(b, 4)  // bytes in a frame
	b = binary.LittleEndian.AppendUint16(b, 16) // bits in a sample
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	noise := rand.NewPCG(16, 44100)
	for i := range t.l {
		b = binary.LittleEndian.AppendUint16(b, quantise(t.l[i], noise))
		b = binary.LittleEndian.AppendUint16(b, quantise(t.r[i], noise))
	}
	_, err := w.Write(b)
	return err
}

// quantise rounds v to 16 bits. The sum of two even noises, one step wide
// each, makes the error of rounding independent of the music. Silence stays
// exactly silent: a recording begins and ends with nothing.
func quantise(v float32, noise *rand.PCG) uint16 {
	u := noise.Uint64()
	if v == 0 {
		return 0
	}
	d := float32(uint32(u)>>8)/(1<<24) + float32(uint32(u>>32)>>8)/(1<<24) - 1
	s := v*fullScale + d
	if s < 0 {
		return uint16(int16(s - 0.5))
	}
	return uint16(int16(s + 0.5))
}
