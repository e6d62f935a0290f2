package sample

import (
	"fmt"
	"strings"
)

// A release is what one folder holds. The artists do not exist.
type release struct {
	kind, title, artist    string
	date, language, genres string
	series                 string
	season, episode        int
	notes                  []string
	people                 []person
	splits                 []string // "PAYEE = basis points"
	tracks                 []track
	music                  []func() ([]take, error) // together as many takes as tracks
	cover                  cover
	scene                  Scene             // nil for music
	subtitles              map[string]string // by language, as WebVTT
	members                bool              // not open: in full for members only
}

// A person is a contributor: "author, composer" and the like.
type person struct{ name, roles, basis string }

// A track is one file: its name without an ending, and its title.
type track struct{ stem, title string }

const invented = "Composed and drawn by the program for its demonstration: the artists are invented, the music is not."

// releases are in the order in which they can be published.
func releases() []release {
	return []release{premieresLueurs(), onionWaltz(), carnet(), laMareeMonte(), premiereNuit()}
}

func premieresLueurs() release {
	return release{
		kind: "album", title: "Premières lueurs", artist: "Les Veilleurs de Brume",
		date: "2026-03-20", language: "zxx", genres: "ambient, folk électronique",
		notes: []string{
			"Quatre pièces pour l’heure où l’on ne sait pas encore s’il fera beau\u00a0: guitares, pianos à pouces, une flûte et beaucoup d’air.",
			"«\u00a0Brume sur l’étang\u00a0» et «\u00a0Les veilleuses\u00a0» ne font qu’un souffle\u00a0: écoutez-les à la suite.",
			"Composé et dessiné par le programme pour sa démonstration\u00a0: les artistes sont inventés, la musique non.",
		},
		people: []person{
			{"Maëlle Kerguélen", "author, composer, performer", "author of the work"},
			{"Théo Brûlard", "performer", "performance recorded with a signed agreement"},
			{"Les Veilleurs de Brume", "producer", "producer of the recording"},
		},
		splits: []string{"self = 10000"},
		tracks: []track{
			{"01 - Aube", "Aube"}, {"02 - Brume sur l'étang", "Brume sur l'étang"},
			{"03 - Les veilleuses", "Les veilleuses"}, {"04 - Où va l'été", "Où va l'été"},
		},
		music: []func() ([]take, error){aube, etang, ete}, cover: lueurs,
	}
}

func onionWaltz() release {
	return release{
		kind: "single", title: "Onion Waltz", artist: "Clémence & the Relays",
		date: "2026-06-21", language: "zxx", genres: "musette, waltz",
		notes: []string{
			"A waltz for three relays and an accordion: each time round it puts on one more coat.",
			invented,
		},
		people: []person{
			{"Clémence Aubry", "author, composer, performer", "author of the work"},
			{"Maëlle Kerguélen", "performer", "performance recorded with a signed agreement"},
			{"Clémence & the Relays", "producer", "producer of the recording"},
		},
		splits: []string{"self = 7000", "Les Veilleurs de Brume = 3000"},
		tracks: []track{{"01 - Onion Waltz", "Onion Waltz"}},
		music:  []func() ([]take, error){waltz}, cover: onion, members: true,
	}
}

func carnet() release {
	return release{
		kind: "podcast", title: "Carnet de chantier nº 1", artist: "Radio Coopérative",
		date: "2026-09-01", language: "zxx", genres: "documentaire, jazz",
		series: "Carnet de chantier", episode: 1,
		notes: []string{
			"L’indicatif et le fond sonore du premier numéro\u00a0: marimba, enclume et piano électrique, sans un mot.",
			"Composé et dessiné par le programme pour sa démonstration\u00a0: les artistes sont inventés, la musique non.",
		},
		people: []person{
			{"Ousmane Delvaux", "author, composer, performer", "author of the work"},
			{"Radio Coopérative", "producer", "producer of the recording"},
		},
		splits: []string{"self = 10000"},
		tracks: []track{{"01 - Carnet de chantier nº 1", "Carnet de chantier nº 1"}},
		music:  []func() ([]take, error){jingle}, cover: site,
	}
}

func laMareeMonte() release {
	return release{
		kind: "film", title: "La marée monte", artist: "Atelier Lanterne",
		date: "2026-10-10", language: "zxx", genres: "animation, court métrage",
		notes: []string{
			"Une nuit, un phare, un bateau qui rentre avec l’eau. Film d’animation sans paroles.",
			"Composé et dessiné par le programme pour sa démonstration\u00a0: les artistes sont inventés, le film non.",
		},
		people: atelier(), splits: []string{"self = 10000"},
		tracks: []track{{"La marée monte", "La marée monte"}},
		music:  []func() ([]take, error){tide}, cover: tidePoster, scene: Tide,
	}
}

func premiereNuit() release {
	return release{
		kind: "episode", title: "La première nuit", artist: "Atelier Lanterne",
		date: "2026-11-01", language: "fr", genres: "animation, série",
		series: "Les Gardiens du phare", season: 1, episode: 1,
		notes: []string{
			"Deux gardiens, une lentille, la pluie. Dialogue en sous-titres, en français et en anglais.",
			"Composé et dessiné par le programme pour sa démonstration\u00a0: les artistes sont inventés, la série non.",
		},
		people: atelier(), splits: []string{"self = 10000"},
		tracks: []track{{"La première nuit", "La première nuit"}},
		music:  []func() ([]take, error){night}, cover: keepersPoster, scene: Night,
		subtitles: map[string]string{
			"fr": captions("— Tu entends la pluie ?", "— Je n'entends que la lampe.", "— Alors tout va bien. Remonte le poids."),
			"en": captions("— Do you hear the rain?", "— I only hear the lamp.", "— Then all is well. Wind up the weight."),
		},
	}
}

func atelier() []person {
	return []person{
		{"Inès Valcour", "author, director", "author of the work"},
		{"Ousmane Delvaux", "composer, performer", "author of the work"},
		{"Atelier Lanterne", "producer", "producer of the work"},
	}
}

// captions are the lines of the episode as WebVTT, one after the other.
func captions(lines ...string) string {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for i, line := range lines {
		fmt.Fprintf(&b, "\n00:%02d.000 --> 00:%02d.500\n%s\n", 2+3*i, 4+3*i, line)
	}
	return b.String()
}

// credits is the release's credits.txt.
func (r release) credits() string {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	number := func(key string, n int) {
		if n > 0 {
			line(key, fmt.Sprint(n))
		}
	}
	b.WriteString("# Peerfy credits. Lines are \"key: value\"; a track section starts with [01 - Titre.wav]\n")
	line("kind", r.kind)
	line("title", r.title)
	line("artist", r.artist)
	line("date", r.date)
	line("language", r.language)
	line("genre", r.genres)
	line("series", r.series)
	number("season", r.season)
	number("episode", r.episode)
	for _, n := range r.notes {
		line("notes", n)
	}
	line("open", map[bool]string{true: "no", false: "yes"}[r.members])
	for _, p := range r.people {
		line("contributor", p.name+" | "+p.roles+" | society: none | basis: "+p.basis)
	}
	for _, s := range r.splits {
		line("split", s)
	}
	for _, t := range r.tracks {
		if r.scene == nil {
			fmt.Fprintf(&b, "[%s.wav]\n", t.stem)
			line("title", t.title)
		}
	}
	return b.String()
}
