package transport

import "time"

// A wheel has a slot for each tick of the next seconds, with the sockets that
// are to be looked at then. Setting a timer costs as much as a list does. A
// timer that is set later than it was is left where it is: when its old time
// comes, there is time left, and it is set anew. So a connection that is used
// all the time touches the wheel once a round.
const (
	wheelTick  = moment(8 * time.Millisecond)
	wheelSlots = 512
)

type wheel struct {
	slots [wheelSlots]*sock
	last  int64 // the tick that was last looked at
	set   int   // sockets in it
	first int64 // there is nobody before this tick: a loop asks for it before each wait
}

// timer is a socket's place in the wheel.
type timer struct {
	tick          int64 // 0: it is in no slot
	before, after *sock
}

func (w *wheel) start(now moment) { w.last = int64(now / wheelTick) }

// arm makes sure that s is looked at when a moment has come, or before.
func (w *wheel) arm(s *sock, at moment) {
	if s.tick == 0 || at < moment(s.tick)*wheelTick {
		w.place(s, at)
	}
}

// place is arm where the timer may have to be set.
func (w *wheel) place(s *sock, at moment) {
	tick := min(int64(at/wheelTick)+1, w.last+wheelSlots-1)
	if s.tick != 0 {
		if s.tick <= tick {
			return
		}
		w.remove(s)
	}
	tick = max(tick, w.last+1)
	slot := &w.slots[tick%wheelSlots]
	s.tick, s.before, s.after = tick, nil, *slot
	if *slot != nil {
		(*slot).before = s
	}
	*slot = s
	if w.set == 0 || tick < w.first {
		w.first = tick
	}
	w.set++
}

// remove takes s out.
func (w *wheel) remove(s *sock) {
	if s.tick == 0 {
		return
	}
	if s.before != nil {
		s.before.after = s.after
	} else {
		w.slots[s.tick%wheelSlots] = s.after
	}
	if s.after != nil {
		s.after.before = s.before
	}
	s.timer = timer{}
	w.set--
}

// advance looks at all whose time has come.
func (w *wheel) advance(now moment) {
	tick := int64(now / wheelTick)
	if w.set == 0 {
		w.last = max(w.last, tick)
		return
	}
	for w.last < tick {
		w.last++
		for {
			s := w.slots[w.last%wheelSlots]
			if s == nil {
				break
			}
			w.remove(s)
			s.look(now)
		}
	}
}

// next is when somebody is to be looked at; never, if there is nobody.
func (w *wheel) next() moment {
	if w.set == 0 {
		return never
	}
	w.first = max(w.first, w.last+1)
	for w.slots[w.first%wheelSlots] == nil {
		w.first++
	}
	return moment(w.first) * wheelTick
}
