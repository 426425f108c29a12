package logs

import (
	"slices"
	"sync"
)

// perEvent is what an event counts beside its text, as AWS counts.
const perEvent = 26

// book keeps events in memory: the newest, whoever wrote them, up to a number
// of bytes.
type book struct {
	mu     sync.Mutex
	groups map[string]*group
	order  []*stream // of all events, the oldest first; each names its stream's first
	size   int64
	max    int64
	serial uint64
}

type group struct {
	created int64 // ms
	size    int64
	streams map[string]*stream
}

type stream struct {
	group    *group
	name     string
	created  int64  // ms
	ingested int64  // ms, of the last event
	dead     bool   // deleted: what order still says of it is void
	first    uint64 // how many events were dropped from the front
	events   []entry
	tangled  bool // events did not come in the order of their times
}

// entry is one event. It does not change.
type entry struct {
	at, ingested int64 // ms
	serial       uint64
	message      string
}

func (e *entry) cost() int64 { return int64(len(e.message)) + perEvent }

func newBook(maxBytes int64) *book { return &book{groups: map[string]*group{}, max: maxBytes} }

// write appends events. With create the group and the stream are made if they
// are missing; else it says whether they were there.
func (b *book) write(groupName, streamName string, events []entry, now int64, create bool) (ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := b.find(groupName, streamName)
	if st == nil {
		if !create {
			return false
		}
		st = b.make(groupName, streamName, now)
	}
	for _, e := range events {
		b.serial++
		e.serial, e.ingested = b.serial, now
		if n := len(st.events); n > 0 && st.events[n-1].at > e.at {
			st.tangled = true
		}
		st.events = append(st.events, e)
		st.group.size += e.cost()
		b.size += e.cost()
		b.order = append(b.order, st)
	}
	st.ingested = now
	b.shrink()
	return true
}

func (b *book) find(groupName, streamName string) *stream {
	if g := b.groups[groupName]; g != nil {
		return g.streams[streamName]
	}
	return nil
}

// make makes a stream, and its group if need be.
func (b *book) make(groupName, streamName string, now int64) *stream {
	g := b.groups[groupName]
	if g == nil {
		g = &group{created: now, streams: map[string]*stream{}}
		b.groups[groupName] = g
	}
	st := &stream{group: g, name: streamName, created: now}
	g.streams[streamName] = st
	return st
}

// shrink drops the oldest events until the rest fits.
func (b *book) shrink() {
	n := 0
	for ; n < len(b.order) && b.size > b.max; n++ {
		st := b.order[n]
		b.order[n] = nil
		if st.dead {
			continue
		}
		cost := st.events[0].cost()
		st.events, st.first = st.events[1:], st.first+1
		st.group.size -= cost
		b.size -= cost
		if len(st.events) == 0 { // else the streams of environments that are gone pile up
			delete(st.group.streams, st.name)
			st.dead = true
		}
	}
	b.order = b.order[n:]
}

// remove deletes a stream, or a whole group if streamName is empty, and says
// whether there was one.
func (b *book) remove(groupName, streamName string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	g := b.groups[groupName]
	if g == nil {
		return false
	}
	if streamName == "" {
		for _, st := range g.streams {
			b.drop(st)
		}
		delete(b.groups, groupName)
		return true
	}
	st := g.streams[streamName]
	if st == nil {
		return false
	}
	b.drop(st)
	delete(g.streams, streamName)
	return true
}

func (b *book) drop(st *stream) {
	for i := range st.events {
		st.group.size -= st.events[i].cost()
		b.size -= st.events[i].cost()
	}
	st.dead, st.events = true, nil
}

// add makes a stream that nothing was written to yet; false: there is one.
func (b *book) add(groupName, streamName string, now int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.find(groupName, streamName) != nil {
		return false
	}
	b.make(groupName, streamName, now)
	return true
}

// page is a stream at one moment, in the order of its events' times.
type page struct {
	name              string
	created, ingested int64
	first             uint64 // number of events[0] since the stream began
	events            []entry
	tangled           bool
}

// pages is the streams of a group whose name is wanted; ok is whether there is
// such a group.
func (b *book) pages(groupName string, want func(string) bool) (pages []page, ok bool) {
	b.mu.Lock()
	g := b.groups[groupName]
	if g != nil {
		for name, st := range g.streams {
			if want(name) {
				// Events are only appended, and cut off at the front: what is
				// within this slice stays as it is.
				pages = append(pages, page{name, st.created, st.ingested, st.first, slices.Clip(st.events), st.tangled})
			}
		}
	}
	b.mu.Unlock()
	for i := range pages {
		if p := &pages[i]; p.tangled {
			p.events = slices.Clone(p.events)
			slices.SortStableFunc(p.events, func(a, b entry) int { return int(a.at - b.at) })
		}
	}
	return pages, g != nil
}

// known is the groups that hold something: when they began and how much it is.
func (b *book) known() map[string]group {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make(map[string]group, len(b.groups))
	for name, g := range b.groups {
		all[name] = group{created: g.created, size: g.size}
	}
	return all
}
