package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// ErrReserved is an address that no back end has: of this link, which is where
// clouds keep the credentials of a machine, of many hosts at a time, or none.
var ErrReserved = errors.New("transport: address is reserved")

// metadata is where Amazon's machines find their credentials over IPv6.
const metadata = "fd00:ec2::254"

// RefuseReserved refuses addresses that no back end has.
// parity: security.md 9.10
func RefuseReserved(to netip.AddrPort) error {
	a := to.Addr().Unmap()
	if a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.WithZone("").String() == metadata {
		return fmt.Errorf("%w: %s", ErrReserved, a)
	}
	return nil
}

// guarded asks about each address just before it is connected to.
func guarded(refuse func(netip.AddrPort) error) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("connect to %q: %w", address, err)
		}
		return refuse(to)
	}
}
