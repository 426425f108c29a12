package stagedoor

import (
	"github.com/stagedoor/stagedoor/internal/transport"
)

// The two ways in which bytes are moved.
const (
	engineEpoll     = "epoll"
	engineGoroutine = "goroutine"
)

// checkEngine reports what is wrong with Engine and Loops.
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
}

// loops are the event loops of all listeners; nil: there are none.
func (s *Server) loops() *transport.Loops {
	if s.cfg.Engine == engineGoroutine || !transport.HasLoops {
		return nil
	}
	return transport.NewLoops(transport.LoopsConfig{Upstreams: s.upstreams, N: s.cfg.Loops})
}
