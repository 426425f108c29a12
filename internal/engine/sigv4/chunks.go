package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Chunks checks the signatures of a body that comes in chunks, each of which
// signs the one before. It belongs to one request.
// parity: Amazon S3 API Reference, "Signature Calculations for the Authorization
// Header: Transferring Payload in Multiple Chunks"
type Chunks struct {
	claim *Claim
	key   *signingKey
	last  [2 * sha256.Size]byte // the signature before, in hexadecimal
	text  []byte
}

// Chunks starts checking the body of a request whose signature was checked
// with key. It is nil where the request does not sign its chunks.
func (v *Verifier) Chunks(c *Claim, key *Credential) (*Chunks, error) {
	if s := string(c.payload); c.Asymmetric || s != streamingPayload && s != streamingTrailer {
		return nil, nil
	}
	derived, err := v.known.key(c, key.Secret)
	if err != nil {
		return nil, err
	}
	s := &Chunks{claim: c, key: derived}
	hex.Encode(s.last[:], c.signature[:c.size])
	return s, nil
}

// Data checks the next chunk; the last one is empty.
func (s *Chunks) Data(data, signature []byte) error {
	empty, sum := sha256.Sum256(nil), sha256.Sum256(data)
	s.begin("AWS4-HMAC-SHA256-PAYLOAD")
	s.text = append(hex.AppendEncode(s.text, empty[:]), '\n')
	return s.end(sum, signature)
}

// Trailer checks the fields after the last chunk: each as name:value and a
// line feed, the names in lower case and in order.
func (s *Chunks) Trailer(fields, signature []byte) error {
	s.begin("AWS4-HMAC-SHA256-TRAILER")
	return s.end(sha256.Sum256(fields), signature)
}

func (s *Chunks) begin(scheme string) {
	var room [sha256.BlockSize]byte
	s.text = append(s.text[:0], room[:]...)
	s.text = appendText(s.text, scheme, s.claim)
	s.text = append(append(s.text, s.last[:]...), '\n')
}

func (s *Chunks) end(sum [sha256.Size]byte, signature []byte) error {
	s.text = hex.AppendEncode(s.text, sum[:])
	sealed := s.key.seal(s.text)
	hex.Encode(s.last[:], sealed[:])
	if !hmac.Equal(s.last[:], signature) {
		return mismatch(mismatchText)
	}
	return nil
}
