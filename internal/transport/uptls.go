package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/stagedoor/stagedoor/internal/program"
)

// sessions is how many TLS sessions are kept for one origin.
const sessions = 64

// tlsConfig is how an origin is spoken to over TLS: 1.2 at least, and HTTP/1.1.
func (u *Upstreams) tlsConfig(o *program.Origin) *tls.Config {
	c := &tls.Config{
		RootCAs:    u.cfg.RootCAs,
		ServerName: o.ServerName,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},

		ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
	}
	if o.SkipVerify {
		c.InsecureSkipVerify = true // replaced by verifyLoosely
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyLoosely(s, o.ServerName) }
	}
	return c
}

// verifyLoosely is what insecureSkipVerification leaves: the name, the dates
// and that the chain hangs together up to the last certificate served, who
// need not be known.
// parity: API reference, TlsConfig; security.md 8.6.
func verifyLoosely(s tls.ConnectionState, name string) error {
	chain := s.PeerCertificates
	if len(chain) == 0 {
		return errors.New("upstream sent no certificate")
	}
	opts := x509.VerifyOptions{DNSName: name, Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	opts.Roots.AddCert(chain[len(chain)-1])
	if _, err := chain[0].Verify(opts); err != nil {
		return fmt.Errorf("verify certificate loosely: %w", err)
	}
	return nil
}
