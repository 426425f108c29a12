package transport_test

import (
	"crypto/tls"
	"io"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// TestUpstreamGoesDuringUpload: an upstream that goes before it has the whole
// request has failed; the client, who was still sending, was told that it had.
func TestUpstreamGoesDuringUpload(t *testing.T) {
	addr, accept := byHand(t)
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	gw, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{
		"*": {Body: program.BodyStream, Steps: proxy(ups.Origin("http", addr, "", false))},
	}})
	c := dial(t, gw)
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhello")
	up := accept()
	readHead(t, up)
	_, _ = io.ReadFull(up, make([]byte, 5)) // the end is one in order then
	_ = up.Close()
	if res, body := c.response("POST"); res.StatusCode != 504 {
		t.Errorf("got %d %q, want 504, a failure of the upstream", res.StatusCode, body)
	}
}

// TestGoodbye: a client that says over TLS that nothing more comes, but leaves the
// connection open, is let go at once, also if it says so after its answer.
func TestGoodbye(t *testing.T) {
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	addr, s, _ := startTLS(t, transport.Config{Handler: routes{"*": fixed(200, "x")}}, &tls.Config{Certificates: []tls.Certificate{cert}})
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if n, err := c.Read(make([]byte, 1000)); n == 0 {
			t.Fatal(err)
		}
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	await(t, "the connection is closed", func() bool { return s.Counters.Open.Load() == 0 })
}
