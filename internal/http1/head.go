package http1

// ParseRequest reads the head of a request from the start of b. n is how many
// bytes the head has, or 0 as long as b does not hold all of it: then call it
// again with more. lim must have no zero field.
//
// Only when the head is complete, and its target is in absolute form without a
// path, is a byte of b changed.
func ParseRequest(r *Request, b []byte, lim *Limits) (n int, err *Error) {
	*r = Request{Fields: r.Fields[:0]}
	w := b[:min(len(b), lim.Head)]
	at, err := skipEmptyLines(w)
	if err != nil {
		return 0, err
	}
	line := w[at:min(len(w), at+lim.Line+len("\r\n"))]
	size, err := parseRequestLine(r, line)
	if err != nil {
		return 0, err
	}
	if size == 0 {
		if len(line) == lim.Line+len("\r\n") {
			return 0, errLongLine
		}
		return incomplete(b, lim)
	}
	h := head{budget: lim.Values - size + len("\r\n"), most: lim.Fields, length: -1}
	if r.Fields, n, err = h.parseFields(r.Fields, w, at+size); err != nil {
		return 0, err
	}
	if n == 0 {
		return incomplete(b, lim)
	}
	if err := h.finishRequest(r); err != nil {
		return 0, err
	}
	return n, nil
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
func parseRequestLine(r *Request, b []byte) (n int, err *Error) {
	i := scan(b, 0, isToken)
	switch {
	case i > maxMethod:
		return 0, errLongMethod
	case i == len(b):
		return 0, nil
	case i == 0 || b[i] != ' ':
		return 0, errMethod
	}
	r.Method = b[:i:i]
	if m := string(r.Method); m == "CONNECT" || m == "TRACE" {
		return 0, errNoRoute // a gateway is no tunnel, and TRACE would show what it adds
	}
	from := i + 1
	if i = scan(b, from, isTarget); i == len(b) {
		return 0, nil
	}
	if i == from || b[i] != ' ' {
		return 0, errTarget
	}
	r.Target = b[from:i:i]
	minor, size, err := parseVersion(b[i+1:], '\r')
	if size == 0 || err != nil {
		return 0, err
	}
	r.Minor = minor
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
// does not hold them. A higher minor version is read as 1 (RFC 9110 2.5).
func parseVersion(b []byte, after byte) (minor uint8, size int, err *Error) {
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

// head is what the fields of a message say about the message itself.
type head struct {
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

// parseFields reads field lines from b[at:] to the empty line and appends them
// to dst; n is where the body starts, 0 as long as b does not hold the end.
func (h *head) parseFields(dst []Field, b []byte, at int) (_ []Field, n int, err *Error) {
	for at < len(b) {
		if b[at] == '\r' {
			if at+1 == len(b) {
				return dst, 0, nil
			}
			if b[at+1] != '\n' {
				return dst, 0, errLineEnd
			}
			return dst, at + 2, nil
		}
		if len(dst) == h.most {
			return dst, 0, errManyFields
		}
		f, next, err := parseField(b, at)
		if next == 0 || err != nil {
			return dst, 0, err
		}
		if h.budget -= len(f.Value); h.budget < 0 {
			return dst, 0, errLargeHead
		}
		dst = append(dst, f)
		if err := h.note(f); err != nil {
			return dst, 0, err
		}
		at = next
	}
	return dst, 0, nil
}

// parseField reads the field line at b[at:]; next is where the line after it
// starts, 0 as long as b does not hold its end. A line that starts with white
// space (an obsolete fold) has no name, so it is refused here too.
func parseField(b []byte, at int) (f Field, next int, err *Error) {
	i := scan(b, at, isToken)
	if i == len(b) {
		return f, 0, nil
	}
	if i == at || b[i] != ':' {
		return f, 0, errFieldName
	}
	f.Name = b[at:i:i]
	for i++; i < len(b) && (b[i] == ' ' || b[i] == '\t'); i++ {
	}
	from := i
	if i = scanValue(b, i); i == len(b) {
		return f, 0, nil
	}
	if b[i] != '\r' {
		return f, 0, errFieldValue
	}
	if i+1 == len(b) {
		return f, 0, nil
	}
	if b[i+1] != '\n' {
		return f, 0, errLineEnd
	}
	next = i + 2
	for i > from && (b[i-1] == ' ' || b[i-1] == '\t') {
		i--
	}
	f.Value = b[from:i:i]
	return f, next, nil
}

// finishRequest decides the framing and the target, once all fields are known.
func (h *head) finishRequest(r *Request) *Error {
	switch {
	case h.hosts > 1 || h.hosts == 0 && r.Minor == 1:
		return errHostCount
	case h.hosts == 1 && !ValidHost(h.host):
		return errHost
	case h.coded && h.length >= 0:
		return errFraming
	case h.coded && r.Minor == 0:
		return errCoding
	case h.unmet && r.Minor == 1:
		return errExpectation
	case h.coded:
		r.Length = Chunked
	default:
		r.Length = max(h.length, NoBody)
	}
	r.Host = h.host
	r.KeepAlive = !h.close && (r.Minor == 1 || h.keepAlive)
	r.Expect = h.expect && r.Minor == 1 && r.Length != NoBody
	if h.switches && r.Minor == 1 && !EqualFold(h.upgrade, "h2c") {
		r.Upgrade = h.upgrade
	}
	return finishTarget(r)
}

// finishTarget brings the target into origin form and splits it.
func finishTarget(r *Request) (err *Error) {
	switch {
	case r.Target[0] == '/':
	case len(r.Target) == 1 && r.Target[0] == '*' && string(r.Method) == "OPTIONS":
		r.Path = r.Target
		return nil
	default:
		origin, authority, err := absolute(r.Target)
		if err != nil {
			return err
		}
		// RFC 9112 3.2.2 lets the target win; two names for one request are
		// what host confusion is made of, so they must agree.
		if !sameFold(authority, r.Host) {
			return errAuthority
		}
		origin[0] = '/'
		r.Target = origin
	}
	r.Path, r.Query, err = splitTarget(r.Target)
	return err
}
