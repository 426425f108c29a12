package lambda

import (
	"context"
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/fault"
	host "github.com/stagedoor/stagedoor/internal/lambda"
)

// Gate is what a gateway needs of functions: to know who may call them, and to
// call them. It reads memory only, but for asynchronous calls.
type Gate struct{ s *Service }

// Gate is the functions of s as a gateway sees them.
func (s *Service) Gate() Gate { return Gate{s} }

// Permits says whether the policy of what an ARN names lets principal do
// action on behalf of sourceARN and sourceAccount, which may be empty. The
// policy of an alias or version counts for calls by that name only, that of the
// function for calls without one, and $LATEST.
func (g Gate) Permits(functionARN, principal, action, sourceARN, sourceAccount string) bool {
	return g.permits(functionARN, &request{principal: principal, action: action, sourceARN: sourceARN, sourceAccount: sourceAccount})
}

// PermitsURL is Permits for a call by a function URL of the auth type given.
func (g Gate) PermitsURL(functionARN, principal, authType string) bool {
	return g.permits(functionARN, &request{principal: principal, action: "lambda:InvokeFunctionUrl", urlAuth: authType})
}

func (g Gate) permits(functionARN string, q *request) bool {
	r, ok := parseRef(functionARN)
	if !ok || !g.s.here.here(r) {
		return false
	}
	e := g.s.index.function(r.name)
	return e != nil && allows(e.grants[orLatest(r.qualifier)], q)
}

// Invoke calls what an ARN, or a name in any other of AWS's forms, names and
// waits for its answer, or for the beginning of it if stream is set. Errors are
// the host's; payload is only read, and not after the return.
func (g Gate) Invoke(ctx context.Context, functionARN string, payload []byte, stream bool) (*host.Result, error) {
	return g.Call(ctx, functionARN, host.Call{Payload: payload, Stream: stream})
}

// Call is Invoke for those who have more to say. c names no function.
func (g Gate) Call(ctx context.Context, functionARN string, c host.Call) (*host.Result, error) {
	if err := g.name(functionARN, &c); err != nil {
		return nil, err
	}
	return g.s.host.Invoke(ctx, c)
}

// Queue makes an asynchronous call: it is durable when Queue returns nil.
func (g Gate) Queue(ctx context.Context, functionARN string, c host.Call) error {
	if err := g.name(functionARN, &c); err != nil {
		return err
	}
	if err := checkPayload(c.Payload, "Event"); err != nil {
		return err
	}
	err := g.s.enqueue(ctx, c)
	if fault.NotFound.Is(err) {
		return fmt.Errorf("%w: %w", host.ErrNoFunction, err)
	}
	return err
}

func (g Gate) name(functionARN string, c *host.Call) error {
	r, ok := parseRef(functionARN)
	if !ok || !g.s.here.here(r) {
		return host.ErrNoFunction
	}
	c.Function, c.Qualifier = r.name, r.qualifier
	return nil
}

// URL is a function URL, ready to be served.
type URL struct {
	ID          string // first label of its host name
	FunctionARN string // with the alias, if it is an alias's
	AuthType    string // NONE, AWS_IAM
	Stream      bool   // InvokeMode RESPONSE_STREAM
	CORS        *api.FunctionCORS
	Policy      *iam.Policy // of what the URL is of; nil: it has none
	Created     time.Time
}

// URL finds a function URL by its id.
func (g Gate) URL(id string) (URL, bool) {
	v, _ := g.s.index.urls.Load(id)
	u, ok := v.(URL)
	return u, ok
}

// urlTarget is a URL of a function as the index keeps it.
func (s *Service) urlTarget(name string, u api.FunctionURL, policy api.FunctionPolicy) URL {
	return URL{
		Policy: compiled(policy),
		ID:     u.ID, FunctionARN: s.here.arn(name, u.Qualifier), AuthType: u.AuthType,
		Stream: u.InvokeMode == "RESPONSE_STREAM", CORS: u.CORS, Created: u.Created,
	}
}

// compiled is a function's policy as others are evaluated together with it. It
// holds no Deny, so one that is no policy allows nothing.
func compiled(policy api.FunctionPolicy) *iam.Policy {
	if len(policy.Statements) == 0 {
		return nil
	}
	text, err := document(policy)
	if err != nil {
		return nil
	}
	p, err := iam.Parse([]byte(text), iam.Resource)
	if err != nil {
		return nil
	}
	return p
}
