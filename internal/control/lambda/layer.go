package lambda

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// PublishLayerVersion makes a version of a layer, and the layer if there is
// none of that name. Its code is on disk before its document.
func (s *Service) PublishLayerVersion(ctx context.Context, in *model.PublishLayerVersionInput) (*model.PublishLayerVersionResponse, error) {
	return s.publishLayerVersion(ctx, in, false)
}

func (s *Service) publishLayerVersion(ctx context.Context, in *model.PublishLayerVersionInput, local bool) (*model.PublishLayerVersionResponse, error) {
	name, err := s.here.layerName(in.LayerName)
	if err != nil {
		return nil, err
	}
	if in.Content == nil {
		return nil, invalid("Please provide a source for layer content.")
	}
	kept, release, err := s.keep(ctx, source{
		zip: in.Content.ZipFile, bucket: in.Content.S3Bucket, key: in.Content.S3Key, version: in.Content.S3ObjectVersion, local: local,
	})
	if err != nil {
		return nil, err
	}
	defer release()
	frozen, thaw, err := s.freeze(ctx, kept) // a layer version never changes
	if err != nil {
		return nil, err
	}
	defer thaw()
	v := api.LayerVersion{
		Name: name, License: in.LicenseInfo, Runtimes: in.CompatibleRuntimes, Architectures: in.CompatibleArchitectures,
		Code: frozen, CreatedDate: time.Now().UTC(),
	}
	set(&v.Description, in.Description)
	err = s.store.Update(ctx, func(tx store.Tx) error {
		layer, err := store.Get[api.Layer](tx, api.LayerKey(name))
		if err != nil && !errors.Is(err, store.ErrMissing) {
			return err
		}
		layer.Name = name
		layer.LastVersion++
		v.Version = layer.LastVersion
		if err := store.Put(tx, api.LayerKey(name), layer); err != nil {
			return err
		}
		return store.Put(tx, api.LayerVersionKey(name, v.Version), v)
	})
	if err != nil {
		return nil, err
	}
	out := model.PublishLayerVersionResponse(*s.layer(&v))
	return &out, nil
}

// GetLayerVersion shows a version of a layer.
func (s *Service) GetLayerVersion(ctx context.Context, in *model.GetLayerVersionInput) (*model.GetLayerVersionResponse, error) {
	name, err := s.here.layerName(in.LayerName)
	if err != nil {
		return nil, err
	}
	if in.VersionNumber < 1 {
		return nil, invalid("Layer Version Cannot be less than 1")
	}
	return s.oneLayer(ctx, name, in.VersionNumber)
}

// GetLayerVersionByArn is GetLayerVersion for those who have the ARN.
func (s *Service) GetLayerVersionByArn(ctx context.Context, in *model.GetLayerVersionByArnInput) (*model.GetLayerVersionResponse, error) {
	name, version, ok := s.here.layerVersion(in.Arn)
	if !ok {
		return nil, noSuch()
	}
	return s.oneLayer(ctx, name, version)
}

func (s *Service) oneLayer(ctx context.Context, name string, version int64) (*model.GetLayerVersionResponse, error) {
	var v api.LayerVersion
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		v, err = get[api.LayerVersion](tx, api.LayerVersionKey(name, version), noSuch())
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.layer(&v), nil
}

// DeleteLayerVersion removes a version of a layer; functions that use it keep
// it. One that does not exist is gone already.
func (s *Service) DeleteLayerVersion(ctx context.Context, in *model.DeleteLayerVersionInput) (*model.DeleteLayerVersionOutput, error) {
	name, err := s.here.layerName(in.LayerName)
	if err != nil {
		return nil, err
	}
	if in.VersionNumber < 1 {
		return nil, invalid("Layer Version Cannot be less than 1")
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		return drop(tx, api.LayerVersionKey(name, in.VersionNumber))
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteLayerVersionOutput{}, nil
}

// ListLayerVersions lists the versions of a layer, the newest first.
func (s *Service) ListLayerVersions(ctx context.Context, in *model.ListLayerVersionsInput) (*model.ListLayerVersionsResponse, error) {
	name, err := s.here.layerName(in.LayerName)
	if err != nil {
		return nil, err
	}
	items := []model.LayerVersionsListItem{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		items = items[:0]
		for v, err := range store.Scan[api.LayerVersion](tx, api.LayerVersions(name), "") {
			if err != nil {
				return err
			}
			if compatible(&v, in.CompatibleRuntime, in.CompatibleArchitecture) {
				items = append(items, s.layerItem(&v))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(items)
	items, next, err := page(items, in.Marker, in.MaxItems)
	return &model.ListLayerVersionsResponse{LayerVersions: items, NextMarker: next}, err
}

// ListLayers lists layers by name, each with the newest version that fits.
func (s *Service) ListLayers(ctx context.Context, in *model.ListLayersInput) (*model.ListLayersResponse, error) {
	items := []model.LayersListItem{}
	err := s.store.View(ctx, func(tx store.Tx) error {
		items = items[:0]
		for v, err := range store.Scan[api.LayerVersion](tx, api.AllLayerVersions, "") {
			if err != nil {
				return err
			}
			if !compatible(&v, in.CompatibleRuntime, in.CompatibleArchitecture) {
				continue
			}
			item := s.layerItem(&v)
			if n := len(items); n > 0 && *items[n-1].LayerName == v.Name {
				items[n-1].LatestMatchingVersion = &item
				continue
			}
			items = append(items, model.LayersListItem{LayerName: new(v.Name), LayerArn: new(s.here.layerARN(v.Name, 0)), LatestMatchingVersion: &item})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	items, next, err := page(items, in.Marker, in.MaxItems)
	return &model.ListLayersResponse{Layers: items, NextMarker: next}, err
}

// compatible says whether a layer version is for a runtime and an architecture.
func compatible(v *api.LayerVersion, runtime, architecture *string) bool {
	return (runtime == nil || slices.Contains(v.Runtimes, *runtime)) &&
		(architecture == nil || slices.Contains(v.Architectures, *architecture))
}

// layerItem is a layer version as lists show it.
func (s *Service) layerItem(v *api.LayerVersion) model.LayerVersionsListItem {
	return model.LayerVersionsListItem{
		LayerVersionArn: new(s.here.layerARN(v.Name, v.Version)), Version: new(v.Version), Description: new(v.Description),
		CreatedDate: new(modified(v.CreatedDate)), CompatibleArchitectures: v.Architectures, CompatibleRuntimes: v.Runtimes, LicenseInfo: v.License,
	}
}

// layer is a layer version as AWS shows it, with where its code can be fetched.
func (s *Service) layer(v *api.LayerVersion) *model.GetLayerVersionResponse {
	sum := ""
	if raw, err := code.ParseSum(v.Code.Sum); err == nil {
		sum = raw.Base64()
	}
	return &model.GetLayerVersionResponse{
		Content: &model.LayerVersionContentOutput{
			Location: new(s.codeURL("", v.Code)), CodeSha256: new(sum), CodeSize: new(v.Code.Size),
		},
		LayerArn: new(s.here.layerARN(v.Name, 0)), LayerVersionArn: new(s.here.layerARN(v.Name, v.Version)),
		Description: new(v.Description), CreatedDate: new(modified(v.CreatedDate)), Version: new(v.Version),
		CompatibleArchitectures: v.Architectures, CompatibleRuntimes: v.Runtimes, LicenseInfo: v.License,
	}
}
