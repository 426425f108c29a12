package stagedoor

import (
	"fmt"
	"io"

	"github.com/stagedoor/stagedoor/internal/transport"
)

// The two ways in which bytes are moved.
const (
	engineEpoll     = "epoll"
	engineGoroutine = "goroutine"
)

// checkEngine reports what is wrong with Engine, Loops and Connections.
func (c *Config) checkEngine(bad func(format string, args ...any)) {
	switch c.Engine {
	case "", engineGoroutine:
	case engineEpoll:
		if !transport.HasLoops {
			bad("engine %q: only Linux has it", c.Engine)
		}
	default:
		bad("engine %q: must be epoll or goroutine", c.Engine)
	}
	if c.Loops < 0 {
		bad("loops %d: must not be negative", c.Loops)
	}
	if c.Connections < 0 || c.ConnectionsPerAddress < 0 {
		bad("connections %d, connections-per-address %d: must not be negative; 0 is the default", c.Connections, c.ConnectionsPerAddress)
	}
}

// openLoops makes the event loops of all listeners; nil: there are none.
func (s *Server) openLoops() *transport.Loops {
	if s.cfg.Engine != engineGoroutine && transport.HasLoops {
		s.loops = transport.NewLoops(transport.LoopsConfig{Upstreams: s.upstreams, N: s.cfg.Loops})
	}
	return s.loops
}

// loopMetrics are how long loops were busy before they looked again: what a
// connection waits because of others.
func (s *Server) loopMetrics(w io.Writer) {
	if s.loops == nil {
		return
	}
	lag := s.loops.Lag()
	fmt.Fprintf(w, "stagedoor_loop_turns_total %d\n", lag.Turns)
	fmt.Fprintf(w, "stagedoor_loop_busy_seconds_total %g\n", lag.Busy.Seconds())
	fmt.Fprintf(w, "stagedoor_loop_lag_seconds_max %g\n", lag.Longest.Seconds())
	for i, step := range transport.LagSteps() {
		fmt.Fprintf(w, "stagedoor_loop_lag_over_total{seconds=\"%g\"} %d\n", step.Seconds(), lag.Over[i])
	}
}
