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

// Identity is who upstreams are told that the gateway is: its origins are
// apart from those of others, so that no connection is shared.
type Identity struct {
	ups  *Upstreams
	id   string
	cert tls.Certificate
}

// Identity shows a certificate, which has an id of its own, to the upstreams
// that ask for one. Both are PEM; the key is PKCS #8.
func (u *Upstreams) Identity(id, certificate, key string) (*Identity, error) {
	cert, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		return nil, fmt.Errorf("client certificate %s: %w", id, err)
	}
	return &Identity{u, id, cert}, nil
}

// Origin is Upstreams.Origin for calls under the identity.
func (i *Identity) Origin(scheme, hostport, serverName string, skipVerify bool) *program.Origin {
	return i.ups.origin(program.Origin{
		Scheme: scheme, Address: hostport, ServerName: serverName, SkipVerify: skipVerify, Client: i.id,
	}, &i.cert)
}

// tlsConfig is how an origin is spoken to over TLS: 1.2 at least, and HTTP/1.1.
// cert may be nil.
func (u *Upstreams) tlsConfig(o *program.Origin, cert *tls.Certificate) *tls.Config {
	c := &tls.Config{
		RootCAs:    u.cfg.RootCAs,
		ServerName: o.ServerName,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},

		ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
	}
	if cert != nil { // whoever the upstream says that it trusts: its list need not name what signs itself
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
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
