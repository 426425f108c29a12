package runtimeapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxHead bounds a request's head and its trailers, in bytes. The X-Ray cause
// alone may take 1 MB.
// parity: services-observability.md 7.1
const maxHead = 1<<20 + 64<<10

var (
	errMalformed = errors.New("malformed request")
	errHead      = errors.New("request head is too large")
)

// request is the head of one request: what the Runtime API looks at, nothing else.
type request struct {
	method, path, host string
	// length is the size of the body in bytes; -1 when it comes in chunks.
	length int64
	// close tells that the connection ends with this request; expect that the
	// client waits for a 100; foreign that a browser sent it.
	close, expect, foreign bool
	old                    bool // HTTP/1.0

	contentType, errorType, mode string
	extensionName, extensionID   string
}

// line reads a line without its CR LF. What it returns is valid until the next read.
func line(r *bufio.Reader, budget *int) ([]byte, error) {
	b, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		b, err = longLine(r, b, *budget)
	}
	*budget -= len(b)
	switch {
	case *budget < 0:
		return nil, errHead
	case errors.Is(err, io.EOF) && len(b) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	case len(b) < 2 || b[len(b)-2] != '\r':
		return nil, errMalformed
	}
	return b[:len(b)-2], nil
}

// longLine goes on reading a line that does not fit the buffer.
func longLine(r *bufio.Reader, head []byte, budget int) ([]byte, error) {
	b := bytes.Clone(head)
	for len(b) <= budget {
		more, err := r.ReadSlice('\n')
		b = append(b, more...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return b, err
		}
	}
	return nil, errHead
}

// readRequest reads a head. It returns io.EOF, and only then, when the connection
// ended between two requests.
func readRequest(r *bufio.Reader) (request, error) {
	budget := maxHead
	var q request
	first, err := line(r, &budget)
	if err != nil {
		return q, err
	}
	if err := q.start(first); err != nil {
		return q, err
	}
	framed := false // by a Content-Length or a Transfer-Encoding
	for {
		l, err := line(r, &budget)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil || len(l) == 0 {
			return q, err
		}
		name, value, err := field(l)
		if err != nil {
			return q, err
		}
		if err := q.take(name, value, &framed); err != nil {
			return q, err
		}
	}
}

// start takes the request line apart.
func (q *request) start(l []byte) error {
	method, rest, ok := bytes.Cut(l, []byte(" "))
	path, version, ok2 := bytes.Cut(rest, []byte(" "))
	if !ok || !ok2 || len(method) == 0 || len(path) == 0 || path[0] != '/' {
		return errMalformed
	}
	for _, c := range path {
		if c <= ' ' || c >= 0x7f {
			return errMalformed
		}
	}
	for _, c := range method {
		if c < 'A' || c > 'Z' {
			return errMalformed
		}
	}
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		q.close, q.old = true, true
	default:
		return errMalformed
	}
	q.method, q.path = string(method), string(path)
	return nil
}

// field takes a header line apart; the name is checked, the value trimmed.
func field(l []byte) (name, value []byte, err error) {
	name, value, ok := bytes.Cut(l, []byte(":"))
	if !ok || len(name) == 0 {
		return nil, nil, errMalformed
	}
	for _, c := range name {
		if !token(c) {
			return nil, nil, errMalformed
		}
	}
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return nil, nil, errMalformed
		}
	}
	return name, bytes.Trim(value, " \t"), nil
}

// take notes a header that matters. Two that frame the body differently are
// refused, whichever came first.
func (q *request) take(name, value []byte, framed *bool) error {
	switch {
	case is(name, "content-length"):
		n, err := decimal(value)
		if err != nil || *framed && n != q.length {
			return errMalformed
		}
		q.length, *framed = n, true
	case is(name, "transfer-encoding"):
		if *framed || q.old || !is(value, "chunked") {
			return errMalformed
		}
		q.length, *framed = -1, true
	case is(name, "host"):
		if q.host != "" {
			return errMalformed
		}
		q.host = string(value)
	case is(name, "connection"):
		q.close = q.close || is(value, "close")
	case is(name, "expect"):
		q.expect = is(value, "100-continue")
	case is(name, "origin"), is(name, "sec-fetch-site"):
		q.foreign = true
	case is(name, "content-type"):
		q.contentType = string(value)
	case is(name, "lambda-runtime-function-error-type"):
		q.errorType = string(value)
	case is(name, "lambda-runtime-function-response-mode"):
		q.mode = string(value)
	case is(name, "lambda-extension-name"):
		q.extensionName = string(value)
	case is(name, "lambda-extension-identifier"):
		q.extensionID = string(value)
	}
	return nil
}

// token tells whether c may stand in a header's name.
func token(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// is compares without regard to case; lower is in lower case.
func is(b []byte, lower string) bool {
	return len(b) == len(lower) && strings.EqualFold(string(b), lower)
}

// decimal reads a plain decimal number below 2^53.
func decimal(b []byte) (int64, error) {
	if len(b) == 0 || len(b) > 15 {
		return 0, errMalformed
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, errMalformed
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}
