package api

import (
	"encoding/json"
	"fmt"
)

// GrantPrincipal is who a statement of a function's policy speaks of: a
// service, an AWS principal, or everybody. It is written as AWS writes it:
// {"Service":"..."}, {"AWS":"..."} or "*".
type GrantPrincipal struct {
	Kind  string // Service, AWS, or empty for everybody
	Value string // "*" if Kind is empty
}

// MarshalJSON writes AWS's form.
func (p GrantPrincipal) MarshalJSON() ([]byte, error) {
	if p.Kind == "" {
		return json.Marshal(p.Value)
	}
	return json.Marshal(map[string]string{p.Kind: p.Value})
}

// UnmarshalJSON reads AWS's form.
func (p *GrantPrincipal) UnmarshalJSON(doc []byte) error {
	*p = GrantPrincipal{}
	if len(doc) > 0 && doc[0] == '"' {
		return json.Unmarshal(doc, &p.Value)
	}
	var m map[string]string
	if err := json.Unmarshal(doc, &m); err != nil {
		return fmt.Errorf("principal: %w", err)
	}
	if len(m) != 1 {
		return fmt.Errorf("principal has %d members, want 1", len(m))
	}
	for p.Kind, p.Value = range m { // the one member there is
	}
	return nil
}
