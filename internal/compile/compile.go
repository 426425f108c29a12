// Package compile makes programs of snapshots: what a deployment says becomes
// a flat list of steps for each method.
//
// Compiling has no effect but its result. What outlives a program (origins,
// functions) is handed in with Env, so that two deployments share it. A
// definition that asks for a protection which no step gives is compiled to a
// refusal, never to an open door.
package compile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/limit/cache"
	"github.com/stagedoor/stagedoor/internal/links"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/step"
)

// Env is what programs stand on and what outlives them.
type Env struct {
	Account, Region string
	Origins         step.Origins
	// ClientOrigins are those of HTTP integrations, which show the stage's client
	// certificate. Nil: Origins.
	ClientOrigins step.Origins
	Functions     step.Functions
	// Services is where AWS services are. Nil: nowhere.
	Services *step.Services
	// Credentials are those that integrations and authorizers act with. Nil:
	// every role is taken, and nothing is signed.
	Credentials step.Credentials
	// Links are the VPC links that lead somewhere. Nil: none does.
	Links *links.Links
	// Authorizers is what authorizers stand on. Nil: methods that ask for one
	// are refused.
	Authorizers *step.Authorizers
	// Signatures tells who signed requests. Nil: methods with AWS_IAM are refused.
	Signatures *step.Signatures
	// Keys finds API keys. Nil: methods that ask for one are refused.
	Keys step.Keys
	// Buckets are those of the stages' throttles. Default: programs of one
	// stage share nothing.
	Buckets step.Buckets
	// Throttle is the bucket of the whole account. Nil: there is none.
	Throttle step.Bucket
	// Caches are those of the stages. Nil: nothing is cached.
	Caches step.Caches
	// Warn gets what is not wrong and yet worth a look, each time a stage is
	// compiled. Nil: nobody.
	Warn func(apiID, stage, text string)
	// Template compiles mapping templates. Default step.CompileTemplate.
	Template func(phase step.Phase, text string) (step.Renderer, error)
	// Limits are what APIs are held to. Default: AWS's.
	Limits api.LimitRules
	// Tags are the API's, as they are now; of them those count that raise Limits.
	Tags map[string]string
	// Ledger is where what requests came to is written down.
	Ledger Ledger
	// Now is the clock of Stage.Compiled. Default time.Now.
	Now func() time.Time
}

// REST compiles one stage of a REST API, but for its canary.
func REST(env Env, snap snapshot.REST, stage api.Stage) (*program.Stage, error) {
	s, err := rest(env, snap, stage, false)
	if err != nil {
		return nil, fmt.Errorf("compile stage %q of %s: %w", stage.Name, snap.API.ID, err)
	}
	return s, nil
}

// Canary compiles the canary that a stage has; snap is the canary's own
// deployment. All but deployment and variables is the stage's: its settings,
// and the buckets of its throttles, count for both.
// parity: spec/rest-data-plane.md 8.3.
func Canary(env Env, snap snapshot.REST, stage api.Stage) (*program.Stage, error) {
	settings := *stage.Canary
	settings.UseStageCache = settings.UseStageCache && settings.DeploymentID == stage.DeploymentID
	stage.DeploymentID, stage.Canary = settings.DeploymentID, &settings
	variables := maps.Clone(stage.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	maps.Copy(variables, stage.Canary.StageVariableOverrides)
	stage.Variables = variables
	s, err := rest(env, snap, stage, true)
	if err != nil {
		return nil, fmt.Errorf("compile the canary of stage %q of %s: %w", stage.Name, snap.API.ID, err)
	}
	return s, nil
}

func rest(env Env, snap snapshot.REST, stage api.Stage, canary bool) (*program.Stage, error) {
	now := env.Now
	if now == nil {
		now = time.Now
	}
	if env.Template == nil {
		env.Template = step.CompileTemplate
	}
	if env.Buckets == nil {
		env.Buckets = limit.NewBuckets(limit.NewClock(env.Now))
	}
	c := compiler{env: env, snap: snap, stage: stage, models: map[string]model{}, scope: step.Scope{
		Account: env.Account, Region: env.Region, APIID: snap.API.ID, DeploymentID: stage.DeploymentID,
		Stage: stage.Name, Variables: stage.Variables, Binary: snap.API.BinaryMediaTypes, Template: env.Template,
	}}
	c.scope.Credentials, c.scope.Links = env.Credentials, env.Links
	c.scope.Limits, _ = env.Limits.For(snap.API.EndpointType, env.Tags) // whoever has the tags tells of those that are wrong
	c.scope.Coders, c.scope.Compressed = &step.Coders{}, snap.API.MinimumCompressionSize != nil
	if stage.Canary != nil {
		c.scope.CanaryRequest = "false"
		if canary {
			c.scope.CanaryRequest, c.scope.StageCache = "true", stage.Canary.UseStageCache
		}
	}
	c.cache = c.stageCache(&stage)
	out := &program.Stage{
		CanaryRequest: c.scope.CanaryRequest,
		APIID:         snap.API.ID, Name: stage.Name, DeploymentID: stage.DeploymentID, Account: env.Account, Region: env.Region,
		Variables: stage.Variables, EndpointDisabled: snap.API.DisableExecuteEndpoint, Compiled: now(),
	}
	out.EndpointType, out.Sample = snap.API.EndpointType, c.tracing()
	if stage.WebACLARN != nil {
		out.WebACL = *stage.WebACLARN
	}
	out.MaxFields, out.MaxTarget = c.scope.Limits.Headers, c.scope.Limits.URL
	out.Private = snap.API.EndpointType == "PRIVATE"
	var err error
	if c.scope.Policy, err = c.resourcePolicy(); err != nil {
		return nil, err
	}
	if out.Responses, err = c.responses(); err != nil {
		return nil, err
	}
	if out.Router, err = c.router(); err != nil {
		return nil, err
	}
	return out, nil
}

// compiler compiles one stage.
type compiler struct {
	env   Env
	snap  snapshot.REST
	stage api.Stage
	scope step.Scope
	cache *cache.Cache // of the stage; nil: none
	// models are those that validators have asked for, by name.
	models map[string]model
	access []program.Step // that write access logs; nil: not made yet
}

// router compiles every method and builds the tree over them.
func (c *compiler) router() (program.Router, error) {
	paths := make(map[string]string, len(c.snap.Resources))
	for _, r := range c.snap.Resources {
		paths[r.ID] = r.Path
	}
	out := &router{missing: c.noSuchRoute()}
	var list []route.Route[*program.Route]
	for i := range c.snap.Methods {
		m := &c.snap.Methods[i]
		path, ok := paths[m.ResourceID]
		if !ok {
			return nil, fmt.Errorf("method %s stands on resource %q, which is not there", m.HTTPMethod, m.ResourceID)
		}
		r, err := c.method(m, path)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", m.HTTPMethod, path, err)
		}
		out.routes = append(out.routes, r)
		list = append(list, route.Route[*program.Route]{Method: m.HTTPMethod, Path: path, Value: r})
	}
	var err error
	out.tree, err = route.New(list)
	return out, err
}

// method compiles one method.
func (c *compiler) method(m *api.Method, path string) (*program.Route, error) {
	r := &program.Route{
		Method: m.HTTPMethod, Resource: path, Params: route.Names(path), ResourceID: m.ResourceID,
		Body: c.bodyMode(m), MaxBody: c.scope.MaxPayload(),
	}
	if m.OperationName != nil {
		r.OperationName = *m.OperationName
	}
	scope := c.scope
	scope.ResourceID, scope.Resource, scope.Method, scope.Operation = m.ResourceID, path, m.HTTPMethod, r.OperationName
	p := pipeline{compiler: c, scope: scope, method: m}
	if setting, _ := scope.Setting(c.stage.MethodSettings); r.Body == program.BodyStream && step.BuffersForTrace(setting) {
		r.Body = program.BodyBuffer
	}
	r.Finish = c.finish(scope, m)
	tail := p.restTail()
	r.Steps, r.Tail = append(p.rest(), tail...), len(tail)
	return r, p.err
}

// bodyMode is what the method does with a request's body.
func (c *compiler) bodyMode(m *api.Method) program.BodyMode {
	v, _ := c.validator(m)
	switch in := m.Integration; {
	case step.ValidatesBody(m, v), m.AuthorizationType == authorizeIAM, c.snap.API.EndpointType == "PRIVATE": // a signature covers the body
		return program.BodyBuffer
	case in == nil:
		return program.BodyDiscard
	case in.Type == "HTTP_PROXY" && !step.MapsBody(in) && !step.HasLink(in):
		return program.BodyStream
	default:
		return program.BodyBuffer
	}
}

// router is a tree of routes; what it does not have is a route as well.
type router struct {
	tree    *route.Tree[*program.Route]
	missing *program.Route
	routes  []*program.Route
}

// Match implements program.Router.
func (r *router) Match(method, path []byte, params []program.Param) (*program.Route, []program.Param) {
	found, params, ok := r.tree.Match(method, path, params)
	if !ok {
		return r.missing, params
	}
	return found, params
}

// Routes implements program.Router.
func (r *router) Routes() []*program.Route {
	return append(slices.Clip(r.routes), r.missing)
}

// noSuchRoute answers what no method is for.
// parity: spec/rest-data-plane.md 2.3.
func (c *compiler) noSuchRoute() *program.Route {
	scope := c.scope
	scope.Method, scope.Resource = "*", "*"
	return &program.Route{Method: "*", Resource: "*", Finish: c.finish(scope, nil), Steps: []program.Step{
		step.RefuseUnrouted(),
	}}
}

// responses compiles the gateway responses: every type that is customised, or
// falls back to a default that is.
// parity: spec/rest-data-plane.md 6.2.
func (c *compiler) responses() (map[program.ResponseType]*program.GatewayResponse, error) {
	custom := map[program.ResponseType]*program.GatewayResponse{}
	for _, g := range c.snap.GatewayResponses {
		r, err := c.scope.GatewayResponse(g)
		if err != nil {
			return nil, err
		}
		custom[program.ResponseType(g.Type)] = r
	}
	delete(custom, program.RequestTooLarge) // parity: spec/rest-data-plane.md 6.1: no effect on REST APIs
	for _, t := range program.ResponseTypes() {
		fallback := custom[program.Default4XX]
		if t.Default() >= 500 {
			fallback = custom[program.Default5XX]
		}
		if custom[t] == nil && fallback != nil {
			custom[t] = fallback
		}
	}
	return custom, nil
}

// unreachable says whether an integration's URI is of no use, which is the
// method's trouble and not the stage's.
func unreachable(err error) bool { return errors.Is(err, step.ErrUnreachable) }

// trimmed is an error's text without what every such error begins with.
func trimmed(err error) string {
	return strings.TrimPrefix(err.Error(), step.ErrUnreachable.Error()+": ")
}
