package site

import (
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server is an HTTP/1.1 server for h with the time limits of a service whose visitors are strangers on slow
// circuits: a header must arrive in 10 s and fit 16 kB, an idle connection is kept for two minutes. There is
// no limit on a whole answer that makes progress, since a film over Tor takes hours: [Site] closes stalled ones itself.
// connContext may be nil; it lets the listener's knowledge of a connection (its circuit) reach the handler.
func Server(h http.Handler, l *slog.Logger, connContext func(context.Context, net.Conn) context.Context) *http.Server {
	return &http.Server{
		Handler:                      h,
		ConnContext:                  connContext,
		ReadHeaderTimeout:            10 * time.Second,
		WriteTimeout:                 stall, // of the first chunk; Site moves it on as long as there is progress
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" is refused like every odd method
		ErrorLog:                     log.New(discreet{l}, "", 0),
	}
}

// discreet counts the server's own complaints without repeating them: they quote addresses and requests.
type discreet struct{ log *slog.Logger }

// Write logs that there was something to say.
func (d discreet) Write(p []byte) (int, error) {
	d.log.Debug("a connection ended badly")
	return len(p), nil
}
