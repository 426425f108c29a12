package control

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// Service is one AWS service: what its wire is and which operations are built.
type Service struct {
	Table    *wire.Service
	Handlers map[string]wire.Handler // by operation name
}

// Config is what a Server is made of.
type Config struct {
	Account string // 12 digits; what ARNs are made of
	Region  string // such as us-east-1
	Log     *slog.Logger

	Services []Service

	// PassOn gives what answers calls to a service that is not among Services,
	// by its name in SigV4 scopes (sqs, s3, states); nil where nothing does. A
	// nil PassOn is one that always gives nil.
	PassOn func(service string) http.Handler

	// Identify tells who makes a call. The scope is what the caller claims; no
	// signature was verified. Nil: everyone is the root of the account.
	Identify func(r *http.Request, s Scope) (Caller, error)

	// Guard verifies who makes a call and whether they may; it takes the place
	// of Identify. Nil: everyone may do everything.
	Guard Guard

	// Audit keeps the records of calls that change something. Nil: nobody does.
	Audit Auditor
}

// Server is the control plane of all services on one port. It may be used by
// any number of calls at a time.
type Server struct {
	account, region string
	log             *slog.Logger
	services        []*service
	firsts          []string // the first segments of REST paths, sorted
	passOn          func(service string) http.Handler
	identify        func(r *http.Request, s Scope) (Caller, error)
	guard           Guard   // nil: everyone may
	audit           Auditor // nil: no records
}

// New makes a server. It starts nothing. The error names every handler that
// does not fit the table of its service.
func New(c Config) (*Server, error) {
	s := &Server{account: c.Account, region: c.Region, log: c.Log, passOn: c.PassOn, identify: c.Identify, guard: c.Guard, audit: c.Audit}
	if s.passOn == nil {
		s.passOn = func(string) http.Handler { return nil }
	}
	if s.identify == nil {
		s.identify = s.root
	}
	var problems []error
	for _, one := range c.Services {
		problems = append(problems, one.check()...)
		s.services = append(s.services, newService(one))
		s.firsts = append(s.firsts, firstSegments(one.Table)...)
	}
	slices.Sort(s.firsts)
	s.firsts = slices.Compact(s.firsts)
	return s, errors.Join(problems...)
}

// check reports the handlers that name no operation of the service, or whose
// structs are not those of their operation.
func (s Service) check() []error {
	var problems []error
	for name, h := range s.Handlers {
		op := s.Table.Operation(name)
		if op == nil {
			problems = append(problems, fmt.Errorf("register %s: %s has no such operation", name, s.Table.Name))
			continue
		}
		if err := h.Fits(s.Table, op); h.Built() && err != nil {
			problems = append(problems, fmt.Errorf("register %s of %s: %w", name, s.Table.Name, err))
		}
	}
	return problems
}

// firstSegments lists what the paths of a REST service begin with.
func firstSegments(t *wire.Service) []string {
	if !t.Speaks(wire.RestJSON) {
		return nil
	}
	var out []string
	for _, op := range t.Operations {
		first, _, _ := strings.Cut(strings.TrimPrefix(op.URI, "/"), "/")
		first, _, _ = strings.Cut(first, "?")
		if !strings.HasPrefix(first, "{") && !strings.HasPrefix(first, "@") && !slices.Contains(out, first) {
			out = append(out, first)
		}
	}
	return out
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, http: r, id: newID()}
	defer c.rescue(w)
	if next := c.route(); next != nil {
		c.guarded(c.scope.Service, next).ServeHTTP(w, r)
		return
	}
	answer := c.answer()
	c.send(w, answer)
}

// rescue answers a call whose handler panicked: a bug in us.
func (c *call) rescue(w http.ResponseWriter) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	c.logPanic(p)
	c.entry.end(nil, panicked())
	if c.sent {
		panic(http.ErrAbortHandler) // what was sent must not look whole
	}
	c.send(w, c.fail(fault.Internal.New(nil, "")))
}
