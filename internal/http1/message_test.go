package http1_test

import (
	"github.com/stagedoor/stagedoor/internal/http1"
)

// message is a request as the codec read it, in a form that survives its buffer.
type message struct {
	Method, Target, Path, Query, Host string
	Fields                            [][2]string
	Body                              string
	KeepAlive, Expect                 bool
	Upgrade                           string
}

// readAll reads requests from a connection that gets the pieces one after the
// other, as a driver would: it parses again whenever more has come.
// open says that it stopped inside a message or between two.
func readAll(pieces [][]byte, lim *http1.Limits) (got []message, open bool, err *http1.Error) {
	var (
		buf    []byte
		req    http1.Request
		chunks http1.Chunks
		now    *message
		left   int64
	)
	for _, piece := range pieces {
		buf = append(buf, piece...)
		for {
			if now == nil {
				n, err := http1.ParseRequest(&req, buf, lim)
				if err != nil {
					return got, false, err
				}
				if n == 0 {
					break
				}
				now, left, chunks = newMessage(&req), req.Length, http1.Chunks{}
				buf = append([]byte(nil), buf[n:]...)
			}
			n, done, err := readBody(now, &chunks, &left, buf)
			if err != nil {
				return got, false, err
			}
			buf = buf[n:]
			if !done {
				break
			}
			got = append(got, *now)
			if !now.KeepAlive {
				return got, false, nil
			}
			now = nil
		}
	}
	return got, true, nil
}

func readBody(m *message, chunks *http1.Chunks, left *int64, buf []byte) (n int, done bool, err *http1.Error) {
	if *left != http1.Chunked {
		n := int(min(*left, int64(len(buf))))
		m.Body += string(buf[:n])
		*left -= int64(n)
		return n, *left == 0, nil
	}
	for n < len(buf) && !chunks.Done() {
		piece, used, err := chunks.Next(buf[n:])
		if err != nil {
			return 0, false, err
		}
		m.Body += string(piece)
		n += used
	}
	return n, chunks.Done(), nil
}

func newMessage(r *http1.Request) *message {
	m := &message{
		Method: string(r.Method), Target: string(r.Target), Path: string(r.Path), Query: string(r.Query),
		Host: string(r.Host), KeepAlive: r.KeepAlive, Expect: r.Expect, Upgrade: string(r.Upgrade),
	}
	for _, f := range r.Fields {
		m.Fields = append(m.Fields, [2]string{string(f.Name), string(f.Value)})
	}
	return m
}

// everyByte cuts b into pieces of one byte.
func everyByte(b []byte) [][]byte {
	pieces := make([][]byte, len(b))
	for i := range b {
		pieces[i] = b[i : i+1]
	}
	return pieces
}
