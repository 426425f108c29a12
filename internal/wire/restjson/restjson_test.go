package restjson_test

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewaymanagementapi"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewayv2"
	"github.com/stagedoor/stagedoor/internal/wire/jsonbody"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
	"github.com/stagedoor/stagedoor/internal/wire/restjson"
	"github.com/stagedoor/stagedoor/internal/wire/smithytest"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		name                string
		table               *wire.Service
		method, path, query string
		want                string
		labels              []string
	}{
		{"literal", apigateway.Table(), "GET", "/restapis", "", "GetRestApis", nil},
		{"a slash at the end", apigateway.Table(), "GET", "/restapis/", "", "GetRestApis", nil},
		{"a literal parameter", apigateway.Table(), "POST", "/restapis", "mode=import&failonwarnings=true", "ImportRestApi", nil},
		{"another value of it", apigateway.Table(), "POST", "/restapis", "mode=other", "CreateRestApi", nil},
		{"a label", apigateway.Table(), "GET", "/restapis/a%2Fb", "", "GetRestApi", []string{"a%2Fb"}},
		{"literal beats label", apigateway.Table(), "GET", "/restapis/a/documentation/parts", "", "GetDocumentationParts", []string{"a"}},
		{"labels in order", apigateway.Table(), "PUT", "/restapis/a/resources/b/methods/GET/integration/responses/200", "", "PutIntegrationResponse", []string{"a", "b", "GET", "200"}},
		{"an encoded ARN", apigateway.Table(), "GET", "/tags/arn%3Aaws%3Aapigateway%3A%3A%3A%2Frestapis%2Fa", "", "GetTags", []string{"arn%3Aaws%3Aapigateway%3A%3A%3A%2Frestapis%2Fa"}},
		{"a route key", apigatewayv2.Table(), "DELETE", "/v2/apis/a/stages/b/routesettings/GET%20%2Fpets", "", "DeleteRouteSettings", []string{"a", "b", "GET%20%2Fpets"}},
		{"another method", apigateway.Table(), "POST", "/restapis/a", "", "", nil},
		{"an empty label", apigateway.Table(), "GET", "/restapis//resources", "", "", nil},
		{"no such path", apigateway.Table(), "GET", "/nope", "", "", nil},
		{"a very long path", apigateway.Table(), "GET", strings.Repeat("/a", 1000), "", "", nil},
		{"provisioned concurrency of one", lambda.Table(), "GET", "/2019-09-30/functions/f/provisioned-concurrency", "Qualifier=1", "GetProvisionedConcurrencyConfig", []string{"f"}},
		{"provisioned concurrency of all", lambda.Table(), "GET", "/2019-09-30/functions/f/provisioned-concurrency", "List=ALL", "ListProvisionedConcurrencyConfigs", []string{"f"}},
		{"invoke", lambda.Table(), "POST", "/2015-03-31/functions/f/invocations", "", "Invoke", []string{"f"}},
		{"the management API", apigatewaymanagementapi.Table(), "POST", "/@connections/a%3D", "", "PostToConnection", []string{"a%3D"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			op, labels := restjson.New(tt.table).Match(tt.method, tt.path, tt.query)
			got := ""
			if op != nil {
				got = op.Name
			}
			if got != tt.want || !slices.Equal(labels, tt.labels) {
				t.Errorf("Match(%s %s?%s) = %q %q, want %q %q", tt.method, tt.path, tt.query, got, labels, tt.want, tt.labels)
			}
		})
	}
}

// TestEveryRoute holds every operation of every REST service to be found by its
// own pattern.
func TestEveryRoute(t *testing.T) {
	for _, s := range []*wire.Service{apigateway.Table(), apigatewayv2.Table(), apigatewaymanagementapi.Table(), lambda.Table()} {
		c := restjson.New(s)
		for _, want := range s.Operations {
			path, query, _ := strings.Cut(want.URI, "?")
			path = strings.NewReplacer("{", "x", "+}", "x/y", "}", "x").Replace(path)
			if op, _ := c.Match(want.Method, path, query); op == nil || op.Name != want.Name {
				t.Errorf("%s: Match(%s %s?%s) = %v, want %s", s.Name, want.Method, path, query, op, want.Name)
			}
		}
	}
}

// TestQuirks holds the wire of API Gateway to what the model does not tell.
func TestQuirks(t *testing.T) {
	s := apigateway.Table()
	a, err := restjson.New(s).Encode(nil, s.Operation("PutIntegrationResponse"), &apigateway.IntegrationResponse{
		StatusCode: new("200"), ResponseTemplates: map[string]string{"application/json": "", "text/xml": "x"},
	})
	const want = `{"statusCode":"200","responseTemplates":{"application/json":null,"text/xml":"x"}}`
	if err != nil || string(a.Body) != want || a.Status != 201 {
		t.Errorf("Encode = %d %s, %v, want %s", a.Status, a.Body, err, want)
	}
	a, err = restjson.New(s).Encode(nil, s.Operation("GetExport"), &apigateway.ExportResponse{ContentType: new("application/yaml"), Body: []byte("openapi: 3")})
	if err != nil || a.Header.Get("Content-Type") != "application/yaml" || string(a.Body) != "openapi: 3" {
		t.Errorf("Encode = %v %s, %v", a.Header, a.Body, err)
	}
	a, err = restjson.New(s).Encode(nil, s.Operation("DeleteRestApi"), nil)
	if err != nil || a.Status != 202 || len(a.Body) != 0 || a.Header.Get("Content-Type") != "" {
		t.Errorf("Encode = %+v, %v, want an empty 202", a, err)
	}
	a, err = restjson.New(s).Encode(nil, s.Operation("GetUsage"), &apigateway.Usage{Items: map[string][][]int64{"k": {{1, 2}}}})
	if err != nil || string(a.Body) != `{"values":{"k":[[1,2]]}}` {
		t.Errorf("Encode = %s, %v", a.Body, err)
	}
}

// TestHeaderInjection holds values of headers to one line.
func TestHeaderInjection(t *testing.T) {
	s := lambda.Table()
	a, err := restjson.New(s).Encode(nil, s.Operation("Invoke"), &lambda.InvocationResponse{FunctionError: new("a\r\nSet-Cookie: b")})
	if got := a.Header.Get("X-Amz-Function-Error"); err != nil || got != "a  Set-Cookie: b" {
		t.Errorf("header %q, %v", got, err)
	}
}

// FuzzDecode holds the decoder to take or refuse any request without a panic.
func FuzzDecode(f *testing.F) {
	f.Add("GET", "/restapis/abc/resources", "embed=methods&limit=5", "X-A", "v", []byte(`{}`))
	f.Add("POST", "/2015-03-31/functions/f/invocations", "Qualifier=1", "X-Amz-Client-Context", "e30=", []byte(`{"a":1}`))
	f.Add("PUT", "/restapis/a%2Fb", "mode=merge&basepath=x", "Accept", "*/*", []byte(`openapi: 3`))
	codecs := []*restjson.Codec{restjson.New(apigateway.Table()), restjson.New(lambda.Table()), restjson.New(apigatewayv2.Table())}
	services := []*wire.Service{apigateway.Table(), lambda.Table(), apigatewayv2.Table()}
	f.Fuzz(func(t *testing.T, method, path, query, name, value string, body []byte) {
		for i, c := range codecs {
			op, labels := c.Match(method, path, query)
			if op == nil {
				continue
			}
			r := &wire.Request{Method: method, Path: path, Query: query, Labels: labels, Body: body, Header: http.Header{name: {value}}}
			in, trail := wire.NewRecord(services[i].Shape(op.Input)), &wire.Trail{}
			if c.Decode(r, op, in, trail) == nil {
				_ = wire.NewChecker(services[i]).Check(op, in, trail)
			}
		}
	})
}

// FuzzRoundTrip holds inputs at random to come back from a request that a
// client would make of them.
func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	gateway, functions := apigateway.Table(), lambda.Table()
	f.Fuzz(func(t *testing.T, seed uint64) {
		roundTrip(t, gateway, "PutMethod", seed, &apigateway.PutMethodInput{}, &apigateway.PutMethodInput{})
		roundTrip(t, gateway, "GetResources", seed, &apigateway.GetResourcesInput{}, &apigateway.GetResourcesInput{})
		roundTrip(t, gateway, "ImportRestApi", seed, &apigateway.ImportRestApiInput{}, &apigateway.ImportRestApiInput{})
		roundTrip(t, functions, "Invoke", seed, &lambda.InvokeInput{}, &lambda.InvokeInput{})
		roundTrip(t, functions, "ListDurableExecutionsByFunction", seed, &lambda.ListDurableExecutionsByFunctionInput{}, &lambda.ListDurableExecutionsByFunctionInput{})
	})
}

func roundTrip(t *testing.T, s *wire.Service, operation string, seed uint64, in, out any) {
	t.Helper()
	op := s.Operation(operation)
	random := smithytest.NewRandom(s, seed)
	random.Plain = true
	random.Structure(t, in, s.Shape(op.Input), nil)
	r := client(s, op, in)
	c := restjson.New(s)
	got, labels := c.Match(r.Method, r.Path, r.Query)
	if got == nil || got.Name != op.Name {
		t.Fatalf("Match(%s %s?%s) = %v, want %s", r.Method, r.Path, r.Query, got, op.Name)
	}
	r.Labels = labels
	if err := c.Decode(r, op, out, &wire.Trail{}); err != nil {
		t.Fatalf("%s %s?%s %v %s: %v", r.Method, r.Path, r.Query, r.Header, r.Body, err)
	}
	noEmpty := cmp.FilterValues(func(a, b any) bool { // what is empty does not show in a query
		x, y := reflect.ValueOf(a), reflect.ValueOf(b)
		return x.IsValid() && y.IsValid() && (x.Kind() == reflect.Slice || x.Kind() == reflect.Map) && x.Kind() == y.Kind() && x.Len()+y.Len() == 0
	}, cmp.Comparer(func(_, _ any) bool { return true }))
	if diff := cmp.Diff(in, out, noEmpty); diff != "" {
		t.Errorf("%s %s?%s %v %s is read back otherwise:\n%s", r.Method, r.Path, r.Query, r.Header, r.Body, diff)
	}
}

// client makes the request of an input, as an SDK does.
func client(s *wire.Service, op *wire.Operation, in any) *wire.Request {
	path, query, _ := strings.Cut(op.URI, "?")
	var params []string
	if query != "" {
		params = append(params, query)
	}
	add := func(name, value string) { params = append(params, url.QueryEscape(name)+"="+url.QueryEscape(value)) }
	r := &wire.Request{Method: op.Method, Header: http.Header{}}
	shape := s.Shape(op.Input)
	f := wire.FieldsOf(reflect.ValueOf(in))
	for i := range shape.Members {
		m, v := &shape.Members[i], f.At(i)
		if wire.Absent(v) {
			continue
		}
		v, ms := wire.Inner(v), s.Of(m)
		text := func(fallback wire.TimeFormat) string {
			return string(wire.AppendText(nil, v, ms, m.Time.Or(ms.Time).Or(fallback)))
		}
		switch m.At {
		case wire.InLabel:
			path = strings.Replace(path, "{"+m.Wire+"}", url.PathEscape(text(wire.DateTime)), 1)
		case wire.InQuery:
			if ms.Kind == wire.List {
				for k := range v.Len() {
					add(m.Wire, v.Index(k).String())
				}
				continue
			}
			add(m.Wire, text(wire.DateTime))
		case wire.InQueryMap:
			for it := v.MapRange(); it.Next(); {
				add(it.Key().String(), it.Value().String())
			}
		case wire.InHeader:
			r.Header.Set(m.Wire, text(wire.HTTPDate))
		case wire.InPayload:
			r.Body = v.Bytes()
		default:
		}
	}
	if r.Body == nil {
		r.Body = jsonbody.Encoder{Service: s}.Structure(nil, reflect.ValueOf(in), shape, func(m *wire.Member) bool { return m.At == wire.InBody })
		if string(r.Body) == "{}" {
			r.Body = nil
		}
	}
	r.Path, r.Query = path, strings.Join(params, "&")
	return r
}
