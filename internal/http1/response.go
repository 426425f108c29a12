package http1

// ParseResponse reads the head of a response from the start of b, as
// ParseRequest does. toHead says that it answers a HEAD request, so that it
// has no body whatever its fields say.
func ParseResponse(r *Response, b []byte, lim *Limits, toHead bool) (n int, err *Error) {
	*r = Response{Fields: r.Fields[:0]}
	w := b[:min(len(b), lim.Head)]
	line := w[:min(len(w), lim.Line+len("\r\n"))]
	size, err := parseStatusLine(r, line)
	if err != nil {
		return 0, err
	}
	if size == 0 {
		if len(line) == lim.Line+len("\r\n") {
			return 0, errStatusLine
		}
		return incomplete(b, lim)
	}
	h := head{budget: lim.Values - size + len("\r\n"), most: lim.Fields, length: -1}
	if r.Fields, n, err = h.parseFields(r.Fields, w, size); err != nil {
		return 0, err
	}
	if n == 0 {
		return incomplete(b, lim)
	}
	if err := h.finishResponse(r, toHead); err != nil {
		return 0, err
	}
	return n, nil
}

// parseStatusLine reads the line from the start of b; n is 0 as long as b does
// not hold its end. The reason phrase is of no use and is skipped; some
// servers leave out even the space before it.
func parseStatusLine(r *Response, b []byte) (n int, err *Error) {
	minor, i, err := parseVersion(b, ' ')
	if err != nil {
		return 0, errStatusLine
	}
	if i == 0 {
		return 0, nil
	}
	r.Minor = minor
	for end := i + 3; i < end; i++ {
		if i == len(b) {
			return 0, nil
		}
		if b[i] < '0' || b[i] > '9' {
			return 0, errStatusLine
		}
		r.Status = r.Status*10 + int(b[i]-'0')
	}
	if r.Status < 100 || r.Status > 599 {
		return 0, errStatusLine
	}
	if i == len(b) {
		return 0, nil
	}
	if b[i] != ' ' && b[i] != '\r' {
		return 0, errStatusLine
	}
	if i = scanValue(b, i); i == len(b) || b[i] == '\r' && i+1 == len(b) {
		return 0, nil
	}
	if b[i] != '\r' || b[i+1] != '\n' {
		return 0, errStatusLine
	}
	return i + 2, nil
}

// finishResponse decides the framing (RFC 9112 6.3), once all fields are known.
func (h *head) finishResponse(r *Response, toHead bool) *Error {
	if h.coded && h.length >= 0 {
		return errFraming
	}
	if h.coded && r.Minor == 0 {
		return errCoding
	}
	r.KeepAlive = !h.close && (r.Minor == 1 || h.keepAlive)
	r.Declared = h.length
	bare := r.Status < 200 || r.Status == 204 || r.Status == 304
	switch {
	case bare && (h.coded || h.length > 0 && r.Status != 304):
		r.KeepAlive = false // it may send the body that it announced and must not have
	case bare || toHead:
	case h.coded:
		r.Length = Chunked
	case h.length >= 0:
		r.Length = h.length
	default:
		r.Length, r.KeepAlive = ToClose, false
	}
	return nil
}
