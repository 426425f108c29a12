package step

import (
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// Keys finds API keys.
type Keys interface {
	// Find is what the value of an API key is good for in a stage and a method,
	// which usage.Stage and usage.Method name. ok is false if it is good for
	// nothing there.
	Find(value []byte, stage, method string) (g usage.Grant, ok bool)
}

// APIKey finds the request's key and refuses those that have none. The key is
// in the field x-api-key; with the source AUTHORIZER it is what the authorizer
// said, and the field counts for nothing.
// parity: spec/rest-data-plane.md 10.4.
func (s Scope) APIKey(keys Keys, source string) program.Step {
	stage, method := usage.Stage(s.APIID, s.Stage), usage.Method(s.Resource, s.Method)
	value, note := keyInField, "field x-api-key"
	if source == "AUTHORIZER" {
		value, note = keyOfAuthorizer, "usageIdentifierKey of the authorizer"
	}
	refused := program.InvalidAPIKey.Refuse(nil)
	return program.Step{Name: "api key", Note: note, Run: func(x *program.Exchange) error {
		g, ok := keys.Find(value(x), stage, method)
		if !ok {
			return refused
		}
		x.Grant = g
		return nil
	}}
}

func keyInField(x *program.Exchange) []byte { return x.Header("x-api-key") }

func keyOfAuthorizer(x *program.Exchange) []byte {
	if x.Caller == nil {
		return nil
	}
	return x.Keep(x.Caller.UsageKey)
}

// UsagePlan takes the request from the key's plan: from its throttle, then
// from its quota. It comes after APIKey.
// parity: spec/rest-data-plane.md 10.1, 10.2.
func UsagePlan() program.Step {
	throttled, exceeded := program.Throttled.Refuse(nil), program.QuotaExceeded.Refuse(nil)
	return program.Step{Name: "usage plan", Note: "throttle, then quota", Run: func(x *program.Exchange) error {
		switch x.Grant.Take() {
		case usage.Throttled:
			return throttled
		case usage.Exceeded:
			return exceeded
		default:
			return nil
		}
	}}
}
