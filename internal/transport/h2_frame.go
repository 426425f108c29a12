package transport

import (
	"encoding/binary"
	"strconv"

	"golang.org/x/net/http2"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// Frames are written by appending, so that many go out in one write.

// appendFrame appends the head of a frame; its payload of n bytes follows.
func appendFrame(dst []byte, kind http2.FrameType, flags http2.Flags, id uint32, n int) []byte {
	dst = append(dst, byte(n>>16), byte(n>>8), byte(n), byte(kind), byte(flags))
	return binary.BigEndian.AppendUint32(dst, id)
}

func appendSettings(dst []byte, settings ...http2.Setting) []byte {
	dst = appendFrame(dst, http2.FrameSettings, 0, 0, 6*len(settings))
	for _, s := range settings {
		dst = binary.BigEndian.AppendUint16(dst, uint16(s.ID))
		dst = binary.BigEndian.AppendUint32(dst, s.Val)
	}
	return dst
}

func appendSettingsAck(dst []byte) []byte {
	return appendFrame(dst, http2.FrameSettings, http2.FlagSettingsAck, 0, 0)
}

func appendWindowUpdate(dst []byte, id, n uint32) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(dst, http2.FrameWindowUpdate, 0, id, 4), n)
}

func appendReset(dst []byte, id uint32, code http2.ErrCode) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(dst, http2.FrameRSTStream, 0, id, 4), uint32(code))
}

func appendGoAway(dst []byte, last uint32, code http2.ErrCode) []byte {
	dst = appendFrame(dst, http2.FrameGoAway, 0, 0, 8)
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(dst, last), uint32(code))
}

func appendPong(dst []byte, data [8]byte) []byte {
	return append(appendFrame(dst, http2.FramePing, http2.FlagPingAck, 0, len(data)), data[:]...)
}

func appendData(dst []byte, id uint32, end bool, p []byte) []byte {
	flags := http2.Flags(0)
	if end {
		flags = http2.FlagDataEndStream
	}
	return append(appendFrame(dst, http2.FrameData, flags, id, len(p)), p...)
}

// appendHeaders appends a block of fields as HEADERS and as many CONTINUATION
// as the client's frames make of it.
func appendHeaders(dst []byte, id uint32, end bool, block []byte, most int) []byte {
	kind, flags := http2.FrameHeaders, http2.Flags(0)
	if end {
		flags = http2.FlagHeadersEndStream
	}
	for {
		n := min(len(block), most)
		if n == len(block) {
			flags |= http2.FlagHeadersEndHeaders // CONTINUATION has the same bit
		}
		dst = append(appendFrame(dst, kind, flags, id, n), block[:n]...)
		if block = block[n:]; len(block) == 0 {
			return dst
		}
		kind, flags = http2.FrameContinuation, 0
	}
}

// Fields are written without a table of the connection: who adds to a table
// must send in the order in which it was added to, and small answers gain
// little by it. Names that RFC 7541 has in its static table are written as
// their index.

// staticName is the index of a name, in lower case; 0: it has none.
func staticName(name []byte) int {
	switch string(name) {
	case "accept-ranges":
		return 18
	case "access-control-allow-origin":
		return 20
	case "age":
		return 21
	case "allow":
		return 22
	case "cache-control":
		return 24
	case "content-disposition":
		return 25
	case "content-encoding":
		return 26
	case "content-language":
		return 27
	case "content-length":
		return 28
	case "content-location":
		return 29
	case "content-range":
		return 30
	case "content-type":
		return 31
	case "date":
		return 33
	case "etag":
		return 34
	case "expires":
		return 36
	case "last-modified":
		return 44
	case "link":
		return 45
	case "location":
		return 46
	case "retry-after":
		return 53
	case "server":
		return 54
	case "set-cookie":
		return 55
	case "strict-transport-security":
		return 56
	case "vary":
		return 59
	case "via":
		return 60
	case "www-authenticate":
		return 61
	}
	return 0
}

// appendStatus appends the field :status.
func appendStatus(dst []byte, status int) []byte {
	switch status {
	case 200:
		return append(dst, 0x80|8)
	case 204:
		return append(dst, 0x80|9)
	case 206:
		return append(dst, 0x80|10)
	case 304:
		return append(dst, 0x80|11)
	case 400:
		return append(dst, 0x80|12)
	case 404:
		return append(dst, 0x80|13)
	case 500:
		return append(dst, 0x80|14)
	}
	dst = append(dst, 8, 3) // without indexing, by the name of entry 8, 3 bytes
	return strconv.AppendInt(dst, int64(status), 10)
}

// appendField appends a field; its name is written in lower case.
func appendField(dst []byte, f http1.Field) []byte {
	var room [64]byte
	name := appendLower(room[:0], f.Name)
	if at := staticName(name); at > 0 {
		return appendNamed(dst, at, f.Value)
	}
	dst = append(dst, 0)
	dst = append(appendInteger(dst, 7, len(name)), name...)
	return append(appendInteger(dst, 7, len(f.Value)), f.Value...)
}

// The places of names that every answer has, in the static table.
const (
	nameLength = 28
	nameDate   = 33
)

// appendNamed appends a field whose name has a place in the static table.
func appendNamed(dst []byte, at int, value []byte) []byte {
	dst = appendInteger(dst, 4, at)
	return append(appendInteger(dst, 7, len(value)), value...)
}

func appendLower(dst, name []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// appendInteger appends n with a prefix of some bits, whose others are 0 (RFC 7541 5.1).
func appendInteger(dst []byte, bits, n int) []byte {
	most := 1<<bits - 1
	if n < most {
		return append(dst, byte(n))
	}
	dst = append(dst, byte(most))
	for n -= most; n >= 128; n >>= 7 {
		dst = append(dst, byte(n)|128)
	}
	return append(dst, byte(n))
}
