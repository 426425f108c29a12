package compile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/limit/cache"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

// cached is a stage with a cache in front of a function that counts its calls.
type cached struct {
	t      testing.TB
	snap   sketch
	stage  api.Stage
	set    *cache.Set
	now    time.Time
	calls  int
	answer func(call int) string // what the function returns
	live   *program.Stage
}

// cacheSetting is the settings of a method once one of them was set.
func cacheSetting(change func(*api.MethodSetting)) api.MethodSetting {
	s := api.MethodSetting{
		ThrottlingBurstLimit: -1, ThrottlingRateLimit: -1, CachingEnabled: true, CacheTTLSeconds: 300, RequireAuthForCache: true,
		UnauthorizedCacheHeader: "SUCCEED_WITH_RESPONSE_HEADER",
	}
	if change != nil {
		change(&s)
	}
	return s
}

func newCached(t testing.TB, methods map[string]api.Integration) *cached {
	t.Helper()
	size := "0.5"
	c := &cached{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	c.stage = api.Stage{
		Name: "prod", DeploymentID: "d1", CacheClusterEnabled: true, CacheClusterSize: &size,
		MethodSettings: map[string]api.MethodSetting{"*/*": cacheSetting(nil)},
	}
	c.set = cache.NewSet(limit.NewClock(func() time.Time { return c.now }), 1<<30)
	c.answer = func(call int) string { return fmt.Sprintf(`{"statusCode":200,"body":"%d"}`, call) }
	c.snap = sketch{methods: methods, functions: &functions{call: map[string]func([]byte) (*lambda.Result, error){
		arn: func([]byte) (*lambda.Result, error) {
			c.calls++
			return &lambda.Result{Payload: []byte(c.answer(c.calls))}, nil
		},
	}}}
	c.compile()
	t.Cleanup(func() { c.set.Drop("abc123/prod") })
	return c
}

func (c *cached) env() compile.Env {
	return compile.Env{Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: c.snap.functions, Caches: c.set}
}

func (c *cached) compile() {
	c.t.Helper()
	var err error
	if c.live, err = compile.REST(c.env(), c.snap.snapshot(), c.stage); err != nil {
		c.t.Fatal(err)
	}
}

// settings changes the settings of all methods.
func (c *cached) settings(change func(*api.MethodSetting)) {
	c.t.Helper()
	c.stage.MethodSettings["*/*"] = cacheSetting(change)
	c.compile()
}

func proxied(keys ...string) api.Integration {
	post, uri := "POST", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"+arn+"/invocations"
	return api.Integration{Type: "AWS_PROXY", HTTPMethod: &post, URI: &uri, CacheKeyParameters: keys}
}

// bodies sends requests, one after the other, and joins what came back.
func (c *cached) bodies(lines ...string) string {
	c.t.Helper()
	var all []string
	for _, line := range lines {
		line, fields, _ := strings.Cut(line, " | ")
		var rest []string
		if fields != "" {
			rest = strings.Split(fields, " | ")
		}
		r := send(c.t, c.live, line, rest...)
		all = append(all, fmt.Sprint(r.Body))
	}
	return strings.Join(all, " ")
}

// TestCacheKey: what is named tells answers apart, all else does not.
func TestCacheKey(t *testing.T) {
	mapped := proxied("integration.request.querystring.kind", "integration.request.path.who")
	mapped.RequestParameters = map[string]string{
		"integration.request.querystring.kind": "method.request.querystring.type",
		"integration.request.path.who":         "context.identity.sourceIp",
	}
	unmapped := proxied("integration.request.querystring.kind")
	for _, tt := range []struct {
		name  string
		in    api.Integration
		lines string
		want  string
	}{
		{"nothing named", proxied(), "GET /a?x=1, GET /a?x=2, GET /b", "1 1 1"},
		{"query", proxied("method.request.querystring.type"), "GET /a?type=1&d=A, GET /a?type=1&d=B, GET /a?type=2, GET /a, GET /a?type=", "1 1 2 3 4"},
		{"every value", proxied("method.request.multivaluequerystring.t"), "GET /a?t=1&t=2, GET /a?t=2&t=1, GET /a?t=1%262, GET /a?t=12, GET /a?t=2, GET /a?t=1&x=&t=2", "1 2 3 4 5 1"},
		{"decoded once", proxied("method.request.querystring.t"), "GET /a?t=a+b, GET /a?t=a%20b, GET /a?t=a%2520b", "1 1 2"},
		{"path", proxied("method.request.path.p"), "GET /a, GET /b, GET /a?x", "1 2 1"},
		{"header", proxied("method.request.header.X-User"), "GET /a | X-User: ann, GET /a | X-User: bob, GET /a | x-user: ann, GET /a, GET /a | X-User: ann | X-User: bob", "1 2 1 3 4"},
		{"delimiters", proxied("method.request.header.A", "method.request.header.B"), "GET /a | A: 1, GET /a | B: 1, GET /a | A: 1 | B: 1, GET /a | A: 1B1", "1 2 3 4"},
		{"mapped", mapped, "GET /a?type=1&kind=9, GET /a?type=1, GET /a?type=2", "1 1 2"},
		{"not mapped", unmapped, "GET /a, GET /a", "1 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCached(t, map[string]api.Integration{"GET /{p}": tt.in})
			if got := c.bodies(strings.Split(tt.lines, ", ")...); got != tt.want {
				t.Errorf("%s = %s, want %s", tt.lines, got, tt.want)
			}
		})
	}
}

// TestCacheNamespace: resources that name one namespace share answers.
func TestCacheNamespace(t *testing.T) {
	shared := proxied()
	shared.CacheNamespace = "both"
	c := newCached(t, map[string]api.Integration{"GET /a": shared, "GET /b": shared, "GET /c": proxied()})
	if got, want := c.bodies("GET /a", "GET /b", "GET /c"), "1 1 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestCacheSettings: which methods are cached, by which setting.
func TestCacheSettings(t *testing.T) {
	off := cacheSetting(func(s *api.MethodSetting) { s.CachingEnabled = false })
	zero := cacheSetting(func(s *api.MethodSetting) { s.CacheTTLSeconds = 0 })
	on := cacheSetting(nil)
	stream := proxied()
	stream.ResponseTransferMode = "STREAM"
	for _, tt := range []struct {
		name     string
		in       api.Integration
		method   string
		settings map[string]api.MethodSetting
		cached   bool
	}{
		{"GET by the setting for all", proxied(), "GET", map[string]api.MethodSetting{"*/*": on}, true},
		{"no setting", proxied(), "GET", nil, false},
		{"off", proxied(), "GET", map[string]api.MethodSetting{"*/*": off}, false},
		{"a time to live of nothing", proxied(), "GET", map[string]api.MethodSetting{"*/*": zero}, false},
		{"its own, off", proxied(), "GET", map[string]api.MethodSetting{"*/*": on, "a/GET": off}, false},
		{"its own, on, as a pointer", proxied(), "GET", map[string]api.MethodSetting{"*/*": off, "~1a/GET": on}, true},
		{"POST by the setting for all", proxied(), "POST", map[string]api.MethodSetting{"*/*": on}, false},
		{"POST by its own", proxied(), "POST", map[string]api.MethodSetting{"a/POST": on}, true},
		{"HEAD by its own", proxied(), "HEAD", map[string]api.MethodSetting{"a/HEAD": on}, false},
		{"streaming", stream, "GET", map[string]api.MethodSetting{"*/*": on}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCached(t, map[string]api.Integration{tt.method + " /a": tt.in})
			c.stage.MethodSettings = tt.settings
			c.compile()
			c.bodies(tt.method+" /a", tt.method+" /a")
			if got := c.calls == 1; got != tt.cached {
				t.Errorf("%d calls, want cached %v", c.calls, tt.cached)
			}
		})
	}
}

// TestCacheAny: of a method for all verbs, GET is cached, and others only if the
// method's own setting says so.
func TestCacheAny(t *testing.T) {
	c := newCached(t, map[string]api.Integration{"ANY /a": proxied()})
	if got, want := c.bodies("GET /a", "GET /a", "POST /a", "POST /a"), "1 1 2 3"; got != want {
		t.Errorf("by the setting for all: %s, want %s", got, want)
	}
	c.stage.MethodSettings = map[string]api.MethodSetting{"a/ANY": cacheSetting(nil)}
	c.compile()
	if got, want := c.bodies("GET /a", "POST /a", "POST /a", "HEAD /a", "HEAD /a"), "1 4 4 5 6"; got != want {
		t.Errorf("by its own: %s, want %s", got, want)
	}
}

// TestCacheAnswers: which answers are kept.
func TestCacheAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		kept         bool
	}{
		{"201", `{"statusCode":201,"body":"x"}`, true},
		{"302", `{"statusCode":302,"headers":{"Location":"/"}}`, true},
		{"206", `{"statusCode":206}`, false},
		{"304", `{"statusCode":304}`, false},
		{"404", `{"statusCode":404}`, false},
		{"500", `{"statusCode":500}`, false},
		{"malformed", `[]`, false},
		{"a cookie", `{"statusCode":200,"headers":{"set-cookie":"a=b"}}`, false},
		{"a coded body", `{"statusCode":200,"headers":{"Content-Encoding":"br"}}`, false},
		{"1 MiB", `{"statusCode":200,"body":"` + strings.Repeat("x", 1<<20) + `"}`, true},
		{"more", `{"statusCode":200,"body":"` + strings.Repeat("x", 1<<20+1) + `"}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCached(t, map[string]api.Integration{"GET /a": proxied()})
			c.answer = func(int) string { return tt.answer }
			first, second := send(t, c.live, "GET /a"), send(t, c.live, "GET /a")
			if got := c.calls == 1; got != tt.kept {
				t.Errorf("%d calls, want kept %v", c.calls, tt.kept)
			}
			if first.Status != second.Status || first.Body != second.Body || first.Header("Location") != second.Header("Location") {
				t.Errorf("first %.200v, then %.200v", first, second)
			}
		})
	}
}

// A hit is the stored answer with a request id of its own, and no trace of the
// integration.
func TestCacheHit(t *testing.T) {
	c := newCached(t, map[string]api.Integration{"GET /a": proxied()})
	c.answer = func(int) string {
		return `{"statusCode":201,"body":"b","multiValueHeaders":{"X-A":["1","2"],"Content-Type":["text/plain"]}}`
	}
	var outcomes []program.CacheOutcome
	var answers []programtest.Result
	for range 2 {
		x := request(t, c.live, "GET /a")
		answers = append(answers, programtest.Play(t, x))
		outcomes = append(outcomes, x.Caching.Outcome)
	}
	miss, hit := answers[0], answers[1]
	if !slices.Equal(outcomes, []program.CacheOutcome{program.CacheMiss, program.CacheHit}) {
		t.Errorf("outcomes %v", outcomes)
	}
	if hit.Status != 201 || hit.Body != "b" || hit.Header("X-A") != "1|2" || hit.Header("Content-Type") != "text/plain" {
		t.Errorf("hit %+v", hit)
	}
	if miss.Header("X-Amzn-Trace-Id") == "" || hit.Header("X-Amzn-Trace-Id") != "" {
		t.Errorf("traces %q and %q", miss.Header("X-Amzn-Trace-Id"), hit.Header("X-Amzn-Trace-Id"))
	}
	if id := hit.Header("x-amzn-RequestId"); id == "" || id == miss.Header("x-amzn-RequestId") {
		t.Errorf("request id %q", id)
	}
}

// TestCacheControl: who gets a fresh answer, and what the others hear.
func TestCacheControl(t *testing.T) {
	const warning = "199 Cache-control headers were ignored because the caller was unauthorized."
	strategy := func(authorize bool, strategy string) func(*api.MethodSetting) {
		return func(s *api.MethodSetting) { s.RequireAuthForCache, s.UnauthorizedCacheHeader = authorize, strategy }
	}
	for _, tt := range []struct {
		name    string
		set     func(*api.MethodSetting)
		field   string
		status  int
		body    string
		warning string
	}{
		{"anyone", strategy(false, "FAIL_WITH_403"), "max-age=0", 200, "2", ""},
		{"anyone, spelled otherwise", strategy(false, ""), "no-store , MAX-AGE=00", 200, "2", ""},
		{"no-cache has no effect", strategy(false, ""), "no-cache", 200, "1", ""},
		{"nor a larger age", strategy(false, ""), "max-age=10", 200, "1", ""},
		{"fail", strategy(true, "FAIL_WITH_403"), "max-age=0", 403, `{"Message":"Access Denied"}`, ""},
		{"ignored, and told", strategy(true, "SUCCEED_WITH_RESPONSE_HEADER"), "max-age=0", 200, "1", warning},
		{"ignored", strategy(true, "SUCCEED_WITHOUT_RESPONSE_HEADER"), "max-age=0", 200, "1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCached(t, map[string]api.Integration{"GET /a": proxied()})
			c.settings(tt.set)
			c.bodies("GET /a")
			r := send(t, c.live, "GET /a", "Cache-Control: "+tt.field)
			if r.Status != tt.status || r.Body != tt.body || r.Header("Warning") != tt.warning {
				t.Errorf("%d %s, Warning %q; want %d %s, %q", r.Status, r.Body, r.Header("Warning"), tt.status, tt.body, tt.warning)
			}
			// a fresh answer takes the place of the old one, and warnings are nobody else's
			if again := send(t, c.live, "GET /a"); again.Body != fmt.Sprint(c.calls) || again.Header("Warning") != "" {
				t.Errorf("then %s after %d calls, Warning %q", again.Body, c.calls, again.Header("Warning"))
			}
		})
	}
}

// A miss of a client that may not ask for a fresh answer is told so as well.
func TestCacheControlMiss(t *testing.T) {
	c := newCached(t, map[string]api.Integration{"GET /a": proxied()})
	if r := send(t, c.live, "GET /a", "Cache-Control: max-age=0"); r.Header("Warning") == "" {
		t.Errorf("%+v", r)
	}
	if r := send(t, c.live, "GET /a"); r.Header("Warning") != "" || r.Body != "1" {
		t.Errorf("kept %+v", r)
	}
}

// TestCachePermission: who signed and may do it gets a fresh answer, if of the
// stage's own account.
func TestCachePermission(t *testing.T) {
	for _, tt := range []struct {
		account string
		permits bool
		want    string
	}{{"000000000000", true, "2"}, {"000000000000", false, "1"}, {"111111111111", true, "1"}} {
		c := newCached(t, map[string]api.Integration{"GET /a": proxied()})
		c.bodies("GET /a")
		x := request(t, c.live, "GET /a", "Cache-Control: max-age=0")
		who := x.Known()
		who.AccountID = tt.account
		who.Permits = func(_ *program.Exchange, action string) bool {
			return tt.permits && action == "execute-api:InvalidateCache"
		}
		if r := programtest.Play(t, x); r.Body != tt.want {
			t.Errorf("%+v: %s", tt, r.Body)
		}
	}
}
