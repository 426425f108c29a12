package lambda

import (
	"errors"
	"io"
)

// HTTPIntegration is the content type of a stream that begins with a Prelude.
const HTTPIntegration = "application/vnd.awslambda.http-integration-response"

// Prelude is the HTTP part at the head of a streamed answer.
type Prelude struct {
	StatusCode        int                 `json:"statusCode"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Cookies           []string            `json:"cookies"`
}

// ReadPrelude reads a stream's prelude; rest is the payload behind it.
func ReadPrelude(r io.Reader) (p Prelude, rest io.Reader, err error) {
	return p, r, errors.ErrUnsupported
}
