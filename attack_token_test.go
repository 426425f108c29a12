package stagedoor_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor"
	"github.com/stagedoor/stagedoor/internal/engine/jwt/jwttest"
)

// pools has two methods, each for the tokens of a pool of its own.
const pools = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Tags: [{Key: "stagedoor:id", Value: pools}]
      Body:
        openapi: 3.0.1
        info: {title: pools, version: "1"}
        components:
          securitySchemes:
            a: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: cognito_user_pools, x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"]}}
            b: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: cognito_user_pools, x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_b"]}}
        paths:
          /a: {get: {security: [{a: []}], x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "UPSTREAM/a"}}}
          /b: {get: {security: [{b: []}], x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "UPSTREAM/b"}}}
          /scoped: {get: {security: [{a: ["orders/read"]}], x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "UPSTREAM/scoped"}}}
  Live: {Type: "AWS::ApiGateway::Deployment", Properties: {RestApiId: !Ref Api, StageName: prod}}
`

func part64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// jwksOf is what an issuer publishes, and its key as PEM-like bytes: what
// somebody who has nothing but public knowledge signs with.
func jwksOf(t *testing.T, issuer *jwttest.Issuer) (set string, secrets [][]byte) {
	t.Helper()
	resp, err := http.Get(issuer.URL + "/keys")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var keys struct{ Keys []struct{ N string } }
	if err := json.Unmarshal(text, &keys); err != nil || len(keys.Keys) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	n, err := base64.RawURLEncoding.DecodeString(keys.Keys[0].N)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), [][]byte{
		nil, text, []byte(keys.Keys[0].N), n, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: n}), pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: n}),
	}
}

// TestForgedTokens sends tokens that their pool never signed.
func TestForgedTokens(t *testing.T) {
	back, a, b := newBackEnd(t), jwttest.New(t), jwttest.New(t)
	lure := newBackEnd(t) // where tokens point to with keys of their own
	dir := t.TempDir()
	write(t, dir, "template.yaml", strings.ReplaceAll(pools, "UPSTREAM", back.url))
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions = []string{dir + "/template.yaml"}
		for id, issuer := range map[string]*jwttest.Issuer{"a": a, "b": b} {
			c.OIDCIssuers = append(c.OIDCIssuers, "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_"+id+"="+issuer.URL)
		}
	})
	if got := r.next(t); len(got.Problems) > 0 {
		t.Fatal(got.Problems)
	}
	good := a.Token(t, nil)
	parts := strings.Split(good, ".")
	set, secrets := jwksOf(t, a)
	now := time.Now().Unix()
	forged := map[string]string{
		"of the other pool":             b.Token(t, nil),
		"of the other pool, our issuer": b.Token(t, map[string]any{"iss": a.URL}),
		"our key, their issuer":         a.Token(t, map[string]any{"iss": b.URL}),
		"issuer with a slash":           a.Token(t, map[string]any{"iss": a.URL + "/"}),
		"issuer as a list":              a.Token(t, map[string]any{"iss": []string{a.URL}}),
		"expired":                       a.Token(t, map[string]any{"exp": now - 1}),
		"expires never":                 a.Token(t, map[string]any{"exp": nil}),
		"expires as text":               a.Token(t, map[string]any{"exp": fmt.Sprint(now + 600)}),
		"expires at infinity":           a.Token(t, map[string]any{"exp": json.Number("1e400")}),
		"expires before time":           a.Token(t, map[string]any{"exp": -1}),
		"not yet":                       a.Token(t, map[string]any{"nbf": now + 600}),
		"made tomorrow":                 a.Token(t, map[string]any{"iat": now + 86400}),
		"an access token":               a.Token(t, map[string]any{"token_use": "access"}),
		"twice":                         good + ", Bearer " + good,
		"with a part more":              good + "." + parts[2],
		"without signature":             parts[0] + "." + parts[1] + ".",
		"without the last dot":          parts[0] + "." + parts[1],
		"all dots":                      strings.Repeat(".", 8000),
		"oversized":                     parts[0] + "." + strings.Repeat("A", 9000) + "." + parts[2],
		"padded":                        good + "==",
		"claims of another":             parts[0] + "." + strings.Split(a.Token(t, map[string]any{"sub": "root"}), ".")[1] + "." + parts[2],
	}
	claims := parts[1]
	for _, alg := range []string{"none", "None", "nOnE", "NONE", "", "HS256", "hs256", "HS384", "RS256\x00", "ES256", "PS256", "EdDSA", "RS256 "} {
		for i, secret := range secrets {
			text := part64(`{"alg":`+quote(alg)+`,"kid":"k1"}`) + "." + claims
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(text))
			forged[fmt.Sprintf("%q with public secret %d", alg, i)] = text + "." + part64(string(mac.Sum(nil)))
			forged[fmt.Sprintf("%q with nothing", alg)] = text + "."
			forged[fmt.Sprintf("%q with the signature of RS256", alg)] = text + "." + parts[2]
		}
	}
	own := jwttest.New(t) // the attacker's key
	ownSet, _ := jwksOf(t, own)
	jwk := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(ownSet), `{"keys":[`), `]}`)
	ownText := own.Token(t, map[string]any{"iss": a.URL})
	for name, header := range map[string]string{
		"jwk":        `{"alg":"RS256","kid":"k1","jwk":` + jwk + `}`,
		"jku":        `{"alg":"RS256","kid":"k1","jku":` + quote(lure.url+"/keys") + `}`,
		"x5u":        `{"alg":"RS256","kid":"k1","x5u":` + quote(lure.url+"/x5u") + `}`,
		"x5c":        `{"alg":"RS256","kid":"k1","x5c":["MIIB"]}`,
		"crit":       `{"alg":"RS256","kid":"k1","crit":["exp"]}`,
		"b64":        `{"alg":"RS256","kid":"k1","b64":false,"crit":["b64"]}`,
		"kid path":   `{"alg":"RS256","kid":"../../../../dev/null"}`,
		"kid url":    `{"alg":"RS256","kid":` + quote(lure.url+"/kid") + `}`,
		"kid sql":    `{"alg":"RS256","kid":"k1' OR '1'='1"}`,
		"kid shell":  `{"alg":"RS256","kid":"|sleep 5"}`,
		"kid huge":   `{"alg":"RS256","kid":"` + strings.Repeat("k", 5000) + `"}`,
		"kid number": `{"alg":"RS256","kid":1}`,
		"kid twice":  `{"alg":"RS256","kid":"k1","kid":"k2"}`,
		"alg twice":  `{"alg":"RS256","alg":"none","kid":"k1"}`,
		"a list":     `["RS256"]`,
		"deep":       strings.Repeat(`[`, 3000),
	} {
		forged["header "+name] = part64(header) + "." + strings.Split(ownText, ".")[1] + "." + strings.Split(ownText, ".")[2]
		forged["header "+name+", good rest"] = part64(header) + "." + parts[1] + "." + parts[2]
	}
	back.take()
	for name, token := range forged {
		for _, scheme := range []string{"Bearer ", ""} {
			got := raw(t, r.addr(), request("GET /prod/a", "Host: pools.execute-api.localhost", "Authorization: "+scheme+token))
			if status := statusOf(got); status != 401 && (status != 400 || !strings.Contains(name, "\\x00")) && status != 413 && status != 431 {
				t.Errorf("%s: %.200q", name, got)
			}
		}
	}
	for name, fields := range map[string][]string{
		"two tokens":         {"Authorization: " + good, "Authorization: " + good},
		"in another field":   {"X-Authorization: " + good},
		"of a verified user": {"X-Amzn-Oidc-Identity: u1", "X-Amzn-Oidc-Data: " + good, "Cognito-Identity-Id: u1", "X-Amz-Security-Token: " + good},
		"in an underscore":   {"Authorization_: " + good},
	} {
		if got := raw(t, r.addr(), request("GET /prod/a", append(fields, "Host: pools.execute-api.localhost")...)); statusOf(got) != 401 {
			t.Errorf("%s: %.200q", name, got)
		}
	}
	if got := r.call(t, "pools", "GET /prod/scoped", "Authorization: "+a.Token(t, map[string]any{"token_use": "access", "scope": "orders/readall xorders/read orders/rea"})); got.status != 401 {
		t.Errorf("scopes that are not the one: %d", got.status)
	}
	if n := len(back.take()); n > 0 {
		t.Errorf("the back end got %d requests", n)
	}
	if n := len(lure.take()); n > 0 {
		t.Errorf("keys were fetched %d times from where tokens point", n)
	}
	if asked := a.Asked.Load(); asked > 8 {
		t.Errorf("the issuer was asked %d times", asked)
	}
	if got := r.call(t, "pools", "GET /prod/a", "Authorization: "+good); got.status != 200 {
		t.Errorf("a good token: %d %s; the keys are %s", got.status, got.body, set)
	}
}

// quote is a text as JSON.
func quote(s string) string {
	text, _ := json.Marshal(s) // a string always can be
	return string(text)
}
