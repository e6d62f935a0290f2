package templates

import "github.com/a-h/templ"

// noticeReasons are the values of the form's reasons, in its order; each has
// words under "notice.reason.".
var noticeReasons = []string{"right", "society", "person", "law", "mistake"}

// poster is the film's still, if there is one.
func (v Player) poster() templ.Attributes {
	if v.Poster == "" {
		return nil
	}
	return templ.Attributes{"poster": v.File(v.Poster)}
}

// lines are the track list of the player: within the whole album they move to
// another time of the same file.
func (v Player) lines() []Track {
	if !v.Continuous {
		return v.Tracks
	}
	lines := make([]Track, len(v.Tracks))
	for i, t := range v.Tracks {
		lines[i] = t
		if t.Seek != "" {
			lines[i].Play = t.Seek
		}
	}
	return lines
}

// foreign is the language of what the artist wrote, when it is known.
func (v Release) foreign() templ.Attributes {
	if v.Tag == "" || v.Tag == "zxx" || v.Tag == string(v.Lang) {
		return nil
	}
	return templ.Attributes{"lang": v.Tag}
}

// attributes marks a void entry.
func (e Entry) attributes() templ.Attributes {
	if e.Void == "" {
		return nil
	}
	return templ.Attributes{"class": "void"}
}
