package compile_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/engine/jwt/jwttest"
	"github.com/stagedoor/stagedoor/internal/step"
)

const poolARN = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc"

func pooled(issuer *jwttest.Issuer, change func(*api.Authorizer)) *guarded {
	a := api.Authorizer{
		Name: "a", Type: "COGNITO_USER_POOLS", ProviderARNs: []string{poolARN},
		IdentitySource: new("method.request.header.Authorization"),
	}
	if change != nil {
		change(&a)
	}
	pools := jwt.NewPools(jwt.NewFetcher().Fetch, map[string]string{poolARN: issuer.URL})
	return &guarded{authorizer: a, shared: step.NewAuthorizers(pools)}
}

const expired = `UnauthorizedException {"message":"The incoming token has expired"}`

// TestCognitoOutcomes: every outcome of spec/security.md 5.5.
func TestCognitoOutcomes(t *testing.T) {
	issuer, other := jwttest.New(t), jwttest.New(t)
	token := func(change map[string]any) string { return issuer.Token(t, change) }
	access := map[string]any{"token_use": "access", "aud": nil, "client_id": "client", "scope": "openid shop/read"}
	audience := func(a *api.Authorizer) { a.IdentityValidationExpression = new("client|other") }
	for _, tt := range []struct {
		name    string
		change  func(*api.Authorizer)
		scopes  []string
		headers []string
		status  int
		want    string
	}{
		{"ID token", nil, nil, []string{"Authorization: " + token(nil)}, 200, ""},
		{"with Bearer", nil, nil, []string{"authorization: bearer " + token(nil)}, 200, ""},
		{"none", nil, nil, nil, 401, notKnown},
		{"empty", nil, nil, []string{"Authorization: "}, 401, notKnown},
		{"two", nil, nil, []string{"Authorization: " + token(nil), "Authorization: " + token(map[string]any{"sub": "u2"})}, 401, notKnown},
		{"garbage", nil, nil, []string{"Authorization: garbage"}, 401, notKnown},
		{"oversize", nil, nil, []string{"Authorization: " + strings.Repeat("a", 9<<10)}, 401, notKnown},
		{"Basic", nil, nil, []string{"Authorization: Basic " + token(nil)}, 401, notKnown},
		{"another issuer", nil, nil, []string{"Authorization: " + other.Token(t, nil)}, 401, notKnown},
		{"another's key", nil, nil, []string{"Authorization: " + other.Token(t, map[string]any{"iss": issuer.URL})}, 401, notKnown},
		{"expired", nil, nil, []string{"Authorization: " + token(map[string]any{"exp": time.Now().Unix() - 1})}, 401, expired},
		{"access token", nil, nil, []string{"Authorization: " + token(access)}, 401, notKnown},
		{"access token, scope", nil, []string{"shop/write", "shop/read"}, []string{"Authorization: " + token(access)}, 200, ""},
		{"access token, no scope", nil, []string{"shop/write"}, []string{"Authorization: " + token(access)}, 401, notKnown},
		{"ID token where scopes are", nil, []string{"openid"}, []string{"Authorization: " + token(map[string]any{"scope": "openid"})}, 401, notKnown},
		{"audience", audience, nil, []string{"Authorization: " + token(nil)}, 200, ""},
		{"audience in a list", audience, nil, []string{"Authorization: " + token(map[string]any{"aud": []string{"x", "other"}})}, 200, ""},
		{"another audience", audience, nil, []string{"Authorization: " + token(map[string]any{"aud": "clients"})}, 401, notKnown},
		{"audience of an access token", audience, []string{"openid"}, []string{"Authorization: " + token(access)}, 401, notKnown},
	} {
		g := pooled(issuer, tt.change)
		g.scopes = tt.scopes
		stage := g.stage(t)
		for range 2 {
			r := send(t, stage, "GET /", tt.headers...)
			if r.Status != tt.status || tt.want != "" && outcome(r) != tt.want {
				t.Errorf("%s: %d %s, want %d %s", tt.name, r.Status, outcome(r), tt.status, tt.want)
			}
		}
	}
}

func TestCognitoClaims(t *testing.T) {
	issuer := jwttest.New(t)
	g := pooled(issuer, nil)
	r := send(t, g.stage(t), "GET /", "Authorization: "+issuer.Token(t, map[string]any{
		"iat": 1519852085, "exp": 4102444800, "cognito:groups": []string{"a", "b"}, "email_verified": true,
	}))
	got, _ := part(t, r.Body, "requestContext", "authorizer", "claims").(map[string]any)
	want := map[string]any{
		"iss": issuer.URL, "sub": "u1", "aud": "client", "token_use": "id", "iat": "Wed Feb 28 21:08:05 UTC 2018",
		"exp": "Fri Jan 01 00:00:00 UTC 2100", "cognito:groups": "a,b", "email_verified": "true",
	}
	if r.Status != 200 || !maps.Equal(got, want) {
		t.Errorf("%d, claims %v, want %v", r.Status, got, want)
	}
}

// Without keys nobody gets in; with keys an outage changes nothing.
func TestCognitoOutage(t *testing.T) {
	issuer := jwttest.New(t)
	issuer.Down.Store(true)
	g := pooled(issuer, nil)
	stage := g.stage(t)
	for range 2 {
		if r := send(t, stage, "GET /", "Authorization: "+issuer.Token(t, nil)); r.Status != 500 || outcome(r) != broken {
			t.Errorf("no keys: %d %s", r.Status, outcome(r))
		}
	}
	if r := send(t, stage, "GET /", "Authorization: garbage"); r.Status != 401 {
		t.Errorf("no keys, and no token: %d", r.Status)
	}
	if n := issuer.Asked.Load(); n != 1 {
		t.Errorf("asked %d times, want 1", n)
	}
	issuer.Down.Store(false)
	g = pooled(issuer, nil)
	stage = g.stage(t)
	for n, down := range []bool{false, true, true} {
		issuer.Down.Store(down)
		token := issuer.Token(t, map[string]any{"jti": n})
		if r := send(t, stage, "GET /", "Authorization: "+token); r.Status != 200 {
			t.Errorf("down %v: %d %s", down, r.Status, r.Body)
		}
	}
}

// A token that was verified is not believed longer than it says itself, and
// one use of it is not another.
func TestCognitoRecall(t *testing.T) {
	issuer := jwttest.New(t)
	g := pooled(issuer, nil)
	stage := g.stage(t)
	token := issuer.Token(t, map[string]any{"exp": time.Now().Unix() + 2, "scope": "openid"})
	if r := send(t, stage, "GET /", "Authorization: "+token); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	g.scopes = []string{"openid"}
	if r := send(t, g.stage(t), "GET /", "Authorization: "+token); r.Status != 401 {
		t.Errorf("an ID token that is remembered for a method with scopes: %d", r.Status)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r := send(t, stage, "GET /", "Authorization: "+token)
		if r.Status == 401 {
			if outcome(r) != expired {
				t.Errorf("at the end: %s", outcome(r))
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a token is remembered beyond its end")
		}
	}
}

func TestCognitoRecallAllocs(t *testing.T) {
	issuer := jwttest.New(t)
	g := pooled(issuer, nil)
	stage := g.stage(t)
	field := "Authorization: Bearer " + issuer.Token(t, nil)
	if r := send(t, stage, "GET /", field); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	x := request(t, stage, "GET /", field)
	recall := x.Route.Steps[1] // after the length of the ARN
	got := testing.AllocsPerRun(1000, func() {
		enterAgain(t, x)
		if err := recall.Run(x); err != nil {
			t.Fatal(err)
		}
	})
	if got > recallAllocs || x.Caller == nil || x.Caller.Claims["sub"] != "u1" {
		t.Errorf("recalling allocates %v times, want at most %d; caller %+v", got, recallAllocs, x.Caller)
	}
}

func BenchmarkCognitoRecall(b *testing.B) {
	issuer := jwttest.New(b)
	stage := pooled(issuer, nil).stage(b)
	field := "Authorization: Bearer " + issuer.Token(b, nil)
	if r := send(b, stage, "GET /", field); r.Status != 200 {
		b.Fatalf("%d %s", r.Status, r.Body)
	}
	x := request(b, stage, "GET /", field)
	recall := x.Route.Steps[1] // after the length of the ARN
	b.ReportAllocs()
	for b.Loop() {
		enterAgain(b, x)
		if err := recall.Run(x); err != nil {
			b.Fatal(err)
		}
	}
}
