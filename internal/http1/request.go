package http1

import "encoding/binary"

// Body kinds of a message head, by its framing.
const (
	NoBody  int64 = 0
	Chunked int64 = -1 // Transfer-Encoding: chunked
	ToClose int64 = -2 // a response that ends with the connection
)

// Request is the head of a request. All slices point into the buffer it was
// parsed from, which its owner keeps unchanged while the exchange lasts.
type Request struct {
	Method []byte
	Target []byte // as received, origin form ("*" for OPTIONS); never with a fragment
	Path   []byte // Target up to '?', not decoded
	Query  []byte // Target after '?', not decoded
	Minor  uint8  // of HTTP/1.x
	HTTP2  bool   // came in through the HTTP/2 adapter; Minor is then 1

	Host   []byte  // authority, lower case not enforced
	Fields []Field // every field in order, Host among them

	Length    int64 // bytes of the body; NoBody, or Chunked
	KeepAlive bool  // the client lets the connection stay open
	Expect    bool  // Expect: 100-continue
	Upgrade   []byte
}

// Response is the head of an upstream's answer, under the rules of Request.
type Response struct {
	Status    int
	Minor     uint8
	Fields    []Field
	Length    int64 // bytes of the body; NoBody, Chunked or ToClose
	Declared  int64 // what Content-Length said, -1 if it was absent; differs from Length where there is no body (HEAD, 304)
	KeepAlive bool
	Upgrade   []byte // the protocol that is spoken from now on; never set by ParseResponse
}

// Get is the last value of the field named, nil if it is absent. The name
// must be in lower case; names are compared without case.
func Get(fields []Field, lower string) []byte {
	for i := range fields {
		if f := &fields[len(fields)-1-i]; EqualFold(f.Name, lower) {
			return f.Value
		}
	}
	return nil
}

// EqualFold compares a field name with one in lower case, ASCII only.
func EqualFold(name []byte, lower string) bool {
	return len(name) == len(lower) && equalFold(name, lower)
}

// equalFold compares two of the same length.
func equalFold(name []byte, lower string) bool {
	i := 0
	for ; i <= len(name)-8 && i <= len(lower)-8; i += 8 {
		if !sameWord(binary.LittleEndian.Uint64(name[i:i+8]), wordOf(lower[i:i+8])) {
			return false
		}
	}
	for ; i < len(name) && i < len(lower); i++ {
		if c := lower[i]; name[i] != c && (name[i]|0x20 != c || c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
