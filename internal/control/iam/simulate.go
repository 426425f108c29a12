package iam

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	engine "github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

func (s *Service) simulateHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"SimulateCustomPolicy":             wire.Op(s.SimulateCustomPolicy),
		"SimulatePrincipalPolicy":          wire.Op(s.SimulatePrincipalPolicy),
		"GetContextKeysForCustomPolicy":    wire.Op(s.GetContextKeysForCustomPolicy),
		"GetContextKeysForPrincipalPolicy": wire.Op(s.GetContextKeysForPrincipalPolicy),
	}
}

// named is a policy with what a simulation calls it.
type named struct {
	id, kind string
	policy   *engine.Policy
}

// given compiles the documents that a simulation is given.
func given(texts []string, prefix, kind string) (all []named, err error) {
	for i, text := range texts {
		p, err := engine.Parse([]byte(text), engine.Identity)
		if err != nil {
			return nil, reason(err)
		}
		all = append(all, named{prefix + "." + strconv.Itoa(i+1), kind, p})
	}
	return all, nil
}

// held are the policies of a user, group or role, and the boundary of its
// permissions.
func (s *Service) held(ctx context.Context, arn string) (all []named, boundary *engine.Policy, err error) {
	kind, name, ok := entityOf(arn)
	if !ok {
		return nil, nil, invalid("Invalid Entity Arn: %s does not clearly define entity type and name.", arn)
	}
	err = s.store.View(ctx, func(tx store.Tx) error {
		all, boundary = nil, nil
		var id api.Identity
		switch kind {
		case "user":
			u, err := users().get(tx, name)
			if err != nil {
				return err
			}
			for _, g := range u.Groups {
				group, err := groups().get(tx, g)
				if err != nil {
					return err
				}
				if err := s.gather(tx, &all, "group", group.Identity); err != nil {
					return err
				}
			}
			id = u.Identity
		case "role":
			r, err := roles().get(tx, name)
			if err != nil {
				return err
			}
			id = r.Identity
		default:
			g, err := groups().get(tx, name)
			if err != nil {
				return err
			}
			id = g.Identity
		}
		if id.Boundary != nil {
			var err error
			if boundary, err = s.text(tx, *id.Boundary); err != nil {
				return err
			}
		}
		return s.gather(tx, &all, kind, id)
	})
	return all, boundary, err
}

// entityOf takes the ARN of a user, group or role apart.
func entityOf(arn string) (kind, name string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" {
		return "", "", false
	}
	kind, rest, ok := strings.Cut(parts[5], "/")
	return kind, rest[strings.LastIndexByte(rest, '/')+1:], ok && (kind == "user" || kind == "role" || kind == "group")
}

// gather adds the policies of an identity.
func (s *Service) gather(tx store.Tx, all *[]named, kind string, id api.Identity) error {
	for _, name := range slices.Sorted(maps.Keys(id.Inline)) {
		p, err := engine.Parse([]byte(id.Inline[name]), engine.Identity)
		if err != nil {
			return reason(err)
		}
		*all = append(*all, named{kind + "_" + id.Name + "_" + name, kind, p})
	}
	for _, arn := range id.Attached {
		p, err := s.text(tx, arn)
		if err != nil {
			return err
		}
		*all = append(*all, named{arn[strings.LastIndexByte(arn, '/')+1:], "IAM Policy", p})
	}
	return nil
}

// text is the text of a managed policy; of one of AWS's that is not known here
// it is empty.
func (s *Service) text(tx store.Tx, arn string) (*engine.Policy, error) {
	p, ok := s.awsPolicy(arn)
	if !ok {
		var err error
		if p, err = s.policy(tx, arn); err != nil {
			if strings.Contains(arn, "::"+awsOwned+":") {
				return &engine.Policy{}, nil
			}
			return nil, err
		}
	}
	i, err := version(p, p.Default)
	if err != nil {
		return nil, err
	}
	out, err := engine.Parse([]byte(p.Versions[i].Document), engine.Identity)
	return out, reason(err)
}

// simulation is what both operations ask.
type simulation struct {
	policies  []named
	boundary  *engine.Policy
	resource  *string
	owner     *string
	caller    *string
	actions   []string
	resources []string
	context   []iam.ContextEntry
}

// SimulateCustomPolicy tells what policies would decide.
func (s *Service) SimulateCustomPolicy(_ context.Context, in *iam.SimulateCustomPolicyInput) (*iam.SimulatePolicyResponse, error) {
	policies, err := given(in.PolicyInputList, "PolicyInputList", "IAM Policy")
	if err != nil {
		return nil, err
	}
	m := simulation{
		policies: policies, resource: in.ResourcePolicy, owner: in.ResourceOwner, caller: in.CallerArn,
		actions: in.ActionNames, resources: in.ResourceArns, context: in.ContextEntries,
	}
	if m.boundary, err = only(in.PermissionsBoundaryPolicyInputList); err != nil {
		return nil, err
	}
	return m.run(in.Marker, in.MaxItems)
}

// SimulatePrincipalPolicy tells what the policies of a user, group or role
// would decide, with others added.
func (s *Service) SimulatePrincipalPolicy(ctx context.Context, in *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePolicyResponse, error) {
	policies, boundary, err := s.held(ctx, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	more, err := given(in.PolicyInputList, "PolicyInputList", "IAM Policy")
	if err != nil {
		return nil, err
	}
	m := simulation{
		policies: append(policies, more...), boundary: boundary, resource: in.ResourcePolicy, owner: in.ResourceOwner, caller: in.CallerArn,
		actions: in.ActionNames, resources: in.ResourceArns, context: in.ContextEntries,
	}
	if m.caller == nil && strings.Contains(in.PolicySourceArn, ":user/") {
		m.caller = &in.PolicySourceArn
	}
	if len(in.PermissionsBoundaryPolicyInputList) > 0 {
		if m.boundary, err = only(in.PermissionsBoundaryPolicyInputList); err != nil {
			return nil, err
		}
	}
	return m.run(in.Marker, in.MaxItems)
}

// only is the one policy of a list that has one at most.
func only(texts []string) (*engine.Policy, error) {
	all, err := given(texts, "PermissionsBoundaryPolicyInputList", "IAM Permissions Boundary Policy")
	switch {
	case err != nil || len(all) == 0:
		return nil, err
	case len(all) > 1:
		return nil, invalid("Only one permissions boundary policy can be simulated.")
	}
	return all[0].policy, nil
}

// run decides each action on each resource.
func (m *simulation) run(marker *string, size *int32) (*iam.SimulatePolicyResponse, error) {
	var resource *engine.Policy
	if m.resource != nil {
		var err error
		if resource, err = engine.Parse([]byte(*m.resource), engine.Resource); err != nil {
			return nil, reason(err)
		}
	}
	resources := m.resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	all := []iam.EvaluationResult{}
	for _, action := range m.actions {
		for _, on := range resources {
			all = append(all, m.decide(action, on, resource))
		}
	}
	list, end, err := part(all, marker, size)
	return &iam.SimulatePolicyResponse{EvaluationResults: list, IsTruncated: end.truncated, Marker: end.marker}, err
}

// decide decides one action on one resource.
func (m *simulation) decide(action, on string, resource *engine.Policy) iam.EvaluationResult {
	r := engine.Request{Action: action, Resource: on, Principal: &engine.Principal{Kind: engine.User}}
	if m.caller != nil {
		r.Principal.ARN = *m.caller
		if parts := strings.SplitN(*m.caller, ":", 6); len(parts) == 6 {
			r.Principal.Account = parts[4]
		}
	}
	for _, e := range m.context {
		if e.ContextKeyName == nil {
			continue
		}
		a := engine.Attribute{Key: strings.ToLower(*e.ContextKeyName), Values: e.ContextKeyValues}
		if len(a.Values) == 1 && !strings.HasSuffix(text(e.ContextKeyType), "List") {
			a.Value, a.Values = a.Values[0], nil
		}
		r.Attributes = append(r.Attributes, a)
	}
	policies := engine.Policies{Boundary: m.boundary, Resource: resource}
	for _, p := range m.policies {
		policies.Identity = append(policies.Identity, p.policy)
	}
	if m.owner != nil {
		if parts := strings.SplitN(*m.owner, ":", 6); len(parts) == 6 {
			policies.Owner = parts[4]
		}
	}
	d := policies.Decide(&r)
	out := iam.EvaluationResult{
		EvalActionName: action, EvalResourceName: &on, EvalDecision: d.Outcome.String(),
		MatchedStatements: []iam.Statement{}, MissingContextValues: m.missing(&r, resource),
	}
	if d.Source == engine.FromIdentity && d.Policy >= 0 && d.Policy < len(m.policies) {
		p := m.policies[d.Policy]
		out.MatchedStatements = append(out.MatchedStatements, iam.Statement{SourcePolicyId: &p.id, SourcePolicyType: &p.kind})
	}
	if m.boundary != nil {
		allowed := m.boundary.Evaluate(&r).Effect == engine.Allow
		out.PermissionsBoundaryDecisionDetail = &iam.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: &allowed}
	}
	return out
}

// missing are the keys that policies ask for and the simulation was not given.
func (m *simulation) missing(r *engine.Request, resource *engine.Policy) []string {
	asked := map[string]bool{}
	for _, p := range append(slices.Clone(m.policies), named{policy: resource}, named{policy: m.boundary}) {
		if p.policy == nil {
			continue
		}
		for _, key := range p.policy.Keys() {
			asked[key] = true
		}
	}
	for _, a := range r.Attributes {
		delete(asked, a.Key)
	}
	return append([]string{}, slices.Sorted(maps.Keys(asked))...)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// GetContextKeysForCustomPolicy lists the condition keys of policies.
func (s *Service) GetContextKeysForCustomPolicy(_ context.Context, in *iam.GetContextKeysForCustomPolicyInput) (*iam.GetContextKeysForPolicyResponse, error) {
	policies, err := given(in.PolicyInputList, "PolicyInputList", "IAM Policy")
	if err != nil {
		return nil, err
	}
	m := simulation{policies: policies}
	return &iam.GetContextKeysForPolicyResponse{ContextKeyNames: m.missing(&engine.Request{}, nil)}, nil
}

// GetContextKeysForPrincipalPolicy lists the condition keys of the policies of
// a user, group or role.
func (s *Service) GetContextKeysForPrincipalPolicy(ctx context.Context, in *iam.GetContextKeysForPrincipalPolicyInput) (*iam.GetContextKeysForPolicyResponse, error) {
	policies, _, err := s.held(ctx, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	more, err := given(in.PolicyInputList, "PolicyInputList", "IAM Policy")
	if err != nil {
		return nil, err
	}
	m := simulation{policies: append(policies, more...)}
	return &iam.GetContextKeysForPolicyResponse{ContextKeyNames: m.missing(&engine.Request{}, nil)}, nil
}
