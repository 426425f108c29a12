package program

import (
	"slices"
	"strconv"
	"time"
)

// ShortSize is how long a short value is at most, in bytes.
const ShortSize = 64

// Short writes a value to the beginning of to and says how long it is; 0: there
// is none. What stands behind it means nothing.
type Short func(x *Exchange, to *[ShortSize]byte) int

// ShortInLogs is LogVariable of those names whose values are short and made of
// digits, letters and some of +-./:=_ and spaces alone, whatever clients send, so
// that there is nothing in them to escape. Nil of other names.
func ShortInLogs(name string) Short {
	switch name {
	case "requestId":
		return func(x *Exchange, to *[ShortSize]byte) int {
			if x.sent.badID {
				return copy(to[:], "UUID_REPLACED_INVALID_REQUEST_ID") // parity: 9.3, "request id"
			}
			return copy(to[:], x.ID[:])
		}
	case "extendedRequestId":
		return func(x *Exchange, to *[ShortSize]byte) int { return copy(to[:], x.ExtendedID[:]) }
	case "requestTime":
		return func(x *Exchange, to *[ShortSize]byte) int { return copy(to[:], x.requestTime()[:]) }
	case "requestTimeEpoch":
		return func(x *Exchange, to *[ShortSize]byte) int { return putNumber(to, x.Start.UnixMilli()) }
	case "status":
		return func(x *Exchange, to *[ShortSize]byte) int { return putNumber(to, int64(x.Answer.Status)) }
	case "responseLength":
		return func(x *Exchange, to *[ShortSize]byte) int { return putNumber(to, x.Sent) }
	case "responseLatency":
		return func(x *Exchange, to *[ShortSize]byte) int { return putMilliseconds(to, x.Took()) }
	case "integrationLatency", "integration.latency":
		return func(x *Exchange, to *[ShortSize]byte) int {
			if !x.Called() {
				return 0
			}
			return putMilliseconds(to, x.Reply.Latency)
		}
	case "integrationStatus", "integration.integrationStatus":
		return func(x *Exchange, to *[ShortSize]byte) int {
			if x.Reply.Response.Status == 0 {
				return 0
			}
			return putNumber(to, int64(x.Reply.Response.Status))
		}
	case "identity.sourceIp": // an address without a zone
		return func(x *Exchange, to *[ShortSize]byte) int {
			if x.Client.IsValid() {
				return len(appendIP(to[:0], x.Client.WithZone("")))
			}
			return copy(to[:], x.Peer())
		}
	}
	return nil
}

// variable is s for those who append.
func (s Short) variable() Variable {
	return func(x *Exchange, dst []byte) []byte {
		from := len(dst)
		dst = slices.Grow(dst, ShortSize)
		n := s(x, (*[ShortSize]byte)(dst[from:from+ShortSize]))
		return dst[:from+n]
	}
}

// putMilliseconds is putNumber of a time in whole milliseconds.
func putMilliseconds(to *[ShortSize]byte, d time.Duration) int {
	if uint64(d) < uint64(10*time.Millisecond) {
		to[0] = byte('0' + uint32(d)/uint32(time.Millisecond))
		return 1
	}
	return putNumber(to, d.Milliseconds())
}

// putNumber writes a number in decimal. It has little code for what is written
// most: up to four digits.
func putNumber(to *[ShortSize]byte, n int64) int {
	v := uint32(n)
	switch {
	case uint64(n) > 9999:
		return len(strconv.AppendInt(to[:0], n, 10))
	case v < 10:
		to[0] = byte('0' + v)
		return 1
	case v < 100:
		to[0], to[1] = byte('0'+v/10), byte('0'+v%10)
		return 2
	case v < 1000:
		to[0], to[1], to[2] = byte('0'+v/100), byte('0'+v/10%10), byte('0'+v%10)
		return 3
	}
	to[0], to[1], to[2], to[3] = byte('0'+v/1000), byte('0'+v/100%10), byte('0'+v/10%10), byte('0'+v%10)
	return 4
}
