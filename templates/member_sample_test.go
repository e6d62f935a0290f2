package templates_test

import (
	"fmt"
	"maps"
	"strings"

	"p2p.legal/peerfy/templates"
)

const (
	code      = "7K2M-9QX4-B3TD-8HNV-0ABC-R"
	recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
)

// memberPages are the pages for members, made from a sample.
func memberPages(s sample) map[string]component {
	closed, listening := s.library(false), s.pass()
	all := map[string]component{
		"join": templates.JoinPage(s.join()), "login": templates.LoginPage(s.login()), "again": templates.AgainPage(s.again()),
		"goodbye":  templates.GoodbyePage(templates.Goodbye{Page: s.member("")}),
		"done":     templates.DonePage(templates.Done{Page: s.member(""), Heading: s.lang.T("done.deleted"), Message: s.name, Links: s.links(2)}),
		"account":  templates.AccountPage(s.account()),
		"identity": templates.IdentityPage(s.identity()), "pass": templates.PassPage(listening),
		"month": templates.MyMonthPage(s.month()), "receipts": templates.ReceiptsPage(s.receipts()),
		"library": templates.LibraryPage(s.library(true)), "library closed": templates.LibraryPage(closed),
		"list": templates.ListPage(s.list()), "queue": templates.QueuePage(s.queue()),
	}
	frozen, stranger := s.month(), s.pass()
	frozen.Frozen, frozen.Corrected = true, false
	stranger.NoRecipient, stranger.Listening, stranger.Owner, stranger.Stub = true, false, false, ""
	blind := s.account()
	if s.rich {
		blind.NewCode, blind.Book, blind.Outcome = "", nil, templates.Outcome{Form: "blind", Errors: []string{s.name}}
		blind.Blind.Answer, blind.Blind.Stub = "peerfy-answer-v1.2026-12."+strings.Repeat("Aa0_", 85), s.stub()
	}
	maps.Copy(all, map[string]component{
		"month frozen": templates.MyMonthPage(frozen), "pass stranger": templates.PassPage(stranger), "account blind": templates.AccountPage(blind),
		"member release": templates.ReleasePage(s.ownRelease()), "member player": templates.PlayerPage(s.ownPlayer()),
	})
	return all
}

// member is a page for who is logged in.
func (s sample) member(nav string) templates.Page {
	p := s.stranger(nav)
	p.Member = true
	return p
}

// stranger is a page with a form for who is not logged in yet.
func (s sample) stranger(nav string) templates.Page {
	p := s.page(nav)
	style, _ := templates.MemberStylesheet()
	p.Stylesheet = "a/" + style
	return p
}

// outcome of a form that did something and was refused something: more than ever happens at once.
func (s sample) outcome(form string) templates.Outcome {
	if !s.rich {
		return templates.Outcome{}
	}
	return templates.Outcome{
		Form: form, Done: s.name, Errors: []string{s.lang.T("refused.mistyped")},
		Undo: templates.Button{Action: "my/queue/remove", Text: s.lang.T("move.remove"), Fields: []templates.Field{{Name: "id", Value: s.name}}},
	}
}

func (s sample) join() templates.Join {
	v := templates.Join{Page: s.stranger("join"), Outcome: s.outcome(""), Fee: s.lang.Money(800)}
	if s.rich {
		v.Sold, v.Voucher = []string{s.name, s.name}, s.name
	}
	return v
}

func (s sample) login() templates.Login {
	v := templates.Login{Page: s.stranger("login"), Outcome: s.outcome("")}
	if s.rich {
		v.Values = templates.LoginForm{Account: s.name, Pass: s.name, Recipient: s.name, Next: s.name}
	}
	return v
}

func (s sample) again() templates.Again {
	v := templates.Again{Page: s.stranger(""), Outcome: s.outcome(""), Action: "my/list/3"}
	if s.rich {
		v.Fields = []templates.Field{{Name: "name", Value: s.name}, {Name: s.name, Value: "yes"}}
		v.Values = templates.LoginForm{Account: s.name, Pass: s.name}
	}
	return v
}

func (s sample) stub() string {
	return "peerfy/stub/v1\norigin example/log\nperiod 2026-12\nfee 800\nsecret-sha256 " + sha256 + "\nin sales.bin by 2027-01-08\n\n— example/till/2026-12 " + strings.Repeat("Aa0+", 24) + "\nsecret " + sha256 + "\n"
}

func (s sample) account() templates.Account {
	v := templates.Account{Page: s.member("account"), Balance: s.lang.Money(0)}
	if !s.rich {
		return v
	}
	v.Outcome, v.NewCode, v.Balance, v.Owes, v.Voucher = s.outcome("pass"), code, s.lang.Money(2400), true, s.name
	for i, state := range []string{templates.MonthTaken, templates.MonthOpen, templates.MonthShort} {
		v.Months = append(v.Months, templates.Month{
			Period: fmt.Sprintf("2026-1%d", i), Name: "décembre 2026", State: state, Price: s.lang.Money(800), Missing: s.lang.Money(250),
			Until: "31 décembre 2026", Recipient: s.name, Make: true,
		})
	}
	v.Blind = templates.Blind{Command: s.name,
		Request: s.name, Price: s.lang.Money(800),
		Signed: []string{s.lang.T("account.blind.signed", "décembre 2026", 143), s.lang.T("account.blind.signed", "janvier 2027", 12)},
	}
	for range 4 {
		v.Book = append(v.Book, templates.BookLine{Text: s.lang.T("book.voucher"), Amount: "+" + s.lang.Money(2400)}, templates.BookLine{Text: "décembre 2026", Amount: s.lang.Money(-800)})
	}
	return v
}

func (s sample) identity() templates.Identity {
	return templates.Identity{
		Page: s.member("account"), Period: "2026-12", Month: "décembre 2026", Recipient: recipient, Price: s.lang.Money(800),
		Identity: "# public key: " + recipient + "\nAGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ\n",
	}
}

func (s sample) pass() templates.Pass {
	v := templates.Pass{Page: s.member("account"), Period: "2026-12", Month: "décembre 2026", Until: "31 décembre 2026"}
	if s.rich {
		v.Text = "# Pass Peerfy\npeerfy-pass-v1.2026-12." + strings.Repeat("Aa0_", 107) + "\nowner " + code + "\nrecipient " + recipient + "\n"
		v.Outcome, v.Stub, v.Listening, v.Owner, v.Recipient = s.outcome(""), s.stub(), true, true, s.name
	}
	return v
}

func (s sample) month() templates.MyMonth {
	v := templates.MyMonth{
		Page: s.member("month"), Period: "2026-12", Month: "décembre 2026", Fee: s.lang.Money(800),
		Days: s.lang.N("count.days", 46), FrozenOn: "4 janvier 2027",
		Families: []templates.Part{
			{Name: s.lang.T("month.artists"), Amount: s.lang.Money(466), BP: 5825}, {Name: s.lang.T("month.funds"), Amount: s.lang.Money(67), BP: 838},
			{Name: s.lang.T("month.costs"), Amount: s.lang.Money(134), BP: 1675},
		},
	}
	if !s.rich {
		return v
	}
	v.Outcome, v.Version, v.Rule, v.Tax = templates.Outcome{Form: "add", Errors: []string{s.name}}, "9f86d081884c7d65", s.lang.T("month.rule", 1, 10), s.lang.Money(133)
	v.Corrected, v.AskOwner, v.Owner, v.Add, v.Table = true, true, s.name, s.name, "my/month.csv"
	v.Others, v.Pager = s.lang.T("month.others", 48, s.lang.Money(120)), s.pager("my/month")
	for i := range templates.RowsPerPage {
		w := templates.MonthWork{ID: fmt.Sprintf("abcdefghjkmn%c-%02d", 'a'+i, i+1), Title: s.name, Artist: s.name, Href: "r/abcdefghjkmnp", Plays: 12, MaxPlays: 100000, Units: "22"}
		if i%5 == 4 {
			w.ID, w.MaxPlays, w.MaxDownloads, w.Plays, w.Downloads = w.ID[:13], 0, 1, 0, 1
		}
		v.Works = append(v.Works, w)
	}
	for i := range 6 {
		v.Payees = append(v.Payees, templates.Part{Name: s.name, Href: "artist/les-veilleurs", Amount: s.lang.Money(int64(120 - 9*i)), BP: 1500 - 110*i})
	}
	return v
}

func (s sample) pager(path string) templates.Pager {
	return templates.Pager{Prev: path, Next: path + "?page=3", PageNo: s.lang.T("listing.page", 2, 3)}
}

func (s sample) receipts() templates.Receipts {
	v := templates.Receipts{Page: s.member("")}
	if s.rich {
		v.Closed, v.First = s.links(3), "8 janvier 2027"
		v.Commands = []string{"peerfy receipt open 00 -i identity.txt", "age -d -i identity.txt receipt.age"}
	}
	return v
}

func (s sample) lists(n int) []templates.Playlist {
	lists := make([]templates.Playlist, n)
	for i := range lists {
		lists[i] = templates.Playlist{ID: fmt.Sprint(i + 1), Name: s.name, Detail: s.lang.N("count.tracks", 12)}
	}
	return lists
}

func (s sample) library(open bool) templates.Library {
	v := templates.Library{Page: s.member("library"), Open: open}
	if !s.rich {
		return v
	}
	v.Outcome, v.NewCode, v.NewName, v.Size = s.outcome("new"), code, s.name, "3 kB / 256 kB"
	v.Lists, v.ListPages = s.lists(templates.RowsPerPage/2), s.pager("my/library")
	for range templates.RowsPerPage / 4 {
		v.Places = append(v.Places, templates.Place{Track: "abcdefghjkmnp-01", Title: s.name, Href: "r/abcdefghjkmnp/play?at=1390", At: "23:10"})
		v.Artists = append(v.Artists, templates.Followed{Name: s.name, Slug: "les-veilleurs", News: s.links(1)})
	}
	return v
}

func (s sample) ordered(n int) []templates.ListTrack {
	tracks := make([]templates.ListTrack, n)
	for i := range tracks {
		tracks[i] = templates.ListTrack{
			Position: 20 + i, Title: s.name, Artist: s.name, Href: "r/abcdefghjkmnp/play?track=12", Length: "3:05", First: i == 0, Last: i == n-1,
		}
	}
	tracks[1].Href = ""
	return tracks
}

func (s sample) list() templates.List {
	v := templates.List{Page: s.member("library"), ID: "3", Name: s.name}
	if s.rich {
		v.Outcome, v.Tracks, v.Pager, v.Version = s.outcome("rename"), s.ordered(templates.RowsPerPage), s.pager("my/list/3"), "17"
		v.Detail = s.lang.N("count.tracks", 52) + ", 3 h 7 min"
	}
	return v
}

func (s sample) queue() templates.Queue {
	v := templates.Queue{Page: s.member("queue")}
	if s.rich {
		v.Outcome, v.Tracks, v.Pager, v.Version = s.outcome("save"), s.ordered(templates.RowsPerPage), s.pager("my/queue"), "17"
		v.Src, v.Length, v.Open, v.Name = "my/queue.opus", s.lang.N("count.tracks", 52)+", 3 h 7 min", true, s.name
	}
	return v
}

func (s sample) own() templates.Own {
	v := templates.Own{ID: "abcdefghjkmnp"}
	if s.rich {
		v.Outcome, v.Library, v.Lists, v.Slug, v.Track = templates.Outcome{Done: s.name}, true, s.lists(6), "les-veilleurs", "abcdefghjkmnp-01"
	}
	return v
}

func (s sample) ownRelease() templates.Release {
	v := s.release(false)
	v.Member, v.Own = true, s.own()
	if s.rich { // ten tracks
		v.Tracks, v.Files = v.Tracks[:10], v.Files[:13]
	}
	return v
}

func (s sample) ownPlayer() templates.Player {
	v := s.player(false)
	v.Member, v.Excerpt, v.Own = true, false, s.own()
	return v
}
