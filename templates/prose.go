package templates

import "p2p.legal/peerfy/templates/i18n"

// Terms are what the charter in force says, as far as the pages of prose tell
// it. Money is in cents, shares are in basis points of the net fee.
type Terms struct {
	Fee, Net                      int64 // of one month; Net is without tax
	Artists, Contributions, Costs int64 // sum to 10,000
	PlaySeconds                   int64 // of a track that make a play
	MinPayout                     int64
}

// About says what the site is, for whom, and what it learns of its visitors.
func About(l i18n.Lang, t Terms) []Block {
	if l == i18n.Fr {
		return typeset(aboutFrench(t))
	}
	return aboutEnglish(t)
}

// keptBlock tells what is kept of a member, and for how long, as joining does.
func keptBlock(l i18n.Lang) Block {
	b := Block{ID: "kept", Heading: l.T("join.kept")}
	for _, thing := range keptThings {
		b.Points = append(b.Points, l.T("kept."+thing)+l.T("filter.colon")+l.T("kept."+thing+".how"))
	}
	return b
}

// Limits are the honest ones: what cannot be promised.
func Limits(l i18n.Lang) []Block {
	if l == i18n.Fr {
		return typeset(limitsFrench())
	}
	return limitsEnglish()
}

// Publish are the conditions for whoever holds rights, and the way to do it.
func Publish(l i18n.Lang, t Terms) []Block {
	if l == i18n.Fr {
		return typeset(publishFrench(t, exampleOf(l, t)))
	}
	return publishEnglish(t, exampleOf(l, t))
}

// Licence introduces the licence's own text.
func Licence(l i18n.Lang) []Block {
	if l == i18n.Fr {
		return typeset(licenceFrench())
	}
	return licenceEnglish()
}

// example is one member's fee, cut as the charter says and then by 20 plays: 10
// of one artist, 6 of a second and 4 of a third.
type example struct {
	fee, tax, net                    string
	artists, contributions, costs    string
	artistsPct, contribPct, costsPct string
	first, second, third             string
	firstOf60, firstOf40             string // the first artist's part by a split sheet of 60 to 40
}

func exampleOf(l i18n.Lang, t Terms) example {
	artists, contributions := t.Net*t.Artists/10_000, t.Net*t.Contributions/10_000
	first, second := artists*10/20, artists*6/20
	return example{
		fee: l.Money(t.Fee), tax: l.Money(t.Fee - t.Net), net: l.Money(t.Net),
		artists: l.Money(artists), contributions: l.Money(contributions), costs: l.Money(t.Net - artists - contributions),
		artistsPct: l.Percent(t.Artists), contribPct: l.Percent(t.Contributions), costsPct: l.Percent(t.Costs),
		first: l.Money(first), second: l.Money(second), third: l.Money(artists - first - second),
		firstOf60: l.Money(first * 60 / 100), firstOf40: l.Money(first - first*60/100),
	}
}

// typeset puts French spaces everywhere but in code.
func typeset(blocks []Block) []Block {
	for i := range blocks {
		b := &blocks[i]
		b.Heading = i18n.Typeset(b.Heading)
		for j := range b.Paragraphs {
			b.Paragraphs[j] = i18n.Typeset(b.Paragraphs[j])
		}
		for j := range b.Points {
			b.Points[j] = i18n.Typeset(b.Points[j])
		}
	}
	return blocks
}
