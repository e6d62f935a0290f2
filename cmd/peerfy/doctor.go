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
)

// A finding is one line of the doctor's list.
type finding struct {
	good    bool
	what    string
	message string
}

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
	bad, err := e.listFindings(findings, *asJSON)
	if err != nil {
		return err
	}
	if !findings[0].good {
		return missing("apt-get install tor", "tor is missing or not usable")
	}
	if bad > 0 {
		return refused("mend what is marked BAD", "%d thing(s) need attention", bad)
	}
	return nil
}

// listFindings prints the doctor's list, and counts what is bad.
func (e *env) listFindings(findings []finding, asJSON bool) (bad int, err error) {
	type line struct {
		Good    bool   `json:"good"`
		What    string `json:"what"`
		Message string `json:"message"`
	}
	lines := make([]line, len(findings))
	for i, f := range findings {
		lines[i] = line{f.good, f.what, f.message}
		mark := "ok  "
		if !f.good {
			mark, bad = "BAD ", bad+1
		}
		if !asJSON {
			e.print("%s %-12s %s", mark, f.what, f.message)
		}
	}
	if asJSON {
		err = e.printJSON(lines)
	}
	return bad, err
}

func (e *env) torFinding(path string) finding {
	if addr, ok := strings.CutPrefix(path, "control:"); ok {
		network := "tcp"
		if strings.HasPrefix(addr, "/") {
			network = "unix"
		}
		c, err := net.DialTimeout(network, addr, 5*time.Second)
		if err != nil {
			return finding{false, "tor", "its control port does not answer: " + err.Error()}
		}
		c.Close()
		return finding{true, "tor", "an existing control port: no per-circuit limits with it"}
	}
	info, err := onion.Probe(e.ctx, path)
	switch {
	case err != nil:
		return finding{false, "tor", err.Error()}
	case !info.HasPoW:
		return finding{false, "tor", "version " + info.Version + " was built without proof of work, the defence against floods"}
	}
	return finding{true, "tor", "version " + info.Version + ", with proof of work"}
}

func ffmpegFinding() finding {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return finding{true, "ffmpeg", "not here: works can be accepted and served, not made"}
	}
	return finding{true, "ffmpeg", path}
}

// clockFinding compares the clock with the newest thing known to be in the
// past: the last change of the database. Tor itself refuses a clock that is
// hours off.
func clockFinding(now time.Time, dir string) finding {
	if info, err := os.Stat(filepath.Join(dir, "peerfy.db")); err == nil && info.ModTime().After(now.Add(time.Minute)) {
		return finding{false, "clock", "the clock went back: the catalogue was last changed on " + info.ModTime().UTC().Format(time.DateOnly)}
	}
	if now.Year() < 2026 {
		return finding{false, "clock", "it says " + now.Format(time.DateOnly)}
	}
	return finding{true, "clock", now.UTC().Format(time.DateOnly) + " (UTC)"}
}

// leastFree is how much room there must be before the doctor is content.
const leastFree = 1 << 30

func diskFinding(dir string) finding {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return finding{false, "disk", err.Error()}
	}
	free := s.Bavail * uint64(s.Bsize)
	return finding{free >= leastFree, "disk", fmt.Sprintf("%.1f GB free", float64(free)/1e9)}
}

// permissionFindings names secret files that others can read.
func permissionFindings(dir string) []finding {
	var open []string
	err := filepath.WalkDir(filepath.Join(dir, "keys"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && !strings.HasSuffix(path, ".pub") {
			open = append(open, path)
		}
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []finding{{false, "folder", dir + " is not a co-operative's folder: peerfy init --dir D --name NAME"}}
	case err != nil:
		return []finding{{false, "permissions", err.Error()}}
	case len(open) > 0:
		return []finding{{false, "permissions", "others can read " + strings.Join(open, ", ")}}
	}
	return []finding{{true, "permissions", "the keys are readable by you alone"}}
}

func keyFindings(dir string) []finding {
	var all []finding
	for _, role := range []string{roleLog, roleFresh, roleOnion} {
		if !hasKey(filepath.Join(dir, "keys"), role) {
			all = append(all, finding{false, "keys", "the " + role + " key is missing: the site cannot run without it"})
		}
	}
	for _, path := range keysOn(dir) {
		all = append(all, finding{false, "keys", path + " does not belong on a web host: move it to its holder"})
	}
	if len(all) == 0 {
		all = append(all, finding{true, "keys", "log, freshness and onion key are here, the others are not"})
	}
	return all
}
