package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// UpstreamConfig is all that Upstreams is told. Its zero value works.
type UpstreamConfig struct {
	// Dial opens a connection. It is where an operator's rules about which
	// addresses may be reached belong. Default: a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Resolve finds the addresses of a name; new connections are shared out among
	// them. Nil: that is Dial's business. Default, if Dial is not set either: the
	// system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Refuse is an error for an address that must not be reached. It is asked with
	// the address that is about to be connected to, so that no name leads around
	// it. Nil: RefuseReserved. A Dial of the operator's own is not asked.
	Refuse func(to netip.AddrPort) error
	// RootCAs are whom upstreams' certificates must come from. Default: the
	// system's.
	RootCAs *x509.CertPool

	DialTimeout time.Duration // of connecting and of the TLS handshake, each. Default 5s
	Timeout     time.Duration // of calls that name none. Default 29s
	WriteIdle   time.Duration // for an upstream to take the next part of a request. Default 30s

	// MaxIdle is the most idle connections kept to one origin, IdleTimeout how
	// long each. Defaults 256 and 30s.
	MaxIdle     int
	IdleTimeout time.Duration

	// Limits are those of an answer's head. Default: 64 KB, 500 fields.
	Limits http1.Limits
}

// Upstreams are the origins that calls go to, and the idle connections to
// them. They outlive deployments and may be shared by servers. There is no
// goroutine behind them.
type Upstreams struct {
	Counters UpstreamCounters

	cfg   UpstreamConfig
	clock clock

	mu     sync.Mutex
	byName map[originName]*pool
	pools  atomic.Pointer[[]*pool] // by Origin.ID; replaced, never changed
	timer  *time.Timer             // closes what has been idle for too long; nil: none is set
	loops  []*Loops                // that have connections of their own
	closed atomic.Bool
}

// UpstreamCounters count calls, for whoever exports them. All only grow.
type UpstreamCounters struct {
	Dials    atomic.Int64 // connections opened
	Stale    atomic.Int64 // idle connections that turned out to be of no use
	Retries  atomic.Int64 // calls made a second time
	Timeouts atomic.Int64 // calls that ended with a time-out
	Failures atomic.Int64 // calls that ended with another failure
	Reused   LaneCounter  // calls that found an idle connection
}

// originName is what makes an origin itself.
type originName struct {
	scheme, address, server string
	skip                    bool
	client                  string // see program.Origin.Client
}

// NewUpstreams makes Upstreams; it opens nothing.
func NewUpstreams(cfg UpstreamConfig) *Upstreams {
	if cfg.Dial == nil && cfg.Resolve == nil {
		cfg.Resolve = lookUp
	}
	if cfg.Refuse == nil {
		cfg.Refuse = RefuseReserved
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Control: guarded(cfg.Refuse)}).DialContext
	}
	orDuration(&cfg.DialTimeout, 5*time.Second)
	orDuration(&cfg.Timeout, 29*time.Second)
	orDuration(&cfg.WriteIdle, 30*time.Second)
	orDuration(&cfg.IdleTimeout, 30*time.Second)
	if cfg.MaxIdle <= 0 {
		cfg.MaxIdle = 256
	}
	if cfg.Limits == (http1.Limits{}) {
		cfg.Limits = http1.Limits{Line: 8 << 10, Values: 64 << 10, Head: 64 << 10, Fields: 500}
	}
	cfg.Limits = cfg.Limits.Defaults()
	u := &Upstreams{cfg: cfg, clock: newClock(), byName: map[originName]*pool{}}
	u.pools.Store(&[]*pool{})
	return u
}

// Origin is the origin with these properties, the same one each time. Scheme is
// http or https; hostport gets the scheme's port if it has none; serverName is
// what the certificate must be for, by default the host.
func (u *Upstreams) Origin(scheme, hostport, serverName string, skipVerify bool) *program.Origin {
	return u.origin(program.Origin{Scheme: scheme, Address: hostport, ServerName: serverName, SkipVerify: skipVerify}, nil)
}

// origin is the one origin that is like o, but for its ID. With cert, which is
// that of o.Client, it is shown to whoever asks during the TLS handshake.
func (u *Upstreams) origin(o program.Origin, cert *tls.Certificate) *program.Origin {
	scheme, hostport, serverName, skipVerify := o.Scheme, o.Address, o.ServerName, o.SkipVerify
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
		port := "80"
		if scheme == "https" {
			port = "443"
		}
		hostport = net.JoinHostPort(trimBrackets(host), port)
	}
	if scheme != "https" {
		serverName, skipVerify, o.Client = "", false, ""
	} else if serverName == "" {
		serverName = trimBrackets(host)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	name := originName{scheme, hostport, serverName, skipVerify, o.Client}
	if p := u.byName[name]; p != nil {
		return p.origin
	}
	before := *u.pools.Load()
	p := &pool{ups: u, origin: &program.Origin{
		ID: uint32(len(before)), Scheme: scheme, Address: hostport, ServerName: serverName, SkipVerify: skipVerify, Client: o.Client,
	}}
	if scheme == "https" {
		p.tls = u.tlsConfig(p.origin, cert)
	}
	after := append(append(make([]*pool, 0, len(before)+1), before...), p)
	u.byName[name] = p
	u.pools.Store(&after)
	return p.origin
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

// pool is the pool of an origin.
func (u *Upstreams) pool(o *program.Origin) (*pool, error) {
	if o == nil {
		return nil, errors.New("call has no origin")
	}
	pools := *u.pools.Load()
	if int(o.ID) >= len(pools) || pools[o.ID].origin != o {
		return nil, fmt.Errorf("origin %s is not interned here", o.Address)
	}
	return pools[o.ID], nil
}

// Close closes all idle connections and keeps no more from now on. Calls under
// way go on.
func (u *Upstreams) Close() {
	u.mu.Lock()
	u.closed.Store(true)
	if u.timer != nil {
		u.timer.Stop()
	}
	loops := slices.Clone(u.loops)
	u.mu.Unlock()
	for _, ls := range loops {
		ls.closeIdle()
	}
	for _, p := range *u.pools.Load() {
		p.expire(never)
	}
}

// join and part tell which loops have connections of their own.
func (u *Upstreams) join(ls *Loops) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.loops = append(u.loops, ls)
}

func (u *Upstreams) part(ls *Loops) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.loops = slices.DeleteFunc(u.loops, func(l *Loops) bool { return l == ls })
}

// expireLater makes sure that idle connections are closed in time, even if no
// call comes any more.
func (u *Upstreams) expireLater(d time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.timer == nil && !u.closed.Load() {
		u.timer = time.AfterFunc(d, u.expire)
	}
}

func (u *Upstreams) expire() {
	u.mu.Lock()
	u.timer = nil
	u.mu.Unlock()
	oldest := never
	now := u.clock.now()
	for _, p := range *u.pools.Load() {
		oldest = min(oldest, p.expire(now-moment(u.cfg.IdleTimeout)))
	}
	if oldest != never {
		u.expireLater(time.Duration(oldest.plus(u.cfg.IdleTimeout) - now))
	}
}
