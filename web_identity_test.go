package stagedoor_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/stagedoor/stagedoor/internal/engine/jwt/jwttest"
)

// TestWebIdentity assumes a role with tokens of an OpenID Connect provider.
func TestWebIdentity(t *testing.T) {
	issuer, other := jwttest.New(t), jwttest.New(t)
	r := startGuarded(t, nil)
	ctx := t.Context()
	admin := iam.NewFromConfig(r.root())
	made, err := admin.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: &issuer.URL, ClientIDList: []string{"client"}})
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(issuer.URL, "http://")
	if want := "arn:aws:iam::000000000000:oidc-provider/" + name; *made.OpenIDConnectProviderArn != want {
		t.Errorf("CreateOpenIDConnectProvider = %s, want %s", *made.OpenIDConnectProviderArn, want)
	}
	role, err := admin.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("web"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
		"Principal":{"Federated":"` + *made.OpenIDConnectProviderArn + `"},"Condition":{"StringEquals":{"` + name + `:aud":"client"},"StringLike":{"` + name + `:sub":"u*"}}}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	policy := policyOf("Allow", "apigateway:GET", "*")
	if _, err := admin.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("web"), PolicyName: aws.String("p"), PolicyDocument: &policy}); err != nil {
		t.Fatal(err)
	}
	trusted := r.role(t, "users", `{"AWS":"000000000000"}`, policyOf("Allow", "*", "*"))
	anybody := sts.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &r.endpoint, RetryMaxAttempts: 1, HTTPClient: r.client})
	const denied = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
	for _, tt := range []struct{ name, role, token, want string }{
		{"no token", *role.Role.Arn, "token", "InvalidIdentityToken: The ID Token provided is not a valid JWT."},
		{"another issuer", *role.Role.Arn, other.Token(t, nil), "InvalidIdentityToken: No OpenIDConnect provider found in your account for " + other.URL},
		{"another's key", *role.Role.Arn, other.Token(t, map[string]any{"iss": issuer.URL}), "InvalidIdentityToken: The web identity token"},
		{"another audience", *role.Role.Arn, issuer.Token(t, map[string]any{"aud": "stranger"}), "InvalidIdentityToken: Incorrect token audience"},
		{"expired", *role.Role.Arn, issuer.Token(t, map[string]any{"exp": 1}), "ExpiredTokenException: Token expired"},
		{"a user whom the role does not trust", *role.Role.Arn, issuer.Token(t, map[string]any{"sub": "x1"}), denied},
		{"a role that trusts others", trusted, issuer.Token(t, nil), denied},
		{"no role", trusted + "2", issuer.Token(t, nil), denied},
	} {
		_, err := anybody.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: &tt.role, RoleSessionName: aws.String("sess"), WebIdentityToken: &tt.token})
		if !strings.HasPrefix(said(err), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	token := issuer.Token(t, nil)
	got, err := anybody.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("sess"), WebIdentityToken: &token})
	if err != nil {
		t.Fatal(err)
	}
	if *got.SubjectFromWebIdentityToken != "u1" || *got.Audience != "client" || *got.Provider != *made.OpenIDConnectProviderArn || *got.AssumedRoleUser.Arn != "arn:aws:sts::000000000000:assumed-role/web/sess" {
		t.Errorf("AssumeRoleWithWebIdentity = %+v", got)
	}
	c := got.Credentials
	gw := apigateway.NewFromConfig(r.as(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken))
	if _, err := gw.GetRestApis(ctx, &apigateway.GetRestApisInput{}); err != nil {
		t.Errorf("GetRestApis: %v", err)
	}
	if _, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("a")}); !strings.HasPrefix(said(err), "AccessDeniedException") {
		t.Errorf("CreateRestApi: %v", err)
	}
	if _, err := admin.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: made.OpenIDConnectProviderArn}); err != nil {
		t.Fatal(err)
	}
	if _, err := anybody.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("sess"), WebIdentityToken: &token}); !strings.HasPrefix(said(err), "InvalidIdentityToken") {
		t.Errorf("a provider that is gone: %v", err)
	}
}
