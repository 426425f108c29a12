package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Plan is a process that is to take the place of this one.
type Plan struct {
	Binary    string // path
	Args, Env []string
	// Files are the descriptors that it is handed, by name. They stay the
	// caller's, who may close them when Start has returned.
	Files map[string][]int
	// Texts are told it through pipes, by name: what is secret, and so belongs in no
	// file and no environment. Each has 4 KB at most.
	Texts map[string][]byte
}

// Successor is a process that was started and has not taken over yet.
type Successor struct {
	process *os.Process
	ended   chan error
	told    *os.File
	life    *os.File // held until this process ends
}

// value is what Env says of files, and the descriptors in the order in which the
// new process has them, the first of which is 3.
func value(files map[string][]int) (text string, fds []int) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for i, fd := range files[name] {
			if i == 0 {
				b.WriteString(" " + url.QueryEscape(name) + "=")
			} else {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(3 + len(fds)))
			fds = append(fds, fd)
		}
	}
	return strings.TrimPrefix(b.String(), " "), fds
}

// Start starts the process that is to take over.
func Start(p Plan) (_ *Successor, err error) {
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = tell.Close() }() // the new process has a copy
	watch, life, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, told.Close())
	}
	defer func() { _ = watch.Close() }() // so has it of this one
	files := maps.Clone(p.Files)
	if files == nil {
		files = map[string][]int{}
	}
	files[toldName], files[lifeName] = []int{int(tell.Fd())}, []int{int(watch.Fd())}
	for name, text := range p.Texts {
		r, err := filled(text)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("hand over %s: %w", name, err), told.Close(), life.Close())
		}
		defer func() { _ = r.Close() }() // the new process has a copy
		files[name] = []int{int(r.Fd())}
	}
	text, fds := value(files)
	env := slices.DeleteFunc(slices.Clone(p.Env), func(v string) bool { return strings.HasPrefix(v, Env+"=") })
	pid, err := spawn(p.Binary, p.Args, append(env, Env+"="+text), fds)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", p.Binary, err), told.Close(), life.Close())
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil, errors.Join(err, told.Close(), life.Close())
	}
	s := &Successor{process: process, ended: make(chan error, 1), told: told, life: life}
	go func() {
		state, err := process.Wait()
		if err == nil {
			err = errors.New(state.String())
		}
		s.ended <- err
	}()
	return s, nil
}

// mostText is what every pipe holds, so that nobody waits for a reader.
const mostText = 4 << 10

// filled is a pipe out of which a text can be read, once.
func filled(text []byte) (r *os.File, err error) {
	if len(text) > mostText {
		return nil, errors.New("it is too long")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_, err = w.Write(text)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// PID is its process.
func (s *Successor) PID() int { return s.process.Pid }

// mostTold bounds what it may say.
const mostTold = 64 << 10

// Wait waits until the new process is ready. With an error it has been ended and
// this process goes on. Once it is ready it waits for the end of this one.
func (s *Successor) Wait(ctx context.Context) error {
	said := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(io.LimitReader(s.told, mostTold)) // what has come by the end counts
		_ = s.told.Close()
		said <- string(b)
	}()
	var err error
	select {
	case text := <-said:
		if text == ready {
			return nil
		}
		err = s.why(ctx, text)
	case <-ctx.Done():
		err = fmt.Errorf("it is not ready: %w", context.Cause(ctx))
	}
	_ = s.process.Kill() // it may have ended
	s.ended <- <-s.ended // it has, now
	return errors.Join(err, s.life.Close())
}

// why tells why it is not ready: it has said so, or has ended.
func (s *Successor) why(ctx context.Context, text string) error {
	if text != "" {
		return errors.New(text)
	}
	select {
	case err := <-s.ended:
		s.ended <- err
		return fmt.Errorf("it ended before it was ready: %w", err)
	case <-ctx.Done():
		return fmt.Errorf("it says nothing: %w", context.Cause(ctx))
	}
}
