package cache

// Flight is one asking of a question that others wait for. Who leads it must
// call Land, whatever happens; after the first time it has no effect.
type Flight struct {
	shard  *shard
	key    string
	done   chan struct{}
	landed bool // under the shard's lock
	alone  bool // written before done is closed
}

// Look finds the value of a key like Find. If there is none, the caller leads
// the flight it gets, or waits for the one that somebody else leads.
func (s *store) Look(dst []byte, k Key) (value []byte, ok bool, f *Flight, leads bool) {
	now, sh := s.set.clock.Nanos(), s.shard(k)
	sh.mu.Lock()
	if value, ok = sh.find(dst, k, now); !ok {
		f, leads = sh.join(k)
	}
	if leads {
		sh.misses++
	}
	sh.mu.Unlock()
	return value, ok, f, leads
}

// join is the flight of a key; leads: it begins here.
func (sh *shard) join(k Key) (f *Flight, leads bool) {
	if f = sh.flights[string(k.bytes)]; f != nil {
		return f, false
	}
	f = &Flight{shard: sh, key: string(k.bytes), done: make(chan struct{})}
	sh.flights[f.key] = f
	return f, true
}

// Land ends the flight. Those who wait find the answer now, or one of them leads
// in turn. alone: its answer is none to be kept, so they need not wait for each
// other, but ask for themselves.
func (f *Flight) Land(alone bool) {
	sh := f.shard
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if f.landed {
		return
	}
	f.landed, f.alone = true, alone
	if sh.flights[f.key] == f {
		delete(sh.flights, f.key)
	}
	close(f.done)
}

// Done is closed when the flight has ended.
func (f *Flight) Done() <-chan struct{} { return f.done }

// Alone says of a flight that has ended that who waited for it is to ask for
// itself.
func (f *Flight) Alone() bool { return f.alone }
