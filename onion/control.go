package onion

import (
	"context"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"github.com/cretz/bine/control"
)

// controller is one connection to a control port. A request that outlasts its
// limit breaks the connection: tor answers in order, and an answer that comes
// late would be taken for that of the next request.
type controller struct {
	mu   sync.Mutex // one request at a time
	raw  net.Conn
	bine *control.Conn
}

// errRefused means that a control port is there, but does not let us in.
var errRefused = errors.New("control port does not let us in")

// dialControl connects to a control port and identifies itself, by cookie or
// whatever tor offers. cookie is the path of tor's cookie, "" to have tor tell
// it. A port that is there but does not let us in is errRefused.
func dialControl(ctx context.Context, network, addr, cookie string) (*controller, error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := &controller{raw: raw, bine: control.NewConn(textproto.NewConn(raw))}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	err = c.authenticate(cookie)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		raw.Close()
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	return c, nil
}

func (c *controller) authenticate(cookie string) error {
	if cookie != "" {
		// The answer names the cookie's path as well, but bine cannot read one
		// with other letters than those of ASCII.
		info, err := c.bine.ProtocolInfo()
		if err != nil {
			return err
		}
		info.AuthMethods, info.CookieFile = []string{"SAFECOOKIE"}, cookie
	}
	return c.bine.Authenticate("")
}

// do sends one request and returns the answer.
func (c *controller) do(limit time.Duration, format string, args ...any) (*control.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.raw.SetDeadline(time.Now().Add(limit)); err != nil {
		return nil, err
	}
	resp, err := c.bine.SendRequest(format, args...)
	var refused *textproto.Error
	if err != nil && !errors.As(err, &refused) {
		c.raw.Close()
		return nil, fmt.Errorf("tor does not answer: %w", err)
	}
	return resp, err
}

// info asks for one value by GETINFO.
func (c *controller) info(limit time.Duration, key string) (string, error) {
	resp, err := c.do(limit, "GETINFO %s", key)
	if err != nil {
		return "", err
	}
	for _, line := range resp.Data {
		if v, ok := strings.CutPrefix(line, key+"="); ok {
			return v, nil
		}
	}
	return "", fmt.Errorf("tor gave no %s", key)
}

// bootstrap asks how far tor has got, in percent. It is the sign of life as
// well.
func (c *controller) bootstrap(limit time.Duration) (int, error) {
	status, err := c.info(limit, "status/bootstrap-phase")
	if err != nil {
		return 0, err
	}
	percent, ok := progress(status)
	if !ok {
		return 0, errors.New("tor gave an unknown bootstrap status")
	}
	return percent, nil
}

// closeCircuit closes a circuit by its number; one that is gone (code 552) is
// as good.
func (c *controller) closeCircuit(id uint32, limit time.Duration) error {
	_, err := c.do(limit, "CLOSECIRCUIT %d", id)
	var refused *textproto.Error
	if errors.As(err, &refused) && refused.Code == 552 {
		return nil
	}
	return err
}

// subscribe turns the connection into one for events.
func (c *controller) subscribe(limit time.Duration) error {
	if _, err := c.do(limit, "SETEVENTS HS_DESC STATUS_CLIENT"); err != nil {
		return err
	}
	return c.raw.SetDeadline(time.Time{})
}

// event returns the first line of the next event. It is bine's plain reader: no
// listeners, no locks.
func (c *controller) event() (string, error) {
	resp, err := c.bine.ReadResponse()
	if err != nil {
		return "", err
	}
	return resp.DataWithReply()[0], nil
}

func (c *controller) close() { c.raw.Close() }

// expanded is the 64-byte form of an Ed25519 private key that tor uses (RFC
// 8032, section 5.1.5, steps 1 to 3).
func expanded(key ed25519.PrivateKey) []byte {
	h := sha512.Sum512(key.Seed())
	h[0] &= 248
	h[31] &= 127
	h[31] |= 64
	return h[:]
}

// addOnion publishes the service through ADD_ONION (control-spec), bound to
// this connection: it ends with us.
func (c *controller) addOnion(limit time.Duration, key ed25519.PrivateKey, target string, maxStreams int, pow bool) error {
	defence := ""
	if pow {
		defence = fmt.Sprintf(" PoWDefensesEnabled=1 PoWQueueRate=%d PoWQueueBurst=%d", powQueueRate, powQueueBurst)
	}
	_, err := c.do(limit, "ADD_ONION ED25519-V3:%s Flags=DiscardPK,MaxStreamsCloseCircuit MaxStreams=%d%s Port=80,%s",
		base64.StdEncoding.EncodeToString(expanded(key)), maxStreams, defence, target)
	return err
}
