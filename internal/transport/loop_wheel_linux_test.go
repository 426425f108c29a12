package transport

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clocked notes when its time was up.
type clocked struct {
	sock
	at *moment // now
	up moment
}

func (c *clocked) sent(error) {}

func (c *clocked) readable() {}
func (c *clocked) late()     { c.idle, c.up = false, *c.at }

// TestWheel: whatever is set, set anew, put off or taken out, each timer goes
// off when its time has come and at most two ticks later, and nothing else does.
func TestWheel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &loop{}
		now := moment(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "start"))
		l.wheel.start(now)
		socks := make([]*clocked, 5)
		for i := range socks {
			socks[i] = &clocked{at: &now}
			socks[i].l, socks[i].owner = l, socks[i]
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c := socks[rapid.IntRange(0, len(socks)-1).Draw(t, "who")]
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				d := rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "for")
				c.rest(now + moment(d))
			case 1:
				c.idle = false // a task has it: the timer goes off for nothing
			case 2:
				c.idle = false
				l.wheel.remove(&c.sock)
			}
			until := now + moment(rapid.Int64Range(0, int64(6*time.Second)).Draw(t, "pass"))
			for now < until {
				if now = min(until, l.wheel.next(), now+moment(time.Second)); now < until {
					now = min(until, max(now, l.wheel.next()))
				}
				l.wheel.advance(now)
				for i, c := range socks {
					if c.idle && c.readBy+2*wheelTick < now {
						t.Fatalf("timer %d for %v has not gone off at %v", i, c.readBy, now)
					}
					if c.up != 0 && (c.up < c.readBy || c.up > c.readBy+2*wheelTick) {
						t.Fatalf("timer %d for %v went off at %v", i, c.readBy, c.up)
					}
					c.up = 0
				}
			}
		}
	})
}
