package apigateway

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Names of quotas.
const (
	QuotaRegionalAPIs = "regional-apis"
	QuotaEdgeAPIs     = "edge-apis"
	QuotaPrivateAPIs  = "private-apis"
	QuotaResources    = "resources"
	QuotaStages       = "stages"
	QuotaVariables    = "stage-variables"
	QuotaAuthorizers  = "authorizers"
	QuotaParts        = "documentation-parts"
	QuotaKeys         = "api-keys"
	QuotaPlans        = "usage-plans"
	QuotaPlansOfKey   = "usage-plans-per-key"
	QuotaThrottles    = "method-throttles"
	QuotaCertificates = "client-certificates"
	QuotaLinks        = "vpc-links"
	QuotaDomains      = "domain-names"
	QuotaPolicy       = "policy-length"
	QuotaAccessLog    = "access-log-format"
	QuotaTemplate     = "template-length"
)

// Unlimited is a quota that is none.
const Unlimited = -1

// Quota is how many of a thing there may be, or how large it may get.
type Quota struct {
	Name    string
	Default int    // AWS's
	Of      string // what is counted, as the refusal calls it
	For     string // what there may be so many in, as the refusal calls it
}

// Quotas is the table of all quotas, with AWS's values.
// parity: spec/control-plane.md 8.3.
func Quotas() []Quota {
	const account, restAPI = "account", "API"
	return []Quota{
		{QuotaRegionalAPIs, 600, "Regional APIs", account},
		{QuotaEdgeAPIs, 120, "Edge-optimized APIs", account},
		{QuotaPrivateAPIs, 600, "Private APIs", account},
		{QuotaResources, 300, "resources", restAPI},
		{QuotaStages, 10, "stages", restAPI},
		{QuotaVariables, 100, "stage variables", "stage"},
		{QuotaAuthorizers, 10, "authorizers", restAPI},
		{QuotaParts, 2000, "documentation parts", restAPI},
		{QuotaKeys, 10000, "API keys", account},
		{QuotaPlans, 300, "usage plans", account},
		{QuotaPlansOfKey, 10, "usage plans", "API key"},
		{QuotaThrottles, 20, "method throttles", "API stage of a usage plan"},
		{QuotaCertificates, 60, "client certificates", account},
		{QuotaLinks, 20, "VPC links", account},
		{QuotaDomains, 120, "domain names", account},
		{QuotaPolicy, 8192, "characters", "resource policy"},
		{QuotaAccessLog, 3072, "bytes", "access log format"},
		{QuotaTemplate, 300 << 10, "bytes", "mapping template"},
	}
}

// ReadQuotas reads "NAME=N", in which N may be "none"; "all=none" lifts those
// that are not named.
func ReadQuotas(settings []string) (map[string]int, error) {
	all, out := Quotas(), map[string]int{}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		n, err := strconv.Atoi(value)
		if value == "none" {
			n, err = Unlimited, nil
		}
		if err != nil || n < 0 && value != "none" {
			return nil, fmt.Errorf("quota %q: want NAME=N or NAME=none", setting)
		}
		if name == "all" && value == "none" {
			for _, q := range all {
				if _, named := out[q.Name]; !named {
					out[q.Name] = n
				}
			}
			continue
		}
		if !slices.ContainsFunc(all, func(q Quota) bool { return q.Name == name }) {
			return nil, fmt.Errorf("quota %q: there is no such quota", name)
		}
		out[name] = n
	}
	return out, nil
}

// limits are the quotas of a service by name.
func limits(changed map[string]int) map[string]Quota {
	out := map[string]Quota{}
	for _, q := range Quotas() {
		if n, ok := changed[q.Name]; ok {
			q.Default = n
		}
		out[q.Name] = q
	}
	return out
}

// within refuses n of what a quota counts.
func (s *Service) within(name string, n int) error {
	q := s.limits[name]
	if q.Default == Unlimited || n <= q.Default {
		return nil
	}
	return &fault.Error{
		Kind: fault.TooMany, Type: "LimitExceededException", Fields: map[string]string{"retryAfterSeconds": "60"},
		Message: fmt.Sprintf("Maximum number of %s for this %s has been reached. Please contact AWS if you need additional %s.", q.Of, q.For, q.Of),
	}
}

// length refuses a text that is longer than a quota.
func (s *Service) length(name string, n int) error {
	q := s.limits[name]
	if q.Default == Unlimited || n <= q.Default {
		return nil
	}
	return badf("Invalid %s: it can have at most %d %s", q.For, q.Default, q.Of)
}

// room refuses one more document under a prefix than a quota allows. It looks
// at no more documents than that: for small quotas.
func (s *Service) room(tx store.Tx, name string, prefix store.Key) error {
	most := s.limits[name].Default
	if most == Unlimited {
		return nil
	}
	n := 1
	for _, err := range tx.Scan(prefix, "") {
		if err != nil {
			return err
		}
		if n++; n > most {
			break
		}
	}
	return s.within(name, n)
}

// tally adds n to a count and refuses more than a quota allows. Counts that
// may become large are documents, so that nothing is ever counted again.
func (s *Service) tally(tx store.Tx, name string, key store.Key, n int) error {
	if n == 0 {
		return nil
	}
	count, err := store.Get[int](tx, key)
	if err != nil && !errors.Is(err, store.ErrMissing) {
		return err
	}
	if count += n; count <= 0 {
		return drop(tx, key)
	}
	if n > 0 {
		if err := s.within(name, count); err != nil {
			return err
		}
	}
	return store.Put(tx, key, count)
}

// tallyAPI counts APIs of a type.
func (s *Service) tallyAPI(tx store.Tx, kind string, n int) error {
	name := map[string]string{edge: QuotaEdgeAPIs, regional: QuotaRegionalAPIs, private: QuotaPrivateAPIs}[kind]
	return s.tally(tx, name, api.CountKey(name), n)
}

// tallyResources counts the resources of an API, its root not among them.
func (s *Service) tallyResources(tx store.Tx, apiID string, n int) error {
	return s.tally(tx, QuotaResources, api.ResourceCountKey(apiID), n)
}

func (s *Service) tallyKeys(tx store.Tx, n int) error {
	return s.tally(tx, QuotaKeys, api.CountKey(QuotaKeys), n)
}

// checkStageSize refuses a stage that has too much of something.
func (s *Service) checkStageSize(st *api.Stage) error {
	n := len(st.Variables)
	if st.Canary != nil {
		n = max(n, len(st.Canary.StageVariableOverrides))
	}
	if err := s.within(QuotaVariables, n); err != nil || st.AccessLog == nil {
		return err
	}
	return s.length(QuotaAccessLog, len(text(st.AccessLog.Format)))
}

// checkTemplates refuses a template that is too long.
func checkTemplates[V string | *string](s *Service, templates map[string]V) error {
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		n := 0
		switch v := any(templates[name]).(type) {
		case string:
			n = len(v)
		case *string:
			n = len(text(v))
		}
		if err := s.length(QuotaTemplate, n); err != nil {
			return err
		}
	}
	return nil
}
