package stagedoor_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/stagedoor/stagedoor"
)

// people is what a stack with a pool of users, and an API for them, has made.
type people struct {
	*running
	*sdk.Client
	t            *testing.T
	admin        string
	pool, client string // the client that people sign in with
	machine      string // the client that acts for itself
}

// startPeople deploys the example with its pool.
func startPeople(t *testing.T) *people {
	t.Helper()
	need(t, "python3")
	admin := freePort(t)
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions, c.AdminListen = []string{"examples/cognito/template.yaml"}, admin
	})
	if a := r.next(t); len(a.Problems) > 0 || len(a.Stages) != 1 {
		t.Fatalf("deployed: %+v", a)
	}
	p := &people{running: r, Client: sdk.NewFromConfig(r.account()), t: t, admin: "http://" + admin, pool: "us-east-1_people"}
	clients, err := p.ListUserPoolClients(t.Context(), &sdk.ListUserPoolClientsInput{UserPoolId: &p.pool})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clients.UserPoolClients {
		switch *c.ClientName {
		case "app":
			p.client = *c.ClientId
		case "machine":
			p.machine = *c.ClientId
		}
	}
	p.user("ann")
	return p
}

const passphrase = "Correct-horse-7"

func (p *people) user(name string) {
	p.t.Helper()
	ctx := p.t.Context()
	_, err := p.AdminCreateUser(ctx, &sdk.AdminCreateUserInput{
		UserPoolId: &p.pool, Username: &name, MessageAction: "SUPPRESS",
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(name + "@example.org")}},
	})
	if err == nil {
		_, err = p.AdminSetUserPassword(ctx, &sdk.AdminSetUserPasswordInput{UserPoolId: &p.pool, Username: &name, Password: aws.String(passphrase), Permanent: true})
	}
	if err == nil {
		_, err = p.AdminAddUserToGroup(ctx, &sdk.AdminAddUserToGroupInput{UserPoolId: &p.pool, Username: &name, GroupName: aws.String("editors")})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// signIn gives the tokens of a user.
func (p *people) signIn(client, name string) *types.AuthenticationResultType {
	p.t.Helper()
	out, err := p.InitiateAuth(p.t.Context(), &sdk.InitiateAuthInput{
		ClientId: &client, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": passphrase},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out.AuthenticationResult
}

// fetch gets or posts, and gives the status and what the JSON says.
func (p *people) fetch(host, place string, form url.Values, user, password string) (status int, said map[string]any) {
	p.t.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, place, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if req.Host = host; form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth(user, password)
	}
	resp, err := p.client1().Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = json.Unmarshal(text, &said)
	return resp.StatusCode, said
}

func (p *people) client1() *http.Client { return p.running.client }

// machineToken is an access token of the client that acts for itself.
func (p *people) machineToken(scope string) (int, map[string]any) {
	p.t.Helper()
	c, err := p.DescribeUserPoolClient(p.t.Context(), &sdk.DescribeUserPoolClientInput{UserPoolId: &p.pool, ClientId: &p.machine})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.fetch("", p.endpoint+"/"+p.pool+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}, p.machine, *c.UserPoolClient.ClientSecret)
}

// TestUserPool: tokens of a pool that is kept here open the methods that they
// are for, and no others.
func TestUserPool(t *testing.T) {
	p := startPeople(t)
	in := p.signIn(p.client, "ann")
	status, read := p.machineToken("notes/read")
	if status != 200 || read["token_type"] != "Bearer" {
		t.Fatalf("token = %d %v", status, read)
	}
	if status, bad := p.machineToken("notes/everything"); status != 400 || bad["error"] != "invalid_scope" {
		t.Errorf("a scope not given = %d %v", status, bad)
	}
	_, write := p.machineToken("notes/write")
	text := func(v any) string { s, _ := v.(string); return s }
	for _, tt := range []struct {
		what, path, token string
		status            int
		body              string
	}{
		{"an ID token", "GET /prod/me", *in.IdToken, 200, `"cognito:username": "ann"`},
		{"its groups", "GET /prod/me", *in.IdToken, 200, `"cognito:groups": "editors"`},
		{"as Bearer", "GET /prod/me", "Bearer " + *in.IdToken, 200, `"email": "ann@example.org"`},
		{"an access token where an ID token is to be", "GET /prod/me", *in.AccessToken, 401, "Unauthorized"},
		{"a refresh token", "GET /prod/me", *in.RefreshToken, 401, "Unauthorized"},
		{"a scope", "GET /prod/notes", text(read["access_token"]), 200, `"scope": "notes/read"`},
		{"another scope", "GET /prod/notes", text(write["access_token"]), 401, "Unauthorized"},
		{"a user's access token without the scope", "GET /prod/notes", *in.AccessToken, 401, "Unauthorized"},
		{"an ID token where an access token is to be", "GET /prod/notes", *in.IdToken, 401, "Unauthorized"},
	} {
		if got := p.call(t, "people", tt.path, "Authorization: "+tt.token); got.status != tt.status || !strings.Contains(got.body, tt.body) {
			t.Errorf("%s = %d %s, want %d %s", tt.what, got.status, got.body, tt.status, tt.body)
		}
	}
	// parity: spec/security.md 5.3, a token is good until it expires
	if _, err := p.GlobalSignOut(t.Context(), &sdk.GlobalSignOutInput{AccessToken: in.AccessToken}); err != nil {
		t.Fatal(err)
	}
	if got := p.call(t, "people", "GET /prod/me", "Authorization: "+*in.IdToken); got.status != 200 {
		t.Errorf("signed out = %d %s", got.status, got.body)
	}
	if _, err := p.GetUser(t.Context(), &sdk.GetUserInput{AccessToken: in.AccessToken}); err == nil {
		t.Error("the pool takes a token of who has signed out")
	}
}

// forge signs claims as it likes.
func forge(t *testing.T, header, claims map[string]any, sign func(text string) []byte) string {
	t.Helper()
	part := func(v any) string {
		doc, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(doc)
	}
	text := part(header) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(text))
}

// TestForgedPoolTokens attacks a method of the pool with tokens that it did not
// sign.
func TestForgedPoolTokens(t *testing.T) {
	p := startPeople(t)
	good := *p.signIn(p.client, "ann").IdToken
	var header, claims map[string]any
	for i, to := range []*map[string]any{&header, &claims} {
		doc, err := base64.RawURLEncoding.DecodeString(strings.Split(good, ".")[i])
		if err != nil || json.Unmarshal(doc, to) != nil {
			t.Fatal(err)
		}
	}
	mine, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	own := func(text string) []byte {
		digest := sha256.Sum256([]byte(text))
		s, err := rsa.SignPKCS1v15(nil, mine, crypto.SHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	_, set := p.fetch("", p.endpoint+"/"+p.pool+"/.well-known/jwks.json", nil, "", "")
	keys, _ := set["keys"].([]any)
	if len(keys) != 2 {
		t.Fatalf("keys = %v", set)
	}
	public, _ := keys[0].(map[string]any)
	modulus, _ := public["n"].(string)
	secret := func(text string) []byte { // the public key as a secret
		m := hmac.New(sha256.New, []byte(modulus))
		_, _ = m.Write([]byte(text))
		return m.Sum(nil)
	}
	with := func(base map[string]any, changes map[string]any) map[string]any {
		out := maps.Clone(base)
		maps.Copy(out, changes)
		return out
	}
	jwk := map[string]any{
		"kty": "RSA", "kid": header["kid"], "alg": "RS256", "use": "sig", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(mine.N.Bytes()),
	}
	none := func(string) []byte { return nil }
	other := p.otherPool()
	for what, token := range map[string]string{
		"none":                    forge(t, with(header, map[string]any{"alg": "none"}), claims, none),
		"nOnE":                    forge(t, with(header, map[string]any{"alg": "nOnE"}), claims, none),
		"HS256, the key public":   forge(t, with(header, map[string]any{"alg": "HS256"}), claims, secret),
		"another key, this kid":   forge(t, header, claims, own),
		"a key inside":            forge(t, with(header, map[string]any{"jwk": jwk}), claims, own),
		"a key elsewhere":         forge(t, with(header, map[string]any{"jku": "http://127.0.0.1:1/keys", "kid": "mine"}), claims, own),
		"kid of a file":           forge(t, with(header, map[string]any{"kid": "../../../../dev/null"}), claims, own),
		"kid of a query":          forge(t, with(header, map[string]any{"kid": "x' UNION SELECT 'key"}), claims, own),
		"no kid":                  forge(t, map[string]any{"alg": "RS256"}, claims, own),
		"crit":                    forge(t, with(header, map[string]any{"crit": []string{"exp"}}), claims, own),
		"another pool's":          other,
		"another pool's, our iss": strings.Split(good, ".")[0] + "." + strings.Split(good, ".")[1] + "." + strings.Split(other, ".")[2],
		"changed":                 strings.Split(good, ".")[0] + "." + strings.Split(other, ".")[1] + "." + strings.Split(good, ".")[2],
		"no signature":            good[:strings.LastIndexByte(good, '.')+1],
		"oversized":               good + strings.Repeat("A", 9000),
	} {
		if got := p.call(t, "people", "GET /prod/me", "Authorization: "+token); got.status != 401 || got.body != `{"message":"Unauthorized"}` {
			t.Errorf("%s = %d %s, want 401", what, got.status, got.body)
		}
	}
	if got := p.call(t, "people", "GET /prod/me", "Authorization: "+good); got.status != 200 {
		t.Errorf("the good one = %d %s", got.status, got.body)
	}
}

// otherPool is an ID token of a user of the same name in another pool.
func (p *people) otherPool() string {
	p.t.Helper()
	ctx := p.t.Context()
	pool, err := p.CreateUserPool(ctx, &sdk.CreateUserPoolInput{PoolName: aws.String("others")})
	if err != nil {
		p.t.Fatal(err)
	}
	client, err := p.CreateUserPoolClient(ctx, &sdk.CreateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientName: aws.String("app"), ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	was := p.pool
	p.pool = *pool.UserPool.Id
	defer func() { p.pool = was }()
	if _, err := p.CreateGroup(ctx, &sdk.CreateGroupInput{UserPoolId: &p.pool, GroupName: aws.String("editors")}); err != nil {
		p.t.Fatal(err)
	}
	p.user("ann")
	return *p.signIn(*client.UserPoolClient.ClientId, "ann").IdToken
}

// TestPoolKeys: discovery leads to keys; rotated keys go on to verify, and what
// was signed with either is taken.
func TestPoolKeys(t *testing.T) {
	p := startPeople(t)
	before := *p.signIn(p.client, "ann").IdToken
	issuer := "https://cognito-idp.us-east-1.amazonaws.com/" + p.pool
	for host, jwks := range map[string]string{
		"": p.endpoint + "/" + p.pool + "/.well-known/jwks.json", "cognito-idp.us-east-1.amazonaws.com": issuer + "/.well-known/jwks.json",
	} {
		status, about := p.fetch(host, p.endpoint+"/"+p.pool+"/.well-known/openid-configuration", nil, "", "")
		if status != 200 || about["issuer"] != issuer || about["jwks_uri"] != jwks {
			t.Errorf("discovery at %q = %d %v", host, status, about)
		}
	}
	if status, _ := p.fetch("", p.endpoint+"/us-east-1_nobody/.well-known/jwks.json", nil, "", ""); status != 404 {
		t.Errorf("keys of no pool = %d", status)
	}
	if status, _ := p.fetch("", p.admin+"/cognito/pools/"+p.pool+"/rotate", url.Values{}, "", ""); status != 204 {
		t.Fatalf("rotate = %d", status)
	}
	after := *p.signIn(p.client, "ann").IdToken
	kid := func(token string) string {
		header, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
		return string(header)
	}
	if kid(before) == kid(after) {
		t.Error("the key is the same after a rotation")
	}
	for what, token := range map[string]string{"before": before, "after": after} {
		if got := p.call(t, "people", "GET /prod/me", "Authorization: "+token); got.status != 200 {
			t.Errorf("signed %s the rotation = %d %s", what, got.status, got.body)
		}
	}
	if _, set := p.fetch("", p.endpoint+"/"+p.pool+"/.well-known/jwks.json", nil, "", ""); len(set["keys"].([]any)) != 3 {
		t.Errorf("keys after a rotation = %v", set)
	}
}

// TestPoolMessages: an operator reads the codes, and pages of anybody may sign
// people up.
func TestPoolMessages(t *testing.T) {
	p := startPeople(t)
	ctx := context.WithoutCancel(t.Context())
	if _, err := p.SignUp(ctx, &sdk.SignUpInput{
		ClientId: &p.client, Username: aws.String("bob"), Password: aws.String(passphrase),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("bob@example.org")}},
	}); err != nil {
		t.Fatal(err)
	}
	resp := rawGet(t, strings.TrimPrefix(p.admin, "http://"), "127.0.0.1", "/cognito/messages?pool="+p.pool)
	var waiting []struct{ Username, Purpose, Destination, Code string }
	if err := json.Unmarshal([]byte(resp), &waiting); err != nil || len(waiting) != 1 || waiting[0].Destination != "bob@example.org" {
		t.Fatalf("waiting: %s", resp)
	}
	if _, err := p.ConfirmSignUp(ctx, &sdk.ConfirmSignUpInput{ClientId: &p.client, Username: aws.String("bob"), ConfirmationCode: &waiting[0].Code}); err != nil {
		t.Fatal(err)
	}
	page := func(method, target string, fields ...string) *http.Response {
		req, err := http.NewRequestWithContext(ctx, method, p.endpoint+"/", strings.NewReader(`{"ClientId":"`+p.client+`","MaxResults":1}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://app.example.org")
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		if target != "" {
			req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+target)
		}
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ": ")
			req.Header.Set(name, value)
		}
		resp, err := p.client1().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	if got := page("OPTIONS", "", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type,x-amz-target"); got.StatusCode != 204 || got.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight = %d %v", got.StatusCode, got.Header)
	}
	if got := page("POST", "InitiateAuth"); got.StatusCode != 400 || got.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("an operation of users = %d %v", got.StatusCode, got.Header)
	}
	if got := page("POST", "ListUserPools"); got.StatusCode != 403 || got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("an operation of operators = %d %v", got.StatusCode, got.Header)
	}
}
