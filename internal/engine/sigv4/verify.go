package sigv4

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"sync"
	"time"
)

// Verifier checks signatures. Its zero value works, and it may be used by any
// number of requests at a time.
type Verifier struct {
	// Explain adds the canonical request and the string to sign to the message
	// of a signature that does not match, as AWS does. Tokens, cookies and keys
	// are taken out; other signed fields are shown to whoever sent them, so it is
	// for finding faults only.
	Explain bool

	known, unknown keyRing
	spaces         sync.Pool
}

// unknownSecret stands for the secret of a key that nobody has.
const unknownSecret = "unknown"

// Check compares the signature that c claims with the one that key makes. A
// nil key is one that nobody has: it takes as long as a wrong signature. The
// error is an *Error unless the key itself is of no use.
func (v *Verifier) Check(r *Request, c *Claim, key *Credential, now time.Time) error {
	ring, secret := &v.unknown, unknownSecret
	nobody := key == nil || key.Secret == ""
	if !nobody {
		ring, secret = &v.known, key.Secret
	}
	derived, err := ring.key(c, secret)
	if err != nil {
		return err
	}
	w, _ := v.spaces.Get().(*workspace)
	if w == nil {
		w = &workspace{}
	}
	defer v.release(w)
	matches := w.matches(r, c, derived)
	switch {
	case nobody || subtle.ConstantTimeCompare(key.Token, c.Token) == 0:
		return &Error{Kind: Unrecognized, Message: invalidText}
	case !key.Expires.IsZero() && !now.Before(key.Expires):
		return &Error{Kind: Expired, Message: expiredText}
	case !matches && v.Explain:
		return mismatch(mismatchText + w.explain(r, c))
	case !matches:
		return mismatch(mismatchText)
	}
	return nil
}

// keptSpace is how much memory a workspace keeps for the next request, in bytes.
const keptSpace = 64 << 10

func (v *Verifier) release(w *workspace) {
	if cap(w.canonical)+cap(w.query) <= keptSpace {
		v.spaces.Put(w)
	}
}

// matches makes the signature and compares. Some clients add the session token
// to the query once they have signed.
func (w *workspace) matches(r *Request, c *Claim, key *signingKey) bool {
	var line [2 * sha256.Size]byte
	payload, ok := c.payloadLine(r, line[:])
	w.write(r, c, false, payload)
	if w.fits(c, key) {
		return ok
	}
	if !c.Presigned || len(c.Token) == 0 {
		return false
	}
	w.write(r, c, true, payload)
	if w.fits(c, key) {
		return ok
	}
	w.write(r, c, false, payload) // for explain
	return false
}

// payloadLine is the last line of the canonical request. ok says whether it is
// what the request says of its body.
func (c *Claim) payloadLine(r *Request, line []byte) (payload []byte, ok bool) {
	if c.unsigned {
		if c.payload == nil {
			return append(line[:0], unsignedPayload...), true
		}
		return c.payload, true
	}
	sum := r.BodyHash
	if sum == nil {
		made := sha256.Sum256(r.Body)
		sum = &made
	}
	hex.Encode(line, sum[:])
	return line, c.payload == nil || bytes.Equal(c.payload, line)
}

// write writes the canonical request and the string to sign.
func (w *workspace) write(r *Request, c *Claim, without bool, payload []byte) {
	w.canonicalise(r, c, without, payload)
	sum := sha256.Sum256(w.canonical)
	var room [sha256.BlockSize]byte
	scheme := schemeV4
	if c.Asymmetric {
		scheme = schemeV4A
	}
	w.text = append(w.text[:0], room[:]...)
	w.text = appendText(w.text, scheme, c)
	w.text = hex.AppendEncode(w.text, sum[:])
}

// appendText appends what all strings to sign begin with.
func appendText(dst []byte, scheme string, c *Claim) []byte {
	dst = append(append(dst, scheme...), '\n')
	dst = append(append(dst, c.stamp[:]...), '\n')
	return append(append(dst, c.scope...), '\n')
}

// toSign is the string to sign.
func (w *workspace) toSign() []byte { return w.text[sha256.BlockSize:] }

func (w *workspace) fits(c *Claim, key *signingKey) bool {
	if c.Asymmetric {
		sum := sha256.Sum256(w.toSign())
		return ecdsa.VerifyASN1(key.public, sum[:], bytes.Clone(c.signature[:c.size])) // a copy, so that claims need not be on the heap
	}
	sum := key.seal(w.text)
	return hmac.Equal(sum[:], c.signature[:c.size])
}
