package program

import "github.com/stagedoor/stagedoor/internal/http1"

// sentFields are the client's fields that the frame itself looks at.
type sentFields struct {
	trace    []byte // X-Amzn-Trace-Id
	badID    bool   // x-amzn-RequestId is none
	encoding []byte // Content-Encoding
	encoded  int    // how many fields of that name
	bytes    int64  // of the names and values of all fields
}

// Identify gives the exchange its ids and its method. It costs one pass over
// the client's fields and allocates nothing once the exchange is warm.
//
// A client may choose the request id with x-amzn-RequestId, if it is a UUID;
// the extended id it cannot.
// parity: spec/rest-data-plane.md 3.6.3.
func (x *Exchange) Identify() {
	x.Method, x.sent = x.Request.Method, sentFields{}
	var id []byte
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		x.sent.bytes += int64(len(f.Name) + len(f.Value))
		switch f.Known() {
		case http1.TraceID:
			x.sent.trace = f.Value
		case http1.RequestID:
			if x.sent.badID = !isUUID(f.Value); !x.sent.badID {
				id = f.Value
			}
		case http1.ContentEncoding:
			x.sent.encoding = f.Value
			x.sent.encoded++
		default:
		}
	}
	r := x.random()
	if id != nil {
		copy(x.ID[:], id)
	} else {
		putUUID(&x.ID, r.Uint64(), r.Uint64())
	}
	x.draw = putExtended(&x.ExtendedID, r.Uint64(), r.Uint64())
}

// ContentEncoding is how the request's body is encoded, empty if it is not;
// ok is false if the client says so more than once.
func (x *Exchange) ContentEncoding() (coding []byte, ok bool) {
	return x.sent.encoding, x.sent.encoded <= 1
}

func isUUID(b []byte) bool {
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !isHex(c) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
