package lambda

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda/process"
	"github.com/stagedoor/stagedoor/internal/lambda/runtimes"
)

// How long processes have between SIGTERM and SIGKILL if extensions are
// registered; without any there is no SIGTERM. AWS grants as much.
const (
	graceInternal = 500 * time.Millisecond // extensions inside of the runtime
	graceExternal = 2 * time.Second
)

// startError is a program that could not be started.
type startError struct{ error }

func (e *startError) Unwrap() error { return e.error }

// kill ends the processes. The first cause counts.
func (e *environment) kill(why cause) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cause == ownWill {
		e.cause = why
	}
	for _, p := range e.processes {
		p.Kill()
	}
}

// halt ends the environment with the host, and answers its call.
func (e *environment) halt() {
	e.mu.Lock()
	c, s := e.call, e.stream
	e.call, e.event, e.stream = nil, nil, nil
	was := e.phase
	e.enter(ending)
	e.mu.Unlock()
	e.kill(byHost)
	if was == starting {
		e.pool.failed(func(*call) outcome { return outcome{err: errStopped()} })
	}
	if c != nil {
		e.pool.f.release(c)
		c.answer(outcome{err: errStopped()})
	}
	if s != nil {
		s.in.Fail(&StreamError{Type: "Runtime.Stopped"})
	}
}

// retire ends an idle environment, with warning if extensions are owed one. It is
// in no pool's idle list any more.
func (e *environment) retire() {
	e.mu.Lock()
	if e.phase != idle {
		e.mu.Unlock()
		return // it is ending already
	}
	e.enter(ending)
	api, processes := e.api, e.processes
	e.warned = len(processes) > 1
	e.mu.Unlock()
	grace := graceInternal
	if len(processes) > 1 {
		grace = graceExternal
	}
	if !api.Shutdown("spindown", e.host.cfg.Now().Add(grace)) {
		e.kill(byHost)
		return
	}
	processes[0].Terminate() // the others have their event
	time.AfterFunc(grace, func() { e.kill(byHost) })
}

// expire ends a start or a call that takes too long.
func (e *environment) expire() {
	e.mu.Lock()
	if time.Now().Before(e.deadline) {
		e.mu.Unlock()
		return // the clock of an earlier call
	}
	was, c, s := e.phase, e.call, e.stream
	switch was {
	case starting:
		e.cause = byInitLimit // it cannot become ready any more
		if e.attempt > 1 {
			e.enter(ending)
		}
	case busy, finishing:
		e.call, e.event, e.stream = nil, nil, nil
		e.enter(ending)
	case idle, ending:
		e.mu.Unlock()
		return
	}
	took := time.Since(e.began)
	last := e.attempt > 1
	e.mu.Unlock()
	e.kill(byTimeout)
	switch {
	case was == starting && last:
		e.pool.failed(func(c *call) outcome {
			return outcome{res: e.stillbirth(c, timedOut(c.RequestID, e.pool.version.Timeout), took)}
		})
	case was == busy:
		e.fail(c, s, timedOut(c.RequestID, e.pool.version.Timeout), took)
	}
}

// fail answers a call with an error that the runtime did not report itself. The
// environment has no more to do with it.
func (e *environment) fail(c *call, s *stream, v verdict, took time.Duration) {
	res := e.conclude(c, v, took)
	e.pool.f.release(c)
	if s == nil {
		c.answer(outcome{res: res})
		return
	}
	s.tail = res.LogTail
	s.in.Fail(&StreamError{Type: v.errorType, Payload: v.payload})
}

// ended takes note that the processes are gone, and reports whether to start them
// once more.
func (e *environment) ended(exit process.Exit) (again bool) {
	e.mu.Lock()
	was, why, c, s := e.phase, e.cause, e.call, e.stream
	took := time.Since(e.began)
	e.timer.Stop()
	e.call, e.event, e.stream = nil, nil, nil
	again = was == starting && why == byInitLimit && e.attempt == 1
	if !again {
		e.enter(ending)
	}
	e.mu.Unlock()
	e.host.cfg.Log.Debug("environment ended", "function", e.pool.name, "version", e.pool.version.Number, "log_stream", e.log.stream, "exit", exit.String())
	switch {
	case again:
		e.log.say("platform.initReport", fmt.Sprintf("INIT_REPORT Init Duration: %s ms\tPhase: init\tStatus: timeout", millis(took)))
	case was == starting:
		e.pool.failed(func(c *call) outcome {
			return outcome{res: e.stillbirth(c, exited(c.RequestID, exit), took)}
		})
	case was == busy && why == byBreach && exit.Signal == "killed":
		e.fail(c, s, truncated(c.RequestID), took)
	case was == busy:
		e.fail(c, s, exited(c.RequestID, exit), took)
	}
	return again
}

// stillborn answers the call that waits for an environment whose processes could
// not be started.
func (e *environment) stillborn(err error) (again bool) {
	e.mu.Lock()
	e.enter(ending)
	processes := e.processes
	e.mu.Unlock()
	for _, p := range processes {
		p.Kill()
		p.Wait()
	}
	e.pool.failed(func(c *call) outcome { return e.explain(c, err) })
	return false
}

// explain turns the error of a start into what the caller gets: a package without
// an entry point is the function's failure, all else is ours.
func (e *environment) explain(c *call, err error) outcome {
	var entry *runtimes.EntryError
	var start *startError
	var path *fs.PathError
	var ours *NotReady
	switch {
	case e.host.alive.Err() != nil:
		return outcome{err: errStopped()}
	case errors.As(err, &entry):
		return outcome{res: e.stillbirth(c, invalidEntry(c.RequestID, entry.Message), 0)}
	case errors.As(err, &start) && errors.As(err, &path) && badProgram(path.Err):
		return outcome{res: e.stillbirth(c, invalidEntry(c.RequestID, path.Error()), 0)}
	case errors.As(err, &ours):
		return outcome{err: err}
	case errors.As(err, &start):
		return outcome{err: &NotReady{Reason: "the runtime could not be started", Cause: err}}
	}
	return outcome{err: noRuntime(err)}
}

// stillbirth is the result of a call whose environment did not start.
func (e *environment) stillbirth(c *call, v verdict, took time.Duration) *Result {
	c.first = true
	e.mu.Lock()
	e.init = took
	e.mu.Unlock()
	e.log.start(c)
	return e.conclude(c, v, 0)
}
