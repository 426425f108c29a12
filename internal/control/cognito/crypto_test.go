package cognito_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

func decode(text string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(text) }

// secretHash is what a client with a secret shows.
func secretHash(secret, text string) string {
	m := hmac.New(sha256.New, []byte(secret))
	_, _ = m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}
