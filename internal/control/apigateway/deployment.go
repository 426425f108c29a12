package apigateway

import (
	"context"
	"errors"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// CreateDeployment freezes an API. The deployment, its content and the stage
// that is to show it commit together, so no stage ever shows half of one.
func (s *Service) CreateDeployment(ctx context.Context, in *v1.CreateDeploymentInput) (*v1.Deployment, error) {
	if in.CanarySettings != nil && text(in.StageName) == "" {
		return nil, bad("Invalid deployment content specified." +
			"Non null and non empty stageName must be provided for canary deployment. Provided value is " + orNull(in.StageName))
	}
	return update(ctx, s, func(tx store.Tx) (*v1.Deployment, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		stage, err := s.stageToDeploy(tx, in)
		if err != nil {
			return nil, err
		}
		frozen, err := snapshot.FreezeREST(tx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		if err := checkDeployable(&frozen); err != nil {
			return nil, err
		}
		d := api.Deployment{Description: in.Description, CreatedDate: s.now()}
		key := func(id string) store.Key { return api.DeploymentKey(in.RestApiId, id) }
		if d.ID, err = s.freshID(tx, idLength, key); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key(d.ID), d); err != nil {
			return nil, err
		}
		if err := store.Put(tx, api.SnapshotKey(in.RestApiId, d.ID), frozen); err != nil {
			return nil, err
		}
		if stage != nil {
			if err := s.deployTo(tx, stage, d.ID, in); err != nil {
				return nil, err
			}
		}
		return wireDeployment(d), nil
	})
}

// checkDeployable refuses to freeze what could not answer a request.
func checkDeployable(r *snapshot.REST) error {
	if len(r.Methods) == 0 {
		return bad("The REST API doesn't contain any methods")
	}
	if slices.ContainsFunc(r.Methods, func(m api.Method) bool { return m.Integration == nil }) {
		return bad("No integration defined for method")
	}
	// parity: spec/security.md 3.1.
	if r.API.EndpointType == private && r.API.Policy == nil {
		return bad("Private REST API doesn't have a resource policy attached to it")
	}
	return nil
}

// stageToDeploy finds the stage that a deployment is for, or makes a new one;
// nil: it is for none. A canary needs a stage that is there.
func (s *Service) stageToDeploy(tx store.Tx, in *v1.CreateDeploymentInput) (*api.Stage, error) {
	if text(in.StageName) == "" {
		return nil, nil //nolint:nilnil // no stage and no error
	}
	stage, err := store.Get[api.Stage](tx, api.StageKey(in.RestApiId, *in.StageName))
	switch {
	case err == nil:
		return &stage, nil
	case !errors.Is(err, store.ErrMissing):
		return nil, err
	case in.CanarySettings != nil:
		return nil, badf("Invalid deployment content specified."+
			"Stage %s must already be created before making a canary release deployment", *in.StageName)
	}
	if err := checkStageName(*in.StageName); err != nil {
		return nil, err
	}
	return s.newStage(*in.StageName), s.room(tx, QuotaStages, api.Stages(in.RestApiId))
}

// deployTo makes a stage show a deployment: the stage itself, or its canary if
// one was asked for or is under way.
// parity: spec/rest-data-plane.md 8.3.
func (s *Service) deployTo(tx store.Tx, stage *api.Stage, deployment string, in *v1.CreateDeploymentInput) error {
	switch {
	case in.CanarySettings != nil:
		stage.Canary = &api.CanarySettings{
			DeploymentID: deployment, PercentTraffic: value(in.CanarySettings.PercentTraffic),
			StageVariableOverrides: in.CanarySettings.StageVariableOverrides,
			UseStageCache:          isTrue(in.CanarySettings.UseStageCache),
		}
		if err := checkCanary(stage.Canary); err != nil {
			return err
		}
	case stage.Canary != nil:
		stage.Canary.DeploymentID = deployment
	default:
		stage.DeploymentID = deployment
	}
	if in.StageDescription != nil {
		stage.Description = in.StageDescription
	}
	if in.Variables != nil {
		stage.Variables = in.Variables
	}
	if in.TracingEnabled != nil {
		stage.TracingEnabled = *in.TracingEnabled
	}
	if in.CacheClusterSize != nil {
		stage.CacheClusterSize = in.CacheClusterSize
	}
	if in.CacheClusterEnabled != nil {
		stage.CacheClusterEnabled = *in.CacheClusterEnabled
	}
	setCacheStatus(stage)
	if err := checkVariables(stage.Variables); err != nil {
		return err
	}
	if err := s.checkStageSize(stage); err != nil {
		return err
	}
	stage.LastUpdatedDate = s.now()
	return store.Put(tx, api.StageKey(in.RestApiId, stage.Name), *stage)
}

// GetDeployment reads a deployment; embed=apisummary adds what is in it.
func (s *Service) GetDeployment(ctx context.Context, in *v1.GetDeploymentInput) (*v1.Deployment, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Deployment, error) {
		d, err := find[api.Deployment](tx, api.DeploymentKey(in.RestApiId, in.DeploymentId), noDeployment)
		if err != nil {
			return nil, err
		}
		out := wireDeployment(d)
		if slices.Contains(in.Embed, "apisummary") {
			frozen, err := store.Get[snapshot.REST](tx, api.SnapshotKey(in.RestApiId, d.ID))
			if err != nil {
				return nil, err
			}
			out.ApiSummary = summary(&frozen)
		}
		return out, nil
	})
}

// summary is path -> verb -> how callers are let in.
func summary(r *snapshot.REST) map[string]map[string]v1.MethodSnapshot {
	paths := make(map[string]string, len(r.Resources))
	for _, res := range r.Resources {
		paths[res.ID] = res.Path
	}
	out := map[string]map[string]v1.MethodSnapshot{}
	for _, m := range r.Methods {
		path := paths[m.ResourceID]
		if out[path] == nil {
			out[path] = map[string]v1.MethodSnapshot{}
		}
		out[path][m.HTTPMethod] = v1.MethodSnapshot{
			AuthorizationType: &m.AuthorizationType, ApiKeyRequired: &m.APIKeyRequired,
		}
	}
	return out
}

// GetDeployments lists an API's deployments, in the order of their ids.
func (s *Service) GetDeployments(ctx context.Context, in *v1.GetDeploymentsInput) (*v1.Deployments, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Deployments, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		all, next, err := page[api.Deployment](tx, api.Deployments(in.RestApiId), in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.Deployments{Position: next, Items: each(all, func(d api.Deployment) v1.Deployment {
			return *wireDeployment(d)
		})}, nil
	})
}

// UpdateDeployment patches a deployment's description; its content never changes.
func (s *Service) UpdateDeployment(ctx context.Context, in *v1.UpdateDeploymentInput) (*v1.Deployment, error) {
	patches := table[api.Deployment]{manners: namesPaths, rows: []row[api.Deployment]{
		{path: "/description", replace: setText(func(d *api.Deployment) **string { return &d.Description })},
	}}
	return update(ctx, s, func(tx store.Tx) (*v1.Deployment, error) {
		key := api.DeploymentKey(in.RestApiId, in.DeploymentId)
		d, err := find[api.Deployment](tx, key, noDeployment)
		if err != nil {
			return nil, err
		}
		if err := patches.apply(&d, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, d); err != nil {
			return nil, err
		}
		return wireDeployment(d), nil
	})
}

// DeleteDeployment removes a deployment and its content. That no stage shows
// it, nor a canary, commits with the removal.
func (s *Service) DeleteDeployment(
	ctx context.Context, in *v1.DeleteDeploymentInput,
) (*v1.DeleteDeploymentOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteDeploymentOutput, error) {
		key := api.DeploymentKey(in.RestApiId, in.DeploymentId)
		d, err := find[api.Deployment](tx, key, noDeployment)
		if err != nil {
			return nil, err
		}
		for stage, err := range store.Scan[api.Stage](tx, api.Stages(in.RestApiId), "") {
			if err != nil {
				return nil, err
			}
			if stage.DeploymentID == d.ID || stage.Canary != nil && stage.Canary.DeploymentID == d.ID {
				return nil, bad("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		if err := drop(tx, api.SnapshotKey(in.RestApiId, d.ID)); err != nil {
			return nil, err
		}
		return &v1.DeleteDeploymentOutput{}, tx.Delete(key)
	})
}

// checkDeployment refuses a deployment that is not there.
func checkDeployment(tx store.Tx, apiID, id string, kind fault.Kind, text string) error {
	there, err := exists(tx, api.DeploymentKey(apiID, id))
	if err == nil && !there {
		return kind.New(nil, text)
	}
	return err
}

func wireDeployment(d api.Deployment) *v1.Deployment {
	return &v1.Deployment{Id: &d.ID, Description: d.Description, CreatedDate: &d.CreatedDate}
}

// value is an optional number; absent is zero.
func value[T any](v *T) T {
	var zero T
	if v == nil {
		return zero
	}
	return *v
}
