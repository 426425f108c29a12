package iam

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// takeApart reads the ARN of a managed policy: whose it is ("aws", or an
// account), its name and its path.
func (s *Service) takeApart(arn string) (owner, name, path string, err error) {
	rest, ok := strings.CutPrefix(arn, "arn:"+s.cfg.Partition+":iam::")
	owner, rest, ok2 := strings.Cut(rest, ":policy/")
	i := strings.LastIndexByte(rest, '/') + 1
	name, path = rest[i:], "/"+rest[:i]
	// parity: the model's policyNameType and policyPathType
	if !ok || !ok2 || name == "" || len(name) > 128 || len(path) > 512 || strings.ContainsAny(owner, ":/") {
		return "", "", "", invalid("ARN %s is not valid.", arn)
	}
	return owner, name, path, nil
}

const awsOwned = "aws"

// policy reads one of the account's own managed policies.
func (s *Service) policy(tx store.Tx, arn string) (api.ManagedPolicy, error) {
	_, name, _, err := s.takeApart(arn)
	if err != nil {
		return api.ManagedPolicy{}, err
	}
	p, err := store.Get[api.ManagedPolicy](tx, api.ManagedPolicyKey(name))
	if errors.Is(err, store.ErrMissing) || err == nil && p.ARN != arn {
		return p, missing("Policy %s was not found.", arn)
	}
	return p, err
}

// known fails unless there is such a policy, or AWS may have it.
func (s *Service) known(tx store.Tx, arn string) error {
	owner, _, _, err := s.takeApart(arn)
	if err != nil || owner == awsOwned {
		return err
	}
	_, err = s.policy(tx, arn)
	return err
}

// attachable fails unless a policy can be attached. Any of AWS's can, whether
// its text is known here or not.
func (s *Service) attachable(tx store.Tx, arn string) error {
	err := s.known(tx, arn)
	if fault.NotFound.Is(err) {
		return missing("Policy %s does not exist or is not attachable.", arn)
	}
	return err
}

// readPolicy reads one managed policy, or one of AWS's that is known here, in
// a view of its own.
func (s *Service) readPolicy(ctx context.Context, arn string) (p api.ManagedPolicy, err error) {
	if p, ok := s.awsPolicy(arn); ok {
		return p, nil
	}
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		p, err = s.policy(tx, arn)
		return err
	})
	return p, err
}

// editPolicy reads one of the account's own managed policies, changes and
// writes it.
func (s *Service) editPolicy(ctx context.Context, arn string, change func(tx store.Tx, p *api.ManagedPolicy) error) error {
	owner, _, _, err := s.takeApart(arn)
	if err != nil {
		return err
	}
	if owner == awsOwned {
		return &fault.Error{Kind: fault.Denied, Type: "AccessDenied", Status: 403, Message: "Policy " + arn + " is managed by AWS and cannot be changed."}
	}
	return s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.policy(tx, arn)
		if err != nil {
			return err
		}
		if err := change(tx, &p); err != nil {
			return err
		}
		return store.Put(tx, api.ManagedPolicyKey(p.Name), p)
	})
}

// CreatePolicy makes a managed policy with its first version.
func (s *Service) CreatePolicy(ctx context.Context, in *iam.CreatePolicyInput) (*iam.CreatePolicyResponse, error) {
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	tags, err := tagged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now := s.now()
	p := api.ManagedPolicy{
		Name:        in.PolicyName,
		ID:          newID("ANPA"),
		ARN:         s.arn("policy", pathOr(in.Path), in.PolicyName),
		Path:        pathOr(in.Path),
		Description: in.Description,
		Default:     "v1",
		LastVersion: 1,
		Versions:    []api.PolicyVersion{{ID: "v1", Document: in.PolicyDocument, CreatedDate: now}},
		CreatedDate: now,
		UpdatedDate: now,
		Tags:        tags,
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		key := api.ManagedPolicyKey(p.Name)
		if _, err := tx.Get(key); err == nil {
			return taken("A policy called %s already exists. Duplicate names are not allowed.", p.Name)
		} else if !errors.Is(err, store.ErrMissing) {
			return err
		}
		return store.Put(tx, key, p)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyResponse{Policy: wirePolicy(p, 0, 0)}, nil
}

// GetPolicy reads a managed policy, without its text.
func (s *Service) GetPolicy(ctx context.Context, in *iam.GetPolicyInput) (*iam.GetPolicyResponse, error) {
	p, err := s.readPolicy(ctx, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := &iam.GetPolicyResponse{}
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		out.Policy, err = countedPolicy(tx, p)
		return err
	})
	return out, err
}

// ListPolicies lists the account's own managed policies, then AWS's that are
// known here.
func (s *Service) ListPolicies(ctx context.Context, in *iam.ListPoliciesInput) (*iam.ListPoliciesResponse, error) {
	after, err := cursor(in.Marker)
	if err != nil {
		return nil, err
	}
	var list []*iam.Policy
	var end slip
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		list, end, err = page(s.policies(tx, in, after), in.MaxItems)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &iam.ListPoliciesResponse{Policies: []iam.Policy{}, IsTruncated: end.truncated, Marker: end.marker}
	for _, p := range list {
		p.Description, p.Tags = nil, nil // parity: the model, ListPolicies
		out.Policies = append(out.Policies, *p)
	}
	return out, nil
}

// policies lists what ListPolicies asks for. The cursor of one of the account's
// own is its key; that of one of AWS's its ARN, which is no key.
func (s *Service) policies(tx store.Tx, in *iam.ListPoliciesInput, after string) iter.Seq2[place[*iam.Policy], error] {
	scope := "All"
	if in.Scope != nil {
		scope = *in.Scope
	}
	return func(yield func(place[*iam.Policy], error) bool) {
		// show reports whether to go on.
		show := func(cursor string, p api.ManagedPolicy) bool {
			out, err := countedPolicy(tx, p)
			if err == nil && !asked(in, out) {
				return true
			}
			return yield(place[*iam.Policy]{cursor, out}, err) && err == nil
		}
		inAWS := strings.HasPrefix(after, "arn:")
		if scope != "AWS" && !inAWS {
			for p, err := range store.Scan[api.ManagedPolicy](tx, api.ManagedPolicies, after) {
				if err != nil {
					yield(place[*iam.Policy]{}, err)
					return
				}
				if !show(api.ManagedPolicyKey(p.Name), p) {
					return
				}
			}
		}
		if scope == "Local" {
			return
		}
		for _, p := range s.awsPolicies() {
			if (!inAWS || p.ARN > after) && !show(p.ARN, p) {
				return
			}
		}
	}
}

// asked reports whether ListPolicies asks for a policy.
func asked(in *iam.ListPoliciesInput, p *iam.Policy) bool {
	used := *p.AttachmentCount > 0
	if in.PolicyUsageFilter != nil && *in.PolicyUsageFilter == "PermissionsBoundary" {
		if used = *p.PermissionsBoundaryUsageCount > 0; !used {
			return false
		}
	}
	if in.OnlyAttached != nil && *in.OnlyAttached && !used {
		return false
	}
	return under(*p.Path, in.PathPrefix)
}

// DeletePolicy deletes a managed policy that has one version and no use.
func (s *Service) DeletePolicy(ctx context.Context, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	return &iam.DeletePolicyOutput{}, s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.policy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		for _, boundary := range []bool{false, true} {
			n, err := count(tx, api.PolicyUses(p.ARN, boundary))
			if err != nil {
				return err
			}
			if n > 0 {
				return conflict("Cannot delete a policy attached to entities.")
			}
		}
		if len(p.Versions) > 1 {
			return conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return tx.Delete(api.ManagedPolicyKey(p.Name))
	})
}

// count is the number of documents under a prefix.
func count(tx store.Tx, prefix string) (n int32, err error) {
	for _, err := range tx.Scan(prefix, "") {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// countedPolicy is a policy with the number of its uses.
func countedPolicy(tx store.Tx, p api.ManagedPolicy) (*iam.Policy, error) {
	attached, err := count(tx, api.PolicyUses(p.ARN, false))
	if err != nil {
		return nil, err
	}
	bounding, err := count(tx, api.PolicyUses(p.ARN, true))
	if err != nil {
		return nil, err
	}
	return wirePolicy(p, attached, bounding), nil
}

func wirePolicy(p api.ManagedPolicy, attached, bounding int32) *iam.Policy {
	yes := true
	return &iam.Policy{
		PolicyName:                    &p.Name,
		PolicyId:                      &p.ID,
		Arn:                           &p.ARN,
		Path:                          &p.Path,
		DefaultVersionId:              &p.Default,
		AttachmentCount:               &attached,
		PermissionsBoundaryUsageCount: &bounding,
		IsAttachable:                  &yes,
		Description:                   p.Description,
		CreateDate:                    &p.CreatedDate,
		UpdateDate:                    &p.UpdatedDate,
		Tags:                          wireTags(p.Tags),
	}
}
