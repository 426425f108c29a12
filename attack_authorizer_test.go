package stagedoor_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// asked has an authorizer that is asked about the request and says what it saw,
// and a method whose answers are kept by what the authorizer is asked about.
const asked = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      OpenApiVersion: 3.0.1
      Tags: {"stagedoor:id": asked}
      PropagateTags: true
      CacheClusterEnabled: true
      CacheClusterSize: "0.5"
      MethodSettings: [{ResourcePath: "/*", HttpMethod: "*", CachingEnabled: true, CacheTtlInSeconds: 300}]
      DefinitionBody:
        openapi: 3.0.1
        info: {title: asked, version: "1"}
        components:
          securitySchemes:
            who:
              type: apiKey
              name: unused
              in: header
              x-amazon-apigateway-authtype: custom
              x-amazon-apigateway-authorizer:
                type: request
                identitySource: method.request.header.X-User, method.request.querystring.q
                authorizerResultTtlInSeconds: 300
                authorizerUri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Who.Arn}/invocations"
            token:
              type: apiKey
              name: Authorization
              in: header
              x-amazon-apigateway-authtype: custom
              x-amazon-apigateway-authorizer:
                type: token
                identityValidationExpression: "^(a+)+(?=b)(x+x+)+y$"
                authorizerUri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Who.Arn}/invocations"
        paths:
          /kept:
            get:
              security: [{who: []}]
              parameters:
                - {name: X-User, in: header, schema: {type: string}}
                - {name: q, in: query, schema: {type: string}}
              x-amazon-apigateway-integration: &back
                type: http_proxy
                httpMethod: GET
                uri: "UPSTREAM/kept"
                cacheKeyParameters: [method.request.header.X-User, method.request.querystring.q]
                requestParameters: {integration.request.header.who: context.authorizer.who}
          /open: {get: {x-amazon-apigateway-integration: *back}}
          /slow: {get: {security: [{token: []}], x-amazon-apigateway-integration: *back}}
  MayAsk:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Who, Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com}
  Who:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Timeout: 30
      InlineCode: |
        import base64, json, os, signal
        def handler(event, context):
            values = [v for name, all in event["multiValueHeaders"].items() if name.lower() == "x-user" for v in all]
            query = event["multiValueQueryStringParameters"].get("q") or []
            what = query[0] if values == ["attack"] else ""
            who = base64.b64encode(json.dumps([values, query], separators=(",", ":"), ensure_ascii=False).encode()).decode()
            answer = {"principalId": "u", "context": {"who": who}, "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}}
            statement = answer["policyDocument"]["Statement"][0]
            if what == "crash": os.kill(os.getpid(), signal.SIGKILL)
            if what == "exit": os._exit(0)
            if what == "raise": raise Exception("Unauthorized\nX-Evil: 1")
            if what == "flood context": answer["context"] = {"k%d" % i: "v" * 1000 for i in range(5000)}
            if what == "flood policy": answer["policyDocument"]["Statement"] = [statement] * 100000
            if what == "flood one": statement["Resource"] = "*" * 9000
            if what == "deep": answer["policyDocument"]["Statement"] = json.loads("[" * 400 + "]" * 400)
            if what == "nested context": answer["context"] = {"a": {"b": "c"}}
            if what == "no policy": del answer["policyDocument"]
            if what == "list": answer = [answer]
            if what == "unknown effect": statement["Effect"] = "allow"
            if what == "unknown operator": statement["Condition"] = {"StringMaybe": {"aws:SourceIp": "x"}}
            if what == "nothing": answer = None
            if what == "crlf": answer["context"]["who"] = "a\r\nX-Evil: 1"
            if what == "lf": answer["context"]["who"] = "a\nX-Evil: 1"
            if what == "nul": answer["context"]["who"] = "a\0b"
            if what == "other API": statement["Resource"] = event["methodArn"].replace("asked", "other")
            if what == "other account": statement["Resource"] = event["methodArn"].replace("000000000000", "111111111111")
            if what == "other stage": statement["Resource"] = event["methodArn"].replace("/prod/", "/dev/")
            if what == "other verb": statement["Resource"] = event["methodArn"].replace("/GET/", "/POST/")
            if what == "other action": statement["Action"] = "execute-api:ManageConnections"
            if what == "variable": statement["Resource"] = event["methodArn"].replace("kept", "${aws:username}")
            if what == "variable of a field": statement["Resource"] = event["methodArn"].replace("kept", "${aws:PrincipalTag/x}")
            if what == "allow and deny": answer["policyDocument"]["Statement"].append({"Effect": "Deny", "Action": "*", "Resource": "*"})
            return answer
`

// whoIs is what the authorizer says of its caller.
func whoIs(values, query []string) string {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode([][]string{values, query}) // texts always can be
	return base64.StdEncoding.EncodeToString(bytes.TrimSpace(text.Bytes()))
}

func startAsked(t *testing.T) *running {
	t.Helper()
	need(t, "python3")
	back := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Evil") != "" {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = fmt.Fprint(w, r.Header.Get("who"))
	}))
	return deployed(t, strings.ReplaceAll(asked, "UPSTREAM", back))
}

// TestSharedLaw states that two callers never share an authorizer's result nor
// the kept answer of a guarded method unless their identity sources are equal,
// value for value.
func TestSharedLaw(t *testing.T) {
	r := startAsked(t)
	value := rapid.SampledFrom([]string{"a", "b", "a,b", "a, b", "b,a", ",", "a|b", "a b", "A", "aa", "a=b", "a;b", "%61", "a\tb"})
	param := rapid.SampledFrom([]string{"a", "b", "a%2Cb", "a,b", "%61", "a+b", "a%20b", "b%26q%3Da", "A", "aa", "%2561"})
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(value, 1, 3).Draw(rt, "X-User")
		params := rapid.SliceOfN(param, 1, 3).Draw(rt, "q")
		fields := []string{"Host: asked.execute-api.localhost"}
		name := rapid.SampledFrom([]string{"X-User: ", "x-user:", "X-USER: \t"}).Draw(rt, "name")
		for _, v := range values {
			fields = append(fields, name+v)
		}
		var decoded []string
		for _, p := range params {
			decoded = append(decoded, strings.NewReplacer("%2C", ",", "%61", "a", "+", " ", "%20", " ", "%26", "&", "%3D", "=", "%25", "%").Replace(p))
		}
		want := whoIs(values, decoded)
		got := raw(t, r.addr(), request("GET /prod/kept?q="+strings.Join(params, "&q="), fields...))
		if _, body, _ := strings.Cut(got, "\r\n\r\n"); statusOf(got) != 200 || body != want {
			rt.Fatalf("%q, %q: %d %q, want %s", values, params, statusOf(got), body, want)
		}
	})
}

// TestHostileAuthorizers asks authorizers that crash, flood and lie: nobody gets
// in, and the next caller is served.
func TestHostileAuthorizers(t *testing.T) {
	r := startAsked(t)
	for what, want := range map[string]int{
		"crash": 500, "exit": 500, "raise": 500, "flood context": 500, "flood policy": 500, "flood one": 500, "deep": 500, "nested context": 500,
		"no policy": 500, "list": 500, "unknown effect": 500, "unknown operator": 500, "nothing": 500,
		"crlf": 500, "lf": 500, "nul": 500,
		"other API": 403, "other account": 403, "other stage": 403, "other verb": 403, "other action": 403, "variable": 403, "variable of a field": 403, "allow and deny": 403,
	} {
		start := time.Now()
		for range 2 { // asked, then perhaps remembered
			got := r.call(t, "asked", "GET /prod/kept?q="+strings.ReplaceAll(what, " ", "%20"), "X-User: attack")
			if got.status != want {
				t.Errorf("%s: %d %s, want %d", what, got.status, got.body, want)
			}
			if strings.Contains(got.body, "Evil") || got.header.Get("X-Evil") != "" {
				t.Errorf("%s: shows what the function said: %v %s", what, got.header, got.body)
			}
		}
		if spent := time.Since(start); spent > 9*time.Second {
			t.Errorf("%s took %v", what, spent)
		}
		if got := r.call(t, "asked", "GET /prod/kept?q=fine", "X-User: friend"); got.status != 200 || got.body != whoIs([]string{"friend"}, []string{"fine"}) {
			t.Errorf("after %s: %d %s", what, got.status, got.body)
		}
	}
}

// TestSlowPattern sends what makes a backtracking engine run for years.
func TestSlowPattern(t *testing.T) {
	r := startAsked(t)
	for _, token := range []string{strings.Repeat("a", 8000), strings.Repeat("a", 4000) + "b" + strings.Repeat("x", 4000)} {
		start := time.Now()
		if got := r.call(t, "asked", "GET /prod/slow", "Authorization: "+token); got.status != 401 {
			t.Errorf("%d %s, want 401", got.status, got.body)
		}
		if spent := time.Since(start); spent > 5*time.Second {
			t.Errorf("took %v", spent)
		}
	}
}
