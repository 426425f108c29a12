package stagedoor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/stagedoor/stagedoor"
)

// The first key of the tests.
const (
	rootKey    = "AKIAROOTROOTROOTROOT"
	rootSecret = "the secret of the root of this account!!"
)

// startGuarded runs a stagedoor that verifies who calls.
func startGuarded(t testing.TB, change func(*stagedoor.Config)) *running {
	t.Helper()
	return start(t, func(c *stagedoor.Config) {
		c.Auth, c.RootAccessKeyID, c.RootSecretAccessKey = "on", rootKey, rootSecret
		if change != nil {
			change(c)
		}
	})
}

// as is the configuration of clients that sign with a key.
func (r *running) as(id, secret, token string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &r.endpoint, RetryMaxAttempts: 1, HTTPClient: r.client,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
	}
}

func (r *running) root() aws.Config { return r.as(rootKey, rootSecret, "") }

// member makes a user with an inline policy, unless it is empty, and a key.
func (r *running) member(t testing.TB, name, policy string) (id, secret string) {
	t.Helper()
	c := iam.NewFromConfig(r.root())
	if _, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
	if policy != "" {
		if _, err := c.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: &policy}); err != nil {
			t.Fatal(err)
		}
	}
	key, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey
}

// policyOf is a policy with one statement.
func policyOf(effect, action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

// said is the code and message of an AWS error.
func said(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	return err.Error()
}

// TestAuth holds callers of every protocol to their signatures and policies.
func TestAuth(t *testing.T) {
	r := startGuarded(t, nil)
	ctx := t.Context()
	const (
		unknown = "The security token included in the request is invalid."
		wrong   = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	)
	calls := func(c aws.Config) map[string]error {
		_, rest := apigateway.NewFromConfig(c).GetRestApis(ctx, &apigateway.GetRestApisInput{})
		_, query := iam.NewFromConfig(c).ListUsers(ctx, &iam.ListUsersInput{})
		_, json := cloudwatchlogs.NewFromConfig(c).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
		return map[string]error{"rest": rest, "query": query, "json": json}
	}
	id, secret := r.member(t, "nobody", "")
	arn := "User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: "
	for _, tt := range []struct {
		name string
		as   aws.Config
		want map[string]string
	}{
		{"the root", r.root(), map[string]string{}},
		{"an unknown key", r.as("AKIANOBODYNOBODYNOBO", rootSecret, ""), map[string]string{
			"rest": "UnrecognizedClientException: " + unknown, "query": "InvalidClientTokenId: " + unknown, "json": "UnrecognizedClientException: " + unknown,
		}},
		{"a wrong secret", r.as(rootKey, "x"+rootSecret, ""), map[string]string{
			"rest": "InvalidSignatureException: " + wrong, "query": "SignatureDoesNotMatch: " + wrong, "json": "InvalidSignatureException: " + wrong,
		}},
		{"a token with a key that has none", r.as(rootKey, rootSecret, "token"), map[string]string{
			"rest": "UnrecognizedClientException: " + unknown, "query": "InvalidClientTokenId: " + unknown, "json": "UnrecognizedClientException: " + unknown,
		}},
		{"a user without policies", r.as(id, secret, ""), map[string]string{
			"rest":  "AccessDeniedException: " + arn + "apigateway:GET on resource: arn:aws:apigateway:us-east-1::/restapis because no identity-based policy allows the apigateway:GET action",
			"query": "AccessDenied: " + arn + "iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action",
			"json":  "AccessDeniedException: " + arn + "logs:DescribeLogGroups on resource: * because no identity-based policy allows the logs:DescribeLogGroups action",
		}},
	} {
		for protocol, err := range calls(tt.as) {
			if got := said(err); got != tt.want[protocol] {
				t.Errorf("%s, %s: %q, want %q", tt.name, protocol, got, tt.want[protocol])
			}
		}
	}
	who, err := sts.NewFromConfig(r.as(id, secret, "")).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:iam::000000000000:user/nobody" || !strings.HasPrefix(*who.UserId, "AIDA") {
		t.Errorf("GetCallerIdentity = %+v, %v", who, err)
	}
}

// TestAuthChanges changes what a user may and looks whether the next call
// knows.
func TestAuthChanges(t *testing.T) {
	r := startGuarded(t, nil)
	ctx := t.Context()
	admin := iam.NewFromConfig(r.root())
	id, secret := r.member(t, "ann", policyOf("Allow", "apigateway:*", "*"))
	ann := apigateway.NewFromConfig(r.as(id, secret, ""))
	try := func(what, want string) {
		t.Helper()
		if _, err := ann.GetRestApis(ctx, &apigateway.GetRestApisInput{}); !strings.Contains(said(err), want) || (want == "") != (err == nil) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	user := aws.String("ann")
	try("allowed", "")
	must(admin.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("g")}))
	must(admin.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("g"), PolicyName: aws.String("d"), PolicyDocument: aws.String(policyOf("Deny", "apigateway:GET", "*"))}))
	must(admin.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: aws.String("g"), UserName: user}))
	try("a group denies", "with an explicit deny in an identity-based policy")
	must(admin.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: aws.String("g"), UserName: user}))
	try("left the group", "")
	p, err := admin.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("b"), PolicyDocument: aws.String(policyOf("Allow", "lambda:*", "*"))})
	must(p, err)
	must(admin.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: user, PermissionsBoundary: p.Policy.Arn}))
	try("a boundary", "because no permissions boundary allows")
	must(admin.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p.Policy.Arn, PolicyDocument: aws.String(policyOf("Allow", "*", "*")), SetAsDefault: true}))
	try("a wider boundary", "")
	must(admin.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: user, AccessKeyId: &id, Status: "Inactive"}))
	try("an inactive key", "UnrecognizedClientException")
	must(admin.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: user, AccessKeyId: &id, Status: "Active"}))
	must(admin.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: user, PolicyName: aws.String("p")}))
	try("no policy", "because no identity-based policy allows")
	must(admin.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: user, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonAPIGatewayAdministrator")}))
	try("one of AWS's", "")
}

// TestAuthResources holds a user to resources, whatever form they are named in.
func TestAuthResources(t *testing.T) {
	r := startGuarded(t, nil)
	ctx := t.Context()
	id, secret := r.member(t, "bob", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"lambda:*","Resource":"arn:aws:lambda:us-east-1:000000000000:function:secret"},
		{"Effect":"Deny","Action":"apigateway:*","Resource":"arn:aws:apigateway:us-east-1::/restapis/secret*"},
		{"Effect":"Deny","Action":"iam:PassRole","Resource":"arn:aws:iam::000000000000:role/admin"},
		{"Effect":"Deny","Action":"apigateway:UpdateRestApiPolicy","Resource":"*"},
		{"Effect":"Deny","Action":"apigateway:POST","Resource":"arn:aws:apigateway:*::/restapis","Condition":{"StringEquals":{"aws:RequestTag/team":"other"}}}]}`)
	bob := r.as(id, secret, "")
	for _, name := range []string{"secret", "000000000000:function:secret", "function:secret", "arn:aws:lambda:us-east-1:000000000000:function:secret"} {
		_, err := lambda.NewFromConfig(bob).GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name})
		if !strings.HasPrefix(said(err), "AccessDeniedException") {
			t.Errorf("GetFunction %s: %v, want it denied", name, err)
		}
	}
	gw := apigateway.NewFromConfig(bob)
	for _, name := range []string{"secret1", "secre%741", "secret/../secret1"} {
		if _, err := gw.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: &name}); err == nil || name == "secret1" && !strings.HasPrefix(said(err), "AccessDeniedException") {
			t.Errorf("GetRestApi %s: %v, want it denied", name, err)
		}
	}
	for sent, want := range map[string]string{
		"AWS4-HMAC-SHA256 nonsense": `403 IncompleteSignatureException {"message":"Invalid key=value pair (missing equal-sign) in Authorization header`,
		"":                          `403 MissingAuthenticationTokenException {"message":"Missing Authentication Token"}`,
	} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.endpoint+"/restapis/%73ecret1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if sent != "" {
			req.Header.Set("Authorization", sent)
		}
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("x-amzn-ErrorType"), " ", string(body)); !strings.HasPrefix(got, want) {
			t.Errorf("Authorization %q: %s, want %s", sent, got, want)
		}
	}
	_, err := lambda.NewFromConfig(bob).CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::000000000000:role/admin"), Runtime: "provided.al2023", Handler: aws.String("h"), Code: &lambdatypes.FunctionCode{ZipFile: []byte("x")}})
	if !strings.Contains(said(err), "iam:PassRole") {
		t.Errorf("CreateFunction with a role that may not be passed: %v", err)
	}
	if _, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("a"), Policy: aws.String(`{"Statement":[]}`)}); !strings.Contains(said(err), "UpdateRestApiPolicy") {
		t.Errorf("CreateRestApi with a policy: %v", err)
	}
	if _, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("a"), Tags: map[string]string{"Team": "other"}}); !strings.HasPrefix(said(err), "AccessDeniedException") {
		t.Errorf("CreateRestApi with a tag: %v", err)
	}
	if _, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("a"), Tags: map[string]string{"team": "own"}}); err != nil {
		t.Errorf("CreateRestApi: %v", err)
	}
}

// role makes a role that trusts a principal.
func (r *running) role(t testing.TB, name, principal, policy string) (arn string) {
	t.Helper()
	c := iam.NewFromConfig(r.root())
	made, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: &name, MaxSessionDuration: aws.Int32(7200),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Principal":` + principal + `}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("p"), PolicyDocument: &policy}); err != nil {
		t.Fatal(err)
	}
	return *made.Role.Arn
}

// TestAssumeRole assumes roles and uses what it gets.
func TestAssumeRole(t *testing.T) {
	r := startGuarded(t, nil)
	ctx := t.Context()
	id, secret := r.member(t, "ann", "")
	trusted := r.role(t, "trusted", `{"AWS":"arn:aws:iam::000000000000:user/ann"}`, policyOf("Allow", "apigateway:*", "*"))
	account := r.role(t, "account", `{"AWS":"000000000000"}`, policyOf("Allow", "*", "*"))
	service := r.role(t, "service", `{"Service":"lambda.amazonaws.com"}`, policyOf("Allow", "*", "*"))
	ann := sts.NewFromConfig(r.as(id, secret, ""))
	for role, want := range map[string]string{
		account:           "AccessDenied: User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sts:AssumeRole on resource: " + account,
		service:           "AccessDenied: User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sts:AssumeRole on resource: " + service,
		trusted + "/none": "AccessDenied: User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sts:AssumeRole on resource: " + trusted + "/none",
	} {
		if _, err := ann.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("sess")}); said(err) != want {
			t.Errorf("AssumeRole %s: %v, want %s", role, err, want)
		}
	}
	if _, err := sts.NewFromConfig(r.root()).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &trusted, RoleSessionName: aws.String("sess")}); said(err) != "AccessDenied: Roles may not be assumed by root accounts." {
		t.Errorf("AssumeRole by root: %v", err)
	}
	if _, err := ann.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &trusted, RoleSessionName: aws.String("sess"), DurationSeconds: aws.Int32(7201)}); !strings.Contains(said(err), "exceeds the MaxSessionDuration") {
		t.Errorf("AssumeRole for too long: %v", err)
	}
	got, err := ann.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &trusted, RoleSessionName: aws.String("sess"), Policy: aws.String(policyOf("Allow", "apigateway:GET", "*"))})
	if err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:sts::000000000000:assumed-role/trusted/sess"; *got.AssumedRoleUser.Arn != want || !strings.HasPrefix(*got.Credentials.AccessKeyId, "ASIA") {
		t.Errorf("AssumeRole = %+v", got)
	}
	c := got.Credentials
	session := r.as(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	who, err := sts.NewFromConfig(session).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != *got.AssumedRoleUser.Arn || *who.UserId != *got.AssumedRoleUser.AssumedRoleId {
		t.Errorf("GetCallerIdentity = %+v, %v", who, err)
	}
	gw := apigateway.NewFromConfig(session)
	if _, err := gw.GetRestApis(ctx, &apigateway.GetRestApisInput{}); err != nil {
		t.Errorf("GetRestApis of a session: %v", err)
	}
	if _, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("a")}); !strings.Contains(said(err), "because no session policy allows") {
		t.Errorf("CreateRestApi beyond the session policy: %v", err)
	}
	for name, cfg := range map[string]aws.Config{
		"no token": r.as(*c.AccessKeyId, *c.SecretAccessKey, ""), "another token": r.as(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken+"x"),
	} {
		if _, err := apigateway.NewFromConfig(cfg).GetRestApis(ctx, &apigateway.GetRestApisInput{}); !strings.HasPrefix(said(err), "UnrecognizedClientException") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := iam.NewFromConfig(r.root()).DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("trusted"), PolicyName: aws.String("p")}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.GetRestApis(ctx, &apigateway.GetRestApisInput{}); !strings.HasPrefix(said(err), "AccessDeniedException") {
		t.Errorf("the role lost its policy: %v", err)
	}
}

// TestUserSession begins sessions of a user and of somebody they vouch for.
func TestUserSession(t *testing.T) {
	r := startGuarded(t, nil)
	ctx := t.Context()
	id, secret := r.member(t, "ann", policyOf("Allow", "*", "*"))
	ann := sts.NewFromConfig(r.as(id, secret, ""))
	got, err := ann.GetSessionToken(ctx, &sts.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	session := r.as(*got.Credentials.AccessKeyId, *got.Credentials.SecretAccessKey, *got.Credentials.SessionToken)
	if _, err := apigateway.NewFromConfig(session).GetRestApis(ctx, &apigateway.GetRestApisInput{}); err != nil {
		t.Errorf("GetRestApis: %v", err)
	}
	if _, err := iam.NewFromConfig(session).ListUsers(ctx, &iam.ListUsersInput{}); !strings.HasPrefix(said(err), "InvalidClientTokenId") {
		t.Errorf("IAM in a session: %v", err)
	}
	if _, err := sts.NewFromConfig(session).GetSessionToken(ctx, &sts.GetSessionTokenInput{}); err == nil {
		t.Error("a session began a session")
	}
	fed, err := ann.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("guest"), Policy: aws.String(policyOf("Allow", "apigateway:GET", "*"))})
	if err != nil {
		t.Fatal(err)
	}
	if *fed.FederatedUser.Arn != "arn:aws:sts::000000000000:federated-user/guest" || *fed.FederatedUser.FederatedUserId != "000000000000:guest" {
		t.Errorf("GetFederationToken = %+v", fed.FederatedUser)
	}
	guest := r.as(*fed.Credentials.AccessKeyId, *fed.Credentials.SecretAccessKey, *fed.Credentials.SessionToken)
	if _, err := apigateway.NewFromConfig(guest).GetRestApis(ctx, &apigateway.GetRestApisInput{}); err != nil {
		t.Errorf("GetRestApis of a guest: %v", err)
	}
	if _, err := lambda.NewFromConfig(guest).ListFunctions(ctx, &lambda.ListFunctionsInput{}); !strings.HasPrefix(said(err), "AccessDeniedException") {
		t.Errorf("ListFunctions of a guest: %v", err)
	}
}

// TestAuthCLI is what a person at a terminal sees.
func TestAuthCLI(t *testing.T) {
	if testing.Short() {
		t.Skip("the aws CLI takes seconds to start")
	}
	tool, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("no aws CLI")
	}
	r := startGuarded(t, nil)
	id, secret := r.member(t, "ann", "")
	role := r.role(t, "reader", `{"AWS":"arn:aws:iam::000000000000:user/ann"}`, policyOf("Allow", "apigateway:GET", "*"))
	dir := t.TempDir()
	write(t, dir, "config", "[profile ann]\nregion = us-east-1\n[profile reader]\nregion = us-east-1\nrole_arn = "+role+"\nsource_profile = ann\n")
	write(t, dir, "credentials", "[ann]\naws_access_key_id = "+id+"\naws_secret_access_key = "+secret+"\n")
	run := func(env []string, args ...string) string {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		cmd := exec.CommandContext(ctx, tool, append([]string{"--endpoint-url", r.endpoint, "--region", "us-east-1", "--output", "text"}, args...)...)
		cmd.Env = append(os.Environ(), append([]string{
			"AWS_CONFIG_FILE=" + dir + "/config", "AWS_SHARED_CREDENTIALS_FILE=" + dir + "/credentials", "AWS_EC2_METADATA_DISABLED=true",
			"AWS_ENDPOINT_URL=" + r.endpoint, "AWS_PAGER=", "HOME=" + dir,
		}, env...)...)
		out, _ := cmd.CombinedOutput() // what it says tells
		return strings.TrimSpace(string(out))
	}
	key := func(id, secret, token string) []string {
		return []string{"AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_SESSION_TOKEN=" + token}
	}
	for _, tt := range []struct {
		name string
		env  []string
		args string
		want string
	}{
		{"a good key", key(rootKey, rootSecret, ""), "sts get-caller-identity --query Arn", "arn:aws:iam::000000000000:root"},
		{"a wrong secret", key(rootKey, "wrong", ""), "sts get-caller-identity", "(SignatureDoesNotMatch)"},
		{"an unknown key", key("AKIANOBODYNOBODYNOBO", "x", ""), "apigateway get-rest-apis", "(UnrecognizedClientException)"},
		{"a denied action", key(id, secret, ""), "apigateway create-rest-api --name a", "(AccessDeniedException)"},
		{"a profile with a role", nil, "--profile reader sts get-caller-identity --query Arn", "arn:aws:sts::000000000000:assumed-role/reader/"},
		{"what the role may", nil, "--profile reader apigateway get-rest-apis --query length(items)", "0"},
		{"what the role may not", nil, "--profile reader apigateway create-rest-api --name a", "(AccessDeniedException)"},
	} {
		if got := run(tt.env, strings.Fields(tt.args)...); !strings.Contains(got, tt.want) {
			t.Errorf("%s: aws %s = %q, want %q", tt.name, tt.args, got, tt.want)
		}
	}
}
