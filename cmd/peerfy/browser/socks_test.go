package browser_test

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"p2p.legal/peerfy/cmd/peerfy/browser"
)

// proxy is as much of a SOCKS 5 port (RFC 1928) as a browser needs: whatever
// name is asked for, it leads to one address. It keeps the names.
type proxy struct {
	net.Listener
	to    string
	mu    sync.Mutex
	names []string
	work  sync.WaitGroup
}

func listen(t *testing.T, to string) *proxy {
	t.Helper()
	p := &proxy{Listener: must(net.Listen("tcp", "127.0.0.1:0"))(t), to: to}
	p.work.Go(func() {
		for {
			c, err := p.Accept()
			if err != nil {
				return
			}
			p.work.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		p.Close()
		p.work.Wait()
	})
	return p
}

// serve answers one connection; a client that does not keep to the protocol is
// left.
func (p *proxy) serve(c net.Conn) {
	defer c.Close()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil {
		return
	}
	if _, err := io.ReadFull(c, make([]byte, head[1])); err != nil {
		return
	}
	_, _ = c.Write([]byte{5, 0}) // no password; a lost client shows at the next read
	ask := make([]byte, 5)       // version, command, 0, kind of address, length of the name
	if _, err := io.ReadFull(c, ask); err != nil || ask[3] != 3 {
		return
	}
	name := make([]byte, int(ask[4])+2)
	if _, err := io.ReadFull(c, name); err != nil || binary.BigEndian.Uint16(name[len(name)-2:]) != 80 {
		return
	}
	p.mu.Lock()
	p.names = append(p.names, string(name[:len(name)-2]))
	p.mu.Unlock()
	up, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer up.Close()
	_, _ = c.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0})
	p.work.Go(func() {
		_, _ = io.Copy(up, c) // ends when the browser hangs up
		_ = up.Close()
	})
	_, _ = io.Copy(c, up)
}

func TestNamesAreResolvedByTheProxy(t *testing.T) {
	s := serve(t, "")
	p := listen(t, s.Listener.Addr().String())
	f := start(t, browser.Config{Socks: p.Addr().String()})
	ok(t, f.Navigate("http://invented.onion/"))
	if got := must(f.Title())(t); got != "Écouter" {
		t.Errorf("the title is %q", got)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.names) == 0 {
		t.Error("the page came past the proxy")
	}
	for _, name := range p.names {
		if name != "invented.onion" {
			t.Errorf("the browser asked for %s by itself", name)
		}
	}
}
