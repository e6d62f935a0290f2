package onion

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"p2p.legal/peerfy/onion/internal/torproc"
)

const (
	// launchLimit is how long a tor may take from its start until it obeys; it
	// takes about 0.1 seconds.
	launchLimit = 20 * time.Second
	// firstPause and longestPause bound the wait before another attempt; it
	// doubles with each tor that did not get as far as to publish the service.
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
	// grace is how long tor may take to end when asked to; it takes some
	// hundredths of a second.
	grace = 2 * time.Second
)

// session is one life of a tor that we command.
type session struct {
	ctl    *controller      // requests
	events *controller      // events only
	proc   *torproc.Process // nil: the tor is not ours
	pumped chan error       // receives one value, when the pump of events has ended; nil: it was never started
	began  time.Time
	info   State  // PerCircuit, PoW, Version, Pid
	socks  string // see Service.SocksAddr
	// enable publishes the service, once events are listened to.
	enable func() error
}

// close ends the session; our tor is gone when it returns. With a grace of 0
// tor is not asked but killed.
func (x *session) close(grace time.Duration) {
	if x.ctl != nil {
		x.ctl.close()
	}
	if x.events != nil {
		x.events.close()
	}
	if x.pumped != nil {
		<-x.pumped
	}
	switch {
	case x.proc == nil:
	case grace == 0:
		x.proc.Kill()
	default:
		x.proc.Stop(grace)
	}
}

// open starts or finds a tor and makes it the current session, with the service
// on its way.
func (s *Service) open(ctx context.Context) (*session, error) {
	x, err := s.launch(ctx)
	if err != nil {
		return nil, err
	}
	x.pumped = make(chan error, 1)
	go func() { x.pumped <- s.pump(x) }()
	s.begin(x)
	// A request to a frozen tor must not hold up our end.
	stop := context.AfterFunc(ctx, x.ctl.close)
	err = x.enable()
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		x.close(0) // first: what it still says must not count after end
		s.end()
		return nil, err
	}
	return x, nil
}

// begin makes x the current session.
func (s *Service) begin(x *session) {
	s.mu.Lock()
	s.current, s.socks = x, x.socks
	s.mu.Unlock()
	s.update(func(st *State) {
		st.PerCircuit, st.PoW, st.Version, st.Pid = x.info.PerCircuit, x.info.PoW, x.info.Version, x.info.Pid
	})
}

// end takes back what begin said.
func (s *Service) end() {
	s.mu.Lock()
	s.current, s.socks = nil, ""
	s.mu.Unlock()
	s.update(func(st *State) { st.Published, st.Bootstrap, st.Pid = false, 0, 0 })
}

// supervise keeps a tor alive until life ends.
func (s *Service) supervise(life context.Context, x *session) {
	defer close(s.done)
	defer s.release()
	pause := firstPause
	for x != nil {
		err := s.attend(life, x)
		lasted := time.Since(x.began)
		if life.Err() != nil {
			x.close(grace)
			s.end()
			return
		}
		x.close(0) // it does not answer, or is gone already
		if s.State().Published {
			pause = firstPause
		}
		s.end()
		s.log.Warn("tor is gone and will be started again", "reason", err, "after", lasted.Round(time.Second))
		x = s.reopen(life, &pause)
	}
}

// reopen tries until there is a tor again, or life ends: then it returns nil.
func (s *Service) reopen(life context.Context, pause *time.Duration) *session {
	for {
		select {
		case <-time.After(*pause):
		case <-life.Done():
			return nil
		}
		*pause = min(2**pause, longestPause)
		x, err := s.open(life)
		if err == nil {
			s.update(func(st *State) { st.Restarts++ })
			return x
		}
		if life.Err() != nil {
			return nil
		}
		s.log.Warn("tor could not be started", "reason", err, "next_try_in", *pause)
	}
}

// attend asks for signs of life until there is none, or life ends.
func (s *Service) attend(life context.Context, x *session) error {
	defer context.AfterFunc(life, x.ctl.close)()
	beat := time.NewTicker(s.config.Heartbeat)
	defer beat.Stop()
	for {
		percent, err := x.ctl.bootstrap(s.config.Patience)
		if life.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		s.update(func(st *State) { st.Bootstrap = percent })
		select {
		case <-beat.C:
		case err := <-x.pumped:
			x.pumped <- err
			return fmt.Errorf("control connection ended: %w", err)
		case <-life.Done():
			return nil
		}
	}
}

// pump reads tor's events until the connection ends. It is the only reader of
// that connection, and does nothing that could block.
func (s *Service) pump(x *session) error {
	for {
		reply, err := x.events.event()
		if err != nil {
			return err
		}
		s.observe(reply)
	}
}

// observe learns from one event (control-spec, "Asynchronous events"). Other
// services of the same tor are none of our business.
func (s *Service) observe(event string) {
	f := strings.Fields(event)
	switch {
	case len(f) >= 3 && f[0] == "HS_DESC" && f[1] == "UPLOADED" && f[2]+".onion" == s.address:
		s.update(func(st *State) { st.Published = true })
	case len(f) >= 4 && f[0] == "STATUS_CLIENT" && f[2] == "BOOTSTRAP":
		if percent, ok := progress(event); ok {
			s.update(func(st *State) { st.Bootstrap = percent })
		}
	}
}

// progress finds PROGRESS=n in a bootstrap status.
func progress(status string) (percent int, ok bool) {
	for _, f := range strings.Fields(status) {
		if v, found := strings.CutPrefix(f, "PROGRESS="); found {
			n, err := strconv.Atoi(v)
			return n, err == nil && n >= 0 && n <= 100
		}
	}
	return 0, false
}
