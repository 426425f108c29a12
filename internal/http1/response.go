package http1

// ParseResponse reads the head of a response from the start of b, as
// ParseRequest does. toHead says that it answers a HEAD request, so that it
// has no body whatever its fields say.
func ParseResponse(r *Response, b []byte, lim *Limits, toHead bool) (n int, err *Error) {
	h := head{fields: r.Fields[:0], most: lim.Fields, length: -1}
	if n, err = h.parseResponse(b, lim); n != 0 {
		if err = h.finishResponse(r, toHead); err == nil {
			return n, nil
		}
	}
	*r = Response{Status: h.status, Minor: h.minor, Fields: h.fields}
	return 0, err
}

// parseResponse reads a head up to the empty line.
func (h *head) parseResponse(b []byte, lim *Limits) (n int, err *Error) {
	w := b[:min(len(b), lim.Head)]
	line := w[:min(len(w), lim.Line+len("\r\n"))]
	size, err := h.parseStatusLine(line)
	if err != nil {
		return 0, err
	}
	if size == 0 {
		if len(line) == lim.Line+len("\r\n") {
			return 0, errStatusLine
		}
		return incomplete(b, lim)
	}
	h.budget = lim.Values - size + len("\r\n")
	if n, err = h.parseFields(w, size); n == 0 && err == nil {
		return incomplete(b, lim)
	}
	return n, err
}

// parseStatusLine reads the line from the start of b; n is 0 as long as b does
// not hold its end.
func (h *head) parseStatusLine(b []byte) (n int, err *Error) {
	const ok = "HTTP/1.1 200 OK\r" // two words, as most answers begin
	if len(b) > len(ok) && string(b[:len(ok)]) == ok && b[len(ok)] == '\n' {
		h.minor, h.status = 1, 200
		return len(ok) + 1, nil
	}
	return h.parseAnyStatusLine(b)
}

// parseAnyStatusLine is parseStatusLine for every line. The reason phrase is of
// no use and is skipped; some servers leave out even the space before it.
func (h *head) parseAnyStatusLine(b []byte) (n int, err *Error) {
	minor, i, err := parseVersion(b, ' ')
	if err != nil {
		return 0, errStatusLine
	}
	if i == 0 {
		return 0, nil
	}
	h.minor = minor
	for end := i + 3; i < end; i++ {
		if i == len(b) {
			return 0, nil
		}
		if b[i] < '0' || b[i] > '9' {
			return 0, errStatusLine
		}
		h.status = h.status*10 + int(b[i]-'0')
	}
	if h.status < 100 || h.status > 599 {
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

// finishResponse decides the framing (RFC 9112 6.3), once all fields are known,
// and fills r.
func (h *head) finishResponse(r *Response, toHead bool) *Error {
	if h.coded && h.length >= 0 {
		return errFraming
	}
	if h.coded && h.minor == 0 {
		return errCoding
	}
	length, keep := NoBody, !h.close && (h.minor == 1 || h.keepAlive)
	bare := h.status < 200 || h.status == 204 || h.status == 304
	switch {
	case bare && (h.coded || h.length > 0 && h.status != 304):
		keep = false // it may send the body that it announced and must not have
	case bare || toHead:
	case h.coded:
		length = Chunked
	case h.length >= 0:
		length = h.length
	default:
		length, keep = ToClose, false
	}
	r.Status, r.Minor, r.Fields, r.Upgrade = h.status, h.minor, h.fields, nil
	r.Length, r.Declared, r.KeepAlive = length, h.length, keep
	return nil
}
