// Package lambda is the control API of Lambda, on the store and the embedded
// host: functions, versions, aliases, permissions, layers, function URLs and
// calls.
//
// The laws: what a call acknowledged is in the store, and the code that it
// refers to is on disk, before the answer; what a call acknowledged is what the
// next call of the function runs; an asynchronous call that was acknowledged is
// made at least once, whatever happens between.
//
// Documents are the truth. The host and the index (what the gateway asks on
// every request) are brought up to them after each commit, and by the feed for
// what other nodes commit.
package lambda

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/store"
)

// functions is the host, as far as it is needed here.
type functions interface {
	Define(d host.Definition) error
	Remove(name string)
	Invoke(ctx context.Context, c host.Call) (*host.Result, error)
}

// Objects reads code from S3. A failure that is S3's own is an *ObjectError.
type Objects interface {
	Object(ctx context.Context, bucket, key, version string) (io.ReadCloser, error)
}

// ObjectError is what S3 answered instead of an object.
type ObjectError struct{ Code, Message string }

func (e *ObjectError) Error() string { return e.Code + ": " + e.Message }

// Config is what a Service is told at start. Store and Host are needed.
type Config struct {
	Store store.Store
	Host  functions
	// Dir keeps the code of functions. Empty: a folder that goes when Run ends.
	Dir string
	// Partition, Region and Account are what ARNs are made of. Default aws,
	// us-east-1, 000000000000.
	Partition, Region, Account string
	// Endpoint is where clients reach this control plane: scheme, host and port.
	// Default "http://127.0.0.1:4566".
	Endpoint string
	// URLHost follows "{id}.lambda-url.{region}." in the addresses of function
	// URLs, and URLScheme precedes them. Default "localhost:4566" and "http".
	URLHost, URLScheme string
	// Node names this process among those on one store, the same after a
	// restart. Empty: it has the store for itself.
	Node string
	// Before is closed when the process has ended that this one takes the place
	// of: until then the asynchronous calls that it accepted are its own, and what
	// it is unpacking is left alone. Nil: there was none.
	Before <-chan struct{}
	// Objects is S3. Nil: code is not taken from there.
	Objects Objects
	// Concurrency is the account's concurrent calls. Default 1000.
	Concurrency int32
	// Log gets what no caller is told. Default: nothing is logged.
	Log *slog.Logger
}

// Service is Lambda's control API. Its methods may be called by any number of
// goroutines at a time, after Load.
type Service struct {
	cfg    Config
	here   place
	store  store.Store
	host   functions
	depot  *code.Depot
	log    *slog.Logger
	index  index
	queue  *queue
	secret []byte // signs addresses of code

	applying sync.Mutex     // one function is brought to the host at a time
	seen     store.Revision // what Load saw: the feed is followed from here
}

// New makes a Service. It starts nothing and touches nothing.
func New(c Config) *Service {
	setDefault(&c.Partition, "aws")
	setDefault(&c.Region, "us-east-1")
	setDefault(&c.Account, "000000000000")
	setDefault(&c.Endpoint, "http://127.0.0.1:4566")
	setDefault(&c.URLHost, "localhost:4566")
	setDefault(&c.URLScheme, "http")
	if c.Concurrency == 0 {
		c.Concurrency = 1000
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	dir := c.Dir
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "stagedoor-code-"+uuid.NewString())
	}
	return &Service{
		cfg:   c,
		here:  place{c.Partition, c.Region, c.Account},
		store: c.Store,
		host:  c.Host,
		depot: code.New(dir),
		log:   c.Log,
		queue: newQueue(),
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

const (
	sweepEvery = 5 * time.Minute  // looks for code that nothing refers to
	claimEvery = 30 * time.Second // looks for asynchronous calls of nodes that are gone
)

// Run makes asynchronous calls, follows what other nodes change and sweeps code
// that is not used any more, until ctx is done. Calls to functions that are
// under way then end with it. Load must have been called.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.follow(ctx) })
	g.Go(func() error { return s.work(ctx) })
	g.Go(func() error { return every(ctx, sweepEvery, s.sweep) })
	if s.cfg.Node != "" {
		g.Go(func() error { return every(ctx, claimEvery, s.claim) })
	}
	if s.cfg.Before != nil {
		g.Go(func() error { return s.takeOver(ctx) })
	}
	err := g.Wait()
	if s.cfg.Dir == "" {
		err = errors.Join(err, code.Remove(s.depot.Root()))
	}
	return err
}

// every calls f now and then until ctx is done. f logs its own trouble.
func every(ctx context.Context, pause time.Duration, f func(context.Context)) error {
	t := time.NewTicker(pause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			f(ctx)
		}
	}
}

// change runs one transaction on a function and then brings the function to
// the host and the index. The commit counts even if that fails.
func (s *Service) change(ctx context.Context, name string, fn func(store.Tx) error) error {
	if err := s.store.Update(ctx, fn); err != nil {
		return err
	}
	if err := s.apply(context.WithoutCancel(ctx), name); err != nil {
		s.log.Error("function not brought to the host", "function", name, "error", err)
	}
	return nil
}
