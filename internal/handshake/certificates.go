// Package handshake decides what is decided in TLS handshakes: which certificate
// a client is shown, and which session tickets it may come back with.
//
// The laws: a client that names a host is shown a certificate of that host, if
// there is one. A ticket key issues tickets for a day and is known for a week; it
// is in no file and in no log, and leaves the process only to the one that takes
// its place.
package handshake

import (
	"crypto/tls"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/hostname"
)

// Certificates are certificates by the names that they are for. They do not
// change, so any number of handshakes may ask at a time.
type Certificates struct {
	byName map[string][]*tls.Certificate // in the order in which they were given
	others []*tls.Certificate            // of names that there is none for
	alone  bool
}

// NewCertificates takes certificates with their leaves, at least one. The first is
// for clients that name no host, or one that none of them is for.
func NewCertificates(all []tls.Certificate) *Certificates {
	c := &Certificates{byName: map[string][]*tls.Certificate{}, alone: len(all) == 1}
	for i := range all {
		cert := &all[i]
		names := cert.Leaf.DNSNames
		if len(names) == 0 && len(cert.Leaf.IPAddresses) == 0 {
			names = []string{cert.Leaf.Subject.CommonName} // as older certificates have it, and some clients still read it
		}
		for _, name := range names {
			name = strings.TrimSuffix(strings.ToLower(name), ".")
			if !slices.Contains(c.byName[name], cert) {
				c.byName[name] = append(c.byName[name], cert)
			}
		}
	}
	c.others = []*tls.Certificate{&all[0]}
	return c
}

// of are the certificates that one may be chosen from for a host.
func (c *Certificates) of(host []byte) []*tls.Certificate {
	if list, ok := hostname.Lookup(c.byName, host); ok {
		return list
	}
	return c.others
}

// Alone says that there is one certificate, so nothing to choose.
func (c *Certificates) Alone() bool { return c.alone }

// Find is tls.Config.GetCertificate. Of several for a name, the first counts that
// the client can verify.
func (c *Certificates) Find(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	list := c.of([]byte(hello.ServerName))
	if len(list) > 1 {
		for _, cert := range list {
			if hello.SupportsCertificate(cert) == nil {
				return cert, nil
			}
		}
	}
	return list[0], nil
}

// Misdirected says whether a request for a host has come on a connection to which
// it does not belong: the client named serverName and would have been shown
// another certificate, had it named the host. A client that named none has asked
// for nobody in particular.
// parity: spec/security.md 8.4, recommended.
func (c *Certificates) Misdirected(serverName string, host []byte) bool {
	if serverName == "" || string(host) == serverName {
		return false
	}
	shown := c.of([]byte(serverName))
	for _, cert := range c.of(host) {
		if slices.Contains(shown, cert) {
			return false
		}
	}
	return true
}
