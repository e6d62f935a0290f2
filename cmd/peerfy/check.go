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
	asJSON := jsonFlag(fs)
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	p := newProgress(e.stderr)
	problems, err := store.Check(e.ctx, *dir, p.step)
	p.end()
	if err != nil {
		return storeError(*dir, err)
	}
	bad, err := e.listProblems(problems, *asJSON)
	if err != nil {
		return err
	}
	if bad > 0 {
		return refused("restore a backup, or ask a mirror for the file", "%d problem(s) found", bad)
	}
	e.say("all is well: the log, every hash and every media file are as they were published")
	return nil
}

// listProblems prints what check found, and counts what is not harmless.
func (e *env) listProblems(problems []store.Problem, asJSON bool) (bad int, err error) {
	type line struct {
		Where    string `json:"where"`
		What     string `json:"what"`
		Leftover bool   `json:"leftover"`
	}
	lines := make([]line, len(problems))
	for i, p := range problems {
		lines[i] = line{p.Where, p.What, p.Leftover}
		switch {
		case !p.Leftover:
			bad++
			if !asJSON {
				e.print("%s", p)
			}
		case !asJSON:
			e.say("left over, harmless: %s", p)
		}
	}
	if asJSON {
		err = e.printJSON(lines)
	}
	return bad, err
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
	fs := e.flags()
	asJSON := jsonFlag(fs)
	if _, err := e.parse(fs, args, 0); err != nil {
		return err
	}
	info, _ := debug.ReadBuildInfo()
	revision := "unknown revision"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	if *asJSON {
		return e.printJSON(map[string]any{"version": info.Main.Version, "revision": revision, "go": info.GoVersion, "entries": ledger.Version})
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
