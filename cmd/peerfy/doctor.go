package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"p2p.legal/peerfy/onion"
	"p2p.legal/peerfy/royalty"
)

// A finding is one line of the doctor's list.
type finding struct {
	mark    mark
	what    string
	message string
}

// mark says whether something is to be done.
type mark string

const (
	markOK   mark = "ok"
	markHint mark = "hint" // soon
	markBad  mark = "BAD"  // now
)

// doctor looks at what the site stands on: tor, clock, disk, permissions, keys.
func (e *env) doctor(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	tor := fs.String("tor", "", "`path` of tor, or control:ADDR (default: looked up)")
	asJSON := jsonFlag(fs)
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	findings := []finding{e.torFinding(*tor), ffmpegFinding(), clockFinding(time.Now(), *dir), diskFinding(*dir)}
	findings = append(findings, permissionFindings(*dir)...)
	findings = append(findings, keyFindings(*dir)...)
	findings = append(findings, membersFindings(*dir)...)
	findings = append(findings, monthsFindings(*dir, time.Now())...)
	wrong, err := e.listFindings(findings, *asJSON)
	if err != nil {
		return err
	}
	if findings[0].mark == markBad {
		return missing("apt-get install tor", "tor is missing or not usable")
	}
	if wrong > 0 {
		return refused("mend what is marked BAD", "%d thing(s) need attention", wrong)
	}
	return nil
}

// listFindings prints the doctor's list, and counts what is bad.
func (e *env) listFindings(findings []finding, asJSON bool) (wrong int, err error) {
	type line struct {
		Good    bool   `json:"good"`
		Hint    bool   `json:"hint"`
		What    string `json:"what"`
		Message string `json:"message"`
	}
	lines := make([]line, len(findings))
	for i, f := range findings {
		lines[i] = line{f.mark != markBad, f.mark == markHint, f.what, f.message}
		if f.mark == markBad {
			wrong++
		}
		if !asJSON {
			e.print("%-4s %-12s %s", f.mark, f.what, f.message)
		}
	}
	if asJSON {
		err = e.printJSON(lines)
	}
	return wrong, err
}

func (e *env) torFinding(path string) finding {
	if addr, ok := strings.CutPrefix(path, "control:"); ok {
		network := "tcp"
		if strings.HasPrefix(addr, "/") {
			network = "unix"
		}
		c, err := net.DialTimeout(network, addr, 5*time.Second)
		if err != nil {
			return finding{markBad, "tor", "its control port does not answer: " + err.Error()}
		}
		c.Close()
		return finding{markOK, "tor", "an existing control port: no per-circuit limits with it"}
	}
	info, err := onion.Probe(e.ctx, path)
	switch {
	case err != nil:
		return finding{markBad, "tor", err.Error()}
	case !info.HasPoW:
		return finding{markBad, "tor", "version " + info.Version + " was built without proof of work, the defence against floods"}
	}
	return finding{markOK, "tor", "version " + info.Version + ", with proof of work"}
}

func ffmpegFinding() finding {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return finding{markOK, "ffmpeg", "not here: works can be accepted and served, not made"}
	}
	return finding{markOK, "ffmpeg", path}
}

// clockFinding compares the clock with the newest thing known to be in the
// past: the last change of the database. Tor itself refuses a clock that is
// hours off.
func clockFinding(now time.Time, dir string) finding {
	if info, err := os.Stat(filepath.Join(dir, "peerfy.db")); err == nil && info.ModTime().After(now.Add(time.Minute)) {
		return finding{markBad, "clock", "the clock went back: the catalogue was last changed on " + info.ModTime().UTC().Format(time.DateOnly)}
	}
	if now.Year() < 2026 {
		return finding{markBad, "clock", "it says " + now.Format(time.DateOnly)}
	}
	return finding{markOK, "clock", now.UTC().Format(time.DateOnly) + " (UTC)"}
}

// leastFree is how much room there must be before the doctor is content.
const leastFree = 1 << 30

func diskFinding(dir string) finding {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return finding{markBad, "disk", err.Error()}
	}
	free := s.Bavail * uint64(s.Bsize)
	f := finding{markOK, "disk", fmt.Sprintf("%.1f GB free", float64(free)/1e9)}
	if free < leastFree {
		f.mark = markBad
	}
	return f
}

// permissionFindings names secret files that others can read.
func permissionFindings(dir string) []finding {
	if _, err := os.Stat(filepath.Join(dir, "keys")); errors.Is(err, fs.ErrNotExist) {
		return []finding{{markBad, "folder", dir + " is not a co-operative's folder: peerfy init --dir D --name NAME"}}
	}
	var open []string
	for _, secret := range []string{"keys", monthsDir, membersFile} {
		found, err := readableByOthers(filepath.Join(dir, secret))
		if err != nil {
			return []finding{{markBad, "permissions", err.Error()}}
		}
		open = append(open, found...)
	}
	if len(open) > 0 {
		return []finding{{markBad, "permissions", "others can read " + strings.Join(open, ", ")}}
	}
	return []finding{{markOK, "permissions", "the keys and what is kept of members are readable by you alone"}}
}

// readableByOthers lists what is not its owner's alone at a path and below, if
// anything is there.
func readableByOthers(root string) (open []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && !strings.HasSuffix(path, ".pub") {
			open = append(open, path)
		}
		return err
	})
	return open, err
}

func keyFindings(dir string) []finding {
	var all []finding
	for _, role := range []string{roleLog, roleFresh, roleOnion} {
		if !hasKey(filepath.Join(dir, "keys"), role) {
			all = append(all, finding{markBad, "keys", "the " + role + " key is missing: the site cannot run without it"})
		}
	}
	for _, path := range keysOn(dir) {
		all = append(all, finding{markBad, "keys", path + " does not belong on a web host: move it to its holder"})
	}
	if len(all) == 0 {
		all = append(all, finding{markOK, "keys", "log, freshness and onion key are here, the others are not"})
	}
	return all
}

// membersFindings looks at the members' database and at its key, each of which
// is worth nothing without the other.
func membersFindings(dir string) []finding {
	key := filepath.Join(dir, "keys", membersKey)
	keyed, there := hasKey(filepath.Join(dir, "keys"), membersKey), hasMembers(dir)
	switch {
	case !keyed && !there:
		return nil // the first serve makes both
	case !there:
		return []finding{{markBad, "members", filepath.Join(dir, membersFile) + " is gone, and the accounts with it: restore a backup"}}
	case !keyed:
		return []finding{{markBad, "members", key + " is missing: with accounts in the database, restore it from a backup; without, serve makes it"}}
	}
	if _, err := readHostKey(key); err != nil {
		return []finding{{markBad, "members", err.Error()}}
	}
	return []finding{{markOK, "members", "the database and its key are here"}}
}

// openEarly is how many days before a month the doctor asks for its opening.
const openEarly = 5

// monthsFindings looks at what members need to listen today, and to go on
// tomorrow: opened months, and their keys.
func monthsFindings(dir string, now time.Time) []finding {
	if !hasKey(filepath.Join(dir, "keys"), roleLog) {
		return nil // said already
	}
	db, err := openHost(dir)
	if err != nil {
		return []finding{{markBad, "months", err.Error()}}
	}
	defer db.Close()
	running := royalty.PeriodAt(now)
	all := []finding{monthFinding(db, dir, running)}
	if next := running.Next(); !now.Before(running.End().AddDate(0, 0, -openEarly)) {
		all = append(all, monthFinding(db, dir, next))
	}
	return all
}

func monthFinding(db hostDB, dir string, p royalty.Period) finding {
	s, err := statusOf(db, dir, p)
	switch {
	case err != nil:
		return finding{markBad, "months", err.Error()}
	case !s.Opened:
		return finding{markHint, "months", fmt.Sprintf("%s is not open, so no pass of it can be sold: peerfy month open %[1]s --dir %s", p, dir)}
	case s.EndedEarly > 0:
		return finding{markHint, "months", fmt.Sprintf("the charter at entry %d has ended the passes of %s", s.EndedEarly, p)}
	case s.Keys != "here":
		return finding{markBad, "months", fmt.Sprintf("%s is open by entry %d, and its keys are %s: restore %s from a backup", p, s.Entry,
			map[string]string{"none": "not here", "damaged": "damaged", "others": "not those here"}[s.Keys], filepath.Join(dir, monthsDir))}
	}
	return finding{markOK, "months", fmt.Sprintf("%s is open, with its keys here", p)}
}
