package compile_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/metrics"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/step"
)

// shelf is log groups in memory, by name.
type shelf map[string]*group

type group struct{ lines []string }

func (s shelf) open(name string) compile.LogGroup {
	if s[name] == nil {
		s[name] = &group{}
	}
	return s[name]
}

func (g *group) Put(_ time.Time, line []byte) { g.lines = append(g.lines, string(line)) }

func (g *group) Add(events []byte, _ time.Time, text []byte) []byte {
	return append(append(events, text...), 0)
}

func (g *group) PutAll(events []byte, count int) {
	all := strings.Split(strings.TrimSuffix(string(events), "\x00"), "\x00")
	if len(all) != count {
		panic("an event has a zero byte, or they are miscounted")
	}
	g.lines = append(g.lines, all...)
}

const (
	functionURI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"
	accessGroup = "arn:aws:logs:us-east-1:000000000000:log-group:access"
)

// logged is a stage with an access log of that format and these method settings.
func (s sketch) logged(t testing.TB, ledger compile.Ledger, change func(*compile.Env, *api.Stage)) *program.Stage {
	t.Helper()
	if s.functions == nil {
		s.functions = &functions{}
	}
	env := compile.Env{Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: s.functions, Ledger: ledger}
	stage := api.Stage{Name: "prod", DeploymentID: "d1", Variables: s.variables}
	if change != nil {
		change(&env, &stage)
	}
	out, err := compile.REST(env, s.snapshot(), stage)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func accessLog(format string) func(*compile.Env, *api.Stage) {
	return func(_ *compile.Env, s *api.Stage) {
		s.AccessLog = &api.AccessLogSettings{DestinationARN: new(accessGroup), Format: &format}
	}
}

// play plays an exchange to its end and what comes after it.
func play(t testing.TB, x *program.Exchange) programtest.Result {
	t.Helper()
	x.Start = time.Now()
	r := programtest.Play(t, x)
	x.Sent = int64(len(r.Body))
	x.Finished()
	return r
}

// TestAccessVariables: every variable of access logs of REST APIs, of a
// function behind an authorizer on a custom domain, and of a plain MOCK.
// parity: services-observability.md 9.3.1
func TestAccessVariables(t *testing.T) {
	rows := []struct{ name, rich, bare string }{
		{"accountId", "000000000000", "000000000000"},
		{"apiId", "abc123", "abc123"},
		{"authorize.error", "-", "-"},
		{"authorize.latency", "0", "-"},
		{"authorize.status", "200", "-"},
		{"authenticate.error", "-", "-"},
		{"authenticate.latency", "-", "-"},
		{"authenticate.status", "-", "-"},
		{"authorizer.error", "-", "-"},
		{"authorizer.latency", `\d`, "-"},
		{"authorizer.status", "200", "-"},
		{"authorizer.integrationLatency", `\d`, "-"},
		{"authorizer.integrationStatus", "200", "-"},
		{"authorizer.requestId", "guard-id", "-"},
		{"authorizer.claims", "-", "-"},
		{"authorizer.claims.sub", "-", "-"},
		{"authorizer.principalId", "user", "-"},
		{"authorizer.some-key", "v", "-"},
		{"awsEndpointRequestId", "function-id", "-"},
		{"cipherSuite", "TLS_AES_128_GCM_SHA256", "-"},
		{"tlsVersion", "TLSv1.3", "-"},
		{"customDomain.basePathMatched", "orders/v2", "-"},
		{"deploymentId", "d1", "d1"},
		{"domainName", `abc123\.execute-api\.us-east-1\.amazonaws\.com`, `abc123\.execute-api\.us-east-1\.amazonaws\.com`},
		{"domainPrefix", "abc123", "abc123"},
		{"endpointType", "REGIONAL", "REGIONAL"},
		{"error.message", "-", "-"},
		{"error.messageString", "-", "-"},
		{"error.responseType", "-", "-"},
		{"error.validationErrorString", "-", "-"},
		{"extendedRequestId", `[\w-]{15}=`, `[\w-]{15}=`},
		{"httpMethod", "GET", "GET"},
		{"identity.accountId", "-", "-"},
		{"identity.apiKey", "-", "-"},
		{"identity.apiKeyId", "-", "-"},
		{"identity.caller", "-", "-"},
		{"identity.clientCert.subjectDN", "-", "-"},
		{"identity.cognitoIdentityId", "-", "-"},
		{"identity.principalOrgId", "-", "-"},
		{"identity.sourceIp", `203\.0\.113\.9`, `203\.0\.113\.9`},
		{"identity.user", "-", "-"},
		{"identity.userAgent", "test", "test"},
		{"identity.userArn", "-", "-"},
		{"identity.vpcId", "-", "-"},
		{"integration.error", "-", "-"},
		{"integration.integrationStatus", "200", "-"},
		{"integration.latency", `\d`, "-"},
		{"integration.requestId", "function-id", "-"},
		{"integration.responseTransferMode", "BUFFERED", "-"},
		{"integration.status", "201", "-"},
		{"integrationErrorMessage", "-", "-"},
		{"integrationLatency", `\d`, "-"},
		{"integrationStatus", "200", "-"},
		{"isCanaryRequest", "-", "-"},
		{"path", "/prod/f", "/prod/m"},
		{"protocol", `HTTP/1\.1`, `HTTP/1\.1`},
		{"requestId", "[0-9a-f-]{36}", "UUID_REPLACED_INVALID_REQUEST_ID"},
		{"requestOverride.header.X-A", "-", "over"},
		{"responseOverride.status", "-", "204"},
		{"requestTime", `\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d \+0000`, `\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d \+0000`},
		{"requestTimeEpoch", `\d{13}`, `\d{13}`},
		{"resourceId", "r/f", "r/m"},
		{"resourcePath", "/f", "/m"},
		{"responseLatency", `\d+`, `\d+`},
		{"responseLength", "4", "0"},
		{"stage", "prod", "prod"},
		{"status", "201", "204"},
		{"waf.error", "-", "-"},
		{"waf.latency", "-", "-"},
		{"waf.status", "-", "-"},
		{"wafResponseCode", "-", "-"},
		{"webaclArn", "-", "-"},
		{"xrayTraceId", "1-[0-9a-f]{8}-[0-9a-f]{24}", "1-[0-9a-f]{8}-[0-9a-f]{24}"},
		{"nosuch", "-", "-"},
	}
	var format, rich, bare strings.Builder
	for _, r := range rows {
		format.WriteString(r.name + "=$context." + r.name + " ")
		rich.WriteString(regexp.QuoteMeta(r.name) + "=" + r.rich + " ")
		bare.WriteString(regexp.QuoteMeta(r.name) + "=" + r.bare + " ")
	}
	f := &functions{call: map[string]func([]byte) (*lambda.Result, error){
		arn: func([]byte) (*lambda.Result, error) {
			return &lambda.Result{Payload: []byte(`{"statusCode":201,"body":"made"}`), RequestID: "function-id"}, nil
		},
		guardARN: func([]byte) (*lambda.Result, error) {
			return &lambda.Result{Payload: []byte(policy("Allow", "*", `,"context":{"some-key":"v"}`)), RequestID: "guard-id"}, nil
		},
	}}
	shelf := shelf{}
	s := sketch{functions: f, methods: map[string]api.Integration{
		"GET /f": {Type: "AWS_PROXY", HTTPMethod: new("POST"), URI: new(functionURI)},
		"GET /m": {
			Type: "MOCK", RequestTemplates: map[string]*string{"application/json": new(`#set($context.requestOverride.header.X-A = "over")#set($context.responseOverride.status = 204){"statusCode": 200}`)},
			Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}},
		},
	}}
	snap := s.snapshot()
	a := tokenAuthorizer(nil)
	a.ID = "auth1"
	snap.Authorizers = []api.Authorizer{a}
	for i := range snap.Methods {
		if snap.Methods[i].ResourceID == "r/f" {
			snap.Methods[i].AuthorizationType, snap.Methods[i].AuthorizerID = "CUSTOM", new("auth1")
		}
	}
	stage := api.Stage{Name: "prod", DeploymentID: "d1", TracingEnabled: true}
	env := compile.Env{
		Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: f, Authorizers: step.NewAuthorizers(nil),
		Ledger: compile.Ledger{Group: shelf.open},
	}
	accessLog(format.String())(&env, &stage)
	out, err := compile.REST(env, snap, stage)
	if err != nil {
		t.Fatal(err)
	}
	x := request(t, out, "GET /f", "Authorization: token", "User-Agent: test")
	x.CustomDomain, x.BasePath, x.TLSVersion, x.CipherSuite = true, "orders/v2", tls.VersionTLS13, tls.TLS_AES_128_GCM_SHA256
	play(t, x)
	play(t, request(t, out, "GET /m", "User-Agent: test", "x-amzn-RequestId: mine"))
	lines := shelf["access"].lines
	if len(lines) != 2 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, want := range []string{rich.String(), bare.String()} {
		if regexp.MustCompile("^" + want + "$").MatchString(lines[i]) {
			continue
		}
		got := strings.Split(strings.TrimSuffix(lines[i], " "), " ")
		for _, r := range rows {
			want := r.rich
			if i == 1 {
				want = r.bare
			}
			if !slices.ContainsFunc(got, regexp.MustCompile("^"+regexp.QuoteMeta(r.name)+"=("+want+"|"+strings.Split(want, " ")[0]+")$").MatchString) {
				t.Errorf("line %d: %s is not %s", i, r.name, want)
			}
		}
		t.Logf("line %d: %s", i, lines[i])
	}
}

// TestPhases: whoever is kept out is kept out by the phase that did it.
func TestPhases(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func([]byte) (*lambda.Result, error)
		token  string
		want   string
	}{
		{"allowed", says(policy("Allow", "*", "")), "t", "200 - 200 -"},
		{"denied", says(policy("Deny", "*", "")), "t", `200 - 403 User is not authorized to access this resource with an explicit deny in an identity-based policy`},
		{"unauthorized", fails("Unauthorized"), "t", "401 Unauthorized - -"},
		{"no token", nil, "", "401 Unauthorized - -"},
		{"broken", fails("boom"), "t", "500 - - -"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			shelf := shelf{}
			f := &functions{call: map[string]func([]byte) (*lambda.Result, error){guardARN: tt.answer, arn: says(`{"statusCode":200}`)}}
			s := sketch{functions: f, methods: map[string]api.Integration{"GET /f": {Type: "AWS_PROXY", HTTPMethod: new("POST"), URI: new(functionURI)}}}
			snap := s.snapshot()
			a := tokenAuthorizer(nil)
			a.ID = "auth1"
			snap.Authorizers = []api.Authorizer{a}
			snap.Methods[0].AuthorizationType, snap.Methods[0].AuthorizerID = "CUSTOM", new("auth1")
			stage := api.Stage{Name: "prod", DeploymentID: "d1"}
			env := compile.Env{Origins: origins{}, Functions: f, Authorizers: step.NewAuthorizers(nil), Ledger: compile.Ledger{Group: shelf.open}}
			accessLog("$context.authorizer.status $context.authorizer.error $context.authorize.status $context.authorize.error")(&env, &stage)
			out, err := compile.REST(env, snap, stage)
			if err != nil {
				t.Fatal(err)
			}
			var head []string
			if tt.token != "" {
				head = append(head, "Authorization: "+tt.token)
			}
			play(t, request(t, out, "GET /f", head...))
			if got := shelf["access"].lines; len(got) != 1 || !strings.HasPrefix(tt.want, got[0][:min(len(got[0]), 40)]) {
				t.Errorf("the log has %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNeverLogged: what API Gateway never logs is in the operator's log only.
// parity: spec/rest-data-plane.md 1.6
func TestNeverLogged(t *testing.T) {
	own, set, shelf := &group{}, metrics.New(nil), shelf{}
	s := sketch{methods: map[string]api.Integration{"GET /m": mocked(""), "POST /m": mocked("")}}
	stage := s.logged(t, compile.Ledger{Group: shelf.open, Access: own, Metrics: set}, func(env *compile.Env, st *api.Stage) {
		accessLog("$context.status $context.requestId")(env, st)
		st.MethodSettings = map[string]api.MethodSetting{"*/*": {LoggingLevel: new("INFO"), ThrottlingRateLimit: -1}}
	})
	execution := "API-Gateway-Execution-Logs_abc123/prod"
	x := request(t, stage, "POST /m", strings.Repeat("x", 100))
	x.Route.MaxBody = 10
	if r := play(t, x); r.Status != 413 {
		t.Fatalf("a body that is too large = %d", r.Status)
	}
	x = request(t, stage, "GET /m")
	x.Fail(errors.New("a bug"))
	play(t, x)
	if len(shelf["access"].lines) != 0 || len(shelf[execution].lines) != 0 || len(own.lines) != 2 {
		t.Errorf("the stage's logs have %q and %q, the operator's %q", shelf["access"].lines, shelf[execution].lines, own.lines)
	}
	for _, p := range set.Read(metrics.Metric{Name: metrics.Count, Dimensions: metrics.Dimensions{APIName: "pets", Stage: "prod"}}, time.Unix(0, 0), time.Now().Add(time.Hour)) {
		if p.Sum != 1 {
			t.Errorf("%g requests are counted, want the one that was not too large", p.Sum)
		}
	}
}

func mocked(template string) api.Integration {
	return api.Integration{
		Type: "MOCK", RequestTemplates: map[string]*string{"application/json": new(`{"statusCode": 200}`)},
		Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": &template}}},
	}
}

// TestExecutionLog: the lines around keys and authorizers, of a canary, by
// method settings. parity: spec/rest-data-plane.md 11.3
func TestExecutionLog(t *testing.T) {
	shelf := shelf{}
	f := &functions{call: map[string]func([]byte) (*lambda.Result, error){
		arn: func([]byte) (*lambda.Result, error) {
			return &lambda.Result{Payload: []byte(`{"errorMessage":"boom"}`), FunctionError: "Unhandled", RequestID: "fid"}, nil
		},
	}}
	s := sketch{functions: f, methods: map[string]api.Integration{
		"GET /f": {Type: "AWS_PROXY", HTTPMethod: new("POST"), URI: new(functionURI)}, "GET /off": mocked(""),
	}}
	env := compile.Env{Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: f, Ledger: compile.Ledger{Group: shelf.open}}
	stage := api.Stage{Name: "prod", DeploymentID: "d1", Canary: &api.CanarySettings{DeploymentID: "d2"}, MethodSettings: map[string]api.MethodSetting{
		"*/*": {LoggingLevel: new("ERROR"), ThrottlingRateLimit: -1}, "off/GET": {LoggingLevel: new("OFF"), ThrottlingRateLimit: -1},
		"f/GET": {LoggingLevel: new("INFO"), DataTraceEnabled: true, ThrottlingRateLimit: -1},
	}}
	out, err := compile.Canary(env, s.snapshot(), stage)
	if err != nil {
		t.Fatal(err)
	}
	play(t, request(t, out, "GET /off"))
	play(t, request(t, out, "GET /none"))
	play(t, request(t, out, "GET /f", "Authorization: secret"))
	got := shelf["API-Gateway-Execution-Logs_abc123/prod/Canary"].lines
	for i, l := range got {
		got[i] = l[len("(00000000-0000-0000-0000-000000000000) "):]
	}
	want := []string{
		`Gateway response type: MISSING_AUTHENTICATION_TOKEN with status code: 403`, `Method completed with status: 403`,
		`Extended Request Id: .{16}`, `Starting execution for request: .{36}`, `HTTP Method: GET, Resource Path: /f`, `Method request path: {}`,
		`Method request query string: {}`, `Method request headers: {Host=[^,]+, Authorization=\*{32}}`, `Method request body before transformations: `,
		`Endpoint request URI: https://lambda\.us-east-1\.amazonaws\.com/2015-03-31/functions/` + arn + `/invocations`,
		`Endpoint request headers: {x-amzn-lambda-integration-tag=.{36}, Authorization=\*{32}, .*X-Amz-Source-Arn=arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/f}`,
		`Endpoint request body after transformations: {"resource":"/f",.* \[TRUNCATED\]`, `Sending request to https://lambda\..*`,
		`Received response\. Status: 200, Integration latency: \d ms`, `Endpoint response headers: {.*X-Amz-Function-Error=Unhandled}`,
		`Endpoint response body before transformations: {"errorMessage":"boom"}`,
		`Lambda execution failed with status 200 due to customer function error: boom\. Lambda request id: fid`,
		`Method completed with status: 502`, `AWS Integration Endpoint RequestId : fid`,
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !regexp.MustCompile("^" + want[i] + "$").MatchString(got[i]) {
			t.Errorf("event %d is\n%s, want\n%s", i, got[i], want[i])
		}
	}
}

// TestTracing: who decides whether a request is traced, and who is the parent.
// parity: services-observability.md 9.5
func TestTracing(t *testing.T) {
	const root = "1-5759e988-bd862e3fe1be46a994272793"
	url, last := backend(t, nil)
	for _, tt := range []struct {
		name   string
		active bool
		sent   string
		want   string
	}{
		{"passive, nothing sent", false, "", `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`},
		{"passive, decided", false, "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1", `^Root=` + root + `;Parent=53995c3f42cd8ad8;Sampled=1$`},
		{"active, nothing sent", true, "", `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1$`},
		{"active, decided not to", true, "Root=" + root + ";Sampled=0", `^Root=` + root + `;Parent=[0-9a-f]{16};Sampled=0$`},
		{"active, a parent", true, "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1", `^Root=` + root + `;Parent=[0-9a-f]{16};Sampled=1$`},
		{"active, to be decided", true, "Root=" + root + ";Sampled=?", `^Root=` + root + `;Parent=[0-9a-f]{16};Sampled=1$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sketch{methods: map[string]api.Integration{"GET /h": {Type: "HTTP_PROXY", HTTPMethod: new("GET"), URI: &url, TimeoutMillis: 5000}}}
			stage := s.logged(t, compile.Ledger{}, func(_ *compile.Env, st *api.Stage) { st.TracingEnabled = tt.active })
			var head []string
			if tt.sent != "" {
				head = append(head, "X-Amzn-Trace-Id: "+tt.sent)
			}
			if r := play(t, request(t, stage, "GET /h", head...)); r.Status != http.StatusOK {
				t.Fatalf("GET = %+v", r)
			}
			got := last.Header.Get("X-Amzn-Trace-Id")
			if !regexp.MustCompile(tt.want).MatchString(got) || tt.active && strings.Contains(got, "53995c3f42cd8ad8") {
				t.Errorf("the back end got %q, want %s", got, tt.want)
			}
		})
	}
}

// TestSampling: the first request of a second is traced, then about one in twenty.
func TestSampling(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := sketch{methods: map[string]api.Integration{"GET /m": mocked("")}}
	stage := s.logged(t, compile.Ledger{}, func(env *compile.Env, st *api.Stage) {
		env.Now, st.TracingEnabled = func() time.Time { return now }, true
	})
	x := request(t, stage, "GET /m")
	sampled := 0
	for range 10_000 {
		if stage.Sample(x) {
			sampled++
		}
	}
	if sampled < 400 || sampled > 600 {
		t.Errorf("%d of 10000 requests of one moment are traced, want about 501", sampled)
	}
}

// counted is lines that only counts, with memory for one as files have it.
type counted struct {
	n    int
	line []byte
}

func (c *counted) Put(time.Time, []byte) { c.n++ }

func (c *counted) PutOf(_ uint32, of any, write func(of any, dst []byte) []byte) {
	c.line = write(of, c.line[:0])
	c.n++
}

const finishAllocs = 0 // lines are written into memory of their destination

// finished is an exchange at its end, with all that is written by default.
func finished(t testing.TB) (*program.Exchange, *counted) {
	own := &counted{}
	stage := sketch{methods: map[string]api.Integration{"GET /m": mocked(`{"ok":1}`)}}.logged(t, compile.Ledger{Metrics: metrics.New(nil), Access: own}, func(_ *compile.Env, s *api.Stage) {
		s.MethodSettings = map[string]api.MethodSetting{"*/*": {MetricsEnabled: true, ThrottlingRateLimit: -1}}
	})
	x := request(t, stage, "GET /m", "User-Agent: curl/8.0")
	play(t, x)
	return x, own
}

// TestFinishAllocs holds BenchmarkFinish to its promise in every test run.
func TestFinishAllocs(t *testing.T) {
	x, own := finished(t)
	before := own.n
	if got := testing.AllocsPerRun(100, x.Finished); got > finishAllocs {
		t.Errorf("finishing allocates %v times, want at most %d", got, finishAllocs)
	}
	if own.n == before {
		t.Error("nothing was written")
	}
}

// BenchmarkFinish is what counting a request and writing its line in the
// operator's default format cost.
func BenchmarkFinish(b *testing.B) {
	x, _ := finished(b)
	for range 3 {
		x.Finished() // its memory grows to what it will need
	}
	b.ReportAllocs()
	var y program.Exchange
	for b.Loop() {
		y = *x // each request begins with the memory that is there
		y.Finished()
	}
}
