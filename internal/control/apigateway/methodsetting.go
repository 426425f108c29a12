package apigateway

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
)

// methodSetting carries out an operation on a path that the table of a stage
// has no row for: /{resource path}/{VERB}/{group}/{setting}, or with remove
// /{resource path}/{VERB}. The stage keeps the resource path as it was sent,
// without the slash in front.
// parity: spec/control-plane.md 3.9, "Method settings keys".
func (w *stagePatch) methodSetting(st *api.Stage, p patch) error {
	if p.op == "remove" {
		key := strings.TrimPrefix(p.path, "/")
		if _, ok := st.MethodSettings[key]; !ok {
			return noSetting(p)
		}
		delete(st.MethodSettings, key)
		return nil
	}
	if p.op == "copy" {
		return badCopy(p)
	}
	if strings.HasPrefix(p.path, canaryPath) {
		return refuseCanary(p)
	}
	key, set := settingAt(p.path)
	if set == nil {
		return badSettingPath(p.path)
	}
	if p.op != "replace" {
		return badf("Invalid %s operation with path: %s", p.op, p.path)
	}
	m, ok := st.MethodSettings[key]
	if !ok {
		m = w.s.defaultSetting()
	}
	if err := set(&m, p); err != nil {
		return err
	}
	if (m.LoggingLevel != nil && *m.LoggingLevel != "OFF") || m.DataTraceEnabled {
		if err := w.checkLogRole(); err != nil {
			return err
		}
	}
	if st.MethodSettings == nil {
		st.MethodSettings = map[string]api.MethodSetting{}
	}
	st.MethodSettings[key] = m
	return nil
}

// defaultSetting is what a method's settings are once one of them is set.
// parity: spec/control-plane.md 3.9; UpdateStage shows caching as enabled.
func (s *Service) defaultSetting() api.MethodSetting {
	return api.MethodSetting{
		ThrottlingBurstLimit: s.cfg.BurstLimit, ThrottlingRateLimit: s.cfg.RateLimit,
		CachingEnabled: true, CacheTTLSeconds: 300, RequireAuthForCache: true,
		UnauthorizedCacheHeader: cacheStrategies()[1],
	}
}

func cacheStrategies() []string {
	return []string{"FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"}
}

// settingAt finds the setting that a path ends with, and the key before it;
// nil: there is none.
func settingAt(path string) (string, setter[api.MethodSetting]) {
	for _, r := range settings() {
		key, ok := strings.CutSuffix(path, r.path)
		if !ok || !strings.HasPrefix(key, "/") {
			continue
		}
		key = key[1:]
		if at := strings.LastIndexByte(key, '/'); at >= 0 && isVerb(key[at+1:]) {
			return key, r.replace
		}
	}
	return "", nil
}

func isVerb(verb string) bool {
	return slices.Contains([]string{"*", "GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}, verb)
}

// settings are the ends of the paths of method settings.
func settings() []row[api.MethodSetting] {
	return []row[api.MethodSetting]{
		{path: "/metrics/enabled", replace: setFlag(func(m *api.MethodSetting) *bool { return &m.MetricsEnabled })},
		{path: "/logging/loglevel", replace: setLogLevel},
		{path: "/logging/dataTrace", replace: setFlag(func(m *api.MethodSetting) *bool { return &m.DataTraceEnabled })},
		{path: "/throttling/burstLimit", replace: func(m *api.MethodSetting, p patch) (err error) {
			m.ThrottlingBurstLimit, err = p.number()
			return err
		}},
		{path: "/throttling/rateLimit", replace: setRateLimit},
		{path: "/caching/enabled", replace: setFlag(func(m *api.MethodSetting) *bool { return &m.CachingEnabled })},
		{path: "/caching/ttlInSeconds", replace: setCacheTTL},
		{path: "/caching/dataEncrypted", replace: setFlag(func(m *api.MethodSetting) *bool { return &m.CacheDataEncrypted })},
		{path: "/caching/requireAuthorizationForCacheControl", replace: setFlag(
			func(m *api.MethodSetting) *bool { return &m.RequireAuthForCache })},
		{path: "/caching/unauthorizedCacheControlHeaderStrategy", replace: setChoice(
			func(m *api.MethodSetting) *string { return &m.UnauthorizedCacheHeader },
			"UnauthorizedCacheControlHeaderStrategy", cacheStrategies()...)},
	}
}

func setLogLevel(m *api.MethodSetting, p patch) error {
	if !slices.Contains([]string{"OFF", "ERROR", "INFO"}, p.text()) {
		return bad("Invalid logging level specified. Valid options are OFF,ERROR,INFO")
	}
	m.LoggingLevel = p.value
	return nil
}

func setRateLimit(m *api.MethodSetting, p patch) error {
	rate, err := strconv.ParseFloat(p.text(), 64)
	if err != nil || math.IsNaN(rate) || rate > 1e15 {
		return badf("Invalid value specified for %s: %s", p.path, p.text())
	}
	m.ThrottlingRateLimit = rate
	return nil
}

func setCacheTTL(m *api.MethodSetting, p patch) error {
	ttl, err := p.number()
	if err != nil {
		return err
	}
	if ttl < 0 || ttl > 3600 {
		return bad("Invalid cache TTL specified. It must be between 0 and 3600 seconds")
	}
	m.CacheTTLSeconds = ttl
	return nil
}

// badSettingPath refuses a path that a stage does not have. The commas that are
// missing are missing in AWS's text as well.
// parity: spec/control-plane.md 3.9, verbatim.
func badSettingPath(path string) error {
	return badf("Invalid method setting path: %s. Must be one of: [%s]", path, "/deploymentId, /description, "+
		"/cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, "+
		"/accessLogSettings/destinationArn, /accessLogSettings/format, "+
		"/{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, "+
		"/{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit"+
		"/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, "+
		"/{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, "+
		"/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, "+
		"/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, "+
		"/*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit "+
		"/*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, "+
		"/*/*/caching/requireAuthorizationForCacheControl, "+
		"/*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled")
}
