package transport

import (
	"errors"
	"io"
	"os"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// answerer is where an answer goes. Its errors but that of start are kept
// until finish: a client that does not read does not change what is done.
type answerer interface {
	// start takes the head, whose Length says how the body ends if one may
	// follow. It fails only if the head cannot be written as it is; then
	// nothing of it was.
	start(r *http1.Response) *http1.Error
	// part takes the next part of the body, which is used when it returns.
	part(p []byte)
	// flush sends what was taken; more may be long in coming. It says whether
	// the client still takes it.
	flush() bool
	// finish ends the answer; abort breaks it off, so that the client notices.
	finish()
	abort()
}

// errStatus is an answer whose status is no final one.
var errStatus = errors.New("transport: answer has no final status")

// answer sends the answer. One that cannot be sent is an internal failure.
func (e *exchange) answer(to answerer) {
	err := e.tryAnswer(to)
	if err == nil {
		return
	}
	if e.x.Answer.Stream != nil {
		e.aside(func() { e.x.Fail(err) }) // closes the stream, which may take a while
	} else {
		e.x.Fail(err)
	}
	e.x.Play() // what every answer has, is in this one too
	if err := e.tryAnswer(to); err != nil {
		e.srv.cfg.Log.Error("answer of a failure cannot be sent", "error", err)
		to.abort()
	}
}

// tryAnswer fails if nothing was sent.
func (e *exchange) tryAnswer(to answerer) error {
	x := &e.x
	a := &x.Answer
	if a.Upgrade != nil {
		return e.upgrade(to)
	}
	if a.Status < 200 {
		return errStatus
	}
	r := &e.head
	*r = http1.Response{Status: a.Status, Fields: a.Fields}
	toHead := string(x.Request.Method) == "HEAD"
	silent := toHead || a.Status == 204 || a.Status == 304
	switch {
	case a.Relay:
		return e.relay(to, r, toHead, silent)
	case a.Stream != nil:
		return e.stream(to, r, silent)
	}
	r.Length = int64(len(a.Body))
	if err := to.start(r); err != nil {
		return err
	}
	if !silent {
		e.part(to, a.Body)
	}
	to.finish()
	return nil
}

// part sends part of a body, and counts it for those who take note at the end.
func (e *exchange) part(to answerer, p []byte) {
	e.x.Sent += int64(len(p))
	to.part(p)
}

// relay passes the body of the reply on as it comes.
func (e *exchange) relay(to answerer, r *http1.Response, toHead, silent bool) error {
	x := &e.x
	reply := &x.Reply.Response
	r.Length = reply.Length
	if toHead && r.Length <= 0 {
		if r.Length = reply.Declared; r.Length < 0 {
			r.Length = http1.ToClose // says nothing about a length that is not known
		}
	} else if r.Length == http1.ToClose {
		r.Length = http1.Chunked
	}
	if err := to.start(r); err != nil {
		return err
	}
	if silent {
		to.finish()
		return nil
	}
	var flow flow
	for {
		piece, err := e.call.next()
		if err == nil && e.call.ended && x.Answer.Flow == (program.Flow{}) { // all of it, mostly
			e.part(to, piece)
			to.finish()
			return nil
		}
		switch err {
		case nil:
			e.part(to, piece)
			flow.took(e, to, len(piece))
		case errEmpty: //nolint:errorlint // made by next
			if !to.flush() {
				e.call.drop()
				to.finish()
				return nil
			}
			if e.call.idle = min(e.call.idle, flow.left(e)); e.call.idle <= 0 {
				err = os.ErrDeadlineExceeded
			} else {
				err = e.call.fill(e)
			}
		case io.EOF:
			to.finish()
			return nil
		}
		if err != nil {
			e.srv.cfg.Log.Debug("upstream broke off", "origin", e.x.Call.Origin.Address, "error", err)
			to.abort()
			return nil
		}
	}
}

// stream sends a body that a step made, part by part.
func (e *exchange) stream(to answerer, r *http1.Response, silent bool) error {
	stream := e.x.Answer.Stream
	r.Length = http1.Chunked
	if err := to.start(r); err != nil {
		return err // Fail closes the stream
	}
	defer e.aside(func() { _ = stream.Close() }) // it was read to its end, or nobody wants the rest
	if silent {
		to.finish()
		return nil
	}
	to.flush() // the head is worth having, however long the first part takes
	buf := make([]byte, bodyBuffer)
	var flow flow
	var n int
	var err error
	read := func() { n, err = stream.Read(buf) }
	for {
		e.aside(read)
		e.now = e.srv.clock.now()
		if n > 0 {
			e.part(to, buf[:n])
			if !to.flush() {
				to.finish()
				return nil
			}
			flow.took(e, to, n)
		}
		if errors.Is(err, io.EOF) {
			to.finish()
			return nil
		}
		if err != nil {
			to.abort()
			return nil // the head is out, so the client can only be cut off
		}
	}
}
