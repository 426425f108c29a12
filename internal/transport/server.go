package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves API traffic on any number of listeners. It holds no goroutine
// of its own; those that Serve starts have ended when it returns.
type Server struct {
	Counters Counters

	cfg       Config
	clock     clock // that of the upstreams: moments of two clocks cannot be compared
	date      atomic.Pointer[httpDate]
	exchanges sync.Pool     // of *exchange
	made      atomic.Uint32 // exchanges

	mu      sync.Mutex
	open    int
	perAddr map[netip.Addr]int
	serving map[net.Listener]*session

	patience atomic.Int64 // nanoseconds
}

// NewServer makes a server; it starts nothing.
func NewServer(cfg Config) *Server {
	cfg = cfg.defaults()
	s := &Server{cfg: cfg, clock: cfg.Upstreams.clock, perAddr: map[netip.Addr]int{}, serving: map[net.Listener]*session{}}
	s.exchanges.New = func() any { return newExchange(s) }
	return s
}

// Serve serves plain HTTP on ln until ctx is done, then lets requests under way
// finish within Config.Grace. It closes ln, blocks until all its connections
// are closed, and returns nil if it stopped because it was told to.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	return s.serve(ctx, ln, nil)
}

// ServeTLS is Serve for HTTPS, with HTTP/2 for clients that ask for it. config
// is not changed; a config without NextProtos offers h2 and http/1.1.
func (s *Server) ServeTLS(ctx context.Context, ln net.Listener, config *tls.Config) error {
	config = config.Clone()
	if config.MinVersion == 0 {
		config.MinVersion = tls.VersionTLS12
	}
	if len(config.NextProtos) == 0 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	return s.serve(ctx, ln, config)
}

// session is one call of Serve and the connections it accepted.
type session struct {
	srv      *Server
	tls      *tls.Config     // nil: plain
	ctx      context.Context //nolint:containedctx // ends when exchanges under way must
	draining atomic.Bool     // answers are the last of their connections
	leaving  atomic.Bool     // nothing stays idle
	wg       sync.WaitGroup
	at       *place // nil: it has no connections on loops

	mu     sync.Mutex
	conns  map[*conn]struct{}
	over   bool                     // nothing may go on
	leaves map[*func(bool)]struct{} // what to do when draining begins
}

// onDrain calls f, on a goroutine of its own, when the session begins to drain,
// and when nothing may be idle any more, unless stop is called before. leaving
// tells which.
func (ses *session) onDrain(f func(leaving bool)) (stop func()) {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	if ses.draining.Load() {
		leaving := ses.leaving.Load()
		ses.wg.Go(func() { f(leaving) })
	}
	ses.leaves[&f] = struct{}{}
	return func() {
		ses.mu.Lock()
		defer ses.mu.Unlock()
		delete(ses.leaves, &f)
	}
}

func (s *Server) serve(ctx context.Context, ln net.Listener, config *tls.Config) error {
	force, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ses := &session{srv: s, tls: config, ctx: force, conns: map[*conn]struct{}{}, leaves: map[*func(bool)]struct{}{}}
	defer s.forget(ln)
	if s.cfg.Loops != nil {
		at, err := s.cfg.Loops.serve(ses, ln)
		if err != nil {
			_ = ln.Close() // it was of no use
			return err
		}
		if at != nil {
			defer at.leave()
			ses.at = at
			s.remember(ln, ses)
			at.settle()
			err = at.wait(ctx.Done())
			ses.drain(stop)
			return err
		}
	}
	unhook := context.AfterFunc(ctx, func() {
		_ = ln.Close() // makes accept fail; the error is looked at there
	})
	defer unhook()
	s.remember(ln, ses)
	err := ses.acceptAll(ctx, ln)
	if cerr := ln.Close(); err == nil && cerr != nil && !errors.Is(cerr, net.ErrClosed) {
		err = fmt.Errorf("close listener %s: %w", ln.Addr(), cerr)
	}
	ses.drain(stop)
	return err
}

// remember notes who serves on ln, until forget.
func (s *Server) remember(ln net.Listener, ses *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving[ln] = ses
}

func (s *Server) forget(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.serving, ln)
}

// accept takes connections until the listener is closed. Trouble that passes
// (no more file descriptors, a client gone already) makes it pause, not end.
func (ses *session) accept(ctx context.Context, ln net.Listener) error {
	const longest = time.Second
	pause := time.Duration(0)
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			ses.admit(nc)
			continue
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the listener was closed because it was told to
		case !passes(err):
			return fmt.Errorf("accept on %s: %w", ln.Addr(), err)
		}
		pause = min(max(2*pause, 5*time.Millisecond), longest)
		ses.srv.paused(ln.Addr().String(), err, pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// paused tells that no connection can be accepted for a while: often at first,
// then less and less as the pauses grow.
func (s *Server) paused(addr string, err error, pause time.Duration) {
	s.Counters.Paused.Add(1)
	s.cfg.Log.Warn("accept paused", "address", addr, "error", err, "pause", pause)
}

// passes says whether accept may succeed later.
func passes(err error) bool {
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}

// admit starts a connection, or closes it if there are too many.
func (ses *session) admit(nc net.Conn) {
	s := ses.srv
	remote := addrPort(nc.RemoteAddr())
	who := party(remote.Addr())
	if !s.enter(who) {
		s.Counters.Crowded.Add(1)
		_ = nc.Close() // nothing was said on it
		return
	}
	c := newConn(ses, nc, remote)
	ses.hold(c)
	ses.wg.Go(func() {
		c.serve(nil)
		ses.drop(c)
		s.leave(who)
	})
}

// hold makes sure that c is closed when the session ends, until drop.
func (ses *session) hold(c *conn) {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	ses.conns[c] = struct{}{}
	if ses.over { // it was on its way when all were closed
		c.closeNow()
	}
}

func (ses *session) drop(c *conn) {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	delete(ses.conns, c)
}

// party is who is counted for an address: over IPv6 a whole /64, which is what
// one customer of a network has at least.
func party(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}

func (s *Server) enter(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= s.cfg.MaxConns || s.perAddr[addr] >= s.cfg.MaxConnsPerAddr {
		return false
	}
	s.open++
	s.perAddr[addr]++
	s.Counters.Accepted.Add(1)
	s.Counters.Open.Add(1)
	return true
}

func (s *Server) leave(addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.perAddr[addr]--; s.perAddr[addr] == 0 {
		delete(s.perAddr, addr)
	}
	s.Counters.Open.Add(-1)
}

// drain closes idle connections after Patience, and the others when their
// request is done or Grace is over.
func (ses *session) drain(stop context.CancelFunc) {
	over := time.Now().Add(ses.srv.cfg.Grace)
	done := make(chan struct{})
	go func() {
		ses.wg.Wait()
		close(done)
	}()
	ses.warn(&ses.draining)
	ses.bear(done)
	ses.warn(&ses.leaving)
	ses.each((*conn).closeIdle)
	if ses.at != nil {
		ses.at.drain()
	}
	timer := time.NewTimer(time.Until(over))
	defer timer.Stop()
	select {
	case <-done:
		return
	case <-timer.C:
	}
	stop()
	ses.cutOff()
	if ses.at != nil {
		ses.at.closeNow()
	}
	<-done
}

// cutOff closes all connections, those too that are held from now on.
func (ses *session) cutOff() {
	ses.mu.Lock()
	ses.over = true
	ses.mu.Unlock()
	ses.each((*conn).closeNow)
}

// warn sets a stage of draining and tells those who asked.
func (ses *session) warn(stage *atomic.Bool) {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	stage.Store(true)
	leaving := ses.leaving.Load()
	for f := range ses.leaves {
		ses.wg.Go(func() { (*f)(leaving) })
	}
}

func (ses *session) each(do func(*conn)) {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	for c := range ses.conns {
		do(c)
	}
}

// addrPort is the address of one end, with IPv4 as such; zero if it has none
// (a pipe).
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	p := tcp.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// httpDate is the text of a Date field for one second.
type httpDate struct {
	second int64
	text   []byte
}

// dateText is the Date field's text, made once a second.
func (s *Server) dateText(now time.Time) []byte {
	second := now.Unix()
	if d := s.date.Load(); d != nil && d.second == second {
		return d.text
	}
	d := &httpDate{second, now.UTC().AppendFormat(nil, http.TimeFormat)}
	s.date.Store(d)
	return d.text
}
