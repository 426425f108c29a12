package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/limit/memo"
)

// ErrUntrusted says that there is no such role, or that it does not trust the
// service that wants to act under it.
var ErrUntrusted = errors.New("identity: the role cannot be assumed")

// services remembers the credentials of services, so that a role is assumed
// once for many requests.
type services struct{ known *memo.Memo[Credentials] }

const (
	maxServices = 10_000
	// renewal is how long before their end credentials are asked for anew.
	renewal = 5 * time.Minute
)

func newServices() services {
	return services{memo.New[Credentials](maxServices, maxServices<<10)}
}

// ForService gives credentials to a service of AWS's, such as
// apigateway.amazonaws.com, that acts under a role. The role must exist and its
// trust policy must let the service assume it: else the error is ErrUntrusted.
// What it gives is good for five minutes at least and shared by all who ask.
func (s *Sessions) ForService(ctx context.Context, roleARN, service string) (Credentials, error) {
	name := "BackplaneAssumeRoleSession" // parity: what CloudTrail shows of API Gateway
	return s.forService(ctx, &serving{roleARN, service, name, roleDefault * time.Second, roleDefault*time.Second - renewal})
}

// Sessions of functions.
// parity: IAM User Guide, "Update the settings for a role": the maximum session
// duration does not limit sessions that services assume
const (
	functionSession = 12 * time.Hour
	functionShared  = 4 * time.Hour // for which one session is given to all who ask
)

// ForFunction gives credentials to a function that runs under its execution
// role, which must trust lambda.amazonaws.com: else the error is ErrUntrusted.
// The session has the function's name. What it gives is good for eight hours at
// least and shared by the environments of the function.
func (s *Sessions) ForFunction(ctx context.Context, roleARN, function string) (Credentials, error) {
	return s.forService(ctx, &serving{roleARN, "lambda.amazonaws.com", function, functionSession, functionShared})
}

// serving is a service that wants to act under a role.
type serving struct {
	role, service string
	name          string        // of the session
	length        time.Duration // of the session
	shared        time.Duration // how long others who ask are given the same one
}

func (s *Sessions) forService(ctx context.Context, w *serving) (Credentials, error) {
	role, err := s.trusts(w)
	if err != nil {
		return Credentials{}, err
	}
	// A role that was made anew under an old name is another role.
	who := memo.Scope(sha256.Sum256([]byte(w.role + "\x00" + role.ID + "\x00" + w.service + "\x00" + w.name)))
	return s.serve.known.Ask(ctx, &who, nil, func() (memo.Answer[Credentials], error) {
		doc := api.Session{Kind: KindRole, Holder: role.Name, HolderID: role.ID, Name: w.name}
		got, err := s.begin(ctx, &Wish{Role: w.role, Name: w.name}, doc, int32(w.length/time.Second))
		if err != nil {
			return memo.Answer[Credentials]{}, err
		}
		return memo.Answer[Credentials]{Value: got, Size: 1 << 10, For: w.shared, Group: w.role}, nil
	})
}

// trusts is the role, if it trusts a service.
func (s *Sessions) trusts(w *serving) (*entity, error) {
	roleARN, service := w.role, w.service
	s.book.mu.RLock()
	role := s.book.roleByARN(roleARN)
	s.book.mu.RUnlock()
	if role == nil {
		return nil, fmt.Errorf("%w: there is no role %s", ErrUntrusted, roleARN)
	}
	policies := iam.Policies{Resource: role.trust}
	r := iam.Request{
		Action: "sts:AssumeRole", Resource: roleARN, Principal: &iam.Principal{Kind: iam.Service, Name: service},
		Attributes: []iam.Attribute{
			{Key: "aws:sourceaccount", Value: s.book.cfg.Account},
			{Key: "sts:rolesessionname", Value: w.name},
			{Key: "aws:principalisawsservice", Value: "true"},
			{Key: "aws:principalservicename", Value: service},
		},
	}
	if policies.Decide(&r).Outcome != iam.Allowed {
		return nil, fmt.Errorf("%w: %s does not trust %s", ErrUntrusted, roleARN, service)
	}
	return role, nil
}

// OfRole is who acts under credentials that ForService gave; nil if they are
// over.
func (s *Sessions) OfRole(c Credentials) *Identity { return s.book.Holder(c.AccessKeyID) }
