package compile

import (
	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit/cache"
	"github.com/stagedoor/stagedoor/internal/step"
)

// stageCache is the cache of a stage, which its deployments and its canary
// share; nil: it has none, and what it had is gone.
func (c *compiler) stageCache(stage *api.Stage) *cache.Cache {
	if c.env.Caches == nil {
		return nil
	}
	name := step.CacheName(c.scope.APIID, stage)
	size := step.CacheSize(stage)
	if size == 0 {
		c.env.Caches.Drop(name)
		return nil
	}
	return c.env.Caches.Cache(name, step.CacheVersion(stage), size)
}

// cached makes the steps that keep the method's answers.
func (p *pipeline) cached() step.Cached {
	if p.cache == nil {
		return step.Cached{}
	}
	guarded := p.method.AuthorizationType != "" && p.method.AuthorizationType != "NONE"
	kept := p.scope.Cached(p.method, p.stage.MethodSettings, p.cache)
	if guarded && kept.Shared && p.env.Warn != nil {
		p.env.Warn(p.scope.APIID, p.scope.Stage, p.scope.Method+" "+p.scope.Resource+
			" asks who is calling, but its cache gives one caller's answers to all: no cache key parameter tells them apart")
	}
	return kept
}
