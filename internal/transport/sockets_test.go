package transport_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// generation is a server on sockets that were handed over, or the first.
type generation struct {
	server *transport.Server
	ln     net.Listener
	stop   context.CancelFunc
	done   chan error
}

func serveOn(ln net.Listener, config *tls.Config, loops int) *generation {
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	cfg := transport.Config{Handler: routes{"*": fixed(200, "x")}, Upstreams: ups, Grace: 10 * time.Second}
	if engine == "epoll" {
		cfg.Loops = transport.NewLoops(transport.LoopsConfig{Upstreams: ups, N: loops})
	}
	g := &generation{server: transport.NewServer(cfg), ln: ln, done: make(chan error, 1)}
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	go func() {
		defer ups.Close()
		if config != nil {
			g.done <- g.server.ServeTLS(ctx, ln, config)
		} else {
			g.done <- g.server.Serve(ctx, ln)
		}
	}()
	return g
}

// heir is the listener of whoever comes after g.
func (g *generation) heir(t *testing.T) net.Listener {
	t.Helper()
	var fds []int
	await(t, "it serves", func() bool {
		var err error
		fds, err = g.server.Listening(g.ln)
		return err == nil
	})
	var files []*os.File
	for _, fd := range fds {
		files = append(files, os.NewFile(uintptr(fd), "listener"))
	}
	ln, err := transport.NewSockets(files)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// TestHandOver: servers follow each other on the same sockets, with more loops
// and with fewer, and no request is lost: on connections that are kept, on those
// that are made, over TLS and over HTTP/2.
func TestHandOver(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets cannot be handed over")
	}
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%t", secure), func(t *testing.T) { testHandOver(t, secure) })
	}
}

func testHandOver(t *testing.T, secure bool) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url, client := "http://"+ln.Addr().String()+"/", &tls.Config{}
	var config *tls.Config
	if secure {
		cert, pool := transporttest.Certificate(t, "127.0.0.1")
		config, client.RootCAs = &tls.Config{Certificates: []tls.Certificate{cert}}, pool
		url = "https" + url[4:]
	}
	now := serveOn(ln, config, 2)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var clients sync.WaitGroup
	var asked atomic.Int64
	for _, keep := range []bool{true, false} {
		for _, http2 := range []bool{true, false} {
			transport := &http.Transport{DisableKeepAlives: !keep, ForceAttemptHTTP2: http2, TLSClientConfig: client.Clone()}
			clients.Go(func() {
				defer transport.CloseIdleConnections()
				for ctx.Err() == nil {
					// A POST is not sent again by the client, so one that is lost shows.
					if err := post(transport, url); err != nil {
						t.Errorf("keep %t, HTTP/2 %t: %v", keep, http2, err)
						return
					}
					asked.Add(1)
				}
			})
		}
	}
	for _, loops := range []int{2, 3, 1, 2, 4} {
		from := asked.Load()
		await(t, "there is traffic", func() bool { return asked.Load() > from+50 || t.Failed() })
		next := serveOn(now.heir(t), config, loops)
		next.heir(t).Close() // it serves, so the other may go
		now.server.Patience(2 * time.Second)
		now.stop()
		if err := <-now.done; err != nil {
			t.Errorf("Serve = %v", err)
		}
		now = next
	}
	stop()
	clients.Wait()
	now.stop()
	if err := <-now.done; err != nil {
		t.Errorf("Serve = %v", err)
	}
	t.Logf("%d requests", asked.Load())
}

func post(transport *http.Transport, url string) error {
	res, err := (&http.Client{Transport: transport}).Post(url, "text/plain", nil)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err == nil && string(b) != "x" {
		err = fmt.Errorf("got %d %q", res.StatusCode, b)
	}
	return err
}
