//go:build unix

package lambda_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

// functions are functions that do nothing, one a runtime.
func functions(b *testing.B) map[string]func() lambda.Version {
	b.Helper()
	return map[string]func() lambda.Version{
		"go":     func() lambda.Version { return golang(b) },
		"python": func() lambda.Version { return python(b, "def lambda_handler(event, context): return event") },
		"node":   func() lambda.Version { return node(b, "index.js", "exports.handler = async (event) => event") },
	}
}

// BenchmarkWarm is a call of a function that does nothing: what the host and the
// runtime add to a function's own time. One caller.
func BenchmarkWarm(b *testing.B) {
	for name, version := range functions(b) {
		b.Run(name, func(b *testing.B) {
			h := host(b, lambda.Config{Sink: func(lambda.LogLine) {}})
			define(b, h, "f", version())
			ctx, event := context.Background(), []byte(`{"echo":{"hello":"world"}}`)
			took := make([]time.Duration, 0, b.N)
			for range 100 {
				invoke(b, h, lambda.Call{Function: "f", Payload: event})
			}
			b.ReportAllocs()
			for b.Loop() {
				began := time.Now()
				if _, err := h.Invoke(ctx, lambda.Call{Function: "f", Payload: event}); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-us")
		})
	}
}

// BenchmarkCold is a call that has to start its process.
func BenchmarkCold(b *testing.B) {
	for name, version := range functions(b) {
		b.Run(name, func(b *testing.B) {
			h := host(b, lambda.Config{})
			v := version()
			define(b, h, "warm-up", v) // finds the interpreter
			invoke(b, h, lambda.Call{Function: "warm-up", Payload: []byte("{}")})
			var took []time.Duration
			for b.Loop() {
				b.StopTimer()
				h.Remove("f")
				define(b, h, "f", v)
				b.StartTimer()
				began := time.Now()
				invoke(b, h, lambda.Call{Function: "f", Payload: []byte("{}")})
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e6, "p50-ms")
		})
	}
}
