package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// flushEvery is how long a line may wait for the file, and so what a process
// that is killed may lose.
const flushEvery = time.Second

// File is a log file, or a stream such as standard output. What is renamed or
// removed is opened anew, and what is cut is written on at its end, so any tool
// may rotate it without telling stagedoor.
type File struct {
	path  string // empty: out is a stream
	out   io.Writer
	file  *os.File
	log   *slog.Logger
	queue *Queue

	torn    bool // the file ends within a line
	failing atomic.Bool
	lost    atomic.Int64 // lines that could not be written
	written atomic.Int64
}

// OpenFile opens a log file to append to, and makes it if it is not there.
func OpenFile(path string, log *slog.Logger) (*File, error) {
	f := &File{path: path, log: log, queue: NewQueue(flushEvery)}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("access log: %w", err)
	}
	return f, nil
}

// NewStream is a log that goes to a stream.
func NewStream(out io.Writer, log *slog.Logger) *File {
	return &File{out: out, log: log, queue: NewQueue(flushEvery)}
}

func (f *File) open() error {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640) //nolint:gosec // collectors of the same group read it
	if err != nil {
		return err
	}
	if f.file != nil {
		_ = f.file.Close() // every write to it has said how it went
	}
	f.file, f.out, f.torn = file, file, false
	return nil
}

// lineEnd ends every line.
//
//nolint:gochecknoglobals // constant, never written to
var lineEnd = []byte("\n")

// Put takes a line without its line feed. It never waits.
func (f *File) Put(_ time.Time, line []byte) { f.queue.Put(line, lineEnd) }

// PutOf takes the line that write appends to dst, without its line feed. write
// is quick, keeps nothing and calls nothing of the file. For lane see Queue.PutOf.
func (f *File) PutOf(lane uint32, of any, write func(of any, dst []byte) []byte) {
	f.queue.PutOf(lane, of, write, '\n')
}

// Lines are how many lines were written, and how many were dropped: because the
// writer was behind, or because they could not be written.
func (f *File) Lines() (written, dropped int64) {
	return f.written.Load(), f.queue.Dropped() + f.lost.Load()
}

// patience is how long the end waits for a stream that takes nothing.
const patience = 5 * time.Second

// Run writes until ctx is done and all is written.
func (f *File) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.queue.Run(ctx, f.write)
		if f.file != nil {
			_ = f.file.Close() // every write to it has said how it went
		}
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-done:
	case <-time.After(patience):
		f.log.Warn("the access log takes no more lines", "path", f.path)
	}
	return nil
}

// write writes whole lines. Those that do not fit on the disk are lost; the
// next are tried again.
func (f *File) write(lines []byte, records int) {
	f.follow()
	if f.torn {
		if _, err := f.out.Write(lineEnd); err == nil {
			f.torn = false
		}
	}
	n, err := f.out.Write(lines)
	if err == nil {
		f.written.Add(int64(records))
		if f.failing.Swap(false) {
			f.log.Info("the access log is written again", "path", f.path, "lines_lost", f.lost.Load())
		}
		return
	}
	whole := bytes.Count(lines[:n], lineEnd)
	f.written.Add(int64(whole))
	f.lost.Add(int64(records - whole))
	f.torn = f.torn || n > 0 && lines[n-1] != '\n'
	f.trouble(err)
}

// trouble is said once, not for every batch.
func (f *File) trouble(err error) {
	if !f.failing.Swap(true) {
		f.log.Error("the access log cannot be written, lines are lost", "path", f.path, "error", err)
	}
}

// Failing says whether the last lines could not be written.
func (f *File) Failing() bool { return f.failing.Load() }

// follow opens the file anew if its name leads elsewhere by now.
func (f *File) follow() {
	if f.path == "" {
		return
	}
	named, err := os.Stat(f.path)
	if err == nil {
		if open, err := f.file.Stat(); err == nil && os.SameFile(named, open) {
			return
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return // what is open still takes lines
	}
	if err := f.open(); err != nil {
		f.trouble(err)
	}
}
