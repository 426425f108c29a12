package compile_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

const internalError = `{"message": "Internal server error"}`

// parity: spec/rest-data-plane.md 3.2
func TestMockReadsLeniently(t *testing.T) {
	for template, want := range map[string]int{
		`{"statusCode": 200}`:                        200,
		`{ statusCode: 200 }`:                        200,
		`{statusCode: 200}`:                          200,
		`{'statusCode': 200}`:                        200,
		`{"statusCode": 200 , }`:                     200,
		`{"statusCode": 200 ,, }`:                    200,
		`{"statusCode": 200 , statusCode: 200 }`:     200,
		`{statusCode: 200,super{ f}oo: [ba r]}`:      200,
		`{statusCode: 200, "value": 'goog'}`:         200,
		`{statusCode: 200, foo}: [ba r]}`:            200,
		`{statusCode: 200, foo'}: [ba r]}`:           200,
		`{statusCode: 200, }foo: [ba r]}`:            200,
		`{statusCode: 200, }foo: ''}`:                200,
		`{statusCode: 200, " ": " "}`:                200,
		`{statusCode: 200, "": ""}`:                  200,
		`{'statusCode': 200, '': ''}`:                200,
		"{\n  \"statusCode\": 200\n}":                200,
		`{"a":{"b":[1,{"c":"}"}]},"statusCode":200}`: 200,

		`{'statusCode": 200 }`:             500,
		`{'statusCode: 200 }`:              500,
		`statusCode: 200`:                  500,
		`{statusCode: 200, {foo: [ba r]}`:  500,
		`{"statusCode": "two hundred"}`:    500,
		`{"statusCode": 200`:               500,
		`{"status": 200}`:                  500,
		`[200]`:                            500,
		`200`:                              500,
		``:                                 500,
		`{"statusCode": }`:                 500,
		`{"a":` + strings.Repeat("[", 100): 500,
		strings.Repeat(`{"a":`, 100000):    500,
	} {
		stage := sketch{methods: map[string]api.Integration{"GET /": mock(template, ok200("yes"))}}.stage(t)
		r := send(t, stage, "GET /")
		if r.Status != want || want == 500 && r.Body != internalError || want == 200 && r.Body != "yes" {
			t.Errorf("template %.60q: %d %s, want %d", template, r.Status, r.Body, want)
		}
	}
}

func TestMockAnswers(t *testing.T) {
	created := api.IntegrationResponse{
		StatusCode: "201", SelectionPattern: new("201|202"),
		ResponseTemplates:  map[string]*string{"application/json": new(`{"made":1}`), "text/plain": new("made")},
		ResponseParameters: map[string]string{"method.response.header.X-A": "'b'", "method.response.header.X-Var": "stageVariables.v", "method.response.header.X-None": "stageVariables.none"},
	}
	other := api.IntegrationResponse{StatusCode: "200", ResponseParameters: map[string]string{
		"method.response.header.Date":              "'never'",
		"method.response.header.Transfer-Encoding": "'chunked'",
		"method.response.header.X-Id":              "context.requestId",
		"method.response.header.Content-Type":      "'text/html'",
		"method.response.header.X-Unknown":         "context.nothing",
	}}
	undeclared := api.IntegrationResponse{StatusCode: "418", SelectionPattern: new("418")}
	stage := sketch{
		declared: []string{"201"}, variables: map[string]string{"v": "1"},
		methods: map[string]api.Integration{
			"GET /made":       mock(`{"statusCode":202}`, created, other, undeclared),
			"GET /other":      mock(`{"statusCode":404}`, created, other, undeclared),
			"GET /undeclared": mock(`{"statusCode":418}`, created, other, undeclared),
			"GET /none":       mock(`{"statusCode":404}`, created),
			"GET /nothing":    {Type: "MOCK", Responses: map[string]api.IntegrationResponse{"200": other}},
		},
	}.stage(t)

	r := send(t, stage, "GET /made")
	if r.Status != 201 || r.Body != `{"made":1}` || r.Header("X-A") != "b" || r.Header("X-Var") != "1" || r.Header("X-None") != "" || r.Header("Content-Type") != "application/json" {
		t.Errorf("made: %+v", r)
	}
	if r.Header("X-Amzn-Trace-Id") != "" {
		t.Error("a MOCK answer has a trace id") // parity: spec/rest-data-plane.md 3.6.3
	}
	for accept, want := range map[string]string{
		"text/plain": "made", "text/plain;q=0.5, application/json": "made", "text/html": `{"made":1}`, "*/*": `{"made":1}`, "application/json, text/plain": `{"made":1}`,
	} {
		if r := send(t, stage, "GET /made", "Accept: "+accept); r.Body != want {
			t.Errorf("Accept %s: %s, want %s", accept, r.Body, want)
		}
	}
	if r := send(t, stage, "GET /made", "Accept: text/plain"); r.Header("Content-Type") != "text/plain" {
		t.Errorf("Content-Type %q, want the template's", r.Header("Content-Type"))
	}
	x := request(t, stage, "GET /other")
	r = programtest.Play(t, x)
	if r.Status != 200 || r.Body != "" || r.Header("Content-Type") != "text/html" || r.Header("X-Id") != string(x.ID[:]) ||
		!r.Has("x-amzn-Remapped-Date: never") || r.Header("Transfer-Encoding") != "" || r.Header("Date") != "" {
		t.Errorf("other: %+v", r)
	}
	for _, path := range []string{"/undeclared", "/none", "/nothing"} {
		if r := send(t, stage, "GET "+path); r.Status != 500 || r.Body != internalError {
			t.Errorf("%s: %d %s, want 500", path, r.Status, r.Body)
		}
	}
}

// parity: spec/rest-data-plane.md 3.3
func TestPassthroughMatrix(t *testing.T) {
	for _, tt := range []struct {
		name      string
		behavior  string
		templates map[string]*string
		sent      string
		want      int
	}{
		{"C in T", "WHEN_NO_MATCH", map[string]*string{"application/json": new(`{"statusCode":200}`)}, "application/json; charset=utf-8", 200},
		{"C in T", "WHEN_NO_TEMPLATES", map[string]*string{"application/json": new(`{"statusCode":200}`)}, "application/json", 200},
		{"C in T", "NEVER", map[string]*string{"application/json": new(`{"statusCode":200}`)}, "Application/JSON", 200},
		{"C not in T", "WHEN_NO_MATCH", map[string]*string{"text/xml": new(`{"statusCode":500}`)}, "application/json", 200},
		{"C not in T", "WHEN_NO_TEMPLATES", map[string]*string{"text/xml": new(`{"statusCode":200}`)}, "application/json", 415},
		{"C not in T", "NEVER", map[string]*string{"text/xml": new(`{"statusCode":200}`)}, "application/json", 415},
		{"T empty", "WHEN_NO_MATCH", nil, "application/json", 200},
		{"T empty", "WHEN_NO_TEMPLATES", nil, "application/json", 200},
		{"T empty", "NEVER", nil, "application/json", 415},
		{"$default", "NEVER", map[string]*string{"$default": new(`{"statusCode":200}`)}, "x/y", 200},
		{"absent is JSON", "NEVER", map[string]*string{"application/json": new(`{"statusCode":200}`)}, "", 200},
	} {
		stage := sketch{methods: map[string]api.Integration{"POST /": {
			Type: "MOCK", PassthroughBehavior: tt.behavior, RequestTemplates: tt.templates,
			Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}},
		}}}.stage(t)
		head := "X-Nothing: 1"
		if tt.sent != "" {
			head = "Content-Type: " + tt.sent
		}
		r := send(t, stage, "POST /", head, `{"statusCode": 200}`)
		if r.Status != tt.want || tt.want == 415 && (r.Body != `{"message": "Unsupported Media Type"}` || r.Header("x-amzn-errortype") != "BadRequestException") {
			t.Errorf("%s, %s: %d %s, want %d", tt.name, tt.behavior, r.Status, r.Body, tt.want)
		}
	}
}

// parity: spec/rest-data-plane.md 7.5: a preflight meets a template in vain
// when everything is binary, unless the payload is converted.
func TestMockWithBinaryTypes(t *testing.T) {
	for handling, want := range map[string]int{"": 500, "CONVERT_TO_TEXT": 200, "CONVERT_TO_BINARY": 500} {
		in := mock(`{"statusCode":200}`, ok200("x"))
		if handling != "" {
			in.ContentHandling = &handling
		}
		stage := sketch{methods: map[string]api.Integration{"OPTIONS /": in}, edit: binary("*/*")}.stage(t)
		if r := send(t, stage, "OPTIONS /"); r.Status != want {
			t.Errorf("contentHandling %q: %d, want %d", handling, r.Status, want)
		}
	}
}

// parity: spec/rest-data-plane.md 3.2: an override in the request template
// holds for an answer without a template.
func TestMockOverride(t *testing.T) {
	in := mock(`#set($context.responseOverride.status = 444)#set($context.responseOverride.header.X-Over = "1")`+
		`#set($context.responseOverride.header.Server = "mine"){"statusCode": 200}`, api.IntegrationResponse{StatusCode: "200"})
	stage := sketch{methods: map[string]api.Integration{"GET /": in}}.stage(t)
	if r := send(t, stage, "GET /"); r.Status != 444 || r.Body != "" || r.Header("X-Over") != "1" || r.Header("x-amzn-remapped-server") != "mine" {
		t.Errorf("got %+v, want 444 with an empty body", r)
	}
}

// parity: spec/rest-data-plane.md 3.2: what the request template stores in
// overrides is there in the response template; the body is not.
func TestMockCarriesOverrides(t *testing.T) {
	in := mock(`#set($context.requestOverride.path.kept = $input.params('id')){"statusCode": 200}`,
		ok200(`{"id": "$context.requestOverride.path.kept", "body": "$input.body"}`))
	stage := sketch{methods: map[string]api.Integration{"POST /{id}": in}}.stage(t)
	if r := send(t, stage, "POST /7", `{"a": 1}`); r.Status != 200 || r.Body != `{"id": "7", "body": "{}"}` {
		t.Errorf("got %+v", r)
	}
}

const mockAllocs = 0

// TestMockAllocs: a fixed answer costs nothing but its bytes.
func TestMockAllocs(t *testing.T) {
	in := mock(`{"statusCode": 200}`, api.IntegrationResponse{
		StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": new(`{"ok":true}`)},
		ResponseParameters: map[string]string{"method.response.header.X-A": "'b'", "method.response.header.X-Id": "context.requestId"},
	})
	stage := sketch{methods: map[string]api.Integration{"GET /pets/{id}": in}}.stage(t)
	x := request(t, stage, "GET /pets/7", "Accept: application/json", "User-Agent: t")
	head := x.Request
	head.Fields = append(head.Fields[:0:0], head.Fields...)
	got := testing.AllocsPerRun(1000, func() {
		x.Reset(t.Context())
		fields := append(x.Request.Fields, head.Fields...)
		x.Request = head
		x.Request.Fields = fields
		enter(x, stage)
		if x.Play() != program.Done || x.Answer.Status != 200 {
			t.Fatal("not done")
		}
	})
	if got > mockAllocs {
		t.Errorf("a fixed answer allocates %v times, want at most %d", got, mockAllocs)
	}
}

func BenchmarkMock(b *testing.B) {
	in := mock(`{"statusCode": 200}`, ok200(`{"ok":true}`))
	stage := sketch{methods: map[string]api.Integration{"GET /pets/{id}": in}}.stage(b)
	x := request(b, stage, "GET /pets/7", "Accept: application/json", "User-Agent: t", "Accept-Encoding: gzip")
	head := x.Request
	head.Fields = append(head.Fields[:0:0], head.Fields...)
	b.ReportAllocs()
	for b.Loop() {
		x.Reset(b.Context())
		fields := append(x.Request.Fields, head.Fields...)
		x.Request = head
		x.Request.Fields = fields
		enter(x, stage)
		x.Play()
	}
}
