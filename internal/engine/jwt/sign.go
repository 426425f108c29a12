package jwt

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Keys are public keys by their ids, for issuers whose keys are known here.
type Keys struct{ set keySet }

// ParseKeys reads a JWK set.
func ParseKeys(doc []byte) (*Keys, error) {
	set, err := parseSet(doc)
	if err != nil {
		return nil, err
	}
	return &Keys{set}, nil
}

// Check verifies the signature of a token of the issuer, who signs with RS256,
// and its times. What the token is for it does not ask.
func (k *Keys) Check(t *Token, issuer string, now time.Time) error {
	if t.Issuer() != issuer {
		return invalid("of another issuer")
	}
	found := k.set[t.keyID]
	if found == nil || t.algorithm != "RS256" {
		return invalid("no such key")
	}
	if err := found.verify(t.jws); err != nil {
		return err
	}
	return t.checkTimes(now, 0)
}

// Text is a claim that is text; empty if it is none.
func (t *Token) Text(name string) string { return t.text(name) }

// Use is what token_use says that the token is for.
func (t *Token) Use() Use { return t.use(false) }

// Signer signs tokens with RS256.
type Signer struct {
	id  string
	key *rsa.PrivateKey
}

var errPrivate = errors.New("jwt: not an RSA key that can sign")

// NewSigner makes a signer of a key in PKCS #8, whose JWK has the id.
func NewSigner(id string, pkcs8 []byte) (*Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, errors.Join(errPrivate, err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok || key.N.BitLen() < minModulus {
		return nil, errPrivate
	}
	return &Signer{id, key}, nil
}

// Sign makes a token of claims, which become a JSON object.
func (s *Signer) Sign(claims any) (string, error) {
	header, err := json.Marshal(struct {
		KeyID     string `json:"kid"`
		Algorithm string `json:"alg"`
	}{s.id, "RS256"})
	if err != nil {
		return "", err
	}
	var payload bytes.Buffer
	e := json.NewEncoder(&payload)
	e.SetEscapeHTML(false)
	if err := e.Encode(claims); err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	text := encode(header) + "." + encode(bytes.TrimSuffix(payload.Bytes(), []byte("\n")))
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return text + "." + encode(signature), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// JWK is the public half of a key, as a JWK set has it.
func JWK(id string, key *rsa.PublicKey) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"alg":"RS256","e":%q,"kid":%q,"kty":"RSA","n":%q,"use":"sig"}`,
		encode(big.NewInt(int64(key.E)).Bytes()), id, encode(key.N.Bytes())))
}

// Set is the JWK set of some JWKs.
func Set(keys ...json.RawMessage) []byte {
	var b bytes.Buffer
	b.WriteString(`{"keys":[`)
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(k)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}
