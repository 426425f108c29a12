package lambda

import (
	"context"
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	"github.com/stagedoor/stagedoor/internal/store"
)

// sweep removes code that no document refers to.
func (s *Service) sweep(ctx context.Context) {
	if err := s.sweepAfter(ctx, code.Grace); err != nil {
		s.log.Warn("function code not swept", "error", err)
	}
}

func (s *Service) sweepAfter(ctx context.Context, grace time.Duration) error {
	var live map[code.Sum]bool
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		live, err = usedCode(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("look for used code: %w", err)
	}
	return s.depot.Sweep(live, time.Now(), grace)
}

// usedCode is all code that documents refer to.
func usedCode(tx store.Tx) (map[code.Sum]bool, error) {
	live := map[code.Sum]bool{}
	add := func(text string) {
		if sum, err := code.ParseSum(text); err == nil {
			live[sum] = true
		}
	}
	version := func(v *api.FunctionVersion) {
		add(v.Code.Sum)
		for _, l := range v.Layers {
			add(l.Sum)
		}
	}
	for fn, err := range store.Scan[api.Function](tx, api.Functions, "") {
		if err != nil {
			return nil, err
		}
		version(&fn.Latest)
		for v, err := range store.Scan[api.FunctionVersion](tx, api.FunctionVersions(fn.Name), "") {
			if err != nil {
				return nil, err
			}
			version(&v)
		}
	}
	for l, err := range store.Scan[api.LayerVersion](tx, api.AllLayerVersions, "") {
		if err != nil {
			return nil, err
		}
		add(l.Code.Sum)
	}
	return live, nil
}
