package transport_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// TestMixed: many clients at once, with bodies of all sizes and framings, over
// routes that stream, buffer and wait, some of whom go in the middle. Each
// gets back exactly what it sent, so no buffer was ever two exchanges'.
func TestMixed(t *testing.T) {
	up := transporttest.NewUpstream(t)
	up.Reply(func(r transporttest.Received) string {
		if len(r.Body)%2 == 0 {
			return fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Target: %s\r\nContent-Length: %d\r\n\r\n%s", r.Target, len(r.Body), r.Body)
		}
		half := len(r.Body) / 2
		chunks := fmt.Sprintf("%x\r\n%s\r\n", len(r.Body)-half, r.Body[half:])
		if half > 0 {
			chunks = fmt.Sprintf("%x\r\n%s\r\n", half, r.Body[:half]) + chunks
		}
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Target: %s\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n", r.Target, chunks)
	})
	ups := transport.NewUpstreams(transport.UpstreamConfig{MaxIdle: 4})
	t.Cleanup(ups.Close)
	steps := proxy(ups.Origin("http", up.Addr, "", false))
	wait := program.Step{Waits: true, Run: func(x *program.Exchange) error { return x.Context().Err() }}
	watch := program.Step{Waits: true, Run: func(x *program.Exchange) error {
		select {
		case <-x.Context().Done():
		default:
		}
		return nil
	}}
	addr, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{
		"/stream": {Body: program.BodyStream, Steps: steps},
		"/buffer": {Body: program.BodyBuffer, Steps: steps},
		"/wait":   {Body: program.BodyBuffer, Steps: append([]program.Step{wait}, steps...)},
		"/watch":  {Body: program.BodyStream, Steps: append([]program.Step{watch}, steps...)},
	}})
	var wg sync.WaitGroup
	for seed := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			c := dial(t, addr)
			for i := range 60 {
				if r.IntN(20) == 0 { // goes in the middle
					c.send("POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhello")
					_ = c.Close()
					c = dial(t, addr)
				}
				exchangeMixed(t, r, c, fmt.Sprintf("%d-%d", seed, i))
			}
		})
	}
	wg.Wait()
}

// exchangeMixed sends one request and compares what comes back.
func exchangeMixed(t *testing.T, r *rand.Rand, c *client, name string) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Error(err)
	}
	sizes := []int{0, 1, 10, 1000, 4000, 5000, 20000, 40000, 200000}
	path := []string{"/stream", "/buffer", "/wait", "/watch"}[r.IntN(4)]
	body := strings.Repeat(name+".", sizes[r.IntN(len(sizes))]/4)
	target := path + "?" + name
	head := "POST " + target + " HTTP/1.1\r\nHost: h\r\n"
	raw := fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
	if r.IntN(2) == 0 {
		raw = head + "Transfer-Encoding: chunked\r\n\r\n"
		for rest := body; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(9000))
			raw += fmt.Sprintf("%x\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		raw += "0\r\n\r\n"
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for len(raw) > 0 {
			n := min(len(raw), 1+r.IntN(30000))
			if _, err := io.WriteString(c, raw[:n]); err != nil {
				t.Errorf("%s: send: %v", target, err)
				return
			}
			raw = raw[n:]
		}
	}()
	res, err := http.ReadResponse(c.br, nil)
	if err != nil {
		t.Errorf("%s: read answer: %v", target, err)
		<-sent
		return
	}
	got, err := io.ReadAll(res.Body)
	if err != nil || string(got) != body || res.Header.Get("X-Target") != target || res.StatusCode != 200 {
		t.Errorf("%s: got %d, %s, %d bytes, %v, want %d bytes", target, res.StatusCode, res.Header.Get("X-Target"), len(got), err, len(body))
	}
	<-sent
	if res.Close {
		t.Errorf("%s: the connection ends", target)
	}
}
