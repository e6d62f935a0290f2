package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/ledger"
)

// check verifies the whole log, every hash, every manifest and media file, the
// members' money, and the keys of the months. It reads what nobody may write
// meanwhile, so the site must be down.
func (e *env) check(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`; nothing else may have it open")
	asJSON := jsonFlag(fs)
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	problems, err := e.checkAll(*dir)
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
	e.say("all is well: the log, every hash and every media file are as they were published; the members' money adds up")
	return nil
}

func (e *env) checkAll(dir string) ([]store.Problem, error) {
	p := newProgress(e.stderr)
	defer p.end()
	problems, err := store.Check(e.ctx, dir, p.step)
	if err != nil {
		return nil, err
	}
	p.step("members", 0, 0)
	members, err := checkMembers(e.ctx, dir)
	if err != nil {
		return nil, err
	}
	months, err := checkMonths(dir)
	if errors.Is(err, store.ErrDamaged) { // which is among the problems
		months, err = []store.Problem{{Where: monthsDir, What: "it cannot be compared with a damaged log"}}, nil
	}
	return slices.Concat(problems, members, months), err
}

// checkMembers says what is wrong with the members' database and its key.
func checkMembers(ctx context.Context, dir string) ([]store.Problem, error) {
	keyed, there := hasKey(filepath.Join(dir, "keys"), membersKey), hasMembers(dir)
	switch {
	case !keyed && !there:
		return nil, nil // nobody could join yet
	case !there:
		return []store.Problem{{Where: membersFile, What: "it is gone, and the accounts with it"}}, nil
	}
	problems, err := checkHostKey(dir, keyed)
	if err != nil {
		return nil, err
	}
	m, err := store.OpenMembers(dir, store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrDamaged) {
		return append(problems, store.Problem{Where: membersFile, What: err.Error()}), nil
	}
	if err != nil {
		return nil, err
	}
	wrong, err := m.Check(ctx)
	return append(problems, wrong...), errors.Join(err, m.Close())
}

// checkHostKey says what is wrong with the key of a members' database. None is
// needed before there is money.
func checkHostKey(dir string, keyed bool) ([]store.Problem, error) {
	where := filepath.Join("keys", membersKey)
	if keyed {
		if _, err := readHostKey(filepath.Join(dir, where)); err != nil {
			return []store.Problem{{Where: where, What: err.Error()}}, nil
		}
		return nil, nil
	}
	used, err := hasMoney(dir)
	if errors.Is(err, store.ErrDamaged) {
		return nil, nil // named when it is opened again
	}
	if err != nil || !used {
		return nil, err
	}
	return []store.Problem{{Where: where, What: "it is gone: no account can be found without it"}}, nil
}

// checkMonths compares the keys of the months on this host with what the log
// says of them.
func checkMonths(dir string) (problems []store.Problem, err error) {
	files, err := os.ReadDir(filepath.Join(dir, monthsDir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	db, err := store.Open(dir, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	for _, f := range files {
		where := filepath.Join(monthsDir, f.Name())
		p, err := royalty.ParsePeriod(strings.TrimSuffix(f.Name(), ".key"))
		if err != nil || filepath.Ext(f.Name()) != ".key" {
			problems = append(problems, store.Problem{Where: where, What: "it is not the file of a month's keys", Leftover: true})
			continue
		}
		what, err := wrongKeys(&local{DB: db}, dir, p)
		if err != nil {
			return nil, err
		}
		if what != "" {
			problems = append(problems, store.Problem{Where: where, What: what})
		}
	}
	return problems, nil
}

// wrongKeys says what is wrong with the keys of a month, nothing when they are
// those that its opening names, or when it is not opened and they are whole.
func wrongKeys(db hostDB, dir string, p royalty.Period) (string, error) {
	o, opened := db.Opening(p.String())
	state, err := keysOf(&o.Opening, opened, dir, p)
	if err := errors.Join(err, db.Err()); err != nil {
		return "", err
	}
	switch state {
	case "damaged":
		return "it is damaged: no pass of that month can be signed, and no tally read", nil
	case "others":
		return fmt.Sprintf("these are not the keys that entry %d names: a pass signed with them is none", o.Index), nil
	}
	return "", nil
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

// scrub writes the databases anew without what was dropped from them. Deleting
// alone leaves a withdrawn title, or the traces of a member, in pages that are
// free but not overwritten.
func (e *env) scrub(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`; nothing else may have it open")
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	if !hasKey(filepath.Join(*dir, "keys"), roleLog) {
		return missing("", "there is no co-operative in %s", *dir)
	}
	if err := scrubMembers(*dir); err != nil {
		return storeError(*dir, err)
	}
	if err := store.Scrub(*dir); err != nil {
		return storeError(*dir, err)
	}
	e.say("done: what was withdrawn or deleted is no longer in the databases' files")
	return nil
}

// scrubMembers scrubs the members' database, if there is one.
func scrubMembers(dir string) error {
	if !hasMembers(dir) {
		return nil
	}
	m, err := store.OpenMembers(dir, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(m.Scrub(), m.Close())
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
