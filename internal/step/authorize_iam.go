package step

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	"github.com/stagedoor/stagedoor/internal/http1"
	signer "github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Signers tells who signed a request; the error is a *sigv4.Error.
type Signers interface {
	Verify(r *sigv4.Request, want *sigv4.Expect, now time.Time) (*signer.Identity, error)
}

// Signatures is what methods with AWS_IAM stand on. It outlives deployments.
type Signatures struct {
	signers Signers
	rooms   sync.Pool // of *sigv4.Request: the memory that one is looked at in
}

// NewSignatures makes signatures of the holders of keys that signers knows.
func NewSignatures(signers Signers) *Signatures { return &Signatures{signers: signers} }

// read is who signed an exchange.
func (s *Signatures) read(x *program.Exchange, want *sigv4.Expect) (*signer.Identity, error) {
	r, _ := s.rooms.Get().(*sigv4.Request)
	if r == nil {
		r = &sigv4.Request{}
	}
	*r = sigv4.Request{
		Method: x.Method, Path: x.Request.Path, Query: x.Request.Query, Host: x.Request.Host, Body: x.Body,
		Fields: sigv4.AppendFields(r.Fields[:0], x.Request.Fields),
	}
	who, err := s.signers.Verify(r, want, x.Start)
	*r = sigv4.Request{Fields: r.Fields[:0]}
	s.rooms.Put(r)
	return who, err
}

// manyBytes is the size of a body whose hash takes longer than a loop should
// wait for.
const manyBytes = 64 << 10

// signed verifies signatures and holds who signed to policies, for one method.
type signed struct {
	from    *Signatures
	want    sigv4.Expect
	prefix  []byte
	account string
	policy  *iam.Policy // of the API; nil: it has none
	permits func(x *program.Exchange, action string) bool
}

// AuthorizeIAM compiles the authorization AWS_IAM for a method: who calls must
// have signed the request, its body included, and be allowed to invoke the
// method by their own policies, by the API's resource policy or, from another
// account, by both.
// parity: spec/security.md 1, 2.8.
func (s Scope) AuthorizeIAM(from *Signatures) Authorization {
	a := &signed{
		from: from, want: sigv4.Expect{Region: s.Region, Service: "execute-api"}, prefix: s.methodPrefix(), account: s.Account, policy: s.Policy,
	}
	a.permits = a.may
	note := "a signature for " + s.Region + "/execute-api, " + invokeAction
	if s.Policy != nil {
		note += " by the caller's policies or the API's"
	}
	return Authorization{Ask: program.Step{
		Name: "authorize", Note: note, Run: a.run,
		Waits: true, Quick: func(x *program.Exchange) bool { return len(x.Body) < manyBytes },
	}}
}

func (a *signed) run(x *program.Exchange) error {
	who, err := a.from.read(x, &a.want)
	if err != nil {
		return notSigned(err)
	}
	a.consume(x, who)
	d, r := a.decide(x, who, invokeAction)
	if d.Outcome == iam.Allowed {
		return nil
	}
	return &program.Refusal{Type: program.AccessDenied, Message: d.Denial(&r, iam.Brief)}
}

// notSigned is the answer to a request that does not prove who sent it.
// parity: spec/security.md 1.9.
func notSigned(err error) error {
	e, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		return fmt.Errorf("verify a signature: %w", err)
	}
	return &program.Refusal{Type: program.ResponseType(e.Response()), ErrorType: e.Type(), Message: e.Message, Cause: err}
}

// RefuseUnrouted answers what no method is for. An Authorization field that is
// no signature is told of first, as on methods with AWS_IAM: what clients see
// that send a token to a path that is not there.
// parity: spec/rest-data-plane.md 1.2, 2.3.
func RefuseUnrouted() program.Step {
	missing := program.MissingAuthenticationToken.Refuse(nil)
	return program.Step{Name: "refuse", Note: string(missing.Type) + ": no such route", Run: func(x *program.Exchange) error {
		if len(x.Header("authorization")) == 0 {
			return missing
		}
		err := sigv4.Malformed(&sigv4.Request{Fields: sigv4.AppendFields(nil, x.Request.Fields)})
		if err == nil {
			return missing
		}
		return notSigned(err)
	}}
}

// consume lets the exchange know who is calling, and takes the signature out of
// it: no integration sees one.
// parity: spec/security.md 1.1, 1.7, 1.10.
func (a *signed) consume(x *program.Exchange, who *signer.Identity) {
	p := &who.Principal
	c := x.Known()
	c.AccessKey, c.AccountID, c.Caller, c.User, c.UserARN = who.AccessKey, p.Account, p.ID, p.ID, p.ARN
	c.Signer, c.Permits = who, a.permits
	if len(x.Header("authorization")) == 0 { // an empty one is none: the signature is in the query
		x.DropQuery(sigv4.IsAuthentication)
	}
	x.Request.Fields = slices.DeleteFunc(x.Request.Fields, func(f http1.Field) bool { return http1.EqualFold(f.Name, "authorization") })
}

// decide asks about an action on the method that is called.
func (a *signed) decide(x *program.Exchange, who *signer.Identity, action string) (iam.Decision, iam.Request) {
	arn := methodARN(x, a.prefix)
	return who.Decide(&signer.Question{
		Action:   action,
		Resource: unsafe.String(unsafe.SliceData(arn), len(arn)), //nolint:gosec // in the exchange's memory, which the decision does not outlive
		Policy:   a.policy, Owner: a.account,
		Circumstance: func(key string) (iam.Attribute, bool) {
			value := circumstance(x, key)
			return iam.Attribute{Key: key, Value: value}, value != ""
		},
	})
}

// may implements program.Caller's Permits: the caller's own policies alone
// count, and those of other accounts have no say.
func (a *signed) may(x *program.Exchange, action string) bool {
	if x.Caller == nil || x.Caller.Signer == nil {
		return false
	}
	d, _ := a.decide(x, x.Caller.Signer, action)
	return d.Outcome == iam.Allowed
}
