package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// leftOut is for how long an address that could not be connected to is tried
// only if no other is left.
const leftOut = 5 * time.Second

// targets are the addresses behind the name of an origin. A new connection goes
// to the one with the fewest connections of ours, so that they share the load
// however the name is answered; one that could not be reached comes last for a
// while.
type targets struct {
	mu sync.Mutex
	by map[netip.Addr]*target
}

// target is one address. Its count is guarded by targets.mu.
type target struct {
	of     *targets
	open   int    // connections
	failed moment // until when it is left out; 0: it is not
}

// order gives the addresses in the order in which they are to be tried.
func (ts *targets) order(found []netip.Addr, now moment) []netip.Addr {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.by == nil {
		ts.by = map[netip.Addr]*target{}
	}
	current := make(map[netip.Addr]bool, len(found))
	for _, a := range found {
		current[a] = true
		if ts.by[a] == nil {
			ts.by[a] = &target{of: ts}
		}
	}
	for a, t := range ts.by {
		if !current[a] && t.open == 0 {
			delete(ts.by, a) // the name has left it
		}
	}
	worse := func(a, b *target) bool {
		if out := a.failed > now; out != (b.failed > now) {
			return out
		}
		return a.open > b.open
	}
	order := append([]netip.Addr(nil), found...)
	for i := 1; i < len(order); i++ { // stable, and there are few
		for j := i; j > 0 && worse(ts.by[order[j-1]], ts.by[order[j]]); j-- {
			order[j-1], order[j] = order[j], order[j-1]
		}
	}
	return order
}

// begin counts a connection that is being opened.
func (ts *targets) begin(a netip.Addr) *target {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.by[a]
	if t == nil { // the name has left it meanwhile
		t = &target{of: ts}
		ts.by[a] = t
	}
	t.open++
	return t
}

// fail takes note that a connection could not be opened.
func (t *target) fail(until moment) {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	t.open--
	t.failed = until
}

// works takes note that one could.
func (t *target) works() {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	t.failed = 0
}

// end takes note that one is closed.
func (t *target) end() {
	if t == nil {
		return
	}
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	t.open--
}

// connect opens a connection to the pool's origin. target is nil where the
// origin is one address, not a name.
func (p *pool) connect(ctx context.Context) (net.Conn, *target, error) {
	u := p.ups
	host, port, err := net.SplitHostPort(p.origin.Address)
	if err != nil {
		return nil, nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil || u.cfg.Resolve == nil {
		nc, err := u.cfg.Dial(ctx, "tcp", p.origin.Address)
		return nc, nil, err
	}
	found, err := u.cfg.Resolve(ctx, host)
	if err != nil {
		return nil, nil, err
	}
	if len(found) == 0 {
		return nil, nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	return p.connectOne(ctx, p.targets.order(found, u.clock.now()), port)
}

// connectOne tries addresses one after the other, each for its share of the
// time that is left.
func (p *pool) connectOne(ctx context.Context, order []netip.Addr, port string) (net.Conn, *target, error) {
	u := p.ups
	var all error
	for i, a := range order {
		t := p.targets.begin(a)
		one, cancel := ctx, context.CancelFunc(func() {})
		if deadline, ok := ctx.Deadline(); ok && i < len(order)-1 {
			one, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(len(order)-i))
		}
		nc, err := u.cfg.Dial(one, "tcp", net.JoinHostPort(a.String(), port))
		cancel()
		if err == nil {
			t.works()
			return nc, t, nil
		}
		t.fail(u.clock.now().plus(leftOut))
		all = errors.Join(all, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, nil, all
}

// lookUp is the resolver of the system.
func lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found, err
}
