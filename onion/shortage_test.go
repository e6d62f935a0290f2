package onion

import (
	"net"
	"os"
	"syscall"
	"testing"
)

// short is a listener in a process that runs out of file descriptors for a
// moment.
type short struct {
	net.Listener
	left int
}

func (s *short) Accept() (net.Conn, error) {
	if s.left > 0 {
		s.left--
		return nil, &net.OpError{Op: "accept", Net: "unix", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return s.Listener.Accept()
}

func TestListenerOutlastsShortage(t *testing.T) {
	path := t.TempDir() + "/s"
	u, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(&short{u, 2})
	defer l.Close()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(FormatProxyHeader(ProxyHeader{Circuit: 5})); err != nil {
		t.Fatal(err)
	}
	got, err := l.Accept()
	if err != nil {
		t.Fatalf("listener gave up: %v", err)
	}
	got.Close()
}
