package handshake

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// How crypto/tls treats keys of its own. What it issues is good for a week at
// most, too.
const (
	issuesFor = 24 * time.Hour
	knownFor  = 7 * 24 * time.Hour
)

// Tickets are the keys of session tickets, which all listeners share, and this
// process with the one before it. Its methods may be called by any number of
// goroutines.
type Tickets struct {
	now func() time.Time

	mu      sync.Mutex
	keys    []ticketKey // the newest first, which issues
	configs []*tls.Config
}

type ticketKey struct {
	made   time.Time
	secret [32]byte
}

// keyBytes is what a key takes among Bytes: when it was made, in seconds, and the
// secret.
const keyBytes = 8 + len(ticketKey{}.secret)

// MostBytes is how long Bytes can be.
const MostBytes = (int(knownFor/issuesFor) + 2) * keyBytes

// NewTickets takes the keys of the process before, as Bytes gave them, or makes
// the first one if that is empty.
func NewTickets(before []byte, now func() time.Time) (*Tickets, error) {
	t := &Tickets{now: now}
	if len(before)%keyBytes != 0 || len(before) > MostBytes {
		return nil, errors.New("ticket keys of the process before: cannot be read")
	}
	for ; len(before) > 0; before = before[keyBytes:] {
		made := time.Unix(int64(binary.BigEndian.Uint64(before)), 0)
		if today := now(); made.After(today) {
			made = today // the clock was set back; no key lives longer for it
		}
		t.keys = append(t.keys, ticketKey{made, [32]byte(before[8:keyBytes])})
	}
	t.fresh()
	return t, nil
}

// Bytes are the keys for the process that takes our place. They are secret.
func (t *Tickets) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fresh()
	var b []byte
	for i := range t.keys {
		b = binary.BigEndian.AppendUint64(b, uint64(t.keys[i].made.Unix()))
		b = append(b, t.keys[i].secret[:]...)
	}
	return b
}

// Config is config with these keys. config is not to be changed any more.
func (t *Tickets) Config(config *tls.Config) *tls.Config {
	front := config.Clone()
	front.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.fresh()
		return config, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.configs = append(t.configs, config)
	t.hand(config)
	return front
}

// fresh makes a key if the newest has issued for long enough, and forgets those
// whose time is over.
func (t *Tickets) fresh() {
	now := t.now()
	if len(t.keys) > 0 && now.Sub(t.keys[0].made) < issuesFor {
		return
	}
	keys := []ticketKey{{made: now}}
	_, _ = rand.Read(keys[0].secret[:]) // it ends the process rather than fail
	for _, k := range t.keys {
		if now.Sub(k.made) < knownFor {
			keys = append(keys, k)
		}
	}
	t.keys = keys
	for _, config := range t.configs {
		t.hand(config)
	}
}

func (t *Tickets) hand(config *tls.Config) {
	secrets := make([][32]byte, len(t.keys))
	for i := range t.keys {
		secrets[i] = t.keys[i].secret
	}
	config.SetSessionTicketKeys(secrets)
}
