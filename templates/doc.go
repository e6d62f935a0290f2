// Package templates is what the site looks like: one struct a page (views.go),
// one component that lays it out, and one stylesheet.
//
// It promises to listeners that every page works with scripts off, at 320
// pixels, by keyboard, with a screen reader, in the dark and on paper; that it
// asks for nothing but one stylesheet, one sheet of covers and the one medium
// that they choose to play; and that HTML and stylesheet together stay under
// 25 kB. It promises to site that a component never fails and never looks
// anything up: it writes what its struct holds.
//
// It is safe to give it names that strangers chose: every value is escaped for
// the place where it stands, every name stands in a bdi element so that its
// direction ends with it, and there is no inline style, script or handler that
// could be reached. The tests render every page with hostile names and count
// the elements.
package templates
