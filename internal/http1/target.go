package http1

import "bytes"

// SplitTarget checks a request target in origin form and splits it at its
// first '?'. It is the only reading of a path that there is: the router,
// policies, cache keys and the upstream writer all use its parts, undecoded.
//
// Refused are percent-encodings that are none or that encode NUL, and in the
// path CR, LF, overlong UTF-8, and every segment that some reader takes for
// "." or "..": also where only a decoded slash, a backslash or a path
// parameter (";") sets it apart. All else inside a segment is data.
func SplitTarget(target []byte) (path, query []byte, err *Error) {
	if len(target) == 0 || target[0] != '/' || scan(target, 0, isTarget) != len(target) {
		return nil, nil, errTarget
	}
	return splitTarget(target)
}

// splitTarget is SplitTarget for bytes that are known to be of the class.
func splitTarget(target []byte) (path, query []byte, err *Error) {
	end, err := checkPath(target)
	if err != nil {
		return nil, nil, err
	}
	path = target[:end:end]
	if end == len(target) {
		return path, nil, nil
	}
	query, err = checkQuery(target[end+1:])
	return path, query, err
}

// checkQuery is the query itself unless it has a percent-encoding that is none
// or that encodes NUL.
func checkQuery(query []byte) ([]byte, *Error) {
	i := bytes.IndexByte(query, '%')
	if i < 0 {
		return query, nil
	}
	for ; i < len(query); i++ {
		if query[i] != '%' {
			continue
		}
		if c, ok := decode(query, i); !ok || c == 0 {
			return nil, errPercent
		}
		i += 2
	}
	return query, nil
}

// checkPath finds where the path ends: at the first '?', or with the target.
//
// dots counts the dots of a component that is nothing but dots so far, -1 if
// it is something else.
func checkPath(target []byte) (end int, err *Error) {
	dots := 0
	i := 0
	for ; i < len(target) && target[i] != '?'; i++ {
		c := target[i]
		if c == '%' {
			var ok bool
			if c, ok = decode(target, i); !ok || !encodable(c) {
				return 0, errPercent
			}
			i += 2
		}
		switch {
		case c == '/' || c == '\\' || c == ';':
			if dots == 1 || dots == 2 {
				return 0, errDots
			}
			dots = 0
		case c == '.' && dots >= 0:
			dots++
		default:
			dots = -1
		}
	}
	if dots == 1 || dots == 2 {
		return 0, errDots
	}
	return i, nil
}

// decode is the byte that the percent-encoding at b[i] stands for.
func decode(b []byte, i int) (c byte, ok bool) {
	if len(b)-i < 3 {
		return 0, false
	}
	high, low := unhex[b[i+1]], unhex[b[i+2]]
	return high<<4 | low, high|low != 0xff && high != 0xff && low != 0xff
}

// encodable says whether a path may hold c in encoded form: NUL ends a C
// string, CR and LF split what a careless reader writes them into, and 0xC0
// and 0xC1 begin nothing but overlong forms of ASCII.
func encodable(c byte) bool {
	return c != 0 && c != '\r' && c != '\n' && c != 0xc0 && c != 0xc1
}

// ValidHost says whether h is a host with an optional port, as a Host field or
// an authority may have it: no user information, path, list or space.
func ValidHost(h []byte) bool {
	if len(h) == 0 {
		return false
	}
	var end int
	if h[0] == '[' {
		end = 1
		for end < len(h) && (unhex[h[end]] != 0xff || h[end] == ':' || h[end] == '.') {
			end++
		}
		if end == 1 || end == len(h) || h[end] != ']' {
			return false
		}
		end++
	} else if end = scan(h, scanWords(h, 0, digits0, digits9, periods), isHost); end == 0 {
		return false
	}
	if end == len(h) {
		return true
	}
	return h[end] == ':' && validPort(h[end+1:])
}

func validPort(p []byte) bool {
	n := 0
	for _, c := range p {
		if c < '0' || c > '9' {
			return false
		}
		if n = n*10 + int(c-'0'); n > 65535 {
			return false
		}
	}
	return len(p) > 0
}

// absolute takes a target in absolute form apart. The origin form is a part of
// the target where that has one; else its bytes are rewritten in place, which
// nobody needs any longer.
func absolute(target []byte) (origin, authority []byte, err *Error) {
	at := 0
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(target) > len(scheme) && EqualFold(target[:len(scheme)], scheme) {
			at = len(scheme)
			break
		}
	}
	if at == 0 {
		return nil, nil, errTarget
	}
	end := at
	for end < len(target) && target[end] != '/' && target[end] != '?' {
		end++
	}
	if authority = target[at:end:end]; !ValidHost(authority) {
		return nil, nil, errHost
	}
	switch {
	case end == len(target):
		return target[at-1 : at : at], authority, nil // the last '/' of "://"
	case target[end] == '/':
		return target[end:], authority, nil
	default:
		return target[end-1:], authority, nil // "?query": the caller writes '/' over the byte before
	}
}
