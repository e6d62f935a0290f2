package main

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// line is a slow line to a SOCKS port, which can be cut: what a listener has,
// and loopback has not.
type line struct {
	listener net.Listener
	to       string
	rate     int // bytes a second and connection

	mu    sync.Mutex // guards conns
	conns []net.Conn
	done  sync.WaitGroup
}

func newLine(t *testing.T, to string, rate int) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &line{listener: l, to: to, rate: rate}
	n.done.Go(n.accept)
	t.Cleanup(func() {
		l.Close()
		n.cut()
		n.done.Wait()
	})
	return n
}

func (n *line) addr() string { return n.listener.Addr().String() }

func (n *line) accept() {
	for {
		near, err := n.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", n.to)
		if err != nil {
			near.Close()
			continue
		}
		n.mu.Lock()
		n.conns = append(n.conns, near, far)
		n.mu.Unlock()
		n.done.Go(func() { io.Copy(far, near); far.Close() })
		n.done.Go(func() { n.carry(near, far); near.Close() })
	}
}

// carry copies at the line's rate.
func (n *line) carry(near io.Writer, far io.Reader) {
	chunk := make([]byte, n.rate/50)
	for tick := time.NewTicker(time.Second / 50); ; <-tick.C {
		k, err := far.Read(chunk)
		if _, werr := near.Write(chunk[:k]); err != nil || werr != nil {
			tick.Stop()
			return
		}
	}
}

// cut breaks every connection; the line is there again for the next.
func (n *line) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		c.Close()
	}
	n.conns = nil
}
