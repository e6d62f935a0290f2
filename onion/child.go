package onion

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// prepareChild checks what our own tor needs, and lays out its folder:
//
//	lock      held while the folder is in use
//	torrc     tor's configuration, written anew at each start
//	control   the control port, and its cookie beside it
//	socks     the SOCKS port
//	data      tor's DataDirectory
//	service   the onion service's keys, in tor's own format
func (s *Service) prepareChild(ctx context.Context) error {
	info, err := Probe(ctx, s.config.Tor)
	if err != nil {
		return err
	}
	c := &child{service: s, info: info}
	if c.toSocket, err = checkTarget(s.config.Target); err != nil {
		return err
	}
	if c.dir, err = checkDir(s.config.Dir); err != nil {
		return err
	}
	s.launch = c.launch
	return c.lay()
}

// checkDir returns the absolute path of a folder that tor can be given.
func checkDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil || dir == "" {
		return "", fmt.Errorf("no usable folder given: %q", dir)
	}
	if len(filepath.Join(abs, "control")) > maxSocketPath {
		return "", fmt.Errorf("folder %q has too long a path for unix sockets", abs)
	}
	_, err = torproc.Quote(abs)
	return abs, err
}

// lay makes the folder, takes it for us alone, and writes what tor needs before
// its first start.
func (c *child) lay() error {
	s := c.service
	if err := privateDir(c.dir, true); err != nil {
		return err
	}
	var err error
	if s.lock, err = torproc.TryLock(c.dir); err != nil {
		return err
	}
	if err := writeServiceKey(c.path("service"), s.config.Key); err != nil {
		return err
	}
	if s.config.Seed != nil {
		return s.config.Seed(c.path("data"))
	}
	return nil
}

// child starts our own tor.
type child struct {
	service  *Service
	dir      string
	info     Info
	toSocket bool
}

// launch starts tor, still without the network, and takes command of it.
func (c *child) launch(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, launchLimit)
	defer cancel()
	if err := c.writeTorrc(true); err != nil {
		return nil, err
	}
	said := &chatter{log: c.service.log, private: c.service.config.Torrc != ""}
	proc, err := torproc.Start(torproc.Config{Tor: c.info.Path, Torrc: c.path("torrc"), Line: said.line})
	if err != nil {
		return nil, err
	}
	x := &session{proc: proc, began: time.Now()}
	x.info = State{PerCircuit: c.toSocket, PoW: c.info.HasPoW, Version: c.info.Version, Pid: proc.Pid()}
	if err := c.command(ctx, x); err != nil {
		x.close(0)
		if errors.Is(err, errEnded) {
			err = fmt.Errorf("%w: %s", err, said.trouble())
		}
		return nil, err
	}
	x.enable = func() error { return c.enable(x) }
	return x, nil
}

// command opens both control connections and binds tor's life to the first.
func (c *child) command(ctx context.Context, x *session) error {
	var err error
	if x.ctl, err = c.dial(ctx, x.proc); err != nil {
		return err
	}
	if x.events, err = c.dial(ctx, x.proc); err != nil {
		return err
	}
	patience := c.service.config.Patience
	if _, err := x.ctl.do(patience, "TAKEOWNERSHIP"); err != nil {
		return err
	}
	return x.events.subscribe(patience)
}

// errEnded means that tor did not accept its configuration, or the state of its
// folder.
var errEnded = errors.New("tor ended at its start")

// dial connects to the control port as soon as it is there. Nothing tells of
// that before we are connected, so it tries.
func (c *child) dial(ctx context.Context, proc *torproc.Process) (*controller, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ctl, err := dialControl(ctx, "unix", c.path("control"), c.path("cookie"))
		if err == nil || errors.Is(err, errRefused) {
			return ctl, err
		}
		select {
		case <-tick.C:
		case <-proc.Done():
			return nil, errEnded
		case <-ctx.Done():
			return nil, fmt.Errorf("tor does not open its control port: %w", err)
		}
	}
}

// enable lets tor into the network. The torrc changes with it, so that a reload
// by somebody else does not cut us off.
func (c *child) enable(x *session) error {
	patience := c.service.config.Patience
	if err := c.writeTorrc(false); err != nil {
		return err
	}
	if _, err := x.ctl.do(patience, "SETCONF DisableNetwork=0"); err != nil {
		return err
	}
	socks := "unix:" + c.path("socks")
	if c.service.config.SocksTCP {
		listeners, err := x.ctl.info(patience, "net/listeners/socks")
		if err != nil {
			return err
		}
		socks = strings.Trim(listeners, `"`)
	}
	c.service.mu.Lock()
	c.service.socks = socks
	c.service.mu.Unlock()
	return nil
}

func (c *child) path(name string) string { return filepath.Join(c.dir, name) }

// privateDir makes a folder that only its owner can enter. One that exists is
// made so (ours), or refused.
func privateDir(dir string, ours bool) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if ours {
		return os.Chmod(dir, 0o700)
	}
	st, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if st.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("folder %s can be entered by others (mode %o); use one of mode 700", dir, st.Mode().Perm())
	}
	return nil
}

// writeServiceKey writes the key as tor reads it (tor's crypto_format: 32 bytes
// of header, then the key).
func writeServiceKey(dir string, key ed25519.PrivateKey) error {
	if err := privateDir(dir, true); err != nil {
		return err
	}
	secret := append(tagged("== ed25519v1-secret: type0 =="), expanded(key)...)
	public := append(tagged("== ed25519v1-public: type0 =="), key.Public().(ed25519.PublicKey)...)
	if err := os.WriteFile(filepath.Join(dir, "hs_ed25519_secret_key"), secret, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "hs_ed25519_public_key"), public, 0o600)
}

func tagged(tag string) []byte {
	b := make([]byte, 32, 96)
	copy(b, tag)
	return b
}

// unixOrTCP splits the address of a control or SOCKS port into what net.Dial
// takes.
func unixOrTCP(addr string) (network, address string) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return "unix", path
	}
	if filepath.IsAbs(addr) {
		return "unix", addr
	}
	return "tcp", addr
}
