package transport

import (
	"slices"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// What a block of fields is.
type blockKind uint8

const (
	blockNone blockKind = iota
	blockRequest
	blockTrailers
	blockRefused // decoded, because the table goes on with it
	blockIgnored
)

// Bounds of a block as it is sent. parity: security.md 9.6 (CONTINUATION flood)
const (
	maxBlockParts = 64
	maxBlockBytes = 128 << 10
)

// h2block is a block of fields that is being received. Names and values gather
// in text; what points there is made once all are in.
type h2block struct {
	lim *http1.Limits

	id        uint32
	kind      blockKind
	endStream bool
	refusal   http2.ErrCode
	parts     int // frames
	received  int // bytes, as sent

	text   []byte
	fields []h2field
	values int // bytes of the values, with those of the pseudo-fields

	seen      [4]bool // pseudo-fields
	from      [4]h2field
	declared  int64 // content-length; -1: none
	expects   bool  // 100-continue
	malformed bool
	refused   error // 431, 417 or 400
}

// h2field says where in text a name and a value are.
type h2field struct{ name, value, end int }

// The pseudo-fields of requests.
const (
	pseudoMethod = iota
	pseudoScheme
	pseudoPath
	pseudoAuthority
)

func (b *h2block) open() bool { return b.kind != blockNone }

func (b *h2block) begin(id uint32, kind blockKind) {
	*b = h2block{lim: b.lim, id: id, kind: kind, declared: -1, text: trimmed(b.text), fields: b.fields[:0]}
}

// trimmed is memory to be used again, unless it has become large.
func trimmed(b []byte) []byte {
	if cap(b) > keepAtMost {
		return nil
	}
	return b[:0]
}

// add takes one field.
func (b *h2block) add(f hpack.HeaderField) {
	if b.kind != blockRequest && b.kind != blockTrailers || b.malformed {
		return
	}
	pseudo := len(f.Name) > 0 && f.Name[0] == ':'
	if b.values += len(f.Value); b.values > b.lim.Values || !pseudo && len(b.fields)+1 >= b.lim.Fields || len(b.text)+len(f.Name)+len(f.Value) > 2*b.lim.Head {
		b.refused = errFields
		return
	}
	at := h2field{name: len(b.text), value: len(b.text) + len(f.Name)}
	b.text = append(append(b.text, f.Name...), f.Value...)
	at.end = len(b.text)
	if pseudo {
		b.addPseudo(f.Name, at)
		return
	}
	name, value := b.text[at.name:at.value], b.text[at.value:at.end]
	b.fields = append(b.fields, at)
	b.malformed = b.malformed || upper(name) || !http1.ValidField(name, value) || connectionField(f)
	switch f.Name {
	case "content-length":
		n, ok := decimal(value)
		b.malformed = b.malformed || !ok || b.declared >= 0 && b.declared != n
		if b.declared >= 0 {
			b.refused = errLength
		}
		b.declared = n
	case "expect":
		if b.expects = http1.EqualFold(value, "100-continue"); !b.expects {
			b.refused = errExpect
		}
	}
	if len(value) > 0 && (blank(value[0]) || blank(value[len(value)-1])) {
		b.refused = errField
	}
}

func (b *h2block) addPseudo(name string, at h2field) {
	i := slices.Index(pseudoNames(), name)
	if i < 0 || b.seen[i] || len(b.fields) > 0 {
		b.malformed = true
		return
	}
	b.seen[i], b.from[i] = true, at
}

// pseudoNames are the names of the pseudo-fields, in the order above.
func pseudoNames() []string { return []string{":method", ":scheme", ":path", ":authority"} }

// pseudo says whether there is any pseudo-field.
func (b *h2block) pseudo() bool { return b.seen != [4]bool{} }

// complete says whether the pseudo-fields of a request are there. parity:
// RFC 9113 8.3.1
func (b *h2block) complete() bool {
	if string(b.value(pseudoMethod)) == "CONNECT" {
		return b.seen[pseudoAuthority] && !b.seen[pseudoScheme] && !b.seen[pseudoPath]
	}
	return b.refused != nil || b.seen[pseudoMethod] && b.seen[pseudoScheme] && len(b.value(pseudoPath)) > 0
}

func (b *h2block) value(pseudo int) []byte {
	at := b.from[pseudo]
	return b.text[at.value:at.end:at.end]
}

// fill makes the request of a stream, which gets the text's memory. An error
// is the answer.
func (b *h2block) fill(st *h2stream) error {
	q := &st.e.x.Request
	q.HTTP2, q.Minor, q.KeepAlive, q.Expect = true, 1, true, b.expects
	b.text, st.text = st.text, b.text // fields point into it as long as the exchange lasts
	if b.refused != nil {
		return b.refused
	}
	text := st.text
	part := func(from, to int) []byte { return text[from:to:to] }
	pseudo := func(i int) []byte { return part(b.from[i].value, b.from[i].end) }
	q.Method, q.Target, q.Host = pseudo(pseudoMethod), pseudo(pseudoPath), pseudo(pseudoAuthority)
	switch {
	case string(q.Method) == "CONNECT", string(q.Method) == "TRACE":
		return errMethod
	case string(q.Target) == "*" && string(q.Method) == "OPTIONS":
		q.Path = q.Target
	default:
		var err *http1.Error
		if q.Path, q.Query, err = http1.SplitTarget(q.Target); err != nil {
			return err
		}
	}
	if !http1.ValidField(q.Method, nil) {
		return errField // a method is a token, as names are
	}
	q.Fields = append(q.Fields, http1.Field{Name: append(st.host[:0], "host"...), Value: q.Host})
	for _, f := range b.fields {
		one := http1.Field{Name: part(f.name, f.value), Value: part(f.value, f.end)}
		if string(one.Name) != "host" {
			q.Fields = append(q.Fields, one)
			continue
		}
		if !b.seen[pseudoAuthority] && len(q.Host) == 0 {
			q.Host = one.Value
			q.Fields[0] = http1.Field{Name: q.Fields[0].Name, Value: q.Host}
		} else if string(one.Value) != string(q.Host) {
			return errAuthority
		}
	}
	if !http1.ValidHost(q.Host) {
		return errAuthority
	}
	switch {
	case b.endStream || b.declared == 0:
		q.Length = http1.NoBody
	case b.declared > 0:
		q.Length = b.declared
	default:
		q.Length = http1.Chunked
	}
	return nil
}

// connectionField says whether a field is about a connection of HTTP/1.1, which
// makes a request malformed. parity: RFC 9113 8.2.2
func connectionField(f hpack.HeaderField) bool {
	switch f.Name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		return true
	case "te":
		return f.Value != "trailers"
	}
	return false
}

func upper(name []byte) bool {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			return true
		}
	}
	return false
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// decimal is the number that text is.
func decimal(text []byte) (n int64, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' || n > 1<<53 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(text) > 0
}

var (
	errField     = &http1.Error{Status: 400, Reason: "malformed field over HTTP/2"}
	errAuthority = &http1.Error{Status: 400, Reason: "authority and host differ"}
	errMethod    = &http1.Error{Status: 501, Reason: "method is never routed"}
	errLength    = &http1.Error{Status: 400, Reason: "repeated content length over HTTP/2"}
	errExpect    = &http1.Error{Status: 417, Reason: "unknown expectation"}
	errFields    = &http1.Error{Status: 431, Reason: "too many or too large fields"}
)
