package transport

import (
	"io"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/net/http2"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// h2stream is a request over HTTP/2, and where its answer goes. Whoever plays
// its exchange has it; what is under the connection's mu is the reader's too.
type h2stream struct {
	h    *h2conn
	e    *exchange
	ctx  *clientContext
	wake chan struct{} // something under mu has changed
	wait *time.Timer
	text []byte // what the request's slices point into
	host [4]byte

	// Under the connection's mu.
	id         uint32
	window     int64  // bytes that we may send
	recvWindow int64  // bytes that the client may send
	in         []byte // of the body; the first read bytes of it are used
	read       int
	received   int64 // bytes of the body
	declared   int64 // by content-length; -1: it does not say
	taken      int64 // bytes that the client was not given back yet
	ended      bool  // the client sends no more
	gone       bool  // the client wants no answer, or gets none
	left       bool  // the client has reset it
	sentEnd    bool  // nothing more is sent
	onGone     func()
	stopped    bool // interrupt was called

	// Of whoever plays it.
	given    []byte // what next gave
	seen     int64  // bytes that next gave
	pace     pace
	inline   bool  // the reader plays it
	reserved int64 // bytes of the windows that are its own already
	rest     int64 // bytes of the answer to come, if its length is known
	headed   bool  // the answer's head is out
	err      error
}

// clean makes st ready for another stream, if nobody can hold on to it.
func (st *h2stream) clean() bool {
	ctx := st.ctx
	if ctx == nil {
		ctx = &clientContext{}
	}
	select {
	case <-st.wake:
	default:
	}
	*st = h2stream{h: st.h, wake: st.wake, wait: st.wait, ctx: ctx, text: trimmed(st.text), in: trimmed(st.in), given: trimmed(st.given)}
	return true
}

// rouse wakes who waits for the stream; the connection's mu is held.
func (st *h2stream) rouse() {
	select {
	case st.wake <- struct{}{}:
	default: // it was told already
	}
}

// cut ends the stream from the client's side; the connection's mu is held.
func (st *h2stream) cut() {
	if st.gone {
		return
	}
	if st.gone = true; st.onGone != nil {
		st.onGone()
		st.onGone = nil
	}
	st.rouse()
}

// startWatch implements watcher: the reader notices what becomes of the client.
func (st *h2stream) startWatch(gone func()) {
	st.h.mu.Lock()
	defer st.h.mu.Unlock()
	if st.gone {
		gone()
		return
	}
	st.onGone = gone
}

func (st *h2stream) stopWatch() {
	st.h.mu.Lock()
	defer st.h.mu.Unlock()
	st.onGone = nil
}

// atOnce plays the exchange if its answer stands without waiting for anything,
// and reserves what it takes of the windows: the reader must not wait for them.
func (st *h2stream) atOnce() bool {
	e := st.e
	if !st.ended || !e.glance() {
		return false
	}
	a := &e.x.Answer
	if a.Relay || a.Stream != nil {
		return false
	}
	for i := range e.x.Route.Finish {
		if e.x.Route.Finish[i].Waits {
			return false
		}
	}
	h, n := st.h, int64(len(a.Body))
	h.mu.Lock()
	defer h.mu.Unlock()
	if st.window < n || h.window < n {
		return false
	}
	st.window, h.window, st.reserved, st.inline = st.window-n, h.window-n, n, true
	return true
}

// run plays the exchange on a goroutine.
func (st *h2stream) run() {
	defer func() {
		if p := recover(); p != nil {
			st.h.srv.cfg.Log.Error("stream panicked", "panic", p, "stack", string(debug.Stack()))
			st.abort()
		}
		st.done()
	}()
	st.e.play()
	st.e.answer(st)
	st.e.finished()
}

// done ends the stream.
func (st *h2stream) done() {
	h, e := st.h, st.e
	e.call.end()
	if !st.ctx.end() {
		st.ctx = nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.window += st.reserved; !st.ended && !st.gone && st.sentEnd {
		h.out = appendReset(h.out, st.id, http2.ErrCodeNo) // the rest of the body is for nobody
	}
	inline := st.inline
	h.ended(st)
	if !inline {
		h.send()
	}
	h.srv.exchanges.Put(e)
}

func (st *h2stream) begin() error {
	h := st.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if !st.e.x.Request.Expect || st.ended || st.received > 0 || st.gone {
		return nil
	}
	h.out = appendHeaders(h.out, st.id, false, appendStatus(nil, 100), h.maxFrame)
	h.send()
	return nil
}

func (st *h2stream) ready(limit int64) ([]byte, bool) {
	h := st.h
	h.mu.Lock()
	defer h.mu.Unlock()
	rest := st.in[st.read:]
	if !st.ended || st.gone || int64(len(rest))+st.seen > limit || st.seen > 0 {
		return nil, st.e.x.Request.Length == http1.NoBody
	}
	st.read = len(st.in)
	h.give(int64(len(rest)))
	return rest, true
}

func (st *h2stream) next(limit int64) ([]byte, error) {
	if st.declared > limit {
		return nil, errTooLarge
	}
	for {
		piece, err := st.piece()
		if st.seen += int64(len(piece)); err != nil || st.seen > limit {
			return nil, orTooLarge(err)
		}
		if len(piece) > 0 {
			return piece, nil
		}
		wait := st.pace.wait(&st.h.srv.cfg.Timeouts)
		if wait <= 0 {
			return nil, errSlow
		}
		clock := &st.h.srv.clock
		from := clock.now()
		woken := st.sleep(wait)
		st.pace.add(0, time.Duration(clock.now()-from))
		if !woken {
			return nil, errSlow
		}
	}
}

func orTooLarge(err error) error {
	if err == nil {
		return errTooLarge
	}
	return err
}

// piece is what has come of the body; nothing, if it has to be waited for.
func (st *h2stream) piece() ([]byte, error) {
	h := st.h
	h.mu.Lock()
	defer h.mu.Unlock()
	piece := st.in[st.read:]
	switch {
	case st.stopped, st.gone:
		return nil, errGone
	case len(piece) > 0:
		st.in, st.given, st.read = st.given[:0], st.in, 0
		h.give(int64(len(piece)))
		st.give(int64(len(piece)))
		h.send()
		st.pace.seen += int64(len(piece))
		return piece, nil
	case st.ended:
		return nil, io.EOF
	}
	return nil, nil
}

// give gives the client back what n bytes took of the stream's window; the
// connection's mu is held.
func (st *h2stream) give(n int64) {
	if st.taken += n; st.taken >= h2StreamWindow/4 && !st.ended && !st.gone {
		st.h.out = appendWindowUpdate(st.h.out, st.id, uint32(st.taken))
		st.recvWindow += st.taken
		st.taken = 0
	}
}

// sleep waits until the stream is woken, and says whether it was in time.
func (st *h2stream) sleep(most time.Duration) bool {
	if st.wait == nil {
		st.wait = time.NewTimer(most)
	} else {
		st.wait.Reset(most)
	}
	defer st.wait.Stop()
	select {
	case <-st.wake:
		return true
	case <-st.wait.C:
		return false
	}
}

func (st *h2stream) interrupt() {
	st.h.mu.Lock()
	defer st.h.mu.Unlock()
	st.stopped = true
	st.rouse()
}

func (st *h2stream) settle() {}

func (st *h2stream) start(r *http1.Response) *http1.Error {
	e, h := st.e, st.h
	block := appendStatus(e.out[:0], r.Status)
	block = appendNamed(block, nameDate, e.srv.dateText(e.date()))
	for _, f := range r.Fields {
		if http1.IsHop(f.Name) || http1.EqualFold(f.Name, "date") {
			continue
		}
		if !http1.ValidField(f.Name, f.Value) {
			return errField
		}
		block = appendField(block, f)
	}
	if r.Length >= 0 && r.Status != 204 && r.Status != 304 {
		var room [20]byte
		block = appendNamed(block, nameLength, strconv.AppendInt(room[:0], r.Length, 10))
	}
	e.out = block
	end := r.Length == 0 || string(e.x.Request.Method) == "HEAD" || r.Status == 204 || r.Status == 304
	h.mu.Lock()
	defer h.mu.Unlock()
	st.headed, st.rest = true, r.Length
	if !st.gone {
		h.out = appendHeaders(h.out, st.id, end, block, h.maxFrame)
		st.sentEnd = end
	}
	return nil
}

func (st *h2stream) part(p []byte) {
	h := st.h
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(p) > 0 && st.err == nil {
		switch {
		case st.gone || h.over != nil:
			st.err = errGone
		case len(h.out) >= h2Gathered && h.sending:
			h.room.Wait()
		case len(h.out) >= h2Gathered:
			h.send()
		default:
			p = st.data(p)
		}
	}
}

// data sends as much as may be sent now, or waits until something may. mu is
// held, but not while it waits.
func (st *h2stream) data(p []byte) []byte {
	h := st.h
	n := min(int64(len(p)), int64(min(h.maxFrame, h2Frame)))
	if st.reserved > 0 {
		n = min(n, st.reserved)
		st.reserved -= n
	} else {
		n = min(n, st.window, h.window)
		if n <= 0 {
			h.send()
			h.mu.Unlock()
			woken := st.sleep(h.srv.cfg.Timeouts.WriteIdle)
			if h.mu.Lock(); !woken {
				st.err = errSlow
			}
			return p
		}
		st.window -= n
		h.window -= n
	}
	end := n == st.rest
	st.rest -= n
	h.out = appendData(h.out, st.id, end, p[:n])
	st.sentEnd = end
	return p[n:]
}

func (st *h2stream) flush() bool {
	h := st.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if st.gone || h.over != nil {
		st.err = errGone
	}
	if !st.inline {
		h.send()
	}
	return st.err == nil
}

func (st *h2stream) finish() {
	h := st.h
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case st.err != nil || st.gone:
		st.lose()
	case !st.sentEnd:
		h.out = appendData(h.out, st.id, true, nil)
		st.sentEnd = true
	}
	if !st.inline {
		h.send()
	}
}

func (st *h2stream) abort() {
	st.h.mu.Lock()
	defer st.h.mu.Unlock()
	st.lose()
}

// lose gives the stream up: the client has not got the whole answer. The
// connection's mu is held.
func (st *h2stream) lose() {
	st.h.srv.Counters.Aborted.Add(1)
	if !st.sentEnd && !st.gone {
		st.h.reset(st.id, http2.ErrCodeInternal)
	}
}

// giveUp answers a request that never got a route.
func (st *h2stream) giveUp(err error) {
	status := frontStatus(err)
	s := st.h.srv
	s.Counters.refuse(status)
	s.cfg.Log.Debug("request refused", "remote", st.h.c.remote.String(), "status", status, "reason", err)
	body := frontBody(status)
	r := http1.Response{Status: status, Length: int64(len(body)), Fields: []http1.Field{{Name: []byte("Content-Type"), Value: []byte("application/json")}}}
	if st.start(&r) != nil {
		return
	}
	h := st.h
	h.mu.Lock()
	if n := r.Length; n <= min(st.window, h.window) {
		st.window, h.window, st.reserved, st.inline = st.window-n, h.window-n, n, true
	} else {
		h.reset(st.id, http2.ErrCodeEnhanceYourCalm) // it lets us send less than a line
	}
	h.mu.Unlock()
	if st.inline {
		st.part([]byte(body))
		st.finish()
	}
}
