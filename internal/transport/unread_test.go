package transport_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// long answers each request with its own target, many times.
func long(size int) *program.Route {
	return step(0, func(x *program.Exchange) error {
		x.Answer.Status = 200
		x.Answer.Body = x.Keep(strings.Repeat(string(x.Request.Target), size/len(x.Request.Target)))
		return nil
	})
}

// unread is a server and a client that does not read at first, with and without TLS.
func unread(t *testing.T, size int, patience time.Duration, test func(t *testing.T, c *client, s *transport.Server, stop func())) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", secure), func(t *testing.T) {
			cert, pool := transporttest.Certificate(t, "127.0.0.1")
			var server *tls.Config
			if secure {
				server = &tls.Config{Certificates: []tls.Certificate{cert}}
			}
			addr, s, stop := startTLS(t, transport.Config{
				Handler: routes{"*": long(size)}, Timeouts: transport.Timeouts{WriteIdle: patience},
			}, server)
			c := dial(t, addr)
			if err := c.Conn.(*net.TCPConn).SetReadBuffer(256 << 10); err != nil {
				t.Fatal(err)
			}
			if secure {
				c.Conn = tls.Client(c.Conn, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
				c.br.Reset(c.Conn)
			}
			if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			test(t, c, s, stop)
		})
	}
}

// ask sends requests, one at a time, until the gateway answers no more, since
// nobody reads.
func ask(t *testing.T, c *client, s *transport.Server) (asked int) {
	t.Helper()
	for asked < 4000 {
		c.send(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: h\r\n\r\n", asked))
		asked++
		for end := time.Now().Add(time.Second); s.Counters.Requests.Load() < int64(asked); {
			if time.Now().After(end) {
				return asked
			}
		}
	}
	t.Fatal("thousands of answers were written to somebody who does not read")
	return 0
}

// TestUnreadAnswers: answers that a client leaves lying wait for it, and it gets
// all of them in their order, also if the server is to stop meanwhile.
func TestUnreadAnswers(t *testing.T) {
	const size = 9000
	for _, stops := range []bool{false, true} {
		t.Run(fmt.Sprintf("stops=%v", stops), func(t *testing.T) {
			unread(t, size, time.Minute, func(t *testing.T, c *client, s *transport.Server, stop func()) {
				asked := ask(t, c, s)
				if stops {
					stopped := make(chan struct{})
					go func() {
						defer close(stopped)
						stop()
					}()
					defer func() {
						_ = c.Close() // what is left of it need not be waited for
						<-stopped
					}()
				}
				for i := range asked {
					res, err := http.ReadResponse(c.br, nil)
					if err != nil {
						if stops && i > 0 && int64(i) == s.Counters.Requests.Load() {
							return // the others were not begun
						}
						t.Fatalf("answer %d of %d: %v", i, asked, err)
					}
					body, err := io.ReadAll(res.Body)
					target := fmt.Sprintf("/%d", i)
					if err != nil || string(body) != strings.Repeat(target, size/len(target)) {
						t.Fatalf("answer %d has %d bytes, %v", i, len(body), err)
					}
				}
			})
		})
	}
}

// TestNeverRead: who takes nothing of an answer is given up in the end, and the
// answer counts as broken off.
func TestNeverRead(t *testing.T) {
	unread(t, 9000, 3*time.Second, func(t *testing.T, c *client, s *transport.Server, _ func()) {
		ask(t, c, s)
		// crypto/tls takes five more seconds to say goodbye on a goroutine
		for end := time.Now().Add(15 * time.Second); s.Counters.Open.Load() > 0 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		if n := s.Counters.Open.Load(); n > 0 {
			t.Error("the connection is not given up")
		}
		if n := s.Counters.Aborted.Load(); n == 0 {
			t.Error("no answer was counted as broken off")
		}
	})
}

// TestGoneBeforeAnswer: a client that resets its connection while its answer is
// under way leaves nothing behind.
func TestGoneBeforeAnswer(t *testing.T) {
	unread(t, 9000, time.Minute, func(t *testing.T, c *client, s *transport.Server, _ func()) {
		ask(t, c, s)
		raw, ok := c.Conn.(*net.TCPConn)
		if !ok {
			raw = c.Conn.(*tls.Conn).NetConn().(*net.TCPConn)
		}
		_ = raw.SetLinger(0) // so that closing it resets it
		_ = raw.Close()
		await(t, "the connection is gone", func() bool { return s.Counters.Open.Load() == 0 })
	})
}
