package gateway

import (
	"bytes"
	"net/netip"
	"slices"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// spokenFor is the client that trusted proxies speak for: the first address of
// X-Forwarded-For, from its end, that is not one of theirs. Whatever stands
// before it, the client may have written. Invalid if the connection's other end
// is no trusted proxy, or says nothing.
//
// An entry that is no address ends the walk, and the one behind it counts.
// parity: spec/security.md 9.9.
func spokenFor(x *program.Exchange, proxies []netip.Prefix) netip.Addr {
	var found netip.Addr
	if !trusted(x.Remote.Addr().Unmap(), proxies) {
		return found
	}
	for i := range slices.Backward(x.Request.Fields) {
		f := &x.Request.Fields[i]
		if len(f.Name) != len("x-forwarded-for") || !http1.EqualFold(f.Name, "x-forwarded-for") {
			continue
		}
		for rest, more := f.Value, true; more; {
			at := bytes.LastIndexByte(rest, ',')
			one := bytes.Trim(rest[at+1:], " \t")
			rest, more = rest[:max(at, 0)], at >= 0
			addr, ok := hop(one)
			if !ok {
				return found
			}
			if found = addr; !trusted(addr, proxies) {
				return found
			}
		}
	}
	return found
}

// hop is an entry of X-Forwarded-For: an address, which some proxies write with
// its port.
func hop(text []byte) (netip.Addr, bool) {
	const longest = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")
	if len(text) == 0 || len(text) > longest {
		return netip.Addr{}, false
	}
	s := string(text)
	addr, err := netip.ParseAddr(s)
	if err != nil {
		pair, perr := netip.ParseAddrPort(s)
		if perr != nil {
			return netip.Addr{}, false
		}
		addr = pair.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

func trusted(a netip.Addr, proxies []netip.Prefix) bool {
	a = a.WithZone("")
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}
