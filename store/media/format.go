package media

import (
	"path/filepath"
	"strings"
)

// A Format is one kind of file that we take, named as people name it.
type Format string

// The formats, and how their files are called.
const (
	FLAC   Format = "FLAC"            // .flac
	WAV    Format = "WAV"             // .wav, 16 or 24 bits
	MP3    Format = "MP3"             // .mp3
	Vorbis Format = "Ogg Vorbis"      // .ogg, .oga
	Opus   Format = "Opus"            // .opus
	M4A    Format = "M4A"             // .m4a, AAC or ALAC
	MKV    Format = "Matroska"        // .mkv
	MP4    Format = "MP4"             // .mp4, .m4v
	WebM   Format = "WebM"            // .webm
	JPEG   Format = "JPEG"            // .jpg, .jpeg
	PNG    Format = "PNG"             // .png
	VTT    Format = "WebVTT"          // .vtt
	SRT    Format = "SubRip subtitle" // .srt
)

// Accepted tells the format that a file's name promises, and whether it is one of ours. [Tool.Probe],
// [ReadCover] and [ReadSubtitles] tell whether the promise is kept.
func Accepted(name string) (Format, bool) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".flac":
		return FLAC, true
	case ".wav":
		return WAV, true
	case ".mp3":
		return MP3, true
	case ".ogg", ".oga":
		return Vorbis, true
	case ".opus":
		return Opus, true
	case ".m4a":
		return M4A, true
	case ".mkv":
		return MKV, true
	case ".mp4", ".m4v":
		return MP4, true
	case ".webm":
		return WebM, true
	case ".jpg", ".jpeg":
		return JPEG, true
	case ".png":
		return PNG, true
	case ".vtt":
		return VTT, true
	case ".srt":
		return SRT, true
	}
	return "", false
}

// IsAudio says whether files of this format are tracks of music or speech.
func (f Format) IsAudio() bool {
	switch f {
	case FLAC, WAV, MP3, Vorbis, Opus, M4A:
		return true
	}
	return false
}

// IsVideo says whether files of this format are films or episodes.
func (f Format) IsVideo() bool { return f == MKV || f == MP4 || f == WebM }

// IsCover says whether files of this format are pictures.
func (f Format) IsCover() bool { return f == JPEG || f == PNG }

// IsSubtitles says whether files of this format are subtitles.
func (f Format) IsSubtitles() bool { return f == VTT || f == SRT }

// MIME is the media type for HTTP.
func (f Format) MIME() string {
	switch f {
	case FLAC:
		return "audio/flac"
	case WAV:
		return "audio/wav"
	case MP3:
		return "audio/mpeg"
	case Vorbis, Opus:
		return "audio/ogg"
	case M4A:
		return "audio/mp4"
	case MKV:
		return "video/x-matroska"
	case MP4:
		return "video/mp4"
	case WebM:
		return "video/webm"
	case JPEG:
		return "image/jpeg"
	case PNG:
		return "image/png"
	case VTT:
		return "text/vtt"
	}
	return "application/octet-stream"
}

// demuxer is ffmpeg's name for the one reader that may touch such a file.
func (f Format) demuxer() string {
	switch f {
	case FLAC:
		return "flac"
	case WAV:
		return "wav"
	case MP3:
		return "mp3"
	case Vorbis, Opus:
		return "ogg"
	case M4A, MP4:
		return "mov"
	}
	return "matroska"
}

// audioCodecs and videoCodecs are the codecs, as ffprobe names them, that a file of this format may hold.
func (f Format) audioCodecs() string {
	switch f {
	case FLAC:
		return "flac"
	case WAV:
		return "pcm_s16le,pcm_s24le"
	case MP3:
		return "mp3"
	case Vorbis:
		return "vorbis"
	case Opus:
		return "opus"
	case M4A:
		return "aac,alac"
	case WebM:
		return "vorbis,opus"
	}
	return "aac,alac,ac3,eac3,flac,mp3,opus,vorbis,pcm_s16le,pcm_s24le"
}

func (f Format) videoCodecs() string {
	switch f {
	case WebM:
		return "vp8,vp9,av1"
	case MP4:
		return "h264,hevc,mpeg4,av1,vp9"
	case MKV:
		return "h264,hevc,mpeg2video,mpeg4,vp8,vp9,av1,ffv1"
	}
	return ""
}

// decoders are all of ffmpeg's decoders that may run on an accepted file. Which of them fit which format is judged by Info's
// check, which has clearer words. Beside the codecs above these are pictures and subtitles that stand in tracks and films.
const decoders = "aac,alac,ac3,eac3,flac,mp3float,mp3,opus,vorbis,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le,pcm_u8," +
	"h264,hevc,mpeg2video,mpeg4,vp8,vp9,libdav1d,libaom-av1,av1,ffv1," +
	"mjpeg,png,subrip,srt,ass,ssa,mov_text,webvtt,pgssub,dvdsub"
