package stagedoor

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/engine/awscall"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/links"
)

// Config is all that stagedoor is told at start. Default gives the values that
// the command line starts from; Check reports all problems at once.
type Config struct {
	// Listen is where both planes listen. AWS calls are told from API traffic
	// by Host, path, SigV4 scope and X-Amz-Target. Loopback only, as long as
	// Auth is off. Default "127.0.0.1:4566".
	Listen string

	// InvokeListen are further listeners that serve API traffic only; they may
	// be anywhere. Default none.
	InvokeListen []string

	// PrivateListen are listeners that stand for VPC endpoints: each serves
	// private APIs and nothing else, "vpce-ID=HOST:PORT" or, with the id that
	// aws:SourceVpc has, "vpce-ID@vpc-ID=HOST:PORT". Default none.
	PrivateListen []string

	// VPCEndpointPolicies are files with the policies of those endpoints:
	// "vpce-ID=FILE". Default none: everybody may call every private API through
	// them that lets them.
	VPCEndpointPolicies []string

	// AdminListen serves /livez, /readyz, /metrics, /explain, /audit and pprof. It is
	// never exposed with the API. Default "127.0.0.1:4567"; "off" has none.
	AdminListen string

	// Data is the directory of the SQLite file, function code and compiled
	// stages; ":memory:" keeps nothing. Default ".stagedoor".
	Data string

	// Account and Region are what ARNs are made of.
	Account string
	Region  string

	// InvokeDomains are the suffixes of hosts "{api}.execute-api.{region}.SUFFIX"
	// and "{api}.execute-api.SUFFIX" that name APIs.
	InvokeDomains []string

	// AWSEndpoints say where calls to AWS services that stagedoor does not have
	// itself go: "SERVICE=URL", "default=URL" for all others.
	AWSEndpoints []string

	// AWSAccessKeyID and AWSSecretAccessKey sign what integrations without a
	// role send to those endpoints, and whatever goes to AWS itself;
	// AWSSessionToken belongs to a temporary key. An endpoint may have a key of
	// its own: "SERVICE=http://KEY:SECRET@HOST". Default "test", "test".
	AWSAccessKeyID, AWSSecretAccessKey, AWSSessionToken string

	// VPCLinks are where VPC links lead: "ID_OR_NAME=HOST:PORT,HOST:PORT".
	// Requests take turns; a target that cannot be reached is left out for 5 s.
	VPCLinks []string

	// Auth says whether control-plane calls must be signed by a known key: "on"
	// or "off". Default "": off if Listen is on loopback, on elsewhere.
	Auth string

	// RootAccessKeyID and RootSecretAccessKey are the key of the account's root,
	// who may do everything: the first key, with which others are made. Needed
	// where calls must be signed. The secret is never logged.
	RootAccessKeyID, RootSecretAccessKey string

	// ExplainSignatures tells callers whose signature does not match what it
	// should have been made of. It shows signed fields to whoever sent them, so
	// it is for finding faults only. Default off.
	ExplainSignatures bool

	// TrustedProxies are the networks, as CIDR, of proxies whose word about the
	// address of a client is taken: by X-Forwarded-For or, with ProxyProtocol, by
	// the PROXY protocol, with which they must then begin every connection.
	// Default none: a client is the other end of its connection.
	TrustedProxies []string
	ProxyProtocol  bool

	// OIDCIssuers are the OpenID Connect issuers that stand for Cognito user
	// pools: "POOL_ARN=URL". Tokens of other pools are verified with the keys
	// that AWS publishes. A URL is https, or http on this machine.
	OIDCIssuers []string

	// RateLimit and BurstLimit are the throttle of the whole account, in
	// requests a second and in requests: AWS has 10000 and 5000. A burst of 0
	// is that of one second. Default 0: none, as the machine is yours.
	RateLimit  float64
	BurstLimit int32

	// Limits change what API Gateway holds requests and integrations to, of all
	// APIs: "NAME=VALUE". "NAME=VALUE..MOST" also says how far the tag
	// "stagedoor:limit:NAME" of one API may raise it. Names: payload, headers,
	// url, arn, timeout, stream-time, stream-idle, stream-free, stream-rate.
	// Default: AWS's; docs/limits.md has them.
	Limits []string

	// Quotas change how many APIs, resources, stages, keys and so on there may
	// be: "NAME=N", "NAME=none", "all=none". Default: AWS's default quotas.
	// docs/quotas.md lists them.
	Quotas []string

	// CacheMemory is how much memory the caches of all stages may take together,
	// in MiB. Each is held to the size of its own cluster as well. It is taken as
	// answers come in. Default 1024.
	CacheMemory int

	// AccessLog is where a line for each request of every stage goes, whatever
	// the stages say: a file, "stdout" or "off". Lines have the stage's own format,
	// or a JSON one where it has none. Files may be rotated without telling
	// stagedoor. Default "off".
	AccessLog string
	// Stdout is where AccessLog "stdout" writes to. Default os.Stdout.
	Stdout io.Writer

	// RequireLogRole refuses to switch logging on for a stage before the account
	// has a cloudwatchRoleArn, as AWS does. Default off.
	RequireLogRole bool

	// TLSCert and TLSKey are PEM files, a key for each certificate with its chain;
	// with them, InvokeListen and PrivateListen speak TLS with HTTP/2. Clients are
	// shown the certificate of the host that they name, or else the first. Default
	// none.
	TLSCert, TLSKey []string

	// FunctionConcurrency is how many calls of functions may be under way, so
	// how many processes there may be: the account's limit. Further calls are
	// throttled. Default 1000, as on AWS.
	FunctionConcurrency int32

	// FunctionIdle is how long a warm function process is kept without a call.
	// Default 5m.
	FunctionIdle time.Duration

	// Engine is what moves bytes: "epoll", event loops, which only Linux has, or
	// "goroutine", a goroutine for each connection. Default: epoll on Linux, else
	// goroutine.
	Engine string

	// Loops is how many event loops there are. Default: one for each core.
	Loops int

	// Connections is how many connections of clients a listener has at a time,
	// ConnectionsPerAddress how many of them are from one address, or over IPv6 one
	// /64; one more is closed at once. Each needs a descriptor, as does each
	// connection to a back end. Defaults 65536 and 16384.
	Connections, ConnectionsPerAddress int

	// Grace is how long requests under way may take to finish once stagedoor is
	// told to stop. Default 30s.
	Grace time.Duration

	// PIDFile is where the number of the process is written once it serves; it is
	// removed at the end. Default none.
	PIDFile string

	// NotifySocket is where a service manager such as systemd wants to be told
	// what goes on: the value of NOTIFY_SOCKET. Default: nobody is told.
	NotifySocket string

	// Handover is what the process before has handed over: the value of
	// STAGEDOOR_HANDOVER, which Server.Upgrade sets. Default: there was none.
	Handover string

	// Definitions are deployed at start, one stack each.
	Definitions []string

	// Parameters are the template parameters of Definitions: "Key=Value".
	Parameters []string

	// Watch deploys a definition again when one of its files changes.
	Watch bool

	// Log gets everything that is to be said. Default: discards.
	Log *slog.Logger

	// Announce gets what a person at a terminal wants to know: endpoints and
	// the URLs of what was deployed. Default: discards.
	Announce func(Announcement)

	// Version is what /readyz and User-Agent show.
	Version string
}

// Announcement is one thing worth showing at a terminal.
type Announcement struct {
	Ready    string     // the endpoint, once: both planes answer there
	Stack    string     // a definition that was deployed
	Stages   []StageURL // where it answers; with Ready and no definitions, all that is served from before
	Outputs  []Output   // of its template
	Warnings []Problem
	Problems []Problem // why it was not deployed; the version before keeps serving
	Took     time.Duration
}

// StageURL is where a stage of a stack answers.
type StageURL struct {
	URL    string   // ends in '/'
	Routes []string // "GET /pets/{id}"
}

// Output is one output of a stack.
type Output struct{ Name, Value, Description string }

// Problem is one reason why a definition was refused, with its place.
type Problem struct {
	File         string
	Line, Column int
	Message      string
}

// String is the problem as compilers write them.
func (p Problem) String() string {
	if p.Line == 0 {
		return strings.TrimPrefix(p.File+": "+p.Message, ": ")
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Default is the configuration that flags, environment and file change.
func Default() Config {
	return Config{
		Listen:              "127.0.0.1:4566",
		AdminListen:         "127.0.0.1:4567",
		Data:                ".stagedoor",
		Account:             "000000000000",
		Region:              "us-east-1",
		InvokeDomains:       []string{"amazonaws.com", "localhost", "localhost.localstack.cloud"},
		CacheMemory:         1024,
		FunctionConcurrency: 1000,
		FunctionIdle:        5 * time.Minute,
		Grace:               30 * time.Second,

		Connections:           65536,
		ConnectionsPerAddress: 16384,
	}
}

// Check reports every problem of the configuration.
func (c *Config) Check() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !regexp.MustCompile(`^\d{12}$`).MatchString(c.Account) {
		bad("account %q: must be 12 digits", c.Account)
	}
	if !regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`).MatchString(c.Region) {
		bad("region %q: must look like us-east-1", c.Region)
	}
	if c.FunctionConcurrency < 1 {
		bad("function-concurrency %d: must be 1 or more", c.FunctionConcurrency)
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		bad("listen %q: must be HOST:PORT", c.Listen)
	} else {
		c.checkAuth(bad)
	}
	c.checkProxies(bad)
	c.checkDoors(bad)
	if _, _, err := net.SplitHostPort(c.AdminListen); c.AdminListen != "off" && err != nil {
		bad("admin-listen %q: must be HOST:PORT, or off", c.AdminListen)
	} else if c.AdminListen != "off" && !loopback(c.AdminListen) {
		bad("admin-listen %q: the admin endpoint is not protected, so it listens on loopback only", c.AdminListen)
	}
	if c.CacheMemory < 0 {
		bad("cache-memory %d: must not be negative", c.CacheMemory)
	}
	c.checkEngine(bad)
	if c.Grace < 0 {
		bad("grace %s: must not be negative", c.Grace)
	}
	if c.FunctionIdle <= 0 {
		bad("function-idle %s: must be more than 0", c.FunctionIdle)
	}
	for _, addr := range c.InvokeListen {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			bad("invoke-listen %q: must be HOST:PORT", addr)
		}
	}
	if len(c.TLSCert) != len(c.TLSKey) {
		bad("tls-cert and tls-key: give a key for each certificate, in the same order")
	}
	if err := c.checkThrottle(); err != nil {
		problems = append(problems, err)
	}
	if _, err := api.ParseLimitRules(c.Limits); err != nil {
		problems = append(problems, err)
	}
	if _, err := apigateway.ReadQuotas(c.Quotas); err != nil {
		problems = append(problems, err)
	}
	if _, err := awscall.ParseEndpoints(c.AWSEndpoints); err != nil {
		problems = append(problems, err)
	}
	if _, err := links.Parse(c.VPCLinks); err != nil {
		problems = append(problems, err)
	}
	problems = append(problems, c.checkIssuers()...)
	for _, p := range c.Parameters {
		if name, _, ok := strings.Cut(p, "="); !ok || name == "" {
			bad("parameter %q: must be KEY=VALUE", p)
		}
	}
	return errors.Join(problems...)
}

// checkThrottle looks at the account's throttle.
func (c *Config) checkThrottle() error {
	if c.RateLimit >= 0 && c.BurstLimit >= 0 && (c.RateLimit > 0 || c.BurstLimit == 0) {
		return nil
	}
	return fmt.Errorf("rate-limit %g, burst-limit %d: must not be negative, and a burst needs a rate", c.RateLimit, c.BurstLimit)
}

// quotas are Quotas, which Check has looked at.
func (c *Config) quotas() map[string]int {
	quotas, _ := apigateway.ReadQuotas(c.Quotas)
	return quotas
}

// limitRules are Limits, which Check has looked at.
func (c *Config) limitRules() api.LimitRules {
	rules, _ := api.ParseLimitRules(c.Limits)
	return rules
}

// loopback says whether an address can only be reached from this machine.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (c *Config) checkIssuers() (problems []error) {
	for _, i := range c.OIDCIssuers {
		arn, at, _ := strings.Cut(i, "=")
		if !strings.HasPrefix(arn, "arn:") || jwt.CheckPlace(at) != nil {
			problems = append(problems, fmt.Errorf("oidc-issuer %q: must be POOL_ARN=https://HOST/PATH, or http on this machine", i))
		}
	}
	return problems
}

// standIns are the issuers that stand for user pools, by the pools' ARNs.
func (c *Config) standIns() map[string]string {
	all := make(map[string]string, len(c.OIDCIssuers))
	for _, i := range c.OIDCIssuers {
		arn, at, _ := strings.Cut(i, "=")
		all[arn] = at
	}
	return all
}

// inMemory says whether nothing is to be kept.
func (c *Config) inMemory() bool { return c.Data == ":memory:" }

// path is a path below the data directory.
func (c *Config) path(name string) string { return filepath.Join(c.Data, name) }
