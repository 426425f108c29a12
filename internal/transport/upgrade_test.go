package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// shout is a route that switches to a protocol in which lines come back in
// capitals, until the server stops.
func shout(ended chan<- error) *program.Route {
	return step(program.BodyDiscard, func(x *program.Exchange) error {
		x.Answer.Status = 101
		x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: []byte("X-A"), Value: []byte("b")})
		x.Answer.Upgrade = func(ctx context.Context, conn net.Conn) {
			stop := context.AfterFunc(ctx, func() { _, _ = io.WriteString(conn, "BYE\n") })
			defer stop()
			br := bufio.NewReader(conn)
			for {
				line, err := br.ReadString('\n')
				if err != nil {
					ended <- err
					return
				}
				if _, err := io.WriteString(conn, strings.ToUpper(line)); err != nil {
					ended <- err
					return
				}
			}
		}
		return nil
	})
}

// TestUpgrade: a connection that switches protocols is the route's, from the
// first byte after the head to the end.
func TestUpgrade(t *testing.T) {
	for _, name := range []string{"plain", "tls"} {
		t.Run(name, func(t *testing.T) {
			var server, trust *tls.Config
			if name == "tls" {
				cert, pool := transporttest.Certificate(t, "127.0.0.1")
				server, trust = &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
			}
			ended := make(chan error, 1)
			addr, s, stop := startTLS(t, transport.Config{Handler: routes{"*": shout(ended), "/": fixed(200, "hello")}}, server)
			c := dial(t, addr)
			if trust != nil {
				c.Conn = tls.Client(c.Conn, trust)
				c.br = bufio.NewReader(c.Conn)
			}
			c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			c.response("GET")
			c.send("GET /up HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\nearly\nhal")
			res, err := http.ReadResponse(c.br, nil)
			if err != nil || res.StatusCode != 101 || res.Header.Get("Upgrade") != "shout" || res.Header.Get("Connection") != "Upgrade" || res.Header.Get("X-A") != "b" {
				t.Fatalf("got %+v, %v", res, err)
			}
			c.send("f\n")
			for _, want := range []string{"EARLY\n", "HALF\n"} {
				if got, err := c.br.ReadString('\n'); err != nil || got != want {
					t.Fatalf("got %q, %v, want %q", got, err, want)
				}
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				stop()
			}()
			if got, err := c.br.ReadString('\n'); err != nil || got != "BYE\n" {
				t.Errorf("at the end came %q, %v", got, err)
			}
			_ = c.Close()
			<-ended
			<-done
			if n := s.Counters.Open.Load(); n != 0 {
				t.Errorf("%d connections are open", n)
			}
		})
	}
}

// TestUpgradeForced: who does not go when the server stops is cut off, also one
// that is just being switched.
func TestUpgradeForced(t *testing.T) {
	for range 30 {
		ended := make(chan error, 1)
		addr, _, stop := start(t, transport.Config{Handler: routes{"*": shout(ended)}, Grace: 1})
		c := dial(t, addr)
		c.send("GET /up HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n")
		if _, err := http.ReadResponse(c.br, nil); err != nil {
			t.Fatal(err)
		}
		stop()
		<-ended
	}
}

// TestUpgradeRefused: nobody is switched who did not ask for it.
func TestUpgradeRefused(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Handler: routes{"*": shout(nil)}})
	for _, raw := range []string{
		"GET /up HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /up HTTP/1.1\r\nHost: h\r\nUpgrade: shout\r\n\r\n",
		"GET /up HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n",
		"POST /up HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: shout\r\nContent-Length: 1\r\n\r\nx",
	} {
		c := dial(t, addr)
		c.send(raw)
		if res, _ := c.response("GET"); res.StatusCode != 500 {
			t.Errorf("%q got %d", raw, res.StatusCode)
		}
	}
}
