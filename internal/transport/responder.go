package transport

import "github.com/stagedoor/stagedoor/internal/http1"

const (
	// Up to so many bytes of an answer are copied together, so that head and
	// body go out in one write.
	joined = 16 << 10
	// Larger parts are written in pieces, each of which has WriteIdle.
	written = 64 << 10
)

// responder writes answers to a client over HTTP/1.1.
type responder struct {
	c     *conn
	e     *exchange
	keep  bool  // the connection may serve another request
	chunk bool  // each part is framed
	cut   bool  // only the end of the connection tells the end of the body
	more  bool  // the client may send another, if it is not told in time that it is not served
	front bool  // an answer that the driver gives itself
	held  bool  // finish leaves what it would send in e.out, to whoever has said so
	err   error // of the first write that failed
}

func (t *responder) reset(e *exchange, front bool) {
	*t = responder{c: t.c, e: e, front: front}
	e.out = e.out[:0]
}

func (t *responder) start(r *http1.Response) *http1.Error {
	e, req := t.e, &t.e.x.Request
	r.Minor = req.Minor
	t.more = req.KeepAlive
	t.keep = !t.front && req.KeepAlive && !e.x.Answer.Close && !t.c.ses.draining.Load() &&
		req.Upgrade == nil && // who asked to switch protocols may have done so already
		!e.call.sending() && !t.c.body.tooMuchLeft() // in this order: a sender uses the body
	if r.Length == http1.Chunked && req.Minor == 0 && !t.front {
		r.Length, t.keep, t.cut = http1.ToClose, false, true
	}
	silent := string(req.Method) == "HEAD" || r.Status == 204 || r.Status == 304
	t.chunk = r.Length == http1.Chunked && !silent
	r.KeepAlive = t.keep
	var err *http1.Error
	e.out, err = http1.AppendResponseHead(e.out[:0], r, e.srv.dateText(e.date()))
	return err
}

func (t *responder) part(p []byte) {
	e := t.e
	if t.chunk {
		if len(p) == 0 {
			return
		}
		e.out = http1.AppendChunkSize(e.out, len(p))
	}
	if len(p) > joined {
		t.flush()
		t.write(p)
	} else {
		e.out = append(e.out, p...)
	}
	if t.chunk {
		e.out = append(e.out, "\r\n"...)
	}
	if len(e.out) > 2*joined {
		t.flush()
	}
}

func (t *responder) flush() bool {
	t.write(t.e.out)
	t.e.out = t.e.out[:0]
	return t.err == nil
}

// write writes all of p, unless a write has failed before.
func (t *responder) write(p []byte) {
	c := t.c
	for len(p) > 0 && t.err == nil {
		n := min(len(p), written)
		c.link.writeBy = t.by()
		_, t.err = c.rw.Write(p[:n])
		if p = p[n:]; len(p) > 0 {
			t.e.now = c.link.clock.now()
		}
	}
}

func (t *responder) finish() {
	if t.chunk {
		t.e.out = append(t.e.out, http1.LastChunk...)
	}
	if !t.held {
		t.release()
	}
}

// release sends what finish leaves.
func (t *responder) release() {
	if !t.flush() {
		t.lose()
	}
}

// by is until when the client must have taken what is written now.
func (t *responder) by() moment { return t.e.now.plus(t.c.ses.srv.cfg.Timeouts.WriteIdle) }

func (t *responder) abort() {
	t.flush()
	if t.cut {
		t.c.link.shut(endAbrupt) // a reset, because an orderly end would look like the body's
	}
	t.lose()
}

// lose gives the connection up: the client has not got the whole answer.
func (t *responder) lose() {
	t.keep = false
	if t.err == nil {
		t.err = errGone
	}
	t.e.srv.Counters.Aborted.Add(1)
}
