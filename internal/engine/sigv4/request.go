package sigv4

import (
	"net/http"
	"strconv"
	"strings"
)

// Field is one header field; its value has no white space around it.
type Field struct{ Name, Value []byte }

// Request is a request in its raw parts. The package keeps none of its slices
// beyond a Claim that was read from it.
type Request struct {
	Method []byte
	Path   []byte // as sent, up to '?', not decoded
	Query  []byte // as sent, after '?', not decoded
	Host   []byte // Host or :authority as sent, with its port
	Fields []Field
	Body   []byte // whole: transfer coding undone, content coding not

	// BodyHash is the SHA-256 of the body, where the caller has it; nil: it is
	// made of Body.
	BodyHash *[32]byte
}

// AppendFields appends header fields of another package's type.
func AppendFields[F any, P interface {
	*F
	Parts() (name, value []byte)
}](dst []Field, src []F,
) []Field {
	for i := range src {
		name, value := P(&src[i]).Parts()
		dst = append(dst, Field{Name: name, Value: value})
	}
	return dst
}

// FromHTTP is a request that net/http received, with its body as it came. It
// gives back the fields that net/http takes out of the header.
func FromHTTP(r *http.Request, body []byte) *Request {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		path, query = r.URL.EscapedPath(), r.URL.RawQuery
	}
	out := &Request{Method: []byte(r.Method), Path: []byte(path), Query: []byte(query), Host: []byte(r.Host), Body: body}
	add := func(name, value string) {
		out.Fields = append(out.Fields, Field{[]byte(name), []byte(value)})
	}
	for name, values := range r.Header {
		for _, value := range values {
			add(name, value)
		}
	}
	if r.ContentLength > 0 && r.Header.Get("Content-Length") == "" {
		add("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	if len(r.TransferEncoding) > 0 {
		add("Transfer-Encoding", strings.Join(r.TransferEncoding, ", "))
	}
	return out
}

// field is the value of the field named in lower case. twice says that there
// is more than one.
func (r *Request) field(lower string) (value []byte, found, twice bool) {
	for i := range r.Fields {
		if !equalFold(r.Fields[i].Name, lower) {
			continue
		}
		if found {
			return value, true, true
		}
		value, found = r.Fields[i].Value, true
	}
	return value, found, false
}

// equalFold compares a field name with one in lower case, ASCII only.
func equalFold[T ~string | ~[]byte](name []byte, lower T) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := range name {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
