package apigateway

import (
	"context"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

func (s *Service) accessHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateDomainNameAccessAssociation": wire.Op(s.CreateDomainNameAccessAssociation),
		"GetDomainNameAccessAssociations":   wire.Op(s.GetDomainNameAccessAssociations),
		"DeleteDomainNameAccessAssociation": wire.Op(s.DeleteDomainNameAccessAssociation),
		"RejectDomainNameAccessAssociation": wire.Op(s.RejectDomainNameAccessAssociation),
	}
}

const noAccess = "Invalid domain name access association identifier specified"

// CreateDomainNameAccessAssociation opens a private domain name to a VPC
// endpoint. parity: spec/http-websocket-domains.md C7.
func (s *Service) CreateDomainNameAccessAssociation(
	ctx context.Context, in *v1.CreateDomainNameAccessAssociationInput,
) (*v1.DomainNameAccessAssociation, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if in.AccessAssociationSource == "" {
		return nil, bad("Access association source must be specified")
	}
	return update(ctx, s, func(tx store.Tx) (*v1.DomainNameAccessAssociation, error) {
		_, path, _ := strings.Cut(in.DomainNameArn, ":/domainnames/")
		name, id, isPrivate := strings.Cut(path, "+")
		if !isPrivate {
			return nil, bad("Access associations are supported for private domain names only.")
		}
		if _, err := findDomain(tx, name, &id); err != nil {
			return nil, err
		}
		a := api.DomainAccess{
			ARN: "arn:" + s.cfg.Partition + ":apigateway:" + s.cfg.Region + ":" + s.cfg.Account +
				":/domainnameaccessassociations/domainname/" + name + "/vpcesource/" + in.AccessAssociationSource,
			DomainARN: in.DomainNameArn, SourceType: in.AccessAssociationSourceType, Source: in.AccessAssociationSource, Tags: in.Tags,
		}
		key := api.DomainAccessKey(a.ARN)
		if there, err := exists(tx, key); err != nil || there {
			return nil, takenOr(err, "The domain name access association already exists.")
		}
		if err := store.Put(tx, key, a); err != nil {
			return nil, err
		}
		return wireAccess(a), nil
	})
}

// GetDomainNameAccessAssociations lists associations by ARN. Other accounts
// have none here.
func (s *Service) GetDomainNameAccessAssociations(
	ctx context.Context, in *v1.GetDomainNameAccessAssociationsInput,
) (*v1.DomainNameAccessAssociations, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.DomainNameAccessAssociations, error) {
		if text(in.ResourceOwner) == "OTHER_ACCOUNTS" {
			return &v1.DomainNameAccessAssociations{Items: []v1.DomainNameAccessAssociation{}}, nil
		}
		all, next, err := page[api.DomainAccess](tx, api.DomainAccesses, in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.DomainNameAccessAssociations{Position: next, Items: each(all,
			func(a api.DomainAccess) v1.DomainNameAccessAssociation { return *wireAccess(a) })}, nil
	})
}

// DeleteDomainNameAccessAssociation closes a private domain name to a VPC
// endpoint again.
func (s *Service) DeleteDomainNameAccessAssociation(
	ctx context.Context, in *v1.DeleteDomainNameAccessAssociationInput,
) (*v1.DeleteDomainNameAccessAssociationOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteDomainNameAccessAssociationOutput, error) {
		arn := unescapeARN(in.DomainNameAccessAssociationArn)
		return &v1.DeleteDomainNameAccessAssociationOutput{}, dropAccess(tx, arn, "")
	})
}

// RejectDomainNameAccessAssociation is how a domain name's owner ends an
// association.
func (s *Service) RejectDomainNameAccessAssociation(
	ctx context.Context, in *v1.RejectDomainNameAccessAssociationInput,
) (*v1.RejectDomainNameAccessAssociationOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.RejectDomainNameAccessAssociationOutput, error) {
		err := dropAccess(tx, in.DomainNameAccessAssociationArn, in.DomainNameArn)
		return &v1.RejectDomainNameAccessAssociationOutput{}, err
	})
}

// dropAccess removes an association; if a domain name is given it must be its.
func dropAccess(tx store.Tx, arn, domain string) error {
	a, err := find[api.DomainAccess](tx, api.DomainAccessKey(arn), noAccess)
	if err != nil {
		return err
	}
	if domain != "" && a.DomainARN != domain {
		return missing(noAccess)
	}
	return tx.Delete(api.DomainAccessKey(arn))
}

// dropAccesses removes all associations of a domain name.
func dropAccesses(tx store.Tx, domain string) error {
	all, err := store.All[api.DomainAccess](tx, api.DomainAccesses)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.DomainARN != domain {
			continue
		}
		if err := tx.Delete(api.DomainAccessKey(a.ARN)); err != nil {
			return err
		}
	}
	return nil
}

func wireAccess(a api.DomainAccess) *v1.DomainNameAccessAssociation {
	out := &v1.DomainNameAccessAssociation{
		DomainNameAccessAssociationArn: &a.ARN, DomainNameArn: &a.DomainARN,
		AccessAssociationSourceType: &a.SourceType, AccessAssociationSource: &a.Source,
	}
	if len(a.Tags) > 0 {
		out.Tags = a.Tags
	}
	return out
}
