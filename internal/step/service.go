package step

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/stagedoor/stagedoor/internal/engine/awscall"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Credential is what calls to services of AWS are signed with.
type Credential struct {
	AccessKey, Secret string
	Token             string // of a session; empty for a long-term key
}

// Credentials are those that calls may be made with.
type Credentials interface {
	// Own is the node's own.
	Own() Credential
	// Ready says that Assume of a role will not wait.
	Ready(roleARN string) bool
	// Assume is what API Gateway acts with under a role. The error says why it
	// may not.
	Assume(ctx context.Context, roleARN string) (Credential, error)
	// Caller is the credential of an access key of the caller's.
	Caller(accessKey string) (Credential, bool)
	// Allows says whether the policies of who holds an access key let them do
	// action on resource.
	Allows(accessKey, action, resource string) bool
}

// Services is where calls to services of AWS go, and what signs them. It
// outlives deployments.
type Services struct {
	places *awscall.Endpoints
	signer sigv4.Signer
	rooms  sync.Pool // of *signRoom
}

// NewServices makes the services that have a place.
func NewServices(places *awscall.Endpoints) *Services { return &Services{places: places} }

// signRoom is the memory that one signature is made in.
type signRoom struct {
	request sigv4.Request
	as      sigv4.Signature
	fields  [32]sigv4.Field
}

// asCaller stands for a role in credentials: the caller's own.
const asCaller = "arn:aws:iam::*:user/*"

// actor is whose credentials a call is made with.
type actor struct {
	role string // ARN; empty: the node's own
	of   Credentials
}

var errNoCaller = errors.New("the caller's credentials are to be used, and the caller has signed nothing")

// actor compiles an integration's or an authorizer's credentials.
func (s Scope) actor(credentials *string) actor {
	a := actor{of: s.Credentials}
	if credentials != nil {
		a.role = s.fillVariables(*credentials)
	}
	return a
}

// named says whether a role, or the caller, is to be asked.
func (a *actor) named() bool { return a.role != "" && a.of != nil }

// quick says that find will not wait.
func (a *actor) quick(*program.Exchange) bool {
	return !a.named() || strings.HasPrefix(a.role, asCaller) || a.of.Ready(a.role)
}

// find is the credential of a call. Nobody's is the zero one.
func (a *actor) find(x *program.Exchange) (Credential, error) {
	switch {
	case a.of == nil:
		return Credential{}, nil
	case a.role == "":
		return a.of.Own(), nil
	case strings.HasPrefix(a.role, asCaller):
		if x.Caller != nil && x.Caller.AccessKey != "" {
			if c, ok := a.of.Caller(x.Caller.AccessKey); ok {
				return c, nil
			}
		}
		return Credential{}, errNoCaller
	}
	return a.of.Assume(x.Context(), a.role)
}

// mayInvoke says whether a function may be called with a role's or the
// caller's credentials.
// parity: spec/services-observability.md 7.5; the function's own policy is not
// asked then.
func (a *actor) mayInvoke(x *program.Exchange, function string) error {
	if !a.named() {
		return nil
	}
	c, err := a.find(x)
	if err != nil {
		return err
	}
	if !a.of.Allows(c.AccessKey, "lambda:InvokeFunction", function) {
		return fmt.Errorf("%w: %s is not allowed to perform lambda:InvokeFunction", errPermission, a.role)
	}
	return nil
}
