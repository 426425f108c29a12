package apigateway

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// noCanaryDeployment is what a canary hears about a deployment that is not there.
const noCanaryDeployment = "Deployment id does not exist"

// CreateStage names a deployment. That the deployment is there commits with
// the stage, so a stage never points at nothing.
func (s *Service) CreateStage(ctx context.Context, in *v1.CreateStageInput) (*v1.Stage, error) {
	stage, err := s.stageOf(in)
	if err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.Stage, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		if err := checkDeployment(tx, in.RestApiId, in.DeploymentId, fault.NotFound, noDeployment); err != nil {
			return nil, err
		}
		if c := stage.Canary; c != nil {
			if err := checkDeployment(tx, in.RestApiId, c.DeploymentID, fault.BadRequest, noCanaryDeployment); err != nil {
				return nil, err
			}
		}
		if err := checkVersion(tx, in.RestApiId, stage.DocumentationVer); err != nil {
			return nil, err
		}
		key := api.StageKey(in.RestApiId, stage.Name)
		if there, err := exists(tx, key); err != nil || there {
			return nil, takenOr(err, "Stage already exists")
		}
		if err := s.room(tx, QuotaStages, api.Stages(in.RestApiId)); err != nil {
			return nil, err
		}
		if err := s.checkStageSize(stage); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, *stage); err != nil {
			return nil, err
		}
		return wireStage(*stage), nil
	})
}

// stageOf makes a stage of what CreateStage was told.
func (s *Service) stageOf(in *v1.CreateStageInput) (*api.Stage, error) {
	if err := checkStageName(in.StageName); err != nil {
		return nil, err
	}
	if err := checkVariables(in.Variables); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	stage := s.newStage(in.StageName)
	stage.DeploymentID, stage.Description, stage.Variables = in.DeploymentId, in.Description, in.Variables
	stage.CacheClusterEnabled, stage.CacheClusterSize = isTrue(in.CacheClusterEnabled), in.CacheClusterSize
	stage.DocumentationVer, stage.TracingEnabled, stage.Tags = in.DocumentationVersion, isTrue(in.TracingEnabled), in.Tags
	setCacheStatus(stage)
	if c := in.CanarySettings; c != nil {
		stage.Canary = &api.CanarySettings{
			DeploymentID: in.DeploymentId, PercentTraffic: value(c.PercentTraffic),
			StageVariableOverrides: c.StageVariableOverrides, UseStageCache: isTrue(c.UseStageCache),
		}
		if c.DeploymentId != nil {
			stage.Canary.DeploymentID = *c.DeploymentId
		}
		return stage, checkCanary(stage.Canary)
	}
	return stage, nil
}

// newStage is a stage that shows nothing yet.
func (s *Service) newStage(name string) *api.Stage {
	now := s.now()
	return &api.Stage{
		Name: name, CacheClusterStatus: cacheOff, MethodSettings: map[string]api.MethodSetting{},
		CreatedDate: now, LastUpdatedDate: now,
		CacheGeneration: s.cfg.Now().UnixNano(), // that of no stage which had the name before
	}
}

// States of a stage's cache.
const (
	cacheOn  = "AVAILABLE"
	cacheOff = "NOT_AVAILABLE"
)

func cacheSizes() []string {
	return []string{"0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"}
}

// setCacheStatus brings the state of the cache in line with its switch. Here
// it is on at once, and empty.
func setCacheStatus(stage *api.Stage) {
	before := stage.CacheClusterStatus
	stage.CacheClusterStatus = cacheOff
	if !stage.CacheClusterEnabled {
		return
	}
	stage.CacheClusterStatus = cacheOn
	if before != cacheOn {
		stage.CacheGeneration++
	}
	if stage.CacheClusterSize == nil {
		smallest := cacheSizes()[0]
		stage.CacheClusterSize = &smallest
	}
}

// What names and values may be made of. parity: spec/rest-data-plane.md 8.2.
var (
	stageName     = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
	variableName  = regexp.MustCompile(`^[a-zA-Z0-9_]{1,64}$`)
	variableValue = regexp.MustCompile(`^[A-Za-z0-9\-._~:/?#&=,]{1,512}$`)
)

func checkStageName(name string) error {
	if !stageName.MatchString(name) {
		return bad("Stage name only allows a-zA-Z0-9_-")
	}
	return nil
}

func checkVariables(variables map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if err := checkVariable(name, variables[name]); err != nil {
			return err
		}
	}
	return nil
}

func checkVariable(name, value string) error {
	if !variableName.MatchString(name) {
		return badf("Invalid stage variable name: %s. Names must match [A-Za-z0-9_]+", name)
	}
	if !variableValue.MatchString(value) {
		// parity: as AWS's users report it, quotes as they are; what is allowed is in spec/control-plane.md 3.9
		return badf("Invalid stage variable value: %s. Please use values with alphanumeric characters "+
			"and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.", value)
	}
	return nil
}

func checkCanary(c *api.CanarySettings) error {
	if !(c.PercentTraffic >= 0 && c.PercentTraffic <= 100) { // also refuses NaN
		return bad("Percent traffic must be between 0.0 and 100.0")
	}
	return checkVariables(c.StageVariableOverrides)
}

// GetStage reads a stage.
func (s *Service) GetStage(ctx context.Context, in *v1.GetStageInput) (*v1.Stage, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Stage, error) {
		stage, err := find[api.Stage](tx, api.StageKey(in.RestApiId, in.StageName), noStage)
		if err != nil {
			return nil, err
		}
		return wireStage(stage), nil
	})
}

// GetStages lists an API's stages, or those that show one deployment, by name.
func (s *Service) GetStages(ctx context.Context, in *v1.GetStagesInput) (*v1.Stages, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Stages, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		out := &v1.Stages{Item: []v1.Stage{}}
		for stage, err := range store.Scan[api.Stage](tx, api.Stages(in.RestApiId), "") {
			if err != nil {
				return nil, err
			}
			if in.DeploymentId == nil || stage.DeploymentID == *in.DeploymentId {
				out.Item = append(out.Item, *wireStage(stage))
			}
		}
		return out, nil
	})
}

// DeleteStage removes a stage; its deployment stays.
func (s *Service) DeleteStage(ctx context.Context, in *v1.DeleteStageInput) (*v1.DeleteStageOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteStageOutput, error) {
		key := api.StageKey(in.RestApiId, in.StageName)
		if _, err := find[api.Stage](tx, key, noStage); err != nil {
			return nil, err
		}
		return &v1.DeleteStageOutput{}, tx.Delete(key)
	})
}

// wireStage is a stage as callers see it; of empty maps only the method
// settings are shown. parity: spec/control-plane.md 3.9.
func wireStage(stage api.Stage) *v1.Stage {
	out := &v1.Stage{
		DeploymentId: &stage.DeploymentID, ClientCertificateId: stage.ClientCertificateID, StageName: &stage.Name,
		Description: stage.Description, CacheClusterEnabled: &stage.CacheClusterEnabled,
		CacheClusterSize: stage.CacheClusterSize, CacheClusterStatus: &stage.CacheClusterStatus,
		MethodSettings:       make(map[string]v1.MethodSetting, len(stage.MethodSettings)),
		DocumentationVersion: stage.DocumentationVer, TracingEnabled: &stage.TracingEnabled, WebAclArn: stage.WebACLARN,
		CreatedDate: &stage.CreatedDate, LastUpdatedDate: &stage.LastUpdatedDate,
	}
	for key, m := range stage.MethodSettings {
		out.MethodSettings[key] = v1.MethodSetting{
			MetricsEnabled: &m.MetricsEnabled, LoggingLevel: m.LoggingLevel, DataTraceEnabled: &m.DataTraceEnabled,
			ThrottlingBurstLimit: &m.ThrottlingBurstLimit, ThrottlingRateLimit: &m.ThrottlingRateLimit,
			CachingEnabled: &m.CachingEnabled, CacheTtlInSeconds: &m.CacheTTLSeconds, CacheDataEncrypted: &m.CacheDataEncrypted,
			RequireAuthorizationForCacheControl:    &m.RequireAuthForCache,
			UnauthorizedCacheControlHeaderStrategy: &m.UnauthorizedCacheHeader,
		}
	}
	if len(stage.Variables) > 0 {
		out.Variables = stage.Variables
	}
	if len(stage.Tags) > 0 {
		out.Tags = stage.Tags
	}
	if a := stage.AccessLog; a != nil {
		out.AccessLogSettings = &v1.AccessLogSettings{DestinationArn: a.DestinationARN, Format: a.Format}
	}
	if c := stage.Canary; c != nil {
		out.CanarySettings = &v1.CanarySettings{
			PercentTraffic: &c.PercentTraffic, DeploymentId: &c.DeploymentID, UseStageCache: &c.UseStageCache,
		}
		if len(c.StageVariableOverrides) > 0 {
			out.CanarySettings.StageVariableOverrides = c.StageVariableOverrides
		}
	}
	return out
}
