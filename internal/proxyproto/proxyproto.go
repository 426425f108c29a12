// Package proxyproto reads the header of the PROXY protocol, versions 1 and 2:
// what a proxy says of a connection before anything else on it.
//
// It is bytes in, a result out, without I/O, so that any driver can use it. A
// connection has one header, so that two allocations for version 1 do no harm. What is ambiguous or longer than it need be is an error, never
// repaired: whoever sends it says who a client is.
//
// parity: haproxy.org, "The PROXY protocol, versions 1 & 2"
package proxyproto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
)

// Header is what a proxy says of a connection.
type Header struct {
	// Local says that the proxy speaks for itself (a health check), or for
	// somebody whose address it does not know: the addresses of the connection
	// count.
	Local bool

	Source, Destination netip.AddrPort // IPv4 as such; zero if Local
}

// MaxSize is the longest header that is read, in bytes. Version 1 has 107 at
// most; version 2 may have more, of things that nobody here looks at.
const MaxSize = 1024

// ErrMalformed is a connection that does not begin with a header.
var ErrMalformed = errors.New("proxyproto: malformed header")

const (
	maxLine = 107 // of version 1, with its end
	fixed   = 16  // bytes of version 2 that are always there
)

// signature is how version 2 begins.
const signature = "\r\n\r\n\x00\r\nQUIT\n"

// Parse reads the header that b begins with; n is its length. n is 0 if b is
// the beginning of one, as far as it goes: come again with more. An error is
// final.
func Parse(b []byte) (h Header, n int, err error) {
	switch {
	case begins(b, "PROXY "):
		return parseLine(b)
	case begins(b, signature):
		return parseBinary(b)
	}
	return Header{}, 0, ErrMalformed
}

// begins reports whether b is a beginning of text, or begins with it.
func begins(b []byte, text string) bool {
	n := min(len(b), len(text))
	return string(b[:n]) == text[:n]
}

// parseLine reads version 1: PROXY TCP4 SOURCE DESTINATION PORT PORT.
func parseLine(b []byte) (h Header, n int, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) >= maxLine {
			return Header{}, 0, ErrMalformed
		}
		return Header{}, 0, nil
	}
	if end < 1 || end >= maxLine || b[end-1] != '\r' {
		return Header{}, 0, ErrMalformed
	}
	line := b[len("PROXY ") : end-1]
	kind, rest, _ := bytes.Cut(line, []byte{' '})
	switch string(kind) {
	case "UNKNOWN": // whatever follows is to be ignored
		return Header{Local: true}, end + 1, nil
	case "TCP4", "TCP6":
	default:
		return Header{}, 0, ErrMalformed
	}
	if bytes.Count(rest, []byte{' '}) != 3 {
		return Header{}, 0, ErrMalformed
	}
	source, rest, _ := bytes.Cut(rest, []byte{' '})
	destination, rest, _ := bytes.Cut(rest, []byte{' '})
	from, to, _ := bytes.Cut(rest, []byte{' '})
	six := kind[3] == '6'
	var ok1, ok2 bool
	h.Source, ok1 = addrPort(source, from, six)
	h.Destination, ok2 = addrPort(destination, to, six)
	if !ok1 || !ok2 {
		return Header{}, 0, ErrMalformed
	}
	return h, end + 1, nil
}

// addrPort reads an address of one family and a port, both in their plain form.
func addrPort(address, port []byte, six bool) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(string(address))
	if err != nil || a.Zone() != "" || a.Is6() != six || len(port) == 0 || len(port) > 5 || len(port) > 1 && port[0] == '0' {
		return netip.AddrPort{}, false
	}
	p := 0
	for _, c := range port {
		if c < '0' || c > '9' {
			return netip.AddrPort{}, false
		}
		p = p*10 + int(c-'0')
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(p)), p < 1<<16
}

// Sizes of the addresses of version 2: of both ends, with their ports.
const (
	size4 = 2*4 + 4
	size6 = 2*16 + 4
)

// parseBinary reads version 2. What follows the addresses (TLVs) is skipped.
func parseBinary(b []byte) (h Header, n int, err error) {
	if len(b) < fixed {
		if len(b) > 12 && b[12]>>4 != 2 {
			return Header{}, 0, ErrMalformed
		}
		return Header{}, 0, nil
	}
	size := int(binary.BigEndian.Uint16(b[14:]))
	n = fixed + size
	command, family := b[12], b[13]
	if command != 0x20 && command != 0x21 || n > MaxSize {
		return Header{}, 0, ErrMalformed
	}
	need := 0
	switch family {
	case 0x00: // not told
	case 0x11:
		need = size4
	case 0x21:
		need = size6
	default: // datagrams and sockets of one machine: no client of HTTP has those
		return Header{}, 0, ErrMalformed
	}
	if size < need {
		return Header{}, 0, ErrMalformed
	}
	if len(b) < n {
		return Header{}, 0, nil
	}
	if command == 0x20 || need == 0 {
		return Header{Local: true}, n, nil
	}
	at, one := b[fixed:], (need-4)/2
	ports := at[2*one:]
	h.Source = pair(at[:one], ports)
	h.Destination = pair(at[one:2*one], ports[2:])
	return h, n, nil
}

func pair(address, port []byte) netip.AddrPort {
	a, _ := netip.AddrFromSlice(address) // 4 or 16 bytes
	return netip.AddrPortFrom(a.Unmap(), binary.BigEndian.Uint16(port))
}
