package testnet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// plan is what must be the same each time a saved network is started: who its
// nodes are and where they listen. It is kept as JSON in the file "plan.json"
// of the network's folder.
type plan struct {
	Nodes []member
}

// member is one node of the plan.
type member struct {
	Name string
	// ORPort and DirPort are TCP ports on 127.0.0.1. DirPort is 0 for a relay.
	ORPort, DirPort int
	// Fingerprint names the node's RSA identity key, V3Ident an authority's
	// long-term key: 40 upper-case hexadecimal digits.
	Fingerprint, V3Ident string
}

func (m member) authority() bool { return m.DirPort != 0 }

func nodeName(i int) string {
	if i < authorities {
		return fmt.Sprintf("authority%d", i)
	}
	return fmt.Sprintf("relay%d", i-authorities)
}

// Voting. A first consensus takes at least VoteDelay + DistDelay seconds, and
// tor accepts no shorter delays than these. The interval is the longest that
// the first vote may use; a consensus holds for 16 of them, which is how long a
// saved network can rest.
const (
	voteDelay     = 2 * time.Second
	distDelay     = 2 * time.Second
	interval      = 1800 * time.Second
	intervalsGood = 16
)

// common are the lines that every tor of the network needs. Empty GeoIP files
// spare seconds and 80 MB in each of them.
func (p plan) common(dir string) string {
	var b strings.Builder
	empty := `"` + filepath.Join(dir, "empty") + `"`
	fmt.Fprintf(&b, "TestingTorNetwork 1\nGeoIPFile %s\nGeoIPv6File %s\n", empty, empty)
	for _, m := range p.Nodes {
		if m.authority() {
			fmt.Fprintf(&b, "DirAuthority %s orport=%d no-v2 v3ident=%s 127.0.0.1:%d %s\n", m.Name, m.ORPort, m.V3Ident, m.DirPort, m.Fingerprint)
		}
	}
	return b.String()
}

// torrc is the whole configuration of one node. Authorities vote so that a new
// consensus takes effect at the times that are offset seconds after each
// multiple of the interval.
func (p plan) torrc(dir string, m member, offset int) string {
	var b strings.Builder
	b.WriteString(p.common(dir))
	data := `"` + filepath.Join(dir, m.Name) + `"`
	fmt.Fprintf(&b, "DataDirectory %s\nNickname %s\nORPort 127.0.0.1:%d IPv4Only\n", data, m.Name, m.ORPort)
	// AssumeReachable: a relay otherwise publishes itself only after others
	// could reach it, which needs the consensus that waits for it.
	fmt.Fprintf(&b, "Address 127.0.0.1\nAssumeReachable 1\nExitRelay 0\nExitPolicy reject *:*\nSocksPort 0\nControlPort 0\nExtORPort 0\n")
	fmt.Fprintf(&b, "ShutdownWaitLength 0\nNumCPUs 1\nLog notice stdout\n__OwningControllerProcess %d\n", os.Getpid())
	if m.authority() {
		b.WriteString(authorityLines(dir, m, offset))
	}
	return b.String()
}

func authorityLines(dir string, m member, offset int) string {
	var b strings.Builder
	first := int(interval.Seconds())
	vote, dist := int(voteDelay.Seconds()), int(distDelay.Seconds())
	fmt.Fprintf(&b, "DirPort 127.0.0.1:%d IPv4Only\nAuthoritativeDirectory 1\nV3AuthoritativeDirectory 1\nContactInfo nobody@localhost.invalid\n", m.DirPort)
	fmt.Fprintf(&b, "TestingV3AuthInitialVotingInterval %d\nTestingV3AuthInitialVoteDelay %d\nTestingV3AuthInitialDistDelay %d\n", first, vote, dist)
	fmt.Fprintf(&b, "V3AuthVotingInterval %d\nV3AuthVoteDelay %d\nV3AuthDistDelay %d\nV3AuthNIntervalsValid %d\n", first, vote, dist, intervalsGood)
	fmt.Fprintf(&b, "TestingV3AuthVotingStartOffset %d\n", offset)
	// Equal measured weights, and stability for all: by chance a single relay
	// would carry all the weight, be chosen for both ends of each path, and no
	// path could be built.
	fmt.Fprintf(&b, "V3BandwidthsFile \"%s\"\n", filepath.Join(dir, "bandwidth"))
	b.WriteString("AuthDirVoteStableGuaranteeMinUptime 1 seconds\nAuthDirVoteStableGuaranteeMTBF 1 seconds\n")
	b.WriteString("TestingDirAuthVoteGuard *\nTestingDirAuthVoteHSDir *\n")
	return b.String()
}

// offsetFor is the voting offset with which a vote takes effect at the given
// time.
func offsetFor(t time.Time) int { return int(t.Unix() % int64(interval.Seconds())) }

// hold is an offset with which no vote comes for nearly a whole interval.
func hold() int { return offsetFor(time.Now().Add(-time.Minute)) }

// errNothingSaved means that the folder holds no network.
var errNothingSaved = errors.New("no saved network")

// maxPlan limits the plan file; a plan has about 1,500 bytes.
const maxPlan = 16 << 10

func readPlan(dir string) (plan, error) {
	b, err := os.ReadFile(filepath.Join(dir, "plan.json"))
	if errors.Is(err, os.ErrNotExist) {
		return plan{}, errNothingSaved
	}
	if err != nil {
		return plan{}, err
	}
	return parsePlan(b)
}

// parsePlan accepts exactly what format writes.
func parsePlan(b []byte) (plan, error) {
	var p plan
	if len(b) > maxPlan {
		return p, errors.New("saved plan is too large")
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return p, fmt.Errorf("saved plan: %w", err)
	}
	if !bytes.Equal(p.format(), b) {
		return p, errors.New("saved plan was changed")
	}
	return p, p.check()
}

func (p plan) format() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "\t")
	// A plan holds strings and numbers only, which can always be written.
	_ = e.Encode(p)
	return b.Bytes()
}

// check refuses a plan that this version would not have made: its names become
// folders, and all of it goes into torrc files.
func (p plan) check() error {
	if len(p.Nodes) != authorities+relays {
		return fmt.Errorf("saved plan has %d nodes", len(p.Nodes))
	}
	for i, m := range p.Nodes {
		named := m.Name == nodeName(i) && isName(m.Fingerprint) && m.authority() == (i < authorities)
		if m.authority() {
			named = named && isName(m.V3Ident)
		}
		if !named || m.ORPort < 1024 || m.ORPort > 65535 || m.DirPort < 0 || m.DirPort > 65535 {
			return fmt.Errorf("saved plan: node %d is not as expected", i)
		}
	}
	return nil
}

// isName tells whether s has the form of a key's name.
func isName(s string) bool {
	return len(s) == 40 && strings.Trim(s, "0123456789ABCDEF") == ""
}

func (p plan) write(dir string) error {
	return os.WriteFile(filepath.Join(dir, "plan.json"), p.format(), 0o600)
}

// freePorts finds n TCP ports nobody listens on, below the range from which the
// system takes the ports of outgoing connections: those would sooner or later
// sit on a port of a saved network.
func freePorts(n int) ([]int, error) {
	var ports []int
	port := 10000 + rand.IntN(18000)
	for tried := 0; len(ports) < n && tried < 2000; tried++ {
		port++
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		ports = append(ports, port)
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	if len(ports) < n {
		return nil, errors.New("no free ports on 127.0.0.1")
	}
	return ports, nil
}
