package sigv4

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"time"
)

// Credential is what a signature is checked against.
type Credential struct {
	Secret  string
	Token   []byte    // the session token that belongs to the key; empty for a long-term key
	Expires time.Time // end of the session; zero: never
}

// keyRing keeps derived keys, so that a secret is worked on once a day. It
// holds two generations of at most half its bound each: what is used within
// one generation stays. A key goes with its secret.
type keyRing struct {
	mu         sync.RWMutex
	young, old map[keyID]*signingKey
}

// maxKeys is how many derived keys a ring holds.
const maxKeys = 4096

// keyID is what a key is derived for; version 4A has no region.
type keyID struct{ accessKey, date, region, service string }

// signingKey is a derived key, ready for use.
type signingKey struct {
	secret       string
	date         string                 // of the scope, where a Signer made it
	inner, outer [sha256.BlockSize]byte // pads of the HMAC
	public       *ecdsa.PublicKey       // of version 4A
}

// key is the signing key of a claim's scope under a secret.
func (k *keyRing) key(c *Claim, secret string) (*signingKey, error) {
	k.mu.RLock()
	found, young := k.young[keyID{string(c.AccessKey), string(c.date), string(c.region), string(c.service)}]
	if !young {
		found = k.old[keyID{string(c.AccessKey), string(c.date), string(c.region), string(c.service)}]
	}
	k.mu.RUnlock()
	if found == nil || found.secret != secret {
		made, err := derive(c, secret)
		if err != nil {
			return nil, err
		}
		found, young = made, false
	}
	if !young {
		k.keep(keyID{string(c.AccessKey), string(c.date), string(c.region), string(c.service)}, found)
	}
	return found, nil
}

func (k *keyRing) keep(id keyID, key *signingKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.young) >= maxKeys/2 {
		k.old, k.young = k.young, nil
	}
	if k.young == nil {
		k.young = map[keyID]*signingKey{}
	}
	k.young[id] = key
}

// derive makes the signing key of a claim's scope.
// parity: spec/security.md 1.5 and 1.8
func derive(c *Claim, secret string) (*signingKey, error) {
	if c.Asymmetric {
		public, err := publicKey(c.AccessKey, secret)
		return &signingKey{secret: secret, public: public}, err
	}
	return deriveShared(c, secret), nil
}

// deriveShared makes the signing key of version 4.
func deriveShared(c *Claim, secret string) *signingKey {
	key := &signingKey{secret: secret}
	sum := keyed([]byte("AWS4"+secret), c.date)
	sum = keyed(sum, c.region)
	sum = keyed(sum, c.service)
	sum = keyed(sum, []byte("aws4_request"))
	for i := range key.inner {
		var b byte
		if i < len(sum) {
			b = sum[i]
		}
		key.inner[i], key.outer[i] = b^0x36, b^0x5c
	}
	return key
}

func keyed(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// seal makes the HMAC of text, which stands in memory behind room for one
// block, without allocating what crypto/hmac would.
func (s *signingKey) seal(room []byte) [sha256.Size]byte {
	copy(room, s.inner[:])
	sum := sha256.Sum256(room)
	var outer [sha256.BlockSize + sha256.Size]byte
	copy(outer[:], s.outer[:])
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}
