package stagedoor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/stagedoor/stagedoor"
)

// scoped is an Authorization field that claims a service's scope.
func scoped(service string) string {
	return "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("0", 64)
}

// smuggled control-plane calls: each would make or show something.
func controlCalls(host string) []string {
	form := "Action=CreateUser&UserName=evil&Version=2010-05-08"
	target := "Host: " + host
	post := func(line, body string, fields ...string) string {
		return request("POST "+line, append(fields, target, fmt.Sprintf("Content-Length: %d", len(body)))...) + body
	}
	return []string{
		post("/restapis", `{"name":"evil"}`, "Content-Type: application/json"),
		post("/restapis", `{"name":"evil"}`, scoped("apigateway")),
		post("/x/@connections/y", `{"name":"evil"}`, scoped("apigateway")),
		post("/restapis/@connections/y", `{"name":"evil"}`, scoped("execute-api")),
		post("/", form, "Content-Type: application/x-www-form-urlencoded", scoped("iam")),
		post("/", form, "Content-Type: application/x-www-form-urlencoded"),
		post("/x/@connections/y", form, "Content-Type: application/x-www-form-urlencoded", scoped("execute-api")),
		post("/", `{"logGroupName":"evil"}`, "X-Amz-Target: Logs_20140328.CreateLogGroup", "Content-Type: application/x-amz-json-1.1"),
		post("/x/@connections/y", `{"logGroupName":"evil"}`, "X-Amz-Target: Logs_20140328.CreateLogGroup", "Content-Type: application/x-amz-json-1.1", scoped("execute-api")),
		post("/service/GraniteServiceVersion20100801/operation/PutMetricData", "", "Smithy-Protocol: rpc-v2-cbor", "Content-Type: application/cbor"),
		request("GET /?Action=CreateUser&UserName=evil&Version=2010-05-08", target),
		request("GET /?Action=CreateUser&UserName=evil&Version=2010-05-08&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fiam%2Faws4_request&X-Amz-Algorithm=AWS4-HMAC-SHA256", target),
		request("GET /_stagedoor/code/x?Expires=9999999999&Signature=x", target),
		request("GET http://127.0.0.1/restapis", target),
	}
}

// evil says what of the smuggled calls has had an effect.
func (r *running) evil(t *testing.T) []string {
	t.Helper()
	var found []string
	apis, err := apigateway.NewFromConfig(r.account()).GetRestApis(t.Context(), &apigateway.GetRestApisInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range apis.Items {
		if *a.Name == "evil" {
			found = append(found, "an API")
		}
	}
	users, err := iam.NewFromConfig(r.account()).ListUsers(t.Context(), &iam.ListUsersInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users.Users {
		found = append(found, "user "+*u.UserName)
	}
	return found
}

// TestControlPlaneOutOfReach tries AWS calls where API traffic goes: on
// listeners for it, and on the hosts of APIs, in all their spellings.
func TestControlPlaneOutOfReach(t *testing.T) {
	invoke, private := freePort(t), freePort(t)
	dir := t.TempDir()
	write(t, dir, "template.yaml", strings.ReplaceAll(guarded, "UPSTREAM", newBackEnd(t).url))
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions, c.InvokeListen, c.PrivateListen = []string{dir + "/template.yaml"}, []string{invoke}, []string{"vpce-0a=" + private}
	})
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	mapDomain(t, r, "api.example.test", "guarded", "prod")
	for _, at := range []struct{ addr, host string }{
		{invoke, "127.0.0.1"},
		{invoke, "localhost"},
		{invoke, "iam.amazonaws.com"},
		{invoke, "apigateway.us-east-1.amazonaws.com"},
		{private, "127.0.0.1"},
		{r.addr(), "guarded.execute-api.localhost"},
		{r.addr(), "GUARDED.EXECUTE-API.LOCALHOST"},
		{r.addr(), "guarded.execute-api.us-east-1.amazonaws.com"},
		{r.addr(), "x.lambda-url.us-east-1.localhost"},
		{r.addr(), "api.example.test"},
		{r.addr(), "API.Example.TEST.:80"},
	} {
		for _, text := range controlCalls(at.host) {
			if strings.HasPrefix(text, "GET http:") && at.addr == r.addr() {
				continue // its authority is another host: refused, or ours to answer
			}
			got := raw(t, at.addr, text)
			line, _, _ := strings.Cut(text, "\r\n")
			if strings.Contains(got, `"item"`) || strings.Contains(got, "<CreateUserResponse") || strings.Contains(strings.ToLower(got), "x-amzn-requestid") && strings.Contains(got, `"createdDate"`) {
				t.Errorf("%s at %s on %s: %.300q", line, at.host, at.addr, got)
			}
		}
	}
	if found := r.evil(t); len(found) > 0 {
		t.Errorf("AWS calls had an effect: %v", found)
	}
}

// TestPagesOutOfReach has the page of another site, and a name that was made to
// point here, call the control plane and the admin endpoint.
func TestPagesOutOfReach(t *testing.T) {
	admin := freePort(t)
	r := start(t, func(c *stagedoor.Config) { c.AdminListen = admin })
	page := []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Referer: https://evil.example/"}
	for _, text := range controlCalls("127.0.0.1:4566") {
		line, rest, _ := strings.Cut(text, "\r\n")
		for name, sent := range map[string]string{
			"a page":     line + "\r\n" + strings.Join(page, "\r\n") + "\r\n" + rest,
			"no origin":  line + "\r\nOrigin: null\r\n" + rest,
			"rebinding":  strings.Replace(text, "Host: 127.0.0.1:4566", "Host: rebound.evil.example:4566", 1),
			"API's page": line + "\r\nOrigin: http://shop.execute-api.localhost:4566\r\n" + rest,
		} {
			if strings.HasPrefix(line, "GET http:") && name != "a page" {
				continue
			}
			if got := raw(t, r.addr(), sent); statusOf(got) < 400 {
				t.Errorf("%s, %s: %.200q", name, line, got)
			}
		}
	}
	if found := r.evil(t); len(found) > 0 {
		t.Errorf("AWS calls had an effect: %v", found)
	}
	for _, path := range []string{"/metrics", "/audit", "/debug/pprof/", "/readyz", "/explain/a/b"} {
		for name, fields := range map[string][]string{
			"a page":    append([]string{"Host: " + admin}, page...),
			"rebinding": {"Host: rebound.evil.example"},
			"same site": {"Host: a.evil.example", "Sec-Fetch-Site: same-origin"},
		} {
			if got := raw(t, admin, request("GET "+path, fields...)); statusOf(got) != 403 {
				t.Errorf("%s, %s: %.200q", name, path, got)
			}
		}
	}
}
