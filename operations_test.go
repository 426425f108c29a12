package stagedoor_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor"
)

// caller is a client of the REST control plane that notes what it calls.
type caller struct {
	*apigateway.Client
	*running
	t *testing.T

	mu     sync.Mutex
	called map[string]bool // operations that were answered
}

func newCaller(t *testing.T, r *running) *caller {
	c := &caller{running: r, t: t, called: map[string]bool{}}
	note := middleware.InitializeMiddlewareFunc("note", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, m, err := next.HandleInitialize(ctx, in)
		if err == nil {
			c.mu.Lock()
			c.called[awsmiddleware.GetOperationName(ctx)] = true
			c.mu.Unlock()
		}
		return out, m, err
	})
	c.Client = apigateway.NewFromConfig(r.account(), func(o *apigateway.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error { return s.Initialize.Add(note, middleware.After) })
	})
	return c
}

// did gives what a call answered and ends the test if it was refused.
func did[T any](out *T, err error) func(t *testing.T) *T {
	return func(t *testing.T) *T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// fieldsOf are the fields of an answer that are set.
func fieldsOf(t *testing.T, v any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	delete(all, "ResultMetadata")
	for name, value := range all {
		if value == nil {
			delete(all, name)
		}
	}
	return all
}

// says holds fields of an answer to what they must be: a JSON object; null is a
// field that must not be set.
func says(t *testing.T, what string, out any, want string) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(want), &fields); err != nil {
		t.Fatalf("%s: %v in %s", what, err, want)
	}
	got := fieldsOf(t, out)
	for name, value := range fields {
		if d := cmp.Diff(value, got[name]); d != "" {
			t.Errorf("%s: %s (-want +got):\n%s", what, name, d)
		}
	}
}

// readsBack holds what is read to what the write answered, field by field.
func readsBack(t *testing.T, what string, wrote, read any, except ...string) {
	t.Helper()
	w, r := fieldsOf(t, wrote), fieldsOf(t, read)
	for _, name := range append(except, "Tags") { // present as {} in reads only
		delete(w, name)
		delete(r, name)
	}
	if d := cmp.Diff(w, r); d != "" {
		t.Errorf("%s reads back something else (-wrote +read):\n%s", what, d)
	}
}

// gone holds a call to a refusal with a 404.
func gone[T any](t *testing.T, what string) func(*T, error) {
	return func(_ *T, err error) {
		t.Helper()
		if missing := (*types.NotFoundException)(nil); !asError(err, &missing) {
			t.Errorf("%s = %v, want NotFoundException", what, err)
		}
	}
}

// operationsOf are the operations of a client: its methods that take an input
// and give an output.
func operationsOf(client any) (names []string) {
	for m := range reflect.TypeOf(client).Methods() {
		if m.Type.NumIn() >= 3 && m.Type.NumOut() == 2 && strings.HasSuffix(m.Type.In(2).String(), "."+m.Name+"Input") {
			names = append(names, m.Name)
		}
	}
	return names
}

// TestEveryOperation calls each operation of the API Gateway client, which
// reads back what it wrote.
func TestEveryOperation(t *testing.T) {
	need(t, "python3")
	c := newCaller(t, start(t, func(cfg *stagedoor.Config) { cfg.RateLimit = 0 }))
	for _, part := range []struct {
		name string
		run  func(*caller, *testing.T)
	}{
		{"apis", (*caller).apis},
		{"resources", (*caller).resources},
		{"integrations", (*caller).integrations},
		{"models", (*caller).models},
		{"gateway responses", (*caller).gatewayResponses},
		{"authorizers", (*caller).authorizers},
		{"deployments", (*caller).deployments},
		{"stages", (*caller).stages},
		{"documents", (*caller).documents},
		{"documentation", (*caller).documentation},
		{"keys", (*caller).keys},
		{"plans", (*caller).plans},
		{"domains", (*caller).domains},
		{"mappings", (*caller).mappings},
		{"egress", (*caller).egress},
		{"account", (*caller).accountSettings},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(c, t) })
	}
	all := operationsOf(c.Client)
	if len(all) != 124 {
		t.Errorf("the client has %d operations, want 124: the walk is broken, or there are new ones", len(all))
	}
	if t.Failed() {
		return
	}
	for _, name := range all {
		if !c.called[name] {
			t.Errorf("%s was not called, or never answered well", name)
		}
	}
	for name := range c.called {
		if !slices.Contains(all, name) {
			t.Errorf("%s is called and no operation", name)
		}
	}
}

// newAPI makes an API with one resource, "pets".
func (c *caller) newAPI(t *testing.T, name string) (api, root, pets *string) {
	t.Helper()
	a := did(c.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: &name}))(t)
	r := did(c.CreateResource(t.Context(), &apigateway.CreateResourceInput{RestApiId: a.Id, ParentId: a.RootResourceId, PathPart: aws.String("pets")}))(t)
	return a.Id, a.RootResourceId, r.Id
}

// mocked gives a resource a method that answers by itself.
func (c *caller) mocked(t *testing.T, api, resource *string, verb string) {
	t.Helper()
	ctx, code := t.Context(), aws.String("200")
	did(c.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: &verb, AuthorizationType: aws.String("NONE")}))(t)
	did(c.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: api, ResourceId: resource, HttpMethod: &verb, StatusCode: code}))(t)
	did(c.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: api, ResourceId: resource, HttpMethod: &verb, Type: types.IntegrationTypeMock,
		RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`},
	}))(t)
	did(c.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{
		RestApiId: api, ResourceId: resource, HttpMethod: &verb, StatusCode: code, ResponseTemplates: map[string]string{"application/json": `{"ok":true}`},
	}))(t)
}

// patch is a list of patch operations: "replace /name value".
func patch(lines ...string) (ops []types.PatchOperation) {
	for _, line := range lines {
		op, rest, _ := strings.Cut(line, " ")
		path, value, given := strings.Cut(rest, " ")
		p := types.PatchOperation{Op: types.Op(op), Path: &path}
		if given {
			p.Value = &value
		}
		ops = append(ops, p)
	}
	return ops
}
