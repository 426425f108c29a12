package program

import "net/netip"

// AppendSourceIP appends SourceIP.
func (x *Exchange) AppendSourceIP(dst []byte) []byte {
	if x.Client.IsValid() {
		return appendIP(dst, x.Client)
	}
	return append(dst, x.Peer()...)
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
