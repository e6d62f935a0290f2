package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"p2p.legal/peerfy/templates"
)

const (
	maxNotice     = 160 << 10 // bytes of a posted form: url-encoded, a character takes up to twelve
	maxCharacters = 10_000    // of all fields
)

// noticeReasons are the grounds of a notice, in the order of the form. The template has a text for each.
var noticeReasons = []string{"right", "society", "person", "law", "mistake"}

// notice is what the editor opens: the elements that article 16 of the Digital Services Act asks for.
type notice struct {
	URL       string `json:"url"`
	Reason    string `json:"reason"`
	Text      string `json:"text"`
	Name      string `json:"name"`
	Contact   string `json:"contact"`
	GoodFaith bool   `json:"good_faith"`
	Day       string `json:"day"`
}

// serveNotice shows the form and takes it. A notice is encrypted to the editor before it is stored: the site
// itself cannot read it again.
func (s *Site) serveNotice(w http.ResponseWriter, q *request) error {
	page := s.page(q, q.lang.T("notice.title"))
	page.NoIndex = true
	v := templates.Notice{Page: page, Sealed: s.cfg.SealNotice != nil, Values: templates.NoticeForm{URL: q.form.Get("url")}}
	status := http.StatusOK
	if q.Method == http.MethodPost {
		form, err := s.readNotice(w, q)
		if err != nil {
			return err
		}
		v.Values = form
		if v.Errors = noticeErrors(page, form); len(v.Errors) > 0 {
			status = http.StatusUnprocessableEntity
		} else if v.Receipt, err = s.takeNotice(form); err != nil {
			return err
		}
	}
	var buf bytes.Buffer
	if err := s.render(&buf, q, v); err != nil {
		return err
	}
	a := newAnswer(status, htmlType, buf.Bytes())
	a.cacheControl = noStore
	a.send(w, q.Request)
	return nil
}

func (s *Site) readNotice(w http.ResponseWriter, q *request) (templates.NoticeForm, error) {
	var form templates.NoticeForm
	if err := s.cross.Check(q.Request); err != nil {
		return form, foreignForm
	}
	if s.cfg.SealNotice == nil {
		return form, unavailable
	}
	q.Body = http.MaxBytesReader(w, q.Body, maxNotice)
	var large *http.MaxBytesError
	if err := q.ParseForm(); errors.As(err, &large) {
		return form, tooLarge
	} else if err != nil {
		return form, badRequest
	}
	post := func(key string) string { return clean(q.PostForm, key) }
	return templates.NoticeForm{
		URL: post("url"), Reason: post("reason"), Text: post("text"), Name: post("name"), Contact: post("contact"),
		GoodFaith: post("goodfaith") != "",
	}, nil
}

// clean is a field without what a text has no use for.
func clean(form url.Values, key string) string {
	v := strings.ToValidUTF8(form.Get(key), "\uFFFD")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, v))
}

// noticeErrors names everything that is missing, at once.
func noticeErrors(page templates.Page, f templates.NoticeForm) []string {
	var missing []string
	check := func(ok bool, key string) {
		if !ok {
			missing = append(missing, page.T("notice.error."+key))
		}
	}
	check(f.URL != "", "url")
	check(slices.Contains(noticeReasons, f.Reason), "reason")
	check(utf8.RuneCountInString(f.Text) >= 20, "text")
	check(f.Name != "", "name")
	check(f.Contact != "", "contact")
	check(f.GoodFaith, "faith")
	all := f.URL + f.Text + f.Name + f.Contact
	check(utf8.RuneCountInString(all) <= maxCharacters, "long")
	return missing
}

// takeNotice seals and stores a notice. The receipt is the number to name when asking about it.
func (s *Site) takeNotice(f templates.NoticeForm) (receipt string, err error) {
	today := s.now().UTC()
	n := notice{f.URL, f.Reason, f.Text, f.Name, f.Contact, f.GoodFaith, today.Format(time.DateOnly)}
	b, err := json.Marshal(n)
	if err != nil {
		return "", fmt.Errorf("writing a notice: %w", err)
	}
	sealed, err := s.cfg.SealNotice(b)
	if err != nil {
		return "", fmt.Errorf("sealing a notice: %w", err)
	}
	receipt, err = s.cfg.DB.PutNotice(sealed, today)
	if err != nil {
		return "", fmt.Errorf("%w: storing a notice: %w", noticeLost, err)
	}
	return receipt, nil
}

// noticeLost tells the sender plainly that the notice is not stored: the disk may be full.
var noticeLost = &problem{status: http.StatusServiceUnavailable, words: "full"}
