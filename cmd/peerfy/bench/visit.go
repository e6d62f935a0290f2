package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// visitor is one kept-alive connection of a browser, with the cookie that it was
// given.
type visitor struct {
	conn         net.Conn
	r            *bufio.Reader
	host, cookie string
}

func visit(socket, host string) (*visitor, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	return newVisitor(c, host), nil
}

func newVisitor(c net.Conn, host string) *visitor {
	return &visitor{conn: c, r: bufio.NewReader(c), host: host}
}

func (v *visitor) close() { v.conn.Close() }

// again takes a new connection, as a browser does through Tor when it comes back.
func (v *visitor) again(socket string) error {
	fresh, err := visit(socket, v.host)
	if err != nil {
		return err
	}
	v.close()
	v.conn, v.r = fresh.conn, fresh.r
	return nil
}

// ask sends a request, with a form if it has one, and returns the answer, whose
// body the caller reads to its end before it asks again.
func (v *visitor) ask(path string, form url.Values) (*http.Response, error) {
	var b strings.Builder
	method, body := "GET", form.Encode()
	if form != nil {
		method = "POST"
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, v.host)
	if v.cookie != "" {
		fmt.Fprintf(&b, "Cookie: %s\r\n", v.cookie)
	}
	if form != nil {
		fmt.Fprintf(&b, "Origin: http://%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", v.host, len(body))
	}
	if _, err := v.conn.Write([]byte(b.String() + "\r\n" + body)); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(v.r, nil)
	if err != nil {
		return nil, err
	}
	for _, c := range resp.Cookies() {
		if !c.Secure { // as a browser that drops Secure cookies over http
			v.cookie = c.Name + "=" + c.Value
		}
	}
	return resp, nil
}

// want sends a request and reads the answer, which must have that status.
func (v *visitor) want(status int, path string, form url.Values) ([]byte, error) {
	resp, err := v.ask(path, form)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != status {
		err = fmt.Errorf("%s: %s instead of %d", path, resp.Status, status)
	}
	return body, errors.Join(err, resp.Body.Close())
}

// logIn shows a pass or an account code.
func (v *visitor) logIn(field, text string) error {
	_, err := v.want(http.StatusSeeOther, "/login", url.Values{field: {text}})
	return err
}
