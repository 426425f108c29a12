package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// maxControl is how large a control call may be, in bytes: a function's code
// comes in base64.
const maxControl = 80 << 20

// syncTime is how long a control call's answer waits for its effect.
const syncTime = 5 * time.Second

// controlRoute plays AWS calls: one step, which waits.
func (g *Gateway) controlRoute() *program.Route {
	return &program.Route{
		Method: "*", Resource: "control plane", Body: program.BodyBuffer, MaxBody: maxControl,
		Steps: []program.Step{{Name: "control", Note: "AWS calls", Waits: true, Run: g.serveControl}},
	}
}

// serveControl has the control plane answer. The answer of a call that changed
// something waits until the gateway serves what was changed, so that a client
// reads its own writes.
func (g *Gateway) serveControl(x *program.Exchange) error {
	ctx, cancel := context.WithCancel(x.Context())
	r, err := httpRequest(ctx, x)
	if err != nil {
		cancel()
		return program.BadRequest.Refuse(err)
	}
	w := &controlWriter{header: http.Header{}, started: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		defer w.finish()
		g.cfg.Control.ServeHTTP(w, r)
	}()
	<-w.started
	if w.stream == nil {
		<-w.ended
		cancel()
	}
	if w.panicked != nil {
		cancel()
		return fmt.Errorf("control plane: %v", w.panicked)
	}
	g.await(x, w)
	w.answer(x, cancel)
	return nil
}

// await waits for the effect of a call, for a while.
func (g *Gateway) await(x *program.Exchange, w *controlWriter) {
	if method := string(x.Request.Method); method == http.MethodGet || method == http.MethodHead || w.status >= 300 {
		return
	}
	ctx, cancel := context.WithTimeout(x.Context(), syncTime)
	defer cancel()
	if err := g.Sync(ctx); err != nil && !errors.Is(err, ErrStopped) && x.Context().Err() == nil {
		g.cfg.Log.Warn("a change is not served yet", "error", err)
	}
}

// httpRequest is the exchange's request for net/http.
func httpRequest(ctx context.Context, x *program.Exchange) (*http.Request, error) {
	target := string(x.Request.Target)
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	r := &http.Request{
		Method: string(x.Request.Method), URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(x.Request.Fields)), Host: string(x.Request.Host), RemoteAddr: netip.AddrPortFrom(x.SourceIP(), x.Remote.Port()).String(),
		ContentLength: int64(len(x.Body)), Body: http.NoBody,
	}
	if len(x.Body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(x.Body))
	}
	for _, f := range x.Request.Fields {
		if !http1.EqualFold(f.Name, "host") {
			r.Header.Add(string(f.Name), string(f.Value))
		}
	}
	return r.WithContext(ctx), nil
}

// buffered is how much of an answer is kept before it is sent as it comes.
const buffered = 1 << 20

// controlWriter takes an answer from net/http's side: whole, if it is small
// and never flushed, else as a stream.
type controlWriter struct {
	header http.Header
	status int
	body   bytes.Buffer

	once     sync.Once
	started  chan struct{}  // closed when status and header stand; fields above are read after it
	ended    chan struct{}  // closed when the handler has returned
	sent     http.Header    // as they stood then
	stream   *io.PipeReader // if the answer is one
	pipe     *io.PipeWriter
	panicked any
}

// Header implements http.ResponseWriter.
func (w *controlWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Interim answers are not sent.
func (w *controlWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (w *controlWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.pipe != nil {
		return w.pipe.Write(p)
	}
	if w.body.Len()+len(p) > buffered {
		w.Flush()
		return w.pipe.Write(p)
	}
	return w.body.Write(p)
}

// Flush implements http.Flusher: from now on the answer is a stream.
func (w *controlWriter) Flush() {
	w.WriteHeader(http.StatusOK)
	if w.pipe != nil {
		return
	}
	w.stream, w.pipe = io.Pipe()
	w.once.Do(func() { close(w.started) })
	if w.body.Len() > 0 {
		_, _ = w.pipe.Write(w.body.Bytes()) // the next write tells
	}
}

// finish ends the answer when the handler has returned or panicked.
func (w *controlWriter) finish() {
	p := recover()
	if w.pipe != nil {
		var err error
		if p != nil {
			err = fmt.Errorf("control plane: %v", p)
		}
		_ = w.pipe.CloseWithError(err) // always nil
		return
	}
	w.panicked = p
	w.WriteHeader(http.StatusOK)
	w.once.Do(func() { close(w.started) })
}

// answer makes the exchange's answer. cancel ends the call.
func (w *controlWriter) answer(x *program.Exchange, cancel context.CancelFunc) {
	x.Answer.Status = w.status
	for _, name := range slices.Sorted(maps.Keys(w.sent)) {
		switch name {
		case "Content-Length", "Transfer-Encoding", "Date", "Keep-Alive", "Trailer":
			continue // the driver's
		case "Connection":
			x.Answer.Close = strings.EqualFold(w.sent.Get(name), "close")
			continue
		}
		for _, v := range w.sent[name] {
			x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: []byte(name), Value: []byte(v)})
		}
	}
	if w.stream != nil {
		x.Answer.Stream = &controlStream{PipeReader: w.stream, cancel: cancel, ended: w.ended}
		return
	}
	x.Answer.Body = w.body.Bytes()
}

// controlStream is an answer that comes over time. Closing it ends the call
// and waits for the handler, which reads the exchange's memory.
type controlStream struct {
	*io.PipeReader
	cancel context.CancelFunc
	ended  chan struct{}
}

// Close implements io.Closer.
func (s *controlStream) Close() error {
	s.cancel()
	err := s.PipeReader.Close()
	<-s.ended
	return err
}
