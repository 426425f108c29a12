package transport_test

import (
	"io"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
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
