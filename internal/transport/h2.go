package transport

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// HTTP/2 of clients. Frames are read with golang.org/x/net's framer and HPACK
// decoder; the states of streams, flow control and what ends a connection are
// ours, because they stand in every request's way. A stream's request is put
// into the same Exchange as one over HTTP/1.1 and judged by the same rules.
//
// The connection's goroutine reads frames. It plays what can be answered at
// once, and never waits for a stream: any other stream gets a goroutine. Who
// has something to send adds it to what gathers, and sends all of it unless
// somebody does so already.

// What we tell clients, and take from them at most.
const (
	h2Frame        = 16 << 10  // bytes of a frame; the least that a client may count on
	h2StreamWindow = 256 << 10 // bytes of a body that are read ahead of who takes them
	h2ConnWindow   = 1 << 20   // the same of all streams together
	h2Table        = 4096      // bytes of the decoder's table
	h2Gathered     = 64 << 10  // bytes; who has more to send then waits
	h2Windows      = 1<<31 - 1
	h2DefaultSize  = 65535 // of windows, until settings say otherwise
)

// h2conn is a client's connection over HTTP/2.
type h2conn struct {
	c   *conn
	srv *Server
	wg  sync.WaitGroup // streams with goroutines

	// Of the reader alone.
	in     inbox
	framer *http2.Framer
	dec    *hpack.Decoder
	block  h2block // the fields that are being received
	late   moment  // when a frame or block that was begun must be complete; 0: none was
	now    moment  // when the reader last read

	mu       sync.Mutex // guards all below, and what h2stream says it does
	streams  map[uint32]*h2stream
	free     []*h2stream
	closed   [64]uint32 // the streams that ended last
	closedAt int
	last     uint32 // the highest stream that the client began
	greeted  bool   // our settings were sent
	leaving  bool   // GOAWAY was sent: new streams are ignored
	flood    h2flood
	over     error // not nil: the connection is of no use any more

	window     int64 // bytes that we may send
	firstWin   int64 // the same of a new stream
	maxFrame   int   // that the client takes
	taken      int64 // bytes of bodies that the client was not given back yet
	recvWindow int64 // bytes that the client may send

	out, spare []byte // what gathers
	sending    bool
	room       *sync.Cond // what gathered was sent
}

// serveHTTP2 serves the connection until it is to be closed.
func (c *conn) serveHTTP2() {
	h := &h2conn{
		c: c, srv: c.ses.srv, streams: map[uint32]*h2stream{}, window: h2DefaultSize, firstWin: h2DefaultSize,
		maxFrame: h2Frame, recvWindow: h2ConnWindow,
	}
	h.room = sync.NewCond(&h.mu)
	h.framer = http2.NewFramer(nil, &h.in)
	h.framer.SetMaxReadFrameSize(h2Frame)
	h.framer.SetReuseFrames()
	h.dec = hpack.NewDecoder(h2Table, h.block.add)
	h.dec.SetMaxStringLength(h.srv.cfg.Limits.Head)
	h.block.lim = &h.srv.cfg.Limits
	h.flood.begin(&h.srv.clock)
	stop := c.ses.onDrain(h.drain)
	err := h.serve()
	stop()
	h.end(err)
	h.wg.Wait()
	h.linger(err)
}

// linger lets the client read why the connection ends. Closing it at once
// would provoke a reset, which can destroy that on its way.
func (h *h2conn) linger(err error) {
	if errors.Is(err, errGone) || errors.Is(err, errLeaving) {
		return
	}
	if tc, ok := h.c.rw.(interface{ CloseWrite() error }); !ok || tc.CloseWrite() != nil {
		return
	}
	h.c.link.readBy = h.c.link.clock.now().plus(h.srv.cfg.Timeouts.Linger)
	h.in.reset(headBuffer)
	for {
		if _, err := h.c.link.Read(h.in.b); err != nil {
			return
		}
	}
}

// Reasons why a connection ends.
var (
	errLeaving = errors.New("transport: HTTP/2 connection is over")
	errPreface = errors.New("transport: no HTTP/2 preface")
	errFlood   = errors.New("transport: too much of what costs more to take than to send")
)

func (h *h2conn) serve() error {
	t := &h.srv.cfg.Timeouts
	h.in.reset(headBuffer)
	h.now = h.c.link.clock.now()
	h.late = h.now.plus(t.FirstByte)
	for h.in.w < len(http2.ClientPreface) {
		if err := h.fill(); err != nil {
			return err
		}
	}
	if string(h.in.take(len(http2.ClientPreface))) != http2.ClientPreface {
		h.goAway(http2.ErrCodeProtocol)
		return errPreface
	}
	h.mu.Lock()
	h.greet()
	h.mu.Unlock()
	h.late = h.now.plus(t.Header) // for the client's settings
	for first := true; ; first = false {
		if err := h.whole(); err != nil {
			return err
		}
		f, err := h.framer.ReadFrame()
		if err == nil && first {
			if s, ok := f.(*http2.SettingsFrame); !ok || s.IsAck() {
				err = http2.ConnectionError(http2.ErrCodeProtocol)
			}
		}
		if h.late = 0; err == nil {
			err = h.take(f)
		}
		if err = h.judge(err); err != nil {
			return err
		}
		if h.block.open() {
			h.late = h.now.plus(t.Header)
		}
	}
}

// whole reads until a whole frame is there. Before it waits, it sends what has
// gathered.
func (h *h2conn) whole() error {
	const head = 9
	for {
		if p := h.in.bytes(); len(p) >= head {
			n := int(p[0])<<16 | int(p[1])<<8 | int(p[2])
			if n > h2Frame {
				h.goAway(http2.ErrCodeFrameSize)
				return http2.ErrFrameTooLarge
			}
			if len(p) >= head+n {
				return nil
			}
		}
		h.mu.Lock()
		h.send()
		h.mu.Unlock()
		if err := h.fill(); err != nil {
			return err
		}
	}
}

// fill reads what comes. A connection without streams may be idle for a while;
// one with streams as long as they take.
func (h *h2conn) fill() error {
	t := &h.srv.cfg.Timeouts
	if h.in.empty() {
		if len(h.in.b) > headBuffer {
			h.in.b = nil // a large frame is no reason to keep much while idle
		}
		h.in.reset(headBuffer)
	} else if h.late == 0 {
		h.late = h.now.plus(t.KeepAlive)
	}
	for {
		h.c.link.readBy = h.late
		if h.late == 0 {
			h.c.link.readBy = h.c.link.clock.now().plus(t.KeepAlive)
		}
		n, err := h.c.rw.Read(h.in.room(h2Frame + 9))
		h.in.w += n
		h.now = h.c.link.clock.now()
		if n > 0 {
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, errKicked) {
			return errors.Join(errGone, err)
		}
		h.c.link.unkick()
		if h.late > 0 && h.now >= h.late {
			h.goAway(http2.ErrCodeProtocol)
			return errSlow
		}
		if h.idle(errors.Is(err, os.ErrDeadlineExceeded)) {
			h.goAway(http2.ErrCodeNo)
			return errLeaving
		}
	}
}

// idle says whether there is nothing to wait for: no stream, and either the
// time is up or we leave.
func (h *h2conn) idle(expired bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams) == 0 && (expired || h.leaving)
}

// judge answers an error of a frame: one of a stream costs the stream, any
// other the connection.
func (h *h2conn) judge(err error) error {
	var stream http2.StreamError
	var all http2.ConnectionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &stream):
		h.mu.Lock()
		defer h.mu.Unlock()
		h.reset(stream.StreamID, stream.Code)
		if !h.flood.resets() {
			return nil
		}
		h.goAwayLocked(http2.ErrCodeEnhanceYourCalm)
	case errors.As(err, &all):
		h.goAway(http2.ErrCode(all))
	case errors.Is(err, errFlood):
		h.goAway(http2.ErrCodeEnhanceYourCalm)
	case errors.Is(err, http2.ErrFrameTooLarge):
		h.goAway(http2.ErrCodeFrameSize)
	}
	return err
}

// greet says what must be said before anything else, once; mu is held.
func (h *h2conn) greet() {
	if h.greeted {
		return
	}
	h.greeted = true
	h.out = appendSettings(h.out, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: h.srv.cfg.MaxStreams},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: h2StreamWindow},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: uint32(h.srv.cfg.Limits.Head)})
	h.out = appendWindowUpdate(h.out, 0, h2ConnWindow-h2DefaultSize)
}

// drain tells the client to begin nothing more here. What it has begun before it
// heard of that is still served until we are leaving; then the connection ends
// if nothing is under way.
func (h *h2conn) drain(leaving bool) {
	if !leaving {
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.leaving {
			h.greet()
			h.out = appendGoAway(h.out, 1<<31-1, http2.ErrCodeNo) // RFC 9113, 6.8
			h.send()
		}
		return
	}
	h.goAway(http2.ErrCodeNo)
	h.c.link.kick()
}

// goAway says that no stream after the last one is looked at.
func (h *h2conn) goAway(code http2.ErrCode) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.goAwayLocked(code)
}

func (h *h2conn) goAwayLocked(code http2.ErrCode) {
	if h.leaving && code == http2.ErrCodeNo {
		return
	}
	h.leaving = true
	h.greet()
	h.out = appendGoAway(h.out, h.last, code)
	h.send()
}

// end ends what is under way: nobody hears of it any more.
func (h *h2conn) end(err error) {
	if err == nil || errors.Is(err, io.EOF) {
		err = errGone
	}
	h.srv.cfg.Log.Debug("HTTP/2 connection ends", "remote", h.c.remote.String(), "reason", err)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail(err)
}

// fail makes the connection useless; mu is held.
func (h *h2conn) fail(err error) {
	if h.over == nil {
		h.over = fmt.Errorf("HTTP/2: %w", err)
	}
	for _, st := range h.streams {
		st.cut()
	}
	h.room.Broadcast()
}

// stream is a new one, which begins with fields; mu is held.
func (h *h2conn) stream(id uint32) *h2stream {
	var st *h2stream
	if n := len(h.free); n > 0 {
		st, h.free = h.free[n-1], h.free[:n-1]
	} else {
		st = &h2stream{h: h, wake: make(chan struct{}, 1), ctx: &clientContext{}}
	}
	st.id, st.window, st.recvWindow = id, h.firstWin, h2StreamWindow
	h.streams[id], h.last = st, id
	return st
}

// ended forgets a stream; mu is held.
func (h *h2conn) ended(st *h2stream) {
	delete(h.streams, st.id)
	h.closed[h.closedAt%len(h.closed)] = st.id
	h.closedAt++
	h.flood.ended()
	if h.give(int64(len(st.in) - st.read)); st.clean() && len(h.free) < 8 {
		h.free = append(h.free, st)
	}
	if h.leaving && len(h.streams) == 0 {
		h.c.link.kick() // the reader finds that nothing is left
	}
}

// wasClosed says whether a stream that is no more has ended just now; mu is held.
func (h *h2conn) wasClosed(id uint32) bool {
	for _, one := range h.closed {
		if one == id {
			return true
		}
	}
	return false
}

// give gives the client back what n bytes of bodies took of the connection's
// window; mu is held.
func (h *h2conn) give(n int64) {
	if h.taken += n; h.taken >= h2ConnWindow/4 {
		h.out = appendWindowUpdate(h.out, 0, uint32(h.taken))
		h.recvWindow += h.taken
		h.taken = 0
	}
}

// reset breaks a stream off; mu is held.
func (h *h2conn) reset(id uint32, code http2.ErrCode) {
	h.out = appendReset(h.out, id, code)
	if st := h.streams[id]; st != nil {
		st.sentEnd = true
		st.cut()
	}
}

// send sends what has gathered, unless somebody does so already. mu is held,
// but not while it waits.
func (h *h2conn) send() {
	if h.sending {
		return
	}
	h.sending = true
	for len(h.out) > 0 && h.over == nil {
		p := h.out
		h.out = h.spare[:0]
		h.mu.Unlock()
		err := h.write(p)
		h.mu.Lock()
		if h.spare = nil; cap(p) <= 2*h2Gathered {
			h.spare = p
		}
		if err != nil {
			h.fail(err)
			h.c.link.kick() // the reader need not wait for anything
		}
		h.room.Broadcast()
	}
	h.sending = false
}

func (h *h2conn) write(p []byte) error {
	l := h.c.link
	for len(p) > 0 {
		n := min(len(p), written)
		l.writeBy = l.clock.now().plus(h.srv.cfg.Timeouts.WriteIdle)
		if _, err := h.c.rw.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// begin begins the exchange of a stream whose fields are in st.e.
func (h *h2conn) begin(st *h2stream, err error) {
	e := st.e
	if err == nil {
		err = h.c.receive(e, st)
	}
	switch {
	case err != nil:
		st.giveUp(err)
	case st.atOnce():
		e.answer(st)
		e.finished()
	default:
		h.wg.Go(st.run)
		return
	}
	st.done()
}
