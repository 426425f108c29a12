package lambda

import (
	"errors"
	"io"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda/runtimeapi"
)

// begin gives the environment a call. It returns false, and nobody has seen the
// event, if the runtime is lost.
func (e *environment) begin(c *call) bool {
	e.mu.Lock()
	if e.phase != idle {
		e.mu.Unlock()
		return false
	}
	e.enter(busy)
	e.calls++
	c.first = e.calls == 1
	timeout := e.pool.version.Timeout
	if c.first && e.attempt > 1 {
		timeout = max(timeout-e.init, 0) // the second start was within it
	}
	e.arm(timeout)
	v := &runtimeapi.Invocation{
		RequestID: c.RequestID, ARN: c.arn, TraceID: c.TraceID, ClientContext: string(c.ClientContext),
		Deadline: e.host.cfg.Now().Add(timeout), Event: c.Payload, Stream: c.Stream,
	}
	e.call, e.event, e.stream = c, v, nil
	e.log.start(c)
	api := e.api
	e.mu.Unlock()

	err := api.Invoke(v)
	if errors.Is(err, runtimeapi.ErrLost) {
		return !e.unbegin(c)
	}
	if err != nil {
		e.kill(byBreach)
	}
	return true
}

// unbegin takes back a call that the runtime did not get. It returns false if the
// call has been answered meanwhile.
func (e *environment) unbegin(c *call) bool {
	e.mu.Lock()
	mine := e.call == c
	if mine {
		e.call, e.event = nil, nil
		e.calls--
		e.enter(ending)
	}
	e.mu.Unlock()
	e.kill(byBreach)
	return mine
}

// Ready tells that the runtime asks for work.
func (e *environment) Ready() {
	e.mu.Lock()
	first := e.phase == starting
	if !first && e.phase != finishing || e.cause != ownWill {
		e.mu.Unlock()
		return // it asked before, or is about to end
	}
	e.timer.Stop()
	if first {
		e.init = time.Since(e.began)
	}
	e.mu.Unlock()
	e.drain() // what was printed until now belongs before the next call
	e.mu.Lock()
	if e.phase != starting && e.phase != finishing || e.cause != ownWill {
		e.mu.Unlock()
		return
	}
	e.owing = false
	e.enter(idle)
	e.mu.Unlock()
	if first {
		e.started()
	}
	e.pool.ready(e, first)
}

// Answered brings the answer to the call, or the beginning of it.
func (e *environment) Answered(v *runtimeapi.Invocation, a runtimeapi.Answer) {
	e.mu.Lock()
	c := e.call
	if e.event != v || e.phase != busy {
		e.mu.Unlock()
		if a.Stream != nil {
			a.Stream.Fail(io.ErrUnexpectedEOF)
		}
		return
	}
	took := time.Since(e.began)
	if a.Stream != nil {
		e.stream = &stream{in: a.Stream, res: e.result(c, verdict{contentType: a.ContentType}, took)}
		e.stream.res.Stream = e.stream
		res := e.stream.res
		e.mu.Unlock()
		c.answer(outcome{res: res})
		return
	}
	e.finish()
	e.mu.Unlock()

	res := e.conclude(c, verdictOf(a, c.RequestID), took)
	e.pool.finish(c)
	c.answer(outcome{res: res})
}

// finish takes the call off the environment, which has answered it. mu is held.
func (e *environment) finish() {
	e.enter(finishing)
	e.owing = true
	e.call, e.event, e.stream = nil, nil, nil
}

// Streamed brings the end of a streamed answer.
func (e *environment) Streamed(v *runtimeapi.Invocation, in *runtimeapi.Stream, errorType string, errorBody []byte) {
	e.mu.Lock()
	if e.event != v || e.phase != busy || e.stream == nil {
		e.mu.Unlock()
		in.Fail(io.ErrUnexpectedEOF)
		return
	}
	c, s, took := e.call, e.stream, time.Since(e.began)
	e.finish()
	e.mu.Unlock()

	w := verdict{payload: errorBody, errorType: errorType}
	s.tail = e.conclude(c, w, took).LogTail
	e.pool.finish(c)
	if errorType != "" {
		in.Fail(&StreamError{Type: errorType, Payload: errorBody})
		return
	}
	in.Fail(io.EOF)
}

// InitFailed brings the error that the runtime dies of.
func (e *environment) InitFailed(a runtimeapi.Answer) {
	e.mu.Lock()
	if e.phase != starting {
		e.mu.Unlock()
		return
	}
	took := time.Since(e.began)
	e.enter(ending)
	e.timer.Stop()
	e.mu.Unlock()
	e.pool.failed(func(c *call) outcome {
		return outcome{res: e.stillbirth(c, verdictOf(a, c.RequestID), took)}
	})
	time.AfterFunc(lastWords, func() { e.kill(byHost) })
}

// lastWords is how long a runtime that reported its end may still log.
const lastWords = 100 * time.Millisecond

// Broken tells that an answer broke off. If the runtime has died, its exit says
// more than we could.
func (e *environment) Broken(v *runtimeapi.Invocation) {
	e.mu.Lock()
	mine := e.event == v && e.phase == busy
	e.mu.Unlock()
	if mine {
		e.kill(byBreach)
	}
}

// conclude closes the call's log and makes its result.
func (e *environment) conclude(c *call, v verdict, took time.Duration) *Result {
	e.drain()
	e.measure()
	r := e.result(c, v, took)
	r.LogTail = e.log.end(c, report{
		took: took, init: r.Init, memory: e.memory.Load(), verdict: v,
	})
	return r
}

// drain takes what the processes have printed so far.
func (e *environment) drain() {
	e.mu.Lock()
	processes := e.processes
	e.mu.Unlock()
	for _, p := range processes {
		p.Drain()
	}
}

// measureEvery is how seldom the peak of memory is asked for: that takes longer
// than all else about a short call.
const measureEvery = 50 * time.Millisecond

func (e *environment) measure() {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if len(e.processes) == 0 || now.Sub(e.measured) < measureEvery {
		return
	}
	e.measured = now
	e.remember(e.processes[0].Peak())
}

// remember notes how much memory the environment was seen to take.
func (e *environment) remember(bytes int64) {
	for {
		old := e.memory.Load()
		if bytes <= old || e.memory.CompareAndSwap(old, bytes) {
			return
		}
	}
}

// result is what Invoke returns of a verdict.
func (e *environment) result(c *call, v verdict, took time.Duration) *Result {
	r := &Result{
		Payload: v.payload, ErrorType: v.errorType, ContentType: v.contentType, StreamContentType: v.contentType,
		ExecutedVersion: e.pool.version.Number, RequestID: c.RequestID, Cold: c.first, Duration: took,
	}
	if v.errorType != "" {
		r.FunctionError = "Unhandled"
	}
	if c.first {
		r.Init = e.init
	}
	return r
}

// stream is a streamed answer, as its client reads it.
type stream struct {
	in   *runtimeapi.Stream
	res  *Result
	tail []byte // set before the stream's end
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	if err != nil && !errors.Is(err, io.ErrClosedPipe) { // the function's end, not our client's
		s.res.LogTail = s.tail
	}
	return n, err
}

func (s *stream) Close() error { return s.in.Close() }
