// Package step has what the steps of a route do, one file a step.
//
// A step is made at deployment from nouns and a Scope, and is then a value:
// it holds no state, and any number of exchanges may run it at a time. What
// it can decide at deployment it has decided before the first request.
package step

import (
	"context"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/links"
	"github.com/stagedoor/stagedoor/internal/program"
)

// MaxPayload is how large a request or an answer may be that is read whole,
// in bytes, unless Scope.Limits say otherwise. parity: spec/rest-data-plane.md 1.5.
const MaxPayload = 10 << 20

// Scope is what the steps of one route know of where they stand.
type Scope struct {
	Account, Region     string
	APIID, DeploymentID string
	Stage               string
	Variables           map[string]string // of the stage
	Binary              MediaTypes        // the API's binaryMediaTypes

	CanaryRequest string // "true" in a canary, "false" beside one, else empty
	StageCache    bool   // of a canary: it shares the stage's cache, as both run one deployment (useStageCache)

	Limits     api.Limits // of the API; zero fields: AWS's
	Compressed bool       // the API compresses answers for clients that ask for it
	Coders     *Coders    // shared by the routes of a stage; nil: each has its own

	ResourceID string
	Resource   string // its path, "/pets/{id}"
	Method     string // GET, ..., or ANY
	Operation  string // operationName; empty: none

	// Credentials are those that integrations and authorizers act with. Nil:
	// every role is taken, and nothing is signed.
	Credentials Credentials
	// Links are the VPC links that lead somewhere. Nil: none does.
	Links *links.Links

	// Policy is the API's resource policy; nil: it has none.
	Policy *iam.Policy

	// Template compiles the text of a mapping template that is not plain text.
	Template func(phase Phase, text string) (Renderer, error)
}

// Phase is where a mapping template stands.
type Phase uint8

// The two places of templates. In OnRequest the input is the client's body, in
// OnResponse the integration's answer.
const (
	OnRequest Phase = iota
	OnResponse
)

// Renderer is a compiled mapping template. It appends its output to dst, and
// sets x.Overrides where the template writes to $context. input is the payload
// that $input stands for. An error becomes a refusal: its own, if it is one,
// else API_CONFIGURATION_ERROR.
type Renderer interface {
	Render(x *program.Exchange, input, dst []byte) ([]byte, error)
	// Quick says whether so many bytes of input are rendered in no time, so that
	// an event loop may do it.
	Quick(input int) bool
}

// Functions is a host of Lambda functions, as routes need it.
type Functions interface {
	// Invoke calls a function by its ARN, which may end in a qualifier, and
	// waits. A function that failed is a result; errors are
	// lambda.ErrNoFunction, *lambda.Throttled and what else package lambda has.
	Invoke(ctx context.Context, functionARN string, payload []byte, stream bool) (*lambda.Result, error)
	// Queue makes an asynchronous call: it will be made once Queue returns nil.
	// c names no function.
	Queue(ctx context.Context, functionARN string, c lambda.Call) error
	// Permits says whether the function's own policy lets principal do action,
	// on behalf of the source.
	Permits(functionARN, principal, action, sourceARN, sourceAccount string) bool
}

// Origins interns upstreams.
type Origins interface {
	// Origin is the one origin of an address: scheme is http or https, address
	// is host:port, and skipVerify turns the check of the certificate off.
	Origin(scheme, address, serverName string, skipVerify bool) *program.Origin
}

// MaxPayload is how large a body may be that is read whole, in bytes.
func (s Scope) MaxPayload() int64 {
	if s.Limits.Payload > 0 {
		return s.Limits.Payload
	}
	return MaxPayload
}

// refuseAs is err as a refusal of type t, unless it is a refusal already.
func refuseAs(t program.ResponseType, err error) error {
	if r, ok := err.(*program.Refusal); ok { //nolint:errorlint // refusals are not wrapped inside this package
		return r
	}
	return t.Refuse(err)
}

// milliseconds is a time-out as integrations give it; 0 is the default of 29 s.
func milliseconds(ms int32) time.Duration {
	if ms <= 0 {
		return 29 * time.Second
	}
	return time.Duration(ms) * time.Millisecond
}
