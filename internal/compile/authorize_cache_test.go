package compile_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

func ttl(seconds int32) func(*api.Authorizer) {
	return func(a *api.Authorizer) { a.ResultTTLSeconds = &seconds }
}

// expectAsked sends a request and says how often the function has been asked by then.
func (g *guarded) expectAsked(t *testing.T, stage *program.Stage, token string, status, asked int) {
	t.Helper()
	if r := send(t, stage, "GET /", "Authorization: "+token); r.Status != status || g.asked != asked {
		t.Errorf("%s: %d %s, asked %d times; want %d, %d times", token, r.Status, r.Body, g.asked, status, asked)
	}
}

func TestAuthorizerCacheTimes(t *testing.T) {
	for _, tt := range []struct {
		change func(*api.Authorizer)
		lasts  time.Duration
	}{{nil, 300 * time.Second}, {ttl(1), time.Second}, {ttl(3600), time.Hour}, {ttl(0), 0}} {
		synctest.Test(t, func(t *testing.T) {
			g := &guarded{authorizer: tokenAuthorizer(tt.change), answer: says(policy("Allow", "*", ""))}
			stage := g.stage(t)
			g.expectAsked(t, stage, "a", 200, 1)
			if tt.lasts == 0 {
				g.expectAsked(t, stage, "a", 200, 2)
				return
			}
			time.Sleep(tt.lasts - time.Millisecond) // reading does not lengthen it
			g.expectAsked(t, stage, "a", 200, 1)
			time.Sleep(time.Millisecond)
			g.expectAsked(t, stage, "a", 200, 2)
		})
	}
}

// What is remembered outlives a deployment, not a change of the authorizer,
// and belongs to one stage.
func TestAuthorizerCacheReach(t *testing.T) {
	g := &guarded{authorizer: tokenAuthorizer(nil), answer: says(policy("Allow", "*", ""))}
	g.expectAsked(t, g.stage(t), "a", 200, 1)
	g.expectAsked(t, g.stage(t), "a", 200, 1) // deployed again
	g.expectAsked(t, g.stage(t), "b", 200, 2)
	g.authorizer.IdentityValidationExpression = new("[a-z]")
	g.expectAsked(t, g.stage(t), "a", 200, 3)
	g.shared.Flush("abc123", "dev")
	g.expectAsked(t, g.stage(t), "a", 200, 3) // another stage's
	g.shared.Flush("abc123", "prod")
	g.expectAsked(t, g.stage(t), "a", 200, 4)
}

// The policy is remembered, not the decision: it is held against each method.
func TestAuthorizerCachePolicy(t *testing.T) {
	g := &guarded{authorizer: tokenAuthorizer(nil), answer: says(policy("Allow", rootARN+"GET/", ""))}
	stage := g.stage(t)
	for _, tt := range []struct {
		line   string
		status int
	}{{"GET /", 200}, {"POST /", 403}, {"GET /pets/1", 403}, {"GET /", 200}} {
		if r := send(t, stage, tt.line, "Authorization: a"); r.Status != tt.status {
			t.Errorf("%s: %d, want %d", tt.line, r.Status, tt.status)
		}
	}
	if g.asked != 1 {
		t.Errorf("asked %d times, want 1", g.asked)
	}
}

// mirror is an authorizer whose context is the identity that it saw: whoever
// gets another's context has got another's result.
func mirror(event []byte) (*lambda.Result, error) {
	return &lambda.Result{Payload: []byte(policy("Allow", "*", `,"context":{"saw":`+quoted(sawOf(string(event)))+`}`))}, nil
}

// sawOf is the part of an event with headers and query.
func sawOf(event string) string {
	_, rest, _ := strings.Cut(event, `"multiValueHeaders":`)
	headers, rest, _ := strings.Cut(rest, `,"X-Amzn-Trace-Id"`)
	_, rest, _ = strings.Cut(rest, `"multiValueQueryStringParameters":`)
	query, _, _ := strings.Cut(rest, `,"pathParameters"`)
	return headers + query
}

// TestAuthorizerCacheLaw: two requests share a result exactly if all values of
// all identity sources are the same, in the same order.
func TestAuthorizerCacheLaw(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := &guarded{
			authorizer: requestAuthorizer("method.request.header.A,method.request.querystring.b,method.request.header.C"), answer: mirror,
		}
		stage := g.stage(t)
		// few letters, so that what is different is often alike once joined
		value := rapid.SampledFrom([]string{"x", "y", "xx", "xy", "x,x", "x|y", "%00"})
		known := map[string]bool{}
		for range rapid.IntRange(2, 40).Draw(r, "requests") {
			as := rapid.SliceOfN(value, 1, 3).Draw(r, "A")
			bs := rapid.SliceOfN(rapid.SampledFrom([]string{"x", "xx"}), 1, 2).Draw(r, "b")
			c := rapid.SampledFrom([]string{"x", "xx"}).Draw(r, "C")
			var headers []string
			for _, a := range as {
				headers = append(headers, "A: "+a)
			}
			headers = append(headers, "C: "+c)
			got := send(t, stage, "GET /?b="+strings.Join(bs, "&b="), headers...)
			identity := fmt.Sprintf("%q %q %q", as, bs, c)
			known[identity] = true
			if got.Status != 200 || g.asked != len(known) {
				r.Fatalf("%s: %d %s; asked %d times for %d callers", identity, got.Status, got.Body, g.asked, len(known))
			}
			saw, _ := part(t, got.Body, "requestContext", "authorizer", "saw").(string)
			if identityOf(saw) != identityOf(sawOf(got.Body)) {
				r.Fatalf("%s got the result of %s", identity, saw)
			}
		}
	})
}

// identityOf is what of an event's headers and query the sources name.
func identityOf(saw string) string {
	out := ""
	for _, name := range []string{`"A":[`, `"b":[`, `"C":[`} {
		_, rest, _ := strings.Cut(saw, name)
		value, _, _ := strings.Cut(rest, "]")
		out += name + value + "]"
	}
	return out
}

// A header that is no identity source changes nothing of what is remembered,
// and the caller cannot name itself.
func TestIdentityHeadersAreData(t *testing.T) {
	g := &guarded{authorizer: tokenAuthorizer(nil), answer: says(policy("Allow", "*", `,"context":{"tenant":"one"}`))}
	stage := g.stage(t)
	for _, forged := range []string{"principalId: root", "X-Amzn-Authorizer: root", "X-Amz-Authorizer-Tenant: two", "tenant: two"} {
		r := send(t, stage, "GET /", "Authorization: a", forged)
		if got := part(t, r.Body, "requestContext", "authorizer", "principalId"); got != "user" {
			t.Errorf("%s: principal %v", forged, got)
		}
		if got := part(t, r.Body, "requestContext", "authorizer", "tenant"); got != "one" {
			t.Errorf("%s: tenant %v", forged, got)
		}
	}
	if g.asked != 1 {
		t.Errorf("asked %d times, want 1", g.asked)
	}
}

// A function that hangs costs each caller 10 s, however many wait for it, and
// is asked once by all who are the same.
func TestAuthorizerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guarded{authorizer: tokenAuthorizer(nil), answer: func([]byte) (*lambda.Result, error) { return nil, nil }}
		stage := g.stage(t)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				start := time.Now()
				x := request(t, stage, "GET /", "Authorization: a")
				r := programtest.Play(t, x)
				if took := time.Since(start); r.Status != 500 || outcome(r) != timedOut || took != 10*time.Second {
					t.Errorf("%d %s after %v", r.Status, outcome(r), took)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if g.asked != 1 {
			t.Errorf("asked %d times, want 1", g.asked)
		}
	})
}

const recallAllocs = 0 // who is known costs no memory

func TestRecallAllocs(t *testing.T) {
	for name, g := range map[string]*guarded{
		"TOKEN":   {authorizer: tokenAuthorizer(nil)},
		"REQUEST": {authorizer: requestAuthorizer("method.request.header.Authorization,method.request.querystring.q,context.identity.sourceIp")},
	} {
		g.answer = says(policy("Allow", rootARN+"GET/*", `,"context":{"a":"b"}`))
		stage := g.stage(t)
		if r := send(t, stage, "GET /?q=1", "Authorization: Bearer abc"); r.Status != 200 {
			t.Fatalf("%s: %d %s", name, r.Status, r.Body)
		}
		x := request(t, stage, "GET /?q=1", "Authorization: Bearer abc")
		recall := x.Route.Steps[1] // after the length of the ARN
		if recall.Name != "recall" || recall.Waits {
			t.Fatalf("%s: the second step is %+v", name, recall)
		}
		got := testing.AllocsPerRun(1000, func() {
			enterAgain(t, x)
			if err := recall.Run(x); err != nil {
				t.Fatal(err)
			}
		})
		if got > recallAllocs {
			t.Errorf("%s: recalling allocates %v times, want at most %d", name, got, recallAllocs)
		}
	}
}

// enterAgain makes x ready for the same request once more.
func enterAgain(t testing.TB, x *program.Exchange) {
	t.Helper()
	stage, route, method, path, query, remote := x.Stage, x.Route, x.Method, x.Path, x.Request.Query, x.Remote
	fields := len(x.Request.Fields)
	x.Reset(t.Context())
	x.Stage, x.Route, x.Method, x.Path, x.Request.Query, x.Remote = stage, route, method, path, query, remote
	x.Request.Fields = x.Request.Fields[:fields]
}

func BenchmarkRecall(b *testing.B) {
	g := &guarded{authorizer: tokenAuthorizer(nil), answer: says(policy("Allow", rootARN+"GET/*", `,"context":{"a":"b"}`))}
	stage := g.stage(b)
	if r := send(b, stage, "GET /", "Authorization: Bearer abc"); r.Status != 200 {
		b.Fatalf("%d %s", r.Status, r.Body)
	}
	x := request(b, stage, "GET /", "Authorization: Bearer abc")
	recall := x.Route.Steps[1] // after the length of the ARN
	b.ReportAllocs()
	for b.Loop() {
		enterAgain(b, x)
		if err := recall.Run(x); err != nil {
			b.Fatal(err)
		}
	}
}

// What a policy said is said again of the same verb and path alone, and never by
// one that asks for more than these.
func TestRecallPolicy(t *testing.T) {
	document := func(statements string) func([]byte) (*lambda.Result, error) {
		return says(`{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[` + statements + `]}}`)
	}
	allow := `{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"` + rootARN
	deny := `{"Action":"execute-api:Invoke","Effect":"Deny","Resource":"` + rootARN
	rapid.Check(t, func(r *rapid.T) {
		g := &guarded{authorizer: tokenAuthorizer(nil), answer: document(allow + `GET/pets/*"},` + allow + `POST/"},` + deny + `GET/pets/3*"}`)}
		stage := g.stage(t)
		for range rapid.IntRange(1, 40).Draw(r, "requests") {
			line := rapid.SampledFrom([]string{"GET /", "POST /"}).Draw(r, "line")
			want := map[string]int{"GET /": 403, "POST /": 200}[line]
			if rapid.Bool().Draw(r, "pet") {
				id := rapid.SampledFrom([]string{"1", "2", "3", "30", "4", "5", "6", strings.Repeat("7", 200), "%33", "1/"}).Draw(r, "id")
				line, want = "GET /pets/"+id, 200
				if id == "3" || id == "30" || id == "%33" {
					want = 403
				}
			}
			if got := send(t, stage, line, "Authorization: a"); got.Status != want {
				r.Fatalf("%s: %d %s, want %d", line, got.Status, got.Body, want)
			}
		}
		if g.asked != 1 {
			r.Fatalf("asked %d times, want 1", g.asked)
		}
	})
	for name, statement := range map[string]string{
		"condition": allow + `*","Condition":{"StringEquals":{"aws:UserAgent":"good"}}}`,
		"variable":  allow + `GET/pets/${aws:UserAgent}"}`,
	} {
		g := &guarded{authorizer: tokenAuthorizer(nil), answer: document(statement)}
		stage := g.stage(t)
		for _, agent := range []string{"good", "bad", "good", "bad"} {
			want := map[string]int{"good": 200, "bad": 403}[agent]
			if got := send(t, stage, "GET /pets/good", "Authorization: a", "User-Agent: "+agent); got.Status != want {
				t.Errorf("%s, %s: %d %s, want %d", name, agent, got.Status, got.Body, want)
			}
		}
		if g.asked != 1 {
			t.Errorf("%s: asked %d times, want 1", name, g.asked)
		}
	}
}
