package step

import (
	"fmt"
	"strconv"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/limit/cache"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Caches finds the cache of a stage, so that programs share it.
type Caches interface {
	// Cache is the cache of a name. What it held under another version or size
	// is gone.
	Cache(name, version string, size int64) *cache.Cache
	// Drop gives up the cache of a name.
	Drop(name string)
}

// Cached are the steps of a method whose answers are kept: Lookup answers what
// is known and else leads, Wait waits where another request leads already, and
// Fill, after the integration, keeps the answer. Without Fill nothing is kept.
type Cached struct {
	Lookup, Wait, Fill program.Step
	// Shared says that nothing of what only one caller knows tells answers apart.
	Shared bool
	buffer int64
}

// CacheSize is the capacity of a stage's cache, in bytes, from its size in GB.
// 0: it has none.
func CacheSize(stage *api.Stage) int64 {
	if !stage.CacheClusterEnabled || stage.CacheClusterSize == nil {
		return 0
	}
	gigabytes, err := strconv.ParseFloat(*stage.CacheClusterSize, 64)
	if err != nil || !(gigabytes > 0 && gigabytes < 1000) {
		return 0
	}
	return int64(gigabytes * (1 << 30))
}

// CacheName is the name of a stage's cache in Caches.
func CacheName(apiID string, stage *api.Stage) string { return apiID + "/" + stage.Name }

// CacheVersion tells the caches of a stage apart that it has one after the
// other: of a stage that was deleted and made again, or flushed.
func CacheVersion(stage *api.Stage) string {
	return strconv.FormatInt(stage.CreatedDate.UnixNano(), 36) + "." + strconv.FormatInt(stage.CacheGeneration, 36)
}

// Cached compiles the steps that keep a method's answers in c.
//
// Only GET is cached by a setting for all methods, another verb by one of its
// own. HEAD and what is streamed never are.
// parity: spec/rest-data-plane.md 9, 8.4.
func (s Scope) Cached(m *api.Method, settings map[string]api.MethodSetting, c *cache.Cache) Cached {
	in := m.Integration
	name, ok := s.settingOf(settings)
	own := ok && s.rank(name) == ownSetting
	if !ok || in == nil || in.ResponseTransferMode == "STREAM" || s.Method == "HEAD" || s.Method != "GET" && s.Method != "ANY" && !own {
		return Cached{}
	}
	set := settings[name]
	if !set.CachingEnabled || set.CacheTTLSeconds <= 0 {
		return Cached{}
	}
	key, err := s.cacheKey(in)
	if err != nil {
		return Cached{Lookup: program.Step{Name: "cache", Note: "off: " + err.Error(), Run: func(*program.Exchange) error { return nil }}}
	}
	a := &answers{
		cache: c, key: key, all: own, ttl: time.Duration(set.CacheTTLSeconds) * time.Second,
		patience: milliseconds(in.TimeoutMillis), codings: key.hasHeader("accept-encoding"),
		fresh: newFreshness(set.RequireAuthForCache, set.UnauthorizedCacheHeader),
	}
	a.look, a.makeKey = a.appendKept, key.appendTo
	note := fmt.Sprintf("%s, for %v (%s)", key.note(), a.ttl, name)
	return Cached{
		Lookup: program.Step{Name: "cache", Note: note, Run: a.lookup},
		Wait:   program.Step{Name: "wait", Note: fmt.Sprintf("for a request that asks the same, %v at most", a.patience), Waits: true, Run: a.wait},
		Fill:   program.Step{Name: "keep", Note: "the answer, up to 1 MiB", Run: a.fill},
		Shared: !key.personal(),
		buffer: s.MaxPayload(),
	}
}

// Buffered has the answer of an integration read whole where it may be kept.
func (c Cached) Buffered(in program.Step) program.Step {
	run := in.Run
	if c.Fill.Run == nil || run == nil {
		return in
	}
	in.Run = func(x *program.Exchange) error {
		err := run(x)
		if x.Caching.Outcome == program.CacheMiss && x.Call.Buffer == 0 {
			x.Call.Buffer = c.buffer
		}
		return err
	}
	return in
}

// answers are the kept answers of one method.
type answers struct {
	cache    *cache.Cache
	key      *cacheKey
	all      bool // verbs other than GET as well
	ttl      time.Duration
	patience time.Duration // with a request that leads
	codings  bool          // the key tells content codings apart
	fresh    freshness

	look, makeKey program.Variable // methods, made once so that requests need not
}

// lookup answers from the cache. Without an answer the request goes on: past
// Wait if it leads, else to it.
func (a *answers) lookup(x *program.Exchange) error {
	if !a.all && string(x.Method) != "GET" || string(x.Method) == "HEAD" {
		x.Skip()
		return nil
	}
	fresh, ignored, err := a.fresh.decide(x)
	if err != nil {
		return err
	}
	if a.key.readsQuery() {
		x.Query() // decoded into the exchange's memory before the key goes there
	}
	c := &x.Caching
	c.Ignored, c.Outcome = ignored, program.CacheMiss
	c.Key = a.cache.Key(x.KeepVariable(a.makeKey))
	if fresh || !c.Key.Fits() {
		c.Turn = a.cache.Turn()
		x.Skip()
		return nil
	}
	kept := x.KeepVariable(a.look)
	switch {
	case c.Outcome == program.CacheHit:
		a.recall(x, kept)
	case x.Leads() != nil:
		x.Skip()
	}
	return nil
}

// appendKept appends what the cache has. If it has nothing, the exchange leads,
// unless another one does.
func (a *answers) appendKept(x *program.Exchange, dst []byte) []byte {
	c := &x.Caching
	dst, ok, f, leads := a.cache.Look(dst, c.Key)
	switch {
	case ok:
		c.Outcome = program.CacheHit
	case leads:
		c.Turn = a.cache.Turn()
		x.Lead(f)
	}
	return dst
}

// recall makes what was kept the answer.
func (a *answers) recall(x *program.Exchange, kept []byte) {
	x.Caching.Outcome = program.CacheHit
	readAnswer(&x.Answer, kept)
	warn(x)
	x.Finish()
}

// wait waits for the request that leads. If that comes to nothing, the next one
// leads; if what came of it is nobody else's, or takes too long, all go on.
func (a *answers) wait(x *program.Exchange) error {
	patience := time.NewTimer(a.patience)
	defer patience.Stop()
	for {
		kept, ok, f, leads := a.cache.Look(nil, x.Caching.Key)
		if ok {
			a.recall(x, kept)
			return nil
		}
		x.Caching.Turn = a.cache.Turn()
		if leads {
			x.Lead(f)
			return nil
		}
		select {
		case <-f.Done():
			if f.Alone() {
				return nil
			}
		case <-patience.C:
			return nil
		case <-x.Context().Done():
			return program.IntegrationFailure.Refuse(x.Context().Err())
		}
	}
}

// fill keeps the answer, if it may be kept, and lets those go who wait for it.
func (a *answers) fill(x *program.Exchange) error {
	c := &x.Caching
	if c.Outcome != program.CacheMiss {
		return nil
	}
	alone := true
	if keepable(&x.Answer, a.codings) {
		alone = !a.cache.Put(c.Key, c.Turn, a.ttl, x.KeepVariable(appendHead), x.Answer.Body)
	}
	x.Land(alone)
	warn(x)
	return nil
}

// warn tells a client that wanted a fresh answer that it may not ask for one.
func warn(x *program.Exchange) {
	if x.Caching.Ignored {
		x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: nameWarning, Value: cacheIgnored})
	}
}
