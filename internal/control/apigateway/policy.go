package apigateway

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
)

const badPolicy = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."

// policyText is an API's resource policy as it is kept, with the short forms of
// its resources written out. An empty text is no policy.
// parity: spec/security.md 3.2.
func (s *Service) policyText(apiID, text string) (*string, error) {
	policy, err := compactPolicy(text)
	if policy == nil || err != nil {
		return nil, err
	}
	if err := s.length(QuotaPolicy, utf8.RuneCountInString(*policy)); err != nil {
		return nil, err
	}
	long := `"arn:` + s.cfg.Partition + ":execute-api:" + s.cfg.Region + ":" + s.cfg.Account + ":" + apiID + "/"
	text = strings.ReplaceAll(*policy, `"execute-api:/`, long)
	if _, err := iam.Parse([]byte(text), iam.Resource); err != nil {
		return nil, bad(badPolicy)
	}
	return &text, nil
}

// compactPolicy is a policy without white space, in the order of its author;
// nil: there is none.
func compactPolicy(text string) (*string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil //nolint:nilnil // no policy and no error
	}
	var doc struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &doc); err != nil || doc.Statement == nil {
		return nil, bad(badPolicy)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		return nil, bad(badPolicy)
	}
	return given(compact.String()), nil
}

// escapePolicy is a policy as callers see it: JSON text inside JSON text, so
// each quote and backslash has a backslash before it.
// parity: spec/control-plane.md 2.2.
func escapePolicy(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}
