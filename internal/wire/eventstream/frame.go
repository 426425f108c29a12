// Package eventstream writes events in the framing of
// application/vnd.amazon.eventstream: length, headers, payload, and a CRC-32
// over the prelude and over the whole.
//
// It only writes: no service of ours takes a stream of events.
package eventstream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"time"
)

// ContentType is the media type of a stream of events.
const ContentType = "application/vnd.amazon.eventstream"

// maxHeaders bounds the headers of one message, in bytes.
const maxHeaders = 128 << 10

// Message is one frame.
type Message struct {
	Headers []Header
	Payload []byte
}

// Header is one header of a frame. Its value is a bool, int8, int16, int32,
// int64, []byte, string or time.Time.
type Header struct {
	Name  string
	Value any
}

// Append appends the frame of m.
func Append(b []byte, m Message) ([]byte, error) {
	start := len(b)
	b = append(b, make([]byte, 12)...)
	var err error
	for _, h := range m.Headers {
		if b, err = appendHeader(b, h); err != nil {
			return nil, err
		}
	}
	headers := len(b) - start - 12
	total := 12 + headers + len(m.Payload) + 4
	if headers > maxHeaders || total > math.MaxInt32 {
		return nil, fmt.Errorf("frame an event of %d bytes with %d bytes of headers: too large", total, headers)
	}
	prelude := b[start : start+12]
	binary.BigEndian.PutUint32(prelude, uint32(total))
	binary.BigEndian.PutUint32(prelude[4:], uint32(headers))
	binary.BigEndian.PutUint32(prelude[8:], crc32.ChecksumIEEE(prelude[:8]))
	b = append(b, m.Payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:])), nil
}

func appendHeader(b []byte, h Header) ([]byte, error) {
	if h.Name == "" || len(h.Name) > math.MaxUint8 {
		return nil, fmt.Errorf("frame an event: bad header name %q", h.Name)
	}
	b = append(append(b, byte(len(h.Name))), h.Name...)
	switch v := h.Value.(type) {
	case bool:
		if v {
			return append(b, 0), nil
		}
		return append(b, 1), nil
	case int8:
		return append(b, 2, byte(v)), nil
	case int16:
		return binary.BigEndian.AppendUint16(append(b, 3), uint16(v)), nil
	case int32:
		return binary.BigEndian.AppendUint32(append(b, 4), uint32(v)), nil
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 5), uint64(v)), nil
	case []byte:
		return appendSized(b, 6, string(v), h.Name)
	case string:
		return appendSized(b, 7, v, h.Name)
	case time.Time:
		return binary.BigEndian.AppendUint64(append(b, 8), uint64(v.UnixMilli())), nil
	}
	return nil, fmt.Errorf("frame an event: header %s cannot be a %T", h.Name, h.Value)
}

func appendSized(b []byte, kind byte, v, name string) ([]byte, error) {
	if len(v) > math.MaxUint16 {
		return nil, fmt.Errorf("frame an event: header %s has %d bytes", name, len(v))
	}
	b = binary.BigEndian.AppendUint16(append(b, kind), uint16(len(v)))
	return append(b, v...), nil
}
