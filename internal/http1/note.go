package http1

import "bytes"

// note takes notice of a field that says something about the message itself.
func (h *head) note(f *Field) *Error {
	switch f.known {
	case HostName:
		h.host = f.Value
		h.hosts++
	case Expect:
		met := EqualFold(f.Value, "100-continue")
		h.expect = h.expect || met
		h.unmet = h.unmet || !met
	case Upgrade:
		h.noteUpgrade(f.Value)
	case Connection:
		return h.noteOptions(f.Value)
	case ContentLength:
		return h.noteLength(f.Value)
	case TransferEncoding:
		return h.noteCoding(f.Value)
	default:
	}
	return nil
}

// noteUpgrade keeps the protocol if it is the only one offered: of a list,
// each reader may choose another.
func (h *head) noteUpgrade(v []byte) {
	if h.upgrades++; h.upgrades > 1 || bytes.IndexByte(v, ',') >= 0 {
		h.upgrade = nil
		return
	}
	h.upgrade = v
}

// noteOptions reads connection options: tokens, of which empty ones are
// skipped.
func (h *head) noteOptions(v []byte) *Error {
	if h.options == 0 && EqualFold(v, "keep-alive") {
		h.options, h.keepAlive = 1, true
		return nil
	}
	for rest := v; len(rest) > 0; {
		var option []byte
		option, rest = nextElement(rest)
		if scan(option, 0, isToken) != len(option) {
			return errOptions
		}
		if h.options++; h.options > maxOptions {
			return errOptions
		}
		switch {
		case EqualFold(option, "close"):
			h.close = true
		case EqualFold(option, "keep-alive"):
			h.keepAlive = true
		case EqualFold(option, "upgrade"):
			h.switches = true
		}
	}
	return nil
}

// nextElement cuts the first element off a comma-separated list.
func nextElement(list []byte) (element, rest []byte) {
	end := 0
	for end < len(list) && list[end] != ',' {
		end++
	}
	if end < len(list) {
		rest = list[end+1:]
	}
	return trim(list[:end]), rest
}

// trim cuts optional white space off both ends.
func trim(v []byte) []byte {
	for len(v) > 0 && (v[0] == ' ' || v[0] == '\t') {
		v = v[1:]
	}
	for len(v) > 0 && (v[len(v)-1] == ' ' || v[len(v)-1] == '\t') {
		v = v[:len(v)-1]
	}
	return v
}

// noteLength reads a Content-Length: digits alone, once.
func (h *head) noteLength(v []byte) *Error {
	if h.length >= 0 {
		return errLengths // even if they agree: some reader takes the first, some the last
	}
	n, ok := parseDecimal(v)
	if !ok {
		return errLength
	}
	h.length = n
	return nil
}

func parseDecimal(v []byte) (n int64, ok bool) {
	const most = 1<<63 - 1
	for _, c := range v {
		d := int64(c) - '0'
		if d < 0 || d > 9 || n > (most-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(v) > 0
}

// noteCoding reads a Transfer-Encoding: "chunked", once. A list that ends in
// it is lawful, but nothing here decodes the rest.
func (h *head) noteCoding(v []byte) *Error {
	if h.coded {
		return errCoding
	}
	if EqualFold(v, "chunked") {
		h.coded = true
		return nil
	}
	first, rest := nextElement(v)
	lawful := len(first) > 0 && scan(first, 0, isToken) == len(first) && !EqualFold(first, "chunked")
	if lawful && EqualFold(trim(rest), "chunked") {
		return errOtherCoding
	}
	return errCoding
}

// sameFold compares two byte strings without case, ASCII only.
func sameFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
