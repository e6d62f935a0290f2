package onion

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"

	"golang.org/x/net/proxy"
)

// Dialer connects to onion services through a SOCKS5 port of tor, and to
// nothing else: there is no way to reach an ordinary host with it, and it never
// asks a name server. Its DialContext fits http.Transport.
type Dialer struct {
	socks func() string
	user  string
}

// NewDialer returns a Dialer through a SOCKS port of tor ("127.0.0.1:PORT", or
// "unix:" and a path). See Service.Dialer about isolation.
func NewDialer(socksAddr, isolation string) *Dialer {
	return newDialer(func() string { return socksAddr }, isolation)
}

// Dialer returns a Dialer through the service's tor. Streams of one isolation
// key share circuits; streams of different keys never do, so that one key a
// purpose keeps purposes apart, and one key a parallel transfer makes transfers
// faster. The key itself is not shown to tor. The Dialer outlives restarts of
// tor.
func (s *Service) Dialer(isolation string) *Dialer { return newDialer(s.SocksAddr, isolation) }

func newDialer(socks func() string, isolation string) *Dialer {
	// Hashed, because a purpose may name a work, and tor shows user names to
	// whoever may read its events.
	sum := sha256.Sum256([]byte("peerfy/isolation/v1\n" + isolation))
	return &Dialer{socks: socks, user: hex.EncodeToString(sum[:16])}
}

// DialContext connects to "ADDRESS.onion:PORT". Any other host is refused with
// ErrNotOnion; ErrDown means that tor is not there now.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("dialing through tor: network %q is not possible", network)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("dialing through tor: %w", err)
	}
	if _, err := ParseAddress(host); err != nil {
		return nil, fmt.Errorf("dialing through tor: %w", err)
	}
	socks := d.socks()
	if socks == "" {
		return nil, fmt.Errorf("dialing through tor: %w", ErrDown)
	}
	socksNetwork, socksAddr := unixOrTCP(socks)
	via, err := proxy.SOCKS5(socksNetwork, socksAddr, &proxy.Auth{User: d.user, Password: "0"}, &net.Dialer{})
	if err != nil {
		return nil, fmt.Errorf("dialing through tor: %w", err)
	}
	// The result of SOCKS5 is a ContextDialer, as its documentation says.
	c, err := via.(proxy.ContextDialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("dialing through tor: %w", err)
	}
	return c, nil
}
