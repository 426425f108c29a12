package cache

import (
	"bytes"
	"slices"
	"sync"
)

// shard is a part of a cache, by the hash of keys.
//
// The index leads from a hash to where the entry lies; of two keys with one
// hash the later one has the place. An entry that the index does not lead to
// is dead, wherever it lies.
type shard struct {
	mu      sync.Mutex
	index   map[uint64]place
	table   []*segment // by the number that places have; nil: free
	hits    uint64     // counted here, where the lock is anyway
	misses  uint64
	free    []uint32   // numbers that are free in table
	young   []*segment // in the order in which they were begun
	old     []*segment
	youngs  int64    // bytes of young
	taken   int64    // bytes of all segments and the index
	counted int64    // those of the index
	ghosts  []uint32 // marks of hashes that left young not long ago
	flights map[string]*Flight
	since   uint64 // the turn of the last flush
	closed  bool

	store   *store
	limit   int64 // bytes
	segment int   // usual size of a segment

	_ [64]byte // the next shard's lock is another core's business
}

// place is where an entry lies: the number of its segment, and the offset in it
// in steps of eight bytes.
type place uint64

func placeOf(number uint32, at int) place { return place(number)<<32 | place(at/8) }

func (p place) number() uint32 { return uint32(p >> 32) }
func (p place) at() int        { return int(uint32(p)) * 8 }

// indexed is what the index takes for an entry, in bytes, with the marks of
// ghosts: a table that is between half and seven eighths full.
const indexed = 40

// often is how often an entry can have been asked for, as far as it counts.
const often = 3

func (sh *shard) init(s *store, limit int64, segment int) {
	sh.store, sh.limit, sh.segment = s, limit, segment
	sh.index, sh.flights = map[uint64]place{}, map[string]*Flight{}
}

func (sh *shard) entry(p place) entry { return sh.table[p.number()].mem[p.at():] }

func (sh *shard) segments() int { return len(sh.young) + len(sh.old) }

func (sh *shard) find(dst []byte, k Key, now int64) ([]byte, bool) {
	p, ok := sh.index[k.hash]
	if !ok {
		return dst, false
	}
	e := sh.entry(p)
	if !bytes.Equal(e.key(), k.bytes) {
		return dst, false
	}
	if now >= e.expires() {
		delete(sh.index, k.hash)
		return dst, false
	}
	if e[atFreq] < often {
		e[atFreq]++
	}
	sh.hits++
	return append(dst, e.value()...), true
}

func (sh *shard) put(p *pending) bool {
	if sh.closed {
		return false
	}
	if p.turn < sh.since {
		return true
	}
	if at, ok := sh.index[p.key.hash]; ok {
		e := sh.entry(at)
		if bytes.Equal(e.key(), p.key.bytes) && e.turn() > p.turn {
			return true
		}
		p.freq = min(e[atFreq], 1) // what is asked for stays so
	} else if sh.returns(p.key.hash) {
		p.freq = 1
	}
	number, ok := sh.room(p)
	if !ok {
		delete(sh.index, p.key.hash) // not even the answer that is older
		return false
	}
	seg := sh.table[number]
	p.write(seg.mem[seg.used:])
	sh.index[p.key.hash] = placeOf(number, seg.used)
	seg.used += aligned(p.size)
	seg.latest = max(seg.latest, p.expires)
	return true
}

// room finds the segment that p is written to.
func (sh *shard) room(p *pending) (number uint32, ok bool) {
	need := aligned(p.size)
	if n := len(sh.young); n > 0 {
		if last := sh.young[n-1]; last.used+need <= len(last.mem) {
			return last.number, true
		}
	}
	size := sh.segment
	if need > size/2 {
		size = (need + page - 1) &^ (page - 1)
	}
	if !sh.makeRoom(int64(size), p.now) {
		return 0, false
	}
	mem, err := allocate(size)
	if err != nil { // the system has no more: the cache is as large as it can be
		sh.account(-int64(size))
		return 0, false
	}
	seg := &segment{mem: mem}
	sh.youngs += int64(size)
	if n := len(sh.young); size != sh.segment && n > 0 {
		sh.young = slices.Insert(sh.young, n-1, seg) // a segment of its own; the last one goes on being filled
	} else {
		sh.young = append(sh.young, seg)
	}
	sh.enter(seg)
	return seg.number, true
}

// enter gives a segment its number.
func (sh *shard) enter(seg *segment) {
	if n := len(sh.free); n > 0 {
		seg.number = sh.free[n-1]
		sh.free = sh.free[:n-1]
		sh.table[seg.number] = seg
		return
	}
	seg.number = uint32(len(sh.table))
	sh.table = append(sh.table, seg)
}

// account notes that the shard has n bytes more. They were taken of the budget.
func (sh *shard) account(n int64) {
	sh.taken += n
	sh.store.taken.Add(n)
	if n < 0 {
		sh.store.set.used.Add(n)
	}
}

// takes takes n bytes, if neither limit has been reached.
func (sh *shard) takes(n int64) bool {
	if sh.taken+n > sh.limit || !sh.store.set.take(n) {
		return false
	}
	sh.account(n)
	return true
}

// returns says whether the hash left not long ago.
func (sh *shard) returns(hash uint64) bool {
	return len(sh.ghosts) > 0 && sh.ghosts[sh.ghost(hash)] == mark(hash)
}

func (sh *shard) ghost(hash uint64) int { return int(hash & uint64(len(sh.ghosts)-1)) }

func mark(hash uint64) uint32 { return uint32(hash>>32) | 1 }

// haunt remembers that a hash has left. There are about as many marks as
// entries.
func (sh *shard) haunt(hash uint64) {
	if len(sh.ghosts) < len(sh.index) || len(sh.ghosts) == 0 {
		n := 1 << 10
		for n < len(sh.index) {
			n *= 2
		}
		sh.ghosts = make([]uint32, n)
	}
	sh.ghosts[sh.ghost(hash)] = mark(hash)
}

// flush empties the shard.
func (sh *shard) flush(turn uint64) {
	for _, seg := range sh.table {
		if seg != nil {
			release(seg.mem)
			sh.account(-int64(len(seg.mem)))
		}
	}
	sh.account(-sh.counted)
	sh.counted, sh.youngs = 0, 0
	sh.index, sh.table, sh.free, sh.young, sh.old, sh.ghosts = map[uint64]place{}, nil, nil, nil, nil, nil
	sh.since = turn
	sh.flights = map[string]*Flight{} // who comes now does not wait for what is old
}
