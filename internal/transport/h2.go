package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// HTTP/2 comes in through the server of net/http, with our limits: its frames,
// its flow control and its state machine are not worth writing again. What
// leaves it is put into the same Exchange, and judged by the same rules.

// h2conn is a client's connection over HTTP/2.
type h2conn struct {
	c    *conn
	http *http.Server // for this connection alone, so that its errors can be counted

	mu      sync.Mutex
	since   time.Time // start of the period below
	resets  int       // streams that the client or we reset in it
	streams int       // streams that ended in it
}

// Resets beyond so many in a period end the connection.
// parity: security.md 9.6 (rapid reset and its server-side twin)
const (
	resetPeriod = 10 * time.Second
	resetLimit  = 100
)

// serveHTTP2 serves the connection until it is closed.
func (c *conn) serveHTTP2() {
	c.link.pass = true // the server sets its own deadlines
	s := c.ses.srv
	h := &h2conn{c: c}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	ln := &oneConn{conn: c.rw, closed: make(chan struct{})}
	h.http = &http.Server{
		Handler:   h,
		Protocols: protocols,
		// A head that never ends meets the time-out of the settings, and after
		// them that of an idle connection.
		ReadHeaderTimeout: s.cfg.Timeouts.Header,

		IdleTimeout:    s.cfg.Timeouts.KeepAlive,
		MaxHeaderBytes: s.cfg.Limits.Head,
		ErrorLog:       slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
		BaseContext:    func(net.Listener) context.Context { return c.ses.ctx },
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				ln.end()
			}
		},
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:      int(s.cfg.MaxStreams),
			MaxDecoderHeaderTableSize: 4096,
			MaxEncoderHeaderTableSize: 4096,
			WriteByteTimeout:          s.cfg.Timeouts.WriteIdle,
			CountError:                func(string) { h.count(true) },
		},
	}
	stop := c.ses.onDrain(func() {
		_ = h.http.Shutdown(c.ses.ctx) // what is left then is closed by force
	})
	defer stop()
	_ = h.http.Serve(ln) // it ends with the connection
}

// count takes note of the end of a stream, and ends the connection if too many
// were reset.
func (h *h2conn) count(reset bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if now.Sub(h.since) > resetPeriod {
		h.since, h.resets, h.streams = now, 0, 0
	}
	h.streams++
	if reset {
		h.resets++
	}
	if h.resets > resetLimit || h.resets > resetLimit/2 && 2*h.resets > h.streams {
		h.c.closeNow()
	}
}

// ServeHTTP serves one stream.
func (h *h2conn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := h.c.ses.srv
	e := s.take(&clientContext{server: r.Context()}, nil)
	defer e.call.end() // in case that something panics below
	st := &h2stream{h: h, e: e, w: w, r: r, control: http.NewResponseController(w)}
	s.Counters.Requests.Add(1)
	e.x.Start = time.Now()
	e.now = s.clock.at(e.x.Start)
	e.x.Remote, e.x.Local, e.x.TLS = h.c.remote, h.c.local, true
	e.x.TLSVersion, e.x.CipherSuite = h.c.tlsVersion, h.c.cipherSuite
	e.body = st
	switch err := st.fill(&s.cfg.Limits); {
	case err != nil:
		st.giveUp(err)
	case r.ContentLength > s.cfg.MaxBody:
		st.giveUp(errTooLarge)
	case !e.begin():
		st.giveUp(errBegin)
	default:
		e.play()
		e.answer(st)
		e.finished()
	}
	e.call.end()
	e.ctx.end()
	h.count(r.Context().Err() != nil)
	if st.aborted {
		panic(http.ErrAbortHandler) // resets the stream; the exchange is lost with it
	}
	s.exchanges.Put(e)
}

// h2stream is a request over HTTP/2 and where its answer goes.
type h2stream struct {
	h       *h2conn
	e       *exchange
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	text    []byte // what the request's slices point into
	pace    pace
	ended   bool // the body was read to its end
	err     error
	aborted bool
}

var (
	errField     = &http1.Error{Status: 400, Reason: "malformed field over HTTP/2"}
	errAuthority = &http1.Error{Status: 400, Reason: "authority and host differ"}
	errMethod    = &http1.Error{Status: 501, Reason: "method is never routed"}
	errLength    = &http1.Error{Status: 400, Reason: "malformed content length over HTTP/2"}
	errExpect    = &http1.Error{Status: 417, Reason: "unknown expectation"}
	errFields    = &http1.Error{Status: 431, Reason: "too many or too large fields"}
)

// fill makes the stream's request an http1.Request, under its rules. Names are
// in lower case, as they were sent; fields are in the order of their names,
// because net/http has lost theirs.
func (st *h2stream) fill(lim *http1.Limits) error {
	r, q := st.r, &st.e.x.Request
	q.HTTP2, q.Minor, q.KeepAlive = true, 1, true
	names, size, err := st.measure(lim)
	if err != nil {
		return err
	}
	st.text = make([]byte, 0, size)
	q.Method, q.Target, q.Host = st.keep(r.Method), st.keep(r.RequestURI), st.keep(r.Host)
	if r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		return errMethod
	}
	if r.RequestURI == "*" && r.Method == http.MethodOptions {
		q.Path = q.Target
	} else {
		var terr *http1.Error
		if q.Path, q.Query, terr = http1.SplitTarget(q.Target); terr != nil {
			return terr
		}
	}
	if host := r.Header["Host"]; !http1.ValidHost(q.Host) || len(host) > 1 || len(host) == 1 && host[0] != r.Host {
		return errAuthority
	}
	if length := r.Header["Content-Length"]; len(length) > 1 || len(length) == 1 && length[0] != strconv.FormatInt(r.ContentLength, 10) {
		return errLength // net/http compares it with the data, but only if there are any
	}
	if r.Header.Get("Expect") != "" {
		return errExpect // the one that is known does not get here
	}
	q.Fields = append(q.Fields, http1.Field{Name: st.keep("host"), Value: q.Host})
	for _, name := range names {
		for _, value := range r.Header[name] {
			f := http1.Field{Name: lowered(st.keep(name)), Value: st.keep(value)}
			if !http1.ValidField(f.Name, f.Value) || len(value) > 0 && (blank(value[0]) || blank(value[len(value)-1])) {
				return errField
			}
			q.Fields = append(q.Fields, f)
		}
	}
	switch {
	case r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0:
		q.Length = http1.NoBody
	case r.ContentLength < 0:
		q.Length = http1.Chunked
	default:
		q.Length = r.ContentLength
	}
	return nil
}

// keep copies s into st.text, which measure has made large enough.
func (st *h2stream) keep(s string) []byte {
	from := len(st.text)
	st.text = append(st.text, s...)
	return st.text[from:len(st.text):len(st.text)]
}

func lowered(b []byte) []byte {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// giveUp answers a request that never got a route.
func (st *h2stream) giveUp(err error) {
	status := frontStatus(err)
	s := st.h.c.ses.srv
	s.Counters.refuse(status)
	s.cfg.Log.Debug("request refused", "remote", st.h.c.remote.String(), "status", status, "reason", err)
	body := frontBody(status)
	head := st.w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Content-Length", fmt.Sprint(len(body)))
	st.w.WriteHeader(status)
	_, _ = st.w.Write([]byte(body)) // the client may have gone
}

// oneConn is a listener of one connection that is there already.
type oneConn struct {
	conn   net.Conn
	given  bool
	once   sync.Once
	closed chan struct{}
}

// Accept gives the connection, then waits until it is closed.
func (l *oneConn) Accept() (net.Conn, error) {
	if !l.given {
		l.given = true
		return l.conn, nil
	}
	<-l.closed
	return nil, errOver
}

var errOver = errors.New("transport: connection is closed")

func (l *oneConn) end() { l.once.Do(func() { close(l.closed) }) }

// Close is called by Shutdown, while the connection goes on.
func (l *oneConn) Close() error { return nil }

// Addr is the connection's own end.
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }
