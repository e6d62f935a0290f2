package templates

// RowsPerPage is how many lines of a list, a queue or a month one page holds:
// more would cost over 25 kB.
const RowsPerPage = 15

// Outcome is what the form that was just sent has done. It stands at the head
// of the page and is read aloud; the fields of Form point to it.
type Outcome struct {
	Form   string   // which form of the page it is about: "redeem", "pass", "blind", "delete", "add", …; "" on a page with one form
	Done   string   // a sentence of "done."; "" unless something was done
	Undo   Button   // takes it back; no Text for none
	Errors []string // sentences of "refused."; nothing was changed
}

// Button is a form of its own that sends fixed fields.
type Button struct {
	Action, Text string // Action below Base
	Fields       []Field
}

// Field is one field of a form as it was sent.
type Field struct{ Name, Value string }

// Pager leads to the other pages of a table. Its zero value is a table of one page.
type Pager struct {
	Prev, Next string // hrefs below Base, "" at an end
	PageNo     string // "page 2 of 5", as "listing.page" says it
}

// Join is the page on which one becomes a member: POST join with voucher.
type Join struct {
	Page
	Outcome
	Fee     string   // "8,00 €"
	Sold    []string // where vouchers are sold, in the co-operative's own words; may be empty
	Voucher string   // as typed
	Code    string   // drawn for this form: of the account that it makes, however often it is sent
}

// Login is the page on which a member shows an account code or a pass: POST
// login with account or pass, perhaps recipient, and next.
type Login struct {
	Page
	Outcome
	Values LoginForm // what was just typed; never anything older
}

// LoginForm is what stands in the fields.
type LoginForm struct {
	Account, Pass, Recipient string
	Next                     string // address below Base to go to afterwards
}

// Again is shown when a form arrives after its session has ended: it asks who
// one is, and sends the same fields to the same address once more, with account
// or pass beside them. No form of the site has fields of those two names for
// anything else.
type Again struct {
	Page
	Outcome
	Action string // below Base
	Fields []Field
	Values LoginForm // Account and Pass, when they were just mistyped
}

// Account is a member's own page. Its forms: POST account/kept,
// account/code.txt (code), account/redeem (voucher), account/pass (period,
// recipient, make=yes), account/blind (request), account/delete (confirm), logout.
type Account struct {
	Page
	Outcome
	NewCode string // shown until "account/kept"
	Balance string // "24,00 €"
	Owes    bool   // there is something left to lose: said before the account is deleted
	Voucher string // as typed
	Months  []Month
	Blind   Blind
	Book    []BookLine // oldest first
}

// States of a month on the account's page. Each has words under "account.month.".
const (
	MonthOpen  = "open"  // can be taken
	MonthShort = "short" // too little credit
	MonthTaken = "taken"
)

// Month is a period that the treasurer has opened.
type Month struct {
	Period    string // "2026-12": in addresses and forms
	Name      string // "December 2026"
	State     string // MonthOpen, MonthShort or MonthTaken
	Price     string // its charter's fee
	Missing   string // of the fee, in state MonthShort
	Until     string // its last day: "31 December 2026"
	Recipient string // as typed
	Make      bool   // "make one for me" was ticked
}

// Blind is the part of the account where a month is bought without the site
// learning which pass came of it. The request names its period itself.
type Blind struct {
	Command string   // that makes a request, ready to copy
	Request string   // as typed
	Answer  string   // to be copied into the program; "" until there is one
	Stub    string   // beside the answer
	Signed  []string // sentences "account.blind.signed", one for each open month
	Price   string
}

// BookLine is one event of the account: there are no dates, on purpose.
type BookLine struct {
	Text   string // "Voucher", "December 2026": "book." has the words
	Amount string // "+24,00 €", "−8,00 €"
}

// Identity is an age identity made for a member who has none: shown once, before
// anything is paid. Its forms: POST account/pass (period, recipient), and
// account/identity.txt (identity), which sends it back as a file.
type Identity struct {
	Page
	Period, Month string // "2026-12", "December 2026"
	Identity      string // the identity file's text
	Recipient     string
	Price         string
}

// Pass is the pass of one month. Its forms: POST pass.txt (period) and
// pass/recipient (period, recipient).
type Pass struct {
	Page
	Outcome
	Period, Month string // "2026-12", "December 2026"
	Text          string // the pass file as it is to be kept, owner word included if it is known here
	Until         string // last day of the month
	Listening     bool   // this session listens with it
	Owner         bool   // Text holds the owner word
	Stub          string // "" when it is not known here: a pass from elsewhere
	NoRecipient   bool   // the site does not know its recipient yet
	Recipient     string // as typed
}

// MyMonth is what was counted for a pass, and what it would become: POST
// my/month with plays.ID and downloads.ID for every work of this page, owner,
// work, and one of the buttons save, add and reset. The key Enter presses save,
// also in the field work, so save adds a work too when one is named.
type MyMonth struct {
	Page
	Outcome
	Period, Month string
	Works         []MonthWork // at most RowsPerPage
	Pager         Pager
	Version       string // of the tally that the form was made from; "" sends none
	Rule          string // a sentence "month.rule": what a play and a download weigh
	Corrected     bool   // the numbers are the listener's own
	Frozen        bool   // too late to correct
	FrozenOn      string // "4 January 2027"
	Days          string // until then: "46 days"
	AskOwner      bool   // logged in by pass: correcting needs the owner word
	Owner         string // as typed
	Add           string // as typed
	Fee, Tax      string // Tax "" for none
	Families      []Part // "month.artists", "month.funds", "month.costs", in this order
	Payees        []Part // of the artists' part, largest first, at most 6
	Others        string // "48 others, 1,20 € in all"; "" for none
	Table         string // href of the whole split as a file, "" for none
}

// MonthWork is a work that was played or downloaded.
type MonthWork struct {
	ID                  string // in the names of its fields
	Title, Artist, Href string
	Plays, Downloads    int
	MaxPlays            int
	MaxDownloads        int    // 0 when this line cannot be downloaded on its own
	Units               string // what both weigh together
}

// Part is one part of a fee, as a bar.
type Part struct {
	Name, Href string // Href "" for none
	Amount     string
	BP         int // of the fee, of 10,000
}

// Receipts lists the closed months.
type Receipts struct {
	Page
	Closed   []Link   // month, and the address of its files; Count is the fee. Newest first
	First    string   // day by which the first one comes, while there is none; "" when it is not known
	Commands []string // ready to copy: how one is opened
}

// Library is a member's own shelf, closed or open. Its forms: POST
// my/library/open (code), new, kept, code.txt (code), close, delete (confirm),
// import (file, text), my/list/new (name), my/resume (track, remove=yes),
// my/follow (slug, off=yes).
type Library struct {
	Page
	Outcome
	Open        bool
	NewCode     string     // shown until "my/library/kept"
	Lists       []Playlist // at most RowsPerPage, as the two below together
	ListPages   Pager
	NewName     string // as typed
	Places      []Place
	PlacePages  Pager
	Artists     []Followed
	ArtistPages Pager
	Size        string // of the file: "3 kB of 256 kB"
}

// Playlist is one list of the library.
type Playlist struct {
	ID, Name string // ID in addresses: my/list/ID
	Detail   string // "12 tracks, 47 min"
}

// Place is where somebody stopped.
type Place struct {
	Track    string // id, for the form that removes it
	Title    string
	Href, At string // the player at that place; "23:10"
}

// Followed is an artist and what is new since the last look.
type Followed struct {
	Name, Slug string
	News       []Link
}

// List is one playlist. Its forms: POST my/list/ID with one of the buttons up,
// down and remove (each with a position from 1, and version), rename (with
// name), play and delete.
type List struct {
	Page
	Outcome
	ID, Name string // Name also stands in the field
	Tracks   []ListTrack
	Pager    Pager
	Version  string // of the list that the form was made from; "" sends none
	Detail   string // "12 tracks, 47 min"
}

// ListTrack is one line of a list or of the queue.
type ListTrack struct {
	Position      int // from 1
	Title, Artist string
	Href, Length  string // Href "" for a work that was withdrawn
	First, Last   bool   // of the whole list: cannot move further
}

// Queue is what plays next, as one stream. Its forms: POST my/queue with one of
// the buttons up, down and remove (each with a position from 1, and version),
// clear, and save (with name).
type Queue struct {
	Page
	Outcome
	Tracks  []ListTrack
	Pager   Pager
	Version string
	Src     string // below Root: my/queue.opus
	Length  string // "12 tracks, 47 min"
	Open    bool   // the library is open: the queue can be saved as a list
	Name    string // as typed
}

// Goodbye is the page after the session has ended.
type Goodbye struct{ Page }

// Done tells what a form has done that needs a page of its own.
type Done struct {
	Page
	Heading, Message string
	Links            []Link
}

// Own is what a member can do with a work. It is shown when Page.Member is set,
// as one form whose buttons go to different addresses: POST my/queue/add (id),
// my/list/add (id, list; list=new makes one), my/follow (slug; off=yes stops)
// and my/resume (track). Each also sends the fields of the others, and back, the
// address to return to.
type Own struct {
	Outcome
	ID        string // release or track: what is added
	Library   bool   // the library is open: lists, follow and places are offered
	Lists     []Playlist
	Slug      string // of the artist to follow, "" for none
	Following bool
	Track     string // whose place can be kept, "" for none
}
