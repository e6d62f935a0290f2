package metainfo

import (
	"bytes"
	"fmt"
	"strconv"
)

// encodeInfo writes the info dictionary; bencoding wants its keys in byte order (BEP 3).
func (m *Meta) encodeInfo() []byte {
	b := []byte{'d'}
	if len(m.Files) == 1 && len(m.Files[0].Path) == 0 {
		b = appendInt(appendString(b, "length"), m.Files[0].Size)
	} else {
		b = append(appendString(b, "files"), 'l')
		for _, f := range m.Files {
			b = appendFile(b, f)
		}
		b = append(b, 'e')
	}
	b = appendString(appendString(b, "name"), m.Name)
	b = appendInt(appendString(b, "piece length"), m.PieceLength)
	b = appendString(appendString(b, "pieces"), string(m.Pieces))
	b = appendInt(appendString(b, "private"), 1)
	return append(b, 'e')
}

func appendFile(b []byte, f Entry) []byte {
	b = appendInt(appendString(append(b, 'd'), "length"), f.Size)
	b = append(appendString(b, "path"), 'l')
	for _, name := range f.Path {
		b = appendString(b, name)
	}
	return append(b, "ee"...)
}

func appendString(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}

func appendInt(b []byte, n int64) []byte {
	b = append(b, 'i')
	b = strconv.AppendInt(b, n, 10)
	return append(b, 'e')
}

// A decoder reads canonical bencoding from a schema: the caller says what must come next, so the input's
// own nesting costs neither stack nor memory.
type decoder struct {
	b  []byte
	at int
}

func (d *decoder) fail(format string, args ...any) error {
	return fmt.Errorf("%w: at byte %d: %s", ErrInvalid, d.at, fmt.Sprintf(format, args...))
}

// take consumes c if it comes next.
func (d *decoder) take(c byte) bool {
	if d.at < len(d.b) && d.b[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) end() error {
	if d.at != len(d.b) {
		return d.fail("more bytes after the end")
	}
	return nil
}

// number reads decimal digits up to the byte end, refusing leading zeros, -0 and what does not fit 63 bits.
func (d *decoder) number(end byte) (int64, error) {
	rest := d.b[d.at:]
	n := bytes.IndexByte(rest[:min(len(rest), 21)], end)
	if n < 0 {
		return 0, d.fail("no number")
	}
	v, err := strconv.ParseInt(string(rest[:n]), 10, 64)
	if err != nil || strconv.FormatInt(v, 10) != string(rest[:n]) {
		return 0, d.fail("a number in another form")
	}
	d.at += n + 1
	return v, nil
}

func (d *decoder) integer() (int64, error) {
	if !d.take('i') {
		return 0, d.fail("a number is expected")
	}
	return d.number('e')
}

// text reads a string of at most limit bytes. The limit stands before the copy.
func (d *decoder) text(limit int) (string, error) {
	n, err := d.number(':')
	if err != nil {
		return "", err
	}
	if n < 0 || n > int64(limit) || n > int64(len(d.b)-d.at) {
		return "", d.fail("a string of %d bytes; at most %d fit here", n, min(limit, len(d.b)-d.at))
	}
	s := string(d.b[d.at : d.at+int(n)])
	d.at += int(n)
	return s, nil
}

// texts reads a list of 1 to count strings.
func (d *decoder) texts(count, limit int) (list []string, err error) {
	err = d.list(func() error {
		if len(list) == count {
			return d.fail("more than %d entries", count)
		}
		s, err := d.text(limit)
		list = append(list, s)
		return err
	})
	if err == nil && len(list) == 0 {
		err = d.fail("an empty list")
	}
	return list, err
}

func (d *decoder) list(item func() error) error {
	if !d.take('l') {
		return d.fail("a list is expected")
	}
	for !d.take('e') {
		if err := item(); err != nil {
			return err
		}
	}
	return nil
}

// dict calls field after each key; field must read the value. Keys must rise, so none comes twice.
func (d *decoder) dict(field func(key string) error) error {
	if !d.take('d') {
		return d.fail("a dictionary is expected")
	}
	last, first := "", true
	for !d.take('e') {
		key, err := d.text(32)
		if err != nil {
			return err
		}
		if !first && key <= last {
			return d.fail("key %s is out of order or doubled", shown(key))
		}
		last, first = key, false
		if err := field(key); err != nil {
			return err
		}
	}
	return nil
}
