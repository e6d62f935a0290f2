package onion_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"p2p.legal/peerfy/onion"
)

// privateDir is a short path, for unix sockets, that only we can enter.
func privateDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "onion")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	path := filepath.Join(privateDir(t), "s")
	l, err := onion.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, path
}

func TestListenTakesHeaderOff(t *testing.T) {
	l, path := listen(t)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// In two parts, the second with the beginning of the request.
	for _, part := range []string{"PROXY TCP6 fc00:dead:beef:4d", "ad::1:84 ::1 132 80\r\nGET /", " HTTP"} {
		if _, err := io.WriteString(c, part); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if id, ok := onion.CircuitID(onion.ConnContext(t.Context(), got)); id != 0x10084 || !ok {
		t.Errorf("circuit %#x, %v; want 0x10084", id, ok)
	}
	b := make([]byte, len("GET / HTTP"))
	if _, err := io.ReadFull(got, b); err != nil || string(b) != "GET / HTTP" {
		t.Errorf("read %q, %v", b, err)
	}
}

func TestListenRefusesStrangers(t *testing.T) {
	l, path := listen(t)
	for _, s := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PROXY TCP4 127.0.0.1 127.0.0.1 1 80\r\n", "\n", strings.Repeat("x", 200)} {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, s); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); len(b) > 0 {
			t.Errorf("%q was answered %q, %v", s, b, err)
		}
	}
	// One that says nothing must hold up nobody, nor Close.
	silent, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(onion.FormatProxyHeader(onion.ProxyHeader{Circuit: 7, SourcePort: 7, Port: 80})); err != nil {
		t.Fatal(err)
	}
	got, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	got.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
}

func TestListenFolderAndSocket(t *testing.T) {
	l, path := listen(t)
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v, %v; want mode 600", st.Mode(), err)
	}
	if _, err := onion.Listen(path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second listener: %v; want in use", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	// A socket whose process died stays in the file system.
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	again, err := onion.Listen(path)
	if err != nil {
		t.Fatalf("stale socket was not replaced: %v", err)
	}
	again.Close()

	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := onion.Listen(path); err == nil {
		t.Error("a file was taken for a socket")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("file now %q, %v", b, err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := onion.Listen(filepath.Join(filepath.Dir(path), "other")); err == nil || !strings.Contains(err.Error(), "700") {
		t.Errorf("folder open to others: %v", err)
	}
}

func FuzzParseProxyHeader(f *testing.F) {
	for _, s := range []string{
		"PROXY TCP6 fc00:dead:beef:4dad::0:84 ::1 132 80\r\n",
		"PROXY TCP6 fc00:dead:beef:4dad::ffff:ffff ::1 65535 42\r\n",
		"PROXY TCP6 fc00:dead:beef:4dad::0:084 ::1 132 80\r\n",
		"PROXY TCP6 fc00:dead:beef:4dad::0:84 ::1 132 80\n",
		"PROXY UNKNOWN\r\n", "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := onion.ParseProxyHeader(b)
		if err != nil {
			if h != (onion.ProxyHeader{}) {
				t.Errorf("refused, but %+v was returned", h)
			}
			return
		}
		if got := onion.FormatProxyHeader(h); !bytes.Equal(got, b) {
			t.Errorf("%q was accepted, but is written %q", b, got)
		}
	})
}

func TestParseProxyHeader(t *testing.T) {
	h, err := onion.ParseProxyHeader([]byte("PROXY TCP6 fc00:dead:beef:4dad::0:84 ::1 132 80\r\n"))
	if want := (onion.ProxyHeader{Circuit: 132, SourcePort: 132, Port: 80}); h != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", h, err, want)
	}
	for _, s := range []string{
		"PROXY TCP6 fc00:dead:beef:4dad::0:84 ::1 132 80\n",
		"PROXY TCP6 fc00:dead:beef:4dad::0:84 ::1 132 80",
		"PROXY TCP6 fc00:dead:beef:4dad::0:84 ::1 132 80\r\n\r\n",
		"PROXY TCP6 fc00:dead:beef:4dad::10000:84 ::1 132 80\r\n",
		"PROXY TCP6 fc00:dead:beef:4dad::0:8F ::1 132 80\r\n",
		"PROXY TCP6 fc00:dead:beef:4dad::+0:84 ::1 132 80\r\n",
		"PROXY TCP6 fc00:dead:beef:4dad::0:84 ::1 132 65536\r\n",
		"PROXY TCP6 ::1 ::1 132 80\r\n",
	} {
		if h, err := onion.ParseProxyHeader([]byte(s)); err == nil {
			t.Errorf("%q was accepted as %+v", s, h)
		}
	}
}
