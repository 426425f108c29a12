// Package jwttest is an OpenID Connect issuer on this machine, for tests.
package jwttest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Issuer signs tokens and publishes its key.
type Issuer struct {
	URL   string       // what iss is
	Down  atomic.Bool  // answers 503
	Asked atomic.Int32 // requests

	key *rsa.PrivateKey
}

// New starts an issuer that ends with the test.
func New(tb testing.TB) *Issuer {
	tb.Helper()
	i := &Issuer{}
	var err error
	if i.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(i.serve))
	tb.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	i.Asked.Add(1)
	var answer any
	switch {
	case i.Down.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case r.URL.Path == "/.well-known/openid-configuration":
		answer = map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"}
	case r.URL.Path == "/keys":
		answer = map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "e": "AQAB", "n": encode(i.key.N.Bytes()),
		}}}
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(answer) // a test that does not get it fails by itself
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Token is an ID token of user u1 for ten minutes, with changes; nil leaves a
// claim out.
func (i *Issuer) Token(tb testing.TB, change map[string]any) string {
	tb.Helper()
	now := time.Now().Unix()
	claims := map[string]any{
		"iss": i.URL, "sub": "u1", "aud": "client", "token_use": "id", "iat": now, "exp": now + 600,
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	payload, err := json.Marshal(claims)
	if err != nil {
		tb.Fatal(err)
	}
	text := encode([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, i.key, crypto.SHA256, digest[:])
	if err != nil {
		tb.Fatal(err)
	}
	return text + "." + encode(signature)
}
