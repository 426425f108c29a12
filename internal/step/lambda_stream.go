package step

import (
	"bytes"
	"errors"
	"io"

	"github.com/stagedoor/stagedoor/internal/program"
)

// maxPrelude is within how many bytes a streamed answer's metadata must end.
// parity: spec/rest-data-plane.md 3.10.
const maxPrelude = 16 << 10

//nolint:gochecknoglobals // constants
var (
	preludeEnd = make([]byte, 8) // NULs
	errPrelude = errors.New("a streamed answer begins with metadata and eight NUL bytes")
)

// cutPrelude takes a streamed answer apart.
func cutPrelude(b []byte) (head, rest []byte, ok bool) {
	head, rest, ok = bytes.Cut(b, preludeEnd)
	if !ok || len(head) > maxPrelude {
		return nil, nil, false
	}
	if head, err := wholeValue(head); err == nil {
		return head, rest, true
	}
	return nil, nil, false
}

// stream reads the metadata of a streamed answer, and makes the rest of the
// stream the answer's body. It closes the stream if it fails.
func (r *answerReader) stream(x *program.Exchange, s io.ReadCloser) error {
	head, rest, err := readPrelude(s)
	if err == nil {
		var got returned
		if got, err = parseReturned(head, true); err == nil {
			x.Answer.Status, x.Reply.Returned = got.status, got.status
			err = r.fields(x, got)
		}
	}
	if err != nil {
		_ = s.Close() // nothing of it is used
		return program.APIConfigurationError.Refuse(err)
	}
	x.Answer.Stream = &resumed{first: rest, rest: s}
	return nil
}

// readPrelude reads up to the end of the metadata, and what came with it.
func readPrelude(s io.Reader) (head, rest []byte, err error) {
	buf := make([]byte, 0, 4<<10)
	for len(buf) <= maxPrelude+len(preludeEnd) {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := s.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if bytes.Contains(buf, preludeEnd) {
			head, rest, ok := cutPrelude(buf)
			if !ok {
				return nil, nil, errPrelude
			}
			return head, rest, nil
		}
		if err != nil {
			return nil, nil, errors.Join(errPrelude, err)
		}
	}
	return nil, nil, errPrelude
}

// resumed is a stream of which the beginning was read already.
type resumed struct {
	first []byte
	rest  io.ReadCloser
}

func (r *resumed) Read(p []byte) (int, error) {
	if len(r.first) > 0 {
		n := copy(p, r.first)
		r.first = r.first[n:]
		return n, nil
	}
	return r.rest.Read(p)
}

func (r *resumed) Close() error { return r.rest.Close() }
