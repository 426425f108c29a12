// Package guard protects the control plane: it verifies who signed a call and
// asks their policies whether they may make it.
//
// What a call needs (actions, each on a resource) is told by the operation's
// row in the wire table and by small tables per service, from the decoded input
// and never from the bytes that were sent: two spellings of one name are one
// resource here, as they are to the handler.
package guard

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// Config is all that a Guard is told. Book is needed.
type Config struct {
	Book *identity.Book

	// Partition, Account and Region are what ARNs are made of. Partition is
	// "aws" by default.
	Partition, Account, Region string

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Guard implements control.Guard.
type Guard struct{ cfg Config }

// New makes a guard.
func New(cfg Config) *Guard {
	if cfg.Partition == "" {
		cfg.Partition = "aws"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Guard{cfg: cfg}
}

// wideSkew is how far the clocks of callers of STS and IAM may be off.
// parity: spec/security.md 1.6
const wideSkew = 15 * time.Minute

// expect is what the signature of a call must be made for.
func (g *Guard) expect(in *control.Incoming) *sigv4.Expect {
	if in.Service == nil {
		want := &sigv4.Expect{Service: in.Scope.Service}
		if in.Scope.Service == "s3" {
			want.PlainPath, want.EncodedOnce, want.UnsignedBody = true, true, true
		}
		return want
	}
	want := &sigv4.Expect{Service: in.Service.Signing, Region: g.cfg.Region}
	switch in.Service.Name {
	case "sts", "iam": // global: clients sign for the first region of a partition, wherever they are
		want.Region, want.Skew = "", wideSkew
	}
	return want
}

// Identify implements control.Guard.
func (g *Guard) Identify(in *control.Incoming) (control.Caller, error) {
	who, err := g.cfg.Book.Verify(sigv4.FromHTTP(in.HTTP, in.Body), g.expect(in), g.cfg.Now())
	if err != nil {
		if wrong, ok := errors.AsType[*sigv4.Error](err); ok {
			return control.Caller{}, unsigned(wrong, in.Protocol)
		}
		return control.Caller{}, fmt.Errorf("verify the signature: %w", err)
	}
	p := &who.Principal
	return control.Caller{Account: p.Account, AccessKey: who.AccessKey, ARN: p.ARN, UserID: p.ID, Signed: who}, nil
}

// unsigned is the answer to a call that does not prove who sent it, in the
// words of its protocol.
// parity: spec/security.md 1.9; the services' pages "Common Errors": those of
// one path answer 400 in JSON
func unsigned(e *sigv4.Error, p wire.Protocol) *fault.Error {
	out := &fault.Error{Kind: fault.Denied, Type: e.Type(), Message: e.Message, Status: sigv4.Status}
	switch p {
	case wire.AWSQuery:
		out.Type, out.Status = e.Query()
		if e.Kind == sigv4.Missing {
			out.Message = "Request is missing Authentication Token"
		}
	case wire.AWSJSON10, wire.AWSJSON11, wire.RPCCBOR:
		out.Status = http.StatusBadRequest
	default:
	}
	return out
}

// Authorise implements control.Guard.
func (g *Guard) Authorise(in *control.Incoming, who control.Caller, input any) error {
	if who.Signed == nil {
		return unsigned(&sigv4.Error{Kind: sigv4.Missing, Message: "Missing Authentication Token"}, in.Protocol)
	}
	if in.Service == nil {
		return g.ask(in, who, nil, need{in.Elsewhere, "*"})
	}
	if err := sessionLimits(in, who.Signed); err != nil {
		return err
	}
	for _, n := range g.needs(in, who, value{input}) {
		if err := g.ask(in, who, input, n); err != nil {
			return err
		}
	}
	return nil
}

// need is an action that a call must be allowed.
type need struct{ action, resource string }

// ask holds the caller to its policies.
func (g *Guard) ask(in *control.Incoming, who control.Caller, input any, n need) error {
	d, r := who.Signed.Decide(&identity.Question{
		Action: n.action, Resource: n.resource,
		Circumstance: func(key string) (iam.Attribute, bool) { return g.circumstance(in, value{input}, key) },
	})
	if d.Outcome == iam.Allowed {
		return nil
	}
	out := &fault.Error{Kind: fault.Denied, Message: d.Refusal(&r, iam.Reasoned), Status: http.StatusForbidden}
	switch in.Protocol {
	case wire.AWSQuery:
		out.Type = "AccessDenied"
	case wire.AWSJSON10, wire.AWSJSON11, wire.RPCCBOR:
		out.Type, out.Status = "AccessDeniedException", http.StatusBadRequest
	default:
		out.Type = "AccessDeniedException"
	}
	return out
}

// sessionLimits keeps the sessions of users from what they may not call,
// whatever their policies say: IAM, and most of STS.
// parity: AWS STS API Reference, "GetSessionToken" and "GetFederationToken"
func sessionLimits(in *control.Incoming, id *identity.Identity) error {
	if !id.Temporary || id.Type == "AssumedRole" || id.Type == "Account" {
		return nil
	}
	refused := in.Service.Name == "iam"
	if in.Service.Name == "sts" && in.Operation.Name != "GetCallerIdentity" {
		refused = id.Type == "FederatedUser" || in.Operation.Name != "AssumeRole"
	}
	if !refused {
		return nil
	}
	return &fault.Error{Kind: fault.Denied, Type: "InvalidClientTokenId", Status: 403, Message: "The security token included in the request is invalid"}
}

// circumstance is an attribute of a call.
// parity: spec/security.md 2.5
func (g *Guard) circumstance(in *control.Incoming, input value, key string) (iam.Attribute, bool) {
	if text, ok := g.plain(in, key); ok {
		return iam.Attribute{Key: key, Value: text}, text != ""
	}
	name, tag := strings.CutPrefix(key, "aws:requesttag/")
	if !tag && key != "aws:tagkeys" {
		return iam.Attribute{}, false
	}
	tags := input.tags()
	if !tag {
		var keys []string
		for k := range tags {
			keys = append(keys, k)
		}
		return iam.Attribute{Key: key, Values: keys}, len(keys) > 0
	}
	for k, v := range tags {
		if strings.EqualFold(k, name) {
			return iam.Attribute{Key: key, Value: v}, true
		}
	}
	return iam.Attribute{}, false
}

func (g *Guard) plain(in *control.Incoming, key string) (text string, ok bool) {
	switch key {
	case "aws:sourceip":
		return control.Address(in.HTTP.RemoteAddr), true
	case "aws:useragent":
		return in.HTTP.UserAgent(), true
	case "aws:referer":
		return in.HTTP.Referer(), true
	case "aws:securetransport":
		return fmt.Sprint(in.HTTP.TLS != nil), true
	}
	return identity.Circumstances(key, g.cfg.Now(), g.cfg.Region, g.cfg.Account)
}
