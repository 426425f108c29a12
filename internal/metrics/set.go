package metrics

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxSeries is how many routes are counted by themselves. Those above it
	// are counted together, stage by stage.
	maxSeries = 10_000
	// maxPoints is how many periods of routes are kept, at most; about 60 MB.
	maxPoints = 100_000
	// keptMinutes is for how long they are kept. CloudWatch: 15 days.
	keptMinutes = 24 * 60
)

// Set is all recorders and what they had in the last minutes.
type Set struct {
	now  func() time.Time
	mask uint32 // of recorders

	mu        sync.Mutex
	recorders map[Series]*Recorder
	minutes   []minute // the oldest first
	points    int
	forgot    int64 // the minute of the last forget
	crowded   atomic.Int64
}

// minute is one period.
type minute struct {
	at     int64 // when it began, in minutes since 1970
	points []point
}

// point is what a recorder had in a period.
type point struct {
	of                   *Recorder
	status               [6]uint32
	hits, misses         uint32
	latency, integration stretch
}

// New makes a Set without recorders. now is the clock; nil: time.Now.
func New(now func() time.Time) *Set {
	if now == nil {
		now = time.Now
	}
	cells := 1
	for cells < runtime.GOMAXPROCS(0) && cells < maxCells {
		cells *= 2
	}
	return &Set{now: now, mask: uint32(cells - 1), recorders: map[Series]*Recorder{}}
}

// Recorder is the recorder of a series: the same as long as it has requests.
// api is the API's name. detailed says that CloudWatch shows the route by
// itself, not only within its stage. Above the limit of series it is that of
// all other routes of the stage.
func (s *Set) Recorder(series Series, api string, detailed bool) *Recorder {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.recorders[series]
	if r == nil {
		if len(s.recorders) >= maxSeries {
			s.forget()
		}
		if len(s.recorders) >= maxSeries {
			s.crowded.Add(1)
			series.Method, series.Resource, detailed = "", "", false
		}
		if r = s.recorders[series]; r == nil {
			r = &Recorder{set: s, series: series, mask: s.mask, active: s.minute()}
			s.recorders[series] = r
		}
	}
	r.api, r.detailed = apiName(api, series.APIID), detailed
	return r
}

// apiName is how CloudWatch names an API.
// parity: services-observability.md 9.1: without what is not ASCII, 255 characters.
func apiName(name, id string) string {
	var b []byte
	for i := range len(name) {
		if c := name[i]; c >= ' ' && c < 0x7f {
			b = append(b, c)
		}
	}
	if len(b) == 0 {
		return id
	}
	return string(b[:min(len(b), 255)])
}

func (s *Set) minute() int64 { return s.now().Unix() / 60 }

// forget gives up the recorders that had no request for an hour. Those that
// are still in use come back with their next one.
func (s *Set) forget() {
	now := s.minute()
	if s.forgot == now {
		return // looked a moment ago
	}
	s.forgot = now
	idle := now - 60
	for k, r := range s.recorders {
		if r.active < idle {
			r.gone.Store(true)
			delete(s.recorders, k)
		}
	}
}

// revive takes a recorder back that was forgotten.
func (s *Set) revive(r *Recorder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.gone.Load() || s.recorders[r.series] != nil && len(s.recorders) >= maxSeries {
		return
	}
	if s.recorders[r.series] == nil {
		s.recorders[r.series] = r
		r.active = s.minute()
	}
	r.gone.Store(false)
}

// Run closes a period at each full minute, until ctx is done.
func (s *Set) Run(ctx context.Context) error {
	for {
		now := s.now()
		timer := time.NewTimer(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
			s.Close(now.Unix() / 60)
		}
	}
}

// Close ends the period of a minute since 1970: what was recorded since the
// last one was ended, was in it.
func (s *Set) Close(at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := minute{at: at}
	for _, r := range s.recorders {
		t := r.read(true)
		if d := t.since(&r.before); d.count() > 0 {
			m.points = append(m.points, d.point(r))
			r.active = at
		}
		r.before = t
	}
	if len(m.points) > 0 {
		s.minutes = append(s.minutes, m)
		s.points += len(m.points)
	}
	old := 0
	for ; old < len(s.minutes) && (s.points > maxPoints || s.minutes[old].at <= at-keptMinutes); old++ {
		s.points -= len(s.minutes[old].points)
	}
	s.minutes = slices.Delete(s.minutes, 0, old)
}

func (t *totals) point(r *Recorder) point {
	p := point{of: r, hits: uint32(t.hits), misses: uint32(t.misses), latency: t.latency.stretch(), integration: t.integration.stretch()}
	for i, n := range t.status {
		p.status[i] = uint32(n)
	}
	return p
}
