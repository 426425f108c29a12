package transport_test

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// TestLoad is a gateway to put load on from outside, with the ports of the
// scenarios in bench: 8701 proxy, 8704 fixed answer, 8706 TLS proxy, 8707 TLS
// fixed answer. It serves until it is interrupted, and is skipped unless
// STAGEDOOR_LOAD names the directory with tls.crt and tls.key;
// STAGEDOOR_ENGINE is the driver;
// STAGEDOOR_LOAD_HUNDRED is the hundred of the ports, for two at a time:
//
//	go test -c -o bin/transport ./internal/transport
//	STAGEDOOR_LOAD=run taskset -c 0 bin/transport -test.run TestLoad -test.timeout 0
func TestLoad(t *testing.T) {
	dir := os.Getenv("STAGEDOOR_LOAD")
	if dir == "" {
		t.Skip("STAGEDOOR_LOAD is not set")
	}
	hundred := "87"
	if h := os.Getenv("STAGEDOOR_LOAD_HUNDRED"); h != "" {
		hundred = h
	}
	cert, err := tls.LoadX509KeyPair(dir+"/tls.crt", dir+"/tls.key")
	if err != nil {
		t.Fatal(err)
	}
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	pass := &program.Route{Body: program.BodyStream, Steps: proxy(ups.Origin("http", "127.0.0.1:9000", "", false))}
	hello := fixed(200, `{"message":"hello","ok":1}`)
	var loops *transport.Loops
	if engine == "epoll" {
		loops = transport.NewLoops(transport.LoopsConfig{Upstreams: ups})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	for port, route := range map[string]*program.Route{"01": pass, "04": hello, "06 tls": pass, "07 tls": hello} {
		s := transport.NewServer(transport.Config{Upstreams: ups, Loops: loops, Handler: routes{"*": route}})
		number, secure, _ := strings.Cut(port, " ")
		ln, err := net.Listen("tcp", "127.0.0.1:"+hundred+number)
		if err != nil {
			t.Fatal(err)
		}
		g.Go(func() error {
			if secure == "" {
				return s.Serve(ctx, ln)
			}
			return s.ServeTLS(ctx, ln, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true})
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	ups.Close()
}
