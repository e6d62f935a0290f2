package onion_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"p2p.legal/peerfy/onion"
)

// circuits returns contexts as a server's requests have them, for given
// circuits, through a real socket.
func circuits(t *testing.T, ids ...uint32) []context.Context {
	t.Helper()
	dir := privateDir(t)
	l, err := onion.Listen(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var out []context.Context
	for _, id := range ids {
		c, err := net.Dial("unix", filepath.Join(dir, "s"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(onion.FormatProxyHeader(onion.ProxyHeader{Circuit: id, SourcePort: uint16(id), Port: 80})); err != nil {
			t.Fatal(err)
		}
		got, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer got.Close()
		out = append(out, onion.ConnContext(context.Background(), got))
	}
	return out
}

func TestLimiterPerCircuit(t *testing.T) {
	ids := circuits(t, 1, 2)
	synctest.Test(t, func(t *testing.T) {
		var evicted []uint32
		l := onion.NewLimiter(onion.Limits{Rate: 1, Burst: 5, EvictAfter: 3, Evict: func(id uint32) { evicted = append(evicted, id) }})
		for i := range 5 {
			if ok, _ := l.Allow(ids[0]); !ok {
				t.Fatalf("request %d of the burst was refused", i)
			}
		}
		ok, wait := l.Allow(ids[0])
		if ok || wait != time.Second {
			t.Errorf("sixth request: %v, wait %v; want refused, 1s", ok, wait)
		}
		if ok, _ := l.Allow(ids[1]); !ok {
			t.Error("another circuit was refused for the first one's flood")
		}
		l.Allow(ids[0])
		l.Allow(ids[0])
		if fmt.Sprint(evicted) != "[1]" {
			t.Errorf("evicted %v, want [1]", evicted)
		}
		time.Sleep(2 * time.Second) // synctest's clock
		for i := range 3 {
			if ok, _ := l.Allow(ids[0]); ok != (i < 2) {
				t.Errorf("request %d after two seconds: %v", i, ok)
			}
		}
	})
}

func TestLimiterStreams(t *testing.T) {
	ids := circuits(t, 1, 2)
	l := onion.NewLimiter(onion.Limits{Streams: 2, TotalStreams: 3})
	var leave []func()
	for i, want := range []bool{true, true, false} {
		f, _, ok := l.Enter(ids[0])
		if ok != want {
			t.Fatalf("stream %d: %v, want %v", i, ok, want)
		}
		leave = append(leave, f)
	}
	if _, _, ok := l.Enter(ids[1]); !ok {
		t.Error("third stream of all was refused")
	}
	if _, _, ok := l.Enter(context.Background()); ok {
		t.Error("fourth stream of all passed, of three")
	}
	leave[0]()
	leave[0]() // once is enough
	if _, _, ok := l.Enter(ids[0]); !ok {
		t.Error("stream refused although one has left")
	}
	if _, _, ok := l.Enter(ids[0]); ok {
		t.Error("leaving twice made room for two")
	}
}

func TestLimiterForgetsOldest(t *testing.T) {
	ids := circuits(t, 1, 2, 3)
	synctest.Test(t, func(t *testing.T) {
		l := onion.NewLimiter(onion.Limits{Rate: 0.001, Burst: 1, Circuits: 2})
		for i, c := range []struct {
			circuit int
			want    bool
		}{{0, true}, {0, false}, {1, true}, {0, false}, {2, true}, {0, false}, {1, true}} {
			if ok, _ := l.Allow(ids[c.circuit]); ok != c.want {
				t.Errorf("step %d: circuit %d: %v, want %v", i, c.circuit, ok, c.want)
			}
		}
	})
}

func TestLimiterWithoutCircuits(t *testing.T) {
	l := onion.NewLimiter(onion.Limits{Burst: 1, TotalRate: 0.001, TotalBurst: 3})
	for i, want := range []bool{true, true, true, false} {
		if ok, _ := l.Allow(context.Background()); ok != want {
			t.Errorf("request %d: %v, want %v", i, ok, want)
		}
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := onion.NewLimiter(onion.Limits{TotalRate: 1e12, TotalBurst: 1e9})
	h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}), nil)
	r, err := http.NewRequest("GET", "/", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h.ServeHTTP(nullWriter{}, r)
	}
}

type nullWriter struct{ io.Writer }

func (nullWriter) Header() http.Header       { return nil }
func (nullWriter) Write([]byte) (int, error) { return 0, nil }
func (nullWriter) WriteHeader(int)           {}
