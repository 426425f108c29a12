package transport

import (
	"golang.org/x/net/http2"
)

// take takes a frame. An error is a http2.StreamError, which costs the stream, or
// one that ends the connection.
func (h *h2conn) take(f http2.Frame) error {
	switch f := f.(type) {
	case *http2.HeadersFrame:
		return h.takeHeaders(f)
	case *http2.ContinuationFrame:
		return h.takeBlock(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.DataFrame:
		return h.takeData(f)
	case *http2.WindowUpdateFrame:
		return h.takeWindow(f)
	case *http2.RSTStreamFrame:
		return h.takeReset(f)
	}
	if h.cheap() {
		return errFlood
	}
	switch f := f.(type) {
	case *http2.PriorityFrame:
		if f.StreamDep == f.StreamID {
			return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeProtocol}
		}
	case *http2.SettingsFrame:
		return h.takeSettings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			h.mu.Lock()
			h.out = appendPong(h.out, f.Data)
			h.mu.Unlock()
		}
	case *http2.GoAwayFrame:
		h.goAway(http2.ErrCodeNo) // it begins no more streams; those that there are go on
	case *http2.PushPromiseFrame:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil // a kind that nobody knows yet
}

// cheap says whether the client has sent too much that asks for nothing.
func (h *h2conn) cheap() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.flood.cheap()
}

func (h *h2conn) takeSettings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	err := f.ForeachSetting(func(s http2.Setting) error {
		if err := s.Valid(); err != nil {
			return err
		}
		switch s.ID { //nolint:exhaustive // what is left says nothing about how answers are sent
		case http2.SettingMaxFrameSize:
			h.maxFrame = int(s.Val)
		case http2.SettingInitialWindowSize:
			more := int64(s.Val) - h.firstWin
			h.firstWin = int64(s.Val)
			for _, st := range h.streams {
				if st.window += more; st.window > h2Windows {
					return http2.ConnectionError(http2.ErrCodeFlowControl)
				}
				st.rouse()
			}
		}
		return nil
	})
	h.out = appendSettingsAck(h.out)
	return err
}

func (h *h2conn) takeWindow(f *http2.WindowUpdateFrame) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	more := int64(f.Increment) // not 0: the framer has looked
	if f.StreamID == 0 {
		if h.window += more; h.window > h2Windows {
			return http2.ConnectionError(http2.ErrCodeFlowControl)
		}
		for _, st := range h.streams {
			st.rouse()
		}
		return nil
	}
	st := h.streams[f.StreamID]
	if st == nil {
		return h.unknown(f.StreamID)
	}
	if st.window += more; st.window > h2Windows {
		return http2.StreamError{StreamID: st.id, Code: http2.ErrCodeFlowControl}
	}
	st.rouse()
	return nil
}

// unknown is an error if a stream was never begun; mu is held. Those that
// have ended may still get what was on its way.
func (h *h2conn) unknown(id uint32) error {
	if id > h.last || id%2 == 0 {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil
}

func (h *h2conn) takeReset(f *http2.RSTStreamFrame) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.unknown(f.StreamID); err != nil {
		return err
	}
	if st := h.streams[f.StreamID]; st != nil {
		st.sentEnd, st.left = true, true // nothing more is sent on it
		st.cut()
	}
	if h.flood.resets() {
		return errFlood
	}
	return nil
}

func (h *h2conn) takeData(f *http2.DataFrame) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	size := int64(f.Length) // padding counts
	if h.recvWindow -= size; h.recvWindow < 0 {
		return http2.ConnectionError(http2.ErrCodeFlowControl)
	}
	st := h.streams[f.StreamID]
	if st == nil || st.ended || st.gone {
		h.give(size)
		if err := h.unknown(f.StreamID); err != nil {
			return err
		}
		if st != nil && !st.ended && !st.left {
			return nil // we have reset it, which the client may not know yet
		}
		return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeStreamClosed}
	}
	if st.recvWindow -= size; st.recvWindow < 0 {
		h.give(size)
		return http2.StreamError{StreamID: st.id, Code: http2.ErrCodeFlowControl}
	}
	data := f.Data()
	if len(data) == 0 && !f.StreamEnded() && h.flood.cheap() {
		return errFlood
	}
	if padding := size - int64(len(data)); padding > 0 {
		h.give(padding)
		st.give(padding)
	}
	st.received += int64(len(data))
	st.in = append(st.in, data...)
	st.ended = f.StreamEnded()
	if want := st.declared; want >= 0 && (st.received > want || st.ended && st.received < want) {
		return http2.StreamError{StreamID: st.id, Code: http2.ErrCodeProtocol}
	}
	st.rouse()
	return nil
}

// takeHeaders begins a stream, or ends one with trailers.
func (h *h2conn) takeHeaders(f *http2.HeadersFrame) error {
	kind, refusal, err := h.admit(f)
	if err != nil {
		return err
	}
	if f.HasPriority() && f.Priority.StreamDep == f.StreamID {
		kind, refusal = blockRefused, http2.ErrCodeProtocol
	}
	h.block.begin(f.StreamID, kind)
	h.block.refusal, h.block.endStream = refusal, f.StreamEnded()
	return h.takeBlock(f.HeaderBlockFragment(), f.HeadersEnded())
}

// admit says what a stream's HEADERS are: its beginning, its end, or nothing
// that there can be. An error is one of the connection; those of streams wait
// until the fields are decoded, because the decoder's table goes on with them.
func (h *h2conn) admit(f *http2.HeadersFrame) (kind blockKind, refusal http2.ErrCode, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := f.StreamID
	st := h.streams[id]
	switch {
	case id%2 == 0:
		return 0, 0, http2.ConnectionError(http2.ErrCodeProtocol)
	case st != nil && (st.ended || st.gone):
		return blockRefused, http2.ErrCodeStreamClosed, nil
	case st != nil && !f.StreamEnded():
		return blockRefused, http2.ErrCodeProtocol, nil
	case st != nil:
		return blockTrailers, 0, nil
	case id <= h.last && h.wasClosed(id):
		return 0, 0, http2.ConnectionError(http2.ErrCodeStreamClosed)
	case id <= h.last:
		return 0, 0, http2.ConnectionError(http2.ErrCodeProtocol)
	case h.leaving:
		return blockIgnored, 0, nil
	}
	h.last = id
	if len(h.streams) >= int(h.srv.cfg.MaxStreams) {
		return blockRefused, http2.ErrCodeRefusedStream, nil
	}
	return blockRequest, 0, nil
}

// takeBlock takes a part of the fields, and acts on them once they are whole.
func (h *h2conn) takeBlock(part []byte, whole bool) error {
	b := &h.block
	if b.parts++; b.parts > maxBlockParts || b.received+len(part) > maxBlockBytes {
		return errFlood
	}
	b.received += len(part)
	if _, err := h.dec.Write(part); err != nil {
		return http2.ConnectionError(http2.ErrCodeCompression)
	}
	if !whole {
		return nil
	}
	if err := h.dec.Close(); err != nil {
		return http2.ConnectionError(http2.ErrCodeCompression)
	}
	kind := b.kind
	b.kind = blockNone
	malformed := http2.StreamError{StreamID: b.id, Code: http2.ErrCodeProtocol}
	switch kind { //nolint:exhaustive // the others lead to nothing
	case blockRefused:
		malformed.Code = b.refusal
		return malformed
	case blockTrailers:
		return h.trailers(b, malformed)
	case blockRequest:
		return h.request(b, malformed)
	}
	return nil
}

// trailers end a body; what they say is for nobody.
func (h *h2conn) trailers(b *h2block, malformed error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := h.streams[b.id]
	if st == nil {
		return nil
	}
	st.ended = true
	if b.malformed || b.pseudo() || st.declared >= 0 && st.received != st.declared {
		return malformed
	}
	st.rouse()
	return nil
}

// request begins an exchange.
func (h *h2conn) request(b *h2block, malformed error) error {
	if b.malformed || !b.complete() || b.endStream && b.declared > 0 {
		return malformed
	}
	h.mu.Lock()
	st := h.stream(b.id)
	st.ended, st.declared = b.endStream, b.declared
	h.mu.Unlock()
	st.ctx.server, st.ctx.watch = h.c.ses.ctx, st
	st.e = h.srv.take(st.ctx, nil)
	h.begin(st, b.fill(st))
	return nil
}
