package lambda

import (
	"fmt"
	"sync"
	"time"
)

// function is a defined function: its versions' pools and its calls under way.
type function struct {
	host *Host

	mu       sync.Mutex
	def      Definition
	pools    map[string]*pool // by version
	inFlight int              // calls that count
}

// define replaces the definition, and drains what it leaves behind. It returns
// the reserved concurrency before and after.
func (f *function) define(d Definition) (before, after int) {
	f.mu.Lock()
	if f.def.Reserved != nil {
		before = *f.def.Reserved
	}
	if d.Reserved != nil {
		after = *d.Reserved
	}
	f.def = d
	var idle []*environment
	var empty []string // folders of pools that nobody will leave as the last one
	for number, p := range f.pools {
		v, ok := d.Versions[number]
		if ok && v.Revision == p.version.Revision {
			continue
		}
		delete(f.pools, number)
		idle = append(idle, p.retire()...)
		if len(p.all) == 0 {
			empty = append(empty, p.dir)
		}
	}
	f.mu.Unlock()
	for _, dir := range empty {
		removeAll(dir)
	}
	for _, e := range idle {
		e.retire()
	}
	return before, after
}

// begin admits a call and gives it to an environment, or lets it wait for one.
// draw picks among an alias's versions.
func (f *function) begin(c *call, draw float64) error {
	f.mu.Lock()
	number, ok := f.def.pick(c.Qualifier, draw)
	if !ok {
		f.mu.Unlock()
		return fmt.Errorf("%w: %s:%s", ErrNoFunction, c.Function, c.Qualifier)
	}
	if err := f.admit(c); err != nil {
		f.mu.Unlock()
		return err
	}
	c.arn = f.def.ARN
	if c.Qualifier != "" {
		c.arn += ":" + c.Qualifier
	}
	p := f.pools[number]
	if p == nil {
		p = newPool(f, f.def.version(number))
		f.pools[number] = p
	}
	c.pool = p
	e := p.take(c)
	f.mu.Unlock()
	p.give(e, c)
	return nil
}

// admit counts a call in. mu is held.
// parity: services-observability.md 7.6
func (f *function) admit(c *call) error {
	if f.def.Reserved != nil {
		if f.inFlight >= *f.def.Reserved {
			return &Throttled{Reason: ReservedLimit, RetryAfter: time.Second}
		}
	} else {
		if !f.host.admit() {
			return &Throttled{Reason: AccountLimit, RetryAfter: time.Second}
		}
		c.account = true
	}
	f.inFlight++
	return nil
}

// release counts a call out, once.
func (f *function) release(c *call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.releaseLocked(c)
}

func (f *function) releaseLocked(c *call) {
	if c.released {
		return
	}
	c.released = true
	f.inFlight--
	if c.account {
		f.host.unreserved.Add(-1)
	}
}

// takeIdle takes the environments out of their pools that idle since before t.
func (f *function) takeIdle(t time.Time) []*environment {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []*environment
	for _, p := range f.pools {
		n := 0 // the first ones are the coldest
		for n < len(p.idle) && p.idle[n].idleSince.Before(t) {
			n++
		}
		out = append(out, p.idle[:n]...)
		p.idle = append([]*environment(nil), p.idle[n:]...)
	}
	return out
}

// takeOver takes the idle environments out of their pools that may take no call
// any more.
func (f *function) takeOver(now time.Time) (out []*environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.pools {
		var kept []*environment
		for _, e := range p.idle {
			if e.over(now) {
				out = append(out, e)
			} else {
				kept = append(kept, e)
			}
		}
		p.idle = kept
	}
	return out
}

// idleSince is since when its coldest environment idles.
func (f *function) idleSince() (t time.Time, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.pools {
		if len(p.idle) > 0 && (!ok || p.idle[0].idleSince.Before(t)) {
			t, ok = p.idle[0].idleSince, true
		}
	}
	return t, ok
}
