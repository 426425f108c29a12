package transport_test

import (
	"crypto"
	"crypto/tls"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// laborious is a key that takes long to sign with.
type laborious struct {
	crypto.Signer
	takes time.Duration
}

// Sign implements crypto.Signer.
func (l laborious) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	for end := time.Now().Add(l.takes); time.Now().Before(end); { // work, not sleep: it needs a core
		if signature, err = l.Signer.Sign(random, digest, opts); err != nil {
			return nil, err
		}
	}
	return signature, nil
}

// TestLongHandshakes: handshakes that take long, one for a hundred requests,
// delay those by far less than they take, with one loop for all.
func TestLongHandshakes(t *testing.T) {
	if engine != "epoll" {
		t.Skip("a matter of loops")
	}
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	signer, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatal("no key to sign with")
	}
	cert.PrivateKey = laborious{signer, 30 * time.Millisecond}
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	cfg := transport.Config{Upstreams: ups, Handler: routes{"*": fixed(200, "x")}}
	cfg.Loops = transport.NewLoops(transport.LoopsConfig{Upstreams: ups, N: 1})
	addr, s, _ := startTLS(t, cfg, &tls.Config{Certificates: []tls.Certificate{cert}})
	const clients, each = 4, 500
	for range 3 { // a busy machine delays everybody now and then
		alone, _ := besideHandshakes(t, addr, &tls.Config{RootCAs: pool}, clients, each, 0)
		p99, took := besideHandshakes(t, addr, &tls.Config{RootCAs: pool}, clients, each, clients*each/100)
		await(t, "all have gone", func() bool { return s.Counters.Open.Load() == 0 })
		t.Logf("p99 of requests %v alone, %v beside handshakes that take %v", alone, p99, took)
		if p99 < took/3 || p99 < 2*alone {
			return
		}
	}
	t.Error("requests wait for handshakes")
}

// besideHandshakes is the 99th percentile of requests on connections that are
// there, beside n new connections, and how long one of those takes.
func besideHandshakes(t *testing.T, addr string, config *tls.Config, clients, each, n int) (p99, took time.Duration) {
	t.Helper()
	fast := make([][]time.Duration, clients)
	var slow []time.Duration
	var wg sync.WaitGroup
	var there []*tls.Conn
	for range clients {
		c, err := tls.Dial("tcp", addr, config)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		there = append(there, c)
	}
	for i, c := range there {
		wg.Go(func() {
			buf := make([]byte, 1000)
			for range each {
				began := time.Now()
				_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
				if err == nil {
					_, err = c.Read(buf)
				}
				if err != nil {
					t.Error(err)
					return
				}
				fast[i] = append(fast[i], time.Since(began))
			}
		})
	}
	wg.Go(func() {
		for range n {
			began := time.Now()
			c, err := tls.Dial("tcp", addr, config)
			if err != nil {
				t.Error(err)
				return
			}
			slow = append(slow, time.Since(began))
			_ = c.Close()
		}
	})
	wg.Wait()
	all := slices.Concat(fast...)
	if slices.Sort(all); len(all) == 0 {
		t.Fatal("nobody was answered")
	}
	if slices.Sort(slow); n > 0 && len(slow) > 0 {
		took = slow[len(slow)/2]
	}
	return all[len(all)*99/100], took
}
