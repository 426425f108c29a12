package program

import (
	"bytes"
	"slices"
)

// Pair is one parameter of the query, decoded.
type Pair struct{ Name, Value []byte }

// MaxQuery is how many parameters a query may have; the gateway refuses more.
const MaxQuery = 1000

// Query is the request's query, in order and decoded: '+' is a space. It is
// parsed when first asked for. Only '&' separates: what one part of the
// gateway takes for one parameter, no other takes for two.
// parity: spec/rest-data-plane.md 2.4; spec/security.md 9.4.
func (x *Exchange) Query() []Pair {
	if x.parsed {
		return x.query
	}
	x.parsed = true
	for rest := x.Request.Query; len(rest) > 0; {
		part := rest
		if i := bytes.IndexByte(rest, '&'); i >= 0 {
			part, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		if len(part) == 0 {
			continue
		}
		name, value := part, []byte(nil)
		if i := bytes.IndexByte(part, '='); i >= 0 {
			name, value = part[:i], part[i+1:]
		}
		x.query = append(x.query, Pair{x.decode(name), x.decode(value)})
	}
	return x.query
}

// DropQuery takes parameters out of the query, by their decoded names: whoever
// looks afterwards sees a query that never had them.
func (x *Exchange) DropQuery(drop func(name string) bool) {
	raw := x.Request.Query
	if len(raw) == 0 {
		return
	}
	kept, dropped := make([]byte, 0, len(raw)), false
	for rest := raw; len(rest) > 0; {
		part, after, more := bytes.Cut(rest, []byte{'&'})
		rest = after
		name, _, _ := bytes.Cut(part, []byte{'='})
		if drop(string(x.decode(name))) {
			dropped = true
			continue
		}
		if kept = append(kept, part...); more {
			kept = append(kept, '&')
		}
	}
	if !dropped {
		return
	}
	x.Request.Query = bytes.TrimSuffix(kept, []byte{'&'})
	x.query, x.parsed = x.query[:0], false
}

// QueryValue is the last value of a parameter; ok is false if there is none.
func (x *Exchange) QueryValue(name string) (value []byte, ok bool) {
	for _, p := range slices.Backward(x.Query()) {
		if string(p.Name) == name {
			return p.Value, true
		}
	}
	return nil, false
}

// decode undoes form encoding; a percent sign that begins no octet stays.
func (x *Exchange) decode(b []byte) []byte {
	if bytes.IndexByte(b, '%') < 0 && bytes.IndexByte(b, '+') < 0 {
		return b
	}
	from := len(x.arena)
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]):
			c = unhex(b[i+1])<<4 | unhex(b[i+2])
			i += 2
		}
		x.arena = append(x.arena, c)
	}
	return x.arena[from:len(x.arena):len(x.arena)]
}

// unhex is the value of a hexadecimal digit.
func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// Param is the value of a path parameter; ok is false if the route has none of that name.
func (x *Exchange) Param(name string) (value []byte, ok bool) {
	for i := range x.Params {
		if x.Params[i].Name == name {
			return x.Params[i].Value, true
		}
	}
	return nil, false
}
