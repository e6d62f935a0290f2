// Package royalty is the arithmetic of the co-operative's money: cents, months,
// codes to type, and the two roundings through which every fee goes.
//
// It promises that no cent appears or is lost. [Cut] cuts a net fee into
// artists, contributions and costs, which sum to it; [Allocate] shares out the
// artists' part among the payees of what one member played, which sums to it
// again. Both are functions of what they are given: integers only, no clock, no
// chance of their own, so that two machines, a mirror or a member years later,
// find the same cents. The seed is the only chance in it, and whoever calls
// Allocate must take it from where nobody could choose it.
//
// A [Code] is a bearer secret: who holds the text holds the money or the
// account. It has 100 random bits, so that a stolen table of its hashes cannot
// be searched; a check symbol tells a slip of the hand from a code that does
// not exist, before anything is looked up. It protects against slips, not
// against somebody who makes codes up.
//
// The package imports the standard library alone and no network: what checks
// the books must not be able to call home.
package royalty
