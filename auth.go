package stagedoor

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/guard"
	"github.com/stagedoor/stagedoor/internal/control/iam"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Protected says whether AWS calls must be signed by a known key: if Auth says
// so, or says nothing and Listen can be reached from elsewhere.
func (c *Config) Protected() bool { return c.Auth == "on" || c.Auth == "" && !loopback(c.Listen) }

// shortestSecret is how long the secret of the root must be, in characters:
// AWS's have 40.
const shortestSecret = 16

// checkAuth looks at who may call the control plane. No problem shows a secret.
func (c *Config) checkAuth(bad func(format string, args ...any)) {
	if c.Auth != "" && c.Auth != "off" && c.Auth != "on" {
		bad("auth %q: must be off or on", c.Auth)
		return
	}
	id, secret := c.RootAccessKeyID, c.RootSecretAccessKey
	switch {
	case !c.Protected() && !loopback(c.Listen):
		bad("listen %q: the control plane is not protected (auth off), so it listens on loopback only; serve API traffic elsewhere with --invoke-listen", c.Listen)
	case c.Protected() && (id == "" || secret == "") && c.Auth == "":
		bad("listen %q: beyond loopback AWS calls must be signed; name the first key with --root-access-key-id and --root-secret-access-key", c.Listen)
	case c.Protected() && (id == "" || secret == ""):
		bad("auth on: name the first key with --root-access-key-id and --root-secret-access-key")
	case (id == "") != (secret == ""):
		bad("root-access-key-id and root-secret-access-key: give both or none")
	}
	if id != "" && (len(id) < 16 || len(id) > 128 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "") {
		bad("root-access-key-id: must be 16 to 128 capital letters and digits, such as AKIAIOSFODNN7EXAMPLE")
	}
	if secret != "" && len(secret) < shortestSecret {
		bad("root-secret-access-key: must have %d characters or more", shortestSecret)
	}
}

// checkProxies looks at who may tell the address of a client.
func (c *Config) checkProxies(bad func(format string, args ...any)) {
	if _, err := c.proxies(); err != nil {
		bad("%w", err)
	}
	if c.ProxyProtocol && len(c.TrustedProxies) == 0 {
		bad("proxy-protocol: say whose word to take with --trusted-proxy")
	}
}

// proxies are the networks of the trusted proxies.
func (c *Config) proxies() (all []netip.Prefix, err error) {
	for _, text := range c.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil || a.Zone() != "" {
				return nil, fmt.Errorf("trusted-proxy %q: must be an address or a network such as 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, fmt.Errorf("trusted-proxy %q: write an IPv4 network as such", text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// openIdentities makes the book of who may do what, and reads it.
func (s *Server) openIdentities(ctx context.Context) error {
	known := iam.New(s.store, iam.Config{Account: s.cfg.Account})
	s.book = identity.New(identity.Config{
		Account: s.cfg.Account, Root: identity.Key{ID: s.cfg.RootAccessKeyID, Secret: s.cfg.RootSecretAccessKey},
		Known: known.AWSPolicyText, Explain: s.cfg.ExplainSignatures,
	})
	s.sessions = identity.NewSessions(s.watched, s.book, s.cfg.Log)
	err := s.store.View(ctx, func(tx store.Tx) error { return s.book.Refresh(tx, nil, true) })
	if err != nil {
		return fmt.Errorf("load identities: %w", err)
	}
	return nil
}

// protect has the control plane that listens ask who calls. Without protection
// a call is taken for whoever's key it names, as far as that is known.
func (s *Server) protect(cfg *control.Config) {
	if s.cfg.Protected() {
		cfg.Guard = guard.New(guard.Config{Book: s.book, Account: s.cfg.Account, Region: s.cfg.Region})
		return
	}
	cfg.Identify = func(_ *http.Request, scope control.Scope) (control.Caller, error) {
		who := s.book.Holder(scope.AccessKey)
		if who == nil {
			return control.Root(s.cfg.Region, s.cfg.Account, scope.AccessKey), nil
		}
		p := &who.Principal
		return control.Caller{Account: p.Account, AccessKey: scope.AccessKey, ARN: p.ARN, UserID: p.ID}, nil
	}
}

// shield keeps web pages away from a control plane that asks nobody for a
// signature. A page cannot make one.
func (s *Server) shield(h http.Handler) http.Handler {
	if s.cfg.Protected() {
		return h
	}
	return control.NoForeignPages(h)
}
