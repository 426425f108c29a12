package restjson

import (
	"mime"
	"net/http"
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/eventstream"
)

const (
	jsonType = "application/json"
	blobType = "application/octet-stream"
	textType = "text/plain"
	anyType  = "*/*"
)

// negotiate holds the request to the media types of its operation, as Smithy
// asks of servers. Amazon's own take any.
func (d *decoder) negotiate() error {
	if accept := d.req.Header.Get("Accept"); accept != "" {
		kind := d.bodyType(d.service.Shape(d.op.Output))
		if kind == "" {
			kind = jsonType
		}
		if !acceptable(accept, kind) {
			return &wire.Failure{Code: "NotAcceptableException", Status: http.StatusNotAcceptable, Sender: true}
		}
	}
	want, got := d.bodyType(d.shape), d.req.Header.Get("Content-Type")
	if len(d.shape.Members) == 0 && !d.op.NoInput {
		want = jsonType
	}
	if want == anyType || len(d.req.Body) == 0 || (got == "" && want == "") {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(got); err == nil && kind == want {
		return nil
	}
	return &wire.Failure{Code: "UnsupportedMediaTypeException", Status: http.StatusUnsupportedMediaType, Sender: true}
}

// bodyType is the media type of a message of shape s; empty for one that has
// no body, */* for one that may be anything.
func (c *Codec) bodyType(s *wire.Shape) string {
	kind := ""
	for i := range s.Members {
		m := &s.Members[i]
		ms := c.service.Of(m)
		switch {
		case m.At == wire.InPayload && ms.Media != "":
			return ms.Media
		case m.At == wire.InPayload && ms.Has(wire.EventStream):
			return eventstream.ContentType
		case m.At == wire.InPayload && ms.Kind == wire.Blob:
			return anyType
		case m.At == wire.InPayload && ms.Kind == wire.String:
			return textType
		case m.At == wire.InPayload, m.At == wire.InBody:
			kind = jsonType
		}
	}
	return kind
}

// acceptable reports whether the Accept header takes the media type kind.
func acceptable(accept, kind string) bool {
	if kind == anyType {
		return true
	}
	major, _, _ := strings.Cut(kind, "/")
	for one := range strings.SplitSeq(accept, ",") {
		t, _, err := mime.ParseMediaType(strings.TrimSpace(one))
		if err == nil && (t == anyType || t == kind || t == major+"/*") {
			return true
		}
	}
	return false
}
