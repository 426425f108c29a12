package handshake_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stagedoor/stagedoor/internal/handshake"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// place is a listener's TLS and a client of it that keeps tickets.
type place struct {
	server, client *tls.Config
}

// meet has the client connect, and says whether it was known.
func (p place) meet(t *testing.T) (resumed bool) {
	t.Helper()
	here, there := net.Pipe()
	done := make(chan error, 1)
	go func() {
		c := tls.Server(there, p.server)
		_, err := c.Write([]byte("x")) // the ticket of TLS 1.3 goes before it
		done <- err
		_ = c.Close()
	}()
	c := tls.Client(here, p.client)
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	resumed = c.ConnectionState().DidResume
	_ = here.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return resumed
}

func listener(keys *handshake.Tickets, cert tls.Certificate) *tls.Config {
	return keys.Config(&tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
}

func visitor(pool *x509.CertPool, version uint16) *tls.Config {
	return &tls.Config{RootCAs: pool, ServerName: "a.test", MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
}

func made(t *testing.T, before []byte) *handshake.Tickets {
	t.Helper()
	keys, err := handshake.NewTickets(before, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestTickets: who comes again is known, at each listener of the process and at
// the process after it, but at no other.
func TestTickets(t *testing.T) {
	cert, pool := transporttest.Certificate(t, "a.test")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			keys := made(t, nil)
			client := visitor(pool, version)
			for i, at := range []struct {
				name  string
				keys  *handshake.Tickets
				known bool
			}{
				{"at first", keys, false},
				{"again", keys, true},
				{"at another listener", keys, true},
				{"at the process after it", made(t, keys.Bytes()), true},
				{"at a stranger's", made(t, nil), false},
			} {
				if got := (place{listener(at.keys, cert), client}).meet(t); got != at.known {
					t.Errorf("%d, %s: known %v, want %v", i, at.name, got, at.known)
				}
			}
		})
	}
}

// TestTicketsRotate: a key issues for a day, is known for a week and then no
// more, also if it came from the process before.
func TestTicketsRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		cert, pool := transporttest.CertificateUntil(t, time.Now().Add(100*day), "a.test")
		keys := made(t, nil)
		first := bytes.Clone(keys.Bytes())
		time.Sleep(day - time.Second)
		if !bytes.Equal(keys.Bytes(), first) {
			t.Error("the key was changed within a day")
		}
		early := visitor(pool, tls.VersionTLS12)
		early.InsecureSkipVerify = true // the certificate is not valid yet
		if (place{listener(keys, cert), early}).meet(t) {
			t.Error("known at first")
		}
		time.Sleep(time.Second)
		second := keys.Bytes()
		if len(second) != 2*len(first) || !bytes.HasSuffix(second, first) || bytes.Equal(second[8:40], first[8:40]) {
			t.Errorf("after a day %d bytes of keys, want a new one before the old", len(second))
		}
		for days := range 6 {
			if days == 3 {
				keys = made(t, keys.Bytes()) // an upgrade changes nothing
			}
			if !(place{listener(keys, cert), clone(early)}).meet(t) {
				t.Errorf("not known after %d days", days+1)
			}
			time.Sleep(day)
		}
		if n := len(keys.Bytes()); n > handshake.MostBytes {
			t.Errorf("%d bytes of keys, want at most %d", n, handshake.MostBytes)
		}
		time.Sleep(day) // the eighth begins: the first key is forgotten
		if b := keys.Bytes(); bytes.Contains(b, first) || len(b) > handshake.MostBytes {
			t.Errorf("after a week the first key is still among %d bytes", len(b))
		}
		if (place{listener(keys, cert), clone(early)}).meet(t) {
			t.Error("known after a week")
		}
	})
}

// clone is a client with the same ticket, which stays as it was.
func clone(c *tls.Config) *tls.Config {
	next := c.Clone()
	next.ClientSessionCache = once{c.ClientSessionCache}
	return next
}

// once takes no new tickets.
type once struct{ tls.ClientSessionCache }

func (once) Put(string, *tls.ClientSessionState) {}

// TestTicketsLive: keys that are changed count for listeners that serve, at once.
func TestTicketsLive(t *testing.T) {
	cert, pool := transporttest.Certificate(t, "a.test")
	now := time.Now()
	keys, err := handshake.NewTickets(nil, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	at := place{listener(keys, cert), visitor(pool, tls.VersionTLS13)}
	at.meet(t)
	now = now.Add(25 * time.Hour)
	if !at.meet(t) { // has a ticket of the new key now
		t.Error("the old key is not known any more")
	}
	later, err := handshake.NewTickets(keys.Bytes()[:40], func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if !(place{listener(later, cert), at.client}).meet(t) {
		t.Error("the ticket was not issued with the new key")
	}
}

// TestTicketsOfBefore: what cannot be keys is refused, and none is told of.
func TestTicketsOfBefore(t *testing.T) {
	for _, n := range []int{1, 39, 41, handshake.MostBytes + 40} {
		if _, err := handshake.NewTickets(bytes.Repeat([]byte("k"), n), time.Now); err == nil || bytes.Contains([]byte(err.Error()), []byte("kkk")) {
			t.Errorf("%d bytes: %v, want an error without them", n, err)
		}
	}
	// a clock that was set back makes no key live longer
	later := func() time.Time { return time.Now().Add(1000 * time.Hour) }
	future, err := handshake.NewTickets(nil, later)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	keys, err := handshake.NewTickets(future.Bytes(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(25 * time.Hour)
	if got := len(keys.Bytes()); got != 80 {
		t.Errorf("%d bytes of keys a day later, want 80", got)
	}
	if s := fmt.Sprint(future, keys); bytes.Contains([]byte(s), future.Bytes()[8:40]) {
		t.Error("keys print themselves")
	}
}
