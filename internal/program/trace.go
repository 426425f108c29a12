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
	own := x.own()
	if len(x.sent.trace) == 0 && !traced {
		x.Trace = own.trace.fresh(x.Start.Unix(), &own.source)
		return x.Trace
	}
	own.trace.formed = false // its memory may be x.Trace's
	r := &own.source
	root, parent, sampled := traceParts(x.sent.trace)
	t := append(x.Trace[:0], "Root="...)
	if root != nil {
		t = append(t, root...)
	} else {
		t = append(t, "1-........-........................"...)
		binary.LittleEndian.PutUint64(t[len("Root=1-"):], hexOf(uint32(x.Start.Unix())))
		putRandomRoot(t[len("Root=1-........-"):], r)
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

// trace is what TraceID makes where nobody has sent anything: most of it is the
// same for all requests, the root's first part for those of a second.
type trace struct {
	formed bool // text has the form
	unix   int64
	text   [len(traceForm)]byte
}

const traceForm = "Root=1-........-........................;Parent=................;Sampled=0"

// fresh is a value that is new in all its parts.
func (t *trace) fresh(unix int64, r *rand.ChaCha8) []byte {
	if !t.formed || t.unix != unix {
		t.formed, t.unix = true, unix
		copy(t.text[:], traceForm)
		binary.LittleEndian.PutUint64(t.text[len("Root=1-"):], hexOf(uint32(unix)))
	}
	putRandomRoot(t.text[len("Root=1-........-"):], r)
	putHex16(t.text[len("Root=1-........-........................;Parent="):], r.Uint64())
	return t.text[:]
}

// putRandomRoot writes the 24 digits of a root that are random.
func putRandomRoot(b []byte, r *rand.ChaCha8) {
	putHex16(b, r.Uint64())
	binary.LittleEndian.PutUint64(b[16:], digits(r.Uint64()&nibbles))
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
