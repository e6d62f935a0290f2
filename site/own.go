package site

import (
	"net/http"
	"slices"
	"time"

	"p2p.legal/peerfy/store/library"
	"p2p.legal/peerfy/templates"
)

// What a member can do with a work, beside its page: keep a place, follow its artist, put it on a list.

// postFollow follows an artist, or stops.
func (s *Site) postFollow(w http.ResponseWriter, q *request) error {
	a, ok, err := s.cfg.DB.Artist(q.field("slug"))
	if err != nil {
		return err
	}
	slug, done, name := q.field("slug"), "done.follow", a.Name
	err = s.changeLibrary(q, func(lib *library.Library) error {
		if q.post.Has("off") {
			done = "done.unfollow"
			return lib.Unfollow(slug)
		}
		if !ok {
			return library.ErrUnknown
		}
		return lib.Follow(slug, s.cfg.DB.Size()-1)
	})
	if name == "" {
		name = slug
	}
	return s.sayOwn(w, q, q.lang.T(done, name), err)
}

// lookedAt marks an artist's news as seen, when a member who follows them opens their page.
func (s *Site) lookedAt(q *request, slug string) error {
	if q.session == nil || q.session.library() == nil {
		return nil
	}
	lib, _, err := s.readLibrary(q)
	if err != nil {
		return err
	}
	last := s.cfg.DB.Size() - 1
	if !slices.ContainsFunc(lib.Follows, func(f library.Follow) bool { return f.Slug == slug && f.Seen < last }) {
		return nil
	}
	return s.changeLibrary(q, func(lib *library.Library) error { return lib.Seen(slug, last) })
}

// postResume keeps the place where the member is in a track, as far as it was delivered, or forgets it.
func (s *Site) postResume(w http.ResponseWriter, q *request) error {
	track := q.field("track")
	if q.post.Has("remove") {
		err := s.changeLibrary(q, func(lib *library.Library) error { return lib.DropPlace(track) })
		return s.sayOwn(w, q, "", err)
	}
	st := q.seat()
	if st == nil {
		return s.sayOwn(w, q, "", refuse("nopass"))
	}
	at, ok := st.ear.Reached(track)
	if !ok {
		return s.sayOwn(w, q, "", refuse("place"))
	}
	at = at.Truncate(time.Second)
	err := s.changeLibrary(q, func(lib *library.Library) error { return lib.KeepPlace(track, at) })
	return s.sayOwn(w, q, q.lang.T("done.place", q.lang.Clock(at)), err)
}

// ownOf is what a member can do with a work, at its page.
func (s *Site) ownOf(q *request, id, slug, track string) (templates.Own, error) {
	if q.session == nil {
		return templates.Own{}, nil
	}
	v := templates.Own{Outcome: q.outcome(), ID: id, Slug: slug, Track: track}
	lib, sh, err := s.readLibrary(q)
	if sh == nil {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v.Library = true
	v.Following = slices.ContainsFunc(lib.Follows, func(f library.Follow) bool { return f.Slug == slug })
	for _, one := range lib.Lists {
		v.Lists = append(v.Lists, templates.Playlist{ID: one.ID, Name: one.Name})
	}
	return v, nil
}
