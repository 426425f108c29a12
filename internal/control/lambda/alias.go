package lambda

import (
	"context"
	"errors"
	"maps"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// CreateAlias names a version. The versions it points to exist when it commits.
func (s *Service) CreateAlias(ctx context.Context, in *model.CreateAliasInput) (*model.AliasConfiguration, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	a := api.FunctionAlias{Name: in.Name, RevisionID: uuid.NewString()}
	set(&a.Description, in.Description)
	err = s.change(ctx, name, func(tx store.Tx) error {
		fn, err := s.function(tx, name, "")
		if err != nil {
			return err
		}
		if _, err := tx.Get(api.FunctionAliasKey(name, in.Name)); err == nil {
			return conflict("Alias already exists: " + s.here.arn(name, in.Name))
		} else if !errors.Is(err, store.ErrMissing) {
			return err
		}
		if err := s.point(tx, &fn, &a, &in.FunctionVersion, in.RoutingConfig); err != nil {
			return err
		}
		return store.Put(tx, api.FunctionAliasKey(name, in.Name), a)
	})
	if err != nil {
		return nil, err
	}
	return s.alias(name, &a), nil
}

// UpdateAlias changes where an alias points, or what it says.
func (s *Service) UpdateAlias(ctx context.Context, in *model.UpdateAliasInput) (*model.AliasConfiguration, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	var a api.FunctionAlias
	err = s.change(ctx, name, func(tx store.Tx) error {
		fn, err := s.function(tx, name, "")
		if err != nil {
			return err
		}
		if a, err = get[api.FunctionAlias](tx, api.FunctionAliasKey(name, in.Name), notFound("Alias not found: "+s.here.arn(name, in.Name))); err != nil {
			return err
		}
		if in.RevisionId != nil && *in.RevisionId != a.RevisionID {
			return stale("GetFunction/GetAlias")
		}
		set(&a.Description, in.Description)
		a.RevisionID = uuid.NewString()
		if err := s.point(tx, &fn, &a, in.FunctionVersion, in.RoutingConfig); err != nil {
			return err
		}
		return store.Put(tx, api.FunctionAliasKey(name, in.Name), a)
	})
	if err != nil {
		return nil, err
	}
	return s.alias(name, &a), nil
}

// point makes a point to a version and shares calls with another; what is nil
// stays as it is.
func (s *Service) point(tx store.Tx, fn *api.Function, a *api.FunctionAlias, version *string, routing *model.AliasRoutingConfiguration) error {
	set(&a.Version, version)
	if routing != nil {
		a.Weights = nil
		if len(routing.AdditionalVersionWeights) > 0 {
			a.Weights = maps.Clone(routing.AdditionalVersionWeights)
		}
	}
	if len(a.Weights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	if a.Version != api.Latest && !isVersion(a.Version) {
		return noFunction(s.here.arn(fn.Name, a.Version)) // an alias of an alias
	}
	if _, err := s.version(tx, fn, a.Version); err != nil {
		return err
	}
	for other, share := range a.Weights {
		switch {
		case other == a.Version:
			return invalid("Invalid function version " + other + ". Function version " + other + " is already included in routing configuration.")
		case a.Version == api.Latest || other == api.Latest:
			return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
		case share < 0 || share > 1:
			return invalid("The weight of function version " + other + " must be between 0.0 and 1.0.")
		case !isVersion(other):
			return noFunction(s.here.arn(fn.Name, other))
		}
		if _, err := s.version(tx, fn, other); err != nil {
			return err
		}
	}
	return nil
}

// GetAlias shows an alias.
func (s *Service) GetAlias(ctx context.Context, in *model.GetAliasInput) (*model.AliasConfiguration, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	var a api.FunctionAlias
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		if _, err := s.function(tx, name, ""); err != nil {
			return err
		}
		a, err = get[api.FunctionAlias](tx, api.FunctionAliasKey(name, in.Name), notFound("Cannot find alias arn: "+s.here.arn(name, in.Name)))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.alias(name, &a), nil
}

// DeleteAlias removes an alias and what hangs on it. One that does not exist
// is gone already.
func (s *Service) DeleteAlias(ctx context.Context, in *model.DeleteAliasInput) (*model.DeleteAliasOutput, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, name, func(tx store.Tx) error {
		if _, err := s.function(tx, name, ""); err != nil {
			return err
		}
		return drop(tx, append(hangingOn(name, in.Name), api.FunctionAliasKey(name, in.Name))...)
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteAliasOutput{}, nil
}

// ListAliases lists the aliases of a function, or those that point to a version.
func (s *Service) ListAliases(ctx context.Context, in *model.ListAliasesInput) (*model.ListAliasesResponse, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	items := []model.AliasConfiguration{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		items = items[:0]
		if _, err := s.function(tx, name, ""); err != nil {
			return err
		}
		for a, err := range store.Scan[api.FunctionAlias](tx, api.FunctionAliases(name), "") {
			if err != nil {
				return err
			}
			_, weighted := a.Weights[deref(in.FunctionVersion)]
			if in.FunctionVersion == nil || weighted || a.Version == *in.FunctionVersion {
				items = append(items, *s.alias(name, &a))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	items, next, err := page(items, in.Marker, in.MaxItems)
	return &model.ListAliasesResponse{Aliases: items, NextMarker: next}, err
}

func (s *Service) alias(name string, a *api.FunctionAlias) *model.AliasConfiguration {
	c := &model.AliasConfiguration{
		AliasArn:        new(s.here.arn(name, a.Name)),
		Name:            new(a.Name),
		FunctionVersion: new(a.Version),
		Description:     new(a.Description),
		RevisionId:      new(a.RevisionID),
	}
	if len(a.Weights) > 0 {
		c.RoutingConfig = &model.AliasRoutingConfiguration{AdditionalVersionWeights: a.Weights}
	}
	return c
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
