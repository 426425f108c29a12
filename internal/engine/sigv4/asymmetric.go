package sigv4

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
)

// Version 4A: the private key is derived from the secret, so whoever knows the
// secret can make the public key that checks.

var errNoKey = errors.New("no key can be derived")

// publicKey is the public key of an access key and its secret, on P-256. The
// candidates come from a KDF in counter mode; the first that is small enough
// is taken.
// parity: spec/security.md 1.8; NIST SP 800-108 and FIPS 186-4 B.4.2
func publicKey(accessKey []byte, secret string) (*ecdsa.PublicKey, error) {
	curve := elliptic.P256()
	most := new(big.Int).Sub(curve.Params().N, big.NewInt(2))
	for counter := 1; counter < 255; counter++ {
		h := hmac.New(sha256.New, []byte("AWS4A"+secret))
		h.Write([]byte{0, 0, 0, 1})
		h.Write([]byte(schemeV4A))
		h.Write([]byte{0})
		h.Write(accessKey)
		h.Write([]byte{byte(counter), 0, 0, 1, 0})
		candidate := new(big.Int).SetBytes(h.Sum(nil))
		if candidate.Cmp(most) > 0 {
			continue
		}
		var scalar [32]byte
		key, err := ecdsa.ParseRawPrivateKey(curve, candidate.Add(candidate, big.NewInt(1)).FillBytes(scalar[:]))
		if err != nil {
			return nil, fmt.Errorf("derive a key: %w", err)
		}
		return &key.PublicKey, nil
	}
	return nil, errNoKey
}
