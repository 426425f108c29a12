package step

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/selection"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/limit/memo"
	"github.com/stagedoor/stagedoor/internal/program"
)

// authorizerTimeout is how long a function may take to say who is calling.
// parity: spec/security.md 9.16.
const authorizerTimeout = 10 * time.Second

var (
	errNoIdentity    = errors.New("an identity source is missing or empty")
	errPattern       = errors.New("the token does not match the validation expression")
	errAuthorizer    = errors.New("the authorizer's function failed")
	errAuthorizerLet = errors.New("the authorizer's function does not let this API call it")
)

// lambdaAuthorizer asks a function who is calling and what they may do.
type lambdaAuthorizer struct {
	*authorizer
	host     Functions
	function string
	actor    actor  // if it is named, the function's own policy is not asked
	source   string // ARN of the authorizer
	account  string
	token    bool               // TOKEN: the one identity source is all that the function sees
	pattern  *selection.Pattern // of the token; nil: any
	event    *authorizerEvent
	denied   [2]*program.Refusal // silently, explicitly
	policy   *iam.Policy         // of the API; nil: it has none
}

// AuthorizeLambda compiles an authorizer of type TOKEN or REQUEST for a
// method. An authorizer that cannot work is not an error: its methods answer
// 500 and let nobody in.
// parity: spec/security.md 4.
func (s Scope) AuthorizeLambda(a *api.Authorizer, host Functions, shared *Authorizers) Authorization {
	l, err := s.lambdaAuthorizer(a, host, shared)
	if err != nil {
		return Misconfigured(err.Error())
	}
	note := fmt.Sprintf("%s, function %s within %v", a.Type, l.function, authorizerTimeout)
	out := Authorization{Ask: program.Step{Name: "authorize", Note: note, Waits: true, Run: l.ask}}
	if l.cached() {
		out.Recall = program.Step{Name: "recall", Note: fmt.Sprintf("the authorizer's result for %v", l.ttl), Run: l.recall}
	}
	return out
}

func (s Scope) lambdaAuthorizer(a *api.Authorizer, host Functions, shared *Authorizers) (*lambdaAuthorizer, error) {
	uri := ""
	if a.URI != nil {
		uri = s.fillVariables(*a.URI)
	}
	function, stream, err := functionOf(uri)
	if err != nil || stream {
		return nil, fmt.Errorf("authorizer %s: invalid URI %q", a.ID, uri)
	}
	common, err := s.newAuthorizer(a, shared, uri)
	if err != nil {
		return nil, err
	}
	l := &lambdaAuthorizer{
		authorizer: common, host: host, function: function, account: s.Account, token: a.Type == "TOKEN",
		source: "arn:aws:execute-api:" + s.Region + ":" + s.Account + ":" + s.APIID + "/authorizers/" + a.ID,
		event:  s.authorizerEvent(), denied: [2]*program.Refusal{denied(iam.ImplicitDeny), denied(iam.ExplicitDeny)},
	}
	l.actor, l.policy = s.actor(a.Credentials), s.Policy
	if !l.token {
		return l, nil
	}
	if l.field == "" {
		return nil, fmt.Errorf("authorizer %s: a TOKEN comes in one field", a.ID)
	}
	l.pattern, err = validation(a)
	return l, err
}

// validation is the pattern of an authorizer, nil if it has none.
func validation(a *api.Authorizer) (*selection.Pattern, error) {
	if a.IdentityValidationExpression == nil || *a.IdentityValidationExpression == "" {
		return nil, nil
	}
	return selection.Compile(*a.IdentityValidationExpression)
}

// recall lets in who is known, and whom the policy then lets in.
func (l *lambdaAuthorizer) recall(x *program.Exchange) error {
	sole := l.sole(x)
	if sole == nil { // else that is who
		if err := l.identify(x); err != nil {
			return err
		}
	}
	v := l.known(x, sole)
	if v == nil {
		return nil
	}
	x.Skip()
	return l.admit(x, v, 0)
}

// ask asks the function.
func (l *lambdaAuthorizer) ask(x *program.Exchange) error {
	if err := l.identify(x); err != nil {
		return err
	}
	var latency time.Duration
	v, err := l.find(x.Context(), x, func() (answer memo.Answer[*verdict], err error) {
		if l.pattern != nil {
			ok, err := l.pattern.Match(string(l.sole(x)))
			if !ok {
				return answer, unauthorized(errors.Join(errPattern, err))
			}
		}
		start := time.Now()
		payload, err := l.invoke(x)
		latency = time.Since(start)
		if err != nil {
			return answer, err
		}
		v, err := readVerdict(payload)
		if err != nil {
			return answer, misconfigured(err)
		}
		return memo.Answer[*verdict]{Value: v, Size: verdictSize + 4*len(payload), For: l.ttl, Group: l.group}, nil
	})
	if err != nil {
		return refuseAs(program.AuthorizerFailure, err)
	}
	return l.admit(x, v, latency)
}

// verdictSize is what a verdict takes beside its texts, roughly, in bytes.
const verdictSize = 1 << 10

// identify refuses requests that do not say who sent them; no function is
// asked about those.
func (l *lambdaAuthorizer) identify(x *program.Exchange) error {
	if l.token && l.sole(x) == nil || !l.identified(x) {
		return unauthorized(errNoIdentity)
	}
	return nil
}

// admit holds the caller to the policy, for the method that is called now.
func (l *lambdaAuthorizer) admit(x *program.Exchange, v *verdict, latency time.Duration) error {
	v.caller(x, latency)
	api := iam.NoPolicy
	if l.policy != nil {
		api = decide(x, l.policy, methodARN(x, l.event.prefix))
	}
	switch iam.SameAccount(l.says(x, v), api) {
	case iam.Allowed:
		return nil
	case iam.ExplicitDeny:
		return l.denied[1]
	default:
		return l.denied[0]
	}
}

// denied is the answer to those whom a policy keeps out.
// parity: spec/security.md 2.9.
func denied(o iam.Outcome) *program.Refusal {
	return &program.Refusal{Type: program.AccessDenied, Message: iam.AuthorizerDenial(o, iam.Brief)}
}

// permitted says why the function may not be asked; nil: it may.
func (l *lambdaAuthorizer) permitted(x *program.Exchange) error {
	if l.actor.role != "" {
		return l.actor.mayInvoke(x, l.function)
	}
	if !l.host.Permits(l.function, "apigateway.amazonaws.com", "lambda:InvokeFunction", l.source, l.account) {
		return errAuthorizerLet
	}
	return nil
}

// invoke calls the function.
func (l *lambdaAuthorizer) invoke(x *program.Exchange) ([]byte, error) {
	if err := l.permitted(x); err != nil {
		return nil, misconfigured(err)
	}
	var event []byte
	if l.token {
		event = l.event.token(x, l.sole(x))
	} else {
		event = l.event.request(x)
	}
	ctx, cancel := context.WithTimeout(x.Context(), authorizerTimeout)
	defer cancel()
	start := time.Now()
	result, err := l.host.Invoke(ctx, l.function, event, false)
	x.Authorizer = program.AuthorizerCall{Status: 500, Latency: time.Since(start)}
	if err == nil {
		x.Authorizer.Status, x.Authorizer.RequestID = 200, result.RequestID
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, program.AuthorizerFailure.Refuse(err)
	case err != nil:
		return nil, misconfigured(err)
	case result.FunctionError != "":
		return nil, authorizerFailed(result)
	}
	return result.Payload, nil
}

// authorizerFailed is the answer when the function failed: to fail with
// exactly the word Unauthorized is the way to say 401.
// parity: spec/security.md 4.5.
func authorizerFailed(result *lambda.Result) error {
	if doc, err := wholeValue(result.Payload); err == nil && doc[0] == '{' {
		if text := child(doc, "errorMessage"); len(text) > 0 && text[0] == '"' && string(appendUnquoted(nil, text)) == "Unauthorized" {
			return unauthorized(errAuthorizer)
		}
	}
	return misconfigured(errAuthorizer)
}
