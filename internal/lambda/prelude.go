package lambda

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// HTTPIntegration is the content type of a stream that begins with a Prelude.
const HTTPIntegration = "application/vnd.awslambda.http-integration-response"

// maxPrelude is within how many bytes the prelude's delimiter must end.
// parity: services-observability.md 7.1.1
const maxPrelude = 16 << 10

// Prelude is the HTTP part at the head of a streamed answer. What it does not
// name is zero.
type Prelude struct {
	StatusCode        int
	Headers           map[string]string
	MultiValueHeaders map[string][]string
	Cookies           []string
}

// scalar is a JSON string, number or boolean as text: functions give numbers for
// header values, and proxy integrations take them.
type scalar string

func (s *scalar) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '{', '[':
		return errors.New("a header's value is no text")
	case '"':
		return json.Unmarshal(b, (*string)(s))
	case 'n': // null
		return nil
	}
	*s = scalar(b)
	return nil
}

func parsePrelude(text []byte) (Prelude, error) {
	var in struct {
		StatusCode        int                 `json:"statusCode"`
		Headers           map[string]scalar   `json:"headers"`
		MultiValueHeaders map[string][]scalar `json:"multiValueHeaders"`
		Cookies           []string            `json:"cookies"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return Prelude{}, err
	}
	p := Prelude{StatusCode: in.StatusCode, Cookies: in.Cookies}
	if len(in.Headers) > 0 {
		p.Headers = make(map[string]string, len(in.Headers))
	}
	for name, value := range in.Headers {
		p.Headers[name] = string(value)
	}
	if len(in.MultiValueHeaders) > 0 {
		p.MultiValueHeaders = make(map[string][]string, len(in.MultiValueHeaders))
	}
	for name, values := range in.MultiValueHeaders {
		for _, value := range values {
			p.MultiValueHeaders[name] = append(p.MultiValueHeaders[name], string(value))
		}
	}
	return p, nil
}

// ErrPrelude says that a stream does not begin with a prelude.
var ErrPrelude = errors.New("bad prelude")

// ReadPrelude reads a stream's prelude: a JSON object, then eight NULs, within
// 16 KB. rest is the payload behind it. An error is ErrPrelude, or the stream's own.
func ReadPrelude(r io.Reader) (p Prelude, rest io.Reader, err error) {
	b := bufio.NewReaderSize(r, maxPrelude)
	n, err := preludeEnd(b)
	if err != nil {
		return Prelude{}, nil, err
	}
	text, err := b.Peek(n)
	if err != nil {
		return Prelude{}, nil, fmt.Errorf("read prelude: %w", err)
	}
	if text = bytes.Trim(text, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		return Prelude{}, nil, fmt.Errorf("%w: no JSON object", ErrPrelude)
	}
	if p, err = parsePrelude(text); err != nil {
		return Prelude{}, nil, fmt.Errorf("%w: %w", ErrPrelude, err)
	}
	if _, err := b.Discard(n + len(delimiter)); err != nil {
		return Prelude{}, nil, fmt.Errorf("read prelude: %w", err)
	}
	return p, b, nil
}

const delimiter = "\x00\x00\x00\x00\x00\x00\x00\x00"

// preludeEnd waits for the delimiter and returns where it begins.
func preludeEnd(b *bufio.Reader) (int, error) {
	for want := 1; ; {
		_, err := b.Peek(want)
		have, _ := b.Peek(b.Buffered()) // all of it is there
		if i := bytes.Index(have, []byte(delimiter)); i >= 0 {
			return i, nil
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull), len(have) == maxPrelude:
			return 0, fmt.Errorf("%w: no delimiter within %d bytes", ErrPrelude, maxPrelude)
		case errors.Is(err, io.EOF):
			return 0, fmt.Errorf("%w: the stream ended before its delimiter", ErrPrelude)
		case err != nil:
			return 0, fmt.Errorf("read prelude: %w", err)
		}
		want = len(have) + 1
	}
}
