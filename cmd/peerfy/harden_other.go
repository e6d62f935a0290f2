//go:build !linux

package main

// harden does nothing here, and says so.
func harden(say func(format string, args ...any)) error {
	say("on this system a crash may write the memory, with open sessions, to a file: turn core dumps off")
	return nil
}
