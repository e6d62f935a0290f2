package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// maxMessage is the longest answer that is read: a full-page picture at most.
const maxMessage = 64 << 20

// A wire is one connection to Firefox's remote control. Messages are JSON with
// their length in front, "17:[0,1,"Cmd",{}]"; [0, id, command, parameters] is
// answered by [1, id, error, result].
type wire struct {
	conn net.Conn
	r    *bufio.Reader
	id   int
}

// dial connects and reads the greeting.
func dial(addr string) (*wire, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	w := &wire{conn: conn, r: bufio.NewReader(conn)}
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if _, err := w.read(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return w, nil
}

// read takes one message.
func (w *wire) read() ([]byte, error) {
	length, err := w.r.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil || n < 0 || n > maxMessage {
		return nil, fmt.Errorf("message of length %.20q", length)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(w.r, b)
	return b, err
}

// call sends a command and waits for its result, at most for patience.
func (w *wire) call(patience time.Duration, command string, params any) (json.RawMessage, error) {
	if params == nil {
		params = struct{}{}
	}
	w.id++
	b, err := json.Marshal([]any{0, w.id, command, params})
	if err != nil {
		return nil, err
	}
	if err := w.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(w.conn, "%d:%s", len(b), b); err != nil {
		return nil, err
	}
	for {
		result, id, err := w.answer()
		if err != nil && id == 0 || id == w.id {
			return result, err
		}
	}
}

// answer reads one answer; an error without an id is the wire's own.
func (w *wire) answer() (json.RawMessage, int, error) {
	b, err := w.read()
	if err != nil {
		return nil, 0, err
	}
	var parts [4]json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return nil, 0, fmt.Errorf("answer %.100q: %w", b, err)
	}
	var id int
	if err := json.Unmarshal(parts[1], &id); err != nil {
		return nil, 0, fmt.Errorf("answer %.100q: %w", b, err)
	}
	if string(parts[2]) != "null" {
		var e struct{ Error, Message string }
		if err := json.Unmarshal(parts[2], &e); err != nil {
			return nil, 0, fmt.Errorf("answer %.100q: %w", b, err)
		}
		return nil, id, &refusal{e.Error, e.Message}
	}
	return parts[3], id, nil
}

// A refusal is Firefox's own error; its kind is one of WebDriver's, such as
// "no such element".
type refusal struct{ kind, message string }

func (r *refusal) Error() string { return r.kind + ": " + r.message }

// Is lets errors.Is find ErrNoElement.
func (r *refusal) Is(target error) bool { return target == ErrNoElement && r.kind == "no such element" }
