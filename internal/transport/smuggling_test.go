package transport_test

import (
	"crypto/tls"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// methods lets only API Gateway's methods reach a route.
type methods struct{ routes }

func (m methods) Begin(x *program.Exchange) {
	switch string(x.Request.Method) {
	case "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		m.routes.Begin(x)
	default:
		x.Route = m.routes["*"]
	}
}

func TestSmuggling(t *testing.T) {
	for _, tt := range []struct {
		name string
		mode program.BodyMode
		tls  bool
	}{
		{"streamed", program.BodyStream, false},
		{"buffered", program.BodyBuffer, false},
		{"tls", program.BodyStream, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && tt.name != "streamed" {
				t.Skip("one of three ways")
			}
			t.Parallel()
			up := transporttest.NewUpstream(t)
			ups := transport.NewUpstreams(transport.UpstreamConfig{})
			t.Cleanup(ups.Close)
			open := &program.Route{Body: tt.mode, Steps: proxy(ups.Origin("http", up.Addr, "", false))}
			var server, client *tls.Config
			if tt.tls {
				cert, pool := transporttest.Certificate(t, "127.0.0.1")
				server = &tls.Config{Certificates: []tls.Certificate{cert}}
				client = &tls.Config{RootCAs: pool}
			}
			addr, _, _ := startTLS(t, transport.Config{Upstreams: ups, Handler: methods{routes{
				"/": open, "/a": open, "/b": open, "/public/*": open, "/smuggled": open,
				"/admin": fixed(403, "denied"), "*": fixed(403, "no such route"),
			}}}, server)
			transporttest.RunSmuggling(t, transporttest.Target{Addr: addr, TLS: client}, up)
		})
	}
}
