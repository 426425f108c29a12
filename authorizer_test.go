package stagedoor_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/stagedoor/stagedoor"
	"github.com/stagedoor/stagedoor/internal/engine/jwt/jwttest"
)

// authorizerOf is requestContext.authorizer of an event that a function sent back.
func authorizerOf(t *testing.T, body string) map[string]any {
	t.Helper()
	var event struct {
		RequestContext struct{ Authorizer map[string]any }
	}
	if err := json.Unmarshal([]byte(body), &event); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return event.RequestContext.Authorizer
}

// callAuthorizerTemplate calls the template with a TOKEN authorizer.
func callAuthorizerTemplate(t *testing.T, r *running, api string) {
	t.Helper()
	for range 2 { // asked, then remembered
		for _, tt := range []struct {
			token, body string
			status      int
		}{
			{"Bearer allow", "", 200},
			{"Bearer deny", `{"Message":"User is not authorized to access this resource with an explicit deny"}`, 403},
			{"unauthorized", `{"message":"Unauthorized"}`, 401},
			{"", `{"message":"Unauthorized"}`, 401},
		} {
			var fields []string
			if tt.token != "" {
				fields = []string{"authorizationToken: " + tt.token}
			}
			got := r.call(t, api, "GET /Prod/", fields...)
			if got.status != tt.status || tt.body != "" && got.body != tt.body {
				t.Errorf("%q = %d %s, want %d %s", tt.token, got.status, got.body, tt.status, tt.body)
			}
			if got.status != 200 {
				continue
			}
			who := authorizerOf(t, got.body)
			delete(who, "integrationLatency")
			want := map[string]any{"principalId": "user", "stringKey": "value", "numberKey": "123", "booleanKey": "true"}
			if !maps.Equal(who, want) {
				t.Errorf("authorizer = %v, want %v", who, want)
			}
		}
	}
}

// callCognitoTemplate calls the template with an authorizer of a user pool,
// for which an issuer on this machine stands.
func callCognitoTemplate(users *jwttest.Issuer) func(t *testing.T, r *running, api string) {
	return func(t *testing.T, r *running, api string) {
		t.Helper()
		const unauthorized = `{"message":"Unauthorized"}`
		for _, tt := range []struct{ what, field, body string }{
			{"no token", "", unauthorized},
			{"a bad token", "authorizationToken: bad", unauthorized},
			{"a forged token", "authorizationToken: " + users.Token(t, nil) + "A", unauthorized},
			{"an access token", "authorizationToken: " + users.Token(t, map[string]any{"token_use": "access"}), unauthorized},
			{"an old token", "authorizationToken: " + users.Token(t, map[string]any{"exp": time.Now().Unix() - 60}), `{"message":"The incoming token has expired"}`},
		} {
			if got := r.call(t, api, "GET /Prod/", tt.field); got.status != 401 || got.body != tt.body {
				t.Errorf("%s = %d %s, want 401 %s", tt.what, got.status, got.body, tt.body)
			}
		}
		got := r.call(t, api, "GET /Prod/", "authorizationToken: "+users.Token(t, map[string]any{"email": "u1@example.org"}))
		if got.status != 200 {
			t.Fatalf("a good token = %d %s", got.status, got.body)
		}
		claims, _ := authorizerOf(t, got.body)["claims"].(map[string]any)
		if claims["sub"] != "u1" || claims["email"] != "u1@example.org" || claims["iss"] != users.URL {
			t.Errorf("claims = %v", claims)
		}
	}
}

// callCORSTemplate calls the template whose preflight is open and whose
// methods are not.
func callCORSTemplate(t *testing.T, r *running, api string) {
	t.Helper()
	got := r.call(t, api, "OPTIONS /dev/lambdaExample", "Origin: https://example.org")
	if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != "*" ||
		got.header.Get("Access-Control-Max-Age") != "500" || !strings.Contains(got.header.Get("Access-Control-Allow-Methods"), "GET") {
		t.Errorf("preflight = %d %v", got.status, got.header)
	}
	for _, field := range []string{"", "Authorization: bad"} {
		if got := r.call(t, api, "GET /dev/lambdaExample", field); got.status != 401 || got.body != `{"message":"Unauthorized"}` {
			t.Errorf("GET with %q = %d %s, want 401", field, got.status, got.body)
		}
	}
}

// TestAuthorizersExample deploys the example, makes the calls of its README,
// and has a stage's results forgotten.
func TestAuthorizersExample(t *testing.T) {
	need(t, "python3")
	users := jwttest.New(t)
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions = []string{"examples/authorizers/template.yaml"}
		c.OIDCIssuers = []string{"arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_example=" + users.URL}
	})
	if a := r.next(t); len(a.Problems) > 0 || len(a.Stages) != 1 {
		t.Fatalf("deployed: %+v", a)
	}
	for _, tt := range []struct {
		what, field string
		status      int
		body        string
	}{
		{"GET /prod/", "", 200, `"who": {}`},
		{"GET /prod/notes", "", 401, `{"message":"Unauthorized"}`},
		{"GET /prod/notes", "Authorization: Bearer alice", 200, `"who": {"role": "editor", "principalId": "alice"}`},
		{"POST /prod/notes hello", "Authorization: Bearer alice", 200, `"role": "editor"`},
		{"GET /prod/notes", "Authorization: Bearer bob", 200, `"role": "reader"`},
		{"POST /prod/notes hello", "Authorization: Bearer bob", 403, `{"Message":"User is not authorized to access this resource"}`},
		{"GET /prod/notes", "Authorization: Bearer mallory", 403, `{"Message":"User is not authorized to access this resource with an explicit deny"}`},
		{"GET /prod/notes", "Authorization: Bearer 7", 401, `{"message":"Unauthorized"}`},
		{"GET /prod/notes", "Authorization: Bearer eve", 401, `{"message":"Unauthorized"}`},
		{"GET /prod/team?key=b1", "X-Team: blue", 200, `"who": {"team": "blue", "principalId": "blue"}`},
		{"GET /prod/team?key=r1", "X-Team: blue", 403, "explicit deny"},
		{"GET /prod/team", "X-Team: blue", 401, `{"message":"Unauthorized"}`},
		{"GET /prod/me", "Authorization: " + users.Token(t, map[string]any{"sub": "carol"}), 200, `"sub": "carol"`},
		{"GET /prod/me", "Authorization: Bearer alice", 401, `{"message":"Unauthorized"}`},
	} {
		if got := r.call(t, "notes", tt.what, tt.field); got.status != tt.status || !strings.Contains(got.body, tt.body) {
			t.Errorf("%s (%s) = %d %s, want %d %s", tt.what, tt.field, got.status, got.body, tt.status, tt.body)
		}
	}
	gw := apigateway.NewFromConfig(r.account())
	for stage, ok := range map[string]bool{"prod": true, "none": false} {
		_, err := gw.FlushStageAuthorizersCache(t.Context(), &apigateway.FlushStageAuthorizersCacheInput{RestApiId: new("notes"), StageName: &stage})
		if (err == nil) != ok {
			t.Errorf("flush %s: %v, want ok %v", stage, err, ok)
		}
	}
	if got := r.call(t, "notes", "GET /prod/notes", "Authorization: Bearer alice"); got.status != 200 {
		t.Errorf("after the flush: %d %s", got.status, got.body)
	}
}
