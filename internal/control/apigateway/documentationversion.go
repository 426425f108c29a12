package apigateway

import (
	"context"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// CreateDocumentationVersion freezes an API's parts under a label, and shows
// it on a stage if one is named.
func (s *Service) CreateDocumentationVersion(
	ctx context.Context, in *v1.CreateDocumentationVersionInput,
) (*v1.DocumentationVersion, error) {
	if in.DocumentationVersion == "" {
		return nil, bad("Documentation version must be non-empty")
	}
	if err := checkName("Documentation version", in.DocumentationVersion); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.DocumentationVersion, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		key := api.DocumentationVersionKey(in.RestApiId, in.DocumentationVersion)
		if there, err := exists(tx, key); err != nil || there {
			return nil, takenOr(err, "Documentation version %s already exists", in.DocumentationVersion)
		}
		parts, err := store.All[api.DocumentationPart](tx, api.DocumentationParts(in.RestApiId))
		if err != nil {
			return nil, err
		}
		v := api.DocumentationVersion{
			Version: in.DocumentationVersion, CreatedDate: s.now(), Description: in.Description, Parts: parts,
		}
		if err := store.Put(tx, key, v); err != nil {
			return nil, err
		}
		if in.StageName == nil {
			return wireVersion(v), nil
		}
		stageKey := api.StageKey(in.RestApiId, *in.StageName)
		stage, err := find[api.Stage](tx, stageKey, noStage)
		if err != nil {
			return nil, err
		}
		stage.DocumentationVer, stage.LastUpdatedDate = &v.Version, s.now()
		return wireVersion(v), store.Put(tx, stageKey, stage)
	})
}

// checkVersion refuses a documentation version that is not there.
func checkVersion(tx store.Tx, apiID string, version *string) error {
	if text(version) == "" {
		return nil
	}
	_, err := find[api.DocumentationVersion](tx, api.DocumentationVersionKey(apiID, *version), noVersion)
	return err
}

// GetDocumentationVersion reads a version.
func (s *Service) GetDocumentationVersion(
	ctx context.Context, in *v1.GetDocumentationVersionInput,
) (*v1.DocumentationVersion, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.DocumentationVersion, error) {
		key := api.DocumentationVersionKey(in.RestApiId, in.DocumentationVersion)
		v, err := find[api.DocumentationVersion](tx, key, noVersion)
		if err != nil {
			return nil, err
		}
		return wireVersion(v), nil
	})
}

// GetDocumentationVersions lists an API's versions by their labels.
func (s *Service) GetDocumentationVersions(
	ctx context.Context, in *v1.GetDocumentationVersionsInput,
) (*v1.DocumentationVersions, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.DocumentationVersions, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		prefix := api.DocumentationVersions(in.RestApiId)
		all, next, err := page[api.DocumentationVersion](tx, prefix, in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.DocumentationVersions{Position: next, Items: each(all,
			func(v api.DocumentationVersion) v1.DocumentationVersion { return *wireVersion(v) })}, nil
	})
}

// UpdateDocumentationVersion patches a version's description; its parts never
// change.
func (s *Service) UpdateDocumentationVersion(
	ctx context.Context, in *v1.UpdateDocumentationVersionInput,
) (*v1.DocumentationVersion, error) {
	patches := table[api.DocumentationVersion]{manners: namesPaths, rows: []row[api.DocumentationVersion]{
		{path: "/description", replace: setText(func(v *api.DocumentationVersion) **string { return &v.Description })},
	}}
	return update(ctx, s, func(tx store.Tx) (*v1.DocumentationVersion, error) {
		key := api.DocumentationVersionKey(in.RestApiId, in.DocumentationVersion)
		v, err := find[api.DocumentationVersion](tx, key, noVersion)
		if err != nil {
			return nil, err
		}
		if err := patches.apply(&v, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, v); err != nil {
			return nil, err
		}
		return wireVersion(v), nil
	})
}

// DeleteDocumentationVersion removes a version that no stage shows.
func (s *Service) DeleteDocumentationVersion(
	ctx context.Context, in *v1.DeleteDocumentationVersionInput,
) (*v1.DeleteDocumentationVersionOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteDocumentationVersionOutput, error) {
		key := api.DocumentationVersionKey(in.RestApiId, in.DocumentationVersion)
		if _, err := find[api.DocumentationVersion](tx, key, noVersion); err != nil {
			return nil, err
		}
		for stage, err := range store.Scan[api.Stage](tx, api.Stages(in.RestApiId), "") {
			if err != nil {
				return nil, err
			}
			if text(stage.DocumentationVer) == in.DocumentationVersion {
				return nil, conflictf("Cannot delete documentation version '%s', is referenced in stage: %s",
					in.DocumentationVersion, stage.Name)
			}
		}
		return &v1.DeleteDocumentationVersionOutput{}, tx.Delete(key)
	})
}

func wireVersion(v api.DocumentationVersion) *v1.DocumentationVersion {
	return &v1.DocumentationVersion{Version: &v.Version, CreatedDate: &v.CreatedDate, Description: v.Description}
}
