package program

import "github.com/stagedoor/stagedoor/internal/limit/cache"

// CacheOutcome is what the stage's cache had for an exchange: what the metrics
// CacheHitCount and CacheMissCount count.
type CacheOutcome uint8

const (
	CacheNone CacheOutcome = iota // the method is not cached, or the cache was not asked
	CacheMiss                     // the integration was called
	CacheHit                      // the answer is the cache's
)

// Caching is what the steps of the stage's cache have found out.
type Caching struct {
	Outcome CacheOutcome
	// Ignored says that the client wanted a fresh answer and may not ask for one.
	Ignored bool
	// Key is what the answer is kept under, and Turn when the cache was asked.
	Key  cache.Key
	Turn uint64

	lead *cache.Flight
}

// Lead has others wait for the exchange until it lands, fails or ends.
func (x *Exchange) Lead(f *cache.Flight) { x.Caching.lead = f }

// Leads is what Lead was called with, nil if nobody waits.
func (x *Exchange) Leads() *cache.Flight { return x.Caching.lead }

// Land lets those go who wait for the exchange; alone: each by itself.
func (x *Exchange) Land(alone bool) {
	if x.Caching.lead != nil {
		x.Caching.lead.Land(alone)
		x.Caching.lead = nil
	}
}
