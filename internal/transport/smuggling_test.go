package transport_test

import (
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
	up := transporttest.NewUpstream(t)
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	pass := proxy(ups.Origin("http", up.Addr, "", false))
	for name, mode := range map[string]program.BodyMode{"buffered": program.BodyBuffer, "streamed": program.BodyStream} {
		t.Run(name, func(t *testing.T) {
			open := &program.Route{Body: mode, Steps: pass}
			addr, _, _ := start(t, transport.Config{Upstreams: ups, Handler: methods{routes{
				"/": open, "/a": open, "/b": open, "/public/*": open, "/smuggled": open,
				"/admin": fixed(403, "denied"), "*": fixed(403, "no such route"),
			}}})
			transporttest.RunSmuggling(t, transporttest.Target{Addr: addr}, up)
		})
	}
}
