package cache

import "slices"

// Shares and patience of eviction.
const (
	youngShare = 10 // one tenth of the bytes are of new entries
	attempts   = 8  // segments looked at before one leaves whatever is in it
)

// makeRoom takes size bytes for a segment. What is over goes first, then what
// was not asked for.
func (sh *shard) makeRoom(size, now int64) bool {
	sh.count()
	sh.dropOver(now)
	set := sh.store.set
	for tries := 0; ; tries++ {
		switch {
		case sh.takes(size):
			return true
		case size > sh.limit:
			return false
		case sh.taken+size <= sh.limit && sh.store.taken.Load() < set.share() && tries < attempts && set.steal(size):
			// others have more than their part
		case sh.segments() == 0:
			if tries >= attempts || !set.steal(size) {
				return false
			}
		default:
			sh.evict(now, tries >= attempts)
		}
	}
}

// count takes the bytes that the index has grown by, whether there are any or
// not: the next segments have to make up for it.
func (sh *shard) count() {
	n := int64(len(sh.index))*indexed - sh.counted
	sh.counted += n
	sh.taken += n
	sh.store.taken.Add(n)
	sh.store.set.used.Add(n)
}

// dropOver drops the segments in which nothing is good any longer.
func (sh *shard) dropOver(now int64) {
	over := func(seg *segment) bool { return seg.latest <= now }
	for slices.ContainsFunc(sh.young, over) {
		sh.drop(sh.young[slices.IndexFunc(sh.young, over)])
	}
	for slices.ContainsFunc(sh.old, over) {
		sh.drop(sh.old[slices.IndexFunc(sh.old, over)])
	}
}

// oldest is the segment that is to leave next.
func (sh *shard) oldest() *segment {
	if len(sh.young) > 0 && (len(sh.old) == 0 || sh.youngs*youngShare > sh.taken) {
		return sh.young[0]
	}
	return sh.old[0]
}

// dropOldest gives a whole segment back, whatever is in it.
func (sh *shard) dropOldest() int64 {
	seg := sh.oldest()
	sh.drop(seg)
	return int64(len(seg.mem))
}

// evict looks at the segment that is to leave next. What was asked for stays,
// packed together among the old; without anything that stays the segment is
// given back. all: nothing stays.
func (sh *shard) evict(now int64, all bool) {
	seg := sh.oldest()
	if all {
		sh.drop(seg)
		return
	}
	sh.unlink(seg)
	used := seg.used
	seg.used, seg.latest = 0, 0
	for at := 0; at < used; {
		e := entry(seg.mem[at:])
		stride := e.stride()
		if sh.stays(e, placeOf(seg.number, at), now, seg.old) {
			sh.move(e[:stride], seg)
		}
		at += stride
	}
	if seg.used == 0 {
		sh.giveBack(seg)
		return
	}
	seg.old = true
	sh.old = append(sh.old, seg)
}

// stays says whether an entry stays when its segment leaves. One that does
// not is forgotten.
func (sh *shard) stays(e entry, at place, now int64, old bool) bool {
	hash := e.hash()
	if p, ok := sh.index[hash]; !ok || p != at {
		return false
	}
	if now < e.expires() && e[atFreq] > 0 {
		if e[atFreq]--; !old {
			e[atFreq] = 0
		}
		return true
	}
	delete(sh.index, hash)
	if now < e.expires() {
		sh.store.evicted.Add(1)
		if !old {
			sh.haunt(hash)
		}
	}
	return false
}

// move copies an entry to the end of the old ones, or to the front of its own
// segment, which is being packed.
func (sh *shard) move(e entry, own *segment) {
	to := own
	if n := len(sh.old); n > 0 && sh.old[n-1].used+len(e) <= len(sh.old[n-1].mem) {
		to = sh.old[n-1]
	}
	hash := e.hash()
	to.latest = max(to.latest, e.expires())
	copy(to.mem[to.used:], e) // in its own segment never beyond where it was
	sh.index[hash] = placeOf(to.number, to.used)
	to.used += len(e)
}

// drop gives a segment back and forgets what lies in it.
func (sh *shard) drop(seg *segment) {
	for at := 0; at < seg.used; {
		e := entry(seg.mem[at:])
		if p, ok := sh.index[e.hash()]; ok && p == placeOf(seg.number, at) {
			delete(sh.index, e.hash())
			sh.store.evicted.Add(1)
		}
		at += e.stride()
	}
	sh.unlink(seg)
	sh.giveBack(seg)
}

// unlink takes a segment out of its queue.
func (sh *shard) unlink(seg *segment) {
	if seg.old {
		sh.old = slices.DeleteFunc(sh.old, func(s *segment) bool { return s == seg })
		return
	}
	sh.young = slices.DeleteFunc(sh.young, func(s *segment) bool { return s == seg })
	sh.youngs -= int64(len(seg.mem))
}

// giveBack gives the memory of a segment back.
func (sh *shard) giveBack(seg *segment) {
	sh.table[seg.number] = nil
	sh.free = append(sh.free, seg.number)
	release(seg.mem)
	sh.account(-int64(len(seg.mem)))
}
