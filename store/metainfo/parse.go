package metainfo

import (
	"crypto/sha1"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A Meta is what a .torrent of ours says.
type Meta struct {
	Info        []byte   // the info dictionary as it stood in the file; its SHA-1 is the infohash
	Name        string   // the folder, or the file if Files has one entry with an empty Path
	PieceLength int64    // bytes
	Pieces      []byte   // SHA-1 of each piece, 20 bytes each
	Files       []Entry  // in path order
	Webseeds    []string // http URLs; whoever fetches must still refuse hosts that are not onions
}

// An Entry is one file listed in a torrent.
type Entry struct {
	Path []string
	Size int64 // bytes
}

// Length is the size of all files together, in bytes.
func (m *Meta) Length() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// InfoHash is the SHA-1 of m.Info.
func (m *Meta) InfoHash() [20]byte { return InfoHash(m.Info) }

// ParseTorrent reads a whole .torrent. It accepts what [Torrent] and [Build] write and nothing else: other
// keys (trackers, dates, authors), other orders, other number forms and unusable names wrap [ErrInvalid].
// b may be a stranger's; at most [MaxTorrent] bytes are looked at. The result shares no memory with b.
func ParseTorrent(b []byte) (*Meta, error) {
	if len(b) > MaxTorrent {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrInvalid, MaxTorrent)
	}
	m := &Meta{}
	d := &decoder{b: b}
	err := d.dict(func(key string) (err error) {
		switch key {
		case "info":
			return m.decodeInfo(d)
		case "url-list":
			m.Webseeds, err = d.texts(MaxWebseeds, MaxURL)
			return err
		}
		return d.fail("unknown key %s", shown(key))
	})
	if err != nil {
		return nil, err
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	if err := m.checkWhole(); err != nil {
		return nil, err
	}
	return m, nil
}

// ParseInfo reads an info dictionary alone, as [Build] returns it.
func ParseInfo(info []byte) (*Meta, error) { return ParseTorrent(Torrent(info, nil)) }

func (m *Meta) checkWhole() error {
	if m.Info == nil {
		return fmt.Errorf("%w: no info dictionary", ErrInvalid)
	}
	if len(m.Info) > MaxInfo {
		return fmt.Errorf("%w: an info dictionary longer than %d bytes", ErrInvalid, MaxInfo)
	}
	for _, u := range m.Webseeds {
		if err := checkWebseed(u); err != nil {
			return err
		}
	}
	return nil
}

func checkWebseed(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%w: web seed %s is not a plain http URL", ErrInvalid, shown(s))
	}
	return nil
}

// decodeInfo reads the dictionary under "info", checks that it is complete and keeps its bytes.
func (m *Meta) decodeInfo(d *decoder) error {
	start := d.at
	seen := map[string]bool{}
	err := d.dict(func(key string) error {
		seen[key] = true
		return m.decodeField(d, key)
	})
	if err != nil {
		return err
	}
	for _, key := range []string{"name", "piece length", "pieces", "private"} {
		if !seen[key] {
			return d.fail("the info dictionary lacks %q", key)
		}
	}
	if seen["files"] == seen["length"] {
		return d.fail("the info dictionary needs either files or length")
	}
	m.Info = slices.Clone(d.b[start:d.at])
	if err := m.check(); err != nil {
		return err
	}
	if want := m.pieceCount() * sha1.Size; int64(len(m.Pieces)) != want {
		return d.fail("%d bytes of piece hashes, %d are needed", len(m.Pieces), want)
	}
	return nil
}

func (m *Meta) decodeField(d *decoder, key string) (err error) {
	switch key {
	case "files":
		return m.decodeFiles(d)
	case "length":
		m.Files = make([]Entry, 1)
		m.Files[0].Size, err = d.integer()
	case "name":
		m.Name, err = d.text(maxName)
	case "piece length":
		m.PieceLength, err = d.integer()
	case "pieces":
		var s string
		s, err = d.text(MaxInfo)
		m.Pieces = []byte(s)
	case "private":
		var n int64
		if n, err = d.integer(); err == nil && n != 1 {
			err = d.fail("private must be 1")
		}
	default:
		err = d.fail("unknown key %s in the info dictionary", shown(key))
	}
	return err
}

func (m *Meta) decodeFiles(d *decoder) error {
	err := d.list(func() error {
		if len(m.Files) == MaxFiles {
			return d.fail("more than %d files", MaxFiles)
		}
		f, err := decodeFile(d)
		m.Files = append(m.Files, f)
		return err
	})
	if err == nil && (len(m.Files) == 0 || slices.ContainsFunc(m.Files, func(f Entry) bool { return len(f.Path) == 0 })) {
		err = d.fail("a list of files without names")
	}
	return err
}

func decodeFile(d *decoder) (f Entry, err error) {
	keys := 0
	err = d.dict(func(key string) (err error) {
		keys++
		switch key {
		case "length":
			f.Size, err = d.integer()
		case "path":
			f.Path, err = d.texts(maxDepth+1, maxName)
		default:
			err = d.fail("unknown key %s of a file", shown(key))
		}
		return err
	})
	if err == nil && keys != 2 {
		err = d.fail("a file needs a length and a path")
	}
	return f, err
}

// check judges names, sizes and order; Build and ParseTorrent share it, so neither makes what the other refuses.
func (m *Meta) check() error {
	if err := CheckName(m.Name); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if n := m.PieceLength; n < BlockSize || n > MaxPieceLength || n&(n-1) != 0 {
		return fmt.Errorf("%w: piece length %d is not a power of two from %d to %d", ErrInvalid, n, BlockSize, MaxPieceLength)
	}
	if n := len(m.Files); n == 0 || n > MaxFiles {
		return fmt.Errorf("%w: %d files; from 1 to %d are possible", ErrInvalid, n, MaxFiles)
	}
	if err := m.checkSizes(); err != nil {
		return err
	}
	if len(m.Files) == 1 && len(m.Files[0].Path) == 0 {
		return nil
	}
	return m.checkPaths()
}

func (m *Meta) checkSizes() error {
	var total int64
	for _, f := range m.Files {
		// Each size is bounded before it is added, so the sum cannot overflow.
		if f.Size < 0 || f.Size > MaxLength || total > MaxLength-f.Size {
			return fmt.Errorf("%w: a size below 0 or more than %d bytes together", ErrInvalid, int64(MaxLength))
		}
		total += f.Size
	}
	if total == 0 {
		return fmt.Errorf("%w: the files are empty", ErrInvalid)
	}
	return nil
}

// checkPaths also refuses what is two files here and one elsewhere: Windows and macOS do not tell A from a.
func (m *Meta) checkPaths() error {
	files := make(map[string]bool, len(m.Files))
	for i, f := range m.Files {
		if len(f.Path) == 0 || len(f.Path) > maxDepth+1 {
			return fmt.Errorf("%w: a file lies under %d names; from 1 to %d are possible", ErrInvalid, len(f.Path), maxDepth+1)
		}
		for _, name := range f.Path {
			if err := CheckName(name); err != nil {
				return fmt.Errorf("%w: %w", ErrInvalid, err)
			}
		}
		if i > 0 && slices.Compare(m.Files[i-1].Path, f.Path) > 0 {
			return fmt.Errorf("%w: the files are not in path order", ErrInvalid)
		}
		path := fold(f.Path)
		if files[path] {
			return fmt.Errorf("%w: two files are called %s", ErrInvalid, shown(strings.Join(f.Path, "/")))
		}
		files[path] = true
	}
	return m.checkFolders(files)
}

func (m *Meta) checkFolders(files map[string]bool) error {
	spelled := map[string]string{} // folded folder → the folder as first written
	for _, f := range m.Files {
		for n := 1; n < len(f.Path); n++ {
			folder, as := fold(f.Path[:n]), strings.Join(f.Path[:n], "/")
			if files[folder] {
				return fmt.Errorf("%w: %s is a file and a folder", ErrInvalid, shown(as))
			}
			if before, ok := spelled[folder]; ok && before != as {
				return fmt.Errorf("%w: the folders %s and %s differ by case alone", ErrInvalid, shown(before), shown(as))
			}
			spelled[folder] = as
		}
	}
	return nil
}

// pieceCount must follow a check of sizes and piece length.
func (m *Meta) pieceCount() int64 { return (m.Length() + m.PieceLength - 1) / m.PieceLength }

func fold(path []string) string { return strings.ToLower(strings.ToUpper(strings.Join(path, "/"))) }
