package step

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/stagedoor/stagedoor/internal/program"
)

// MediaTypes are an API's binary media types.
type MediaTypes []string

// Match says whether a media type is one of them. An entry is a type, "kind/*",
// or "*/*"; a wildcard on the left only means nothing. Parameters of the type
// are ignored.
// parity: spec/rest-data-plane.md 7.3.
func (m MediaTypes) Match(mediaType []byte) bool {
	if len(m) == 0 {
		return false
	}
	if i := bytes.IndexByte(mediaType, ';'); i >= 0 {
		mediaType = bytes.TrimSpace(mediaType[:i])
	}
	for _, entry := range m {
		if entry == "*/*" {
			return true
		}
		kind, all := strings.CutSuffix(entry, "/*")
		if all && kind != "*" {
			if i := bytes.IndexByte(mediaType, '/'); i >= 0 && equalFold(mediaType[:i], kind) {
				return true
			}
			continue
		}
		if !strings.HasPrefix(entry, "*/") && equalFold(mediaType, entry) {
			return true
		}
	}
	return false
}

// equalFold compares ASCII texts without case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if lower(b[i]) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// mediaType is a Content-Type without its parameters; absent is JSON.
// parity: spec/rest-data-plane.md 3.3.
func mediaType(contentType []byte) []byte {
	if i := bytes.IndexByte(contentType, ';'); i >= 0 {
		contentType = bytes.TrimSpace(contentType[:i])
	}
	if len(contentType) == 0 {
		return jsonBytes
	}
	return contentType
}

const typeJSON = "application/json"

// firstAccepted is the first media type of the client's Accept field, without
// parameters; empty if there is none. Only the first counts.
// parity: spec/rest-data-plane.md 3.8 rule 5, 7.3.
func firstAccepted(x *program.Exchange) []byte {
	accept := x.Header("accept")
	if i := bytes.IndexByte(accept, ','); i >= 0 {
		accept = accept[:i]
	}
	if i := bytes.IndexByte(accept, ';'); i >= 0 {
		accept = accept[:i]
	}
	return bytes.TrimSpace(accept)
}

// handling is a contentHandling.
type handling uint8

const (
	asItIs handling = iota
	toBinary
	toText
)

func parseHandling(s *string) (handling, error) {
	switch {
	case s == nil || *s == "":
		return asItIs, nil
	case *s == "CONVERT_TO_BINARY":
		return toBinary, nil
	case *s == "CONVERT_TO_TEXT":
		return toText, nil
	}
	return asItIs, errors.New("contentHandling " + *s + " is not known")
}

var (
	errBase64   = errors.New("CONVERT_TO_BINARY: the payload is not base64")
	errTemplate = errors.New("a template cannot be applied to a binary payload")
)

// text is a payload as UTF-8 text; it copies only if it must repair.
func text(payload []byte) []byte {
	for _, c := range payload {
		if c >= 0x80 {
			return program.AppendText(make([]byte, 0, len(payload)+16), payload)
		}
	}
	return payload
}

func encode64(payload []byte) []byte {
	return base64.StdEncoding.AppendEncode(make([]byte, 0, base64.StdEncoding.EncodedLen(len(payload))), payload)
}

func decode64(payload []byte) ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(payload))), bytes.TrimSpace(payload))
	if err != nil {
		return nil, errBase64
	}
	return out, nil
}
