package site

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/library"
	"p2p.legal/peerfy/templates"
)

// A library is sealed under a code of its own. Nothing ties it to an account or a pass: its name in the
// database is derived from its code alone, and a session forgets it when it closes.

// shelf is an open library. One browser has it at a time as a rule; two see each other's changes because each
// change reads the record again.
type shelf struct {
	code    royalty.Code
	newCode bool // shown until its owner says that it is kept
}

// library is the code of the open library, nil while it is closed.
func (s *session) library() *shelf {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf
}

// noLibrary refuses what needs an open library.
func noLibrary() error { return refuse("library.closed") }

// readLibrary opens the session's library.
func (s *Site) readLibrary(q *request) (*library.Library, *shelf, error) {
	sh := q.session.library()
	if sh == nil {
		return nil, nil, noLibrary()
	}
	lib, err := s.loadLibrary(sh.code)
	var gone *refusal
	if errors.As(err, &gone) { // deleted in another browser
		q.session.putShelf(nil)
		return nil, nil, noLibrary()
	}
	return lib, sh, err
}

func (s *Site) loadLibrary(code royalty.Code) (*library.Library, error) {
	sealed, err := s.cfg.Members.Library(library.Name(code))
	if errors.Is(err, store.ErrUnknown) {
		return nil, refuse("library")
	}
	if err != nil {
		return nil, err
	}
	return library.Unseal(code, sealed)
}

// change changes the session's library and stores it. What change refuses leaves everything as it was.
func (s *Site) changeLibrary(q *request, change func(*library.Library) error) error {
	s.shelving.Lock()
	defer s.shelving.Unlock()
	lib, sh, err := s.readLibrary(q)
	if err != nil {
		return err
	}
	if err := change(lib); err != nil {
		return librarySentence(err)
	}
	return s.putLibrary(sh.code, lib)
}

func (s *Site) putLibrary(code royalty.Code, lib *library.Library) error {
	sealed, err := library.Seal(code, lib)
	if err != nil {
		return librarySentence(err)
	}
	return s.cfg.Members.PutLibrary(library.Name(code), sealed)
}

// librarySentence turns what package library refuses into words.
func librarySentence(err error) error {
	switch {
	case errors.Is(err, library.ErrFull):
		return refuse("full")
	case errors.Is(err, library.ErrName):
		return refuse("name", library.MaxName)
	case errors.Is(err, library.ErrUnknown):
		return refuse("stale")
	case errors.Is(err, library.ErrMalformed):
		return refuse("file")
	}
	return err
}

// libraryPage answers GET /my/library.
func (s *Site) libraryPage(q *request) (any, error) {
	return s.libraryView(q, q.outcome(), "")
}

func (s *Site) libraryView(q *request, o templates.Outcome, newName string) (templates.Library, error) {
	l := q.lang
	v := templates.Library{Page: s.memberPage(q, l.T("library.title")), Outcome: o, NewName: newName}
	v.Nav = "library"
	lib, sh, err := s.readLibrary(q)
	if sh == nil {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v.Open = true
	if sh.newCode {
		v.NewCode = sh.code.String()
	}
	v.Size = l.T("library.size", l.Bytes(int64(len(lib.Encode()))), l.Bytes(library.MaxBytes))
	if err := s.fillLists(&v, q, lib); err != nil {
		return v, err
	}
	if err := s.fillPlaces(&v, q, lib); err != nil {
		return v, err
	}
	return v, s.fillFollowed(&v, q, lib)
}

func (s *Site) fillLists(v *templates.Library, q *request, lib *library.Library) error {
	from, to, pager := s.pagedBy(q, "lists", len(lib.Lists), "my/library")
	v.ListPages = pager
	for _, one := range lib.Lists[from:to] {
		p, err := s.playlistOf(q, one)
		if err != nil {
			return err
		}
		v.Lists = append(v.Lists, p)
	}
	return nil
}

func (s *Site) playlistOf(q *request, one library.List) (templates.Playlist, error) {
	_, length, err := s.trackLines(q.lang, one.Tracks)
	return templates.Playlist{ID: one.ID, Name: one.Name, Detail: lengthOf(q.lang, len(one.Tracks), length)}, err
}

func (s *Site) fillPlaces(v *templates.Library, q *request, lib *library.Library) error {
	from, to, pager := s.pagedBy(q, "places", len(lib.Places), "my/library")
	v.PlacePages = pager
	for _, p := range lib.Places[from:to] {
		place := templates.Place{Track: p.Track, At: q.lang.Clock(p.At), Title: q.lang.T("list.gone")}
		id, n, m, err := s.trackNamed(p.Track)
		if err != nil {
			return err
		}
		if m != nil {
			place.Title = m.Tracks[n].Title
			place.Href = choiceHref(id, choice{track: n, at: secondsOf(p.At)})
		}
		v.Places = append(v.Places, place)
	}
	return nil
}

func (s *Site) fillFollowed(v *templates.Library, q *request, lib *library.Library) error {
	from, to, pager := s.pagedBy(q, "artists", len(lib.Follows), "my/library")
	v.ArtistPages = pager
	for _, f := range lib.Follows[from:to] {
		one, err := s.followedOf(f)
		if err != nil {
			return err
		}
		v.Artists = append(v.Artists, one)
	}
	return nil
}

// followedOf is an artist with at most three releases that are new since the last look.
func (s *Site) followedOf(f library.Follow) (templates.Followed, error) {
	a, ok, err := s.cfg.DB.Artist(f.Slug)
	if err != nil || !ok {
		return templates.Followed{Name: f.Slug, Slug: f.Slug}, err
	}
	cards, err := s.cfg.DB.ArtistReleases(f.Slug)
	if err != nil {
		return templates.Followed{}, err
	}
	one := templates.Followed{Name: a.Name, Slug: f.Slug}
	for _, c := range cards {
		if c.Index > f.Seen && len(one.News) < 3 {
			one.News = append(one.News, templates.Link{Href: "r/" + c.ID, Text: c.Title})
		}
	}
	return one, nil
}

// answerLibrary ends a form about the library: on with words, or the page again with what was wrong.
func (s *Site) answerLibrary(w http.ResponseWriter, q *request, form string, o templates.Outcome, err error) error {
	if err == nil {
		o.Form = form
		return s.said(w, q, "my/library", o)
	}
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	v, err := s.libraryView(q, templates.Outcome{Form: form, Errors: sentences}, q.field("name"))
	if err != nil {
		return err
	}
	return s.show(w, q, http.StatusUnprocessableEntity, v)
}

// postLibraryOpen opens a library by its code.
func (s *Site) postLibraryOpen(w http.ResponseWriter, q *request) error {
	code, err := royalty.ParseCode(q.field("code"))
	if err != nil {
		return s.answerLibrary(w, q, "open", templates.Outcome{}, errors.Join(refuse("mistyped"), err))
	}
	if _, err := s.loadLibrary(code); err != nil {
		return s.answerLibrary(w, q, "open", templates.Outcome{}, err)
	}
	q.session.putShelf(&shelf{code: code})
	return s.answerLibrary(w, q, "", templates.Outcome{Done: q.lang.T("done.library.open")}, nil)
}

func (s *session) putShelf(sh *shelf) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shelf = sh
}

// postLibraryNew makes an empty library and shows its code until it is kept.
func (s *Site) postLibraryNew(w http.ResponseWriter, q *request) error {
	if !s.newcomers.take(s.now()) {
		return crowded
	}
	code, err := royalty.NewCode()
	if err != nil {
		return err
	}
	if err := s.putLibrary(code, new(library.Library)); err != nil {
		return err
	}
	q.session.putShelf(&shelf{code: code, newCode: true})
	return s.seeOther(w, q, "my/library")
}

// postLibraryKept hides the code.
func (s *Site) postLibraryKept(w http.ResponseWriter, q *request) error {
	if sh := q.session.library(); sh != nil {
		q.session.putShelf(&shelf{code: sh.code})
	}
	return s.said(w, q, "my/library", templates.Outcome{Done: q.lang.T("done.kept")})
}

// postLibraryCode sends the code as a file to keep.
func (s *Site) postLibraryCode(w http.ResponseWriter, q *request) error {
	code, err := royalty.ParseCode(q.field("code"))
	if err != nil {
		return badRequest
	}
	return sendSecret(w, q, "peerfy-library.txt", q.lang.T("library.file", q.state.charter.Name, s.origin, code.String())+"\n")
}

// postLibraryClose forgets the code; the library stays, sealed.
func (s *Site) postLibraryClose(w http.ResponseWriter, q *request) error {
	q.session.putShelf(nil)
	return s.said(w, q, "my/library", templates.Outcome{Done: q.lang.T("done.library.closed")})
}

// postLibraryDelete drops the library.
func (s *Site) postLibraryDelete(w http.ResponseWriter, q *request) error {
	if !strings.EqualFold(q.field("confirm"), q.lang.T("erase.word")) {
		return s.answerLibrary(w, q, "delete", templates.Outcome{}, refuse("confirm", q.lang.T("erase.word")))
	}
	if sh := q.session.library(); sh != nil {
		if err := s.cfg.Members.DropLibrary(library.Name(sh.code)); err != nil {
			return err
		}
	}
	q.session.putShelf(nil)
	return s.said(w, q, "my/library", templates.Outcome{Done: q.lang.T("done.library.deleted")})
}

// maxImport bounds a file that is brought in, with its form.
const maxImport = library.MaxBytes + 16<<10

// postLibraryImport brings in lists or a whole library, from a file or as text.
func (s *Site) postLibraryImport(w http.ResponseWriter, q *request) error {
	data, err := s.readUpload(w, q)
	if err != nil {
		return err
	}
	if q.session == nil { // the file is still where it was; from the log-in on to the form, since here nothing is shown
		return s.seeOther(w, q, "login?next=my/library")
	}
	n := 0
	err = s.changeLibrary(q, func(lib *library.Library) error {
		n, err = lib.Import(data)
		return err
	})
	return s.answerLibrary(w, q, "import", templates.Outcome{Done: q.lang.T("done.imported", count(q.lang, "count.tracks", n))}, err)
}

// readUpload is the file of a form, or its text.
func (s *Site) readUpload(w http.ResponseWriter, q *request) ([]byte, error) {
	if err := s.cross.Check(q.Request); err != nil {
		return nil, foreignForm
	}
	q.Body = http.MaxBytesReader(w, q.Body, maxImport)
	var large *http.MaxBytesError
	err := q.ParseMultipartForm(maxImport)
	switch {
	case errors.As(err, &large):
		return nil, tooLarge
	case err != nil:
		return nil, badRequest
	}
	defer q.MultipartForm.RemoveAll()
	texts, files := q.MultipartForm.Value["text"], q.MultipartForm.File["file"]
	text := strings.Join(texts, "")
	switch {
	case len(texts) > 1 || len(files) > 1 || text != "" && len(files) > 0 && files[0].Size > 0:
		return nil, badRequest // which of them was meant?
	case text != "" || len(files) == 0:
		return []byte(text), nil
	}
	f, err := files[0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxImport))
}

// serveLibraryFile answers /my/library.json: all of it.
func (s *Site) serveLibraryFile(w http.ResponseWriter, q *request) error {
	if q.session == nil {
		return s.askLogin(w, q, needSession)
	}
	lib, _, err := s.readLibrary(q)
	if err != nil {
		return notFound
	}
	return sendOwn(w, q, "application/json", "peerfy-library.json", string(lib.Encode()))
}
