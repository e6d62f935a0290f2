package main

import (
	"runtime/debug"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/ledger"
)

// check verifies the whole log, every hash, every manifest and media file.
func (e *env) check(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	p := newProgress(e.stderr)
	problems, err := store.Check(e.ctx, *dir, p.step)
	p.end()
	if err != nil {
		return storeError(*dir, err)
	}
	bad := 0
	for _, problem := range problems {
		if problem.Leftover {
			e.say("left over, harmless: %s", problem)
			continue
		}
		bad++
		e.print("%s", problem)
	}
	if bad > 0 {
		return refused("restore a backup, or ask a mirror for the file", "%d problem(s) found", bad)
	}
	e.say("all is well: the log, every hash and every media file are as they were published")
	return nil
}

// scrub writes the database anew without what was dropped from it. Deleting
// alone leaves a withdrawn title in pages that are free but not overwritten.
func (e *env) scrub(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	if err := store.Scrub(*dir); err != nil {
		return storeError(*dir, err)
	}
	e.say("done: what was withdrawn is no longer in the database's file")
	return nil
}

// version says which build this is.
func (e *env) version(args []string) error {
	if _, err := e.parse(e.flags(), args, 0); err != nil {
		return err
	}
	info, _ := debug.ReadBuildInfo()
	revision := "unknown revision"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	e.print("peerfy %s (%s, %s), entries in version %d", info.Main.Version, revision, info.GoVersion, ledger.Version)
	return nil
}

// charter prints the charter in force, as `publish make --charter` reads it.
func (e *env) charter(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	db, err := openHost(*dir)
	if err != nil {
		return err
	}
	defer db.Close()
	b, err := ledger.MarshalCanonical(db.Charter())
	if err != nil {
		return err
	}
	e.print("%s", b)
	return nil
}
