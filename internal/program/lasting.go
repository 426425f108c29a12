package program

import (
	crand "crypto/rand"
	"math/rand/v2"
	"net/netip"
	"strconv"
)

// lasting is what an exchange's memory keeps from one request to the next: where
// ids come from, and texts of things that seldom change between requests.
type lasting struct {
	trace  trace
	peer   peer
	port   port
	second second
	source rand.ChaCha8 // seeded by the system once for each exchange's memory
}

// own is x's lasting part.
func (x *Exchange) own() *lasting {
	if x.lasting == nil {
		x.lasting = newLasting()
	}
	return x.lasting
}

//go:noinline
func newLasting() *lasting {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails: it ends the program instead
	l := &lasting{}
	l.source.Seed(seed)
	return l
}

// random is where the ids of x come from.
func (x *Exchange) random() *rand.ChaCha8 { return &x.own().source }

// peer is the address of a connection's other end and its text.
type peer struct {
	addr   netip.Addr
	length uint8
	text   [63]byte // the longest address has 39
}

// Peer is the address of the connection's other end as text, which
// X-Forwarded-For grows by; empty if it is not known. It is valid until the
// exchange ends.
func (x *Exchange) Peer() []byte {
	p := &x.own().peer
	if addr := x.Remote.Addr(); p.addr != addr {
		p.addr, p.length = addr, uint8(len(appendIP(p.text[:0], addr.Unmap().WithZone(""))))
	}
	return p.text[:p.length:p.length]
}

// port is a port and its text.
type port struct {
	number uint16
	length uint8 // of the text; 0: it was not made
	text   [5]byte
}

// LocalPort is the port that the client called, in decimal; valid until the
// exchange ends.
func (x *Exchange) LocalPort() []byte {
	p := &x.own().port
	if n := x.Local.Port(); p.number != n || p.length == 0 {
		p.number, p.length = n, uint8(len(strconv.AppendUint(p.text[:0], uint64(n), 10)))
	}
	return p.text[:p.length:p.length]
}

// second is a second of time and its text.
type second struct {
	unix int64
	made bool
	text [len(requestTimeForm)]byte
}

// AppendRequestTime appends when the request came in, in the form of the
// Common Log Format: 18/Jul/2024:13:59:19 +0000.
func (x *Exchange) AppendRequestTime(dst []byte) []byte { return append(dst, x.requestTime()[:]...) }

func (x *Exchange) requestTime() *[len(requestTimeForm)]byte {
	s := &x.own().second
	if unix := x.Start.Unix(); s.unix != unix || !s.made {
		s.unix, s.made = unix, true
		putRequestTime(&s.text, unix)
	}
	return &s.text
}
