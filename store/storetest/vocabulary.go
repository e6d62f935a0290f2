package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"p2p.legal/peerfy/store/catalog"
)

// Vocabulary makes titles and names that are distributed as in a real
// catalogue: a few words everywhere, most words nearly nowhere, accents as in
// French. The same seed makes the same texts.
type Vocabulary struct {
	r     *rand.Rand
	words []string
	sum   []float64 // cumulative Zipf weights of words
}

// common are the words that stand in a large part of all titles.
var common = strings.Fields("le la de the les of un à en du l'amour and my nuit soir love d'été rue in blue")

var onsets = strings.Fields("b br c ch cl d dr f fl fr g gl gr j l m n p pl pr qu r s st t tr v")
var vowels = strings.Fields("a a e e é è ê i i o o ô ou u û ai eau en in on œu")
var codas = []string{"", "", "", "l", "r", "s", "t", "n", "m", "lle", "sse", "re"}

// NewVocabulary makes a vocabulary of so many words.
func NewVocabulary(seed uint64, size int) *Vocabulary {
	v := &Vocabulary{r: rand.New(rand.NewPCG(seed, seed))}
	seen := map[string]bool{}
	for _, w := range common {
		v.add(w)
		seen[w] = true
	}
	for len(v.words) < size {
		var w strings.Builder
		for range 1 + v.r.IntN(3) {
			w.WriteString(pick(v.r, onsets) + pick(v.r, vowels))
		}
		w.WriteString(pick(v.r, codas))
		if !seen[w.String()] {
			seen[w.String()] = true
			v.add(w.String())
		}
	}
	return v
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func (v *Vocabulary) add(w string) {
	total := 0.0
	if n := len(v.sum); n > 0 {
		total = v.sum[n-1]
	}
	v.words = append(v.words, w)
	v.sum = append(v.sum, total+1/math.Pow(float64(len(v.words))+2, 0.9))
}

// Word is a word by its frequency in titles.
func (v *Vocabulary) Word() string {
	x := v.r.Float64() * v.sum[len(v.sum)-1]
	lo, hi := 0, len(v.sum)-1
	for lo < hi {
		if mid := (lo + hi) / 2; v.sum[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return v.words[lo]
}

// Rare is a word that stands in few titles.
func (v *Vocabulary) Rare() string { return v.words[len(v.words)/10+v.r.IntN(len(v.words)*9/10)] }

// Title is one to five words, the first with a capital.
func (v *Vocabulary) Title() string {
	words := make([]string, 1+v.r.IntN(5))
	for i := range words {
		words[i] = v.Word()
	}
	return capital(strings.Join(words, " "))
}

// Name is the name of artist number n: no two are the same.
func (v *Vocabulary) Name(n int) string {
	return capital(v.Rare()) + " " + capital(v.Rare()) + fmt.Sprintf(" %d", n)
}

// IntN is a number from 0 to n-1.
func (v *Vocabulary) IntN(n int) int { return v.r.IntN(n) }

func capital(s string) string {
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

var (
	fillGenres    = strings.Fields("chanson rock jazz folk électronique hip-hop classique métal reggae ambient punk traditionnel expérimental blues soul")
	fillLanguages = strings.Fields("fr fr fr en en zxx es de br oc")
	fillLicences  = strings.Fields("cc-by-sa-4.0 cc-by-sa-4.0 cc-by-4.0 cc0-1.0 free-art-1.3 test-licence")
)

// Work makes up a release of artist number n, with 3.5 tracks on average.
func (v *Vocabulary) Work(i, n int, name string) Work {
	w := Work{
		Artist: ArtistSlug(n), ArtistName: name, Title: v.Title(), Seed: fmt.Sprintf("work %d", i),
		Date:     fmt.Sprintf("%d-%02d-%02d", 1990+v.IntN(36), 1+v.IntN(12), 1+v.IntN(28)),
		Language: pick(v.r, fillLanguages), Licence: pick(v.r, fillLicences), Open: v.IntN(10) == 0,
		Genres: []string{pick(v.r, fillGenres)},
	}
	if g := pick(v.r, fillGenres); v.IntN(2) == 0 && g != w.Genres[0] {
		w.Genres = append(w.Genres, g)
	}
	tracks := 3 + v.IntN(3)
	switch k := v.IntN(20); {
	case k < 4:
		w.Kind, tracks = catalog.Single, 1
	case k < 5:
		w.Kind, tracks = catalog.Film, 1
	case k < 6:
		w.Kind, tracks = catalog.Podcast, 1
		w.Series = &catalog.Series{Title: "Radio " + name, Slug: "radio-" + ArtistSlug(n), Episode: i%perArtist + 1}
	default:
		w.Kind = catalog.Album
	}
	for range tracks {
		w.Tracks = append(w.Tracks, v.Title())
	}
	return w
}

// ArtistSlug is the slug of a made up artist.
func ArtistSlug(n int) string { return fmt.Sprintf("artist-%d", n) }
