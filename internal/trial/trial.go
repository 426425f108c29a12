// Package trial plays a method of a REST API that need not be deployed, and
// tells what happened on the way: what TestInvokeMethod is made of.
//
// A trial is the method's own program over real upstreams and functions. What
// stands before the method (authorizers, API keys, policies, throttles) is left
// out, and so is what would follow for somebody who was served (logs, metrics).
// parity: spec/rest-data-plane.md 11.1
package trial

import (
	"context"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/step/journal"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// StageName is the stage that a method on trial believes to be on.
const StageName = "test-invoke-stage"

// Request is what a method is tried with.
type Request struct {
	API        snapshot.REST // of which one method counts
	ResourceID string
	Method     string // of API.Methods, or the verb for which ANY stands there
	// Target is the path with its query; nil: the resource's own path, in which
	// {name} stands for itself.
	Target    *string
	Fields    []Field
	Body      []byte
	Variables map[string]string // of the stage
	// Origins are those of HTTP integrations, which show a client certificate.
	// Nil: none is shown.
	Origins step.Origins
}

// Field is a header field.
type Field = journal.Field

// Result is what a client would have got, and how it came to that.
type Result struct {
	Status  int
	Fields  []Field // in order
	Body    []byte
	Log     string // lines, in AWS's words
	Latency time.Duration
}

// Bench is where methods are tried.
type Bench struct {
	env    compile.Env
	memory *transport.Memory
}

// New makes a bench. env is what compiled methods stand on: of it the account,
// the region, Origins (those of cfg.Upstreams), Functions, Authorizers, Services,
// Credentials, Links, Template and Limits are used.
func New(env compile.Env, cfg transport.Config) *Bench {
	return &Bench{
		env: compile.Env{
			Account: env.Account, Region: env.Region, Origins: env.Origins, Functions: env.Functions, Authorizers: env.Authorizers,
			Template: env.Template, Limits: env.Limits, Now: env.Now,
			Services: env.Services, Credentials: env.Credentials, Links: env.Links,
		},
		memory: transport.NewMemory(cfg),
	}
}

// Play tries a method. A request that fails is a result; an error is a method
// that cannot be compiled.
func (b *Bench) Play(ctx context.Context, r *Request) (*Result, error) {
	a := &attempt{req: r, log: newLog(), region: b.env.Region}
	snap, path := stripped(r)
	a.resource = path
	if err := b.play(ctx, snap, a, a); err != nil {
		return nil, err
	}
	return &a.result, nil
}

// play plays the one method of snap for a; p follows it.
func (b *Bench) play(ctx context.Context, snap snapshot.REST, a *attempt, p transport.Player) (err error) {
	env := b.env
	env.ClientOrigins = a.req.Origins
	env.Functions = &watched{Functions: env.Functions, attempt: a}
	if a.stage, err = compile.REST(env, snap, api.Stage{Name: StageName, Variables: a.req.Variables}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience(snap.Methods))
	defer cancel()
	start := time.Now()
	b.memory.Play(ctx, a.req.Body, p)
	a.result.Latency = time.Since(start)
	a.result.Log = a.log.text()
	return nil
}

// patience is how long a trial may take, also one whose answer never ends.
func patience(methods []api.Method) time.Duration {
	longest := 29 * time.Second
	for _, m := range methods {
		if m.Integration != nil {
			longest = max(longest, time.Duration(m.Integration.TimeoutMillis)*time.Millisecond)
		}
	}
	return longest + time.Second
}

// stripped is the API with the one method, and without what guards it. path is
// that of its resource.
func stripped(r *Request) (snap snapshot.REST, path string) {
	snap = r.API
	snap.Methods = nil
	for _, res := range snap.Resources {
		if res.ID == r.ResourceID {
			path = res.Path
		}
	}
	for _, m := range r.API.Methods {
		exact := m.HTTPMethod == r.Method
		if m.ResourceID != r.ResourceID || !exact && m.HTTPMethod != "ANY" || !exact && len(snap.Methods) > 0 {
			continue
		}
		m.AuthorizationType, m.AuthorizerID, m.AuthorizationScopes, m.APIKeyRequired = "NONE", nil, nil, false
		snap.Methods = []api.Method{m}
	}
	snap.API.Policy, snap.API.EndpointType = nil, "REGIONAL"
	snap.API.MinimumCompressionSize = nil // what is shown is text
	snap.Authorizers = nil
	return snap, path
}

// match cuts the parameters out of a path by the method's own resource only; a
// path of another form has none.
// parity: spec/control-plane.md 4, recorded
func (a *attempt) match(x *program.Exchange) {
	x.Route = a.stage.Router.Routes()[0]
	tree, err := route.New([]route.Route[bool]{{Method: "ANY", Path: a.resource, Value: true}})
	if err != nil {
		return // a tree of one route that the compiler took
	}
	if _, params, ok := tree.Match([]byte("GET"), x.Path, x.Params); ok {
		x.Params = params
	}
}

// verb is the method in effect: a trial of ANY is one of GET.
func verb(method string) string {
	if method == "ANY" {
		return "GET"
	}
	return method
}

// target is a path with its query as it could stand in a request line.
func target(given *string, resource string) (path, query string) {
	text := resource
	if given != nil {
		text = *given
	}
	var b strings.Builder
	if !strings.HasPrefix(text, "/") {
		b.WriteByte('/')
	}
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || c == '#' {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	path, query, _ = strings.Cut(b.String(), "?")
	return path, query
}
