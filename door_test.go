package stagedoor_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/stagedoor/stagedoor"
)

// protectedAPI makes an API whose methods pass requests on to a back end, and
// deploys it to prod.
func protectedAPI(t testing.TB, gw *apigateway.Client, auth, policy, backend string, kind types.EndpointType) string {
	t.Helper()
	ctx := t.Context()
	in := &apigateway.CreateRestApiInput{Name: aws.String("protected"), EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{kind}}}
	if policy != "" {
		in.Policy = &policy
	}
	made, err := gw.CreateRestApi(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := gw.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: made.Id, ParentId: made.RootResourceId, PathPart: aws.String("{proxy+}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gw.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: made.Id, ResourceId: proxy.Id, HttpMethod: aws.String("ANY"), AuthorizationType: &auth}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: made.Id, ResourceId: proxy.Id, HttpMethod: aws.String("ANY"), Type: types.IntegrationTypeHttpProxy, IntegrationHttpMethod: aws.String("ANY"),
		Uri: aws.String(backend + "/x"), RequestParameters: map[string]string{"integration.request.header.who": "context.identity.userArn", "integration.request.header.ip": "context.identity.sourceIp"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: made.Id, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	return *made.Id
}

// mirror is a back end that tells what it got.
func mirror(t testing.TB) string {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "who=%s ip=%s forwarded=%s query=%s auth=%q body=%s",
			r.Header.Get("who"), r.Header.Get("ip"), r.Header.Get("X-Forwarded-For"), r.URL.RawQuery, r.Header.Get("Authorization"), body)
	}))
}

// signed sends a request that the AWS SDK has signed.
func (r *running) signed(t testing.TB, as aws.Credentials, presign bool, method, path, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.endpoint+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	if presign {
		uri, header, err := v4.NewSigner().PresignHTTP(t.Context(), as, req, hash, "execute-api", "us-east-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if req, err = http.NewRequestWithContext(t.Context(), method, uri, strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		for name, values := range header {
			if name != "Host" {
				req.Header[name] = values
			}
		}
	} else if err := v4.NewSigner().SignHTTP(t.Context(), as, req, hash, "execute-api", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// TestSignedMethods calls methods with AWS_IAM with the SDK's signer, as users
// and as a role.
func TestSignedMethods(t *testing.T) {
	r := startGuarded(t, nil)
	api := protectedAPI(t, apigateway.NewFromConfig(r.root()), "AWS_IAM", "", mirror(t), types.EndpointTypeRegional)
	arn := "arn:aws:execute-api:us-east-1:000000000000:" + api + "/prod/"
	id, secret := r.member(t, "ann", policyOf("Allow", "execute-api:Invoke", arn+"*/pets/*"))
	ann := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	base := "/_aws/execute-api/" + api + "/prod"
	const user = "arn:aws:iam::000000000000:user/ann"
	for _, presign := range []bool{false, true} {
		for path, query := range map[string]string{"/pets/1": "", "/pets/a%20b?a=0&a=1%2F2&b=2": "a=0&a=1%2F2&b=2"} {
			got := r.signed(t, ann, presign, "POST", base+path, "the body")
			want := "who=" + user + " ip=127.0.0.1 forwarded=127.0.0.1 query=" + query + ` auth="" body=the body`
			if got.status != 200 || got.body != want {
				t.Errorf("presigned %v, %s: %d %s, want %s", presign, path, got.status, got.body, want)
			}
		}
	}
	denied := r.signed(t, ann, false, "GET", base+"/cats", "")
	want := `{"Message":"User: ` + user + ` is not authorized to perform: execute-api:Invoke on resource: ` + strings.Replace(arn, "000000000000", "********0000", 1) + `GET/cats"}`
	if denied.status != 403 || denied.body != want || denied.header.Get("x-amzn-ErrorType") != "AccessDeniedException" {
		t.Errorf("another path: %d %s, want %s", denied.status, denied.body, want)
	}
	if got := r.call(t, api, "GET /prod/pets/1"); got.status != 403 || got.body != `{"message":"Missing Authentication Token"}` {
		t.Errorf("not signed: %d %s", got.status, got.body)
	}
	role := r.role(t, "caller", `{"AWS":"`+user+`"}`, policyOf("Allow", "execute-api:*", "*"))
	session, err := sts.NewFromConfig(r.as(id, secret, "")).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("sess")})
	if err != nil {
		t.Fatal(err)
	}
	c := session.Credentials
	as := aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
	for _, presign := range []bool{false, true} {
		if got := r.signed(t, as, presign, "GET", base+"/cats", ""); got.status != 200 || !strings.Contains(got.body, "assumed-role/caller/sess") || !strings.Contains(got.body, "query= ") {
			t.Errorf("as a role, presigned %v: %d %s", presign, got.status, got.body)
		}
	}
	as.SessionToken = "undefined"
	if got := r.signed(t, as, false, "GET", base+"/cats", ""); got.status != 403 || got.header.Get("x-amzn-ErrorType") != "UnrecognizedClientException" {
		t.Errorf("a wrong token: %d %s", got.status, got.body)
	}
}

const fromOffice = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*",` +
	`"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]}`

// TestTrustedProxy has clients and proxies say who they are.
func TestTrustedProxy(t *testing.T) {
	backend := mirror(t)
	for _, trusts := range []bool{false, true} {
		r := start(t, func(c *stagedoor.Config) {
			if trusts {
				c.TrustedProxies = []string{"127.0.0.1"}
			}
		})
		api := protectedAPI(t, apigateway.NewFromConfig(r.account()), "NONE", fromOffice, backend, types.EndpointTypeRegional)
		if got := r.call(t, api, "GET /prod/a"); got.status != 403 || !strings.HasPrefix(got.body, `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:`+api+`/prod/GET/a"`) {
			t.Errorf("from elsewhere: %d %s", got.status, got.body)
		}
		got := r.call(t, api, "GET /prod/a", "X-Forwarded-For: 198.51.100.1, 203.0.113.7")
		if trusts && (got.status != 200 || !strings.Contains(got.body, "ip=203.0.113.7 forwarded=198.51.100.1, 203.0.113.7, 127.0.0.1 ")) || !trusts && got.status != 403 {
			t.Errorf("trusted %v: %d %s", trusts, got.status, got.body)
		}
		if got := r.call(t, api, "GET /prod/a", "X-Forwarded-For: 203.0.113.7, 198.51.100.1", "X-Real-Ip: 203.0.113.7", "Forwarded: for=203.0.113.7"); got.status != 403 {
			t.Errorf("a forged address, trusted %v: %d %s", trusts, got.status, got.body)
		}
	}
}

// TestProxyProtocol begins connections with headers.
func TestProxyProtocol(t *testing.T) {
	backend := mirror(t)
	direct := freePort(t)
	r := start(t, func(c *stagedoor.Config) {
		c.TrustedProxies, c.ProxyProtocol, c.InvokeListen = []string{"127.0.0.1"}, true, []string{direct}
	})
	const plain = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"
	addr := strings.TrimPrefix(r.endpoint, "http://")
	r.client.Transport = &http.Transport{DialContext: dialBehind(plain)}
	api := protectedAPI(t, apigateway.NewFromConfig(r.account()), "NONE", fromOffice, backend, types.EndpointTypeRegional)
	for _, tt := range []struct{ name, header, want string }{
		{"from the office", "PROXY TCP4 203.0.113.7 192.0.2.2 1 2\r\n", "HTTP/1.1 200"},
		{"in binary", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x07\xc0\x00\x02\x02\x00\x01\x00\x02", "HTTP/1.1 200"},
		{"from elsewhere", plain, "HTTP/1.1 403"},
		{"a health check", "PROXY UNKNOWN\r\n", "HTTP/1.1 403"},
		{"no header", "", ""},
		{"two headers", plain + plain, "HTTP/1.1 400"},
	} {
		for _, to := range []string{addr, direct} {
			got := raw(t, to, tt.header+"GET /_aws/execute-api/"+api+"/prod/a HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n")
			if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" || tt.want == "HTTP/1.1 200" && !strings.Contains(got, "ip=203.0.113.7 ") {
				t.Errorf("%s at %s: %q, want %s", tt.name, to, got, tt.want)
			}
		}
	}
}

// dialBehind dials as a proxy that speaks the PROXY protocol.
func dialBehind(header string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			_, err = io.WriteString(c, header)
		}
		return c, err
	}
}

// raw sends bytes and gives all that comes back.
func raw(t testing.TB, addr, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	_, _ = io.Copy(&got, c) // a reset is as good as an end here
	return got.String()
}

// TestPrivateListen calls private APIs through their door, and others not.
func TestPrivateListen(t *testing.T) {
	backend := mirror(t)
	here, there := freePort(t), freePort(t)
	dir := t.TempDir()
	write(t, dir, "policy.json", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"},
		{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/GET/hidden"}]}`)
	r := start(t, func(c *stagedoor.Config) {
		c.PrivateListen = []string{"vpce-0here@vpc-1=" + here, "vpce-0there=" + there}
		c.VPCEndpointPolicies = []string{"vpce-0here=" + dir + "/policy.json"}
	})
	gw := apigateway.NewFromConfig(r.account())
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-0here"}}}]}`
	private := protectedAPI(t, gw, "NONE", policy, backend, types.EndpointTypePrivate)
	public := protectedAPI(t, gw, "NONE", "", backend, types.EndpointTypeRegional)
	for _, tt := range []struct {
		door, api string
		want      string
	}{
		{"http://" + here, private, "200 who="},
		{"http://" + there, private, `403 {"Message":"User: anonymous is not authorized`},
		{r.endpoint, private, `403 {"message":"Forbidden"}`},
		{"http://" + here, public, `403 {"message":"Forbidden"}`},
		{r.endpoint, public, "200 who="},
	} {
		at := &running{endpoint: tt.door, client: r.client}
		got := at.call(t, tt.api, "GET /prod/a")
		if text := fmt.Sprint(got.status, " ", got.body); !strings.HasPrefix(text, tt.want) {
			t.Errorf("%s of %s: %s, want %s", tt.api, tt.door, text, tt.want)
		}
	}
	at := &running{endpoint: "http://" + here, client: r.client}
	for _, tt := range []struct{ path, field, want string }{
		{"/hidden", "", "403 " + `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:` + private + `/prod/GET/hidden with an explicit deny"}`},
		{"/a", "Authorization: Bearer x", "200 "},
		{"/a", "Authorization: AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=00", `403 {"message":"Authorization header requires existence of`},
	} {
		got := at.call(t, private, "GET /prod"+tt.path, tt.field)
		if text := fmt.Sprint(got.status, " ", got.body); !strings.HasPrefix(text, tt.want) {
			t.Errorf("%s %q: %s, want %s", tt.path, tt.field, text, tt.want)
		}
	}
}

// TestResourcePolicyDeployed changes a policy: it counts from the next deployment.
func TestResourcePolicyDeployed(t *testing.T) {
	r := start(t, nil)
	gw := apigateway.NewFromConfig(r.account())
	api := protectedAPI(t, gw, "NONE", "", mirror(t), types.EndpointTypeRegional)
	deny := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/*"}]}`
	try := func(what string, want int) {
		t.Helper()
		if got := r.call(t, api, "GET /prod/a"); got.status != want {
			t.Errorf("%s: %d %s, want %d", what, got.status, got.body, want)
		}
	}
	try("no policy", 200)
	if _, err := gw.UpdateRestApi(t.Context(), &apigateway.UpdateRestApiInput{RestApiId: &api, PatchOperations: replaceOp("/policy", deny)}); err != nil {
		t.Fatal(err)
	}
	try("a policy that is not deployed", 200)
	if _, err := gw.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &api, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	try("a policy that is deployed", 403)
	if _, err := gw.UpdateRestApi(t.Context(), &apigateway.UpdateRestApiInput{RestApiId: &api, PatchOperations: replaceOp("/policy", `{"Statement":[{"Effect":"Maybe"}]}`)}); !strings.HasPrefix(said(err), "BadRequestException: Invalid policy document.") {
		t.Errorf("a policy that is none: %v", err)
	}
}

// TestUsageIdentifierKey has an authorizer say which API key counts.
func TestUsageIdentifierKey(t *testing.T) {
	need(t, "python3")
	dir := t.TempDir()
	write(t, dir, "template.yaml", `
Transform: AWS::Serverless-2016-10-31
Resources:
  Shop:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      ApiKeySourceType: AUTHORIZER
      Tags: {"stagedoor:id": keyed}
      PropagateTags: true
      Auth:
        ApiKeyRequired: true
        DefaultAuthorizer: Who
        Authorizers: {Who: {FunctionArn: !GetAtt WhoFunction.Arn}}
  WhoFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return {"principalId": "u", "usageIdentifierKey": event["authorizationToken"],
                    "policyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}
  HelloFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return {"statusCode": 200, "body": event["requestContext"]["identity"]["apiKeyId"]}
      Events:
        Hello: {Type: Api, Properties: {RestApiId: !Ref Shop, Path: /, Method: get}}
`)
	r := start(t, func(c *stagedoor.Config) { c.Definitions = []string{dir + "/template.yaml"} })
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	gw := apigateway.NewFromConfig(r.account())
	_, key := subscribe(t, gw, "keyed", apigateway.CreateUsagePlanInput{Quota: &types.QuotaSettings{Limit: 2, Period: types.QuotaPeriodTypeDay}})
	for i, tt := range []struct {
		fields []string
		status int
		body   string
	}{
		{[]string{"Authorization: " + *key.Value}, 200, *key.Id},
		{[]string{"Authorization: somebody", "x-api-key: " + *key.Value}, 403, `{"message":"Forbidden"}`},
		{[]string{"Authorization: " + *key.Value}, 200, *key.Id},
		{[]string{"Authorization: " + *key.Value}, 429, `{"message":"Limit Exceeded"}`},
	} {
		if got := r.call(t, "keyed", "GET /prod/", tt.fields...); got.status != tt.status || got.body != tt.body {
			t.Errorf("%d: %d %s, want %d %s", i, got.status, got.body, tt.status, tt.body)
		}
	}
}

// TestReplayElsewhere sends a signature with another path, query and body.
func TestReplayElsewhere(t *testing.T) {
	r := startGuarded(t, nil)
	var served atomic.Int32
	backend := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	api := protectedAPI(t, apigateway.NewFromConfig(r.root()), "AWS_IAM", "", backend, types.EndpointTypeRegional)
	id, secret := r.member(t, "ann", policyOf("Allow", "execute-api:Invoke", "*"))
	before := served.Load()
	base := "/_aws/execute-api/" + api + "/prod"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.endpoint+base+"/a%2Fb?x=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	hash := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, req, hash, "execute-api", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/a/b?x=1", "/a%252Fb?x=1", "/a%2fb?x=1", "/a%2Fb?x=2", "/a%2Fb", "/a%2Fb?x=1&y", "/A%2Fb?x=1", "/./a%2Fb?x=1&x"} {
		text := "GET " + base + target + " HTTP/1.1\r\nHost: " + req.Host + "\r\nConnection: close\r\nX-Amz-Date: " + req.Header.Get("X-Amz-Date") + "\r\nAuthorization: " + req.Header.Get("Authorization") + "\r\n\r\n"
		if got := raw(t, strings.TrimPrefix(r.endpoint, "http://"), text); strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("%s with the signature of another: %q", target, got)
		}
	}
	if served.Load() != before {
		t.Errorf("the back end got %d requests", served.Load()-before)
	}
}

// TestPolicyBesideBody deploys a template whose policy stands beside the API's
// document, which once took it away.
func TestPolicyBesideBody(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "template.yaml", `
Resources:
  Shop:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Tags: [{Key: "stagedoor:id", Value: closed}]
      Policy: {Version: "2012-10-17", Statement: [{Effect: Deny, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}]}
      Body:
        openapi: 3.0.1
        info: {title: shop, version: "1"}
        paths:
          /:
            get:
              responses: {"200": {description: ok}}
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses: {default: {statusCode: "200"}}
  Now:
    Type: AWS::ApiGateway::Deployment
    Properties: {RestApiId: !Ref Shop, StageName: prod}
`)
	r := start(t, func(c *stagedoor.Config) { c.Definitions = []string{dir + "/template.yaml"} })
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	if got := r.call(t, "closed", "GET /prod/"); got.status != 403 || !strings.Contains(got.body, "with an explicit deny") {
		t.Errorf("GET / = %d %s, want 403", got.status, got.body)
	}
}
