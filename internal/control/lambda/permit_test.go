package lambda

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
)

func TestARNPattern(t *testing.T) {
	const arn = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/pets/7"
	for _, tt := range []struct {
		pattern string
		want    bool
	}{
		{arn, true},
		{"arn:aws:execute-api:us-east-1:000000000000:abc123/*/GET/pets/*", true},
		{"arn:aws:execute-api:us-east-1:000000000000:abc123/*/*/*", true},
		{"arn:aws:execute-api:us-east-1:000000000000:abc123/*", true},
		{"arn:aws:execute-api:*:*:abc12?/*", true},
		{"*", true},
		{"arn:*", false},                    // a star is not over colons
		{"arn:aws:execute-api:*", false},    // nor is it at the end
		{"arn:aws:*:abc123/*/GET/*", false}, // nor inside
		{"arn:aws:execute-api:us-east-1:000000000000:ABC123/*", false},
		{"arn:aws:execute-api:us-east-1:111111111111:abc123/*", false},
		{"arn:aws:execute-api:us-east-1:000000000000:abc123", false},
		{"", false},
	} {
		if got := newARNPattern(tt.pattern).match(arn); got != tt.want {
			t.Errorf("%q matches %q: %v, want %v", tt.pattern, arn, got, tt.want)
		}
	}
	if !newARNPattern("arn:aws:execute-api:r:1:api/*/POST/*").match("arn:aws:execute-api:r:1:api/s/POST/pets:batch") {
		t.Error("a colon in a resource must not end what a star stands for")
	}
}

// obvious is ArnLike as it reads: part by part, each way that a star could go.
func obvious(pattern, arn string) bool {
	if pattern == "*" {
		return true
	}
	p, a := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(p) != 6 || len(a) != 6 {
		return false
	}
	for i := range p {
		if !obviousGlob(p[i], a[i]) {
			return false
		}
	}
	return true
}

func obviousGlob(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return obviousGlob(pattern[1:], text) || text != "" && obviousGlob(pattern, text[1:])
	case text == "":
		return false
	default:
		return (pattern[0] == '?' || pattern[0] == text[0]) && obviousGlob(pattern[1:], text[1:])
	}
}

func FuzzARNPattern(f *testing.F) {
	f.Add("arn:aws:execute-api:*:*:a?c/*", "arn:aws:execute-api:us-east-1:1:abc/x")
	f.Add("a:b:c:d:e:*f*", "a:b:c:d:e:xfx:f")
	f.Add(":::::**", ":::::")
	f.Fuzz(func(t *testing.T, pattern, arn string) {
		if len(pattern) > 40 || len(arn) > 40 || strings.Count(pattern, "*") > 5 {
			return // the obvious way takes ages
		}
		if got, want := newARNPattern(pattern).match(arn), obvious(pattern, arn); got != want {
			t.Errorf("%q matches %q: %v, want %v", pattern, arn, got, want)
		}
	})
}

func TestAllows(t *testing.T) {
	const (
		fn      = "lambda:InvokeFunction"
		gateway = "apigateway.amazonaws.com"
		route   = "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/pets"
	)
	service := api.GrantPrincipal{Kind: "Service", Value: gateway}
	everybody := api.GrantPrincipal{Value: "*"}
	account := api.GrantPrincipal{Kind: "AWS", Value: "arn:aws:iam::111111111111:root"}
	like := func(arn string) *api.GrantCondition {
		return &api.GrantCondition{ArnLike: map[string]string{"AWS:SourceArn": arn}}
	}
	for _, tt := range []struct {
		name  string
		grant api.FunctionGrant
		ask   request
		want  bool
	}{
		{"plain", api.FunctionGrant{Principal: service, Action: fn}, request{principal: gateway, action: fn}, true},
		{"other service", api.FunctionGrant{Principal: service, Action: fn}, request{principal: "s3.amazonaws.com", action: fn}, false},
		{"other action", api.FunctionGrant{Principal: service, Action: "lambda:GetFunction"}, request{principal: gateway, action: fn}, false},
		{"any action of lambda", api.FunctionGrant{Principal: service, Action: "lambda:*"}, request{principal: gateway, action: fn}, true},
		{"any action", api.FunctionGrant{Principal: service, Action: "*"}, request{principal: gateway, action: fn}, true},
		{"action in another case", api.FunctionGrant{Principal: service, Action: "lambda:invokefunction"}, request{principal: gateway, action: fn}, true},
		{"everybody", api.FunctionGrant{Principal: everybody, Action: fn}, request{principal: gateway, action: fn}, true},
		{"account", api.FunctionGrant{Principal: account, Action: fn}, request{principal: "arn:aws:iam::111111111111:user/x", action: fn}, true},
		{"account by a role", api.FunctionGrant{Principal: account, Action: fn}, request{principal: "arn:aws:sts::111111111111:assumed-role/r/s", action: fn}, true},
		{"other account", api.FunctionGrant{Principal: account, Action: fn}, request{principal: "arn:aws:iam::222222222222:user/x", action: fn}, false},
		{"account is no service", api.FunctionGrant{Principal: account, Action: fn}, request{principal: gateway, action: fn}, false},
		{"source", api.FunctionGrant{Principal: service, Action: fn, Condition: like("arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/pets")}, request{principal: gateway, action: fn, sourceARN: route}, true},
		{"other source", api.FunctionGrant{Principal: service, Action: fn, Condition: like("arn:aws:execute-api:us-east-1:000000000000:xyz/*")}, request{principal: gateway, action: fn, sourceARN: route}, false},
		{"no source", api.FunctionGrant{Principal: service, Action: fn, Condition: like("*")}, request{principal: gateway, action: fn}, false},
		{"ArnEquals takes wildcards too", api.FunctionGrant{Principal: service, Action: fn, Condition: &api.GrantCondition{ArnEquals: map[string]string{"aws:SourceArn": "arn:aws:execute-api:*:*:abc/*"}}}, request{principal: gateway, action: fn, sourceARN: route}, true},
		{"StringLike", api.FunctionGrant{Principal: service, Action: fn, Condition: &api.GrantCondition{StringLike: map[string]string{"aws:SourceArn": "arn:*abc/*"}}}, request{principal: gateway, action: fn, sourceARN: route}, true},
		{"account of the source", api.FunctionGrant{Principal: service, Action: fn, Condition: &api.GrantCondition{StringEquals: map[string]string{"AWS:SourceAccount": "000000000000"}}}, request{principal: gateway, action: fn, sourceAccount: "000000000000"}, true},
		{"other account of the source", api.FunctionGrant{Principal: service, Action: fn, Condition: &api.GrantCondition{StringEquals: map[string]string{"AWS:SourceAccount": "000000000000"}}}, request{principal: gateway, action: fn, sourceAccount: "1"}, false},
		{"both must hold", api.FunctionGrant{Principal: service, Action: fn, Condition: &api.GrantCondition{ArnLike: map[string]string{"AWS:SourceArn": route}, StringEquals: map[string]string{"AWS:SourceAccount": "1"}}}, request{principal: gateway, action: fn, sourceARN: route, sourceAccount: "2"}, false},
		{"a key that nobody knows", api.FunctionGrant{Principal: service, Action: fn, Condition: &api.GrantCondition{StringEquals: map[string]string{"aws:PrincipalOrgID": "o-1"}}}, request{principal: gateway, action: fn}, false},
		{"function URL", api.FunctionGrant{Principal: everybody, Action: "lambda:InvokeFunctionUrl", Condition: &api.GrantCondition{StringEquals: map[string]string{"lambda:FunctionUrlAuthType": "NONE"}}}, request{principal: "*", action: "lambda:InvokeFunctionUrl", urlAuth: "NONE"}, true},
		{"function URL of another kind", api.FunctionGrant{Principal: everybody, Action: "lambda:InvokeFunctionUrl", Condition: &api.GrantCondition{StringEquals: map[string]string{"lambda:FunctionUrlAuthType": "NONE"}}}, request{principal: "*", action: "lambda:InvokeFunctionUrl", urlAuth: "AWS_IAM"}, false},
		{"not by a function URL", api.FunctionGrant{Principal: everybody, Action: fn, Condition: &api.GrantCondition{Bool: map[string]string{"lambda:InvokedViaFunctionUrl": "true"}}}, request{principal: "*", action: fn}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.grant.Effect = "Allow"
			grants := newGrants(api.FunctionPolicy{Statements: []api.FunctionGrant{tt.grant}})
			if got := allows(grants, &tt.ask); got != tt.want {
				t.Errorf("%+v allows %+v: %v, want %v", tt.grant, tt.ask, got, tt.want)
			}
		})
	}
}

func TestDenyIsNoGrant(t *testing.T) {
	p := api.FunctionPolicy{Statements: []api.FunctionGrant{{Effect: "Deny", Principal: api.GrantPrincipal{Value: "*"}, Action: "*"}}}
	if allows(newGrants(p), &request{principal: "x", action: "y"}) {
		t.Error("a Deny allows")
	}
}
