package onion

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"time"
)

// prepareForeign checks what the control port of somebody else's tor needs.
func (s *Service) prepareForeign(addr string) error {
	network, address := unixOrTCP(addr)
	if network == "tcp" && !loopback(address) {
		return fmt.Errorf("control port %q is neither the path of a unix socket nor a port on loopback", address)
	}
	if !loopback(s.config.Target) {
		return fmt.Errorf("target %q is not a port on loopback, which an existing control port needs", s.config.Target)
	}
	f := &foreign{service: s, network: network, address: address}
	s.launch = f.launch
	return nil
}

// foreign uses a tor that runs already.
type foreign struct {
	service          *Service
	network, address string
}

// launch connects to the control port. Nothing is published before events are
// listened to.
func (f *foreign) launch(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, launchLimit)
	defer cancel()
	x := &session{began: time.Now()}
	if err := f.command(ctx, x); err != nil {
		x.close(0)
		return nil, err
	}
	x.enable = func() error { return f.publish(x.ctl) }
	return x, nil
}

// command opens both connections and learns what this tor offers.
func (f *foreign) command(ctx context.Context, x *session) error {
	var err error
	if x.ctl, err = dialControl(ctx, f.network, f.address, ""); err != nil {
		return err
	}
	if x.events, err = dialControl(ctx, f.network, f.address, ""); err != nil {
		return err
	}
	patience := f.service.config.Patience
	if err := x.events.subscribe(patience); err != nil {
		return err
	}
	if x.info.Version, err = x.ctl.info(patience, "version"); err != nil {
		return err
	}
	// All versions that know the option have it in ADD_ONION too; what the
	// build lacks is found out by asking.
	_, err = x.ctl.do(patience, "GETCONF HiddenServicePoWDefensesEnabled")
	x.info.PoW = err == nil
	listeners, err := x.ctl.info(patience, "net/listeners/socks")
	if err != nil {
		return err
	}
	if first := strings.Fields(listeners); len(first) > 0 {
		x.socks = strings.Trim(first[0], `"`)
	}
	return nil
}

// publish asks for the service, without proof of work if this tor has none.
func (f *foreign) publish(ctl *controller) error {
	c := f.service.config
	err := ctl.addOnion(c.Patience, c.Key, c.Target, c.MaxStreams, true)
	var refused *textproto.Error
	if errors.As(err, &refused) && refused.Code == 512 {
		f.service.update(func(st *State) { st.PoW = false })
		err = ctl.addOnion(c.Patience, c.Key, c.Target, c.MaxStreams, false)
	}
	return err
}
