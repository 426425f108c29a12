package compile_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

// failing has a route for each way in which the engine fails.
func failing(t testing.TB, edit func(*snapshot.REST)) *program.Stage {
	t.Helper()
	slow, _ := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	})
	answering, _ := backend(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) })
	to := func(uri string, edit func(*api.Integration)) api.Integration {
		in := api.Integration{Type: "HTTP", HTTPMethod: new("POST"), URI: &uri, Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}}
		if edit != nil {
			edit(&in)
		}
		return in
	}
	function := func(name string) api.Integration {
		in := lambdaProxy()
		in.TimeoutMillis = 50
		uri := strings.Replace(*in.URI, ":f/", ":"+name+"/", 1)
		in.URI = &uri
		return in
	}
	get := function("malformed")
	get.HTTPMethod = new("GET")
	in := map[string]api.Integration{
		"POST /template": to(answering, func(in *api.Integration) {
			in.RequestTemplates = map[string]*string{"application/json": new("#set($x = ")}
		}),
		"POST /never": to(answering, func(in *api.Integration) { in.PassthroughBehavior = "NEVER" }),
		"POST /uri":   to("http://", nil),
		"POST /nomatch": to(answering, func(in *api.Integration) {
			in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200", SelectionPattern: new("2..")}}
		}),
		"POST /undeclared": to(answering, func(in *api.Integration) {
			in.Responses = map[string]api.IntegrationResponse{"418": {StatusCode: "418"}}
		}),
		"POST /timeout":   to(slow, func(in *api.Integration) { in.TimeoutMillis = 60 }),
		"POST /refused":   to("http://127.0.0.1:1024/", nil),
		"POST /malformed": function("malformed"),
		"POST /crashed":   function("crashed"),
		"POST /late":      function("late"),
		"POST /throttled": function("throttled"),
		"POST /missing":   function("missing"),
		"POST /notpost":   get,
		"POST /mock":      mock(`{"status": 200}`),
		"POST /json": to(answering, func(in *api.Integration) {
			in.RequestParameters = map[string]string{"integration.request.header.a": "method.request.body.a"}
		}),
		"POST /parameters": to(answering, nil),
		"POST /body":       to(answering, nil),
		"POST /length": to(answering, func(in *api.Integration) {
			in.RequestParameters = map[string]string{"integration.request.header.Content-Length": "'1'"}
		}),
		"POST /decompressed": to(answering, nil),
	}
	functions := &functions{call: map[string]func([]byte) (*lambda.Result, error){}}
	for name, call := range map[string]func([]byte) (*lambda.Result, error){
		"malformed": says(`"a string"`), "crashed": fails("boom"),
		"late":      func([]byte) (*lambda.Result, error) { return nil, nil },
		"throttled": func([]byte) (*lambda.Result, error) { return nil, &lambda.Throttled{} },
	} {
		functions.call[strings.TrimSuffix(arn, ":f")+":"+name] = call
	}
	validators := func(s *snapshot.REST) {
		s.Validators = []api.RequestValidator{{ID: "all", ValidateBody: true, ValidateParameters: true}}
		s.Models = []api.Model{{Name: "Person", ContentType: "application/json", Schema: `{"type":"object","required":["name"]}`}}
		for i := range s.Methods {
			switch m := &s.Methods[i]; m.ResourceID {
			case "r/parameters":
				m.RequestValidatorID = new("all")
				m.RequestParameters = map[string]bool{"method.request.querystring.qs1": true, "method.request.header.x-header-param": true, "method.request.path.issuer": true}
			case "r/body":
				m.RequestValidatorID, m.RequestModels = new("all"), map[string]string{"application/json": "Person"}
			}
		}
		if edit != nil {
			edit(s)
		}
	}
	return sketch{methods: in, edit: validators, functions: functions}.stage(t)
}

// failure is a row of the catalogue.
type failure struct {
	path, body, field string
	kind              program.ResponseType
	status            int
	errorType, answer string
	trace             bool // the answer has X-Amzn-Trace-Id
}

const (
	serverFault = "InternalServerErrorException"
	badRequest  = "BadRequestException"
)

func catalogue() []failure {
	return []failure{
		{"/nowhere", "", "", program.MissingAuthenticationToken, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`, false},
		{"/parameters", "{}", "", program.BadRequestParameters, 400, badRequest, `{"message": "Missing required request parameters: [x-header-param, issuer, qs1]"}`, false},
		{"/body", "{}", "", program.BadRequestBody, 400, badRequest, `{"message": "Invalid request body"}`, false},
		{"/body", "", "", program.BadRequestBody, 400, badRequest, `{"message": "Invalid request body"}`, false},
		{"/never", "x", "", program.UnsupportedMediaType, 415, badRequest, `{"message": "Unsupported Media Type"}`, false},
		{"/decompressed", "x", "Content-Encoding: br", program.UnsupportedMediaType, 415, badRequest, `{"message": "Unsupported Media Type"}`, false},
		{"/template", "{}", "", program.APIConfigurationError, 500, serverFault, internalError, false},
		{"/uri", "{}", "", program.APIConfigurationError, 500, serverFault, internalError, false},
		{"/length", "{}", "", program.APIConfigurationError, 500, serverFault, internalError, false},
		{"/nomatch", "{}", "", program.APIConfigurationError, 500, serverFault, internalError, true},
		{"/undeclared", "{}", "", program.APIConfigurationError, 500, serverFault, internalError, true},
		{"/json", "{a", "", program.Default4XX, 400, badRequest, `{"message": "Invalid JSON in request body"}`, false},
		{"/timeout", "{}", "", program.IntegrationTimeout, 504, serverFault, `{"message": "Endpoint request timed out"}`, true},
		{"/refused", "{}", "", program.IntegrationFailure, 504, serverFault, `{"message": "Network error communicating with endpoint"}`, true},
		{"/mock", "{}", "", program.APIConfigurationError, 500, serverFault, internalError, false},
		{"/malformed", "{}", "", program.Default5XX, 502, serverFault, internalError, true},
		{"/crashed", "{}", "", program.Default5XX, 502, serverFault, internalError, true},
		{"/late", "{}", "", program.IntegrationTimeout, 504, serverFault, `{"message": "Endpoint request timed out"}`, true},
		{"/throttled", "{}", "", program.APIConfigurationError, 500, serverFault, internalError, true},
		{"/missing", "{}", "", program.APIConfigurationError, 500, serverFault, internalError, true},
		{"/notpost", "{}", "", program.IntegrationFailure, 500, serverFault, internalError, false},
	}
}

// play plays a row.
func (f failure) play(t testing.TB, stage *program.Stage) (*program.Exchange, programtest.Result) {
	t.Helper()
	fields := []string{"Content-Type: application/json"}
	if f.field != "" {
		fields = append(fields, f.field)
	}
	x := request(t, stage, "POST "+f.path, fields...)
	x.Body, x.Request.Length = []byte(f.body), int64(len(f.body))
	return x, programtest.Play(t, x)
}

// Execution logs give the reason of a failure in AWS's words.
// parity: spec/rest-data-plane.md 3.2, 3.8, 11.3.
func TestFailureReasons(t *testing.T) {
	stage := failing(t, nil)
	const config = "Execution failed due to configuration error: "
	want := map[string]string{
		"/template":   config + "Unable to transform request",
		"/nomatch":    config + "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 400",
		"/undeclared": config + "Output mapping refers to an invalid method response: 418",
		"/mock":       config + "Unable to parse statusCode. It should be an integer that is defined in the request template.",
		"/malformed":  config + "Malformed Lambda proxy response",
		"/timeout":    "Execution failed due to a timeout error",
		"/refused":    "Execution failed due to a network error communicating with endpoint: Connection refused",
	}
	for _, f := range catalogue() {
		if want[f.path] == "" {
			continue
		}
		x, _ := f.play(t, stage)
		if got := x.Failure.Reason(x.Route); got != want[f.path] {
			t.Errorf("%s: the log says %q, want %q", f.path, got, want[f.path])
		}
	}
}

// Every failure of the engine has its type, status, body to the byte, and
// fields. parity: spec/rest-data-plane.md 1.2, 3.6.3, 6.1.
func TestFailureCatalogue(t *testing.T) {
	stage := failing(t, nil)
	for _, f := range catalogue() {
		x, r := f.play(t, stage)
		if x.Failure == nil || x.Failure.Type != f.kind || r.Status != f.status || r.Body != f.answer {
			t.Errorf("%s: %d %s (%v), want %s %d %s", f.path, r.Status, r.Body, x.Failure, f.kind, f.status, f.answer)
			continue
		}
		for name, want := range map[string]string{"x-amzn-errortype": f.errorType, "content-type": "application/json", "x-amzn-requestid": string(x.ID[:]), "x-amz-apigw-id": string(x.ExtendedID[:])} {
			if got := r.Header(name); got != want {
				t.Errorf("%s: %s is %q, want %q", f.path, name, got, want)
			}
		}
		if got := r.Header("x-amzn-trace-id") != ""; got != f.trace {
			t.Errorf("%s: X-Amzn-Trace-Id is there: %v, want %v", f.path, got, f.trace)
		}
	}
	for text, size := range map[string]int{internalError: 36, catalogue()[0].answer: 42} {
		if len(text) != size {
			t.Errorf("%s has %d bytes, want %d", text, len(text), size) // parity: the byte counts below 1.2
		}
	}
}

// Every failure can be given another status, body and field by the gateway
// response of its type alone, and by that of its kind.
// parity: spec/rest-data-plane.md 6.2, 6.3.
func TestFailureCatalogueCustomised(t *testing.T) {
	for _, f := range catalogue() {
		fallback := "DEFAULT_4XX"
		if f.kind.Default() >= 500 {
			fallback = "DEFAULT_5XX"
		}
		for _, kind := range []string{string(f.kind), fallback} {
			stage := failing(t, responses(api.GatewayResponse{
				Type: kind, StatusCode: new("418"), Parameters: map[string]string{"gatewayresponse.header.X-Type": "context.error.responseType", "gatewayresponse.header.Server": "'mine'"},
				Templates: map[string]string{"application/json": "$context.error.responseType: $context.error.message, $context.error.messageString"},
			}))
			_, r := f.play(t, stage)
			message := strings.TrimSuffix(f.answer[strings.Index(f.answer, `"message"`)+len(`"message":`):], "}")
			message = strings.TrimSpace(message)
			want := string(f.kind) + ": " + strings.Trim(message, `"`) + ", " + message
			if r.Status != 418 || r.Body != want || r.Header("x-type") != string(f.kind) || r.Header("x-amzn-remapped-server") != "mine" || r.Header("x-amzn-errortype") != f.errorType {
				t.Errorf("%s by %s: %+v, want 418 %q", f.path, kind, r, want)
			}
		}
	}
}
