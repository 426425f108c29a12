package http1

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// AppendRequestHead appends the head of r: its method, target and host, the
// framing that Length says, and the fields that IsHop does not keep back.
//
// It trusts nobody: a part that would end its line early or make one message
// two is an error, whichever step it came from. dst is then returned as it was.
// What dst has room for may be written over, further than the head goes.
func AppendRequestHead(dst []byte, r *Request) ([]byte, *Error) {
	if len(r.Method) == 0 || scan(r.Method, 0, isToken) != len(r.Method) ||
		len(r.Target) == 0 || scan(r.Target, scanWords(r.Target, 0, path0, path9, underscores), isTarget) != len(r.Target) {
		return dst, errUnsafeTarget
	}
	if r.Host != nil && !ValidHost(r.Host) {
		return dst, errHost
	}
	b := append(dst, r.Method...)
	b = append(b, ' ')
	b = append(b, r.Target...)
	if r.Host != nil {
		b = append(b, " HTTP/1.1\r\nHost: "...)
		b = append(b, r.Host...)
		b = append(b, "\r\n"...)
	} else {
		b = append(b, " HTTP/1.1\r\n"...)
	}
	b, err := appendFields(b, r.Fields, hopNames)
	if err != nil {
		return dst, err
	}
	switch {
	case r.Length == Chunked:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case r.Length > 0 || wantsLength(r.Method):
		b = appendLength(b, r.Length)
	}
	if !r.KeepAlive {
		b = append(b, "Connection: close\r\n"...)
	}
	return append(b, "\r\n"...), nil
}

// wantsLength says whether a request without a body should say so (RFC 9110
// 8.6): servers may answer 411 otherwise.
func wantsLength(method []byte) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// AppendResponseHead appends the head of r: its status, date (which its caller
// makes once a second), the framing that Length says, and the fields that
// IsHop does not keep back. Minor is the version of the request: 1.0 gets a
// "Connection: keep-alive" where the connection stays. A Length of 0 or more is
// written as it is even if no body may follow (HEAD); 1xx, 204 and 304 have none.
// An Upgrade takes the place of what is said about the connection otherwise.
//
// Its errors are those of AppendRequestHead.
func AppendResponseHead(dst []byte, r *Response, date []byte) ([]byte, *Error) {
	if r.Status < 100 || r.Status > 599 {
		return dst, errStatusLine
	}
	b := dst
	if r.Status == 200 {
		b = append(b, "HTTP/1.1 200 OK\r\nDate: "...)
	} else {
		b = appendStatus(b, r.Status)
	}
	b = append(b, date...)
	b = append(b, "\r\n"...)
	b, err := appendFields(b, r.Fields, hopNames|1<<Date)
	if err != nil {
		return dst, err
	}
	switch {
	case r.Status < 200 || r.Status == 204 || r.Status == 304:
	case r.Length == Chunked:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case r.Length >= 0:
		b = appendLength(b, r.Length)
	}
	switch {
	case r.Upgrade != nil:
		if scan(r.Upgrade, 0, isToken) != len(r.Upgrade) {
			return dst, errUnsafeField
		}
		b = append(b, "Connection: Upgrade\r\nUpgrade: "...)
		b = append(b, r.Upgrade...)
		b = append(b, "\r\n"...)
	case !r.KeepAlive:
		b = append(b, "Connection: close\r\n"...)
	case r.Minor == 0:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	return append(b, "\r\n"...), nil
}

func appendStatus(b []byte, status int) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, StatusText(status)...)
	return append(b, "\r\nDate: "...)
}

func appendLength(b []byte, n int64) []byte {
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, n, 10)
	return append(b, "\r\n"...)
}

// appendFields writes the fields but for those that are the writer's own. It
// looks at every byte that the parser or a constructor has not looked at: a
// field is not trusted for where it came from.
func appendFields(b []byte, fields []Field, own knownSet) ([]byte, *Error) {
	for {
		left, done := putFields(b[len(b):cap(b)], fields, own)
		b, fields = b[:cap(b)-left], fields[done:]
		if len(fields) == 0 {
			return b, nil
		}
		f := &fields[0]
		fields = fields[1:]
		if own.has(f.Known()) {
			continue
		}
		if f.sound&soundField != soundField && !f.check() {
			return b, errUnsafeField
		}
		b = append(append(b, f.Name...), ": "...)
		b = append(append(b, f.Value...), "\r\n"...)
	}
}

const (
	spare     = len(": \r\n") + lineBytes // bytes of a line besides its parts, and of what is written over after it
	shortLine = 512                       // bytes of a line above which a call to move them is cheap
)

// putFields writes fields over the start of b until there is one that is not
// known to be sound, is long, or has no room: done are those before it, and left
// are the bytes of b after their lines.
//
// It moves words, of which the last two of a part may overlap, and calls nothing:
// a call for so few bytes would cost more than the bytes.
func putFields(b []byte, fields []Field, own knownSet) (left, done int) {
	b = slices.Clip(b) // one number less to hold
	for i := range fields {
		f := &fields[i]
		if own.has(f.known) {
			continue
		}
		if size := len(f.Name) + len(f.Value); f.sound&soundField != soundField || size > shortLine || size+spare > len(b) {
			return len(b), i
		}
		var end int
		part, at, more := f.Name, 0, true
		if f.sound&soundLine != 0 {
			line := f.Name[:lineBytes]
			*(*[16]byte)(b[:16]) = *(*[16]byte)(line[:16])
			*(*[16]byte)(b[16:32]) = *(*[16]byte)(line[16:32])
			part, at, more = f.Value, len(f.Name)+len(": "), false
		}
		for {
			for len(part) > 16 {
				*(*[16]byte)(b[at : at+16]) = *(*[16]byte)(part)
				at, part = at+16, part[16:]
			}
			n := len(part)
			switch end = at + n; {
			case n >= 8:
				binary.LittleEndian.PutUint64(b[at:at+8], binary.LittleEndian.Uint64(part))
				binary.LittleEndian.PutUint64(b[end-8:end], binary.LittleEndian.Uint64(part[n-8:n]))
			case n >= 4:
				binary.LittleEndian.PutUint32(b[at:at+4], binary.LittleEndian.Uint32(part))
				binary.LittleEndian.PutUint32(b[end-4:end], binary.LittleEndian.Uint32(part[n-4:n]))
			case n > 0:
				b[at], b[at+n>>1], b[end-1] = part[0], part[n>>1], part[n-1]
			}
			if !more {
				break
			}
			binary.LittleEndian.PutUint16(b[end:end+2], ':'|' '<<8)
			part, at, more = f.Value, end+len(": "), false
		}
		binary.LittleEndian.PutUint16(b[end:end+2], '\r'|'\n'<<8)
		b = b[end+2:]
	}
	return len(b), len(fields)
}

// check is ValidField for what of f is not known to be so.
func (f *Field) check() bool {
	return (f.sound&soundName != 0 || validName(f.Name)) && (f.sound&soundValue != 0 || scanValue(f.Value, 0) == len(f.Value))
}

// validName says whether name is a token.
func validName(name []byte) bool {
	return len(name) > 0 && scan(name, scanWords(name, 0, digits0, digits9, '-'*ones), isToken) == len(name)
}

// ValidField says whether a name is a token and a value has no control
// character, so that neither can end its line. Steps that make values from a
// client's or a function's data use it too.
func ValidField(name, value []byte) bool {
	return validName(name) && scanValue(value, 0) == len(value)
}

// Continue is the interim answer to "Expect: 100-continue".
const Continue = "HTTP/1.1 100 Continue\r\n\r\n"
