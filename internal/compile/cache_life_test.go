package compile_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/step"
)

// TestCacheLife: what ends an answer, and what does not.
func TestCacheLife(t *testing.T) {
	c := newCached(t, map[string]api.Integration{"GET /a": proxied()})
	want := func(what string, calls int) {
		t.Helper()
		if got := c.bodies("GET /a"); got != fmt.Sprint(calls) {
			t.Errorf("%s: answer %s, want that of call %d", what, got, calls)
		}
	}
	want("first", 1)
	c.now = c.now.Add(300*time.Second - 1)
	want("just before", 1)
	c.now = c.now.Add(1)
	want("after its time", 2)
	c.stage.DeploymentID = "d2"
	c.compile()
	want("deployed again", 2)
	c.stage.CacheGeneration++
	c.compile()
	want("flushed", 3)
	larger := "1.6"
	c.stage.CacheClusterSize = &larger
	c.compile()
	want("resized", 4)
	c.stage.CacheClusterEnabled = false
	c.compile()
	want("off", 5)
	want("still off", 6)
	c.stage.CacheClusterEnabled = true
	c.compile()
	want("on again", 7)
	c.stage.CreatedDate = c.now
	c.compile()
	want("another stage of that name", 8)
}

// TestCacheCanary: a canary keeps its answers apart, unless it shares the cache
// and runs the same deployment.
func TestCacheCanary(t *testing.T) {
	for _, tt := range []struct {
		share      bool
		deployment string
		want       string
	}{{false, "d1", "2"}, {true, "d1", "1"}, {true, "d2", "2"}} {
		c := newCached(t, map[string]api.Integration{"GET /a": proxied()})
		c.stage.Canary = &api.CanarySettings{DeploymentID: tt.deployment, UseStageCache: tt.share, PercentTraffic: 50}
		c.compile()
		canary, err := compile.Canary(c.env(), c.snap.snapshot(), c.stage)
		if err != nil {
			t.Fatal(err)
		}
		c.bodies("GET /a")
		if r := send(t, canary, "GET /a"); r.Body != tt.want {
			t.Errorf("%+v: %s", tt, r.Body)
		}
	}
}

// A proxy's answer is read whole so that it can be kept, and what follows the
// integration is kept with it.
func TestCacheHTTP(t *testing.T) {
	var calls atomic.Int32
	url, _ := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"n":%d}`, calls.Add(1))
	})
	get, text := "GET", `$input.path('$.n') mapped`
	c := newCached(t, map[string]api.Integration{
		"GET /proxy": {Type: "HTTP_PROXY", HTTPMethod: &get, URI: &url},
		"GET /http": {Type: "HTTP", HTTPMethod: &get, URI: &url, Responses: map[string]api.IntegrationResponse{
			"200": {StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": &text}},
		}},
	})
	if got, want := c.bodies("GET /proxy", "GET /proxy", "GET /http", "GET /http"), `{"n":1} {"n":1} 2 mapped 2 mapped`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestCacheFlight: of many that ask at a time one asks the integration. If it
// fails the next one does; what is nobody else's is asked for by each.
func TestCacheFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCached(t, map[string]api.Integration{"GET /a": proxied("method.request.querystring.q")})
		var calls atomic.Int32
		c.snap.functions.call[arn] = func(event []byte) (*lambda.Result, error) {
			n := calls.Add(1)
			time.Sleep(time.Second)
			switch {
			case strings.Contains(string(event), `"q":"private"`):
				return &lambda.Result{Payload: []byte(`{"statusCode":200,"headers":{"Set-Cookie":"a=b"}}`)}, nil
			case n == 1:
				return &lambda.Result{Payload: []byte(`[]`)}, nil
			}
			return &lambda.Result{Payload: []byte(`{"statusCode":200,"body":"b"}`)}, nil
		}
		burst := func(line string) (took time.Duration, statuses map[int]int) {
			calls.Store(0)
			start := time.Now()
			statuses = map[int]int{}
			var mu sync.Mutex
			var all sync.WaitGroup
			for range 40 {
				all.Go(func() {
					x := request(t, c.live, line)
					r := programtest.Play(t, x)
					x.Finished()
					mu.Lock()
					defer mu.Unlock()
					statuses[r.Status]++
				})
			}
			all.Wait()
			return time.Since(start), statuses
		}
		if took, got := burst("GET /a?q=1"); calls.Load() != 2 || got[502] != 1 || got[200] != 39 || took != 2*time.Second {
			t.Errorf("%d calls, %v in %v; want one to fail and one to do", calls.Load(), got, took)
		}
		if took, got := burst("GET /a?q=private"); calls.Load() != 40 || got[200] != 40 || took != 2*time.Second {
			t.Errorf("%d calls, %v in %v; want one, then 39 at a time", calls.Load(), got, took)
		}
	})
}

// Who hangs up while waiting or leading keeps nobody.
func TestCacheHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCached(t, map[string]api.Integration{"GET /a": proxied()})
		c.snap.functions.call[arn] = func([]byte) (*lambda.Result, error) {
			time.Sleep(time.Second)
			return &lambda.Result{Payload: []byte(`{"statusCode":200,"body":"b"}`)}, nil
		}
		leader := request(t, c.live, "GET /a")
		for leader.Leads() == nil {
			if leader.Play() == program.WantWork {
				break // at the integration
			}
		}
		waiter := make(chan programtest.Result)
		go func() { waiter <- programtest.Play(t, request(t, c.live, "GET /a")) }()
		synctest.Wait()
		leader.Reset(t.Context()) // broken off
		if r := <-waiter; r.Body != "b" {
			t.Errorf("%+v", r)
		}
		// with a leader that never ends, others go on by themselves after the integration's time-out
		c.set.Drop("abc123/prod")
		c.compile()
		leader = request(t, c.live, "GET /a")
		leader.Play()
		start := time.Now()
		if r := send(t, c.live, "GET /a"); r.Body != "b" || time.Since(start) != 30*time.Second {
			t.Errorf("%+v after %v", r, time.Since(start))
		}
		leader.Reset(t.Context())
	})
}

// TestCacheWarning: who asks who is calling, and then gives all the same, is told.
func TestCacheWarning(t *testing.T) {
	for _, tt := range []struct {
		authorization string
		keys          []string
		warns         bool
	}{
		{"NONE", nil, false},
		{"CUSTOM", []string{"method.request.querystring.q"}, true},
		{"CUSTOM", []string{"method.request.header.Authorization"}, false},
	} {
		c := newCached(t, map[string]api.Integration{"GET /a": proxied(tt.keys...)})
		snap := c.snap.snapshot()
		snap.Methods[0].AuthorizationType = tt.authorization
		var said []string
		env := c.env()
		env.Warn = func(apiID, stage, text string) { said = append(said, apiID+" "+stage+" "+text) }
		if _, err := compile.REST(env, snap, c.stage); err != nil {
			t.Fatal(err)
		}
		if got := len(said) == 1 && strings.HasPrefix(said[0], "abc123 prod GET /a asks who is calling"); got != tt.warns {
			t.Errorf("%+v: %q", tt, said)
		}
	}
}

// TestCacheExplain: the program says what it does.
func TestCacheExplain(t *testing.T) {
	c := newCached(t, map[string]api.Integration{"GET /a": proxied("method.request.querystring.q")})
	var notes []string
	for _, s := range c.live.Router.Routes()[0].Steps {
		notes = append(notes, s.Name+" "+s.Note)
	}
	got := strings.Join(notes, "\n")
	for _, want := range []string{"cache by method.request.querystring.q, for 5m0s (*/*)", "wait for a request that asks the same", "keep the answer"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nlacks %q", got, want)
		}
	}
}

// A hit allocates nothing and never waits.
func TestCacheHitAllocs(t *testing.T) {
	c := newCached(t, map[string]api.Integration{"GET /{p}": proxied("method.request.querystring.q", "method.request.header.X-User", "method.request.path.p")})
	c.answer = func(int) string { return `{"statusCode":200,"body":"` + strings.Repeat("x", 1000) + `"}` }
	const raw = "GET /prod/a?q=1%202 HTTP/1.1\r\nHost: h\r\nX-User: ann\r\n\r\n"
	x := programtest.Exchange(t, raw)
	enter(x, c.live)
	programtest.Play(t, x)
	req := x.Request
	run := func() {
		fields := req.Fields
		x.Reset(t.Context())
		x.Request = req
		x.Request.Fields = fields
		enter(x, c.live)
		if x.Play() != program.Done || x.Caching.Outcome != program.CacheHit {
			t.Fatal("no hit, or one that waits")
		}
	}
	if n := testing.AllocsPerRun(1000, run); n > 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}

// BenchmarkCacheHit plays a hit of 1 KB, frame included, without a socket.
func BenchmarkCacheHit(b *testing.B) {
	c := newCached(b, map[string]api.Integration{"GET /{p}": proxied("method.request.querystring.q", "method.request.path.p")})
	c.answer = func(int) string { return `{"statusCode":200,"body":"` + strings.Repeat("x", 1000) + `"}` }
	x := programtest.Exchange(b, "GET /prod/a?q=1%202 HTTP/1.1\r\nHost: h\r\n\r\n")
	enter(x, c.live)
	programtest.Play(b, x)
	req := x.Request
	b.ReportAllocs()
	for b.Loop() {
		x.Reset(b.Context())
		x.Request = req
		enter(x, c.live)
		if x.Play() != program.Done || x.Caching.Outcome != program.CacheHit {
			b.Fatal("no hit")
		}
	}
}

// TestCacheGuarded: who is not let in gets nothing that is kept, and what is kept
// under who is calling is nobody else's.
func TestCacheGuarded(t *testing.T) {
	c := newCached(t, map[string]api.Integration{"GET /a": proxied("integration.request.header.who")})
	c.snap.edit = func(snap *snapshot.REST) {
		a := tokenAuthorizer(nil)
		a.ID = "auth1"
		snap.Authorizers = []api.Authorizer{a}
		m := &snap.Methods[0]
		m.AuthorizationType, m.AuthorizerID = "CUSTOM", new("auth1")
		m.Integration.RequestParameters = map[string]string{"integration.request.header.who": "context.authorizer.principalId"}
	}
	c.snap.functions.call[guardARN] = func(event []byte) (*lambda.Result, error) {
		who := "ann"
		if strings.Contains(string(event), "bob") {
			who = "bob"
		}
		if strings.Contains(string(event), "eve") {
			return says(policy("Deny", "*", ""))(event)
		}
		return says(strings.Replace(policy("Allow", "*", ""), "user", who, 1))(event)
	}
	env := c.env()
	env.Authorizers = step.NewAuthorizers(jwt.NewPools(nil, nil))
	stage, err := compile.REST(env, c.snap.snapshot(), c.stage)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		token, want string
		status      int
	}{{"ann", "1", 200}, {"ann", "1", 200}, {"bob", "2", 200}, {"ann2", "1", 200}, {"eve", "", 403}, {"", "", 401}} {
		r := send(t, stage, "GET /a", "Authorization: "+tt.token)
		if r.Status != tt.status || tt.status == 200 && r.Body != tt.want {
			t.Errorf("%s: %d %s, want %d %s", tt.token, r.Status, r.Body, tt.status, tt.want)
		}
	}
}
