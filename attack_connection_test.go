package stagedoor_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pipelined sends requests on one connection, all at once, and gives their
// answers as "status body".
func pipelined(t *testing.T, addr string, all ...string) (answers []string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, strings.Join(all, "")); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return answers // there are no more
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return append(answers, "broken off")
		}
		answers = append(answers, fmt.Sprint(resp.StatusCode, " ", string(body)))
	}
}

// TestConnectionShared has callers of different kinds share a connection, as a
// proxy before us has them: nothing of one is the next one's.
func TestConnectionShared(t *testing.T) {
	r := startAsked(t)
	get := func(path string, fields ...string) string {
		return "GET /prod" + path + " HTTP/1.1\r\n" + strings.Join(append(fields, "Host: asked.execute-api.localhost"), "\r\n") + "\r\n\r\n"
	}
	ann, bob := "200 "+whoIs([]string{"ann"}, []string{"1"}), "200 "+whoIs([]string{"bob"}, []string{"1"})
	for range 2 { // asked, then remembered
		got := pipelined(t, r.addr(),
			get("/kept?q=1", "X-User: ann"), get("/open?q=1", "X-User: ann"), get("/kept?q=1"), get("/kept?q=1", "X-User: bob"),
			get("/open?q=1"), get("/kept", "X-User: ann"), get("/none?q=1", "X-User: ann"), get("/kept?q=1", "X-User: ann", "Connection: close"))
		want := []string{ann, "200 ", `401 {"message":"Unauthorized"}`, bob, "200 ", `401 {"message":"Unauthorized"}`, `403 {"message":"Missing Authentication Token"}`, ann}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	// what one front end takes for a body must not be a request with an identity
	for name, head := range map[string]string{
		"both lengths":     "Content-Length: 4\r\nTransfer-Encoding: chunked",
		"two lengths":      "Content-Length: 0\r\nContent-Length: 100",
		"a list of coding": "Transfer-Encoding: identity, chunked",
		"a spaced name":    "Transfer-Encoding : chunked",
		"a folded line":    "X-A: b\r\n Transfer-Encoding: chunked",
		"a bare LF":        "X-A: b\nTransfer-Encoding: chunked",
	} {
		got := pipelined(t, r.addr(),
			"POST /prod/open HTTP/1.1\r\nHost: asked.execute-api.localhost\r\n"+head+"\r\n\r\n0\r\n\r\n"+get("/kept?q=1", "X-User: ann"), get("/kept?q=1"))
		if len(got) != 1 || !strings.HasPrefix(got[0], "400 ") && !strings.HasPrefix(got[0], "501 ") {
			t.Errorf("%s: %q, want one refusal", name, got)
		}
	}
}

// TestLinesInHeaders puts line ends wherever something is mapped into a field.
func TestLinesInHeaders(t *testing.T) {
	back := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Evil") != "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		_, _ = io.WriteString(w, `{"v":"a\r\nX-Evil: 1","w":"a\nX-Evil: 1","fine":"a"}`)
	}))
	r := deployed(t, strings.ReplaceAll(`
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Tags: [{Key: "stagedoor:id", Value: mapped}]
      Body:
        openapi: 3.0.1
        info: {title: mapped, version: "1"}
        x-amazon-apigateway-gateway-responses:
          DEFAULT_4XX: {responseParameters: {gatewayresponse.header.X-Q: method.request.querystring.q, gatewayresponse.header.X-H: method.request.header.X-H}}
          DEFAULT_5XX: {responseParameters: {gatewayresponse.header.X-Q: method.request.querystring.q}}
        paths:
          /request: {get: {parameters: [{name: q, in: query, schema: {type: string}}], x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "UPSTREAM/", requestParameters: {integration.request.header.X-Q: method.request.querystring.q}}}}
          /path/{p}: {get: {parameters: [{name: p, in: path, required: true, schema: {type: string}}], x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "UPSTREAM/{p}", requestParameters: {integration.request.path.p: method.request.path.p, integration.request.header.X-P: method.request.path.p}}}}
          /v: &answer {get: {responses: {"200": {description: ok, headers: {X-V: {schema: {type: string}}}}}, x-amazon-apigateway-integration: {type: http, httpMethod: GET, uri: "UPSTREAM/", responses: {default: {statusCode: "200", responseParameters: {method.response.header.X-V: integration.response.body.v}}}}}}
          /w: {get: {responses: {"200": {description: ok, headers: {X-V: {schema: {type: string}}}}}, x-amazon-apigateway-integration: {type: http, httpMethod: GET, uri: "UPSTREAM/", responses: {default: {statusCode: "200", responseParameters: {method.response.header.X-V: integration.response.body.w}}}}}}
          /keyed: {get: {x-amazon-apigateway-api-key-source: HEADER, security: [{k: []}], x-amazon-apigateway-integration: {type: mock}}}
          /over: {get: {responses: {"200": {description: ok}}, x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{"statusCode": 200}'}, responses: {default: {statusCode: "200", responseTemplates: {application/json: "#set($context.responseOverride.header.X-O = $util.urlDecode($input.params('q')))"}}}}}}
        components: {securitySchemes: {k: {type: apiKey, name: x-api-key, in: header}}}
  Live: {Type: "AWS::ApiGateway::Deployment", Properties: {RestApiId: !Ref Api, StageName: prod}}
`, "UPSTREAM", back))
	for _, bad := range []string{"a%0D%0AX-Evil:%201", "a%0AX-Evil:%201", "a%0DX-Evil:%201", "a%250d%250aX-Evil:1", "%E5%98%8A%E5%98%8DX-Evil:1", "a%00b", "a%0d%0a%0d%0aHTTP/1.1%20200%20OK"} {
		for _, path := range []string{"/request?q=", "/keyed?q=", "/none?q=", "/over?q=", "/path/", "/v?q=", "/w?q="} {
			got := raw(t, r.addr(), request("GET /prod"+path+bad, "Host: mapped.execute-api.localhost"))
			head, _, _ := strings.Cut(got, "\r\n\r\n")
			if statusOf(got) == 0 || statusOf(got) == http.StatusTeapot || strings.Contains(strings.ToLower(head), "\nx-evil") || strings.Contains(head, "\rX-") || strings.Count(got, "HTTP/1.1 ") > 1 {
				t.Errorf("%s%s: %.400q", path, bad, got)
			}
		}
	}
}
