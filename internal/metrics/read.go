package metrics

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// The metrics of REST APIs. parity: services-observability.md 9.1.
const (
	Count              = "Count"
	ClientError        = "4XXError"
	ServerError        = "5XXError"
	Latency            = "Latency"
	IntegrationLatency = "IntegrationLatency"
	CacheHitCount      = "CacheHitCount"
	CacheMissCount     = "CacheMissCount"
)

// Names lists the metrics.
func Names() []string {
	return []string{Count, ClientError, ServerError, Latency, IntegrationLatency, CacheHitCount, CacheMissCount}
}

// Unit is the unit of a metric, in CloudWatch's words.
func Unit(name string) string {
	if name == Latency || name == IntegrationLatency {
		return "Milliseconds"
	}
	return "Count"
}

// Dimensions are what CloudWatch knows metrics of API Gateway by. There are
// three sets: the API, the API and the stage, and all four.
type Dimensions struct{ APIName, Stage, Method, Resource string }

// Metric is a name and the dimensions under which it has periods.
type Metric struct {
	Name string
	Dimensions
}

// Period is what a metric had in one minute.
type Period struct {
	At                                 time.Time // when it began
	SampleCount, Sum, Minimum, Maximum float64
	count                              [buckets]uint64 // of latencies
}

// List is every metric that has periods, in order.
func (s *Set) List() []Metric {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[Metric]bool{}
	note := func(p *point) {
		for _, name := range Names() {
			if n, _ := p.samples(name); n == 0 {
				continue
			}
			for _, d := range p.of.dimensions() {
				seen[Metric{name, d}] = true
			}
		}
	}
	for _, m := range s.minutes {
		for i := range m.points {
			note(&m.points[i])
		}
	}
	for _, m := range s.open() {
		note(&m)
	}
	out := make([]Metric, 0, len(seen))
	for m := range seen {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(a.APIName, b.APIName), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Method, b.Method), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// dimensions are the sets that the recorder's numbers count in.
func (r *Recorder) dimensions() []Dimensions {
	all := []Dimensions{{APIName: r.api}, {APIName: r.api, Stage: r.series.Stage}}
	if r.detailed {
		all = append(all, Dimensions{r.api, r.series.Stage, r.series.Method, r.series.Resource})
	}
	return all
}

// within says whether the recorder's numbers count in a set of dimensions.
func (r *Recorder) within(d Dimensions) bool { return slices.Contains(r.dimensions(), d) }

// open is the period under way. Call with the lock held.
func (s *Set) open() (points []point) {
	for _, r := range s.recorders {
		t := r.read(false)
		if d := t.since(&r.before); d.count() > 0 {
			points = append(points, d.point(r))
		}
	}
	return points
}

// Read is the periods of a metric that began at from or later and before to,
// the oldest first, the one under way included.
func (s *Set) Read(m Metric, from, to time.Time) []Period {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Period
	take := func(at int64, points []point) {
		began := time.Unix(at*60, 0).UTC()
		if began.Before(from.Truncate(time.Minute)) || !began.Before(to) {
			return
		}
		p := Period{At: began, Minimum: math.Inf(1)}
		for i := range points {
			if points[i].of.within(m.Dimensions) {
				p.add(m.Name, &points[i])
			}
		}
		if p.SampleCount > 0 {
			out = append(out, p)
		}
	}
	for i := range s.minutes {
		take(s.minutes[i].at, s.minutes[i].points)
	}
	now := s.minute()
	if n := len(s.minutes); n > 0 {
		now = max(now, s.minutes[n-1].at+1) // a clock that was set back
	}
	take(now, s.open())
	return out
}

// samples is how many datapoints of a metric a point has, and their sum.
func (p *point) samples(name string) (n, sum uint64) {
	var requests uint64
	for _, c := range p.status {
		requests += uint64(c)
	}
	looked := uint64(p.hits) + uint64(p.misses)
	switch name {
	case Count:
		return requests, requests
	case ClientError:
		return requests, uint64(p.status[4])
	case ServerError:
		return requests, uint64(p.status[5])
	case CacheHitCount:
		return looked, uint64(p.hits)
	case CacheMissCount:
		return looked, uint64(p.misses)
	case Latency:
		return p.latency.samples(), p.latency.sum
	case IntegrationLatency:
		return p.integration.samples(), p.integration.sum
	}
	return 0, 0
}

func (s *stretch) samples() (n uint64) {
	for _, f := range s.filled {
		n += uint64(f.n)
	}
	return n
}

// add adds a route's numbers to the period.
func (p *Period) add(name string, from *point) {
	n, sum := from.samples(name)
	if n == 0 {
		return
	}
	p.SampleCount += float64(n)
	var of *stretch
	switch name {
	case Latency:
		of = &from.latency
	case IntegrationLatency:
		of = &from.integration
	default: // every request is 0 or 1
		p.Sum += float64(sum)
		low, high := 0.0, 1.0
		if sum == n {
			low = 1
		}
		if sum == 0 {
			high = 0
		}
		p.Minimum, p.Maximum = min(p.Minimum, low), max(p.Maximum, high)
		return
	}
	p.Sum += float64(sum) / 1000
	if of.min <= of.max {
		p.Minimum, p.Maximum = min(p.Minimum, float64(of.min)/1000), max(p.Maximum, float64(of.max)/1000)
	}
	for _, f := range of.filled {
		p.count[f.bucket] += uint64(f.n)
	}
}
