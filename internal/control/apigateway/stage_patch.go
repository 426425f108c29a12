package apigateway

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// UpdateStage patches a stage. The patch and the check that what it points at
// is there commit together, so a stage never points at nothing.
func (s *Service) UpdateStage(ctx context.Context, in *v1.UpdateStageInput) (*v1.Stage, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.Stage, error) {
		key := api.StageKey(in.RestApiId, in.StageName)
		stage, err := find[api.Stage](tx, key, noStage)
		if err != nil {
			return nil, err
		}
		p := stagePatch{s: s, tx: tx, apiID: in.RestApiId}
		if err := p.table().apply(&stage, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkCertificate(tx, stage.ClientCertificateID); err != nil {
			return nil, err
		}
		if err := checkVersion(tx, in.RestApiId, stage.DocumentationVer); err != nil {
			return nil, err
		}
		if err := s.checkStageSize(&stage); err != nil {
			return nil, err
		}
		stage.LastUpdatedDate = s.now()
		if err := store.Put(tx, key, stage); err != nil {
			return nil, err
		}
		return wireStage(stage), nil
	})
}

// stagePatch is one PATCH of a stage under way.
type stagePatch struct {
	s     *Service
	tx    store.Tx
	apiID string

	// dropped is what an earlier operation of this PATCH took out of the
	// canary's overrides: promotions take them away before they copy them.
	dropped map[string]string
}

// table is what a PATCH may do to a stage. parity: spec/control-plane.md 3.9.
func (w *stagePatch) table() table[api.Stage] {
	return table[api.Stage]{unknown: w.methodSetting, refuse: refuseStage, rows: []row[api.Stage]{
		{path: "/deploymentId", replace: w.setDeployment, copy: w.promote},
		{path: "/description", replace: setText(func(st *api.Stage) **string { return &st.Description })},
		{path: "/clientCertificateId", replace: setText(func(st *api.Stage) **string { return &st.ClientCertificateID })},
		{path: "/documentationVersion", replace: setText(func(st *api.Stage) **string { return &st.DocumentationVer })},
		{path: "/cacheClusterEnabled", replace: func(st *api.Stage, p patch) error {
			st.CacheClusterEnabled = p.flag()
			setCacheStatus(st)
			return nil
		}},
		{path: "/cacheClusterSize", replace: setCacheSize},
		{path: "/tracingEnabled", replace: setFlag(func(st *api.Stage) *bool { return &st.TracingEnabled })},
		{path: "/variables", replace: setVariables, remove: dropVariables, copy: w.promote},
		{path: "/variables/{}", replace: setVariable, remove: dropVariable},
		{path: "/accessLogSettings", remove: dropAccessLog},
		{path: "/accessLogSettings/{}", add: w.setAccessLog, replace: w.setAccessLog, remove: dropAccessLogPart},
		{path: "/canarySettings", remove: dropCanary},
		{path: "/canarySettings/deploymentId", replace: w.setCanaryDeployment},
		{path: "/canarySettings/percentTraffic", replace: setPercentTraffic},
		{path: "/canarySettings/useStageCache", replace: func(st *api.Stage, p patch) error {
			canary(st).UseStageCache = p.flag()
			return nil
		}},
		{path: "/canarySettings/stageVariableOverrides", remove: w.dropOverrides},
		{path: "/canarySettings/stageVariableOverrides/{}", replace: setOverride, remove: dropOverride},
	}}
}

// refuseStage words why an operation is not done on a path that a stage has.
func refuseStage(p patch) error {
	if strings.HasPrefix(p.path, canaryPath) && p.op != "copy" {
		return refuseCanary(p)
	}
	switch p.op {
	case "remove":
		return noSetting(p)
	case "copy":
		return badCopy(p)
	}
	if p.path == "/accessLogSettings" {
		return bad(badAccessLogPath)
	}
	return badf("Invalid %s operation with path: %s", p.op, p.path)
}

const canaryPath = "/canarySettings"

// refuseCanary words why an operation is not done on a path of a canary.
// parity: spec/control-plane.md 2.4; recorded for adding a deployment.
func refuseCanary(p patch) error {
	leaf := strings.HasPrefix(p.path, canaryPath+"/stageVariableOverrides/") ||
		slices.Contains([]string{"/deploymentId", "/percentTraffic", "/useStageCache"}, p.path[len(canaryPath):])
	switch {
	case leaf:
		return badf("Invalid %s operation with path: %s", p.op, p.path)
	case p.op == "replace":
		return badSettingPath(p.path)
	}
	return badf("Cannot %s method setting %s because there is no method setting for this method ", p.op, p.path[1:])
}

// noSetting refuses to remove what is not set. The blank at the end is AWS's.
func noSetting(p patch) error {
	return badf("Cannot remove method setting %s because there is no method setting for this method ",
		strings.TrimPrefix(p.path, "/"))
}

func badCopy(p patch) error {
	return badf("Invalid copy operation with path: %s and from %s. "+
		"Valid copy:path are [/deploymentId, /variables] and "+
		"valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]", p.path, p.from)
}

func (w *stagePatch) setDeployment(st *api.Stage, p patch) error {
	if err := checkDeployment(w.tx, w.apiID, p.text(), fault.NotFound, noDeployment); err != nil {
		return err
	}
	st.DeploymentID = p.text()
	return nil
}

// promote takes over from the canary. Variables are merged; the canary stays.
func (w *stagePatch) promote(st *api.Stage, p patch) error {
	switch {
	case p.path == "/deploymentId" && p.from == "/canarySettings/deploymentId":
	case p.path == "/variables" && p.from == "/canarySettings/stageVariableOverrides":
	default:
		return badCopy(p)
	}
	if st.Canary == nil {
		return bad("Promotion not available. Canary does not exist.")
	}
	if p.path == "/deploymentId" {
		st.DeploymentID = st.Canary.DeploymentID
		return nil
	}
	if st.Variables == nil {
		st.Variables = map[string]string{}
	}
	maps.Copy(st.Variables, w.dropped)
	maps.Copy(st.Variables, st.Canary.StageVariableOverrides)
	return nil
}

func setCacheSize(st *api.Stage, p patch) error {
	if !slices.Contains(cacheSizes(), p.text()) {
		return badf("Invalid cache cluster size specified. Valid options are %s", strings.Join(cacheSizes(), ","))
	}
	st.CacheClusterSize = p.value
	return nil
}

func setVariables(st *api.Stage, p patch) error {
	all := map[string]string{}
	if err := json.Unmarshal([]byte(p.text()), &all); err != nil {
		return badf("Invalid stage variables specified: %s", p.text())
	}
	if err := checkVariables(all); err != nil {
		return err
	}
	st.Variables = all
	return nil
}

func dropVariables(st *api.Stage, p patch) error {
	if len(st.Variables) == 0 {
		return noSetting(p)
	}
	st.Variables = nil
	return nil
}

func setVariable(st *api.Stage, p patch) error {
	if err := checkVariable(p.args[0], p.text()); err != nil {
		return err
	}
	return setEntry(func(st *api.Stage) *map[string]string { return &st.Variables }, asText)(st, p)
}

func dropVariable(st *api.Stage, p patch) error {
	if _, ok := st.Variables[p.args[0]]; !ok {
		return noSetting(p)
	}
	delete(st.Variables, p.args[0])
	return nil
}

const badAccessLogPath = "Invalid accessLogSettings path. " +
	"Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]"

func (w *stagePatch) setAccessLog(st *api.Stage, p patch) error {
	if p.args[0] != "destinationArn" && p.args[0] != "format" {
		return bad(badAccessLogPath)
	}
	if p.text() == "" {
		return bad("Access Log value must not be empty")
	}
	if err := w.checkLogRole(); err != nil {
		return err
	}
	if st.AccessLog == nil {
		st.AccessLog = &api.AccessLogSettings{}
	}
	if p.args[0] == "format" {
		st.AccessLog.Format = p.value
		return checkFormat(p.text())
	}
	st.AccessLog.DestinationARN = given(strings.TrimSuffix(p.text(), ":*"))
	return w.s.checkDestination(p.text())
}

// checkLogRole refuses to switch logging on while the account has no role for
// it, if the service was told to.
func (w *stagePatch) checkLogRole() error {
	if !w.s.cfg.RequireLogRole {
		return nil
	}
	a, err := account(w.tx)
	if err == nil && a.CloudWatchRoleARN == nil {
		return bad("CloudWatch Logs role ARN must be set in account settings to enable logging")
	}
	return err
}

func dropAccessLog(st *api.Stage, p patch) error {
	if st.AccessLog == nil {
		return noSetting(p)
	}
	st.AccessLog = nil
	return nil
}

func dropAccessLogPart(st *api.Stage, p patch) error {
	a := st.AccessLog
	switch {
	case p.args[0] != "destinationArn" && p.args[0] != "format":
		return bad(badAccessLogPath)
	case a == nil:
		return noSetting(p)
	case p.args[0] == "destinationArn" && a.DestinationARN != nil:
		a.DestinationARN = nil
	case p.args[0] == "format" && a.Format != nil:
		a.Format = nil
	default:
		return noSetting(p)
	}
	if a.DestinationARN == nil && a.Format == nil {
		st.AccessLog = nil
	}
	return nil
}

// canary is the stage's canary; a stage without one gets one that shows what
// the stage shows, to nobody. parity: spec/control-plane.md 3.9, recorded.
func canary(st *api.Stage) *api.CanarySettings {
	if st.Canary == nil {
		st.Canary = &api.CanarySettings{DeploymentID: st.DeploymentID}
	}
	return st.Canary
}

func dropCanary(st *api.Stage, p patch) error {
	if st.Canary == nil {
		return noSetting(p)
	}
	st.Canary = nil
	return nil
}

func (w *stagePatch) setCanaryDeployment(st *api.Stage, p patch) error {
	if err := checkDeployment(w.tx, w.apiID, p.text(), fault.BadRequest, noCanaryDeployment); err != nil {
		return err
	}
	canary(st).DeploymentID = p.text()
	return nil
}

func setPercentTraffic(st *api.Stage, p patch) error {
	percent, err := strconv.ParseFloat(p.text(), 64)
	if err != nil {
		return badf("Invalid value specified for %s: %s", p.path, p.text())
	}
	canary(st).PercentTraffic = percent
	return checkCanary(st.Canary)
}

func (w *stagePatch) dropOverrides(st *api.Stage, p patch) error {
	if st.Canary == nil || len(st.Canary.StageVariableOverrides) == 0 {
		return noSetting(p)
	}
	w.dropped, st.Canary.StageVariableOverrides = st.Canary.StageVariableOverrides, nil
	return nil
}

func setOverride(st *api.Stage, p patch) error {
	if err := checkVariable(p.args[0], p.text()); err != nil {
		return err
	}
	overrides := func(c *api.CanarySettings) *map[string]string { return &c.StageVariableOverrides }
	return setEntry(overrides, asText)(canary(st), p)
}

func dropOverride(st *api.Stage, p patch) error {
	if st.Canary == nil {
		return noSetting(p)
	}
	if _, ok := st.Canary.StageVariableOverrides[p.args[0]]; !ok {
		return noSetting(p)
	}
	delete(st.Canary.StageVariableOverrides, p.args[0])
	return nil
}
