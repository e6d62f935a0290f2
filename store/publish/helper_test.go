package publish_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/media"
	"p2p.legal/peerfy/store/publish"
)

// party is somebody with a key.
type party struct {
	skey, vkey string
	signer     note.Signer
}

func newParty(t testing.TB, name string) party {
	t.Helper()
	skey, vkey, err := ledger.GenerateKey(name)
	check(t, err)
	s, err := ledger.NewSigner(skey)
	check(t, err)
	return party{skey, vkey, s}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// coop is a co-operative with its log, one artist who wants in, and the editor.
type coop struct {
	root, editor, artist party
	state                *catalog.State
	log                  int64
	config               publish.Config
}

// newTool asks ffmpeg once for what it can.
var newTool = sync.OnceValues(func() (*media.Tool, error) { return media.New(media.Config{}) })

func newCoop(t testing.TB) *coop {
	t.Helper()
	tool, err := newTool()
	check(t, err)
	co := &coop{root: newParty(t, "coop/root"), editor: newParty(t, "coop/editor"), artist: newParty(t, "les-veilleurs"), state: new(catalog.State)}
	fresh, err := ledger.CosignatureKey(newParty(t, "coop/fresh").vkey)
	check(t, err)
	charter := &catalog.Charter{
		Name: "Test", Origin: "coop.test/log", Since: "2026-01-01", Onion: "test.onion",
		Keys: catalog.Keys{
			Root:   catalog.RootKeys{Threshold: 1, Keys: []string{co.root.vkey}},
			Editor: []string{co.editor.vkey}, Treasurer: []string{newParty(t, "coop/treasurer").vkey},
			Log: newParty(t, "coop.test/log").vkey, Fresh: fresh,
		},
		Fee:    catalog.Fee{Cents: 800, TaxBP: 2000},
		Shares: catalog.Shares{Artists: 7000, Contributions: []catalog.Fund{{ID: "common", Name: "Common fund", BP: 1000}}, Costs: 2000},
		Coin:   1, Plays: catalog.PlayRule{Seconds: 30, Clock: 25, Fast: 10, PacePct: 150, Parallel: 3, PlayUnits: 1, Download: 3},
		Unclaimed: "common", Unplayed: "common", Expired: "common", Notices: "age1notices",
		Licence: catalog.Licence{ID: "test-1", FR: []string{"Copiez et partagez."}, EN: []string{"Copy and share."}},
	}
	co.append(t, ledger.KindCharter, charter, co.root)
	co.config = publish.Config{
		Media: tool, Charter: co.state.Charter(), StayDown: co.state.StayDown,
		Lookup: func(name string) (string, bool) { return co.state.Named(name) },
	}
	co.config.Artist = publish.NewArtist("Les Veilleurs", publish.Slug("Les Veilleurs"), co.artist.vkey, "age1veilleurs")
	text, err := ledger.Text(ledger.KindArtist, co.config.Artist)
	check(t, err)
	co.config.ArtistEntry, err = ledger.SignText(text, co.artist.signer)
	check(t, err)
	return co
}

// append adds an entry, which must have an effect.
func (co *coop) append(t testing.TB, kind ledger.Kind, body any, by ...party) {
	t.Helper()
	text, err := ledger.Text(kind, body)
	check(t, err)
	var signers []note.Signer
	for _, p := range by {
		signers = append(signers, p.signer)
	}
	raw, err := ledger.SignText(text, signers...)
	check(t, err)
	co.replay(t, raw)
}

func (co *coop) replay(t testing.TB, raw []byte) {
	t.Helper()
	e, err := ledger.ParseEntry(raw)
	check(t, err)
	check(t, co.state.Judge(co.log, e))
	co.log++
}

// accept does what an editor does: countersigns both entries.
func (co *coop) accept(t testing.TB, b *publish.Bundle) {
	t.Helper()
	if c := b.Conflicts(co.state); len(c) > 0 {
		t.Fatalf("conflicts: %q", c)
	}
	entries := [][]byte{b.Entry()}
	if _, known := co.state.Artist(b.Release().Artist); !known {
		entries = [][]byte{b.ArtistEntry(), b.Entry()}
	}
	for _, raw := range entries {
		raw, err := ledger.AddSignature(raw, co.editor.signer)
		check(t, err)
		co.replay(t, raw)
	}
}

func (co *coop) make(t testing.TB, dir, out string) *publish.Bundle {
	t.Helper()
	b, err := publish.Make(t.Context(), dir, out, co.config, co.artist.signer)
	check(t, err)
	return b
}

// wav is a tone of so many seconds, 16 bits, stereo, as a file.
func wav(hertz float64, seconds float64) []byte {
	const rate = 44100
	frames := int(seconds * rate)
	var b bytes.Buffer
	b.WriteString("RIFF")
	binary.Write(&b, binary.LittleEndian, uint32(36+frames*4))
	b.WriteString("WAVEfmt ")
	for _, v := range []any{uint32(16), uint16(1), uint16(2), uint32(rate), uint32(rate * 4), uint16(4), uint16(16)} {
		binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	binary.Write(&b, binary.LittleEndian, uint32(frames*4))
	for i := range frames {
		v := int16(9000 * math.Sin(2*math.Pi*hertz*float64(i)/rate))
		binary.Write(&b, binary.LittleEndian, [2]int16{v, v})
	}
	return b.Bytes()
}

// picture is a cover of side × side pixels.
func picture(t testing.TB, side int, format string) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range side {
		img.SetRGBA(i, i, color.RGBA{200, uint8(i), 40, 255})
	}
	var b bytes.Buffer
	if format == "png" {
		check(t, png.Encode(&b, img))
	} else {
		check(t, jpeg.Encode(&b, img, nil))
	}
	return b.Bytes()
}

// folder writes files into a new folder.
func folder(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "album")
	check(t, os.Mkdir(dir, 0o755))
	for name, b := range files {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		check(t, os.WriteFile(filepath.Join(dir, name), b, 0o644))
	}
	return dir
}

const albumCredits = `# Peerfy credits.
kind: album
title: Premières lueurs
artist: Les Veilleurs
date: 2026-03-20
language: fr
genre: Ambient, folk électronique
notes: Enregistré à l'aube.
open: yes
contributor: Jeanne Câlin | author, composer, performer, producer | society: none | basis: author of the work
split: self = 10000
[01 - Aube.wav]
title: Aube
isrc: FR-AB1-26-00001
[02 - Brume.wav]
title: Brume
excerpt: 0:01
`

// album is a small folder as an artist has it.
func album(t testing.TB) string {
	t.Helper()
	return folder(t, map[string][]byte{
		"01 - Aube.wav": wav(220, 2), "02 - Brume.wav": wav(330, 3),
		"cover.png": picture(t, 300, "png"), publish.CreditsFile: []byte(albumCredits),
	})
}

// shared is one finished bundle that tests copy instead of making their own.
var shared struct {
	once     sync.Once
	dir      string
	co       *coop
	progress []report
}

// report is one call of Config.Progress.
type report struct {
	step        string
	done, total int64
}

// bundle copies the finished bundle of album.
func bundle(t testing.TB) (*coop, string) {
	t.Helper()
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "publish")
		check(t, err)
		shared.dir, shared.co = dir, newCoop(t)
		c := shared.co.config
		c.Progress = func(step string, done, total int64) {
			shared.progress = append(shared.progress, report{step, done, total})
		}
		_, err = publish.Make(t.Context(), album(t), filepath.Join(dir, "bundle"), c, shared.co.artist.signer)
		check(t, err)
	})
	out := filepath.Join(t.TempDir(), "bundle")
	check(t, os.CopyFS(out, os.DirFS(filepath.Join(shared.dir, "bundle"))))
	return shared.co, out
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		child(os.Args[2:])
		return
	}
	code := m.Run()
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// ffmpeg makes a file for the artist's folder.
func ffmpeg(t testing.TB, args ...string) {
	t.Helper()
	out, err := exec.Command("ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

// tree lists every file below dir.
func tree(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	check(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	}))
	return names
}

func messages(problems []publish.Problem) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}
