package runtimeapi

import (
	"io"
	"sync"
)

// streamBuffer is how far a function may run ahead of its client, in bytes.
const streamBuffer = 64 << 10

// Stream is an answer on its way: the runtime's connection fills it, one client
// reads it. A client that closes it early loses the rest, which the runtime may
// still send.
type Stream struct {
	mu     sync.Mutex
	turn   sync.Cond // something has changed
	buf    []byte    // what was not read yet
	err    error     // what follows the buffer; nil while more may come
	closed bool      // by the client
}

func newStream() *Stream {
	s := &Stream{}
	s.turn.L = &s.mu
	return s
}

// Read waits for bytes; their end is io.EOF or what Fail was given.
func (s *Stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.buf) == 0 && s.err == nil && !s.closed && len(p) > 0 {
		s.turn.Wait()
	}
	if s.closed {
		return 0, io.ErrClosedPipe
	}
	if len(s.buf) == 0 && s.err != nil {
		return 0, s.err
	}
	n := copy(p, s.buf)
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	s.turn.Broadcast()
	return n, nil
}

// Close is the client's: it needs no more.
func (s *Stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.buf = true, nil
	s.turn.Broadcast()
	return nil
}

// Fail ends the stream with err after what is in it; io.EOF ends it well. The
// first end counts.
func (s *Stream) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.turn.Broadcast()
}

// Write takes p once there is room for it. Of a stream that has ended or was
// closed it takes everything and drops it.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		for len(s.buf) == streamBuffer && s.err == nil && !s.closed {
			s.turn.Wait()
		}
		if s.err != nil || s.closed {
			break
		}
		part := p[:min(len(p), streamBuffer-len(s.buf))]
		s.buf = append(s.buf, part...)
		p = p[len(part):]
		s.turn.Broadcast()
	}
	return n, nil
}
