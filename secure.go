package stagedoor

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/handshake"
)

// ticketsName is what the keys of TLS session tickets are handed over as. It
// changes with their form: who does not know it gets full handshakes.
const ticketsName = "tickets"

// secure is the TLS of InvokeListen and PrivateListen.
type secure struct {
	certificates *handshake.Certificates
	tickets      *handshake.Tickets
	config       *tls.Config // nil: they speak plain HTTP
}

// openSecure reads the certificates, and takes over the ticket keys of the
// process before.
func (s *Server) openSecure() error {
	if len(s.cfg.TLSCert) == 0 {
		return nil
	}
	var all []tls.Certificate
	for i, file := range s.cfg.TLSCert {
		cert, err := tls.LoadX509KeyPair(file, s.cfg.TLSKey[i])
		if err != nil {
			return fmt.Errorf("tls-cert: %w", err)
		}
		all = append(all, cert)
	}
	before, err := s.succession.estate.Text(ticketsName)
	if err != nil {
		return err
	}
	s.secure.certificates = handshake.NewCertificates(all)
	if s.secure.tickets, err = handshake.NewTickets(before, time.Now); err != nil {
		return err
	}
	s.secure.config = s.secure.tickets.Config(&tls.Config{
		GetCertificate: s.secure.certificates.Find, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
	return nil
}

// misdirected says which requests have come on another host's connection; nil:
// none can.
func (s *secure) misdirected() func(serverName string, host []byte) bool {
	if s.certificates == nil || s.certificates.Alone() {
		return nil
	}
	return s.certificates.Misdirected
}

// texts are what the process that takes our place is told.
func (s *secure) texts() map[string][]byte {
	if s.tickets == nil {
		return nil
	}
	return map[string][]byte{ticketsName: s.tickets.Bytes()}
}
