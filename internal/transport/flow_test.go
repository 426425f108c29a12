package transport_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// paced is a stream of n bytes that are all there.
func paced(n int, f program.Flow) *program.Route {
	return step(program.BodyDiscard, func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Flow = 200, f
		x.Answer.Stream = io.NopCloser(bytes.NewReader(make([]byte, n)))
		return nil
	})
}

// What is free comes at once, the rest no faster than its rate.
// parity: spec/rest-data-plane.md 3.10.
func TestFlow(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Handler: routes{
		"/free": paced(1<<20, program.Flow{Free: 1 << 20, Rate: 1}),
		"/slow": paced(300<<10, program.Flow{Free: 100 << 10, Rate: 1 << 20}),
		"/open": paced(1<<20, program.Flow{}),
	}})
	for _, tt := range []struct {
		path  string
		size  int
		least time.Duration
	}{
		{"/free", 1 << 20, 0},
		{"/open", 1 << 20, 0},
		{"/slow", 300 << 10, 190 * time.Millisecond}, // 200 KB at 1 MB a second
	} {
		c := dial(t, addr)
		began := time.Now()
		c.send("GET " + tt.path + " HTTP/1.1\r\nHost: h\r\n\r\n")
		res, body := c.response("GET")
		took := time.Since(began)
		if res.StatusCode != 200 || len(body) != tt.size || took < tt.least {
			t.Errorf("%s: %d, %d bytes in %v, want %d in %v at least", tt.path, res.StatusCode, len(body), took, tt.size, tt.least)
		}
	}
}

// An answer that is relayed is paced as well, and breaks off when its time is over.
func TestFlowOfRelay(t *testing.T) {
	up := addressOf(t, routes{
		"/body":    paced(300<<10, program.Flow{}),
		"/endless": step(program.BodyDiscard, neverEnding),
	})
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	o := ups.Origin("http", up, "", false)
	relay := func(f program.Flow) *program.Route {
		r := &program.Route{Body: program.BodyStream, Steps: proxy(o)}
		r.Steps = append(r.Steps, program.Step{Name: "flow", Run: func(x *program.Exchange) error {
			x.Answer.Flow = f
			return nil
		}})
		return r
	}
	addr, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{
		"/body":    relay(program.Flow{Free: 100 << 10, Rate: 1 << 20}),
		"/endless": relay(program.Flow{Time: 300 * time.Millisecond}),
	}})
	c := dial(t, addr)
	began := time.Now()
	c.send("GET /body HTTP/1.1\r\nHost: h\r\n\r\n")
	if res, body := c.response("GET"); res.StatusCode != 200 || len(body) != 300<<10 || time.Since(began) < 190*time.Millisecond {
		t.Errorf("%d, %d bytes in %v, want 190ms at least", res.StatusCode, len(body), time.Since(began))
	}
	c = dial(t, addr)
	began = time.Now()
	c.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
	all, err := io.ReadAll(c)
	if took := time.Since(began); err != nil || !bytes.Contains(all, []byte("200 OK")) || bytes.HasSuffix(all, []byte("0\r\n\r\n")) || took < 250*time.Millisecond || took > 4*time.Second {
		t.Errorf("%d bytes in %v, %v; want what is cut off after 300ms", len(all), took, err)
	}
}

// neverEnding answers a byte at a time until the client goes.
func neverEnding(x *program.Exchange) error {
	x.Answer.Status = 200
	r, w := io.Pipe()
	go func() {
		for {
			if _, err := w.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	x.Answer.Stream = r
	return nil
}

// addressOf is start, for its address alone.
func addressOf(t *testing.T, h transport.Handler) string {
	addr, _, _ := start(t, transport.Config{Handler: h})
	return addr
}
