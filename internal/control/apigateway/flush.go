package apigateway

import (
	"context"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// FlushStageAuthorizersCache forgets what the authorizers of a stage have
// found out: the next request of every caller asks them again.
// parity: spec/security.md 4.6.
func (s *Service) FlushStageAuthorizersCache(
	ctx context.Context, in *v1.FlushStageAuthorizersCacheInput,
) (*v1.FlushStageAuthorizersCacheOutput, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.FlushStageAuthorizersCacheOutput, error) {
		if _, err := find[api.Stage](tx, api.StageKey(in.RestApiId, in.StageName), noStage); err != nil {
			return nil, err
		}
		if s.cfg.FlushAuthorizers != nil {
			s.cfg.FlushAuthorizers(in.RestApiId, in.StageName)
		}
		return &v1.FlushStageAuthorizersCacheOutput{}, nil
	})
}

// FlushStageCache empties the cache of a stage: the stage's generation is part
// of what its cache is known by, so every process that serves the stage finds
// an empty one. A stage without a cache has nothing to lose.
// parity: spec/rest-data-plane.md 9.1.
func (s *Service) FlushStageCache(ctx context.Context, in *v1.FlushStageCacheInput) (*v1.FlushStageCacheOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.FlushStageCacheOutput, error) {
		key := api.StageKey(in.RestApiId, in.StageName)
		stage, err := find[api.Stage](tx, key, noStage)
		if err != nil {
			return nil, err
		}
		stage.CacheGeneration++
		return &v1.FlushStageCacheOutput{}, store.Put(tx, key, stage)
	})
}
