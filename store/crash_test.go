package store_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"p2p.legal/peerfy/store"
	"p2p.legal/peerfy/store/catalog"
	"p2p.legal/peerfy/store/ledger"
	"p2p.legal/peerfy/store/metainfo"
	"p2p.legal/peerfy/store/storetest"
)

// The tests of this file start the test binary again as a child that may be
// killed or starved. childMode tells it what to do, childDir where.
const (
	childMode = "PEERFY_STORE_CHILD"
	childDir  = "PEERFY_STORE_DIR"
)

func TestMain(m *testing.M) {
	mode := os.Getenv(childMode)
	if mode == "" {
		os.Exit(m.Run())
	}
	if err := runChild(mode, os.Getenv(childDir)); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func child(t *testing.T, mode, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childMode+"="+mode, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// runChild opens the catalogue with the log's key that lies beside it and does
// what its mode says. Lines on stdout are what it acknowledges.
func runChild(mode, dir string) error {
	skey, err := os.ReadFile(filepath.Join(dir, "log.key"))
	if err != nil {
		return err
	}
	signer, err := ledger.NewSigner(string(skey))
	if err != nil {
		return err
	}
	bundle, err := os.ReadFile(filepath.Join(dir, "entries"))
	if err != nil {
		return err
	}
	db, err := store.Open(dir, store.Options{})
	if err != nil {
		return err
	}
	db.SetSigner(signer)
	switch mode {
	case "hold":
		fmt.Println("open")
		_, err := io.Copy(io.Discard, os.Stdin)
		return errors.Join(err, db.Close())
	case "append":
		return appendAll(db, bundle)
	case "starve":
		return starve(db, bundle, dir)
	}
	return fmt.Errorf("unknown mode %q", mode)
}

// appendAll appends the entries of the bundle, with an object after each. It
// begins a little before the end of the log, as a caller does who cannot know
// what was stored.
func appendAll(db *store.DB, bundle []byte) error {
	from := int(max(0, db.Size()-3))
	for n := 0; len(bundle) > 0; n++ {
		raw := bundle[2 : 2+int(bundle[0])<<8+int(bundle[1])]
		bundle = bundle[2+len(raw):]
		if n < from {
			continue
		}
		i, err := db.Append(raw, nil, storetest.Day)
		if err != nil {
			return err
		}
		fmt.Println("entry", i, n)
		content, h := objectOf(n)
		if err := db.PutObject(bytes.NewReader(content), h); err != nil {
			return err
		}
		fmt.Println("object", n)
	}
	return db.Close()
}

func objectOf(n int) ([]byte, metainfo.Hashes) {
	content := bytes.Repeat(fmt.Appendf(nil, "object %d\n", n), 2_000)
	h, _ := metainfo.Hash(bytes.NewReader(content)) // reading memory does not fail
	return content, h
}

// starve appends under a limit on the file's size until that fails, then goes
// on without.
func starve(db *store.DB, bundle []byte, dir string) error {
	info, err := os.Stat(filepath.Join(dir, "peerfy.db"))
	if err != nil {
		return err
	}
	var free syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		return err
	}
	tight := syscall.Rlimit{Cur: uint64(info.Size()), Max: free.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight); err != nil {
		return err
	}
	failed := false
	for len(bundle) > 0 {
		raw := bundle[2 : 2+int(bundle[0])<<8+int(bundle[1])]
		i, err := db.Append(raw, nil, storetest.Day)
		if err != nil && failed {
			return err
		}
		if err != nil {
			fmt.Println("unsure", errors.Is(err, store.ErrUnsure), err)
			failed = true
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
				return err
			}
			continue
		}
		bundle = bundle[2+len(raw):]
		fmt.Println("entry", i)
	}
	return db.Close()
}

// workload makes a closed catalogue and a bundle of n entries to append.
func workload(t *testing.T, n int) (c *storetest.Coop, entries [][]byte) {
	t.Helper()
	c = storetest.New(t)
	var bundle []byte
	for i := range n {
		raw, _, err := c.ArtistEntry(fmt.Sprintf("artist-%d", i), fmt.Sprintf("Artist %d", i))
		if err != nil {
			t.Fatal(err)
		}
		bundle = append(append(bundle, byte(len(raw)>>8), byte(len(raw))), raw...)
		entries = append(entries, raw)
	}
	for name, b := range map[string][]byte{"entries": bundle, "log.key": []byte(c.Keys.Log.Secret)} {
		if err := os.WriteFile(filepath.Join(c.Dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.DB.Close(); err != nil {
		t.Fatal(err)
	}
	return c, entries
}

// acked is what a writer has acknowledged.
type acked struct {
	entries map[int]int64 // number in the bundle → index in the log
	objects map[int]bool
}

// kept sees that all of it is there.
func (a acked) kept(t *testing.T, db *store.DB, bundle [][]byte) {
	t.Helper()
	for n, at := range a.entries {
		if got, ok, err := db.IndexOf(bundle[n]); !ok || got != at || err != nil {
			t.Fatalf("acknowledged entry %d: at %d, %v, %v", n, got, ok, err)
		}
	}
	for n := range a.objects {
		if _, h := objectOf(n); !db.HasObject(h.Root) {
			t.Fatalf("acknowledged object %d is missing", n)
		}
	}
}

// kills kills a writer again and again and sees that what it acknowledged is
// there, each time and at the end.
func kills(t *testing.T, n int) {
	c, bundle := workload(t, 20+4*n)
	r := rand.New(rand.NewPCG(3, 3))
	all := acked{map[int]int64{}, map[int]bool{}}
	for range n {
		a := killOne(t, c.Dir, r)
		db, err := store.Open(c.Dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a.kept(t, db, bundle)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		maps.Copy(all.entries, a.entries)
		maps.Copy(all.objects, a.objects)
	}
	if len(all.entries) < n {
		t.Errorf("%d entries were acknowledged: the test tests little", len(all.entries))
	}
	c.DB = open(t, c.Dir)
	all.kept(t, c.DB, bundle)
	var roots []catalog.Hash // they belong to no work
	for i := range bundle {
		_, h := objectOf(i)
		roots = append(roots, h.Root)
	}
	if dropped, err := c.DB.DropObjects(roots); err != nil || dropped < len(all.objects) {
		t.Errorf("%d objects dropped, %v", dropped, err)
	}
	sound(t, c)
	t.Logf("%d kills, %d entries and %d objects acknowledged", n, len(all.entries), len(all.objects))
}

// killOne lets a writer make a few entries, and kills it at some moment of the
// next.
func killOne(t *testing.T, dir string, r *rand.Rand) acked {
	t.Helper()
	a := acked{map[int]int64{}, map[int]bool{}}
	cmd := child(t, "append", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	left := 3 + r.IntN(4)
	var timer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		f := strings.Fields(lines.Text())
		n, _ := strconv.Atoi(f[len(f)-1])
		switch f[0] {
		case "entry":
			at, _ := strconv.ParseInt(f[1], 10, 64)
			a.entries[n] = at
		case "object":
			a.objects[n] = true
		default:
			t.Errorf("the writer says %q", lines.Text())
		}
		if len(a.entries) >= left && timer == nil {
			timer = time.AfterFunc(time.Duration(r.IntN(2_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // killed
	if timer != nil {
		timer.Stop()
	}
	return a
}

func TestKills(t *testing.T) { kills(t, 20) }

func TestTwoProcesses(t *testing.T) {
	c, _ := workload(t, 0)
	cmd := child(t, "hold", c.Dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatal(line, err)
	}
	for _, readOnly := range []bool{false, true} {
		if _, err := store.Open(c.Dir, store.Options{ReadOnly: readOnly, Wait: 50 * time.Millisecond}); !errors.Is(err, store.ErrLocked) {
			t.Errorf("opening it again, read only %v: %v", readOnly, err)
		}
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(c.Dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestFileTooLarge(t *testing.T) {
	c, entries := workload(t, 250)
	out, err := child(t, "starve", c.Dir).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !bytes.Contains(out, []byte("unsure true")) {
		t.Errorf("the limit was not met, or not as ErrUnsure:\n%s", out)
	}
	db, err := store.Open(c.Dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if db.Size() != int64(len(entries))+1 {
		t.Errorf("the log has %d entries, wanted %d", db.Size(), len(entries)+1)
	}
	c.DB = db
	sound(t, c)
}

var errDisk = errors.New("input/output error")

// TestUnsureCommit lets a commit fail before and after it reached the disk.
func TestUnsureCommit(t *testing.T) {
	for name, reaches := range map[string]bool{"before it reached the disk": false, "after it reached the disk": true} {
		t.Run(name, func(t *testing.T) {
			c := storetest.New(t)
			id := c.Add(t, storetest.Work{})
			raw, _, err := c.ArtistEntry("marie", "Marie")
			if err != nil {
				t.Fatal(err)
			}
			size := c.DB.Size()
			c.DB.FailNext(func(commit func() error) error {
				if reaches {
					return errors.Join(commit(), errDisk)
				}
				return errDisk
			})
			if _, err := c.DB.Append(raw, nil, storetest.Day); !errors.Is(err, store.ErrUnsure) || !errors.Is(err, errDisk) {
				t.Errorf("the append: %v", err)
			}
			if reaches != (c.DB.Size() == size+1) {
				t.Errorf("the size is %d, it was %d", c.DB.Size(), size)
			}
			if _, err := c.DB.Manifest(id); err != nil {
				t.Errorf("reading on: %v", err)
			}
			i, err := c.DB.Append(raw, nil, storetest.Day)
			if err != nil || i != size || c.DB.Size() != size+1 {
				t.Errorf("appended again: index %d, size %d, %v", i, c.DB.Size(), err)
			}
			sound(t, c)
		})
	}
}

// TestDiskGoesAway takes the file away while a commit fails, and brings it back.
func TestDiskGoesAway(t *testing.T) {
	c := storetest.New(t)
	raw, _, err := c.ArtistEntry("marie", "Marie")
	if err != nil {
		t.Fatal(err)
	}
	size := c.DB.Size()
	path := filepath.Join(c.Dir, "peerfy.db")
	c.DB.FailNext(func(func() error) error {
		// Something else lies where the file was.
		return errors.Join(errDisk, os.Rename(path, path+".away"), os.WriteFile(path, []byte("?"), 0o600))
	})
	if _, err := c.DB.Append(raw, nil, storetest.Day); !errors.Is(err, store.ErrUnsure) {
		t.Errorf("the append: %v", err)
	}
	if _, err := c.DB.Append(raw, nil, storetest.Day); !errors.Is(err, store.ErrUnsure) {
		t.Errorf("while it is away: %v", err)
	}
	if _, _, err := c.DB.Entry(0); !errors.Is(err, store.ErrUnsure) {
		t.Errorf("reading while it is away: %v", err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	if i, err := c.DB.Append(raw, nil, storetest.Day); err != nil || i != size {
		t.Errorf("when it is back: %d, %v", i, err)
	}
	sound(t, c)
}
