package jwt

import (
	"bytes"
	"encoding/base64"
	"errors"
)

// MaxToken is how long a token may be, in bytes.
const MaxToken = 8 << 10

// jws is a signed text, taken apart and not verified.
type jws struct {
	algorithm, keyID, typ string
	payload               []byte
	signed                []byte // what the signature is over
	signature             []byte
}

// parseJWS takes a compact serialization apart. The dots are counted before
// anything is split.
func parseJWS(text []byte) (*jws, error) {
	if len(text) > MaxToken {
		return nil, invalid("longer than %d bytes", MaxToken)
	}
	if bytes.Count(text, []byte(".")) != 2 {
		return nil, invalid("not three parts")
	}
	first, last := bytes.IndexByte(text, '.'), bytes.LastIndexByte(text, '.')
	header, err := decode(text[:first])
	if err != nil {
		return nil, invalid("header: %v", err)
	}
	t := &jws{signed: text[:last]}
	if t.payload, err = decode(text[first+1 : last]); err != nil {
		return nil, invalid("payload: %v", err)
	}
	if t.signature, err = decode(text[last+1:]); err != nil {
		return nil, invalid("signature: %v", err)
	}
	return t, t.readHeader(header)
}

// readHeader takes what matters from the header. Keys in it (jwk, x5c) and
// their locations (jku, x5u) do not matter.
func (t *jws) readHeader(doc []byte) error {
	h, err := object(doc)
	if err != nil {
		return invalid("header: %v", err)
	}
	for _, name := range []string{"crit", "b64"} { // what must be understood, and is not
		if _, ok := h[name]; ok {
			return invalid("header has %s", name)
		}
	}
	for _, m := range []struct {
		name string
		to   *string
	}{{"alg", &t.algorithm}, {"kid", &t.keyID}, {"typ", &t.typ}} {
		v, there := h[m.name]
		s, ok := v.(string)
		if there && !ok {
			return invalid("header: %s is no text", m.name)
		}
		*m.to = s
	}
	if t.algorithm == "" {
		return invalid("header has no alg")
	}
	return nil
}

var errBase64 = errors.New("not base64url")

// decode is strict base64url: no padding, no white space, no stray bits.
func decode(text []byte) ([]byte, error) {
	if bytes.ContainsAny(text, "\r\n") { // which the standard library skips
		return nil, errBase64
	}
	out, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		return nil, errBase64
	}
	return out, nil
}
