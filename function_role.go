package stagedoor

import (
	"context"
	"errors"
	"time"

	"github.com/stagedoor/stagedoor/internal/identity"
	host "github.com/stagedoor/stagedoor/internal/lambda"
)

const (
	// lastCall is how long before the end of its session an environment takes
	// its last call: a function may take 15 minutes, and clocks differ.
	lastCall = 20 * time.Minute

	// strangers is how long an environment lives whose role cannot be assumed:
	// the next one asks again.
	strangers = 15 * time.Minute
)

// executionRoles gives functions credentials of their execution roles. It is
// nil where calls need no signature: any key will do there.
func (s *Server) executionRoles() func(ctx context.Context, function, role string) (host.Credentials, error) {
	if !s.cfg.Protected() {
		return nil
	}
	return func(ctx context.Context, function, role string) (host.Credentials, error) {
		c, err := s.sessions.ForFunction(ctx, role, function)
		if errors.Is(err, identity.ErrUntrusted) {
			s.cfg.Log.Warn("a function gets no credentials", "function", function, "error", err)
			return host.Credentials{Until: time.Now().Add(strangers)}, nil
		}
		if err != nil {
			return host.Credentials{}, err
		}
		return host.Credentials{
			AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, Until: c.Expires.Add(-lastCall),
		}, nil
	}
}
