package runtimeapi

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// conn is one connection of the environment's processes.
type conn struct {
	s    *Server
	nc   net.Conn
	raw  syscall.RawConn
	r    *bufio.Reader
	host string // what the Host header must say
	out  []byte // the reply being written, by this connection's goroutine
	// event is the event being written, by whom took the connection from Server.poll.
	event []byte
}

// serve reads requests until the connection ends. While a long poll is open it
// already reads, so that a runtime's end is noticed.
func (c *conn) serve() {
	defer c.s.wg.Done()
	defer c.leave()
	for {
		q, err := readRequest(c.r)
		if errors.Is(err, errMalformed) || errors.Is(err, errHead) {
			_ = c.fail(400, "InvalidRequest", err.Error())
			return
		}
		if err != nil || c.polls() {
			return // a request behind an open long poll breaks the protocol
		}
		if q.foreign || q.host != "" && q.host != c.host {
			_ = c.fail(403, "Forbidden", "the Runtime API answers the function's own processes only")
			return
		}
		b := newBody(c.r, q.length)
		if q.expect && q.length != 0 {
			if _, err := c.nc.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n")); err != nil {
				return
			}
		}
		if err := c.route(&q, b); err != nil || q.close && !c.polls() {
			return
		}
		if _, err := io.Copy(io.Discard, b); err != nil {
			return
		}
	}
}

// polls tells whether the connection is in a long poll.
func (c *conn) polls() bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.s.poll == c {
		return true
	}
	for _, x := range c.s.extensions {
		if x.poll == c {
			return true
		}
	}
	return false
}

// leave forgets the connection. A long poll on it is over: the runtime may open another.
func (c *conn) leave() {
	_ = c.nc.Close()
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.poll == c {
		s.poll, s.ready = nil, false
		close(s.pollGone)
	}
	for _, x := range s.extensions {
		if x.poll == c {
			x.poll = nil
		}
	}
}

const (
	runtimePath    = "/2018-06-01/runtime/"
	invocationPath = runtimePath + "invocation/"
	extensionPath  = "/2020-01-01/extension/"
)

// route plays one request. An error ends the connection.
func (c *conn) route(q *request, b *body) error {
	switch q.method + " " + q.path {
	case "GET " + invocationPath + "next":
		return c.next()
	case "POST " + runtimePath + "init/error":
		return c.initError(q, b)
	case "GET " + runtimePath + "restore/next", "POST " + runtimePath + "restore/error":
		return c.fail(404, "NotFound", "SnapStart is not available")
	case "POST " + extensionPath + "register":
		return c.register(q, b)
	case "GET " + extensionPath + "event/next":
		return c.eventNext(q)
	case "POST " + extensionPath + "init/error", "POST " + extensionPath + "exit/error":
		return c.extensionError(q)
	case "PUT /2022-07-01/telemetry", "PUT /2020-08-15/logs":
		// parity: services-observability.md 7.1.2
		return c.reply(202, "text/plain", "", []byte("OK"))
	}
	if id, verb, ok := strings.Cut(strings.TrimPrefix(q.path, invocationPath), "/"); ok && q.method == "POST" && strings.HasPrefix(q.path, invocationPath) {
		switch verb {
		case "response":
			return c.response(id, q, b)
		case "error":
			return c.invocationError(id, q, b)
		}
	}
	return c.fail(404, "NotFound", "404 page not found")
}

// reply writes a whole answer; extra is header lines.
func (c *conn) reply(status int, contentType, extra string, payload []byte) error {
	c.out = appendReply(c.out[:0], status, contentType, extra, payload)
	_, err := c.nc.Write(c.out)
	return err
}

func appendReply(b []byte, status int, contentType, extra string, payload []byte) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(append(b, ' '), reason(status)...)
	b = append(b, "\r\nContent-Type: "...)
	b = append(append(b, contentType...), "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(append(append(b, "\r\n"...), extra...), "\r\n"...)
	return append(b, payload...)
}

func reason(status int) string {
	switch status {
	case 200:
		return "OK"
	case 202:
		return "Accepted"
	case 400:
		return "Bad Request"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 413:
		return "Payload Too Large"
	}
	return "Error"
}

// accepted is the answer to a result or an error.
// parity: services-observability.md 7.1
func (c *conn) accepted() error {
	return c.reply(202, "application/json", "", []byte(`{"status":"OK"}`+"\n"))
}

// fail writes an error of the Runtime API itself.
// parity: services-observability.md 7.1
func (c *conn) fail(status int, errorType, message string) error {
	payload, err := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{errorType, message})
	if err != nil {
		return err
	}
	return c.reply(status, "application/json", "", payload)
}
