package apigateway_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/trial"
)

// benchOf answers every trial alike and keeps what was tried.
type benchOf struct {
	result  *trial.Result
	verdict *trial.Verdict
	err     error
	asked   *trial.Request
}

func (b *benchOf) Authorize(_ context.Context, _ string, r *trial.Request) (*trial.Verdict, error) {
	b.asked = r
	return b.verdict, b.err
}

func (b *benchOf) Play(_ context.Context, r *trial.Request) (*trial.Result, error) {
	b.asked = r
	return b.result, b.err
}

func TestTestInvokeMethod(t *testing.T) {
	bench := &benchOf{result: &trial.Result{
		Status: 201, Body: []byte("a\xff"), Log: "log", Latency: 12 * time.Millisecond,
		Fields: []trial.Field{{Name: "X", Value: "1"}, {Name: "X", Value: "2"}},
	}}
	s := newMethod(t, func(c *apigateway.Config) { c.Bench = bench })
	s.make("", "PutMethod", `{"restApiId":"$api","resourceId":"$root","httpMethod":"ANY","authorizationType":"NONE"}`)
	const answer = `{"status":201,"body":"a\ufffd","headers":{"X":"2"},"multiValueHeaders":{"X":["1","2"]},"log":"log","latency":12}`
	s.play([]step{
		{"TestInvokeMethod", `{"restApiId":"$api","resourceId":"$root","httpMethod":"PUT"}`, answer},
		{"TestInvokeMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","pathWithQueryString":"/pets?a=b","body":"b",
			"headers":{"B":"1","A":"2"},"multiValueHeaders":{"A":["3","4"]},"stageVariables":{"v":"w"}}`, answer},
		{"TestInvokeMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"PUT"}`, "404 Invalid Method identifier specified"},
		{"TestInvokeMethod", `{"restApiId":"$api","resourceId":"nope","httpMethod":"GET"}`, "404 Invalid Resource identifier specified"},
		{"TestInvokeMethod", `{"restApiId":"nope","resourceId":"$pets","httpMethod":"GET"}`, "404 Invalid Resource identifier specified"},
		{"TestInvokeMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","headers":{"a b":"c"}}`, "400 Invalid header specified: a b"},
		{"TestInvokeMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","headers":{"a":"b\r\nc: d"}}`, "400 Invalid header specified: a"},
		{"TestInvokeMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","clientCertificateId":"nope"}`, "404 Invalid client certificate identifier specified"},
	})
	got := bench.asked
	want := &trial.Request{
		API: got.API, ResourceID: s.names["pets"], Method: "GET", Target: new("/pets?a=b"), Body: []byte("b"),
		Fields:    []trial.Field{{Name: "A", Value: "3"}, {Name: "A", Value: "4"}, {Name: "B", Value: "1"}},
		Variables: map[string]string{"v": "w"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was tried (-want +got):\n%s", diff)
	}
	if len(got.API.Methods) != 2 || got.API.API.ID != s.names["api"] {
		t.Errorf("the API that was tried = %+v", got.API)
	}
	bench.err = errors.New("broken")
	s.play([]step{{"TestInvokeMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, "400 Unable to run the method: broken"}})
}

func TestTestInvokeAuthorizer(t *testing.T) {
	bench := &benchOf{verdict: &trial.Verdict{
		Status: 200, Principal: "joe", Policy: "{}", Context: map[string][]string{"k": {"v"}}, Log: "log", Latency: 12 * time.Millisecond,
	}}
	s := newAPI(t, func(c *apigateway.Config) { c.Bench = bench })
	s.make("auth", "CreateAuthorizer", `{"restApiId":"$api","name":"a","type":"TOKEN","identitySource":"method.request.header.A",
		"authorizerUri":"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations"}`)
	s.play([]step{
		{
			"TestInvokeAuthorizer", `{"restApiId":"$api","authorizerId":"$auth","headers":{"A":"x"},"pathWithQueryString":"/p?q=r","body":"b"}`,
			`{"clientStatus":200,"principalId":"joe","policy":"{}","authorization":{"k":["v"]},"log":"log","latency":12}`,
		},
		{"TestInvokeAuthorizer", `{"restApiId":"$api","authorizerId":"nope"}`, "404 Invalid Authorizer identifier specified"},
		{"TestInvokeAuthorizer", `{"restApiId":"$api","authorizerId":"$auth","headers":{"a b":"x"}}`, "400 Invalid header specified: a b"},
	})
	want := &trial.Request{
		API: bench.asked.API, Method: "GET", Target: new("/p?q=r"), Body: []byte("b"), Fields: []trial.Field{{Name: "A", Value: "x"}},
	}
	if diff := cmp.Diff(want, bench.asked); diff != "" {
		t.Errorf("what was tried (-want +got):\n%s", diff)
	}
	bench.err = errors.New("broken")
	s.play([]step{{"TestInvokeAuthorizer", `{"restApiId":"$api","authorizerId":"$auth"}`, "400 Unable to run the authorizer: broken"}})
}
