package stagedoor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// door is a listener that stands for a VPC endpoint.
type door struct {
	endpoint program.Endpoint
	addr     string
	server   *transport.Server
}

// doorForm is vpce-ID=HOST:PORT or vpce-ID@vpc-ID=HOST:PORT.
const doorForm = `^(vpce-[0-9a-z]+)(?:@(vpc-[0-9a-z]+))?=(.+)$`

// parseDoor reads an entry of PrivateListen.
func parseDoor(text string) (door, error) {
	parts := regexp.MustCompile(doorForm).FindStringSubmatch(text)
	if parts == nil {
		return door{}, fmt.Errorf("private-listen %q: must be vpce-ID=HOST:PORT or vpce-ID@vpc-ID=HOST:PORT", text)
	}
	if _, _, err := net.SplitHostPort(parts[3]); err != nil {
		return door{}, fmt.Errorf("private-listen %q: must end in HOST:PORT", text)
	}
	return door{endpoint: program.Endpoint{ID: parts[1], VPC: parts[2]}, addr: parts[3]}, nil
}

// openDoors makes the servers of private APIs. The gateway is there.
func (s *Server) openDoors(drive transport.Config) error {
	for _, text := range s.cfg.PrivateListen {
		d, _ := parseDoor(text) // Check has looked at it
		if err := s.cfg.policyOf(&d.endpoint); err != nil {
			return err
		}
		drive.Handler = s.gateway.Private(d.endpoint)
		d.server = transport.NewServer(drive)
		s.doors = append(s.doors, d)
	}
	return nil
}

// policyOf reads the policy of an endpoint, if it has one.
func (c *Config) policyOf(e *program.Endpoint) error {
	for _, text := range c.VPCEndpointPolicies {
		id, file, _ := strings.Cut(text, "=")
		if id != e.ID {
			continue
		}
		document, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("vpc-endpoint-policy: %w", err)
		}
		if e.Policy, err = iam.Parse(document, iam.Resource); err != nil {
			return fmt.Errorf("vpc-endpoint-policy %s: %w", file, err)
		}
	}
	return nil
}

// listenPrivate opens the sockets of private APIs.
func (s *Server) listenPrivate(ctx context.Context) (all []net.Listener, err error) {
	for i, text := range s.cfg.PrivateListen {
		d, _ := parseDoor(text) // Check has looked at it
		ln, err := s.socket(ctx, socketName("private-listen", i, text), d.addr)
		if err != nil {
			return all, fmt.Errorf("private-listen: %w", err)
		}
		all = append(all, ln)
	}
	return all, nil
}

// servePrivate serves private APIs until ctx is done.
func (s *Server) servePrivate(ctx context.Context, front *errgroup.Group, listeners []net.Listener, config *tls.Config) {
	for i, ln := range listeners {
		front.Go(func() error {
			if config != nil {
				return s.doors[i].server.ServeTLS(ctx, ln, config)
			}
			return s.doors[i].server.Serve(ctx, ln)
		})
	}
}

// believed says whose word about clients is taken over the PROXY protocol; nil:
// nobody's.
func (c *Config) believed() func(remote netip.Addr) bool {
	if !c.ProxyProtocol {
		return nil
	}
	proxies, _ := c.proxies() // Check has looked at them
	return func(remote netip.Addr) bool {
		for _, p := range proxies {
			if p.Contains(remote.Unmap().WithZone("")) {
				return true
			}
		}
		return false
	}
}

// forwarding are the proxies whose X-Forwarded-For is believed: one source
// counts, never two.
func (c *Config) forwarding() []netip.Prefix {
	if c.ProxyProtocol {
		return nil
	}
	proxies, _ := c.proxies() // Check has looked at them
	return proxies
}

// checkDoors looks at the listeners of private APIs.
func (c *Config) checkDoors(bad func(format string, args ...any)) {
	seen := map[string]bool{}
	for _, text := range c.PrivateListen {
		d, err := parseDoor(text)
		switch {
		case err != nil:
			bad("%w", err)
		case seen[d.endpoint.ID]:
			bad("private-listen %q: %s has a listener already", strings.TrimSpace(text), d.endpoint.ID)
		}
		seen[d.endpoint.ID] = true
	}
	for _, text := range c.VPCEndpointPolicies {
		if id, file, _ := strings.Cut(text, "="); !seen[id] || file == "" {
			bad("vpc-endpoint-policy %q: must be vpce-ID=FILE, for an endpoint of --private-listen", text)
		}
	}
}
