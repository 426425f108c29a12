package transport_test

import (
	"crypto"
	"crypto/tls"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// TestHandshakeAtTheEnd: a handshake that is done when nothing may be idle any
// more ends its own connection, not the process: moving it to a loop panicked.
func TestHandshakeAtTheEnd(t *testing.T) {
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	signer, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatal("no key to sign with")
	}
	cert.PrivateKey = laborious{signer, 300 * time.Millisecond}
	addr, s, stop := startTLS(t, transport.Config{Handler: routes{"*": fixed(200, "x")}}, &tls.Config{Certificates: []tls.Certificate{cert}})
	done := make(chan struct{})
	for range 4 {
		go func() {
			if c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool}); err == nil {
				_, _ = c.Read(make([]byte, 1)) // its end
				_ = c.Close()
			}
			done <- struct{}{}
		}()
	}
	await(t, "they shake hands", func() bool { return s.Counters.Open.Load() == 4 })
	stop()
	for range 4 {
		<-done
	}
}
