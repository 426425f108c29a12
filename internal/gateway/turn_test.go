package gateway

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/limit/cache"
	"github.com/stagedoor/stagedoor/internal/metrics"
	"github.com/stagedoor/stagedoor/internal/program"
)

// turner plays the same request again and again, as a driver does: all that
// lies between the codec and the sockets.
type turner struct {
	g      *bench
	x      *program.Exchange
	head   http1.Request
	fields []http1.Field
	reply  []http1.Field
	start  time.Time
	addrs  *program.Exchange // whose Remote and Local are those of the connection
}

// newTurner serves a plain proxy, a fixed answer and a proxy behind the stage's
// cache among a thousand other routes, and counts requests.
func newTurner(t testing.TB, target string, headers ...string) *turner {
	t.Helper()
	size := "0.5"
	g := start(t, func(c *Config) {
		controlled(nil)(c)
		caches := cache.NewSet(limit.NewClock(nil), 64<<20)
		c.Env.Caches, c.Env.Ledger.Metrics = caches, metrics.New(nil)
		t.Cleanup(func() { caches.Drop("bench/prod") })
	})
	uri, method := "http://127.0.0.1:8080/", "ANY"
	proxy := api.Integration{Type: "HTTP_PROXY", HTTPMethod: &method, URI: &uri}
	all := map[string]api.Integration{"ANY /proxy": proxy, "GET /cached": proxy, "GET /fixed": mock(200, `{"message":"hello","ok":1}`)}
	for i := range 1000 {
		all["GET /r"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("/{p}", i%3)] = mock(200, "x")
	}
	g.deploy(t, frozen("bench", all), api.Stage{
		Name: "prod", DeploymentID: "d", CacheClusterEnabled: true, CacheClusterSize: &size,
		MethodSettings: map[string]api.MethodSetting{"cached/GET": {CachingEnabled: true, CacheTTLSeconds: 300, ThrottlingBurstLimit: -1, ThrottlingRateLimit: -1}},
	})
	g.sync(t)
	x := exchange(t, "GET "+target, headers...)
	turn := &turner{g: g, x: x, head: x.Request, fields: slices.Clone(x.Request.Fields), start: time.Now()}
	turn.addrs = &program.Exchange{Remote: x.Remote, Local: x.Local}
	for _, line := range []string{"Date: Sun, 22 Nov 2026 07:00:00 GMT", "Content-Type: application/json", "Content-Length: 1024", "X-Request-Cost: 1"} {
		name, value, _ := strings.Cut(line, ": ")
		turn.reply = append(turn.reply, http1.Field{Name: []byte(name), Value: []byte(value)})
	}
	return turn
}

// turn plays the request once; a call is answered at once.
func (t *turner) turn(tb testing.TB) {
	x := t.x
	x.Reset(tb.Context())
	fields := append(x.Request.Fields, t.fields...)
	x.Request = t.head
	x.Request.Fields = fields
	x.Remote, x.Local, x.Start = t.addrs.Remote, t.addrs.Local, t.start
	t.g.Begin(x)
	want := x.Play()
	if want == program.WantCall {
		r := &x.Reply
		r.Response.Status, r.Response.Length, r.Latency = 200, 1024, time.Millisecond
		r.Response.Fields = append(r.Response.Fields, t.reply...)
		if x.Call.Buffer > 0 {
			r.Body = append(r.Body[:0], body1024...)
		}
		want = x.Play()
	}
	if want != program.Done || x.Answer.Status != 200 {
		tb.Fatalf("%v, %d", want, x.Answer.Status)
	}
	x.Finished()
}

var body1024 = []byte(strings.Repeat("x", 1024))

// The paths whose cost is promised, with what wrk and what a browser sends.
var (
	turns  = []string{"proxy", "fixed", "cached"}
	sender = map[string][]string{
		"wrk": {"127.0.0.1:8501"},
		"browser": {
			"127.0.0.1:8501", "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "Accept: application/json, text/plain, */*", "Accept-Encoding: gzip, deflate, br",
			"Accept-Language: en", "Connection: keep-alive", "Referer: http://localhost/", "Sec-Fetch-Mode: cors", "X-Requested-With: XMLHttpRequest", "Cookie: a=b",
		},
	}
)

const turnAllocs = 0

// TestTurnAllocs holds BenchmarkTurn to its promise.
func TestTurnAllocs(t *testing.T) {
	for _, what := range turns {
		for who, headers := range sender {
			turn := newTurner(t, "/_aws/execute-api/bench/prod/"+what, headers...)
			turn.turn(t)
			if got := testing.AllocsPerRun(1000, func() { turn.turn(t) }); got > turnAllocs {
				t.Errorf("%s of %s allocates %v times, want at most %d", what, who, got, turnAllocs)
			}
		}
	}
}

// BenchmarkTurn is a request from its head to its finishing steps, without a
// socket and without the codec.
func BenchmarkTurn(b *testing.B) {
	for _, who := range []string{"wrk", "browser"} {
		for _, what := range turns {
			b.Run(what+"/"+who, func(b *testing.B) {
				turn := newTurner(b, "/_aws/execute-api/bench/prod/"+what, sender[who]...)
				turn.turn(b)
				b.ReportAllocs()
				for b.Loop() {
					turn.turn(b)
				}
			})
		}
	}
}
