package cognito

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// Purposes of codes.
const (
	forSignUp    = "signup"
	forPassword  = "password"
	forAttribute = "attribute"
)

// How long codes are good, and how often something else may be given for one.
// parity: Cognito Developer Guide, "Quotas": sign-up and attribute codes are
// valid for 24 hours, those for a forgotten password for one.
const (
	codeLife     = 24 * time.Hour
	passwordLife = time.Hour
	wrongCodes   = 5
)

// newCode makes a code of six digits. Only its hash is kept.
func (s *Service) newCode(purpose, attribute string) (string, *api.PoolCode) {
	code := fmt.Sprintf("%06d", below(1_000_000))
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	life := codeLife
	if purpose == forPassword {
		life = passwordLife
	}
	return code, &api.PoolCode{
		Purpose: purpose, Attribute: attribute, Salt: salt, Hash: s.codeHash(salt, code), Expires: s.now().Add(life),
	}
}

// codeHash needs this installation's key: of six digits all could be tried.
func (s *Service) codeHash(salt []byte, code string) []byte {
	sum := sha256.Sum256(append(slices.Clone(salt), code...))
	return s.cfg.Seal.Mark(string(sum[:]), "code")
}

// checkCode holds what somebody gave against the code that was sent. A wrong one
// is counted in c, which the caller writes down.
func (s *Service) checkCode(c *api.PoolCode, purpose, given string) error {
	switch {
	case c == nil || c.Purpose != purpose || s.now().After(c.Expires):
		return oldCode()
	case c.Wrong >= wrongCodes:
		return tooOften()
	case subtle.ConstantTimeCompare(s.codeHash(c.Salt, given), c.Hash) != 1:
		c.Wrong++
		return wrongCode()
	}
	return nil
}

// Message is what a user waits for.
type Message struct {
	Pool        string    `json:"pool"`
	Username    string    `json:"username"`
	Purpose     string    `json:"purpose"`               // signup, password, attribute, invitation
	Destination string    `json:"destination,omitempty"` // address or number; empty: the pool knows none
	Code        string    `json:"code,omitempty"`
	Password    string    `json:"password,omitempty"` // of an invitation
	Sent        time.Time `json:"sent"`
	Expires     time.Time `json:"expires"`
}

// mostMessages is how many messages wait at most; then the oldest go.
const mostMessages = 1000

// Outbox has messages to users until they are over: in memory only, because
// they are secrets. Who may read it can be anybody.
type Outbox struct {
	mu  sync.Mutex
	all []Message
}

func newOutbox() *Outbox { return &Outbox{} }

func (o *Outbox) put(m *Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = slices.DeleteFunc(o.all, func(old Message) bool {
		return m.Sent.After(old.Expires) || old.Pool == m.Pool && old.Username == m.Username && old.Purpose == m.Purpose
	})
	if len(o.all) >= mostMessages {
		o.all = slices.Delete(o.all, 0, 1)
	}
	o.all = append(o.all, *m)
}

// drop takes a message out that was of use.
func (o *Outbox) drop(pool, username string, purposes ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = slices.DeleteFunc(o.all, func(m Message) bool {
		return m.Pool == pool && (username == "" || m.Username == username) && (len(purposes) == 0 || slices.Contains(purposes, m.Purpose))
	})
}

// Waiting are the messages that are good at a time, the oldest first; of one
// pool, or of all where pool is empty.
func (o *Outbox) Waiting(pool string, now time.Time) []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := []Message{}
	for _, m := range o.all {
		if now.Before(m.Expires) && (pool == "" || pool == m.Pool) {
			all = append(all, m)
		}
	}
	return all
}

// send puts a code into the outbox.
func (s *Service) send(p *pool, u *api.PoolUser, code string, kept *api.PoolCode) {
	s.outbox.put(&Message{
		Pool: p.ID, Username: u.Name, Purpose: kept.Purpose, Destination: u.Attributes[kept.Attribute],
		Code: code, Sent: s.now(), Expires: kept.Expires,
	})
}

// delivery tells where a code went, without telling the address.
func delivery(attribute, to string) *wire.CodeDeliveryDetailsType {
	medium := "EMAIL"
	if attribute == "phone_number" {
		medium = "SMS"
	}
	return &wire.CodeDeliveryDetailsType{Destination: new(masked(to)), DeliveryMedium: &medium, AttributeName: &attribute}
}

// masked is an address of which one can tell one's own: j***@e***, +*******0100.
func masked(to string) string {
	if local, domain, ok := strings.Cut(to, "@"); ok && local != "" && domain != "" {
		return local[:1] + "***@" + domain[:1] + "***"
	}
	if len(to) > 4 {
		return "+" + strings.Repeat("*", max(len(to)-5, 0)) + to[len(to)-4:]
	}
	return "***"
}
