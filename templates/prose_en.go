package templates

import (
	"fmt"

	"p2p.legal/peerfy/templates/i18n"
)

func aboutEnglish(t Terms) []Block {
	return []Block{
		{
			ID: "what", Heading: "A record shop that belongs to its people",
			Paragraphs: []string{
				"This is the catalogue of a co-operative: music and film, each work published by the people who made it, who signed for it with their own key. Nothing is on these shelves without that signature.",
				"You may look, search and listen without an account. Works that their right-holder marked open play, download and may be shared in full. All others give everybody an excerpt of 60 seconds, and the whole to members.",
			},
		},
		{
			ID: "fee", Heading: "One fee, and where it goes",
			Paragraphs: []string{
				fmt.Sprintf("One fee of %s a month opens everything: stream, download, share at will. There is no second price, no advertising, nothing to upgrade to and nothing that renews itself.", i18n.En.Money(t.Fee)),
				"Your fee follows your own listening. At the end of the month it goes to the artists you played, to the common causes that the charter names, and to the running costs. You get a sealed receipt and can prove, on your own machine, where every cent of it went.",
			},
			Links: []Link{{Href: "join", Text: "Become a member"}},
		},
		{
			ID: "know", Heading: "What this site learns about you",
			Points: []string{
				"Your name, address and IP: nothing. You reach it through Tor, and a member’s account is a code without a name.",
				"What you look at: this machine knows it while it answers you, and does not write it down.",
				"What a member plays: which work how often in a month, without times and without order, so that the fee can follow it. It is sealed to the member and to the treasurer’s closing of the month, and destroyed once that is published.",
				"What you search: nothing that lasts. No query is kept, not even counted.",
				"Cookies: one, while a member is logged in. Scripts: none. Every page works at Tor Browser’s level “Safest”.",
				"If this machine is seized, it holds the public catalogue, the keys to its address, its log and its months, credits under fingerprints of codes, and sealed bytes. It cannot tell who a member is, nor who listened to what.",
			},
		},
		keptBlock(i18n.En),
		{
			ID: "safe", Heading: "Listen safely",
			Points: []string{
				"Use Tor Browser, at the level “Safest” if you can: this site is made for it. Where a frame stands in place of the player, click it, then OK.",
				"Compare the end of the address in the footer with the one you were given by somebody you trust.",
				"Open torrents only in a client that goes through Tor for everything. An ordinary one shows your IP address to strangers.",
				"What you download stays on your disk: think of who may look at it. Choose New Identity in Tor Browser when you leave.",
			},
		},
		{
			ID: "log", Heading: "Anybody can check",
			Paragraphs: []string{
				"Every authorisation, rule and withdrawal is a line in a public log to which lines can only be added. You need not believe this page: the log can be fetched and verified with tools that we did not write.",
			},
			Links: []Link{{Href: "ledger", Text: "The public log"}},
		},
		{
			ID: "host", Heading: "A spare machine?",
			Paragraphs: []string{
				"The program is free software (AGPL, version 3 or later) and carries everything: site, catalogue and Tor. Mirrors, which hold the whole site and outlive this machine, come later. You will choose beforehand what you hold and how much of it; a withdrawn work leaves every mirror.",
				"Memberships are open. The closing of the months, sharing by swarm and the mirrors are being built, in that order; what members play meanwhile is kept, sealed, for the closing.",
			},
		},
	}
}

func limitsEnglish() []Block {
	return []Block{
		{Paragraphs: []string{"No system can promise everything. Here is what this one cannot, written down before you need to know it."}},
		{
			ID: "money", Heading: "Money",
			Points: []string{
				"A member who never checks can be robbed. The receipt proves where the fee went, but only to somebody who opens it.",
				"Invented members who really pay cannot be told from real ones. Each of them loses its inventor money, which is the only brake.",
				"A lost account code, pass or voucher cannot be made anew: nobody knows whose it was. Whoever finds it has it.",
				"An invoice may be false. It is listed with its hash and its amount; whether the work was done, people must look.",
				"A bank transfer’s arrival is the payee’s word. The log can show that the payee signed for it, not what is in the account.",
			},
		},
		{
			ID: "listening", Heading: "Listening",
			Points: []string{
				"Play counts are the site’s word against yours, unless you correct them before the month is closed, or use the command line.",
				"A browser may play a track again from its own memory, and then nobody counts it. The site does not see what you play from your own disk either. You can add both to your month.",
				"A month taken the simple way lets this machine see that the account which pays is the pass that plays. Taken the blind way it cannot see it, unless you show it by coming at the same moment.",
				"With few members, public totals can reveal a lone listener, and at the start most of them do. If you are the only one to play a work, the month’s figures show that somebody did.",
				"Copies handed on are not counted. You may share them; the artist is paid for what members play and download here.",
			},
		},
		{
			ID: "works", Heading: "Works",
			Points: []string{
				"A signature proves who claimed a work, not that the claim is true. Editors look before they sign, and anybody can send a notice.",
				"Deletion cannot be proven. A withdrawn work leaves this site and every mirror that obeys; nobody can show that no copy is left elsewhere, and copies handed on cannot be called back.",
			},
		},
		{
			ID: "machine", Heading: "This machine and the network",
			Points: []string{
				"Whoever seizes this machine takes its address and can show other pages there until people are warned. They cannot sign a work or a rule, nor change the log unseen by anybody who kept a copy of its state.",
				"While the machine runs, whoever controls it can watch what it answers at that moment, what passes play whose sessions are open, and what stands in an open library; not who is behind them.",
				"As long as nobody else countersigns the log, a second history shown to some visitors cannot be excluded.",
				"An observer of a large part of the internet may tie your traffic to ours by its timing. Tor’s limits are ours.",
			},
		},
	}
}

func publishEnglish(t Terms, x example) []Block {
	fee := fmt.Sprintf("Take one member’s fee of %s, on which there is no tax.", x.fee)
	if t.Net != t.Fee {
		fee = fmt.Sprintf("Take one member’s fee of %s. %s of it is tax, %s is left.", x.fee, x.tax, x.net)
	}
	return []Block{
		{
			ID: "conditions", Heading: "The conditions, in ten lines",
			Points: []string{
				"You made the work, or hold the rights of everybody who did, and you say who they are.",
				"You sign the authorisation with your own key. It stays with you; nobody publishes in your name.",
				"It is not exclusive: publish the same work wherever you like.",
				"You may take it back at any time. It then stays down, here and on every mirror.",
				"You choose the licence: the co-operative’s, or one of the free licences.",
				"You choose what is open to everybody. The rest gives 60 seconds, and the whole to members.",
				"You write the split sheet: who is paid, and which part. It is public.",
				"Masters are published bit for bit as you made them (WAV becomes FLAC, without loss); light versions for streaming are made from them.",
				"An editor listens, checks the credits and countersigns. A refusal comes with its reason.",
				"Your name, your key and your signed lines stay in the public log for ever. Titles and credits leave with the work.",
			},
		},
		{
			ID: "money", Heading: "The money, on one fee",
			Paragraphs: []string{
				fee,
				fmt.Sprintf("The charter cuts that in three: %s to the artists (%s), %s to common causes (%s), %s to running costs (%s).", x.artists, x.artistsPct, x.contributions, x.contribPct, x.costs, x.costsPct),
				fmt.Sprintf("Say this member played 20 tracks in the month: 10 of yours, 6 of a second artist and 4 of a third. You get %s, the second %s, the third %s. What others played does not dilute it.", x.first, x.second, x.third),
				fmt.Sprintf("If your split sheet says 60 to 40, your %s become %s and %s.", x.first, x.firstOf60, x.firstOf40),
			},
			Points: []string{
				fmt.Sprintf("A play is %d seconds of a track; half the track when it is shorter than twice that. A download counts once a month.", t.PlaySeconds),
				fmt.Sprintf("You are paid when %s have come together; until then the balance is carried over and shown.", i18n.En.Money(t.MinPayout)),
				"Publishing costs nothing. Money moves once a month has been closed and its statement published.",
			},
		},
		{
			ID: "society", Heading: "Are you a member of a collecting society?",
			Paragraphs: []string{
				"Members of a society such as Sacem or GEMA have usually handed it the rights in all their works, future ones too. Then they cannot authorise an online shop alone, however much they want to. So for every author, composer, performer, producer and publisher you say whether they belong to one, and which.",
				"If one does, we need the society’s written agreement for this work. Without it the work is refused, with that reason: otherwise you would be the one to answer for it.",
			},
		},
		{
			ID: "withdraw", Heading: "Take it back",
			Paragraphs: []string{
				"One command with your key, or a word to the editors. The work and its files leave the site at once and mirrors at their next visit. The log keeps a line without a title. Copies that people already hold stay lawful for private use and cannot be called back.",
			},
			Code: "peerfy withdraw RELEASE --keys my-keys --reason \"…\" --dir D",
		},
		{
			ID: "how", Heading: "How it is done",
			Paragraphs: []string{
				"You need the program, ffmpeg and a folder: FLAC, WAV, MP3, Ogg Vorbis, Opus or M4A files, or one film with its subtitles, a cover, and the credits. The program says everything that is missing at once. The charter, with the licence you publish under, is at charter.json.",
			},
			Code: "peerfy artist init --keys my-keys --name \"Your name\"\n" +
				"peerfy publish check my-album\n" +
				"peerfy publish make my-album --keys my-keys --charter charter.json --out my-bundle",
			Links: []Link{{Href: "charter.json", Text: "The charter"}},
		},
		{
			Paragraphs: []string{
				"Then hand the bundle to an editor, on a disk for now. They look at it, and either countersign it or tell you why not.",
			},
		},
	}
}

func licenceEnglish() []Block {
	return []Block{
		{
			Paragraphs: []string{
				"Every work here says under which licence it may be copied. It is either the co-operative’s own, which stands below word for word as in the charter, or one of the free licences that the artist chose instead. The text travels with every copy as LICENCE.txt.",
				"In short: what you got here you may keep, and share under the conditions of its licence. If a work is withdrawn, its distribution ends; the copies you hold stay lawful for private use.",
			},
		},
	}
}
