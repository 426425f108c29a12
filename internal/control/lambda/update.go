package lambda

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// UpdateFunctionCode gives $LATEST other code, and with Publish makes a version
// of it in the same transaction. The code is on disk before that.
func (s *Service) UpdateFunctionCode(ctx context.Context, in *model.UpdateFunctionCodeInput) (*model.FunctionConfiguration, error) {
	return s.updateFunctionCode(ctx, in, false)
}

func (s *Service) updateFunctionCode(ctx context.Context, in *model.UpdateFunctionCodeInput, local bool) (*model.FunctionConfiguration, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	if in.ImageUri != nil {
		return nil, invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
	}
	if _, _, err := s.find(ctx, name, ""); err != nil {
		return nil, err // before the code is looked at
	}
	src := source{zip: in.ZipFile, bucket: in.S3Bucket, key: in.S3Key, version: in.S3ObjectVersion, local: local}
	kept, release, err := s.keep(ctx, src)
	if err != nil {
		return nil, err
	}
	defer release()
	frozen, thaw, err := s.freezeIf(ctx, in.Publish, kept)
	if err != nil {
		return nil, err
	}
	defer thaw()
	return s.update(ctx, name, updating{
		revision: in.RevisionId, publish: in.Publish, frozen: frozen, dryRun: in.DryRun != nil && *in.DryRun,
		edit: func(_ store.Tx, v *api.FunctionVersion) error {
			v.Code = kept
			if len(in.Architectures) > 0 {
				v.Architecture = in.Architectures[0]
			}
			return nil
		},
	})
}

// UpdateFunctionConfiguration changes the configuration of $LATEST. The layers
// that it names exist when it commits.
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *model.UpdateFunctionConfigurationInput) (*model.FunctionConfiguration, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	return s.update(ctx, name, updating{
		revision: in.RevisionId,
		edit: func(tx store.Tx, v *api.FunctionVersion) (err error) {
			if in.Layers != nil {
				if v.Layers, err = s.layers(tx, in.Layers); err != nil {
					return err
				}
			}
			return configure(v, name, in)
		},
	})
}

// unqualified reads the name of a call that is about $LATEST or the function
// as a whole.
func (s *Service) unqualified(text string) (string, error) {
	name, qualifier, err := s.here.target(text, nil)
	if err != nil {
		return "", err
	}
	if qualifier != "" && qualifier != api.Latest {
		return "", noFunction(s.here.arn(name, qualifier))
	}
	return name, nil
}

// updating is what an update of $LATEST is to do.
type updating struct {
	revision *string // the one the caller knows; nil: any
	publish  *bool
	frozen   api.FunctionCode // the code of the version to be published
	dryRun   bool
	edit     func(store.Tx, *api.FunctionVersion) error
}

// update runs one change of $LATEST in a transaction.
func (s *Service) update(ctx context.Context, name string, u updating) (*model.FunctionConfiguration, error) {
	var shown api.FunctionVersion
	run := func(tx store.Tx) error {
		fn, err := s.function(tx, name, "")
		if err != nil {
			return err
		}
		if u.revision != nil && *u.revision != fn.Latest.RevisionID {
			return stale("GetFunction/GetAlias")
		}
		if err := u.edit(tx, &fn.Latest); err != nil {
			return err
		}
		if err := checkSize(&fn.Latest); err != nil {
			return err
		}
		fn.Latest.RevisionID, fn.Latest.LastModified = uuid.NewString(), time.Now().UTC()
		if shown = fn.Latest; u.dryRun {
			return nil
		}
		if shown, err = publishIf(tx, u.publish, &fn, u.frozen, nil); err != nil {
			return err
		}
		return store.Put(tx, api.FunctionKey(name), fn)
	}
	var err error
	if u.dryRun {
		err = s.store.View(ctx, run)
	} else {
		err = s.change(ctx, name, run)
	}
	if err != nil {
		return nil, err
	}
	return s.configuration(name, published(&shown), &shown), nil
}
