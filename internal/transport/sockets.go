package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// Sockets is a listener of one or more sockets at one address, such as another
// process has handed over. A Server accepts from all of them; Accept does from
// the first only.
type Sockets struct{ all []*net.TCPListener }

// NewSockets makes a listener of descriptors of listening sockets, which are
// closed, whatever comes of it: it has copies.
func NewSockets(files []*os.File) (_ *Sockets, err error) {
	s := &Sockets{}
	for _, f := range files {
		ln, lerr := net.FileListener(f)
		err = errors.Join(err, lerr, f.Close())
		if tcp, ok := ln.(*net.TCPListener); ok {
			s.all = append(s.all, tcp)
		}
	}
	if err == nil && (len(s.all) == 0 || len(s.all) != len(files)) {
		err = errors.New("not all descriptors are listening TCP sockets")
	}
	if err != nil {
		_ = s.Close() // why is known already
		return nil, fmt.Errorf("take over sockets: %w", err)
	}
	return s, nil
}

// Accept implements net.Listener.
func (s *Sockets) Accept() (net.Conn, error) { return s.all[0].Accept() }

// Addr implements net.Listener.
func (s *Sockets) Addr() net.Addr { return s.all[0].Addr() }

// Close implements net.Listener.
func (s *Sockets) Close() (err error) {
	for _, ln := range s.all {
		err = errors.Join(err, ln.Close())
	}
	return err
}

// sockets are the listeners behind ln that are accepted from.
func sockets(ln net.Listener) []net.Listener {
	s, ok := ln.(*Sockets)
	if !ok {
		return []net.Listener{ln}
	}
	all := make([]net.Listener, len(s.all))
	for i := range s.all {
		all[i] = s.all[i]
	}
	return all
}

// acceptAll accepts from all sockets behind ln until it is closed.
func (ses *session) acceptAll(ctx context.Context, ln net.Listener) error {
	all := sockets(ln)
	if len(all) == 1 {
		return ses.accept(ctx, all[0])
	}
	var wg sync.WaitGroup
	failed := make([]error, len(all))
	for i, one := range all {
		wg.Go(func() { failed[i] = ses.accept(ctx, one) })
	}
	wg.Wait()
	return errors.Join(failed...)
}

// Listening copies the descriptors of the sockets behind ln: of those that a
// Serve under way accepts from, if it was given ln. They do not block and belong
// to the caller, also with an error: a process that gets them accepts the same
// connections.
func (s *Server) Listening(ln net.Listener) ([]int, error) {
	s.mu.Lock()
	ses := s.serving[ln]
	s.mu.Unlock()
	if ses != nil && ses.at != nil {
		return ses.at.copyEars()
	}
	var fds []int
	for _, one := range sockets(ln) {
		fd, err := takeOut(one)
		if err != nil {
			return fds, fmt.Errorf("copy a socket of %s: %w", ln.Addr(), err)
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// Patience says for how long connections may stay idle once Serve is told to
// stop, so that nobody is lost who sends a request just then: it is answered,
// and its client told that it is the last. It is never longer than Config.Grace.
// Default 0: what is idle is closed at once.
func (s *Server) Patience(idle time.Duration) { s.patience.Store(int64(idle)) }

// bear leaves idle connections open for Patience, unless all are gone before.
func (ses *session) bear(gone <-chan struct{}) {
	idle := min(time.Duration(ses.srv.patience.Load()), ses.srv.cfg.Grace)
	if idle <= 0 {
		return
	}
	timer := time.NewTimer(idle)
	defer timer.Stop()
	select {
	case <-gone:
	case <-timer.C:
	}
}
