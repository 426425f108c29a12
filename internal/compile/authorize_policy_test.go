package compile_test

import (
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/jwt/jwttest"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

const (
	anonymousDenied = outsider + " with an explicit deny"
	home            = `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`
	away            = `{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`
)

// withPolicy compiles a guarded API with a resource policy, and asks for API
// keys if keys are known.
func (g *guarded) withPolicy(t testing.TB, policy *string, keyed bool) *program.Stage {
	t.Helper()
	g.edit = func(s *snapshot.REST) {
		s.API.Policy = policy
		for i := range s.Methods {
			s.Methods[i].APIKeyRequired = keyed
		}
	}
	return g.stage(t)
}

// TestResourcePolicyWithLambda goes through table A for authorizers of type
// TOKEN and REQUEST, each twice: the second answer is of a result that was kept.
// parity: spec/security.md 2.8, CUSTOM.
func TestResourcePolicyWithLambda(t *testing.T) {
	said := func(what string) string { return `AccessDeniedException {"Message":"` + what + `"}` }
	type row struct {
		authorizer string
		policy     *string
		want       string // empty: let in
		asks       bool   // the function is called
	}
	allow, silentPolicy, deny := policy("Allow", rootARN+"*", ""), policy("Allow", rootARN+"POST/", ""), policy("Deny", rootARN+"*", "")
	rows := map[string]row{
		"allow, allow":            {allow, rules("Allow * *"), "", true},
		"allow, silent":           {allow, rules("Allow * prod/POST/"), "", true},
		"allow, deny":             {allow, rules("Allow * *", "Deny * prod/GET/"), said(anonymousDenied), false},
		"allow, none":             {allow, nil, "", true},
		"silent, allow":           {silentPolicy, rules("Allow * *"), "", true},
		"silent, silent":          {silentPolicy, rules("Allow * prod/POST/"), silent, true},
		"silent, deny":            {silentPolicy, rules("Deny * *"), said(anonymousDenied), false},
		"silent, none":            {silentPolicy, nil, silent, true},
		"deny, allow":             {deny, rules("Allow * *"), denied, true},
		"deny, silent":            {deny, rules("Allow * prod/POST/"), denied, true},
		"deny, deny":              {deny, rules("Deny * *"), said(anonymousDenied), false},
		"deny, none":              {deny, nil, denied, true},
		"silent, at home":         {silentPolicy, rules("Allow * * " + home), "", true},
		"silent, away":            {silentPolicy, rules("Allow * * " + away), silent, true},
		"allow, denied away only": {allow, rules("Deny * * " + away), "", true},
		// Callers are anonymous to the resource policy whatever the function calls
		// them, so it speaks of nobody that it names.
		"silent, allows an account":   {silentPolicy, rules("Allow 000000000000 *"), silent, true},
		"silent, allows another's":    {silentPolicy, rules("Allow arn:aws:iam::111122223333:user/eve *"), silent, true},
		"allow, denies another's":     {allow, rules("Deny arn:aws:iam::111122223333:root *"), "", true},
		"allow, denies our own users": {allow, rules("Deny 000000000000 *"), "", true},
	}
	for kind, a := range map[string]api.Authorizer{"TOKEN": tokenAuthorizer(nil), "REQUEST": requestAuthorizer("method.request.header.Authorization")} {
		for name, tt := range rows {
			g := &guarded{authorizer: a, answer: says(tt.authorizer)}
			stage := g.withPolicy(t, tt.policy, false)
			for _, turn := range []string{"first", "kept"} {
				r := send(t, stage, "GET /", "Authorization: x")
				if tt.want == "" && r.Status != 200 || tt.want != "" && (r.Status != 403 || outcome(r) != tt.want) {
					t.Errorf("%s, %s, %s: %d %s, want %s", kind, name, turn, r.Status, outcome(r), tt.want)
				}
			}
			if want := map[bool]int{true: 1}[tt.asks]; g.asked != want {
				t.Errorf("%s, %s: the function was asked %d times, want %d", kind, name, g.asked, want)
			}
		}
	}
}

// TestResourcePolicyOfAKeptResult: a result that is kept is held to the policy
// of the deployment that the request came to, and to the method that it is for.
func TestResourcePolicyOfAKeptResult(t *testing.T) {
	g := &guarded{authorizer: tokenAuthorizer(nil), answer: says(policy("Allow", rootARN+"POST/", ""))}
	for _, tt := range []struct {
		policy *string
		line   string
		want   int
	}{
		{rules("Allow * *"), "GET /", 200},
		{rules("Allow * *"), "POST /", 200},
		{rules("Allow * prod/POST/"), "GET /", 403},
		{nil, "GET /", 403},
		{nil, "POST /", 200},
		{rules("Allow * *", "Deny * prod/POST/"), "POST /", 403},
		{rules("Allow * *", "Deny * prod/POST/"), "GET /", 200},
	} {
		if r := send(t, g.withPolicy(t, tt.policy, false), tt.line, "Authorization: x"); r.Status != tt.want {
			t.Errorf("%s: %d %s, want %d", tt.line, r.Status, r.Body, tt.want)
		}
	}
	if g.asked != 1 {
		t.Errorf("the function was asked %d times", g.asked)
	}
}

// TestResourcePolicyWithPool goes through what the policy alone says of whom a
// token was read of: the token first, then the policy, which must allow.
// parity: spec/security.md 2.8, COGNITO_USER_POOLS.
func TestResourcePolicyWithPool(t *testing.T) {
	issuer := jwttest.New(t)
	good := issuer.Token(t, nil)
	for name, tt := range map[string]struct {
		policy      *string
		token, want string
	}{
		"none":                       {nil, good, ""},
		"allows":                     {rules("Allow * *"), good, ""},
		"silent":                     {rules("Allow * prod/POST/"), good, `AccessDeniedException {"Message":"` + outsider + `"}`},
		"denies":                     {rules("Allow * *", "Deny * *"), good, `AccessDeniedException {"Message":"` + anonymousDenied + `"}`},
		"allows a user of another":   {rules("Allow arn:aws:iam::111122223333:user/eve *"), good, `AccessDeniedException {"Message":"` + outsider + `"}`},
		"allows, a wrong token":      {rules("Allow * *"), good + "x", notKnown},
		"denies, a wrong token":      {rules("Deny * *"), good + "x", notKnown},
		"silent, without a token":    {rules("Allow * prod/POST/"), "", notKnown},
		"allows us, as an account":   {rules("Allow 000000000000 *"), good, `AccessDeniedException {"Message":"` + outsider + `"}`},
		"allows from where we are":   {rules("Allow * * " + home), good, ""},
		"allows from somewhere else": {rules("Allow * * " + away), good, `AccessDeniedException {"Message":"` + outsider + `"}`},
	} {
		g := pooled(issuer, nil)
		stage := g.withPolicy(t, tt.policy, false)
		for _, turn := range []string{"first", "kept"} {
			var fields []string
			if tt.token != "" {
				fields = []string{"Authorization: " + tt.token}
			}
			r := send(t, stage, "GET /", fields...)
			if tt.want == "" && r.Status != 200 || tt.want != "" && outcome(r) != tt.want {
				t.Errorf("%s, %s: %d %s, want %s", name, turn, r.Status, outcome(r), tt.want)
			}
		}
	}
}

// TestOrderOfRefusals takes away one reason after another to turn a request
// away: what is left answers.
// parity: spec/security.md 0.3; spec/rest-data-plane.md 1.2.
func TestOrderOfRefusals(t *testing.T) {
	const key = "x-api-key: " + ann
	keys := newLimits(t, api.UsagePlan{}).env
	pool := jwttest.New(t)
	allow, deny := policy("Allow", rootARN+"*", ""), policy("Deny", rootARN+"*", "")
	custom := func(answer string) *guarded { return &guarded{authorizer: tokenAuthorizer(nil), answer: says(answer)} }
	const refused = `AccessDeniedException {"Message":"` + anonymousDenied + `"}`
	const noKey = `ForbiddenException {"message":"Forbidden"}`
	for _, tt := range []struct {
		name   string
		g      *guarded
		policy *string
		fields []string
		want   string // empty: let in
		asked  int
	}{
		{"CUSTOM: the policy denies, no token, no key", custom(deny), rules("Deny * *"), nil, refused, 0},
		{"CUSTOM: no token, no key", custom(deny), rules("Allow * *"), nil, notKnown, 0},
		{"CUSTOM: the function denies, no key", custom(deny), rules("Allow * *"), []string{"Authorization: x"}, denied, 1},
		{"CUSTOM: nobody allows, no key", custom(policy("Allow", rootARN+"POST/", "")), rules("Allow * prod/POST/"), []string{"Authorization: x"}, silent, 1},
		{"CUSTOM: no key", custom(allow), rules("Allow * *"), []string{"Authorization: x"}, noKey, 1},
		{"CUSTOM: all is well", custom(allow), rules("Allow * *"), []string{"Authorization: x", key}, "", 1},
		{"CUSTOM: a key does not help whom the policy denies", custom(allow), rules("Deny * *"), []string{"Authorization: x", key}, refused, 0},
		{"pool: no token, the policy denies, no key", pooled(pool, nil), rules("Deny * *"), nil, notKnown, 0},
		{"pool: the policy denies, no key", pooled(pool, nil), rules("Allow * *", "Deny * *"), []string{"Authorization: " + pool.Token(t, nil)}, refused, 0},
		{"pool: no key", pooled(pool, nil), rules("Allow * *"), []string{"Authorization: " + pool.Token(t, nil)}, noKey, 0},
		{"pool: all is well", pooled(pool, nil), rules("Allow * *"), []string{"Authorization: " + pool.Token(t, nil), key}, "", 0},
	} {
		tt.g.env = func(e *compile.Env) { e.Keys, e.Buckets = keys.Keys, keys.Buckets }
		stage := tt.g.withPolicy(t, tt.policy, true)
		for _, turn := range []string{"first", "kept"} {
			r := send(t, stage, "GET /", tt.fields...)
			if tt.want == "" && r.Status != 200 || tt.want != "" && outcome(r) != tt.want {
				t.Errorf("%s, %s: %d %s, want %s", tt.name, turn, r.Status, outcome(r), tt.want)
			}
		}
		if tt.g.asked != tt.asked {
			t.Errorf("%s: the function was asked %d times, want %d", tt.name, tt.g.asked, tt.asked)
		}
	}
}

// TestIAMTables goes through both tables for callers who sign: those of the
// API's account, and those of another.
// parity: spec/security.md 2.8, tables A and B; 2.9.
func TestIAMTables(t *testing.T) {
	const end = " is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/"
	identities := map[string]string{"Allow": invoke("Allow", "*"), "silent": "", "Deny": invoke("Deny", "*")}
	policies := map[string]*string{"Allow": rules("Allow * *"), "silent": rules("Allow * prod/POST/"), "Deny": rules("Allow * *", "Deny * prod/GET/"), "none": nil}
	for account, table := range map[string]map[string]string{
		"000000000000": {"Allow": "AAEA", "silent": "AIEI", "Deny": "EEEE"},
		"111122223333": {"Allow": "AIEI", "silent": "IIEI", "Deny": "EEEE"},
	} {
		for said, row := range table {
			book := callersOf(t, account, identities[said])
			for i, policy := range []string{"Allow", "silent", "Deny", "none"} {
				x := request(t, signedStage(t, "AWS_IAM", policies[policy], book), "GET /")
				sign(t, x, "", nil)
				r := programtest.Play(t, x)
				text := "User: arn:aws:iam::" + account + ":user/ann" + end
				want := map[byte]string{'I': text, 'E': text + " with an explicit deny"}[row[i]]
				if want == "" && r.Status != 200 || want != "" && (r.Status != 403 || outcome(r) != `AccessDeniedException {"Message":"`+want+`"}`) {
					t.Errorf("account %s, identity %s, resource policy %s: %d %s, want %s", account, said, policy, r.Status, outcome(r), want)
				}
			}
		}
	}
}

// TestIAMTablesByName: whom a resource policy names counts as who they are.
func TestIAMTablesByName(t *testing.T) {
	for _, tt := range []struct {
		name, account, identity string
		policy                  *string
		want                    int
	}{
		{"the other account", "111122223333", invoke("Allow", "*"), rules("Allow 111122223333 *"), 200},
		{"the other account, whose user may not", "111122223333", "", rules("Allow 111122223333 *"), 403},
		{"the user", "111122223333", invoke("Allow", "*"), rules("Allow arn:aws:iam::111122223333:user/ann *"), 200},
		{"another user", "111122223333", invoke("Allow", "*"), rules("Allow arn:aws:iam::111122223333:user/eve *"), 403},
		{"our account", "111122223333", invoke("Allow", "*"), rules("Allow 000000000000 *"), 403},
		{"our user, who may nothing else", "000000000000", "", rules("Allow arn:aws:iam::000000000000:user/ann *"), 200},
		{"our account, which leaves it to the user's policies", "000000000000", "", rules("Allow 000000000000 *"), 403},
		{"the user denied by name", "000000000000", invoke("Allow", "*"), rules("Deny arn:aws:iam::000000000000:user/ann *"), 403},
		{"by a condition on the principal", "000000000000", "", rules(`Allow * * {"StringEquals":{"aws:PrincipalAccount":"000000000000","aws:PrincipalTag/team":"pets","aws:username":"ann"}}`), 200},
		{"by one that is not met", "000000000000", "", rules(`Allow * * {"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`), 403},
	} {
		x := request(t, signedStage(t, "AWS_IAM", tt.policy, callersOf(t, tt.account, tt.identity)), "GET /")
		sign(t, x, "", nil)
		if r := programtest.Play(t, x); r.Status != tt.want {
			t.Errorf("%s: %d %s, want %d", tt.name, r.Status, r.Body, tt.want)
		}
	}
}
