package till_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"p2p.legal/peerfy/royalty"
	"p2p.legal/peerfy/royalty/till"
)

// months returns a folder that is not there yet, and the example's file in it.
func months(t *testing.T) (folder, file string) {
	folder = filepath.Join(t.TempDir(), "months")
	return folder, filepath.Join(folder, "2026-12.key")
}

func save(t *testing.T, folder string) *till.Keys {
	t.Helper()
	k := exampleKeys(t)
	if err := k.Save(folder); err != nil {
		t.Fatal(err)
	}
	return k
}

func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestSaveAndLoad(t *testing.T) {
	folder, file := months(t)
	if _, err := till.Load(folder, december); !errors.Is(err, till.ErrNone) {
		t.Errorf("without a folder: %v", err)
	}
	k := save(t, folder)
	if mode(t, file) != 0o600 || mode(t, folder) != 0o700 {
		t.Errorf("the file is %o, its folder %o", mode(t, file), mode(t, folder))
	}
	got, err := till.Load(folder, december)
	if err != nil || !bytes.Equal(got.Format(), k.Format()) {
		t.Errorf("loaded something else, %v", err)
	}
	if _, err := till.Load(folder, "2026-11"); !errors.Is(err, till.ErrNone) {
		t.Errorf("another month: %v", err)
	}
	if err := os.Rename(file, filepath.Join(folder, "2026-11.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := till.Load(folder, "2026-11"); !errors.Is(err, till.ErrMalformed) {
		t.Errorf("the file of one month under the name of another: %v", err)
	}
}

func TestSaveNeverReplaces(t *testing.T) {
	folder, file := months(t)
	k := save(t, folder)
	k.Token[0]++
	if err := k.Save(folder); !errors.Is(err, till.ErrExists) {
		t.Errorf("saved twice: %v", err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != block(t, "keys") {
		t.Errorf("the file has changed, %v", err)
	}
	if got := names(t, folder); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

// Of several who save at once one wins, and all of them load its keys.
func TestSaveAtOnce(t *testing.T) {
	folder, file := months(t)
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		k := exampleKeys(t)
		k.Token[0] = byte(i)
		wg.Go(func() { errs[i] = k.Save(folder) })
	}
	wg.Wait()
	k, err := till.Load(folder, december)
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		if won := int(k.Token[0]) == i; won != (err == nil) || !won && !errors.Is(err, till.ErrExists) {
			t.Errorf("%d: %v, and the keys of %d are there", i, err, k.Token[0])
		}
	}
	if got := names(t, folder); len(got) != 1 || got[0] != filepath.Base(file) {
		t.Errorf("left behind: %v", got)
	}
}

// A Save that was killed leaves a file that does not count, and the next goes
// through.
func TestSaveAfterKill(t *testing.T) {
	folder, file := months(t)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".123", []byte("peerfy/month/v1\nperi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := till.Load(folder, december); !errors.Is(err, till.ErrNone) {
		t.Errorf("half a file counts: %v", err)
	}
	save(t, folder)
	if _, err := till.Load(folder, december); err != nil {
		t.Error(err)
	}
}

// Destroy overwrites the blocks of the file itself: seen through a second name.
func TestDestroy(t *testing.T) {
	folder, file := months(t)
	k := save(t, folder)
	half := file + ".123"
	other := filepath.Join(folder, "2026-11.key")
	for _, path := range []string{half, other} {
		if err := os.WriteFile(path, k.Format(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := t.TempDir()
	for i, path := range []string{file, half} {
		if err := os.Link(path, filepath.Join(outside, []string{"file", "half"}[i])); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := till.Destroy(folder, december); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, folder); len(got) != 1 || got[0] != "2026-11.key" {
		t.Errorf("left: %v", got)
	}
	for _, name := range []string{"file", "half"} {
		b, err := os.ReadFile(filepath.Join(outside, name))
		if err != nil || len(b) != len(k.Format()) {
			t.Fatalf("%s: %d bytes, %v", name, len(b), err)
		}
		checkOverwritten(t, name, b, k.Format())
	}
	if _, err := till.Load(folder, december); !errors.Is(err, till.ErrNone) {
		t.Error(err)
	}
}

// checkOverwritten wants no eight bytes of secret in b.
func checkOverwritten(t *testing.T, name string, b, secret []byte) {
	t.Helper()
	for i := range len(secret) - 8 {
		if bytes.Contains(b, secret[i:i+8]) {
			t.Fatalf("%s: %q can still be read", name, secret[i:i+8])
		}
	}
}

// Destroy goes on after it was cut between overwriting and unlinking, and does
// nothing without a folder.
func TestDestroyAgain(t *testing.T) {
	folder, file := months(t)
	if err := till.Destroy(folder, december); err != nil {
		t.Error(err)
	}
	save(t, folder)
	if err := os.WriteFile(file, bytes.Repeat([]byte{7}, 1200), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := till.Load(folder, december); !errors.Is(err, till.ErrMalformed) {
		t.Errorf("random bytes were read as keys: %v", err)
	}
	if err := till.Destroy(folder, december); err != nil || len(names(t, folder)) != 0 {
		t.Errorf("left: %v, %v", names(t, folder), err)
	}
}

// A period is part of a file's name: what is none must reach no file.
func TestFolderRefusesPaths(t *testing.T) {
	folder, file := months(t)
	save(t, folder)
	k := exampleKeys(t)
	for _, p := range []royalty.Period{"", "..", "../months/2026-12", "2026-1", "2026-12.key", "*"} {
		k.Period = p
		if _, err := till.Load(folder, p); err == nil || errors.Is(err, till.ErrNone) {
			t.Errorf("loaded %q: %v", p, err)
		}
		if err := k.Save(folder); err == nil {
			t.Errorf("saved %q", p)
		}
		if err := till.Destroy(folder, p); err == nil {
			t.Errorf("destroyed %q", p)
		}
	}
	if got := names(t, folder); len(got) != 1 || got[0] != filepath.Base(file) {
		t.Errorf("the folder holds %v", got)
	}
}
