package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// createDeployment freezes the API; with a StageName it makes or moves a stage.
func createDeployment(ctx context.Context, j *job) error {
	in := &apigateway.CreateDeploymentInput{}
	stage, _ := j.props["StageDescription"].(map[string]any)
	props := with(j.props, map[string]any{"StageDescription": stage["Description"]})
	for _, p := range []string{"CacheClusterEnabled", "CacheClusterSize", "Variables", "TracingEnabled"} {
		props[p] = stage[p]
	}
	props["CanarySettings"] = j.props["DeploymentCanarySettings"]
	if err := fill(in, props); err != nil {
		return err
	}
	out, err := call[apigateway.Deployment](ctx, j, apiGateway, "CreateDeployment", in)
	if err != nil {
		return err
	}
	j.made(*out.Id, map[string]any{"DeploymentId": *out.Id})
	if stage == nil || in.StageName == nil {
		return nil
	}
	ops := stagePatches(nil, stage)
	if len(ops) == 0 {
		return nil
	}
	return j.do(ctx, apiGateway, "UpdateStage", &apigateway.UpdateStageInput{RestApiId: in.RestApiId, StageName: *in.StageName, PatchOperations: ops})
}

func updateDeployment(ctx context.Context, j *job) error {
	return j.do(ctx, apiGateway, "UpdateDeployment", &apigateway.UpdateDeploymentInput{
		RestApiId: j.text("RestApiId"), DeploymentId: j.record.PhysicalID,
		PatchOperations: []apigateway.PatchOperation{replaceOp("/description", j.text("Description"))},
	})
}

// removeDeployment leaves a deployment that a stage still runs: as on AWS, where
// the stage goes with the API.
func removeDeployment(ctx context.Context, j *job) error {
	err := j.do(ctx, apiGateway, "DeleteDeployment", &apigateway.DeleteDeploymentInput{RestApiId: j.text("RestApiId"), DeploymentId: j.record.PhysicalID})
	if err != nil && strings.Contains(err.Error(), "Active stages") {
		return nil
	}
	return err
}

func createStage(ctx context.Context, j *job) error {
	in := &apigateway.CreateStageInput{}
	props := with(j.props, map[string]any{"CanarySettings": j.props["CanarySetting"]})
	if err := fill(in, props); err != nil {
		return err
	}
	j.tries(in.StageName)
	stage, err := call[apigateway.Stage](ctx, j, apiGateway, "CreateStage", in)
	if err != nil {
		return err
	}
	j.made(*stage.StageName, nil)
	ops := stagePatches(nil, with(j.props, map[string]any{"Description": nil, "Variables": nil, "CacheClusterEnabled": nil, "CacheClusterSize": nil, "TracingEnabled": nil, "DocumentationVersion": nil}))
	if len(ops) == 0 {
		return nil
	}
	err = j.do(ctx, apiGateway, "UpdateStage", &apigateway.UpdateStageInput{RestApiId: in.RestApiId, StageName: in.StageName, PatchOperations: ops})
	if err != nil {
		return errors.Join(err, removeStage(ctx, j))
	}
	return nil
}

func updateStage(ctx context.Context, j *job) error {
	ops := stagePatches(j.old, j.props)
	if changed(j.old["DeploymentId"], j.props["DeploymentId"]) {
		ops = append(ops, replaceOp("/deploymentId", j.text("DeploymentId")))
	}
	ops = append(ops, canaryPatches(j)...)
	if len(ops) == 0 {
		return nil
	}
	return j.do(ctx, apiGateway, "UpdateStage", &apigateway.UpdateStageInput{
		RestApiId: j.text("RestApiId"), StageName: j.record.PhysicalID, PatchOperations: ops,
	})
}

func removeStage(ctx context.Context, j *job) error {
	return j.do(ctx, apiGateway, "DeleteStage", &apigateway.DeleteStageInput{RestApiId: j.text("RestApiId"), StageName: j.record.PhysicalID})
}

// stagePatches turn a stage's old properties into new ones, but for its
// deployment and canary. It also serves StageDescription of a deployment.
func stagePatches(old, props map[string]any) []apigateway.PatchOperation {
	var ops []apigateway.PatchOperation
	for property, path := range map[string]string{
		"Description": "/description", "CacheClusterEnabled": "/cacheClusterEnabled", "CacheClusterSize": "/cacheClusterSize",
		"TracingEnabled": "/tracingEnabled", "ClientCertificateId": "/clientCertificateId", "DocumentationVersion": "/documentationVersion",
	} {
		if changed(old[property], props[property]) {
			ops = append(ops, replaceOp(path, text(props[property])))
		}
	}
	ops = append(ops, mapPatches("/variables/", old["Variables"], props["Variables"])...)
	log, _ := firstObject(props["AccessLogSetting"], props["AccessLogSettings"])
	for property, path := range map[string]string{"DestinationArn": "/accessLogSettings/destinationArn", "Format": "/accessLogSettings/format"} {
		if v := text(log[property]); v != "" {
			ops = append(ops, replaceOp(path, v))
		}
	}
	for _, m := range objects(props["MethodSettings"]) {
		ops = append(ops, settingPatches(m)...)
	}
	// StageDescription may hold the settings of "*/*" themselves
	ops = append(ops, settingPatches(with(props, map[string]any{"ResourcePath": "/*", "HttpMethod": "*"}))...)
	sort.SliceStable(ops, func(a, b int) bool { return *ops[a].Path < *ops[b].Path })
	return ops
}

func firstObject(values ...any) (map[string]any, bool) {
	for _, v := range values {
		if m, ok := v.(map[string]any); ok {
			return m, true
		}
	}
	return nil, false
}

func mapPatches(prefix string, old, now any) []apigateway.PatchOperation {
	was, _ := old.(map[string]any)
	is, _ := now.(map[string]any)
	var ops []apigateway.PatchOperation
	for name, v := range is {
		if changed(was[name], v) {
			ops = append(ops, replaceOp(prefix+escape(name), text(v)))
		}
	}
	for name := range was {
		if _, kept := is[name]; !kept {
			ops = append(ops, patch("remove", prefix+escape(name)))
		}
	}
	return ops
}

// settingPatches set what a MethodSettings entry says.
func settingPatches(m map[string]any) []apigateway.PatchOperation {
	path, verb := strings.TrimPrefix(text(m["ResourcePath"]), "/"), text(m["HttpMethod"])
	if path == "" && verb == "" {
		return nil
	}
	var ops []apigateway.PatchOperation
	for property, suffix := range map[string]string{
		"MetricsEnabled": "metrics/enabled", "LoggingLevel": "logging/loglevel", "DataTraceEnabled": "logging/dataTrace",
		"ThrottlingBurstLimit": "throttling/burstLimit", "ThrottlingRateLimit": "throttling/rateLimit",
		"CachingEnabled": "caching/enabled", "CacheTtlInSeconds": "caching/ttlInSeconds", "CacheDataEncrypted": "caching/dataEncrypted",
	} {
		if v := text(m[property]); v != "" {
			ops = append(ops, replaceOp(fmt.Sprintf("/%s/%s/%s", escape(path), verb, suffix), v))
		}
	}
	return ops
}

func canaryPatches(j *job) []apigateway.PatchOperation {
	if !changed(j.old["CanarySetting"], j.props["CanarySetting"]) {
		return nil
	}
	canary, _ := j.props["CanarySetting"].(map[string]any)
	if canary == nil {
		return []apigateway.PatchOperation{patch("remove", "/canarySettings")}
	}
	var ops []apigateway.PatchOperation
	for property, path := range map[string]string{"DeploymentId": "/canarySettings/deploymentId", "PercentTraffic": "/canarySettings/percentTraffic", "UseStageCache": "/canarySettings/useStageCache"} {
		if v := text(canary[property]); v != "" {
			ops = append(ops, replaceOp(path, v))
		}
	}
	before, _ := j.old["CanarySetting"].(map[string]any)
	return append(ops, mapPatches("/canarySettings/stageVariableOverrides/", before["StageVariableOverrides"], canary["StageVariableOverrides"])...)
}
