// Package gateway tells what a request is for and has its route played.
//
// Its table of stages is a value behind one atomic pointer: a request keeps
// the table it began with, so no answer mixes two deployments. The table
// follows the store: what is committed is compiled and swapped in within
// milliseconds, and a stage that does not compile keeps serving what it served
// before.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Config is all that a Gateway is told. Store and Env are needed.
type Config struct {
	Store store.Store
	Env   compile.Env

	// InvokeDomains are the suffixes of hosts that name APIs:
	// {api}.execute-api.{region}.SUFFIX and {api}.execute-api.SUFFIX.
	// Default: DefaultDomains.
	InvokeDomains []string

	// Control answers AWS calls, which Owns tells from API traffic. path is as
	// sent, with its query. Nil: there is no control plane.
	Control http.Handler
	Owns    func(host, path, method string, header func(name string) string) bool

	// FunctionURL finds a function URL by the first label of its host, in lower
	// case. Nil: there are none.
	FunctionURL func(id string) (step.FunctionURL, bool)

	// Identify makes the origins that are shown a client certificate. Nil: none
	// is shown to anybody.
	Identify func(c *api.ClientCertificate) (step.Origins, error)

	// Index is kept in step with the store, like the table. Nil: there is none.
	Index Index

	// Misdirected says whether a request for a host does not belong to a TLS
	// connection whose client named serverName. Nil: all belong.
	Misdirected func(serverName string, host []byte) bool

	// Proxies are the networks of proxies whose X-Forwarded-For is believed.
	// Default none.
	Proxies []netip.Prefix

	// Log gets what goes wrong while following the store. Default discards.
	Log *slog.Logger
}

// Index is what steps look things up in that no deployment freezes.
type Index interface {
	// Follows reports whether a document is of interest.
	Follows(key store.Key) bool
	// Refresh reads again the documents that have changed, or all there are.
	Refresh(tx store.Tx, changed []store.Key, all bool) error
}

// DefaultDomains are the suffixes that AWS and local tools use.
func DefaultDomains() []string {
	return []string{"amazonaws.com", "localhost.localstack.cloud", "localhost"}
}

// Gateway finds the route of every request. Its methods may be called by any
// number of goroutines.
type Gateway struct {
	cfg     Config
	domains []string // in lower case
	table   atomic.Pointer[Table]
	fronts  fronts
	ready   chan struct{} // closed when everything there was has been compiled
	follow  follower

	running sync.Mutex // held while Run runs
}

// New makes a gateway with an empty table. It starts nothing.
func New(cfg Config) (*Gateway, error) {
	if cfg.Store == nil {
		return nil, errors.New("gateway: no store")
	}
	if (cfg.Control == nil) != (cfg.Owns == nil) {
		return nil, errors.New("gateway: Control and Owns belong together")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.InvokeDomains == nil {
		cfg.InvokeDomains = DefaultDomains()
	}
	g := &Gateway{cfg: cfg, ready: make(chan struct{})}
	for _, d := range cfg.InvokeDomains {
		g.domains = append(g.domains, lowered(d))
	}
	g.fronts = newFronts(g)
	g.follow.init(g)
	g.Swap(&Table{})
	return g, nil
}

// Swap makes t the table of every request that starts from now on. A request
// already under way keeps what it began with.
func (g *Gateway) Swap(t *Table) { g.table.Store(t) }

// Table is the table in use.
func (g *Gateway) Table() *Table { return g.table.Load() }

// Ready is closed once all stages that the store had at start are compiled, or
// have failed to.
func (g *Gateway) Ready() <-chan struct{} { return g.ready }

// Run follows the store until ctx is done, and returns nil then. It is not to
// be called twice at a time.
func (g *Gateway) Run(ctx context.Context) error {
	if !g.running.TryLock() {
		return errors.New("gateway: runs already")
	}
	defer g.running.Unlock()
	return g.follow.run(ctx)
}

// Invoke is the gateway for listeners that serve API traffic only.
func (g *Gateway) Invoke() Invoke { return Invoke{g} }

// Invoke answers API traffic and nothing else.
type Invoke struct{ g *Gateway }

// Begin finds the route of a request.
func (i Invoke) Begin(x *program.Exchange) { i.g.begin(x, false) }

// Private is the gateway for a listener that stands for a VPC endpoint: it
// serves private APIs and nothing else.
func (g *Gateway) Private(door program.Endpoint) Private { return Private{g, &door} }

// Private answers traffic of private APIs.
type Private struct {
	g    *Gateway
	door *program.Endpoint
}

// Begin finds the route of a request.
func (p Private) Begin(x *program.Exchange) {
	x.Door = p.door
	p.g.begin(x, false)
}

// Begin finds the route of a request, which may be an AWS call.
func (g *Gateway) Begin(x *program.Exchange) { g.begin(x, g.cfg.Control != nil) }
