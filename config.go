package stagedoor

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/jwt"
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

	// AdminListen serves /livez, /readyz, /metrics, /explain and pprof. It is
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

	// Auth says whether control-plane calls must be signed by a known key.
	Auth string

	// OIDCIssuers are the OpenID Connect issuers that stand for Cognito user
	// pools: "POOL_ARN=URL". Tokens of other pools are verified with the keys
	// that AWS publishes. A URL is https, or http on this machine.
	OIDCIssuers []string

	// RateLimit and BurstLimit are the throttle of the whole account, in
	// requests a second and in requests: AWS has 10000 and 5000. A burst of 0
	// is that of one second. Default 0: none, as the machine is yours.
	RateLimit  float64
	BurstLimit int32

	// CacheMemory is how much memory the caches of all stages may take together,
	// in MiB. Each is held to the size of its own cluster as well. It is taken as
	// answers come in. Default 1024.
	CacheMemory int

	// TLSCert and TLSKey are PEM files; with both, InvokeListen speaks TLS with
	// HTTP/2. Default none.
	TLSCert, TLSKey string

	// FunctionConcurrency is how many calls of functions may be under way, so
	// how many processes there may be: the account's limit. Further calls are
	// throttled. Default 1000, as on AWS.
	FunctionConcurrency int32

	// FunctionIdle is how long a warm function process is kept without a call.
	// Default 5m.
	FunctionIdle time.Duration

	// Grace is how long requests under way may take to finish once stagedoor is
	// told to stop. Default 30s.
	Grace time.Duration

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
		Auth:                "off",
		CacheMemory:         1024,
		FunctionConcurrency: 1000,
		FunctionIdle:        5 * time.Minute,
		Grace:               30 * time.Second,
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
	_, _, malformed := net.SplitHostPort(c.Listen)
	if c.FunctionConcurrency < 1 {
		bad("function-concurrency %d: must be 1 or more", c.FunctionConcurrency)
	}
	switch c.Auth {
	case "off":
		if malformed != nil {
			bad("listen %q: must be HOST:PORT", c.Listen)
		} else if !loopback(c.Listen) {
			bad("listen %q: the control plane is not protected (auth off), so it listens on loopback only; serve API traffic elsewhere with --invoke-listen", c.Listen)
		}
	case "on":
		bad("auth on: this version does not verify signatures yet, so it would protect nothing; keep --listen on loopback and serve API traffic with --invoke-listen")
	default:
		bad("auth %q: must be off or on", c.Auth)
	}
	if _, _, err := net.SplitHostPort(c.AdminListen); c.AdminListen != "off" && err != nil {
		bad("admin-listen %q: must be HOST:PORT, or off", c.AdminListen)
	} else if c.AdminListen != "off" && !loopback(c.AdminListen) {
		bad("admin-listen %q: the admin endpoint is not protected, so it listens on loopback only", c.AdminListen)
	}
	if c.CacheMemory < 0 {
		bad("cache-memory %d: must not be negative", c.CacheMemory)
	}
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
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("tls-cert and tls-key: give both or none")
	}
	if err := c.checkThrottle(); err != nil {
		problems = append(problems, err)
	}
	for _, e := range c.AWSEndpoints {
		service, at, ok := strings.Cut(e, "=")
		u, err := url.Parse(at)
		if !ok || service == "" || err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			bad("aws-endpoint %q: must be SERVICE=http://HOST:PORT", e)
		}
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
