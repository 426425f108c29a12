// Package transporttest has what tests of a gateway's data plane share: an
// upstream that shows what was really sent to it, and the runner of the
// request smuggling cases. Neither uses net/http, which would hide the
// differences that they are there to see.
package transporttest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Received is a request as the upstream got it.
type Received struct {
	Method, Target string
	Fields         [][2]string // in order, as they were spelled
	Body           string
	Raw            string // head, byte for byte
}

// Get is the values of a field, whose case does not matter.
func (r Received) Get(name string) (values []string) {
	for _, f := range r.Fields {
		if strings.EqualFold(f[0], name) {
			values = append(values, f[1])
		}
	}
	return values
}

// Upstream is a back end that reads requests by the letter, keeps each one
// that is complete, and answers 200. It reads leniently where a careless back
// end would, so that a request hidden in another one comes to light.
type Upstream struct {
	// Addr is where it listens.
	Addr string

	ln net.Listener
	wg sync.WaitGroup

	mu       sync.Mutex
	received []Received
	partial  int
	conns    map[net.Conn]struct{}
	reply    func(Received) string
}

// settle waits until no request has come for a while.
func (u *Upstream) settle(quiet time.Duration) {
	for n := -1; n != len(u.Received()); {
		n = len(u.Received())
		time.Sleep(quiet)
	}
}

// NewUpstream starts an upstream that ends with the test.
func NewUpstream(t testing.TB) *Upstream {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // of a test
	if err != nil {
		t.Fatal(err)
	}
	u := &Upstream{Addr: ln.Addr().String(), ln: ln, conns: map[net.Conn]struct{}{}}
	u.wg.Go(u.accept)
	t.Cleanup(u.close)
	return u
}

// Reply sets what is answered from now on: a whole response. The default is
// 200 with a body that names the request's method and target.
func (u *Upstream) Reply(f func(Received) string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reply = f
}

// Received is what came complete so far, in order.
func (u *Upstream) Received() []Received {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]Received(nil), u.received...)
}

// Partial is how many requests broke off.
func (u *Upstream) Partial() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.partial
}

// Conns is how many connections are open.
func (u *Upstream) Conns() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.conns)
}

// CloseConns closes all connections, as a back end does that restarts.
func (u *Upstream) CloseConns() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.conns {
		_ = c.Close() // its reader ends
	}
}

func (u *Upstream) close() {
	_ = u.ln.Close()
	u.CloseConns()
	u.wg.Wait()
}

func (u *Upstream) accept() {
	for {
		c, err := u.ln.Accept()
		if err != nil {
			return
		}
		u.mu.Lock()
		u.conns[c] = struct{}{}
		u.mu.Unlock()
		u.wg.Go(func() {
			u.serve(c)
			_ = c.Close()
			u.mu.Lock()
			delete(u.conns, c)
			u.mu.Unlock()
		})
	}
}

func (u *Upstream) serve(c net.Conn) {
	br := bufio.NewReader(c)
	for {
		r, err := readRequest(br)
		u.mu.Lock()
		if err != nil {
			if r.Raw != "" {
				u.partial++
			}
			u.mu.Unlock()
			return
		}
		u.received = append(u.received, r)
		reply := u.reply
		u.mu.Unlock()
		if reply == nil {
			reply = standard
		}
		if _, err := io.WriteString(c, reply(r)); err != nil {
			return
		}
	}
}

// Mark is in every standard answer of an upstream, so that it can be told from
// the gateway's own.
const Mark = "X-Upstream: 1\r\n"

func standard(r Received) string {
	body := r.Method + " " + r.Target
	length := len(body)
	if r.Method == "HEAD" {
		body = ""
	}
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"+Mark+"Content-Length: %d\r\n\r\n%s", length, body)
}

// readRequest reads one request by Content-Length, or by chunks if there is
// none. Raw is empty if not one byte came.
func readRequest(br *bufio.Reader) (r Received, err error) {
	for {
		line, err := br.ReadString('\n')
		r.Raw += line
		if err != nil {
			return r, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case r.Method == "" && line == "":
		case r.Method == "":
			parts := strings.SplitN(line, " ", 3)
			if len(parts) != 3 {
				return r, fmt.Errorf("request line %q", line)
			}
			r.Method, r.Target = parts[0], parts[1]
		case line == "":
			r.Body, err = readBody(br, &r)
			return r, err
		default:
			name, value, _ := strings.Cut(line, ":")
			r.Fields = append(r.Fields, [2]string{name, strings.TrimSpace(value)})
		}
	}
}

func readBody(br *bufio.Reader, r *Received) (string, error) {
	if length := r.Get("Content-Length"); len(length) > 0 {
		n, err := strconv.Atoi(length[0])
		if err != nil {
			return "", err
		}
		b := make([]byte, n)
		_, err = io.ReadFull(br, b)
		return string(b), err
	}
	if len(r.Get("Transfer-Encoding")) == 0 {
		return "", nil
	}
	var body bytes.Buffer
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return body.String(), err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(line), 16, 64)
		if err != nil {
			return body.String(), err
		}
		if _, err := io.CopyN(&body, br, n); err != nil {
			return body.String(), err
		}
		if line, err = br.ReadString('\n'); err != nil {
			return body.String(), err
		}
		if strings.TrimSpace(line) != "" {
			return body.String(), errors.New("chunk has no end")
		}
		if n == 0 {
			return body.String(), nil
		}
	}
}

// Await waits until f holds, for at most two seconds.
func Await(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("waited in vain until %s", what)
			return
		}
	}
}
