package http1

import "slices"

// ParseRequest reads the head of a request from the start of b. n is how many
// bytes the head has, or 0 as long as b does not hold all of it: then call it
// again with more. lim must have no zero field. Whatever r said before is gone;
// of its fields the array is used again.
//
// Only when the head is complete, and its target is in absolute form without a
// path, is a byte of b changed.
func ParseRequest(r *Request, b []byte, lim *Limits) (n int, err *Error) {
	h := head{fields: r.Fields[:0], most: lim.Fields, length: -1}
	if n, err = h.parseRequest(b, lim); n != 0 {
		if err = h.finishRequest(r); err == nil {
			return n, nil
		}
	}
	*r = Request{Method: h.method, Target: h.target, Minor: h.minor, Fields: h.fields}
	return 0, err
}

// parseRequest reads a head up to the empty line, and leaves it to
// finishRequest what the fields mean together.
func (h *head) parseRequest(b []byte, lim *Limits) (n int, err *Error) {
	w := b[:min(len(b), lim.Head)]
	at := 0
	if len(w) > 0 && w[0] == '\r' {
		if at, err = skipEmptyLines(w); err != nil {
			return 0, err
		}
	}
	line := w[at:min(len(w), at+lim.Line+len("\r\n"))]
	size, err := h.parseRequestLine(line)
	if err != nil {
		return 0, err
	}
	if size == 0 {
		if len(line) == lim.Line+len("\r\n") {
			return 0, errLongLine
		}
		return incomplete(b, lim)
	}
	h.budget = lim.Values - size + len("\r\n")
	if n, err = h.parseFields(w, at+size); n == 0 && err == nil {
		return incomplete(b, lim)
	}
	return n, err
}

// incomplete is the outcome of a head that b holds no end of.
func incomplete(b []byte, lim *Limits) (int, *Error) {
	if len(b) >= lim.Head {
		return 0, errLargeHead
	}
	return 0, nil
}

func skipEmptyLines(b []byte) (at int, err *Error) {
	for at < len(b) && b[at] == '\r' {
		if at+1 == len(b) {
			return len(b), nil
		}
		if b[at+1] != '\n' {
			return 0, errLineEnd
		}
		if at += 2; at > 2*maxEmptyLines {
			return 0, errEmptyLines
		}
	}
	return at, nil
}

// parseRequestLine reads the line from the start of b; n is 0 as long as b
// does not hold its end.
func (h *head) parseRequestLine(b []byte) (n int, err *Error) {
	i := scan(b, 0, isToken)
	switch {
	case i > maxMethod:
		return 0, errLongMethod
	case i == len(b):
		return 0, nil
	case i == 0 || b[i] != ' ':
		return 0, errMethod
	}
	h.method = b[:i:i]
	if m := string(h.method); m == "CONNECT" || m == "TRACE" {
		return 0, errNoRoute // a gateway is no tunnel, and TRACE would show what it adds
	}
	from := i + 1
	i = scanWords(b, from, path0, path9, underscores)
	h.plain = i - from
	if i < len(b) && b[i] == '?' {
		i = scanWords(b, i+1, query0, query9, equals)
	}
	if i = scan(b, i, isTarget); i == len(b) {
		return 0, nil
	}
	if i == from || b[i] != ' ' {
		return 0, errTarget
	}
	h.target = b[from:i:i]
	minor, size, err := parseVersion(b[i+1:], '\r')
	if size == 0 || err != nil {
		return 0, err
	}
	h.minor = minor
	n = i + 1 + size
	if n == len(b) {
		return 0, nil
	}
	if b[n] != '\n' {
		return 0, errLineEnd
	}
	return n + 1, nil
}

// parseVersion reads "HTTP/1.x" and the byte after it; size is 0 as long as b
// does not hold them.
func parseVersion(b []byte, after byte) (minor uint8, size int, err *Error) {
	const form = "HTTP/1.1"
	if len(b) > len(form) && string(b[:len(form)]) == form && b[len(form)] == after {
		return 1, len(form) + 1, nil
	}
	return parseOtherVersion(b, after)
}

// parseOtherVersion is parseVersion byte by byte. A higher minor version is
// read as 1 (RFC 9110 2.5).
func parseOtherVersion(b []byte, after byte) (minor uint8, size int, err *Error) {
	const form = "HTTP/1.x"
	for i := range len(form) + 1 {
		if i == len(b) {
			return 0, 0, nil
		}
		c := b[i]
		digit := '0' <= c && c <= '9'
		switch {
		case i == 5 && digit && c != '1':
			return 0, 0, errVersion
		case i == 7 && digit:
			minor = min(c-'0', 1)
		case i == len(form) && c == after:
		case i == len(form) || i == 7 || c != form[i]:
			return 0, 0, errRequestLine
		}
	}
	return minor, len(form) + 1, nil
}

// head is a message that is being read: its first line and its fields, and what
// the fields say about the message itself.
type head struct {
	method []byte
	target []byte
	plain  int // bytes that the target begins with and that need no second look: letters, digits, '-', '_' and '/'
	minor  uint8
	status int
	fields []Field

	budget int // bytes that values may still have
	most   int // fields there may be

	host     []byte
	hosts    int
	length   int64 // of Content-Length, -1 if absent
	coded    bool  // Transfer-Encoding: chunked
	expect   bool
	unmet    bool   // an expectation other than 100-continue
	upgrade  []byte // the only protocol offered
	upgrades int

	options   int // connection options seen
	close     bool
	keepAlive bool
	switches  bool // the option "upgrade"
}

// parseFields reads field lines from b[at:] to the empty line; n is where the
// body starts, 0 as long as b does not hold the end.
func (h *head) parseFields(b []byte, at int) (n int, err *Error) {
	fields := h.fields
	for at < len(b) {
		if b[at] == '\r' {
			h.fields = fields
			return endOfFields(b, at)
		}
		if len(fields) == h.most {
			return 0, errManyFields
		}
		if len(fields) == cap(fields) {
			fields = withRoom(fields)
		}
		f := &fields[:len(fields)+1][len(fields)]
		if next := readField(f, b[at:]); next != 0 {
			at += next
		} else if at, err = parseAnyField(f, b, at); at == 0 {
			return 0, err
		}
		if h.budget -= len(f.Value); h.budget < 0 {
			return 0, errLargeHead
		}
		if notedNames.has(f.known) {
			if err := h.note(f); err != nil {
				return 0, err
			}
		}
		fields = fields[:len(fields)+1]
	}
	return 0, nil
}

// withRoom is fields with room for one more at least. It stands alone to be out
// of the way: an array is used for many messages.
//
//go:noinline
func withRoom(fields []Field) []Field { return slices.Grow(fields, 1) }

// endOfFields reads the empty line at b[at:], of which there is a CR.
func endOfFields(b []byte, at int) (n int, err *Error) {
	if at+1 == len(b) {
		return 0, nil
	}
	if b[at+1] != '\n' {
		return 0, errLineEnd
	}
	return at + 2, nil
}

// finishRequest decides the framing and the target, once all fields are known,
// and fills r.
func (h *head) finishRequest(r *Request) *Error {
	length := max(h.length, NoBody)
	switch {
	case h.hosts > 1 || h.hosts == 0 && h.minor == 1:
		return errHostCount
	case h.hosts == 1 && !ValidHost(h.host):
		return errHost
	case h.coded && h.length >= 0:
		return errFraming
	case h.coded && h.minor == 0:
		return errCoding
	case h.unmet && h.minor == 1:
		return errExpectation
	case h.coded:
		length = Chunked
	}
	path, query, err := h.splitTarget()
	if err != nil {
		return err
	}
	var upgrade []byte
	if h.switches && h.minor == 1 && !EqualFold(h.upgrade, "h2c") {
		upgrade = h.upgrade
	}
	r.Method, r.Target, r.Path, r.Query = h.method, h.target, path, query
	r.Host, r.Fields, r.Upgrade = h.host, h.fields, upgrade
	r.Length, r.Minor, r.HTTP2 = length, h.minor, false
	r.KeepAlive = !h.close && (h.minor == 1 || h.keepAlive)
	r.Expect = h.expect && h.minor == 1 && length != NoBody
	return nil
}

// splitTarget brings the target into origin form and splits it.
func (h *head) splitTarget() (path, query []byte, err *Error) {
	t := h.target
	switch {
	case t[0] == '/' && h.plain == len(t):
		return t, nil, nil
	case t[0] == '/' && t[h.plain] == '?':
		query, err = checkQuery(t[h.plain+1:])
		return t[:h.plain:h.plain], query, err
	case t[0] == '/':
	case len(t) == 1 && t[0] == '*' && string(h.method) == "OPTIONS":
		return t, nil, nil
	default:
		origin, authority, err := absolute(t)
		if err != nil {
			return nil, nil, err
		}
		// RFC 9112 3.2.2 lets the target win; two names for one request are
		// what host confusion is made of, so they must agree.
		if !sameFold(authority, h.host) {
			return nil, nil, errAuthority
		}
		origin[0] = '/'
		h.target = origin
	}
	return splitTarget(h.target)
}
