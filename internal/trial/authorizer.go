package trial

import (
	"context"
	"encoding/json"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// Verdict is what an authorizer said about a request.
type Verdict struct {
	Status    int // that a client would get: 200 if it may pass
	Principal string
	Policy    string              // JSON text; empty: none
	Context   map[string][]string // what later steps would be told
	Claims    map[string]string
	Log       string
	Latency   time.Duration
}

// Authorize tries an authorizer of r.API: it guards a method that says 200. Its
// results are neither kept nor taken from those that were.
func (b *Bench) Authorize(ctx context.Context, id string, r *Request) (*Verdict, error) {
	snap := r.API
	snap.API.Policy, snap.API.EndpointType = nil, "REGIONAL"
	snap.Authorizers = nil
	kind := "CUSTOM"
	for _, a := range r.API.Authorizers {
		if a.ID != id {
			continue
		}
		a.ResultTTLSeconds = new(int32)
		snap.Authorizers = []api.Authorizer{a}
		if a.Type == "COGNITO_USER_POOLS" {
			kind = a.Type
		}
	}
	say := `{"statusCode": 200}`
	snap.Resources = []api.Resource{{ID: "root", Path: "/"}}
	snap.Methods = []api.Method{{
		ResourceID: "root", HTTPMethod: "ANY", AuthorizationType: kind, AuthorizerID: &id,
		Responses: map[string]api.MethodResponse{"200": {StatusCode: "200"}},
		Integration: &api.Integration{
			Type: "MOCK", PassthroughBehavior: "WHEN_NO_MATCH", RequestTemplates: map[string]*string{"application/json": &say},
			Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}},
		},
	}}
	a := &interview{attempt: attempt{req: r, resource: "/", log: newLog(), region: b.env.Region}, authorizer: id}
	if err := b.play(ctx, snap, &a.attempt, a); err != nil {
		return nil, err
	}
	a.verdict.Log, a.verdict.Latency = a.result.Log, a.result.Latency
	return &a.verdict, nil
}

// interview is a trial of an authorizer.
type interview struct {
	attempt
	authorizer string
	verdict    Verdict
}

// Begin implements transport.Handler.
func (i *interview) Begin(x *program.Exchange) {
	i.enter(x)
	x.Caller, x.Grant = nil, usage.Grant{} // to be found out
	i.log.line("Starting authorizer: %s for request: %s", i.authorizer, i.id)
}

// Done implements transport.Player.
// parity: spec/rest-data-plane.md 11.3
func (i *interview) Done(x *program.Exchange, _ []byte) {
	v := &i.verdict
	v.Status = x.Answer.Status
	var said struct {
		Policy json.RawMessage `json:"policyDocument"`
	}
	if json.Unmarshal(i.returned, &said) == nil && len(said.Policy) > 0 {
		v.Policy = string(said.Policy)
	}
	if c := x.Caller; c != nil {
		v.Principal, v.Claims, v.Context = c.Principal, c.Claims, map[string][]string{}
		for name, value := range c.Context {
			v.Context[name] = []string{value}
		}
	}
	switch f := x.Failure; {
	case f == nil:
		i.log.line("Successfully completed authorizer execution")
	case f.Type == program.Unauthorized:
		i.log.line("Unauthorized request: %s", i.id)
	case f.Type == program.AccessDenied:
		i.log.line("The client is not authorized to perform this operation.")
	default:
		i.log.line("Execution failed due to configuration error: %s", program.Sentence(f.Cause))
	}
}
