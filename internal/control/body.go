package control

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// Limits of bodies, in bytes.
const (
	formLimit    = 1 << 20
	defaultLimit = 2 << 20
	importLimit  = 10 << 20   // API Gateway takes documents of 6 MB, in JSON for v2
	metricsLimit = 2 << 20    // what a compressed PutMetricData may grow to; AWS takes 1 MB
	lambdaLimit  = 70_167_211 // a zip of 50 MB in base64, with the rest of CreateFunction
	firstRead    = 64 << 10   // what is set aside before a byte has come
)

// bodyLimit is how large the body of a call to a service may be.
//
// parity: services-observability.md, and control-plane.md 2.1 for imports
func bodyLimit(s *wire.Service) int64 {
	switch s.Name {
	case "lambda":
		return lambdaLimit
	case "apigateway", "apigatewayv2":
		return importLimit
	case "cloudwatch":
		return metricsLimit
	}
	return defaultLimit
}

// read reads the body whole, once; a compressed one is taken apart.
func (c *call) read(limit int64) (*wire.Request, error) {
	if c.request != nil {
		return c.request, nil
	}
	header := c.http.Header
	if c.http.ContentLength > limit {
		return nil, c.tooLarge(limit)
	}
	body, err := readAll(c.http.Body, limit, c.http.ContentLength)
	c.raw = body // what a signature covers
	if rest, ok := lastEncoding(header.Get("Content-Encoding")); ok && err == nil {
		header = header.Clone()
		if header.Del("Content-Encoding"); rest != "" {
			header.Set("Content-Encoding", rest)
		}
		body, err = inflate(body, limit)
	}
	switch {
	case errors.Is(err, errTooLarge):
		return nil, c.tooLarge(limit)
	case err != nil:
		return nil, fault.BadRequest.New(fmt.Errorf("read the body: %w", err), "The body of the request could not be read.")
	}
	c.request = &wire.Request{
		ID: c.id, Method: c.http.Method, Path: c.path, Query: c.query, Header: header, Body: body, Labels: c.labels,
	}
	return c.request, nil
}

// errTooLarge is a body beyond its limit.
var errTooLarge = errors.New("body too large")

// readAll reads all of r. size is what the sender announces, -1 for nothing.
func readAll(r io.Reader, limit, size int64) ([]byte, error) {
	if r == nil || size == 0 || r == http.NoBody {
		return nil, nil
	}
	var b bytes.Buffer
	if size > 0 {
		b.Grow(int(min(size+bytes.MinRead, firstRead)))
	}
	if _, err := b.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}

// lastEncoding reports whether gzip was the last thing done to a body, and what
// was done before.
func lastEncoding(header string) (rest string, ok bool) {
	i := strings.LastIndexByte(header, ',')
	if !strings.EqualFold(strings.TrimSpace(header[i+1:]), "gzip") {
		return "", false
	}
	return strings.TrimSpace(header[:max(i, 0)]), true
}

// inflate takes a compressed body apart. What comes out counts for the limit as
// well.
func inflate(body []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return readAll(z, limit, -1)
}

// tooLarge refuses a body in the service's words.
func (c *call) tooLarge(limit int64) error {
	operation := c.name
	if c.op != nil {
		operation = c.op.Name
	}
	if c.service != nil && c.service.table.Name == "lambda" && operation != "" {
		return fault.TooLarge.New(nil, fmt.Sprintf("Request must be smaller than %d bytes for the %s operation", limit, operation))
	}
	return fault.TooLarge.New(nil, fmt.Sprintf("Request entity too large: the body must not exceed %d bytes.", limit))
}
