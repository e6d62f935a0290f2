package payment

import (
	"context"
	"time"

	"p2p.legal/peerfy/royalty"
)

// Rail is one way in which money arrives. It knows slots, never accounts: which
// account asked for a slot is the site's to remember, and to forget.
type Rail interface {
	// Name is a short word for accounts and logs: "monero", "sepa".
	Name() string
	// Quote opens a slot where a payment of price is awaited. The same slot is
	// never given out twice.
	Quote(ctx context.Context, price royalty.Cents) (Quote, error)
	// Poll is everything that the rail sees on open slots now: each poll is
	// complete, none is a change to the one before. An error is a poll that did
	// not happen: the caller keeps what it has.
	Poll(ctx context.Context) (Poll, error)
	// Receipt is a proof, in the rail's own form, that the payment arrived,
	// bound to the message so that it serves for nothing else.
	Receipt(ctx context.Context, payment [32]byte, message string) (proof string, err error)
}

// Rate is what an asset is worth: so many of its smallest units for so many
// cents. Two integers, so that paying what was quoted is worth its price exactly.
type Rate struct {
	Cents royalty.Cents
	Units uint64
}

// Quote is what somebody is asked to pay, and where. The rate holds for what is
// first seen until Until; the address holds for ever.
type Quote struct {
	Slot  uint64
	Rate  Rate      // Rate.Units are to be paid for Rate.Cents
	Asset string    // "XMR", "EUR"
	To    string    // address or reference, to be copied
	URI   string    // the same for a picture code; may be empty
	Until time.Time // last instant at which the rate holds
}

// Poll is one look at a rail.
type Poll struct {
	Seen   []Seen
	Spot   Rate // for payments that come after their quote's time
	Synced bool // false: the rail does not see everything; nothing is reversed on its word
}

// Seen is one payment as the rail sees it now.
type Seen struct {
	Payment       [32]byte // its name, the same in every poll: a hash of rail, transaction and slot
	Slot          uint64
	Units         uint64 // of the asset, the smallest
	Confirmations uint64
	Locked        bool // arrived, but cannot be spent before some time
	DoubleSpent   bool
	At            time.Time // when the rail first saw it
}
