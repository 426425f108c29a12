package program

import (
	crand "crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"

	"github.com/stagedoor/stagedoor/internal/http1"
)

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
		switch len(f.Name) {
		case len("x-amzn-trace-id"):
			if http1.EqualFold(f.Name, "x-amzn-trace-id") {
				x.sent.trace = f.Value
			}
		case len("x-amzn-requestid"):
			if http1.EqualFold(f.Name, "x-amzn-requestid") {
				if x.sent.badID = !isUUID(f.Value); !x.sent.badID {
					id = f.Value
				}
			} else if http1.EqualFold(f.Name, "content-encoding") {
				x.sent.encoding = f.Value
				x.sent.encoded++
			}
		}
	}
	var raw [32]byte
	x.fill(raw[:])
	if id != nil {
		copy(x.ID[:], id)
	} else {
		putUUID(&x.ID, raw[:16])
	}
	base64.URLEncoding.Encode(x.ExtendedID[:], raw[16:27]) // 11 bytes: 15 characters and '='
	x.draw = binary.LittleEndian.Uint32(raw[28:])
}

// ContentEncoding is how the request's body is encoded, empty if it is not;
// ok is false if the client says so more than once.
func (x *Exchange) ContentEncoding() (coding []byte, ok bool) {
	return x.sent.encoding, x.sent.encoded <= 1
}

// fill makes b random. The generator is ChaCha8, seeded by the system once
// for each exchange's memory.
func (x *Exchange) fill(b []byte) {
	if x.random == nil {
		var seed [32]byte
		_, _ = crand.Read(seed[:]) // never fails: it ends the program instead
		x.random = rand.NewChaCha8(seed)
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, x.random.Uint64())
		b = b[8:]
	}
}

// putUUID writes 16 random bytes as a UUID of version 4.
func putUUID(id *[36]byte, raw []byte) {
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	at := 0
	for i, b := range raw {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			id[at] = '-'
			at++
		}
		at = len(appendHex(id[:at], b))
	}
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

func appendHex(dst []byte, b byte) []byte {
	const hex = "0123456789abcdef"
	return append(dst, hex[b>>4], hex[b&15])
}
