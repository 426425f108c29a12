package step

import (
	"github.com/stagedoor/stagedoor/internal/metrics"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Recorder counts requests.
type Recorder interface {
	Record(s metrics.Sample)
}

// Measure counts each request that reaches the route. Those that were too
// large count nowhere.
// parity: services-observability.md 9.1.
func Measure(r Recorder, note string) program.Step {
	if r == nil {
		return program.Step{}
	}
	return program.Step{Name: "measure", Note: note, Run: func(x *program.Exchange) error {
		if x.Failure != nil && x.Failure.Type == program.RequestTooLarge {
			return nil
		}
		s := metrics.Sample{Status: x.Answer.Status, Latency: x.Took(), Integration: x.Reply.Latency, Called: x.Called(), Lane: x.Lane}
		switch x.Caching.Outcome {
		case program.CacheHit:
			s.Cache = metrics.CacheHit
		case program.CacheMiss:
			s.Cache = metrics.CacheMiss
		case program.CacheNone:
		}
		r.Record(s)
		return nil
	}}
}
