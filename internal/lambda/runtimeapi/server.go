package runtimeapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// Limits of one environment.
const (
	maxConns      = 64 // connections at a time; the next one is closed
	maxExtensions = 10
	readBuffer    = 4 << 10
	inlineWrite   = 16 << 10 // what an idle socket surely takes without waiting
	acceptPause   = 10 * time.Millisecond
)

// ErrLost says that no runtime waits for work: none has seen the event.
var ErrLost = errors.New("runtime is not waiting")

// Environment is told what its runtime does. Its methods are called from the
// connections' goroutines and must not block; for one invocation in the order
// Ready, Answered, Streamed.
type Environment interface {
	// Ready tells that the runtime waits for an event, and its extensions too.
	Ready()
	// Answered brings the answer to the current invocation.
	Answered(v *Invocation, a Answer)
	// Streamed tells that a.Stream's last byte has come. A function that failed
	// on the way leaves its error. The Environment ends the stream, with Fail.
	Streamed(v *Invocation, s *Stream, errorType string, errorBody []byte)
	// InitFailed brings the error that the runtime died of before its first event.
	InitFailed(a Answer)
	// Broken tells that the connection was lost in the middle of an answer.
	Broken(v *Invocation)
}

// Function is what extensions are told of the function.
type Function struct {
	Name, Version, Handler, Account string
	// MaxResponse and MaxStream bound an answer, in bytes.
	MaxResponse, MaxStream int
}

// phase is how far the runtime is with its work.
type phase uint8

const (
	starting  phase = iota // it has not asked for work yet
	waiting                // it waits for an event
	running                // it has an event
	answering              // its answer is being read
	answered               // it has answered
)

// Server is the Runtime API of one environment.
type Server struct {
	env Environment
	fn  Function
	ln  net.Listener
	wg  sync.WaitGroup // connections, and writers of large events

	mu         sync.Mutex
	draining   bool // no new connections
	closed     bool
	conns      map[*conn]struct{}
	phase      phase
	ready      bool          // Ready was told and no event given since
	poll       *conn         // where the runtime waits
	pollGone   chan struct{} // closed when poll's connection ends
	current    *Invocation
	extensions map[string]*extension
}

// New makes a server that does not listen yet.
func New(env Environment, fn Function) *Server {
	return &Server{env: env, fn: fn, conns: map[*conn]struct{}{}, extensions: map[string]*extension{}}
}

// Listen takes a loopback port of its own and returns its address, host:port.
func (s *Server) Listen(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for a runtime: %w", err)
	}
	s.ln = ln
	return ln.Addr().String(), nil
}

// Serve answers until Close, or until Drain has let the last connection end. When
// it has returned, no goroutine of the server is left.
func (s *Server) Serve() {
	for {
		nc, err := s.ln.Accept()
		switch {
		case err == nil:
			s.accept(nc)
		case errors.Is(err, net.ErrClosed):
			s.wg.Wait()
			return
		default:
			time.Sleep(acceptPause) // the machine is out of files for now
		}
	}
}

func (s *Server) accept(nc net.Conn) {
	sc, _ := nc.(syscall.Conn)
	raw, err := sc.SyscallConn()
	if err != nil {
		_ = nc.Close()
		return
	}
	c := &conn{s: s, nc: nc, raw: raw, r: bufio.NewReaderSize(nc, readBuffer), host: s.ln.Addr().String()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.draining || len(s.conns) >= maxConns {
		_ = nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	go c.serve()
}

// Close ends the listener and every connection.
func (s *Server) Close() {
	_ = s.ln.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		_ = c.nc.Close()
	}
}

// Drain stops listening and waits until the connections have ended by
// themselves, as they do when their process is gone, or until ctx is done.
func (s *Server) Drain(ctx context.Context) {
	_ = s.ln.Close()
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.Close()
		<-done
	}
}

// Invoke hands an event to the waiting runtime. ErrLost means that there is none;
// any other error that the event may have been seen. A large event is still being
// written when Invoke has returned.
func (s *Server) Invoke(v *Invocation) error {
	s.mu.Lock()
	if s.closed || !s.ready || s.poll == nil || !silent(s.poll.raw) {
		s.mu.Unlock()
		return ErrLost
	}
	c := s.poll
	s.poll, s.ready, s.phase, s.current = nil, false, running, v
	s.tell(v)
	large := len(v.Event) > inlineWrite
	if large {
		s.wg.Add(1)
	}
	s.mu.Unlock()

	if !large {
		c.event = append(v.head(c.event[:0]), v.Event...)
		_, err := c.nc.Write(c.event)
		return err
	}
	bufs := net.Buffers{v.head(nil), bytes.Clone(v.Event)}
	go func() {
		defer s.wg.Done()
		if _, err := bufs.WriteTo(c.nc); err != nil {
			_ = c.nc.Close() // its reader takes note
		}
	}()
	return nil
}

// settle tells Ready if all that must wait for work do so. It is called with mu
// held and releases it.
func (s *Server) settle() {
	ready := !s.closed && !s.ready && s.phase == waiting && s.poll != nil
	for _, x := range s.extensions {
		ready = ready && (!x.invoke || x.poll != nil)
	}
	s.ready = s.ready || ready
	s.mu.Unlock()
	if ready {
		s.env.Ready()
	}
}
