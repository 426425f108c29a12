package control_test

import (
	"net/http"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control"
)

func TestOwns(t *testing.T) {
	s := newServer(t, control.Config{Services: (&echo{}).services()})
	const local = "localhost:4566"
	for _, tt := range []struct {
		name, host, method, path string
		header                   http.Header
		want                     bool
	}{
		{"signed for a service of ours", local, "GET", "/anything", http.Header{"Authorization": {signature("apigateway")}}, true},
		{"signed for a service to pass on", local, "PUT", "/bucket", http.Header{"Authorization": {signature("s3")}}, true},
		{"signed for an API", local, "GET", "/pets", http.Header{"Authorization": {signature("execute-api")}}, false},
		{"another kind of authorization", local, "GET", "/pets", http.Header{"Authorization": {"Bearer x"}}, false},
		{"the host of an API", "abc.execute-api.us-east-1.amazonaws.com", "GET", "/restapis", http.Header{"Authorization": {signature("apigateway")}}, false},
		{"the host of an API here", "abc.execute-api.localhost:4566", "POST", "/", http.Header{"X-Amz-Target": {"Logs_20140328.X"}}, false},
		{"a signed call of a function URL", "abc.lambda-url.us-east-1.localhost:4566", "POST", "/", http.Header{"Authorization": {signature("lambda")}}, false},
		{"the management API", "abc.execute-api.localhost:4566", "POST", "/prod/@connections/a", http.Header{"Authorization": {signature("execute-api")}}, true},
		{"the management API, encoded", local, "POST", "/_aws/execute-api/abc/prod/%40connections/a%3D", http.Header{"Authorization": {signature("execute-api")}}, true},
		{"the host of an API, in capitals", "abc.EXECUTE-API.localhost:4566", "POST", "/x/@connections/y", http.Header{"Authorization": {signature("apigateway")}}, false},
		{"the management API with another's target", "abc.execute-api.localhost:4566", "POST", "/x/@connections/y", http.Header{"Authorization": {signature("execute-api")}, "X-Amz-Target": {"Logs_20140328.X"}}, false},
		{"the management API with another's protocol", "abc.execute-api.localhost:4566", "POST", "/x/@connections/y", http.Header{"Authorization": {signature("execute-api")}, "Smithy-Protocol": {"rpc-v2-cbor"}}, false},
		{"a route called like it", "abc.execute-api.localhost:4566", "POST", "/prod/@connections/a", nil, false},
		{"a parameter called like it", local, "POST", "/pets?x=/@connections/a", http.Header{"Authorization": {signature("execute-api")}}, false},
		{"the path of an API", local, "GET", "/_aws/execute-api/abc/prod/restapis", nil, false},
		{"the older path of an API", local, "GET", "/restapis/abc/prod/_user_request_/pets", nil, false},
		{"unsigned, by path", local, "GET", "/restapis/abc", nil, true},
		{"unsigned, by path with a query", local, "POST", "/restapis?mode=import", nil, true},
		{"unsigned, Lambda's path", "127.0.0.1:4566", "GET", "/2015-03-31/functions", nil, true},
		{"unsigned, at an address", "[::1]:4566", "GET", "/v2/apis", nil, true},
		{"the same path on a domain", "api.example.com", "GET", "/restapis/abc", nil, false},
		{"a path of no service", local, "GET", "/pets", nil, false},
		{"a target", local, "POST", "/", http.Header{"X-Amz-Target": {"Logs_20140328.X"}}, true},
		{"rpc v2 cbor", local, "POST", "/service/X/operation/Y", http.Header{"Smithy-Protocol": {"rpc-v2-cbor"}}, true},
		{"an unsigned form", local, "POST", "/", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, true},
		{"an unsigned form to a domain", "api.example.com", "POST", "/", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, false},
		{"a host of AWS's", "sts.us-east-1.amazonaws.com", "GET", "/", nil, true},
		{"a service's host here", "lambda.localhost:4566", "GET", "/x", nil, true},
		{"some host here", "pets.localhost:4566", "GET", "/x", nil, false},
		{"presigned", local, "GET", "/?X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fsts%2Faws4_request", nil, true},
		{"presigned for an API", local, "GET", "/?X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fexecute-api%2Faws4_request", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.Owns(tt.host, tt.path, tt.method, tt.header.Get); got != tt.want {
				t.Errorf("Owns(%q, %q, %q, %v) = %v, want %v", tt.host, tt.path, tt.method, tt.header, got, tt.want)
			}
		})
	}
}

const ownsAllocs = 0 // every request on the shared port asks

// TestOwnsAllocs holds BenchmarkOwns to its promise.
func TestOwnsAllocs(t *testing.T) {
	s := newServer(t, control.Config{Services: (&echo{}).services()})
	auth := signature("lambda")
	header := func(name string) string {
		if name == "Authorization" {
			return auth
		}
		return ""
	}
	none := func(string) string { return "" }
	for _, f := range []func(){
		func() { s.Owns("abc.execute-api.us-east-1.amazonaws.com", "/prod/pets", "GET", none) },
		func() { s.Owns("localhost:4566", "/2015-03-31/functions/f/invocations", "POST", header) },
		func() { s.Owns("localhost:4566", "/pets", "GET", none) },
	} {
		if got := testing.AllocsPerRun(100, f); got > ownsAllocs {
			t.Errorf("Owns allocates %v times, want %d", got, ownsAllocs)
		}
	}
}

func BenchmarkOwns(b *testing.B) {
	s := newServer(b, control.Config{Services: (&echo{}).services()})
	none := func(string) string { return "" }
	b.Run("api host", func(b *testing.B) {
		for b.Loop() {
			s.Owns("abc.execute-api.us-east-1.amazonaws.com", "/prod/pets", "GET", none)
		}
	})
	b.Run("unknown path", func(b *testing.B) {
		for b.Loop() {
			s.Owns("localhost:4566", "/pets", "GET", none)
		}
	})
}
