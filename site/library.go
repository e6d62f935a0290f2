package site

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
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

// Lists.

// listPage answers GET /my/list/ID.
func (s *Site) listPage(q *request) (any, error) {
	return s.listView(q, q.outcome(), "")
}

// listOf is the list that the address names; a closed library has none to show.
func (s *Site) listOf(q *request) (library.List, error) {
	lib, _, err := s.readLibrary(q)
	var closed *refusal
	if errors.As(err, &closed) {
		return library.List{}, notFound
	}
	if err != nil {
		return library.List{}, err
	}
	one, ok := listIn(lib, q.param("id"))
	if !ok {
		return library.List{}, notFound
	}
	return one, nil
}

func listIn(lib *library.Library, id string) (library.List, bool) {
	i := slices.IndexFunc(lib.Lists, func(l library.List) bool { return l.ID == id })
	if i < 0 {
		return library.List{}, false
	}
	return lib.Lists[i], true
}

func (s *Site) listView(q *request, o templates.Outcome, name string) (templates.List, error) {
	one, err := s.listOf(q)
	if err != nil {
		return templates.List{}, err
	}
	lines, length, err := s.trackLines(q.lang, one.Tracks)
	if name == "" {
		name = one.Name
	}
	v := templates.List{
		Page: s.memberPage(q, one.Name), Outcome: o, ID: one.ID, Name: name, Version: one.Version(),
		Detail: lengthOf(q.lang, len(one.Tracks), length),
	}
	v.Nav = "library"
	from, to, pager := s.paged(q, len(lines), "my/list/"+one.ID)
	v.Tracks, v.Pager = lines[from:to], pager
	return v, err
}

// postListNew makes a list.
func (s *Site) postListNew(w http.ResponseWriter, q *request) error {
	name := q.field("name")
	err := s.changeLibrary(q, func(lib *library.Library) error {
		_, err := lib.NewList(name)
		return err
	})
	return s.answerLibrary(w, q, "new", templates.Outcome{Done: q.lang.T("done.list.made", name)}, err)
}

// postListAdd adds a release or a track to a list, or to a new one.
func (s *Site) postListAdd(w http.ResponseWriter, q *request) error {
	tracks, err := s.tracksOf(q.field("id"))
	name := ""
	if err == nil {
		err = s.changeLibrary(q, func(lib *library.Library) error {
			name, err = s.addTo(lib, q, tracks)
			return err
		})
	}
	return s.sayOwn(w, q, q.lang.T("done.list", name), err)
}

func (s *Site) addTo(lib *library.Library, q *request, tracks []string) (name string, err error) {
	id := q.field("list")
	if id == "new" {
		if name, err = s.nameFor(q.field("id")); err != nil {
			return "", err
		}
		one, err := lib.NewList(name)
		if err != nil {
			return "", err
		}
		id = one.ID
	}
	if one, ok := listIn(lib, id); ok {
		name = one.Name
	}
	return name, lib.Add(id, tracks...)
}

// nameFor names a new list after the first work in it.
func (s *Site) nameFor(id string) (string, error) {
	if release, _, err := catalog.ParseTrackID(id); err == nil {
		id = release
	}
	m, err := s.cfg.DB.Manifest(id)
	if err != nil {
		return "", err
	}
	return library.CutName(m.Title), nil
}

// sayOwn ends a form that stands on a work's page: back there, with words.
func (s *Site) sayOwn(w http.ResponseWriter, q *request, done string, err error) error {
	o := templates.Outcome{Done: done}
	if err != nil {
		sentences, ok := q.refusals(err)
		if !ok {
			return err
		}
		o = templates.Outcome{Errors: sentences}
	}
	return s.said(w, q, q.back("my/library"), o)
}

// postList does what the pressed button of a list says.
func (s *Site) postList(w http.ResponseWriter, q *request) error {
	one, err := s.listOf(q)
	if err != nil {
		return err
	}
	switch {
	case q.post.Has("play"):
		q.session.mu.Lock()
		q.session.queue = slices.Clone(one.Tracks[:min(len(one.Tracks), maxQueue)])
		q.session.mu.Unlock()
		return s.seeOther(w, q, "my/queue")
	case q.post.Has("delete"):
		err := s.changeLibrary(q, func(lib *library.Library) error { return lib.DropList(one.ID) })
		return s.answerLibrary(w, q, "", templates.Outcome{Done: q.lang.T("done.list.deleted", one.Name)}, err)
	}
	done := ""
	err = s.changeLibrary(q, func(lib *library.Library) error {
		now, ok := listIn(lib, one.ID)
		if !ok {
			return library.ErrUnknown
		}
		done, err = changeList(q, lib, now)
		return err
	})
	if err == nil {
		return s.said(w, q, "my/list/"+one.ID, templates.Outcome{Done: done})
	}
	sentences, ok := q.refusals(err)
	if !ok {
		return err
	}
	v, err := s.listView(q, templates.Outcome{Form: "rename", Errors: sentences}, q.field("name"))
	if err != nil {
		return err
	}
	return s.show(w, q, http.StatusUnprocessableEntity, v)
}

func changeList(q *request, lib *library.Library, one library.List) (done string, err error) {
	if q.post.Has("rename") {
		return q.lang.T("done.list.renamed", q.field("name")), lib.Rename(one.ID, q.field("name"))
	}
	if v := q.post.Get("version"); v != "" && v != one.Version() {
		return "", refuse("stale")
	}
	what, at := pressed(q)
	switch what {
	case "up":
		return "", lib.Move(one.ID, at-1, -1)
	case "down":
		return "", lib.Move(one.ID, at-1, 1)
	case "remove":
		return "", lib.Remove(one.ID, at-1)
	}
	return "", badRequest
}

// saveQueue keeps the queue as a list.
func (s *Site) saveQueue(q *request) (done string, err error) {
	name, tracks := q.field("name"), q.session.queued()
	err = s.changeLibrary(q, func(lib *library.Library) error {
		one, err := lib.NewList(name)
		if err != nil {
			return err
		}
		return lib.Add(one.ID, tracks...)
	})
	return q.lang.T("done.list.made", name), err
}

// A list leaves in one of three formats.
type listFormat int

const (
	asM3U8 listFormat = iota
	asXSPF
	asJSON
)

// serveList answers /my/list/ID.m3u8, .xspf and .json. The first two are for players without cookies: their
// addresses hold tokens until the end of the month, and handing them out counts as downloads. An importer finds
// the tracks in the addresses, here and on a mirror.
func (s *Site) serveList(format listFormat) func(http.ResponseWriter, *request) error {
	return func(w http.ResponseWriter, q *request) error {
		if q.session == nil {
			return s.askLogin(w, q, needSession)
		}
		one, err := s.listOf(q)
		if err != nil {
			return err
		}
		if format == asJSON {
			return sendOwn(w, q, "application/json", one.Name+".json", string((&library.Library{Lists: []library.List{one}}).Encode()))
		}
		entries, err := s.entriesOf(q, one)
		if err != nil {
			return err
		}
		var b strings.Builder
		if format == asXSPF {
			err = library.WriteXSPF(&b, one.Name, entries)
			return errors.Join(err, sendOwn(w, q, "application/xspf+xml", one.Name+".xspf", b.String()))
		}
		err = library.WriteM3U8(&b, one.Name, entries)
		return errors.Join(err, sendOwn(w, q, "application/vnd.apple.mpegurl", one.Name+".m3u8", b.String()))
	}
}

// entriesOf are the tracks of a list with addresses that play outside the browser: in full with a pass.
func (s *Site) entriesOf(q *request, one library.List) ([]library.Entry, error) {
	var entries []library.Entry
	for _, name := range one.Tracks {
		id, n, m, err := s.trackNamed(name)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		token := ""
		if q.seat() != nil && !m.Open() {
			if token, err = s.handOut(q, id, m); err != nil {
				return nil, err
			}
		}
		path, seconds := s.playable(id, token, m, n)
		if path == "" {
			continue
		}
		entries = append(entries, library.Entry{
			Track: name, Title: m.Tracks[n].Title, Artist: m.Artist, Album: m.Title, Duration: time.Duration(seconds) * time.Second, URL: s.origin + "/" + path,
		})
	}
	return entries, nil
}

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

// receiptsPage answers GET /my/receipts: what will be there, and when.
func (s *Site) receiptsPage(q *request) (any, error) {
	v := templates.Receipts{Page: s.memberPage(q, q.lang.T("receipts.title"))}
	v.Nav = "receipts"
	v.First = day(q.lang, s.period().End().AddDate(0, 0, 7).Format(time.DateOnly))
	v.Commands = []string{"age -d -i peerfy-identity.txt receipt.age"}
	return v, nil
}
