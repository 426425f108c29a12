//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// output is the reading end of a process's stdout and stderr. It is read when
// there is something to read, and by drainNow: what was printed before a message
// that came another way is then surely taken before it.
type output struct {
	r    *os.File
	raw  syscall.RawConn
	sink func([]byte)
	done chan struct{} // closed when nobody has the writing end any more

	mu  sync.Mutex
	buf []byte
	eof bool
}

func newOutput(sink func([]byte)) (*output, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("open a pipe: %w", err)
	}
	o := &output{r: r, sink: sink, done: make(chan struct{}), buf: make([]byte, 16<<10)}
	if o.raw, err = r.SyscallConn(); err == nil {
		err = blocking(w)
	}
	if err != nil {
		_, _ = r.Close(), w.Close()
		return nil, nil, fmt.Errorf("open a pipe: %w", err)
	}
	return o, w, nil
}

// blocking makes the writing end what programs expect of their stdout.
func blocking(w *os.File) error {
	raw, err := w.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	if err := raw.Control(func(fd uintptr) { set = syscall.SetNonblock(int(fd), false) }); err != nil {
		return err
	}
	return set
}

func (o *output) start() {
	go func() {
		defer close(o.done)
		_ = o.raw.Read(o.drain) // ends with the last writer, or with close
	}()
}

// drain takes all there is; it reports whether no more can come.
func (o *output) drain(fd uintptr) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.eof {
		n, err := syscall.Read(int(fd), o.buf)
		switch {
		case n > 0:
			o.sink(o.buf[:n])
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return false
		default:
			o.eof = true
		}
	}
	return true
}

func (o *output) drainNow() {
	_ = o.raw.Control(func(fd uintptr) { o.drain(fd) })
}

// wait waits at most d for the last writer to go.
func (o *output) wait(d time.Duration) bool {
	select {
	case <-o.done:
		return true
	case <-time.After(d):
		return false
	}
}

func (o *output) close() { _ = o.r.Close() }
