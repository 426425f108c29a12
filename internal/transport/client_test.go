package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// echo answers with the body of the request.
func echo(max int64) *program.Route {
	r := step(program.BodyBuffer, func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Body = 200, x.Body
		return nil
	})
	r.MaxBody = max
	return r
}

// TestFrontRefuses: what the driver refuses by itself has API Gateway's shape
// and ends the connection.
func TestFrontRefuses(t *testing.T) {
	addr, s, _ := start(t, transport.Config{Timeouts: quick(), MaxBody: 1000, Handler: routes{
		"*": fixed(200, "hello"),
	}})
	const rest = " HTTP/1.1\r\nHost: h\r\n\r\n"
	for _, tt := range []struct {
		name, raw string
		status    int
		message   string
	}{
		{"garbage", "\x16\x03\x01\x02\x00\x01\x00", 400, "Bad Request"},
		{"long line", "GET /" + strings.Repeat("a", 100000) + rest, 414, "Request URI too long"},
		{"long head", "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("a", 100000) + "\r\n\r\n", 431, "Request Header Fields Too Large"},
		{"many fields", "GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("X:\r\n", 300) + "\r\n", 431, "Request Header Fields Too Large"},
		{"large body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", 413, "Request Too Long"},
		{"expectation", "POST / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", 417, "Expectation Failed"},
		{"version", "GET / HTTP/2.0\r\n\r\n", 505, "HTTP Version Not Supported"},
		{"tunnel", "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 501, "Not Implemented"},
		{"slow head", "GET / HTTP/1.1\r\nHost:", 408, "Request Timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, addr)
			c.send(tt.raw)
			res, body := c.response("GET")
			if want := `{"message":"` + tt.message + `"}`; res.StatusCode != tt.status || body != want {
				t.Errorf("got %d %q, want %d %q", res.StatusCode, body, tt.status, want)
			}
			if res.Header.Get("Content-Type") != "application/json" || !res.Close || !recent(res) {
				t.Errorf("got header %v", res.Header)
			}
			if more := c.rest(); more != "" {
				t.Errorf("after it came %q", more)
			}
			if s.Counters.Refused(tt.status) == 0 {
				t.Errorf("refusal %d was not counted", tt.status)
			}
		})
	}
}

// recent says that an answer has a date, and that it is of today.
func recent(res *http.Response) bool {
	date, err := http.ParseTime(res.Header.Get("Date"))
	return err == nil && time.Since(date).Abs() < time.Minute
}

// TestSilence: a connection on which nothing comes is closed without a word.
func TestSilence(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Timeouts: quick(), Handler: routes{"*": fixed(200, "hello")}})
	c := dial(t, addr)
	if got := c.rest(); got != "" {
		t.Errorf("a new connection ended with %q", got)
	}
	c = dial(t, addr)
	c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	c.response("GET")
	if got := c.rest(); got != "" {
		t.Errorf("an idle connection ended with %q", got)
	}
}

// TestSlowloris: a head that comes byte by byte has no more time than one that
// does not come at all.
func TestSlowloris(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Timeouts: quick(), Handler: routes{"*": fixed(200, "hello")}})
	c := dial(t, addr)
	began := time.Now()
	go func() {
		for _, b := range []byte("GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("X: y\r\n", 1000)) {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if res, _ := c.response("GET"); res.StatusCode != 408 {
		t.Errorf("got %d, want 408", res.StatusCode)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v, want about 100ms", took)
	}
}

// TestSlowBody: a body below the minimum rate is refused, though each byte
// comes within the idle time; one that stops is refused too.
func TestSlowBody(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Timeouts: quick(), Handler: routes{"*": echo(0)}})
	for name, pause := range map[string]time.Duration{"trickle": 10 * time.Millisecond, "stop": time.Hour} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, addr)
			c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				for {
					if _, err := c.Write([]byte{'x'}); err != nil {
						return
					}
					select {
					case <-ctx.Done():
						return
					case <-time.After(pause):
					}
				}
			}()
			res, body := c.response("POST")
			if res.StatusCode != 408 || body != `{"message":"Request Timeout"}` || !res.Close {
				t.Errorf("got %d %q", res.StatusCode, body)
			}
		})
	}
}

// TestBody: bodies arrive whole, however they are framed and cut.
func TestBody(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Handler: routes{"*": echo(300_000)}})
	long := strings.Repeat("0123456789abcdef", 10000)
	chunked := "20;a=b\r\n0123456789abcdef0123456789abcdef\r\n"
	for _, tt := range []struct {
		name, head, body, want string
		status                 int
	}{
		{"none", "", "", "", 200},
		{"small", "Content-Length: 5\r\n", "hello", "hello", 200},
		{"long", fmt.Sprintf("Content-Length: %d\r\n", len(long)), long, long, 200},
		{"small chunks", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n", "hello!", 200},
		{"many chunks", "Transfer-Encoding: chunked\r\n", strings.Repeat(strings.ReplaceAll(chunked, ";a=b", ""), 5000) + "0\r\n\r\n", long, 200},
		{"expected", "Content-Length: 5\r\nExpect: 100-continue\r\n", "hello", "hello", 200},
		{"too large", "Content-Length: 300001\r\n", "", `{"message":"Request Too Long"}`, 413},
		{"chunk too large", "Transfer-Encoding: chunked\r\n", "493e1\r\n", `{"message":"Request Too Long"}`, 413},
		{"broken chunk", "Transfer-Encoding: chunked\r\n", "5\r\nhello0\r\n\r\n", `{"message":"Bad Request"}`, 400},
		{"too many extensions", "Transfer-Encoding: chunked\r\n", strings.Repeat(chunked, 100), `{"message":"Bad Request"}`, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, addr)
			go c.send("POST / HTTP/1.1\r\nHost: h\r\n" + tt.head + "\r\n" + tt.body)
			res, body := c.response("POST")
			if strings.Contains(tt.head, "Expect") {
				if res.StatusCode != 100 {
					t.Errorf("interim answer has status %d", res.StatusCode)
				}
				res, body = c.response("POST")
			}
			if res.StatusCode != tt.status || body != tt.want {
				t.Errorf("got %d %.60q, want %d %.60q", res.StatusCode, body, tt.status, tt.want)
			}
			if tt.status != 200 {
				if !res.Close {
					t.Error("the connection stays open")
				}
				return
			}
			c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if res, _ := c.response("GET"); res.StatusCode != 200 {
				t.Errorf("the next request got %d", res.StatusCode)
			}
		})
	}
}

// TestUnreadBody: a body that nobody wants is read if that is little; else the
// answer says that the connection ends.
func TestUnreadBody(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Timeouts: quick(), Handler: routes{"*": fixed(403, "no")}})
	for _, tt := range []struct {
		name, head string
		size       int
		stays      bool
	}{
		{"little", "Content-Length: 200000\r\n", 200000, true},
		{"much", "Content-Length: 300000\r\n", 300000, false},
		{"waiting", "Content-Length: 5\r\nExpect: 100-continue\r\n", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, addr)
			c.send("POST / HTTP/1.1\r\nHost: h\r\n" + tt.head + "\r\n")
			res, body := c.response("POST") // before the body is sent
			if res.StatusCode != 403 || body != "no" || res.Close == tt.stays {
				t.Errorf("got %d %q, close %v", res.StatusCode, body, res.Close)
			}
			if !tt.stays {
				return
			}
			c.send(strings.Repeat("x", tt.size) + "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if res, body := c.response("GET"); res.StatusCode != 403 || body != "no" {
				t.Errorf("the next request got %d %q", res.StatusCode, body)
			}
		})
	}
}

// TestVersionsAndMethods looks at the heads and framing of answers.
func TestVersionsAndMethods(t *testing.T) {
	stream := step(program.BodyDiscard, func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Stream = 200, io.NopCloser(strings.NewReader("stream"))
		return nil
	})
	unsafe := step(program.BodyDiscard, func(x *program.Exchange) error {
		x.Answer.Status = 200
		x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: []byte("X-A"), Value: []byte("b\r\nSet-Cookie: c=d")})
		return nil
	})
	addr, _, _ := start(t, transport.Config{Handler: routes{
		"/": fixed(200, "hello"), "/none": fixed(204, "not sent"), "/same": fixed(304, "not sent"), "/stream": stream, "/unsafe": unsafe,
		"/interim": fixed(100, "x"), "/panic": step(program.BodyDiscard, func(*program.Exchange) error { panic("a bug") }),
		"/finish": {Steps: fixed(200, "hello").Steps, Finish: []program.Step{{Run: func(*program.Exchange) error { panic("a bug") }}}},
		"/error":  step(program.BodyDiscard, func(*program.Exchange) error { return errors.New("secret") }),
	}})
	const internal = "HTTP/1.1 500 Internal Server Error\r\nDate: D\r\nx-amzn-ErrorType: InternalServerErrorException\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n" + `{"message": "Internal server error"}`
	for _, tt := range []struct{ name, raw, want string }{
		{"1.1", "GET / HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\n\r\nhello"},
		{"1.1 close", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
		{"1.0", "GET / HTTP/1.0\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
		{"1.0 stays", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"},
		{"head", "HEAD / HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\n\r\n"},
		{"204", "GET /none HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n"},
		{"304", "GET /same HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 304 Not Modified\r\nDate: D\r\n\r\n"},
		{"stream", "GET /stream HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nstream\r\n0\r\n\r\n"},
		{"stream to 1.0", "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\nstream"},
		{"stream to head", "HEAD /stream HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"upgrade", "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
		{"header injection", "GET /unsafe HTTP/1.1\r\nHost: h\r\n", internal},
		{"no final status", "GET /interim HTTP/1.1\r\nHost: h\r\n", internal},
		{"panic", "GET /panic HTTP/1.1\r\nHost: h\r\n", internal},
		{"panic afterwards", "GET /finish HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\n\r\nhello"},
		{"error", "GET /error HTTP/1.1\r\nHost: h\r\n", internal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, addr)
			c.send(tt.raw + "\r\n")
			if tcp, ok := c.Conn.(*net.TCPConn); ok {
				_ = tcp.CloseWrite() // a client that has half closed gets its answer
			}
			got := c.rest()
			if at := strings.Index(got, "Date: "); at > 0 {
				got = got[:at+6] + "D" + got[at+6+len(http.TimeFormat):]
			}
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestPipelined: a thousand requests in one write are answered in order.
func TestPipelined(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Handler: routes{"*": step(program.BodyDiscard, func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Body = 200, x.Path
		return nil
	})}})
	c := dial(t, addr)
	var raw strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&raw, "GET /%d HTTP/1.1\r\nHost: h\r\n\r\n", i)
	}
	go c.send(raw.String())
	for i := range 1000 {
		if _, body := c.response("GET"); body != fmt.Sprintf("/%d", i) {
			t.Fatalf("answer %d is %q", i, body)
		}
	}
}

// TestZeroWindow: a client that does not read is given up, and what it costs
// comes to an end with it.
func TestZeroWindow(t *testing.T) {
	large := strings.Repeat("x", 64<<20)
	addr, s, _ := start(t, transport.Config{Timeouts: quick(), Handler: routes{"*": fixed(200, large)}})
	c := dial(t, addr)
	c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	await(t, "the connection is given up", func() bool { return s.Counters.Open.Load() == 0 && s.Counters.Accepted.Load() == 1 })
	if s.Counters.Aborted.Load() != 1 {
		t.Error("the answer does not count as aborted")
	}
}
