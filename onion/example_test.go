package onion_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"p2p.legal/peerfy/onion"
)

// A site on an onion service of the public network, with limits for each
// visitor.
func Example() {
	publish := func(ctx context.Context, h http.Handler, log *slog.Logger) error {
		key, err := onion.NewKey() // kept, with FormatKey, in a real site
		if err != nil {
			return err
		}
		l, err := onion.Listen("/srv/site/web/socket")
		if err != nil {
			return err
		}
		defer l.Close()
		s, err := onion.Start(ctx, onion.Config{Dir: "/srv/site/tor", Key: key, Target: "/srv/site/web/socket", Log: log})
		if err != nil {
			return err
		}
		defer s.Close()
		limiter := onion.NewLimiter(onion.Limits{Evict: func(circuit uint32) {
			if err := s.CloseCircuit(circuit); err != nil && !errors.Is(err, onion.ErrDown) {
				log.Warn("a visitor could not be cut off", "reason", err)
			}
		}})
		refused := func(w http.ResponseWriter, _ *http.Request, after time.Duration) {
			w.Header().Set("Retry-After", fmt.Sprint(int(after.Seconds())))
			w.WriteHeader(http.StatusTooManyRequests)
		}
		srv := &http.Server{Handler: limiter.Handler(h, refused), ConnContext: onion.ConnContext}
		fmt.Println("http://" + s.Address())
		return srv.Serve(l)
	}
	_ = publish
}
