// Command issuer is an OpenID Connect issuer that asks nobody for a password:
// GET /token?sub=NAME is an ID token of whoever you say. It stands for a user
// pool while you try the example, and for nothing else.
package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	addr := "127.0.0.1:4581"
	if len(os.Args) > 1 {
		addr = os.Args[1]
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: addr, Handler: handler("http://"+addr, key), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func handler(issuer string, key *rsa.PrivateKey) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		send(w, map[string]string{"issuer": issuer, "jwks_uri": issuer + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		send(w, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "example", "e": "AQAB", "n": encode(key.N.Bytes()),
		}}})
	})
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Unix()
		payload, err := json.Marshal(map[string]any{
			"iss": issuer, "sub": r.FormValue("sub"), "aud": "example", "token_use": "id", "iat": now, "exp": now + 3600,
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		text := encode([]byte(`{"alg":"RS256","kid":"example"}`)) + "." + encode(payload)
		digest := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, text+"."+encode(signature))
	})
	return mux
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func send(w http.ResponseWriter, doc any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(doc); err != nil {
		log.Print(err)
	}
}
