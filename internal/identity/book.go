package identity

import (
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
)

// Key is an access key with its secret.
type Key struct{ ID, Secret string }

// Config is all that a Book is told. The zero value works.
type Config struct {
	// Partition and Account are what ARNs are made of. Default "aws",
	// "000000000000".
	Partition, Account string

	// Root is the key of the account itself, which no document holds. The zero
	// value: there is none.
	Root Key

	// Known gives the text of a managed policy that no document holds, as
	// AWS's own. Nil: there are none.
	Known func(arn string) (document string, ok bool)

	// Explain tells those whose signature does not match what it should have
	// been made of. See sigv4.Verifier.
	Explain bool

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Book finds the holders of access keys. It may be used by any number of
// goroutines.
type Book struct {
	cfg      Config
	verifier sigv4.Verifier
	root     *Identity // nil: there is no root key

	mu       sync.RWMutex
	users    map[string]*entity // by the keys of their documents
	groups   map[string]*entity
	roles    map[string]*entity
	policies map[string]*iam.Policy // by ARN
	arns     map[string]string      // of managed policies, by the keys of their documents
	keys     map[string]api.AccessKey
	sessions map[string]api.Session
	issuers  map[string]api.OIDCProvider // by the keys of their documents

	// found are the identities that somebody asked for, by access key. They are
	// dropped together when anything changes that they were made of.
	found map[string]*Identity
}

// New makes a book that knows the root alone.
func New(cfg Config) *Book {
	if cfg.Partition == "" {
		cfg.Partition = "aws"
	}
	if cfg.Account == "" {
		cfg.Account = "000000000000"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	b := &Book{cfg: cfg, verifier: sigv4.Verifier{Explain: cfg.Explain}}
	b.clear()
	if cfg.Root != (Key{}) {
		b.root = b.rootIdentity(sigv4.Credential{Secret: cfg.Root.Secret})
		b.root.AccessKey = cfg.Root.ID
	}
	return b
}

func (b *Book) clear() {
	b.users, b.groups, b.roles = map[string]*entity{}, map[string]*entity{}, map[string]*entity{}
	b.policies, b.arns = map[string]*iam.Policy{}, map[string]string{}
	b.keys, b.sessions = map[string]api.AccessKey{}, map[string]api.Session{}
	b.issuers = map[string]api.OIDCProvider{}
	b.found = map[string]*Identity{}
}

// Verify tells who signed a request. The error is a *sigv4.Error, unless the
// secret itself is of no use. Keys that nobody has cost as much as others.
func (b *Book) Verify(r *sigv4.Request, want *sigv4.Expect, now time.Time) (*Identity, error) {
	claim, err := sigv4.Read(r, want, now)
	if err != nil {
		return nil, err
	}
	who := b.holder(claim.AccessKey)
	var key *sigv4.Credential
	if who != nil {
		key = &who.credential
	}
	if err := b.verifier.Check(r, &claim, key, now); err != nil {
		return nil, err
	}
	return who, nil
}

// maxFound is how many identities are kept made.
const maxFound = 100_000

// holder is who holds an access key that may be used; nil: nobody.
func (b *Book) holder(accessKey []byte) *Identity {
	if b.root != nil && string(accessKey) == b.root.AccessKey {
		return b.root
	}
	b.mu.RLock()
	who := b.found[string(accessKey)]
	_, key := b.keys[string(accessKey)]
	if !key {
		_, key = b.sessions[string(accessKey)]
	}
	b.mu.RUnlock()
	if who != nil || !key {
		return who
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	who = b.resolve(string(accessKey))
	if who == nil {
		return nil // not kept: who asks chooses what would be kept
	}
	if len(b.found) >= maxFound {
		b.found = map[string]*Identity{}
	}
	b.found[who.AccessKey] = who
	return who
}

// Holder is who holds an access key that may be used; nil: nobody.
func (b *Book) Holder(accessKey string) *Identity { return b.holder([]byte(accessKey)) }

// Account is the account that all identities belong to.
func (b *Book) Account() string { return b.cfg.Account }
