package sigv4

import (
	"bytes"
	"slices"
)

// workspace is the memory that one check works in.
type workspace struct {
	canonical []byte
	text      []byte // the string to sign, behind room for the key's pad
	query     []byte // names and values, encoded
	params    []param
}

// param is one parameter of the query, by its places in workspace.query.
type param struct{ name, value, end int }

// checkHeaders holds SignedHeaders to its form: lower case, in order, each
// name once, each field there, and the fields among them that must be signed.
// parity: spec/security.md 1.4, headers
func (c *Claim) checkHeaders(r *Request, dateField string) error {
	host, date, regions := false, c.Presigned, c.Presigned || !c.Asymmetric
	var last []byte
	for rest, more := c.headers, true; more; {
		var name []byte
		name, rest, more = bytes.Cut(rest, semicolon)
		if !fieldName(name) || bytes.Compare(name, last) <= 0 || !r.has(name) {
			return mismatch(mismatchText)
		}
		last = name
		switch string(name) {
		case "host", ":authority":
			host = true
		case dateField:
			date = true
		case "x-amz-region-set":
			regions = true
		}
	}
	switch {
	case !host:
		return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	case !date:
		return mismatch("'" + map[string]string{"date": "Date", "x-amz-date": "X-Amz-Date"}[dateField] + "' must be a 'SignedHeader' in the AWS Authorization.")
	case !regions:
		return mismatch("'X-Amz-Region-Set' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}

//nolint:gochecknoglobals // a constant, as bytes
var semicolon = []byte{';'}

// fieldName reports whether a name is one of a field, in lower case.
func fieldName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || 'A' <= c && c <= 'Z' || c == ',' || c == '=' {
			return false
		}
	}
	return len(name) > 0
}

// has reports whether r has the field named in lower case.
func (r *Request) has(name []byte) bool {
	if string(name) == "host" || string(name) == ":authority" {
		return len(r.Host) > 0
	}
	for i := range r.Fields {
		if equalFold(r.Fields[i].Name, name) {
			return true
		}
	}
	return false
}

// canonicalise writes the canonical request into w. without leaves a session
// token in the query out; payload is its last line.
func (w *workspace) canonicalise(r *Request, c *Claim, without bool, payload []byte) {
	b := w.canonical[:0]
	for _, m := range r.Method {
		if 'a' <= m && m <= 'z' {
			m -= 'a' - 'A'
		}
		b = append(b, m)
	}
	b = append(b, '\n')
	b = appendPath(b, r.Path, c.plainPath, c.onceEncoded)
	b = append(b, '\n')
	b = w.appendQuery(b, r.Query, c.Presigned, without)
	b = append(b, '\n')
	for rest, more := c.headers, true; more; {
		var name []byte
		name, rest, more = bytes.Cut(rest, semicolon)
		b = append(append(b, name...), ':')
		b = append(r.appendValues(b, name), '\n')
	}
	b = append(b, '\n')
	b = append(append(b, c.headers...), '\n')
	w.canonical = append(b, payload...)
}

// appendValues appends the values of a field, joined by commas.
func (r *Request) appendValues(dst, name []byte) []byte {
	if string(name) == "host" || string(name) == ":authority" {
		return appendFolded(dst, r.Host)
	}
	first := true
	for i := range r.Fields {
		if !equalFold(r.Fields[i].Name, name) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		dst = appendFolded(dst, r.Fields[i].Value)
		first = false
	}
	return dst
}

// appendFolded appends a value without white space around it, and with one
// space for each run of white space inside, also in quotes.
func appendFolded(dst, value []byte) []byte {
	start, blank := len(dst), false
	for _, c := range value {
		if c == ' ' || '\t' <= c && c <= '\r' {
			blank = true
			continue
		}
		if blank && len(dst) > start {
			dst = append(dst, ' ')
		}
		blank = false
		dst = append(dst, c)
	}
	return dst
}

// appendPath appends the canonical path. plain keeps its segments as they are;
// once says that it is in its last encoding already.
// parity: spec/security.md 1.4, path
func appendPath(dst, path []byte, plain, once bool) []byte {
	if len(path) == 0 {
		return append(dst, '/')
	}
	if plain {
		return appendEncoded(dst, path, '/', once)
	}
	dst = append(dst, '/')
	root := len(dst)
	for rest, more := path, true; more; {
		var segment []byte
		segment, rest, more = bytes.Cut(rest, slash)
		switch string(segment) {
		case "", ".":
		case "..":
			if len(dst) > root {
				dst = dst[:bytes.LastIndexByte(dst[:len(dst)-1], '/')+1]
			}
		default:
			dst = append(appendEncoded(dst, segment, '/', once), '/')
		}
	}
	if len(dst) > root && path[len(path)-1] != '/' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendQuery appends the canonical query: each parameter decoded once and
// encoded again, in the order of encoded names and values. The signature is
// left out where it stands in the query.
// parity: spec/security.md 1.4, query
func (w *workspace) appendQuery(dst, query []byte, presigned, without bool) []byte {
	w.query, w.params = w.query[:0], w.params[:0]
	for len(query) > 0 {
		var name, value []byte
		name, value, query = cutPair(query)
		if len(name) == 0 && value == nil || presigned && decodesTo(name, nameSignature) || without && decodesTo(name, nameToken) {
			continue
		}
		p := param{name: len(w.query)}
		w.query = appendEncoded(w.query, name, 0, true)
		p.value = len(w.query)
		w.query = appendEncoded(w.query, value, 0, true)
		p.end = len(w.query)
		w.params = append(w.params, p)
	}
	compare := func(a, b param) int {
		if n := bytes.Compare(w.query[a.name:a.value], w.query[b.name:b.value]); n != 0 {
			return n
		}
		return bytes.Compare(w.query[a.value:a.end], w.query[b.value:b.end])
	}
	slices.SortFunc(w.params, compare)
	for i, p := range w.params {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(append(dst, w.query[p.name:p.value]...), '=')
		dst = append(dst, w.query[p.value:p.end]...)
	}
	return dst
}

// appendEncoded appends s with every octet percent-encoded but unreserved ones
// and kept. decode undoes an encoding that s has first.
func appendEncoded(dst, s []byte, kept byte, decode bool) []byte {
	const hex = "0123456789ABCDEF"
	for len(s) > 0 {
		c, encoded := s[0], false
		if decode && c == '%' {
			before := len(s)
			c, s = octet(s)
			encoded = before-len(s) > 1
		} else {
			s = s[1:]
		}
		if unreserved(c) || c == kept && kept != 0 && !encoded {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
