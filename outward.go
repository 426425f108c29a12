package stagedoor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/awscall"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/links"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// outward is what integrations reach beyond this process: services of AWS and
// VPC links.
type outward struct {
	services *step.Services
	links    *links.Links
	actors   *actors
	remote   *remote // functions that another host runs; nil: the built-in one does
}

// callable are the functions that programs call: the built-in host's, unless an
// endpoint for Lambda is named.
func (s *Server) callable() step.Functions {
	if s.outward.remote != nil {
		return s.outward.remote
	}
	return s.functions.Gate()
}

// openOutward makes it of what Check has accepted. The identities are there.
func (s *Server) openOutward() error {
	places, err := awscall.ParseEndpoints(s.cfg.AWSEndpoints)
	if err != nil {
		return err
	}
	if s.outward.links, err = links.Parse(s.cfg.VPCLinks); err != nil {
		return err
	}
	s.outward.services = step.NewServices(places)
	s.outward.actors = &actors{book: s.book, sessions: s.sessions, own: step.Credential{
		AccessKey: s.cfg.AWSAccessKeyID, Secret: s.cfg.AWSSecretAccessKey, Token: s.cfg.AWSSessionToken,
	}}
	if s.outward.actors.own.AccessKey == "" {
		s.outward.actors.own = step.Credential{AccessKey: "test", Secret: "test"}
	}
	if places.Named(lambdaName) {
		s.outward.remote = newRemote(places, s.outward.actors.own)
	}
	return nil
}

// reach lets programs reach beyond this process.
func (o *outward) reach(env compile.Env) compile.Env {
	env.Services, env.Credentials, env.Links = o.services, o.actors, o.links
	return env
}

// actors implements step.Credentials with the identities of this process.
type actors struct {
	book     *identity.Book
	sessions *identity.Sessions
	own      step.Credential
	leases   sync.Map // role -> *lease
}

// lease is what was found of a role a moment ago.
type lease struct {
	credential step.Credential
	at         time.Time
}

// leased is for how long a role is not asked for again: a role that trusts API
// Gateway no more is of no use after that.
const leased = time.Second

// gatewayService is who acts under roles of integrations.
const gatewayService = "apigateway.amazonaws.com"

// Own implements step.Credentials.
func (a *actors) Own() step.Credential { return a.own }

// Ready implements step.Credentials.
func (a *actors) Ready(role string) bool { return a.lease(role) != nil }

func (a *actors) lease(role string) *lease {
	v, ok := a.leases.Load(role)
	if l, is := v.(*lease); ok && is && time.Since(l.at) < leased {
		return l
	}
	return nil
}

// Assume implements step.Credentials.
// parity: the words are those of API Gateway's execution log.
func (a *actors) Assume(ctx context.Context, role string) (step.Credential, error) {
	if l := a.lease(role); l != nil {
		return l.credential, nil
	}
	got, err := a.sessions.ForService(ctx, role, gatewayService)
	if err != nil {
		a.leases.Delete(role)
		return step.Credential{}, fmt.Errorf("%w: %w", assumeError(role), err)
	}
	l := &lease{credential(got), time.Now()}
	a.leases.Store(role, l)
	return l.credential, nil
}

// assumeError says that a role cannot be used.
type assumeError string

// Error implements error.
func (role assumeError) Error() string {
	return "API Gateway does not have permission to assume the provided role " + string(role)
}

func credential(c identity.Credentials) step.Credential {
	return step.Credential{AccessKey: c.AccessKeyID, Secret: c.SecretAccessKey, Token: c.SessionToken}
}

// Caller implements step.Credentials.
func (a *actors) Caller(accessKey string) (step.Credential, bool) {
	c, ok := a.book.Signs(accessKey)
	return credential(c), ok
}

// Allows implements step.Credentials.
func (a *actors) Allows(accessKey, action, resource string) bool {
	who := a.book.Holder(accessKey)
	if who == nil {
		return false
	}
	d, _ := who.Decide(&identity.Question{Action: action, Resource: resource})
	return d.Outcome == iam.Allowed
}

// refuse keeps calls of integrations away from where no back end is: reserved
// addresses, and the admin port, which trusts who reaches it.
func (s *Server) refuse(to netip.AddrPort) error {
	if _, port, _ := net.SplitHostPort(s.admin); port != "" && to.Addr().Unmap().IsLoopback() && strconv.Itoa(int(to.Port())) == port {
		return fmt.Errorf("%w: the admin port", transport.ErrReserved)
	}
	return transport.RefuseReserved(to)
}
