package program

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// maxTraceValue bounds what is taken over from a client, in bytes.
const maxTraceValue = 64

// TraceID is X-Amzn-Trace-Id towards the back end: Root, Parent and Sampled as
// the client sent them, and new where it did not. A stage with tracing is itself
// the parent, and decides for clients that have not. It is made when first asked for.
// parity: spec/rest-data-plane.md 3.6.3; services-observability.md 9.5.
func (x *Exchange) TraceID() []byte {
	if len(x.Trace) > 0 {
		return x.Trace
	}
	traced := x.Stage != nil && x.Stage.Sample != nil
	r := x.random()
	if len(x.sent.trace) == 0 && !traced {
		x.Trace = append(x.Trace, "Root=1-........-........................;Parent=................;Sampled=0"...)
		t := x.Trace[:len("Root=1-........-........................;Parent=................")]
		x.putRoot(t, r)
		putHex16(t[len(t)-16:], r.Uint64())
		return x.Trace
	}
	root, parent, sampled := traceParts(x.sent.trace)
	t := append(x.Trace[:0], "Root="...)
	if root != nil {
		t = append(t, root...)
	} else {
		t = append(t, "1-........-........................"...)
		x.putRoot(t, r)
	}
	t = append(t, ";Parent="...)
	if parent != nil && !traced {
		t = append(t, parent...)
	} else {
		t = append(t, "................"...)
		putHex16(t[len(t)-16:], r.Uint64())
	}
	t = append(t, ";Sampled="...)
	switch {
	case sampled != nil && (!traced || string(sampled) != "?"):
		t = append(t, sampled...)
	case traced && !x.Stage.Sample(x):
		t = append(t, '0')
	case traced:
		t = append(t, '1')
	case parent != nil:
		t = append(t, '1')
	default:
		t = append(t, '0')
	}
	x.Trace = t
	return t
}

// putRoot fills in the root of a header value that begins with the root.
func (x *Exchange) putRoot(t []byte, r *rand.ChaCha8) {
	t = t[len("Root=1-"):]
	binary.LittleEndian.PutUint64(t, hex(uint32(x.Start.Unix())))
	putHex16(t[9:], r.Uint64())
	binary.LittleEndian.PutUint64(t[25:], hex(uint32(r.Uint64())))
}

// putHex16 writes 64 bits as 16 hexadecimal digits.
func putHex16(b []byte, v uint64) {
	binary.LittleEndian.PutUint64(b[8:], hex(uint32(v)))
	binary.LittleEndian.PutUint64(b, hex(uint32(v>>32)))
}

// Chance is a random number below 1.
func (x *Exchange) Chance() float64 {
	return float64(x.random().Uint64()>>11) / (1 << 53)
}

// traceParts takes a client's trace header apart; what is unusable is nil.
func traceParts(header []byte) (root, parent, sampled []byte) {
	for len(header) > 0 {
		part, rest, _ := bytes.Cut(header, []byte(";"))
		header = rest
		name, value, ok := bytes.Cut(bytes.TrimSpace(part), []byte("="))
		if !ok || !isTraceValue(value) {
			continue
		}
		switch {
		case http1.EqualFold(name, "root"):
			root = value
		case http1.EqualFold(name, "parent"):
			parent = value
		case http1.EqualFold(name, "sampled"):
			sampled = value
		}
	}
	return root, parent, sampled
}

func isTraceValue(v []byte) bool {
	if len(v) == 0 || len(v) > maxTraceValue {
		return false
	}
	for _, c := range v {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '?' || c == ':') {
			return false
		}
	}
	return true
}
