// Package payment is how money comes in: vouchers, and the frame into which
// other rails fit.
//
// A voucher is a [royalty.Code] on paper, worth a number of months. The
// treasurer makes a [Batch] of them away from the server: the codes go to the
// printer ([Sheet], [SheetHTML]), the site gets a signed note with one hash a
// voucher. So the site can recognise a voucher, and can make none: whoever
// steals its database, or runs it, has hashes of 100 random bits, and a hash
// that no treasurer has signed is worth nothing. A [Void] takes vouchers back
// before they are used. Nothing in either note says who bought what; a batch's
// id tells the treasurer from which stack a voucher came, so batches should be
// larger than one buyer.
//
// A rail ([Rail]) sees payments that come and may go again. [Book.Apply] turns
// each poll into events to be stored, by one rule: what arrives is
// credited, whether too little, too much, late or twice. An address never
// expires, only the rate quoted for it; and nothing is taken back on the word of
// a rail that is not in sync.
//
// What the package cannot promise: that the treasurer sold no more vouchers than
// she took money for (every batch is counted when a month closes), or that the
// printed sheet was kept safe.
//
// The notes are described in format.md.
package payment
