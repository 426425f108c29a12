package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// Command is what to start.
type Command struct {
	// Path is the program's absolute path; Args are its arguments without its name.
	Path string
	Args []string
	// Env is its whole environment; Dir its working directory.
	Env []string
	Dir string
	// Output gets what the process and its children print, stdout and stderr in
	// the order they were written. It is never called twice at a time; what it is
	// given is valid until it returns. While it blocks, so does the process.
	Output func(p []byte)
	// Marker is text in Env that no other process has, to find strays by.
	Marker string
}

// Exit is how a process ended.
type Exit struct {
	// Code is the exit code; Signal the name of the signal instead, or empty.
	Code   int
	Signal string
}

// String is AWS's wording.
// parity: services-observability.md 7.4
func (e Exit) String() string {
	switch {
	case e.Signal != "":
		return "exited with error: signal: " + e.Signal
	case e.Code != 0:
		return fmt.Sprintf("exited with error: exit status %d", e.Code)
	}
	return "exited without providing a reason"
}

// Spawner starts processes, all from one thread: Linux ends a process together
// with the thread that started it.
type Spawner struct{ jobs chan job }

type job struct {
	cmd  *exec.Cmd
	done chan error
}

// NewSpawner makes a spawner; Run must be running for Start to get anywhere.
func NewSpawner() *Spawner { return &Spawner{jobs: make(chan job)} }

// Run starts processes until ctx is done, which must not be before all of them
// have ended.
func (s *Spawner) Run(ctx context.Context) {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-s.jobs:
			j.done <- j.cmd.Start()
		}
	}
}

// Process is a running process and its group.
type Process struct {
	cmd    *exec.Cmd
	handle handle
	out    *output
	marker string

	mu   sync.Mutex
	gone bool // reaped: its id may be another's
}

// strayGrace is how long the output may stay open after the group has been
// killed, before strays are searched for.
const strayGrace = 50 * time.Millisecond

// Start starts a process in a group of its own, with /dev/null as its input.
func (s *Spawner) Start(ctx context.Context, c Command) (*Process, error) {
	out, w, err := newOutput(c.Output)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	p := &Process{out: out, marker: c.Marker}
	p.cmd = &exec.Cmd{Path: c.Path, Args: append([]string{c.Path}, c.Args...), Env: c.Env, Dir: c.Dir, Stdout: w, Stderr: w}
	p.handle.prepare(p.cmd)
	j := job{cmd: p.cmd, done: make(chan error, 1)}
	select {
	case s.jobs <- j:
		err = <-j.done
	case <-ctx.Done():
		err = ctx.Err()
	}
	_ = w.Close()
	if err != nil {
		out.close()
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	p.handle.started(p.cmd)
	out.start()
	return p, nil
}

// ID is the process id, which is its group's too.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Wait waits for the process to end, ends what is left of its group, and returns
// when all it printed has been given to Output. It is called once.
func (p *Process) Wait() Exit {
	dead := p.handle.wait() // but not reaped: its id stays its own
	if dead {
		p.signal(killGroup)
	}
	err := p.cmd.Wait()
	p.mu.Lock()
	if !dead {
		killGroup(p.cmd.Process)
	}
	p.gone = true
	p.mu.Unlock()
	p.handle.close()
	bury(p.cmd.Process.Pid)
	if !p.out.wait(strayGrace) {
		Sweep(p.marker)
		p.out.wait(strayGrace)
	}
	p.out.close()
	return exit(p.cmd, err)
}

func exit(cmd *exec.Cmd, err error) Exit {
	var status *exec.ExitError
	if cmd.ProcessState == nil || err != nil && !errors.As(err, &status) {
		return Exit{Code: -1}
	}
	return Exit{Code: cmd.ProcessState.ExitCode(), Signal: signalName(cmd.ProcessState)}
}

// Kill ends the process and its group at once. It does not wait.
func (p *Process) Kill() { p.signal(killGroup) }

// Terminate asks the process to end.
func (p *Process) Terminate() { p.signal(terminate) }

func (p *Process) signal(send func(*os.Process)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		send(p.cmd.Process)
	}
}

// Drain gives Output what the process has printed so far.
func (p *Process) Drain() { p.out.drainNow() }

// Resident is the process's memory now, in bytes and without its children's; 0
// where it is not known.
func (p *Process) Resident() int64 { return p.handle.resident() }

// Peak is the most memory that the process ever had, like Resident.
func (p *Process) Peak() int64 { return p.handle.peak() }
