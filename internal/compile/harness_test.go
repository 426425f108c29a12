package compile_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

// origins interns nothing: tests make no two deployments share a connection.
type origins struct{}

func (origins) Origin(scheme, address, serverName string, skipVerify bool) *program.Origin {
	return &program.Origin{Scheme: scheme, Address: address, ServerName: serverName, SkipVerify: skipVerify}
}

// functions are functions written in Go, by ARN.
type functions struct {
	call   map[string]func(event []byte) (*lambda.Result, error)
	denied bool
	queued []string // what Queue was given
	mu     sync.Mutex
	asked  []string // what Permits was asked
}

func (f *functions) Invoke(ctx context.Context, arn string, payload []byte, stream bool) (*lambda.Result, error) {
	call := f.call[arn]
	if call == nil {
		return nil, lambda.ErrNoFunction
	}
	r, err := call(payload)
	if err == nil && r == nil { // a function that never ends
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if stream && err == nil && r.FunctionError == "" && r.Stream == nil {
		r = &lambda.Result{Stream: io.NopCloser(strings.NewReader(string(r.Payload)))}
	}
	return r, err
}

func (f *functions) Queue(_ context.Context, arn string, c lambda.Call) error {
	if f.call[arn] == nil {
		return lambda.ErrNoFunction
	}
	f.queued = append(f.queued, arn+" "+string(c.Payload))
	return nil
}

func (f *functions) Permits(function, principal, action, source, account string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, strings.Join([]string{function, principal, action, source, account}, " "))
	return !f.denied
}

const arn = "arn:aws:lambda:us-east-1:000000000000:function:f"

// sketch is an API in short: "GET /path" to its integration.
type sketch struct {
	methods   map[string]api.Integration
	declared  []string // method responses of every method; default 200
	edit      func(*snapshot.REST)
	variables map[string]string
	functions *functions
	env       func(*compile.Env)
}

func (s sketch) snapshot() snapshot.REST {
	snap := snapshot.REST{API: api.RestAPI{ID: "abc123", Name: "pets", EndpointType: "REGIONAL"}}
	seen := map[string]string{}
	for key, in := range s.methods {
		verb, path, _ := strings.Cut(key, " ")
		if seen[path] == "" {
			seen[path] = "r" + path
			snap.Resources = append(snap.Resources, api.Resource{ID: seen[path], Path: path})
		}
		if in.PassthroughBehavior == "" {
			in.PassthroughBehavior = "WHEN_NO_MATCH"
		}
		m := api.Method{ResourceID: seen[path], HTTPMethod: verb, AuthorizationType: "NONE", Responses: map[string]api.MethodResponse{}}
		if in.Type != "" {
			m.Integration = &in
		}
		for _, code := range append([]string{"200"}, s.declared...) {
			m.Responses[code] = api.MethodResponse{StatusCode: code}
		}
		snap.Methods = append(snap.Methods, m)
	}
	sort.Slice(snap.Methods, func(i, j int) bool { return snap.Methods[i].HTTPMethod < snap.Methods[j].HTTPMethod })
	if s.edit != nil {
		s.edit(&snap)
	}
	return snap
}

func (s sketch) try() (*program.Stage, error) {
	if s.functions == nil {
		s.functions = &functions{}
	}
	env := compile.Env{Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: s.functions}
	if s.env != nil {
		s.env(&env)
	}
	return compile.REST(env, s.snapshot(), api.Stage{Name: "prod", DeploymentID: "d1", Variables: s.variables})
}

func (s sketch) stage(t testing.TB) *program.Stage {
	t.Helper()
	stage, err := s.try()
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

// request is a request in short: "GET /path", headers as "Name: value" lines,
// then the body.
func request(t testing.TB, stage *program.Stage, line string, rest ...string) *program.Exchange {
	t.Helper()
	method, path, _ := strings.Cut(line, " ")
	head, body := "", ""
	for _, r := range rest {
		if name, _, ok := strings.Cut(r, ": "); ok && !strings.ContainsAny(name, "{[ \"") {
			head += r + "\r\n"
		} else {
			body += r
		}
	}
	x := programtest.Exchange(t, method+" /prod"+path+" HTTP/1.1\r\nHost: abc123.execute-api.us-east-1.amazonaws.com\r\n"+head+"\r\n"+body)
	enter(x, stage)
	return x
}

// enter does what the gateway does before it plays an exchange.
func enter(x *program.Exchange, stage *program.Stage) {
	x.Identify()
	x.Stage = stage
	x.FullPath = x.Request.Path
	x.Path = x.Request.Path[len("/prod"):]
	for len(x.Path) > 1 && x.Path[1] == '/' {
		x.Path = x.Path[1:]
	}
	x.Route, x.Params = stage.Router.Match(x.Method, x.Path, x.Params)
}

func send(t testing.TB, stage *program.Stage, line string, rest ...string) programtest.Result {
	t.Helper()
	return programtest.Play(t, request(t, stage, line, rest...))
}

// received is a request as a back end got it.
type received struct {
	Line   string // "GET /path?query"
	Host   string
	Header http.Header
	Body   string
}

// backend is a real upstream that keeps the last request it got.
func backend(t testing.TB, answer http.HandlerFunc) (url string, last *received) {
	t.Helper()
	last = &received{}
	var mu sync.Mutex // a client whose answer broke off asks again while the first is still handled
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		*last = received{Line: r.Method + " " + r.RequestURI, Host: r.Host, Header: r.Header, Body: string(body)}
		mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, last
}

// mock is a MOCK integration with one fixed template.
func mock(template string, responses ...api.IntegrationResponse) api.Integration {
	in := api.Integration{Type: "MOCK", RequestTemplates: map[string]*string{"application/json": &template}, Responses: map[string]api.IntegrationResponse{}}
	for _, r := range responses {
		in.Responses[r.StatusCode] = r
	}
	return in
}

func ok200(body string) api.IntegrationResponse {
	return api.IntegrationResponse{StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": &body}}
}
