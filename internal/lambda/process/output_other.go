//go:build !unix

package process

import (
	"fmt"
	"os"
	"time"
)

// output is the reading end of a process's stdout and stderr.
type output struct {
	r    *os.File
	sink func([]byte)
	done chan struct{} // closed when nobody has the writing end any more
}

func newOutput(sink func([]byte)) (*output, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("open a pipe: %w", err)
	}
	return &output{r: r, sink: sink, done: make(chan struct{})}, w, nil
}

func (o *output) start() {
	go func() {
		defer close(o.done)
		buf := make([]byte, 16<<10)
		for {
			n, err := o.r.Read(buf)
			if n > 0 {
				o.sink(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
}

// drainNow cannot do more than let the reader go on: these pipes are not polled.
func (o *output) drainNow() { time.Sleep(0) }

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
