package jwt

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const issuerName = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"

// signer is the secret side of an issuer.
type signer struct {
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
}

// keys are made once: they take long.
var keys = sync.OnceValue(func() signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return signer{r, e}
})

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sign makes a token of a header and a payload given as text.
func (s signer) sign(header, payload string) string {
	text := b64([]byte(header)) + "." + b64([]byte(payload))
	digest := sha256.Sum256([]byte(text))
	if strings.Contains(header, `"ES256"`) {
		r, q, err := ecdsa.Sign(rand.Reader, s.ec, digest[:])
		if err != nil {
			panic(err)
		}
		return text + "." + b64(append(r.FillBytes(make([]byte, 32)), q.FillBytes(make([]byte, 32))...))
	}
	sig, err := rsa.SignPKCS1v15(nil, s.rsa, crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	return text + "." + b64(sig)
}

// jwks is the public side: r1 is RSA without alg, e1 is EC.
func (s signer) jwks() string {
	n, e := b64(s.rsa.N.Bytes()), b64(big.NewInt(int64(s.rsa.E)).Bytes())
	point, err := s.ec.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return `{"keys":[{"kty":"RSA","use":"sig","kid":"r1","n":"` + n + `","e":"` + e + `"},` +
		`{"kty":"RSA","use":"enc","alg":"RSA-OAEP","kid":"x1","n":"` + n + `","e":"` + e + `"},` +
		`{"kty":"OKP","use":"sig","alg":"EdDSA","kid":"o1","crv":"Ed25519","x":"AA"},` +
		`{"kty":"EC","alg":"ES256","kid":"e1","crv":"P-256","x":"` + b64(point[1:33]) + `","y":"` + b64(point[33:]) + `"}]}`
}

// claims are those of a good ID token, changed; a nil leaves one out.
func claims(change map[string]any) string {
	now := time.Now().Unix()
	all := map[string]any{
		"iss": issuerName, "sub": "u1", "aud": "client", "token_use": "id", "exp": now + 600, "iat": now, "auth_time": now,
		"cognito:groups": []string{"a", "b"}, "email_verified": true, "address": map[string]string{"x": "y"},
	}
	maps.Copy(all, change)
	for name, v := range all {
		if v == nil {
			delete(all, name)
		}
	}
	doc, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(doc)
}

// serves is a Fetch of fixed documents by URL.
func serves(docs map[string]string) Fetch {
	return func(_ context.Context, url string) ([]byte, error) {
		if doc, ok := docs[url]; ok {
			return []byte(doc), nil
		}
		return nil, errors.New("nothing at " + url)
	}
}

func pool() *Issuer {
	return NewIssuer(IssuerConfig{Name: issuerName, Pool: true, Fetch: serves(map[string]string{
		issuerName + "/.well-known/jwks.json": keys().jwks(),
	})})
}

// verify is what a step does with a token.
func verify(i *Issuer, text string, use Use) (*Token, error) {
	t, err := Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return t, i.Verify(context.Background(), t, use)
}

const rs256 = `{"alg":"RS256","kid":"r1"}`

func TestVerify(t *testing.T) {
	now := time.Now().Unix()
	with := func(name string, v any) string { return claims(map[string]any{name: v}) }
	k := keys()
	evil := signer{rsa: weakKey(t), ec: k.ec}
	forged := b64([]byte(`{"alg":"none","kid":"r1"}`)) + "." + b64([]byte(claims(nil))) + "."
	good := k.sign(rs256, claims(nil))
	for _, tt := range []struct {
		name, token string
		use         Use
		want        error // nil: taken
	}{
		{"good", good, ID, nil},
		{"header with spaces", k.sign(`{ "typ":"JWT", "kid":"r1" ,"alg":"RS256"}`, claims(nil)), ID, nil},
		{"access", k.sign(rs256, with("token_use", "access")), Access, nil},
		{"exp with a fraction", k.sign(rs256, with("exp", float64(now)+100.5)), ID, nil},
		{"iat a little ahead", k.sign(rs256, with("iat", now+50)), ID, nil},

		{"empty", "", ID, ErrInvalid},
		{"dots only", "..", ID, ErrInvalid},
		{"a million dots", strings.Repeat(".", 1<<20), ID, ErrInvalid},
		{"oversize", k.sign(rs256, with("pad", strings.Repeat("x", MaxToken))), ID, ErrInvalid},
		{"none", forged, ID, ErrInvalid},
		{"none with a signature", good[:strings.LastIndexByte(good, '.')+1], ID, ErrInvalid},
		{"alg in other case", k.sign(`{"alg":"rs256","kid":"r1"}`, claims(nil)), ID, ErrInvalid},
		{"alg missing", k.sign(`{"kid":"r1"}`, claims(nil)), ID, ErrInvalid},
		{"alg twice", k.sign(`{"alg":"none","kid":"r1","alg":"RS256"}`, claims(nil)), ID, ErrInvalid},
		{"alg a list", k.sign(`{"alg":["RS256"],"kid":"r1"}`, claims(nil)), ID, ErrInvalid},
		{"HS256 with the public key", hmacForgery(t, k), ID, ErrInvalid},
		{"RS512 of a key for RS256", k.sign(`{"alg":"RS512","kid":"r1"}`, claims(nil)), ID, ErrInvalid},
		{"ES256 is not Cognito's", k.sign(`{"alg":"ES256","kid":"e1"}`, claims(nil)), ID, ErrInvalid},
		{"RS256 of an EC key", k.sign(`{"alg":"RS256","kid":"e1"}`, claims(nil)), ID, ErrInvalid},
		{"another's key", evil.sign(rs256, claims(nil)), ID, ErrInvalid},
		{"embedded jwk", evil.sign(`{"alg":"RS256","kid":"r1","jwk":{"kty":"RSA","kid":"r1","e":"AQAB","n":"`+b64(evil.rsa.N.Bytes())+`"}}`, claims(nil)), ID, ErrInvalid},
		{"jku", evil.sign(`{"alg":"RS256","kid":"r2","jku":"https://evil.example/jwks.json"}`, claims(nil)), ID, ErrInvalid},
		{"no kid", k.sign(`{"alg":"RS256"}`, claims(nil)), ID, ErrInvalid},
		{"kid is a path", k.sign(`{"alg":"RS256","kid":"../../../dev/null"}`, claims(nil)), ID, ErrInvalid},
		{"kid is SQL", k.sign(`{"alg":"RS256","kid":"' OR 1=1 --"}`, claims(nil)), ID, ErrInvalid},
		{"kid is a number", k.sign(`{"alg":"RS256","kid":1}`, claims(nil)), ID, ErrInvalid},
		{"key for encryption", k.sign(`{"alg":"RS256","kid":"x1"}`, claims(nil)), ID, ErrInvalid},
		{"crit", k.sign(`{"alg":"RS256","kid":"r1","crit":["exp"]}`, claims(nil)), ID, ErrInvalid},
		{"b64 false", k.sign(`{"alg":"RS256","kid":"r1","b64":false}`, claims(nil)), ID, ErrInvalid},
		{"payload no JSON", k.sign(rs256, "hello"), ID, ErrInvalid},
		{"payload a list", k.sign(rs256, "[]"), ID, ErrInvalid},
		{"payload and more", k.sign(rs256, claims(nil)+"{}"), ID, ErrInvalid},
		{"exp twice", k.sign(rs256, strings.Replace(claims(nil), "{", `{"exp":99999999999,`, 1)), ID, ErrInvalid},
		{"deep", k.sign(rs256, `{"a":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+"}"), ID, ErrInvalid},
		{"not UTF-8", k.sign(rs256, "{\"a\":\"\xff\"}"), ID, ErrInvalid},

		{"issuer missing", k.sign(rs256, with("iss", nil)), ID, ErrInvalid},
		{"issuer longer", k.sign(rs256, with("iss", issuerName+"d")), ID, ErrInvalid},
		{"issuer with a slash", k.sign(rs256, with("iss", issuerName+"/")), ID, ErrInvalid},
		{"issuer in a list", k.sign(rs256, with("iss", []string{issuerName})), ID, ErrInvalid},
		{"expired", k.sign(rs256, with("exp", now-1)), ID, ErrExpired},
		{"expired and forged", evil.sign(rs256, with("exp", now-1)), ID, ErrInvalid},
		{"exp missing", k.sign(rs256, with("exp", nil)), ID, ErrInvalid},
		{"exp a text", k.sign(rs256, with("exp", "99999999999")), ID, ErrInvalid},
		{"exp huge", k.sign(rs256, strings.Replace(claims(map[string]any{"exp": nil}), "{", `{"exp":1e400,`, 1)), ID, ErrInvalid},
		{"exp negative", k.sign(rs256, with("exp", -1)), ID, ErrInvalid},
		{"iat far ahead", k.sign(rs256, with("iat", now+120)), ID, ErrInvalid},
		{"nbf far ahead", k.sign(rs256, with("nbf", now+120)), ID, ErrInvalid},
		{"nbf a text", k.sign(rs256, with("nbf", "1")), ID, ErrInvalid},
		{"access for ID", k.sign(rs256, with("token_use", "access")), ID, ErrInvalid},
		{"ID for access", good, Access, ErrInvalid},
		{"token_use missing", k.sign(rs256, with("token_use", nil)), ID, ErrInvalid},
		{"token_use a list", k.sign(rs256, with("token_use", []string{"id"})), ID, ErrInvalid},
	} {
		_, err := verify(pool(), tt.token, tt.use)
		if !errors.Is(err, tt.want) || errors.Is(err, ErrExpired) != (tt.want == ErrExpired) { //nolint:errorlint // which of two
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// Every single bit of a token counts.
func TestVerifyFlips(t *testing.T) {
	good := []byte(keys().sign(rs256, claims(nil)))
	i := pool()
	for at := range good {
		for bit := range 8 {
			bad := append([]byte(nil), good...)
			bad[at] ^= 1 << bit
			if _, err := verify(i, string(bad), ID); !errors.Is(err, ErrInvalid) {
				t.Fatalf("octet %d, bit %d: %v", at, bit, err)
			}
		}
	}
}

// weakKey is a key of somebody else.
func weakKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// hmacForgery signs with the public key's octets as a shared secret.
func hmacForgery(t *testing.T, k signer) string {
	t.Helper()
	text := b64([]byte(`{"alg":"HS256","kid":"r1"}`)) + "." + b64([]byte(claims(nil)))
	sum := sha256.Sum256(append(k.rsa.N.Bytes(), text...)) // what it is does not matter: no such algorithm
	return text + "." + b64(sum[:])
}

func TestStandIn(t *testing.T) {
	const name = "https://id.example.org/realms/shop"
	docs := map[string]string{
		name + "/.well-known/openid-configuration": `{"issuer":"` + name + `","jwks_uri":"https://keys.example.org/k"}`,
		"https://keys.example.org/k":               keys().jwks(),
	}
	i := NewIssuer(IssuerConfig{Name: name, Fetch: serves(docs)})
	mine := func(change map[string]any) string {
		all := map[string]any{"iss": name, "token_use": nil}
		maps.Copy(all, change)
		return claims(all)
	}
	for _, tt := range []struct {
		name, token string
		use         Use
		ok          bool
	}{
		{"RS256", keys().sign(rs256, mine(nil)), ID, true},
		{"ES256, since its key says so", keys().sign(`{"alg":"ES256","kid":"e1"}`, mine(nil)), ID, true},
		{"scope makes it access", keys().sign(rs256, mine(map[string]any{"scope": "openid"})), Access, true},
		{"scope is no ID", keys().sign(rs256, mine(map[string]any{"scope": "openid"})), ID, false},
		{"typ makes it access", keys().sign(`{"alg":"RS256","kid":"r1","typ":"at+JWT"}`, mine(nil)), Access, true},
		{"token_use is believed", keys().sign(rs256, mine(map[string]any{"scope": "openid", "token_use": "id"})), ID, true},
		{"the pool's issuer is another", keys().sign(rs256, claims(nil)), ID, false},
	} {
		if _, err := verify(i, tt.token, tt.use); (err == nil) != tt.ok {
			t.Errorf("%s: %v, want ok %v", tt.name, err, tt.ok)
		}
	}
	for what, doc := range map[string]string{
		"another issuer":   `{"issuer":"https://evil.example","jwks_uri":"https://keys.example.org/k"}`,
		"keys on this box": `{"issuer":"` + name + `","jwks_uri":"http://127.0.0.1:4567/k"}`,
		"plain HTTP":       `{"issuer":"` + name + `","jwks_uri":"http://keys.example.org/k"}`,
		"no keys":          `{"issuer":"` + name + `"}`,
		"no JSON":          `<html>`,
	} {
		docs[name+"/.well-known/openid-configuration"] = doc
		i := NewIssuer(IssuerConfig{Name: name, Fetch: serves(docs)})
		if _, err := verify(i, keys().sign(rs256, mine(nil)), ID); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", what, err)
		}
	}
}

func TestClaims(t *testing.T) {
	token, err := Parse([]byte(keys().sign(rs256, claims(map[string]any{
		"exp": 1519855685, "iat": 1519852085, "auth_time": 1519852085, "iss": "i", "nothing": nil, "n": 1.5,
	}))))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"iss": "i", "sub": "u1", "aud": "client", "token_use": "id", "cognito:groups": "a,b", "email_verified": "true",
		"exp": "Wed Feb 28 22:08:05 UTC 2018", "iat": "Wed Feb 28 21:08:05 UTC 2018", "auth_time": "1519852085",
		"address": `{"x":"y"}`, "n": "1.5",
	}
	if got := token.Claims(); !maps.Equal(got, want) {
		t.Errorf("Claims = %v, want %v", got, want)
	}
}

func TestScopes(t *testing.T) {
	for claims, want := range map[string][]string{
		`{"scope":"a  b/c"}`:         {"a", "b/c"},
		`{"scp":["a","b"]}`:          {"a", "b"},
		`{"scp":"a b"}`:              {"a", "b"},
		`{"scope":"","scp":["a"]}`:   {},
		`{"scope":null,"scp":["a"]}`: nil,
		`{"scp":["a",1]}`:            nil,
		`{"scope":7}`:                nil,
		`{}`:                         nil,
	} {
		token, err := Parse([]byte(keys().sign(rs256, claims)))
		if err != nil {
			t.Fatal(err)
		}
		if got := token.Scopes(); !slices.Equal(got, want) {
			t.Errorf("Scopes of %s = %q, want %q", claims, got, want)
		}
	}
}

func TestPools(t *testing.T) {
	p := NewPools(nil, map[string]string{"arn:x": "https://id.example.org"})
	for arn, want := range map[string]string{
		"arn:x": "https://id.example.org",
		"arn:aws:cognito-idp:us-east-2:111122223333:userpool/us-east-2_AbCdEf": "https://cognito-idp.us-east-2.amazonaws.com/us-east-2_AbCdEf",
		"arn:aws-cn:cognito-idp:cn-north-1:111122223333:userpool/cn-north-1_A": "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A",
		"arn:aws:cognito-idp:evil.example/x:1:userpool/a_b":                    "",
		"arn:aws:cognito-idp:us-east-1:1:userpool/../../evil":                  "",
		"arn:aws:cognito-idp:us-east-1:1:userpool/a@evil.example":              "",
		"arn:evil:cognito-idp:us-east-1:1:userpool/us-east-1_a":                "",
		"arn:aws:sqs:us-east-1:1:userpool/us-east-1_a":                         "",
		"arn:aws:cognito-idp:us-east-1:1:identitypool/us-east-1_a":             "",
		"": "",
	} {
		i, ok := p.Pool(arn)
		if got := ""; ok != (want != "") || ok && i.Name() != want {
			t.Errorf("Pool(%q) = %q, %v, want %q", arn, got, ok, want)
		}
	}
	a, _ := p.Pool("arn:x")
	if b, _ := p.Pool("arn:x"); a != b {
		t.Error("a pool has two issuers")
	}
}

func BenchmarkVerify(b *testing.B) {
	i, text := pool(), keys().sign(rs256, claims(nil))
	for b.Loop() {
		if _, err := verify(i, text, ID); err != nil {
			b.Fatal(err)
		}
	}
}
