package iam

import (
	"context"
	"slices"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// maxVersions is how many versions a managed policy has.
//
// parity: IAM User Guide, "IAM and AWS STS quotas"
const maxVersions = 5

// CreatePolicyVersion adds a text to a managed policy.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionResponse, error) {
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	out := &iam.CreatePolicyVersionResponse{}
	err := s.editPolicy(ctx, in.PolicyArn, func(_ store.Tx, p *api.ManagedPolicy) error {
		if len(p.Versions) == maxVersions {
			return tooMany("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		p.LastVersion++
		v := api.PolicyVersion{ID: "v" + strconv.Itoa(p.LastVersion), Document: in.PolicyDocument, CreatedDate: s.now()}
		p.Versions = append(p.Versions, v)
		p.UpdatedDate = v.CreatedDate
		if in.SetAsDefault != nil && *in.SetAsDefault {
			p.Default = v.ID
		}
		out.PolicyVersion = wireVersion(*p, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// version finds a version of a policy.
func version(p api.ManagedPolicy, id string) (int, error) {
	i := slices.IndexFunc(p.Versions, func(v api.PolicyVersion) bool { return v.ID == id })
	if i < 0 {
		return 0, missing("Policy %s version %s does not exist or is not attachable.", p.ARN, id)
	}
	return i, nil
}

// GetPolicyVersion reads a text of a managed policy.
func (s *Service) GetPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionResponse, error) {
	p, err := s.readPolicy(ctx, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	i, err := version(p, in.VersionId)
	if err != nil {
		return nil, err
	}
	out := wireVersion(p, p.Versions[i])
	out.Document = encoded(p.Versions[i].Document)
	return &iam.GetPolicyVersionResponse{PolicyVersion: out}, nil
}

// ListPolicyVersions lists the versions of a managed policy, the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsResponse, error) {
	p, err := s.readPolicy(ctx, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	var all []iam.PolicyVersion
	for _, v := range slices.Backward(p.Versions) {
		all = append(all, *wireVersion(p, v))
	}
	list, end, err := part(all, in.Marker, in.MaxItems)
	return &iam.ListPolicyVersionsResponse{Versions: list, IsTruncated: end.truncated, Marker: end.marker}, err
}

// DeletePolicyVersion deletes a version that is not the default.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	return &iam.DeletePolicyVersionOutput{}, s.editPolicy(ctx, in.PolicyArn, func(_ store.Tx, p *api.ManagedPolicy) error {
		i, err := version(*p, in.VersionId)
		if err != nil {
			return err
		}
		if p.Default == in.VersionId {
			return conflict("Cannot delete the default version of a policy.")
		}
		p.Versions = slices.Delete(p.Versions, i, i+1)
		return nil
	})
}

// SetDefaultPolicyVersion chooses the version that is in force.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	return &iam.SetDefaultPolicyVersionOutput{}, s.editPolicy(ctx, in.PolicyArn, func(_ store.Tx, p *api.ManagedPolicy) error {
		if _, err := version(*p, in.VersionId); err != nil {
			return err
		}
		p.Default = in.VersionId
		return nil
	})
}

// wireVersion is a version without its text.
//
// parity: the model, PolicyVersion.Document (in GetPolicyVersion only)
func wireVersion(p api.ManagedPolicy, v api.PolicyVersion) *iam.PolicyVersion {
	isDefault := v.ID == p.Default
	return &iam.PolicyVersion{VersionId: &v.ID, IsDefaultVersion: &isDefault, CreateDate: &v.CreatedDate}
}
