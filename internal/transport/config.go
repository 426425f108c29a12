package transport

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// Config is all that a Server is told. Zero fields take their default, but
// Handler has none.
type Config struct {
	Handler   Handler
	Upstreams *Upstreams   // where calls go; shared by servers. Default: new ones with defaults
	Log       *slog.Logger // default: discards

	// Loops serve the connections, where there are any; they bring their own
	// Upstreams. Nil: each connection has its goroutine.
	Loops *Loops

	Limits   http1.Limits // of request heads
	Timeouts Timeouts

	// MaxBody is the most bytes of a request body, whatever the route says.
	// Default 10,485,760.
	// parity: developer guide, "Amazon API Gateway important notes and limits"
	MaxBody int64

	// MaxConns is the most connections open at a time, MaxConnsPerAddr of them
	// from one address; one more is closed at once. Defaults 65,536 and 16,384.
	MaxConns, MaxConnsPerAddr int

	// MaxStreams is the most concurrent HTTP/2 streams of one connection.
	// Default 100.
	MaxStreams uint32

	// Proxied says whose connections begin with a header of the PROXY protocol,
	// and must: the client is then whom it names. Nil: nobody's.
	Proxied func(remote netip.Addr) bool

	// Grace is how long requests under way may take to finish once Serve is
	// told to stop. Default 30s.
	Grace time.Duration
}

// Timeouts bound every wait for a client.
type Timeouts struct {
	FirstByte time.Duration // from accept to the first byte. Default 5s
	Handshake time.Duration // of TLS. Default 10s
	Header    time.Duration // from the first byte of a head to its last. Default 10s
	BodyIdle  time.Duration // between two parts of a body. Default 10s
	// BodyGrace is for how long a body may come slower than BodyRate bytes a
	// second; only time spent waiting for the client counts. Defaults 5s, 500.
	BodyGrace time.Duration
	BodyRate  int64
	WriteIdle time.Duration // for the client to take the next part of an answer. Default 30s
	// KeepAlive is how long a connection may be idle between two requests.
	// Default 60s. API Gateway: 310s.
	KeepAlive time.Duration
	// Linger is how long what a client still sends is thrown away after an
	// answer that ends the connection early; without it the reset that
	// unread bytes provoke would destroy the answer. Default 1s.
	Linger time.Duration
}

// lingerBytes is how much of an unread body is read so that the connection can
// stay open. parity: security.md 9.2
const lingerBytes = 256 << 10

func (t Timeouts) defaults() Timeouts {
	orDuration(&t.FirstByte, 5*time.Second)
	orDuration(&t.Handshake, 10*time.Second)
	orDuration(&t.Header, 10*time.Second)
	orDuration(&t.BodyIdle, 10*time.Second)
	orDuration(&t.BodyGrace, 5*time.Second)
	orDuration(&t.WriteIdle, 30*time.Second)
	orDuration(&t.KeepAlive, 60*time.Second)
	orDuration(&t.Linger, time.Second)
	if t.BodyRate <= 0 {
		t.BodyRate = 500
	}
	return t
}

func (c Config) defaults() Config {
	c.Limits = c.Limits.Defaults()
	c.Timeouts = c.Timeouts.defaults()
	orDuration(&c.Grace, 30*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Loops != nil {
		c.Upstreams = c.Loops.upstreams()
	}
	if c.Upstreams == nil {
		c.Upstreams = NewUpstreams(UpstreamConfig{})
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 10 << 20
	}
	if c.MaxConns <= 0 {
		c.MaxConns = 65536
	}
	if c.MaxConnsPerAddr <= 0 {
		c.MaxConnsPerAddr = 16384
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = 100
	}
	return c
}

func orDuration(d *time.Duration, or time.Duration) {
	if *d <= 0 {
		*d = or
	}
}
