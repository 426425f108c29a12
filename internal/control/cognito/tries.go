package cognito

import (
	"sync"
	"time"
)

// Limits of what may be tried. parity: Cognito Developer Guide, "Lockout
// behavior for failed sign-in attempts": five wrong passwords, then a second's
// wait which doubles with each one more, up to about 15 minutes.
const (
	freeTries   = 5
	firstPause  = time.Second
	longPause   = 15 * time.Minute
	forgetTries = 15 * time.Minute // after the last one
	maxTries    = 100_000          // who is remembered
)

// tries remembers who failed of late. It is the process's own: a restart
// forgets it.
type tries struct {
	mu  sync.Mutex
	who map[string]try
}

type try struct {
	failed int
	last   time.Time
	until  time.Time
}

func newTries() *tries { return &tries{who: map[string]try{}} }

// allowed says whether one may try now.
func (t *tries) allowed(who string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !now.Before(t.who[who].until)
}

// begin counts a try before it is known how it ends, so that many at once are
// no way around the limit. It is false for one that may not be made.
func (t *tries) begin(who string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.who[who]
	if now.Before(x.until) {
		return false
	}
	if now.Sub(x.last) > forgetTries && now.Sub(x.until) > forgetTries {
		x = try{}
	}
	x.failed, x.last = x.failed+1, now
	if over := x.failed - freeTries; over >= 0 {
		x.until = now.Add(min(longPause, firstPause<<min(over, 12)))
	}
	t.room(now)
	t.who[who] = x
	return true
}

// room drops who is forgotten, and somebody else if that is not enough: never
// everybody, so that a flood of names frees few.
func (t *tries) room(now time.Time) {
	if len(t.who) < maxTries {
		return
	}
	dropped := 0
	for who, x := range t.who {
		if now.Sub(x.last) > forgetTries || dropped < maxTries/100 {
			delete(t.who, who)
			dropped++
		}
	}
}

// forgive forgets the failures of who has succeeded.
func (t *tries) forgive(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.who, who)
}

// usedUp remembers what may be used once, for as long as it could be used.
type usedUp struct {
	mu   sync.Mutex
	what map[string]time.Time
	next time.Time // when to look for what is over
}

func newUsedUp() *usedUp { return &usedUp{what: map[string]time.Time{}} }

// first says whether something is used for the first time.
func (u *usedUp) first(what string, until, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now.After(u.next) {
		for x, end := range u.what {
			if now.After(end) {
				delete(u.what, x)
			}
		}
		u.next = now.Add(time.Minute)
	}
	if _, there := u.what[what]; there {
		return false
	}
	u.what[what] = until
	return true
}
