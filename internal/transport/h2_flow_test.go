package transport_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// get begins a stream that asks for a path.
func (r *rawHTTP2) get(t *testing.T, id uint32, path string) {
	t.Helper()
	block := r.headers(":method", "GET", ":scheme", "https", ":path", path, ":authority", "h")
	if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndStream: true, EndHeaders: true}); err != nil {
		t.Fatal(err)
	}
}

// data reads until want bytes of a stream have come, or its end.
func (r *rawHTTP2) data(t *testing.T, id uint32, want int) (got int, ended bool) {
	t.Helper()
	for got < want && !ended {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatalf("after %d bytes: %v", got, err)
		}
		switch f := f.(type) {
		case *http2.DataFrame:
			if f.StreamID == id {
				got += len(f.Data())
				ended = f.StreamEnded()
			}
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			t.Fatalf("after %d bytes: %v", got, f)
		}
	}
	return got, ended
}

// TestHTTP2Windows: an answer waits for the client's windows, and one stream
// that waits for its own does not hold others up.
func TestHTTP2Windows(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	addr, _, pool, _ := startHTTP2(t, transport.Config{Handler: routes{"*": fixed(200, long)}})
	r := dialHTTP2(t, addr, pool)
	if err := r.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000}); err != nil {
		t.Fatal(err)
	}
	r.get(t, 1, "/")
	if got, ended := r.data(t, 1, 1000); got != 1000 || ended {
		t.Fatalf("stream 1: %d bytes, ended: %v", got, ended)
	}
	r.get(t, 3, "/")
	if got, _ := r.data(t, 3, 1000); got != 1000 {
		t.Fatalf("stream 3: %d bytes", got)
	}
	for _, id := range []uint32{3, 1} {
		for _, where := range []uint32{0, id} {
			if err := r.WriteWindowUpdate(where, 1_000_000); err != nil {
				t.Fatal(err)
			}
		}
		if got, ended := r.data(t, id, len(long)); got != len(long)-1000 || !ended {
			t.Errorf("stream %d: %d bytes more, ended: %v", id, got, ended)
		}
	}
}

// TestHTTP2ReadAhead: no more of a body is taken than the windows say, however
// slowly it is used; who sends more is turned out.
func TestHTTP2ReadAhead(t *testing.T) {
	use := make(chan struct{})
	addr, c, pool, _ := startHTTP2(t, transport.Config{Handler: routes{"*": {Body: program.BodyBuffer, Steps: []program.Step{{Run: func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Body = 200, fmt.Append(nil, len(x.Body))
		return nil
	}}}}, "/wait": {Steps: []program.Step{{Waits: true, Run: func(x *program.Exchange) error {
		<-use
		x.Answer.Status = 200
		return nil
	}}}}}})
	body := bytes.Repeat([]byte("y"), 5<<20)
	if _, got := get(t, c, "POST", "https://"+addr+"/", struct{ io.Reader }{bytes.NewReader(body)}); got != fmt.Sprint(len(body)) {
		t.Errorf("the route got %s bytes", got)
	}
	r := dialHTTP2(t, addr, pool)
	defer close(use)
	block := r.headers(":method", "POST", ":scheme", "https", ":path", "/wait", ":authority", "h")
	if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true}); err != nil {
		t.Fatal(err)
	}
	for range 20 { // 320 KB into a window of 256
		if err := r.WriteData(1, false, body[:16<<10]); err != nil {
			break
		}
	}
	for {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if reset, ok := f.(*http2.RSTStreamFrame); ok {
			if reset.ErrCode != http2.ErrCodeFlowControl {
				t.Errorf("reset with %v", reset.ErrCode)
			}
			return
		}
	}
}

// TestHTTP2Floods: a client that sends what costs nothing is turned out, and
// told why.
func TestHTTP2Floods(t *testing.T) {
	addr, _, pool, _ := startHTTP2(t, transport.Config{Handler: routes{"*": {Body: program.BodyBuffer, Steps: fixed(200, "").Steps}}})
	for name, send := range map[string]func(r *rawHTTP2, n int) error{
		"ping":     func(r *rawHTTP2, _ int) error { return r.WritePing(false, [8]byte{}) },
		"settings": func(r *rawHTTP2, _ int) error { return r.WriteSettings() },
		"priority": func(r *rawHTTP2, n int) error {
			return r.WritePriority(uint32(2*n+3), http2.PriorityParam{Weight: 1})
		},
		"empty data": func(r *rawHTTP2, n int) error {
			if n == 0 {
				block := r.headers(":method", "POST", ":scheme", "https", ":path", "/", ":authority", "h")
				return r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true})
			}
			return r.WriteData(1, false, nil)
		},
		"continuation": func(r *rawHTTP2, n int) error {
			if n == 0 {
				block := r.headers(":method", "GET", ":scheme", "https", ":path", "/", ":authority", "h")
				return r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block})
			}
			return r.WriteContinuation(1, false, r.headers("x-a", "b"))
		},
		"streams that are refused": func(r *rawHTTP2, n int) error {
			block := r.headers(":method", "GET", ":scheme", "https", ":path", "/", ":authority", "h", "connection", "x")
			return r.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*n + 1), BlockFragment: block, EndHeaders: true, EndStream: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := dialHTTP2(t, addr, pool)
			go func() {
				for n := range 20000 {
					if send(r, n) != nil {
						return
					}
				}
			}()
			for {
				f, err := r.ReadFrame()
				if err != nil {
					t.Fatalf("the connection ended without a word: %v", err)
				}
				if away, ok := f.(*http2.GoAwayFrame); ok {
					if away.ErrCode != http2.ErrCodeEnhanceYourCalm {
						t.Errorf("GOAWAY with %v", away.ErrCode)
					}
					return
				}
			}
		})
	}
}

// TestHTTP2Idle: a connection without streams ends after a while, in order.
func TestHTTP2Idle(t *testing.T) {
	times := quick()
	times.Handshake, times.FirstByte, times.Header = time.Second, time.Second, time.Second
	addr, _, pool, _ := startHTTP2(t, transport.Config{Timeouts: times, Handler: routes{"*": fixed(200, "x")}})
	r := dialHTTP2(t, addr, pool)
	r.get(t, 1, "/")
	var last http2.FrameType
	for {
		f, err := r.ReadFrame()
		if err != nil {
			break
		}
		if last = f.Header().Type; last == http2.FrameGoAway && f.(*http2.GoAwayFrame).ErrCode != http2.ErrCodeNo {
			t.Errorf("GOAWAY = %v", f)
		}
	}
	if last != http2.FrameGoAway {
		t.Errorf("the connection ended after %v", last)
	}
}

// FuzzHTTP2: whatever a client sends after its preface, the connection ends or
// waits, and the server goes on to serve others.
func FuzzHTTP2(f *testing.F) {
	var seed bytes.Buffer
	r := &rawHTTP2{Framer: http2.NewFramer(&seed, nil)}
	r.henc = hpack.NewEncoder(&r.hbuf)
	_ = r.WriteSettings() // into memory, as all below
	_ = r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: r.headers(":method", "POST", ":scheme", "https", ":path", "/", ":authority", "h", "content-length", "3"), EndHeaders: true})
	_ = r.WriteData(1, true, []byte("abc"))
	f.Add(seed.Bytes())
	_ = r.WriteWindowUpdate(0, 5)
	_ = r.WriteRSTStream(1, http2.ErrCodeCancel)
	_ = r.WritePing(false, [8]byte{1})
	f.Add(seed.Bytes())
	_ = r.WriteContinuation(1, true, []byte{0x82})
	f.Add(seed.Bytes())
	s := transport.NewServer(transport.Config{Timeouts: quick(), Handler: routes{"*": {Body: program.BodyBuffer, Steps: fixed(200, "hello").Steps}}})
	f.Fuzz(func(t *testing.T, sent []byte) {
		here, there := net.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.ServeHTTP2(t.Context(), there)
		}()
		go func() { _, _ = io.Copy(io.Discard, here) }() // until it is closed
		if _, err := here.Write(append([]byte(http2.ClientPreface), sent...)); err == nil {
			_ = here.Close()
		}
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("the connection does not end")
		}
		_ = here.Close()
	})
}
