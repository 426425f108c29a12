package stagedoor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/control/cloudformation"
	"github.com/stagedoor/stagedoor/internal/control/cloudtrail"
	"github.com/stagedoor/stagedoor/internal/control/cognito"
	"github.com/stagedoor/stagedoor/internal/control/iam"
	"github.com/stagedoor/stagedoor/internal/control/lambda"
	"github.com/stagedoor/stagedoor/internal/control/logs"
	"github.com/stagedoor/stagedoor/internal/control/sts"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/gateway"
	"github.com/stagedoor/stagedoor/internal/handover"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/identity"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/limit/cache"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/trial"
	"github.com/stagedoor/stagedoor/internal/usage"
	apigatewaywire "github.com/stagedoor/stagedoor/internal/wire/apigateway"
	poolswire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
	iamwire "github.com/stagedoor/stagedoor/internal/wire/iam"
	lambdawire "github.com/stagedoor/stagedoor/internal/wire/lambda"
	logswire "github.com/stagedoor/stagedoor/internal/wire/logs"
	stswire "github.com/stagedoor/stagedoor/internal/wire/sts"
)

// Server is one stagedoor: control plane, data plane and function host.
type Server struct {
	cfg     Config
	scratch string // removed at the end; empty unless nothing is to be kept
	at      string // the endpoint, once there is one
	admin   string // the address of the admin port, likewise; empty: none

	succession succession

	store     *sqlite.Store
	watched   store.Store // the same, for services whose calls leave records
	trail     *cloudtrail.Trail
	logs      *logs.Service
	functions *lambda.Service
	host      *host.Host
	clock     *limit.Clock
	usage     *usage.Meter
	callers   *step.Authorizers
	ledger    ledger
	pools     pools
	book      *identity.Book
	sessions  *identity.Sessions
	gateway   *gateway.Gateway
	stacks    *cloudformation.Engine
	upstreams *transport.Upstreams
	loops     *transport.Loops // nil: connections have goroutines
	outward   outward
	elsewhere *elsewhere
	both      *transport.Server // serves both planes
	invoke    *transport.Server // serves API traffic only
	doors     []door            // serve private APIs only
	secure    secure
}

// New makes a server. It starts nothing and touches nothing.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Announce == nil {
		cfg.Announce = func(Announcement) {}
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	return &Server{cfg: cfg, succession: succession{deploying: make(chan struct{}, 1)}}, nil
}

// Run serves until ctx is done, then lets requests under way finish. It returns
// nil when it stopped because it was told to.
func (s *Server) Run(ctx context.Context) (err error) {
	if s.succession.estate, err = handover.Inherit(s.cfg.Handover); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.succession.estate.Fail(err)) // nobody listens any more, or it wants to know
		}
		s.succession.estate.Close()
	}()
	definitions, err := s.definitions()
	if err != nil {
		return err
	}
	listeners, err := s.listen(ctx)
	if err != nil {
		return err
	}
	defer listeners.close()
	if listeners.admin != nil {
		s.admin = listeners.admin.Addr().String()
	}
	if err := s.open(ctx, listeners.endpoint()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.serve(ctx, listeners, definitions)
}

func (s *Server) definitions() ([]definition, error) {
	var all []definition
	for _, path := range s.cfg.Definitions {
		d, err := findDefinition(path)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// listeners are all sockets, opened before anything is served, so that a port
// that is taken is said at once.
type listeners struct {
	both    net.Listener
	invoke  []net.Listener
	private []net.Listener // in the order of Config.PrivateListen
	admin   net.Listener   // nil: none
}

func (l *listeners) close() {
	for _, ln := range slices.Concat([]net.Listener{l.both, l.admin}, l.invoke, l.private) {
		if ln != nil {
			_ = ln.Close() // closed already by whoever served it
		}
	}
}

// endpoint is the URL of both planes.
func (l *listeners) endpoint() string { return "http://" + l.both.Addr().String() }

func (s *Server) listen(ctx context.Context) (_ *listeners, err error) {
	l := &listeners{}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.both, err = s.socket(ctx, "listen "+s.cfg.Listen, s.cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	for i, addr := range s.cfg.InvokeListen {
		ln, err := s.socket(ctx, socketName("invoke-listen", i, addr), addr)
		if err != nil {
			return nil, fmt.Errorf("invoke-listen: %w", err)
		}
		l.invoke = append(l.invoke, ln)
	}
	if l.private, err = s.listenPrivate(ctx); err != nil {
		return nil, err
	}
	if s.cfg.AdminListen == "off" {
		return l, nil
	}
	if l.admin, err = s.socket(ctx, "admin-listen "+s.cfg.AdminListen, s.cfg.AdminListen); err != nil {
		return nil, fmt.Errorf("admin-listen: %w", err)
	}
	return l, nil
}

// open makes the parts and hands them to each other: the only wiring.
func (s *Server) open(ctx context.Context, endpoint string) (err error) {
	if err := s.openData(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	cfg := s.cfg
	s.at = endpoint
	s.trail, s.watched = cloudtrail.New(cloudtrail.Config{Store: s.store, Log: cfg.Log}), cloudtrail.Watched(s.store)
	if err := s.openIdentities(ctx); err != nil {
		return err
	}
	s.clock = limit.NewClock(nil)
	if err := s.openPools(ctx); err != nil {
		return err
	}
	s.callers = step.NewAuthorizers(jwt.NewPools(jwt.NewFetcher().Fetch, cfg.standIns()).WithOwn(s.pools.keys.Keys))
	s.usage = usage.New(usage.Config{Store: s.store, Clock: s.clock, Log: cfg.Log})
	s.logs = logs.New(logs.Config{Store: s.watched, Region: cfg.Region, Account: cfg.Account})
	if err := s.openLedger(); err != nil {
		return err
	}
	s.host = host.New(host.Config{
		Dir: s.dir("run"), Account: cfg.Account, Region: cfg.Region, Endpoint: endpoint,
		IdleAfter: cfg.FunctionIdle, AccountConcurrency: int(cfg.FunctionConcurrency), Log: cfg.Log, Sink: s.functionLog,
		Credentials: s.executionRoles(),
	})
	_, port, _ := strings.Cut(strings.TrimPrefix(endpoint, "http://"), ":")
	s.functions = lambda.New(lambda.Config{
		Store: s.watched, Host: s.host, Dir: s.dir("functions"), Region: cfg.Region, Account: cfg.Account,
		Endpoint: endpoint, URLHost: "localhost:" + port, Concurrency: cfg.FunctionConcurrency, Log: cfg.Log,
		Before: s.succession.estate.Gone(),
	})
	if err := s.functions.Load(ctx); err != nil {
		return fmt.Errorf("load functions: %w", err)
	}
	s.upstreams = transport.NewUpstreams(transport.UpstreamConfig{Refuse: s.refuse})
	if err := s.openSecure(); err != nil {
		return err
	}
	if err := s.openOutward(); err != nil {
		return err
	}
	network, err := s.network()
	if err != nil {
		return err
	}
	local, err := control.New(s.controlConfig(s.functions.LocalHandlers()))
	if err != nil {
		return err
	}
	s.stacks = cloudformation.New(cloudformation.Config{
		Store: s.store, Control: local, Account: cfg.Account, Region: cfg.Region, Now: time.Now, Log: cfg.Log,
	})
	return s.openGateway(network)
}

func (s *Server) openGateway(network *control.Server) (err error) {
	cfg := s.cfg
	gate := s.functions.Gate()
	code := s.functions.Download()
	buckets := limit.NewBuckets(s.clock)
	s.gateway, err = gateway.New(gateway.Config{
		Store: s.store,
		Env: s.outward.reach(compile.Env{
			Account: cfg.Account, Region: cfg.Region, Origins: s.upstreams, Functions: s.callable(), Template: step.CompileTemplate,
			Ledger:      s.ledger.compiled(),
			Authorizers: s.callers, Signatures: step.NewSignatures(s.book), Keys: s.usage, Buckets: buckets, Caches: cache.NewSet(s.clock, int64(cfg.CacheMemory)<<20),
			Warn: func(apiID, stage, text string) { cfg.Log.Warn("stage", "api_id", apiID, "stage", stage, "text", text) }, Throttle: accountThrottle(cfg, buckets),
			Limits: cfg.limitRules(),
		}),
		Index:         gateway.Indexes{s.usage, s.book, s.outward.links, s.pools.keys},
		Identify:      s.identify,
		InvokeDomains: cfg.InvokeDomains,
		Proxies:       cfg.forwarding(),
		Misdirected:   s.secure.misdirected(),
		Control: s.pools.service.Door(s.shield(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, lambda.CodePath) {
				code.ServeHTTP(w, r)
				return
			}
			network.ServeHTTP(w, r)
		})), network),
		Owns: func(host, path, method string, header func(string) string) bool {
			return strings.HasPrefix(path, lambda.CodePath) || network.Owns(host, path, method, header) ||
				s.pools.service.Owns(host, path) || cognito.Preflight(host, method, header)
		},
		FunctionURL: func(id string) (step.FunctionURL, bool) {
			u, ok := gate.URL(id)
			open := u.AuthType == "NONE" && gate.PermitsURL(u.FunctionARN, "*", "NONE")
			return step.FunctionURL{
				ID: u.ID, FunctionARN: u.FunctionARN, Open: open, Signed: u.AuthType == "AWS_IAM", Policy: u.Policy, Stream: u.Stream, CORS: u.CORS,
			}, ok
		},
		Log: cfg.Log,
	})
	if err != nil {
		return err
	}
	rules := cfg.limitRules()
	drive := transport.Config{Upstreams: s.upstreams, Log: cfg.Log, Grace: cfg.Grace, Limits: headLimits(rules)}
	drive.Loops, drive.Proxied = s.openLoops(), cfg.believed()
	drive.MaxConns, drive.MaxConnsPerAddr = cfg.Connections, cfg.ConnectionsPerAddress
	drive.MaxBody = max(maxRequest, rules.Most("payload"))
	drive.Handler = s.gateway
	s.both = transport.NewServer(drive)
	drive.Handler, drive.MaxBody = s.gateway.Invoke(), rules.Most("payload")
	s.invoke = transport.NewServer(drive)
	return s.openDoors(drive)
}

// identify shows a client certificate to the back ends of a stage.
func (s *Server) identify(c *api.ClientCertificate) (step.Origins, error) {
	return s.upstreams.Identity(c.ID, c.CertificatePEM, c.PrivateKeyPEM)
}

// accountThrottle is the bucket of all requests; nil: there is none.
func accountThrottle(cfg Config, buckets *limit.Buckets) step.Bucket {
	if cfg.RateLimit == 0 {
		return nil
	}
	throttle := api.Throttle{RateLimit: &cfg.RateLimit}
	if cfg.BurstLimit > 0 {
		throttle.BurstLimit = &cfg.BurstLimit
	}
	return buckets.Gate("account", usage.Limit(&throttle))
}

// headLimits are what no request may have whatever API it is for: the gateway
// holds it to the limits of its own API.
func headLimits(rules api.LimitRules) http1.Limits {
	const framing = 8 << 10 // what a head has beside names and values
	target, fields := int(rules.Most("url")), int(rules.Most("headers"))
	return http1.Limits{Line: target + 64, Values: target + fields, Head: target + fields + framing}
}

// maxRequest is the largest body on the port of both planes: a function's code
// comes in base64. Routes of APIs have limits of their own.
const maxRequest = 80 << 20

// controlConfig is the control plane with the Lambda operations given: those
// for this process may name folders, those for the network may not.
func (s *Server) controlConfig(functions handlers) control.Config {
	account, region := s.cfg.Account, s.cfg.Region
	return control.Config{
		Account: account, Region: region, Log: s.cfg.Log, Audit: s.auditor(),
		Services: withBuilt(tables(), map[string]handlers{
			apigatewaywire.Table().Name: apigateway.New(s.watched, apigateway.Config{
				Account: account, Region: region, RateLimit: s.cfg.RateLimit, BurstLimit: s.cfg.BurstLimit, FlushUsage: s.usage.Flush,
				RequireLogRole: s.cfg.RequireLogRole, Welcome: s.welcome, Firehose: s.ledger.firehose != nil,
				FlushAuthorizers: s.callers.Flush, Bench: s.bench(), Identify: s.identify, Limits: s.cfg.limitRules(), Quotas: s.cfg.quotas(),
				InvokeURL: func(apiID, stage string) string { return s.at + invokePath + apiID + "/" + stage },
			}).Handlers(),
			lambdawire.Table().Name: functions,
			iamwire.Table().Name:    iam.New(s.watched, iam.Config{Account: account}).Handlers(),
			stswire.Table().Name:    sts.New(s.watched, sts.Config{Account: account, Sessions: s.sessions, Issuer: s.webIssuers()}).Handlers(),
			logswire.Table().Name:   s.logs.Handlers(),
			poolswire.Table().Name:  s.poolHandlers(),
		}),
	}
}

// bench is where the control plane tries methods that need not be deployed.
func (s *Server) bench() *trial.Bench {
	return trial.New(s.outward.reach(compile.Env{
		Account: s.cfg.Account, Region: s.cfg.Region, Origins: s.upstreams, Functions: s.callable(), Authorizers: s.callers,
		Template: step.CompileTemplate, Limits: s.cfg.limitRules(),
	}), transport.Config{Upstreams: s.upstreams, Log: s.cfg.Log})
}

// openData opens the store, in the data directory or in memory.
func (s *Server) openData(ctx context.Context) (err error) {
	path := sqlite.Memory
	if s.cfg.inMemory() {
		if s.scratch, err = os.MkdirTemp("", "stagedoor-"); err != nil {
			return err
		}
	} else {
		if err := os.MkdirAll(s.cfg.Data, 0o700); err != nil {
			return fmt.Errorf("data directory: %w", err)
		}
		path = s.cfg.path("stagedoor.db")
	}
	if s.store, err = s.joinStore(ctx, path); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	return nil
}

// dir is a folder of the data directory, or of the scratch one.
func (s *Server) dir(name string) string {
	if s.scratch != "" {
		return s.scratch + string(os.PathSeparator) + name
	}
	return s.cfg.path(name)
}

func (s *Server) close() error {
	err := s.store.Close()
	if s.elsewhere != nil {
		s.elsewhere.pool.CloseIdleConnections()
	}
	if s.outward.remote != nil {
		s.outward.remote.pool.CloseIdleConnections()
	}
	if s.scratch != "" {
		err = errors.Join(err, os.RemoveAll(s.scratch))
	}
	return err
}

// serve runs the parts until ctx is done. Traffic is drained first; what it
// needs ends after it.
func (s *Server) serve(ctx context.Context, l *listeners, definitions []definition) (err error) {
	back, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	parts, back := errgroup.WithContext(back)
	parts.Go(func() error { return s.host.Run(back) })
	parts.Go(func() error { return s.functions.Run(back) })
	parts.Go(func() error { return s.gateway.Run(back) })
	parts.Go(func() error { return s.usage.Run(back) })
	s.runLedger(back, parts)
	parts.Go(func() error { return s.sessions.Run(back) })
	parts.Go(func() error { return s.trail.Run(back) })
	parts.Go(func() error { return s.pools.service.Run(back) })
	parts.Go(func() error { return giveBack(back) })

	ctx, leave := context.WithCancel(ctx)
	defer leave()
	if err := s.await(ctx, back); err != nil {
		stop()
		return errors.Join(err, parts.Wait())
	}
	front, frontCtx := errgroup.WithContext(ctx)
	context.AfterFunc(back, func() { l.close() }) // a part that fails ends the traffic
	front.Go(func() error { return s.both.Serve(frontCtx, l.both) })
	for _, ln := range l.invoke {
		front.Go(func() error {
			if s.secure.config != nil {
				return s.invoke.ServeTLS(frontCtx, ln, s.secure.config)
			}
			return s.invoke.Serve(frontCtx, ln)
		})
	}
	s.servePrivate(frontCtx, front, l.private, s.secure.config)
	if l.admin != nil {
		front.Go(func() error { return s.serveAdmin(frontCtx, l.admin) })
	}
	front.Go(func() error { return s.up(frontCtx, leave, l, definitions) })
	context.AfterFunc(frontCtx, s.ends)
	defer s.removePID()
	err = front.Wait()
	stop()
	if perr := parts.Wait(); perr != nil {
		err = perr
	}
	return err
}

// up says that all is ready, deploys the definitions and follows their files.
func (s *Server) up(ctx context.Context, leave context.CancelFunc, l *listeners, definitions []definition) error {
	endpoint := l.endpoint()
	select {
	case <-ctx.Done():
		return nil
	case <-s.gateway.Ready():
	}
	ready := Announcement{Ready: endpoint}
	if len(definitions) == 0 {
		for _, id := range s.gateway.Table().IDs() {
			ready.Stages = append(ready.Stages, s.apiStages(endpoint, id)...)
		}
	}
	s.announce(ready)
	if err := s.relieve(ctx, leave, l); err != nil {
		return err
	}
	watchers, ctx := errgroup.WithContext(ctx)
	for _, d := range definitions {
		if !s.cfg.Watch {
			s.deployAlone(ctx, d, endpoint)
			continue
		}
		before, err := d.stamp()
		if err != nil {
			return err
		}
		s.deployAlone(ctx, d, endpoint)
		watchers.Go(func() error { return s.watch(ctx, d, endpoint, before) })
	}
	return watchers.Wait()
}

func (s *Server) announce(a Announcement) { s.cfg.Announce(a) }

// functionLog keeps what functions write for CloudWatch Logs, and shows it.
func (s *Server) functionLog(line host.LogLine) {
	s.logs.Write(line.Group, line.Stream, line.Time, line.Text)
	say := s.cfg.Log.Info
	if line.Platform {
		say = s.cfg.Log.Debug
	}
	say("function", "name", line.Function, "version", line.Version, "request_id", line.RequestID, "text", line.Text)
}
