package stagedoor_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/stagedoor/stagedoor"
)

// startWith starts a stagedoor that deploys a definition.
func startWith(t testing.TB, definition string) *running {
	t.Helper()
	return start(t, func(c *stagedoor.Config) { c.Definitions = []string{definition} })
}

// guarded has /admin, which a resource policy denies, and all other paths.
const guarded = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      OpenApiVersion: 3.0.1
      Tags: {"stagedoor:id": guarded}
      PropagateTags: true
      DefinitionBody:
        openapi: 3.0.1
        info: {title: guarded, version: "1"}
        x-amazon-apigateway-policy:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}
            - {Effect: Deny, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/prod/*/admin"}
        paths:
          /admin:
            x-amazon-apigateway-any-method: {x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "UPSTREAM/admin"}}
          /{proxy+}:
            x-amazon-apigateway-any-method:
              parameters: [{name: proxy, in: path, required: true, schema: {type: string}}]
              x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "UPSTREAM/{proxy}", requestParameters: {integration.request.path.proxy: method.request.path.proxy}}
`

// spellings are paths that somebody may take for /admin.
func spellings() []string {
	all := []string{
		"/admin", "/admin/", "//admin", "///admin", "//admin/", "/./admin", "/x/../admin", "/admin/.", "/admin/x/..", "/x/%2e%2e/admin",
		"/x/%2E%2E/admin", "/x/.%2e/admin", "/%2e/admin", "/x/..%2fadmin", "/x/..%5cadmin", "/..;/admin", "/x/..;/admin", "/x/..;a=b/admin", "/%252e%252e/admin",
		"/admin?", "/admin?x=/pets", "/admin/?", "/admin%3f", "/admin#", "/admin#x", "/admin%00", "/admin%0d%0a", "\\admin", "/x\\..\\admin", "/x/%5c../admin",
		"/admin%2f", "/admin%2F", "/%2fadmin", "/%2Fadmin", "/admin ", "/admin\t", "/admin%", "/admin%2", "/admin%zz", "/admin%c0%ae", "/%c0%afadmin",
		"/%u0061dmin", "/admin{}", "/a\xc3\xa1dmin", "http://x/admin", "//x/admin/..", "/x/%2e%2e%2fadmin", "/x/%252e%252e%252fadmin", "/admin\x00", "/admin\x0b",
	}
	for i := range len("admin") { // each letter encoded, in both spellings
		word := "admin"
		all = append(all, "/"+word[:i]+"%"+upperHex(word[i])+word[i+1:], "/"+word[:i]+"%"+strings.ToLower(upperHex(word[i]))+word[i+1:]+"/")
	}
	return all
}

func upperHex(c byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[c>>4], digits[c&15]})
}

// TestSpellings asks for what a policy denies in every spelling: none reaches
// the back end as a path that it would take for the one that is denied.
func TestSpellings(t *testing.T) {
	back := newBackEnd(t)
	r := deployed(t, strings.ReplaceAll(guarded, "UPSTREAM", back.url))
	for _, base := range []string{"/_aws/execute-api/guarded/prod", "/restapis/guarded/prod/_user_request_", "/prod"} {
		for _, path := range spellings() {
			for _, method := range []string{"GET", "POST", "HEAD", "get", "*", "GET\t"} {
				target := base + path
				if strings.HasPrefix(path, "http:") {
					target = "http://guarded.execute-api.localhost" + base + "/admin"
				}
				got := raw(t, r.addr(), request(method+" "+target, "Host: guarded.execute-api.localhost", "Content-Length: 0"))
				for _, q := range back.take() {
					if strings.Contains(strings.ToLower(q.URL.EscapedPath()), "%2f") {
						continue // stays encoded: a segment's content, no separator
					}
					clean := strings.TrimRight(q.URL.Path, "/ ")
					for strings.HasPrefix(clean, "//") {
						clean = clean[1:]
					}
					if clean == "/admin" {
						t.Errorf("%s %s reached the back end as %s: %.80q", method, target, q.URL, got)
					}
				}
				if method == "get" && statusOf(got) == http.StatusOK {
					t.Errorf("%s %s = %.80q", method, target, got)
				}
			}
		}
	}
	if got := r.call(t, "guarded", "GET /prod/pets"); got.status != 200 {
		t.Errorf("another path: %d %s", got.status, got.body)
	}
}

// TestHostForms asks for what a policy denies by every form of address.
func TestHostForms(t *testing.T) {
	back := newBackEnd(t)
	r := deployed(t, strings.ReplaceAll(guarded, "UPSTREAM", back.url))
	mapDomain(t, r, "api.example.test", "guarded", "prod")
	for _, tt := range []struct{ host, path, field string }{
		{"guarded.execute-api.us-east-1.amazonaws.com", "/prod", ""},
		{"GUARDED.Execute-API.localhost", "/prod", ""},
		{"guarded-vpce-0a1b.execute-api.localhost", "/prod", ""},
		{"guarded.execute-api.localhost.:443", "/prod", ""},
		{"vpce-0a1b.execute-api.localhost", "/prod", "X-Apigw-Api-Id: guarded"},
		{"anything.example", "/prod", "X-Apigw-Api-Id: guarded"},
		{"127.0.0.1", "/_aws/execute-api/guarded/prod", ""},
		{"127.0.0.1", "/_aws/execute-api/GUARDED/prod", ""},
		{"127.0.0.1", "/restapis/guarded/prod/_user_request_", ""},
		{"api.example.test", "", ""},
		{"API.example.test.:80", "", ""},
		{"api.example.test", "/", "X-Apigw-Api-Id: guarded"},
	} {
		for path, want := range map[string]int{"/admin": 403, "/admin/": 403, "//admin": 403, "/pets": 200} {
			got := raw(t, r.addr(), request("GET "+tt.path+path, "Host: "+tt.host, "X-Forwarded-For: 127.0.0.1", "X-Original-URL: /pets", "X-Rewrite-URL: /pets", tt.field+"\r\nX-A: b"))
			if tt.field == "" {
				got = raw(t, r.addr(), request("GET "+tt.path+path, "Host: "+tt.host))
			}
			if statusOf(got) != want {
				t.Errorf("%s%s at %s: %.200q, want %d", tt.path, path, tt.host, got, want)
			}
		}
	}
}

// TestARNConfusion has an authorizer that allows what it is told, no more: a path
// that reads like a pattern must not give its caller other paths.
func TestARNConfusion(t *testing.T) {
	need(t, "python3")
	r := deployed(t, `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Tags: {"stagedoor:id": told}
      PropagateTags: true
      Auth:
        DefaultAuthorizer: Who
        Authorizers: {Who: {FunctionArn: !GetAtt Who.Arn, Identity: {ReauthorizeEvery: 300}}}
  Who:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            path = event["methodArn"].split("/", 3)[3]
            return {"principalId": "u", "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Deny" if path.startswith("admin") else "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}]}}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return {"statusCode": 200, "body": "hello"}
      Events:
        All: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/{proxy+}", Method: any}}
`)
	for i, path := range []string{"/*", "/%2A", "/%2a", "/a*", "/$%7B*%7D", "/$%7Baws:UserAgent%7D", "/adm?n", "/adm%3Fn", "/?", "/**/*", "/;*", "/+*"} {
		token := "Authorization: t" + string(rune('a'+i))
		_ = r.call(t, "told", "GET /prod"+path, token, "User-Agent: admin")
		if got := r.call(t, "told", "GET /prod/admin", token, "User-Agent: admin"); got.status != 403 {
			t.Errorf("after %s the token calls /admin: %d %s", path, got.status, got.body)
		}
		if got := r.call(t, "told", "POST /prod"+path, token); path != "/adm?n" && path != "/?" && got.status != 403 {
			t.Errorf("after GET %s the token may POST: %d %s", path, got.status, got.body)
		}
	}
}

// TestTrailingSlash holds signers to their policies as well.
func TestTrailingSlash(t *testing.T) {
	back := newBackEnd(t)
	r := startGuarded(t, nil)
	api := protectedAPI(t, apigateway.NewFromConfig(r.root()), "AWS_IAM", "", back.url, "REGIONAL")
	back.take()
	id, secret := r.member(t, "ann", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"},
		{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/prod/*/admin"}]}`)
	for _, path := range []string{"/admin", "/admin/", "/%61dmin", "/adm%69n/"} {
		if got := r.signed(t, aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, false, "GET", "/_aws/execute-api/"+api+"/prod"+path, ""); got.status != 403 || !strings.Contains(got.body, "/prod/GET/admin with an explicit deny") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if n := len(back.take()); n > 0 {
		t.Errorf("the back end got %d requests", n)
	}
}
