package runtimeapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestReadRequest(t *testing.T) {
	long := strings.Repeat("x", readBuffer*3)
	for _, tt := range []struct {
		name, in string
		want     request
		err      error
	}{
		{"least", "GET /a HTTP/1.1\r\n\r\n", request{method: "GET", path: "/a"}, nil},
		{"all that matters", "POST /a HTTP/1.1\r\nhost: h:1\r\nCONTENT-LENGTH: 12\r\nContent-Type:\tt \r\nConnection: close\r\nExpect: 100-Continue\r\n" +
			"Lambda-Runtime-Function-Error-Type: e\r\nLambda-Runtime-Function-Response-Mode: m\r\nLambda-Extension-Name: n\r\nLambda-Extension-Identifier: i\r\n\r\n", request{
			method: "POST", path: "/a", host: "h:1", length: 12, close: true, expect: true, contentType: "t",
			errorType: "e", mode: "m", extensionName: "n", extensionID: "i",
		}, nil},
		{"chunked", "POST /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", request{method: "POST", path: "/a", length: -1}, nil},
		{"old", "GET /a HTTP/1.0\r\n\r\n", request{method: "GET", path: "/a", close: true, old: true}, nil},
		{"long header", "GET /a HTTP/1.1\r\nX: " + long + "\r\nContent-Type: t\r\n\r\n", request{method: "GET", path: "/a", contentType: "t"}, nil},
		{"same length twice", "GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", request{method: "GET", path: "/a", length: 1}, nil},
		{"nothing", "", request{}, io.EOF},
		{"half a line", "GET", request{}, io.ErrUnexpectedEOF},
		{"half a head", "GET /a HTTP/1.1\r\n", request{}, io.ErrUnexpectedEOF},
		{"bare LF", "GET /a HTTP/1.1\n\n", request{}, errMalformed},
		{"two lengths", "GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", request{}, errMalformed},
		{"length and chunks", "GET /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", request{}, errMalformed},
		{"chunks and length", "GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", request{}, errMalformed},
		{"other coding", "GET /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", request{}, errMalformed},
		{"chunks of old", "GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", request{}, errMalformed},
		{"signed length", "GET /a HTTP/1.1\r\nContent-Length: +1\r\n\r\n", request{}, errMalformed},
		{"endless length", "GET /a HTTP/1.1\r\nContent-Length: 1111111111111111111\r\n\r\n", request{}, errMalformed},
		{"folded", "GET /a HTTP/1.1\r\nA: b\r\n c\r\n\r\n", request{}, errMalformed},
		{"space before colon", "GET /a HTTP/1.1\r\nA : b\r\n\r\n", request{}, errMalformed},
		{"no colon", "GET /a HTTP/1.1\r\nA\r\n\r\n", request{}, errMalformed},
		{"two hosts", "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", request{}, errMalformed},
		{"absolute", "GET http://x/a HTTP/1.1\r\n\r\n", request{}, errMalformed},
		{"three spaces", "GET  /a HTTP/1.1\r\n\r\n", request{}, errMalformed},
		{"version", "GET /a HTTP/2.0\r\n\r\n", request{}, errMalformed},
		{"head too large", "GET /a HTTP/1.1\r\n" + strings.Repeat("X: "+long+"\r\n", 100) + "\r\n", request{}, errHead},
		{"line too large", "GET /a HTTP/1.1\r\nX: " + strings.Repeat("x", maxHead) + "\r\n\r\n", request{}, errHead},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readRequest(bufio.NewReaderSize(strings.NewReader(tt.in), readBuffer))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestBody(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		length         int64
		err            error
	}{
		{"none", "rest", "", 0, nil},
		{"length", "helloREST", "hello", 5, nil},
		{"short", "hell", "hell", 5, io.ErrUnexpectedEOF},
		{"chunks", "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\nREST", "hello world", -1, nil},
		{"trailers", "1\r\nx\r\n0\r\nA: b\r\n\r\n", "x", -1, nil},
		{"no last chunk", "1\r\nx\r\n", "x", -1, io.ErrUnexpectedEOF},
		{"no trailer end", "1\r\nx\r\n0\r\nA: b\r\n", "x", -1, io.ErrUnexpectedEOF},
		{"short chunk", "5\r\nx", "x", -1, io.ErrUnexpectedEOF},
		{"long chunk", "1\r\nxy\r\n0\r\n\r\n", "x", -1, errMalformed},
		{"empty size", "\r\nx\r\n0\r\n\r\n", "", -1, errMalformed},
		{"huge size", "1111111111111\r\n", "", -1, errMalformed},
		{"no hex", "g\r\n", "", -1, errMalformed},
		{"bare LF", "1\nx\n0\n\n", "", -1, errMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := io.ReadAll(newBody(bufio.NewReader(strings.NewReader(tt.in)), tt.length))
			if !errors.Is(err, tt.err) || string(got) != tt.want {
				t.Errorf("read %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// FuzzReadRequest: what this parser accepts, net/http reads in the same way, and
// both find the end of the body in the same place.
func FuzzReadRequest(f *testing.F) {
	f.Add([]byte("POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET"))
	f.Add([]byte("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: x\r\n\r\nrest"))
	f.Add([]byte("GET /a HTTP/1.0\r\nConnection: close\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(in), readBuffer)
		q, err := readRequest(r)
		if err != nil || strings.Contains(q.path, "%") { // net/http decodes, we have no such path
			return
		}
		b := newBody(r, q.length)
		got, err := io.ReadAll(b)
		rest, _ := io.ReadAll(r)

		theirs := bufio.NewReader(bytes.NewReader(in))
		want, err2 := http.ReadRequest(theirs)
		if err2 != nil {
			t.Fatalf("accepted %q, which net/http refuses: %v", in, err2)
		}
		if q.method != want.Method || q.path != want.RequestURI || q.length != want.ContentLength || q.contentType != want.Header.Get("Content-Type") {
			if len(want.Header["Content-Type"]) < 2 {
				t.Fatalf("read %+v, net/http reads %v", q, want)
			}
		}
		body, err2 := io.ReadAll(want.Body)
		if err != nil {
			return // we are the stricter one about bodies
		}
		left, _ := io.ReadAll(theirs)
		if err2 != nil || !bytes.Equal(got, body) || !bytes.Equal(rest, left) {
			t.Fatalf("body %q, rest %q; net/http: %q, %q, %v", got, rest, body, left, err2)
		}
	})
}
