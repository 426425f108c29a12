package metrics_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stagedoor/stagedoor/internal/metrics"
)

var pets = metrics.Series{APIID: "a1", Stage: "prod", Method: "GET", Resource: "/pets/{id}"}

func read(s *metrics.Set, name string, d metrics.Dimensions) []metrics.Period {
	return s.Read(metrics.Metric{Name: name, Dimensions: d}, time.Unix(0, 0), time.Now().Add(time.Hour))
}

// TestDimensions: a request counts in its API, its stage and, with detailed
// metrics, its route. parity: services-observability.md 9.1.
func TestDimensions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := metrics.New(nil)
		get := s.Recorder(pets, "Pets é", true)
		post := s.Recorder(metrics.Series{APIID: "a1", Stage: "prod", Method: "POST", Resource: "/pets"}, "Pets é", false)
		dev := s.Recorder(metrics.Series{APIID: "a1", Stage: "dev", Method: "GET", Resource: "/pets"}, "Pets é", false)
		get.Record(metrics.Sample{Status: 200, Latency: 10 * time.Millisecond, Integration: 4 * time.Millisecond, Called: true, Cache: metrics.CacheMiss})
		get.Record(metrics.Sample{Status: 200, Latency: 2 * time.Millisecond, Cache: metrics.CacheHit})
		post.Record(metrics.Sample{Status: 429, Latency: time.Millisecond})
		dev.Record(metrics.Sample{Status: 503, Latency: 20 * time.Millisecond, Integration: 0, Called: true})
		api, stage := metrics.Dimensions{APIName: "Pets "}, metrics.Dimensions{APIName: "Pets ", Stage: "prod"}
		route := metrics.Dimensions{APIName: "Pets ", Stage: "prod", Method: "GET", Resource: "/pets/{id}"}
		for _, tt := range []struct {
			name string
			in   metrics.Dimensions
			want [4]float64 // SampleCount, Sum, Minimum, Maximum
		}{
			{metrics.Count, api, [4]float64{4, 4, 1, 1}},
			{metrics.Count, stage, [4]float64{3, 3, 1, 1}},
			{metrics.Count, route, [4]float64{2, 2, 1, 1}},
			{metrics.ClientError, stage, [4]float64{3, 1, 0, 1}},
			{metrics.ServerError, stage, [4]float64{3, 0, 0, 0}},
			{metrics.ServerError, api, [4]float64{4, 1, 0, 1}},
			{metrics.Latency, api, [4]float64{4, 33, 1, 20}},
			{metrics.Latency, route, [4]float64{2, 12, 2, 10}},
			{metrics.IntegrationLatency, stage, [4]float64{1, 4, 4, 4}},
			{metrics.IntegrationLatency, api, [4]float64{2, 4, 0, 4}},
			{metrics.CacheHitCount, route, [4]float64{2, 1, 0, 1}},
			{metrics.CacheMissCount, stage, [4]float64{2, 1, 0, 1}},
		} {
			got := read(s, tt.name, tt.in)
			if len(got) != 1 || [4]float64{got[0].SampleCount, got[0].Sum, got[0].Minimum, got[0].Maximum} != tt.want {
				t.Errorf("Read(%s, %+v) = %+v, want %v", tt.name, tt.in, got, tt.want)
			}
		}
		none := metrics.Dimensions{APIName: "Pets ", Stage: "prod", Method: "POST", Resource: "/pets"}
		if got := read(s, metrics.Count, none); got != nil {
			t.Errorf("Read of a route without detailed metrics = %+v", got)
		}
		var names []string
		for _, m := range s.List() {
			if m.Dimensions == route {
				names = append(names, m.Name)
			}
		}
		if want := []string{"4XXError", "5XXError", "CacheHitCount", "CacheMissCount", "Count", "IntegrationLatency", "Latency"}; !slices.Equal(names, want) {
			t.Errorf("List has %q of the route, want %q", names, want)
		}
	})
}

// TestPeriods: each minute has its own requests, and those without any are not there.
func TestPeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := metrics.New(nil)
		ctx, stop := testContext(t)
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		r := s.Recorder(pets, "pets", false)
		begin := time.Now().Truncate(time.Minute)
		time.Sleep(time.Second) // not at the very moment when a period ends
		for i, ms := range []int{5, 50, 0, 7} {
			for range i + 1 {
				if ms > 0 {
					r.Record(metrics.Sample{Status: 200, Latency: time.Duration(ms) * time.Millisecond})
				}
			}
			time.Sleep(time.Minute)
		}
		got := read(s, metrics.Latency, metrics.Dimensions{APIName: "pets"})
		want := []metrics.Period{
			{At: begin.UTC(), SampleCount: 1, Sum: 5, Minimum: 5, Maximum: 5},
			{At: begin.Add(time.Minute).UTC(), SampleCount: 2, Sum: 100, Minimum: 50, Maximum: 50},
			{At: begin.Add(3 * time.Minute).UTC(), SampleCount: 4, Sum: 28, Minimum: 7, Maximum: 7},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(metrics.Period{})); diff != "" {
			t.Errorf("periods (-want +got):\n%s", diff)
		}
		time.Sleep(25 * time.Hour)
		if got := read(s, metrics.Latency, metrics.Dimensions{APIName: "pets"}); got != nil {
			t.Errorf("periods after a day = %+v", got)
		}
		stop()
		<-ended
	})
}

// TestQuantile: quantiles are those of the values, to within a tenth.
func TestQuantile(t *testing.T) {
	s := metrics.New(nil)
	r := s.Recorder(pets, "pets", false)
	var all []float64
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		d := time.Duration(math.Exp(random.NormFloat64()+8)) * time.Microsecond
		all = append(all, float64(d.Microseconds())/1000)
		r.Record(metrics.Sample{Status: 200, Latency: d})
	}
	slices.Sort(all)
	p := read(s, metrics.Latency, metrics.Dimensions{APIName: "pets"})[0]
	for _, share := range []float64{0, 0.5, 0.9, 0.99, 1} {
		want := all[min(int(share*float64(len(all))), len(all)-1)]
		if got := p.Quantile(share); math.Abs(got-want) > want/10 {
			t.Errorf("Quantile(%g) = %g ms, want about %g", share, got, want)
		}
	}
}

// TestBounded: more routes than the limit are counted with their stages, and
// those of stages that are gone make room.
func TestBounded(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := metrics.New(func() time.Time { return now })
	first := s.Recorder(pets, "pets", true)
	for i := range 20_000 {
		s.Recorder(metrics.Series{APIID: "a1", Stage: "prod", Method: "GET", Resource: fmt.Sprint("/", i)}, "pets", true).Record(metrics.Sample{Status: 200})
	}
	if got := read(s, metrics.Count, metrics.Dimensions{APIName: "pets", Stage: "prod"}); got[0].Sum != 20_000 {
		t.Errorf("%g requests are counted of 20000", got[0].Sum)
	}
	if got := len(s.List()); got > 5*10_000 {
		t.Errorf("%d metrics of 20000 routes", got)
	}
	now = now.Add(3 * time.Hour)
	if late := s.Recorder(metrics.Series{APIID: "a2", Stage: "dev", Method: "GET", Resource: "/"}, "late", true); late == s.Recorder(metrics.Series{APIID: "a2", Stage: "dev"}, "late", false) {
		t.Error("a new route got no recorder of its own though old ones are idle")
	}
	first.Record(metrics.Sample{Status: 200})
	if got := read(s, metrics.Count, metrics.Dimensions{"pets", "prod", "GET", "/pets/{id}"}); len(got) != 1 || got[0].Sum != 1 {
		t.Errorf("a route that was forgotten and asked again has %+v", got)
	}
}

// TestText is what Prometheus reads.
func TestText(t *testing.T) {
	s := metrics.New(nil)
	r := s.Recorder(metrics.Series{APIID: "a", Stage: `s"\`, Method: "GET", Resource: "/"}, "n", false)
	r.Record(metrics.Sample{Status: 200, Latency: 300 * time.Microsecond, Cache: metrics.CacheMiss})
	r.Record(metrics.Sample{Status: 504, Latency: 30 * time.Second, Called: true, Integration: 29 * time.Second})
	var b strings.Builder
	if err := s.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`apigateway_requests_total{api="a",stage="s\"\\",method="GET",resource="/",status="2xx"} 1`,
		`status="5xx"} 1`,
		`apigateway_latency_seconds_bucket{api="a",stage="s\"\\",method="GET",resource="/",le="0.000256"} 0`,
		`le="0.000512"} 1`, `le="16.777216"} 1`, `le="+Inf"} 2`,
		`apigateway_latency_seconds_sum{api="a",stage="s\"\\",method="GET",resource="/"} 30.0003`,
		`apigateway_integration_latency_seconds_count{api="a",stage="s\"\\",method="GET",resource="/"} 1`,
		`apigateway_cache_hits_total{api="a",stage="s\"\\",method="GET",resource="/"} 0`,
		`apigateway_cache_misses_total{api="a",stage="s\"\\",method="GET",resource="/"} 1`,
		"# TYPE apigateway_latency_seconds histogram",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestStatuses: each request counts in the class of its status, whatever lane it
// comes from.
func TestStatuses(t *testing.T) {
	s := metrics.New(nil)
	r := s.Recorder(metrics.Series{APIID: "a", Stage: "s"}, "n", false)
	for i, status := range []int{200, 204, 299, 302, 404, 429, 499, 500, 599, 100, 0, -1, 99, 600, math.MaxInt} {
		for _, lane := range []uint32{0, 1, uint32(i), 1000, math.MaxUint32} {
			r.Record(metrics.Sample{Status: status, Latency: time.Duration(i*i) * time.Millisecond, Called: status == 404, Lane: lane})
		}
	}
	s.Close(1) // what was counted before stays
	var b strings.Builder
	if err := s.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for class, want := range map[string]int{"2xx": 15, "3xx": 5, "4xx": 15, "5xx": 10, "1xx": 5, "other": 25} {
		if line := fmt.Sprintf("apigateway_requests_total{api=\"a\",stage=\"s\",method=\"\",resource=\"\",status=%q} %d\n", class, want); !strings.Contains(b.String(), line) {
			t.Errorf("no %q in\n%s", line, b.String())
		}
	}
	for name, want := range map[string]int{"apigateway_latency_seconds_count": 75, "apigateway_integration_latency_seconds_count": 5} {
		if line := fmt.Sprintf("%s{api=\"a\",stage=\"s\",method=\"\",resource=\"\"} %d\n", name, want); !strings.Contains(b.String(), line) {
			t.Errorf("no %q in\n%s", line, b.String())
		}
	}
}

// TestNothingLost: many goroutines record while periods are closed and read.
func TestNothingLost(t *testing.T) {
	s := metrics.New(nil)
	const workers, each = 8, 20_000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			r := s.Recorder(pets, "pets", false)
			for range each {
				r.Record(metrics.Sample{Status: 200, Latency: time.Millisecond, Lane: uint32(w / 2)}) // no lane is one goroutine's
			}
		})
	}
	for i := range 20 {
		s.Close(int64(i))
		s.List()
	}
	wg.Wait()
	s.Close(20)
	sum := 0.0
	for _, p := range read(s, metrics.Count, metrics.Dimensions{APIName: "pets"}) {
		sum += p.Sum
	}
	if sum != workers*each {
		t.Errorf("%g requests in all periods, want %d", sum, workers*each)
	}
}

const recordAllocs = 0 // counters are there

func TestRecordAllocs(t *testing.T) {
	r := metrics.New(nil).Recorder(pets, "pets", true)
	for range 100 {
		r.Record(metrics.Sample{Status: 200})
	}
	if got := testing.AllocsPerRun(1000, func() { r.Record(metrics.Sample{Status: 200, Latency: time.Millisecond, Called: true}) }); got > recordAllocs {
		t.Errorf("Record allocates %v times, want at most %d", got, recordAllocs)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := metrics.New(nil).Recorder(pets, "pets", true)
	b.ReportAllocs()
	var lane atomic.Uint32
	b.RunParallel(func(pb *testing.PB) {
		own := lane.Add(1)
		for pb.Next() {
			r.Record(metrics.Sample{Status: 200, Latency: time.Millisecond, Integration: time.Millisecond, Called: true, Lane: own})
		}
	})
}

func testContext(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}
