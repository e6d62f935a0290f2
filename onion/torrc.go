package onion

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"p2p.legal/peerfy/onion/internal/torproc"
)

// Defences of the service. The queue of introductions starts to ask for proof
// of work when more than powQueueRate arrive in a second. introPoints share the
// load of a flood, and each passes on at most introRate a second; there are
// only as many as tor has by default, because after a restart a visitor who
// knows the old ones tries each in vain, a second each, before asking for the
// new.
const (
	powQueueRate  = 50
	powQueueBurst = 250
	introPoints   = 3
	introRate     = 25
	introBurst    = 200
)

// maxSocketPath is what fits into a unix socket's address on every system
// (Linux: 107, others: 103).
const maxSocketPath = 103

// writeTorrc writes tor's whole configuration.
func (c *child) writeTorrc(waiting bool) error {
	return os.WriteFile(c.path("torrc"), []byte(c.torrc(waiting)), 0o600)
}

func (c *child) torrc(waiting bool) string {
	config := c.service.config
	quoted := func(name string) string { return `"` + c.path(name) + `"` }
	socks := "unix:" + quoted("socks")
	if config.SocksTCP {
		socks = "127.0.0.1:auto"
	}
	lines := []string{config.Torrc,
		"DataDirectory " + quoted("data"),
		"ControlPort unix:" + quoted("control"), "CookieAuthentication 1", "CookieAuthFile " + quoted("cookie"),
		"SocksPort " + socks + " OnionTrafficOnly",
		"Log notice stdout", "SafeLogging 1", "HeartbeatPeriod 0",
		"ClientOnly 1", "AvoidDiskWrites 1", "NoExec 1",
		fmt.Sprint("__OwningControllerProcess ", os.Getpid()),
		"HiddenServiceDir " + quoted("service"),
		"HiddenServiceVersion 3",
		fmt.Sprint("HiddenServiceNumIntroductionPoints ", introPoints),
		fmt.Sprint("HiddenServiceMaxStreams ", config.MaxStreams), "HiddenServiceMaxStreamsCloseCircuit 1",
		"HiddenServiceEnableIntroDoSDefense 1",
		fmt.Sprint("HiddenServiceEnableIntroDoSRatePerSec ", introRate),
		fmt.Sprint("HiddenServiceEnableIntroDoSBurstPerSec ", introBurst),
	}
	if c.toSocket {
		lines = append(lines, `HiddenServicePort 80 unix:"`+config.Target+`"`, "HiddenServiceExportCircuitID haproxy")
	} else {
		lines = append(lines, "HiddenServicePort 80 "+config.Target)
	}
	if c.info.HasPoW {
		lines = append(lines, "HiddenServicePoWDefensesEnabled 1",
			fmt.Sprint("HiddenServicePoWQueueRate ", powQueueRate), fmt.Sprint("HiddenServicePoWQueueBurst ", powQueueBurst))
	}
	if !strings.Contains(config.Torrc, "GeoIPFile ") {
		// Country data are of no use here, and cost seconds and 80 MB.
		lines = append(lines, "GeoIPFile "+os.DevNull, "GeoIPv6File "+os.DevNull)
	}
	if waiting {
		lines = append(lines, "DisableNetwork 1")
	}
	return strings.Join(lines, "\n") + "\n"
}

// checkTarget tells whether the target is a unix socket; else it is a port on
// loopback.
func checkTarget(target string) (toSocket bool, err error) {
	if filepath.IsAbs(target) {
		if len(target) > maxSocketPath {
			return false, fmt.Errorf("target %q has too long a path for a unix socket", target)
		}
		_, err := torproc.Quote(target)
		return true, err
	}
	if !loopback(target) {
		return false, fmt.Errorf("target %q is neither an absolute path nor a port on loopback", target)
	}
	return false, nil
}

// loopback tells whether addr is a literal loopback address with a port: names
// could be resolved to anything.
func loopback(addr string) bool {
	a, err := netip.ParseAddrPort(addr)
	return err == nil && a.Addr().IsLoopback() && a.Port() != 0
}
