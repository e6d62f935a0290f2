package onion

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// maxProxyLine is the longest line that the PROXY protocol, version 1, allows,
// with its line end.
const maxProxyLine = 107

// The parts of the line that never change.
const (
	proxyStart  = "PROXY TCP6 fc00:dead:beef:4dad::"
	proxyMiddle = " ::1 "
)

var errProxyHeader = errors.New("connection does not start with tor's PROXY line")

// ProxyHeader is the line that tor writes before each stream when
// HiddenServiceExportCircuitID is "haproxy" (tor(1); the PROXY protocol,
// version 1, section 2.1). The last 32 bits of its made-up source address are
// the number of the circuit:
//
//	PROXY TCP6 fc00:dead:beef:4dad::0:84 ::1 132 80<CR><LF>
//
// is circuit 0x84 = 132, port 80 of the service. The source port repeats the
// lower half of the number.
type ProxyHeader struct {
	Circuit    uint32
	SourcePort uint16
	Port       uint16
}

// FormatProxyHeader writes the line as tor does, with its line end.
func FormatProxyHeader(h ProxyHeader) []byte {
	return fmt.Appendf(nil, "%s%x:%x%s%d %d\r\n", proxyStart, h.Circuit>>16, h.Circuit&0xffff, proxyMiddle, h.SourcePort, h.Port)
}

// ParseProxyHeader reads one whole line, with its line end. It accepts exactly
// what FormatProxyHeader writes.
func ParseProxyHeader(line []byte) (ProxyHeader, error) {
	var h ProxyHeader
	if len(line) > maxProxyLine {
		return h, errProxyHeader
	}
	rest, ok1 := bytes.CutPrefix(line, []byte(proxyStart))
	number, ports, ok2 := bytes.Cut(rest, []byte(proxyMiddle))
	high, low, ok3 := bytes.Cut(number, []byte(":"))
	source, port, ok4 := bytes.Cut(bytes.TrimSuffix(ports, []byte("\r\n")), []byte(" "))
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return h, errProxyHeader
	}
	a, err1 := strconv.ParseUint(string(high), 16, 16)
	b, err2 := strconv.ParseUint(string(low), 16, 16)
	c, err3 := strconv.ParseUint(string(source), 10, 16)
	d, err4 := strconv.ParseUint(string(port), 10, 16)
	h = ProxyHeader{Circuit: uint32(a<<16 | b), SourcePort: uint16(c), Port: uint16(d)}
	if errors.Join(err1, err2, err3, err4) != nil || !bytes.Equal(FormatProxyHeader(h), line) {
		return ProxyHeader{}, errProxyHeader
	}
	return h, nil
}

// lineEnd is the length of the first line in b with its line end, or 0 if it
// has not ended yet.
func lineEnd(b []byte) int { return bytes.IndexByte(b, '\n') + 1 }
