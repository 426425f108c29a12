package program

import (
	"net/netip"
	"strconv"
)

// AppendSourceIP appends SourceIP.
func (x *Exchange) AppendSourceIP(dst []byte) []byte { return appendIP(dst, x.SourceIP()) }

// AppendPeer appends the address of the connection's other end, which
// X-Forwarded-For grows by.
func (x *Exchange) AppendPeer(dst []byte) []byte {
	return appendIP(dst, x.Remote.Addr().Unmap().WithZone(""))
}

// appendIP appends an address, if it is one.
func appendIP(dst []byte, ip netip.Addr) []byte {
	if !ip.Is4() {
		if !ip.IsValid() {
			return dst
		}
		return ip.AppendTo(dst)
	}
	four := ip.As4()
	dst = appendOctet(dst, four[0])
	dst = appendOctet(append(dst, '.'), four[1])
	dst = appendOctet(append(dst, '.'), four[2])
	return appendOctet(append(dst, '.'), four[3])
}

func appendOctet(dst []byte, b byte) []byte {
	if b < 10 {
		return append(dst, '0'+b)
	}
	if b < 100 {
		return append(dst, '0'+b/10, '0'+b%10)
	}
	return append(dst, '0'+b/100, '0'+b/10%10, '0'+b%10)
}

// port is a port and its text. An exchange keeps that of the request before:
// there are few listeners.
type port struct {
	number uint16
	length uint8 // of the text; 0: it was not made
	text   [5]byte
}

// LocalPort is the port that the client called, in decimal; valid until the
// exchange ends.
func (x *Exchange) LocalPort() []byte {
	p := &x.port
	if n := x.Local.Port(); p.number != n || p.length == 0 {
		p.number, p.length = n, uint8(len(strconv.AppendUint(p.text[:0], uint64(n), 10)))
	}
	return p.text[:p.length:p.length]
}
