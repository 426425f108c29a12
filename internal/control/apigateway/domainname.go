package apigateway

import (
	"context"
	"crypto/tls"
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// The zones that domain names point into. CloudFront's is the same for all.
// parity: spec/control-plane.md 3.11.
const (
	edgeZone     = "Z2FDTNDATAQYW2"
	regionalZone = "Z1UJRXOUMOOFQ8"
)

func (s *Service) domainHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateDomainName": wire.Op(s.CreateDomainName),
		"GetDomainName":    wire.Op(s.GetDomainName),
		"GetDomainNames":   wire.Op(s.GetDomainNames),
		"UpdateDomainName": wire.Op(s.UpdateDomainName),
		"DeleteDomainName": wire.Op(s.DeleteDomainName),

		"CreateBasePathMapping": wire.Op(s.CreateBasePathMapping),
		"GetBasePathMapping":    wire.Op(s.GetBasePathMapping),
		"GetBasePathMappings":   wire.Op(s.GetBasePathMappings),
		"UpdateBasePathMapping": wire.Op(s.UpdateBasePathMapping),
		"DeleteBasePathMapping": wire.Op(s.DeleteBasePathMapping),
	}
}

// hostName is a name with a first label that may be a wildcard.
// parity: spec/http-websocket-domains.md C1.3.
var hostName = regexp.MustCompile(`^(?:\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$`)

// CreateDomainName makes a domain name; it is available at once.
func (s *Service) CreateDomainName(ctx context.Context, in *v1.CreateDomainNameInput) (*v1.DomainName, error) {
	d, err := s.domainOf(in)
	if err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.DomainName, error) {
		if d.ID = ""; slices.Contains(d.Types, private) {
			d.ID = s.cfg.NewID(rootIDLength)
		}
		key := api.DomainNameKey(d.Name, d.ID)
		if there, err := exists(tx, key); err != nil || there {
			return nil, takenOr(err, "The domain name you provided already exists.")
		}
		if err := s.room(tx, QuotaDomains, api.DomainNames); err != nil {
			return nil, err
		}
		s.setTargets(d)
		if err := store.Put(tx, key, d); err != nil {
			return nil, err
		}
		return s.wireDomain(d, d.Tags), nil
	})
}

// domainOf makes a domain name of what CreateDomainName was told.
func (s *Service) domainOf(in *v1.CreateDomainNameInput) (*api.DomainName, error) {
	d := &api.DomainName{
		Name: strings.ToLower(in.DomainName), Types: []string{edge}, IPAddressType: ipv4,
		CertificateARN: in.CertificateArn, CertificateName: in.CertificateName,
		RegionalCertARN: in.RegionalCertificateArn, RegionalCertName: in.RegionalCertificateName,
		SecurityPolicy: "TLS_1_2", EndpointAccessMode: in.EndpointAccessMode, OwnershipCertARN: in.OwnershipVerificationCertificateArn,
		RoutingMode: routingModes()[0], Tags: in.Tags,
	}
	if d.Name == "" {
		return nil, bad("No Domain Name specified")
	}
	if len(d.Name) > 253 || !hostName.MatchString(d.Name) {
		return nil, badf("Invalid domain name specified: %s", in.DomainName)
	}
	if in.CertificateArn == nil && in.CertificateBody == nil && (in.RegionalCertificateArn != nil || in.RegionalCertificateName != nil) {
		d.Types = []string{regional}
	}
	if err := setDomainEndpoint(d, in.EndpointConfiguration); err != nil {
		return nil, err
	}
	if in.SecurityPolicy != nil {
		d.SecurityPolicy = *in.SecurityPolicy
	}
	if in.RoutingMode != nil {
		d.RoutingMode = *in.RoutingMode
	}
	if in.MutualTlsAuthentication != nil && text(in.MutualTlsAuthentication.TruststoreUri) != "" {
		d.MutualTLS = &api.MutualTLS{
			TruststoreURI: *in.MutualTlsAuthentication.TruststoreUri, TruststoreVersion: in.MutualTlsAuthentication.TruststoreVersion,
		}
	}
	if err := s.setUploaded(d, in); err != nil {
		return nil, err
	}
	policy, err := compactPolicy(text(in.Policy))
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	d.Policy = policy
	return d, checkDomain(d)
}

func setDomainEndpoint(d *api.DomainName, e *v1.EndpointConfiguration) error {
	if e == nil {
		return nil
	}
	if e.Types != nil {
		if len(e.Types) == 0 {
			return bad("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
		}
		d.Types = slices.Clone(e.Types)
	}
	if slices.Contains(d.Types, private) {
		d.IPAddressType = dualstack
	}
	if e.IpAddressType != nil {
		d.IPAddressType = *e.IpAddressType
	}
	return nil
}

// setUploaded keeps a certificate that came with its key.
func (s *Service) setUploaded(d *api.DomainName, in *v1.CreateDomainNameInput) error {
	if in.CertificateBody != nil {
		chain := text(in.CertificateChain)
		if _, err := tls.X509KeyPair([]byte(*in.CertificateBody+"\n"+chain), []byte(text(in.CertificatePrivateKey))); err != nil {
			return bad("Unable to put certificate into the domain name: the body and the private key do not fit")
		}
		d.Uploaded = &api.Certificate{Body: *in.CertificateBody, PrivateKey: text(in.CertificatePrivateKey), Chain: chain}
	}
	if d.Uploaded != nil || d.CertificateARN != nil {
		now := s.now()
		d.CertificateUploadDate = &now
	}
	return nil
}

func routingModes() []string {
	return []string{"BASE_PATH_MAPPING_ONLY", "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_BASE_PATH_MAPPING"}
}

// checkDomain refuses settings that do not go together.
// parity: spec/http-websocket-domains.md C1.1, C4, C5.
func checkDomain(d *api.DomainName) error {
	isPrivate := slices.Contains(d.Types, private)
	switch {
	case len(d.Types) == 0:
		return bad("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
	case isPrivate && len(d.Types) > 1:
		return bad("A domain name cannot be PRIVATE and of another endpoint type.")
	case isPrivate && d.IPAddressType == ipv4:
		return bad("Only dualstack ipAddressType is supported for private domain names.")
	case !isPrivate && (d.Policy != nil || d.ManagementPolicy != nil):
		return bad("Policies are supported for private domain names only.")
	case d.MutualTLS != nil && !slices.Contains(d.Types, regional):
		return bad("Mutual TLS is supported for regional domain names only.")
	case d.MutualTLS != nil && d.SecurityPolicy == "TLS_1_0":
		return bad("Mutual TLS needs a security policy of TLS 1.2 or newer.")
	}
	return checkTLS(&d.SecurityPolicy, d.EndpointAccessMode)
}

// setTargets gives a domain name the names that DNS is to point it at, one for
// each of its types; they stay as long as the type does.
func (s *Service) setTargets(d *api.DomainName) {
	switch {
	case !slices.Contains(d.Types, regional):
		d.RegionalTarget = ""
	case d.RegionalTarget == "":
		d.RegionalTarget = "d-" + s.cfg.NewID(rootIDLength) + ".execute-api." + s.cfg.Region + ".amazonaws.com"
	}
	switch {
	case !slices.Contains(d.Types, edge):
		d.DistributionTarget = ""
	case d.DistributionTarget == "":
		d.DistributionTarget = "d" + s.cfg.NewID(rootIDLength+3) + ".cloudfront.net"
	}
}

// findDomain reads a domain name; a private one needs its id.
func findDomain(tx store.Tx, name string, id *string) (*api.DomainName, error) {
	d, err := find[api.DomainName](tx, api.DomainNameKey(strings.ToLower(name), text(id)), noDomain)
	return &d, err
}

// GetDomainName reads a domain name.
func (s *Service) GetDomainName(ctx context.Context, in *v1.GetDomainNameInput) (*v1.DomainName, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.DomainName, error) {
		d, err := findDomain(tx, in.DomainName, in.DomainNameId)
		if err != nil {
			return nil, err
		}
		return s.wireDomain(d, d.Tags), nil
	})
}

// GetDomainNames lists domain names by name. Other accounts share none here.
func (s *Service) GetDomainNames(ctx context.Context, in *v1.GetDomainNamesInput) (*v1.DomainNames, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.DomainNames, error) {
		if text(in.ResourceOwner) == "OTHER_ACCOUNTS" {
			return &v1.DomainNames{Items: []v1.DomainName{}}, nil
		}
		all, next, err := page[api.DomainName](tx, api.DomainNames, in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.DomainNames{Position: next, Items: each(all, func(d api.DomainName) v1.DomainName {
			return *s.wireDomain(&d, d.Tags)
		})}, nil
	})
}

// DeleteDomainName removes a domain name with its mappings and, if it is
// private, what opened it.
func (s *Service) DeleteDomainName(
	ctx context.Context, in *v1.DeleteDomainNameInput,
) (*v1.DeleteDomainNameOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteDomainNameOutput, error) {
		d, err := findDomain(tx, in.DomainName, in.DomainNameId)
		if err != nil {
			return nil, err
		}
		if err := store.DeleteAll(tx, api.MappingsOfDomain(d.Name, d.ID)); err != nil {
			return nil, err
		}
		if err := dropAccesses(tx, s.domainARN(d)); err != nil {
			return nil, err
		}
		return &v1.DeleteDomainNameOutput{}, tx.Delete(api.DomainNameKey(d.Name, d.ID))
	})
}

// domainARN names a domain name. A private one's has the account and the id.
// parity: spec/control-plane.md 1.1.
func (s *Service) domainARN(d *api.DomainName) string {
	if d.ID == "" {
		return "arn:" + s.cfg.Partition + ":apigateway:" + s.cfg.Region + "::/domainnames/" + d.Name
	}
	return "arn:" + s.cfg.Partition + ":apigateway:" + s.cfg.Region + ":" + s.cfg.Account + ":/domainnames/" + d.Name + "+" + d.ID
}

// wireDomain is a domain name as callers see it.
func (s *Service) wireDomain(d *api.DomainName, tags map[string]string) *v1.DomainName {
	arn, status := s.domainARN(d), "AVAILABLE"
	out := &v1.DomainName{
		DomainName: &d.Name, DomainNameId: given(d.ID), DomainNameArn: &arn,
		CertificateName: d.CertificateName, CertificateArn: d.CertificateARN, CertificateUploadDate: d.CertificateUploadDate,
		RegionalDomainName: given(d.RegionalTarget), RegionalCertificateName: d.RegionalCertName,
		RegionalCertificateArn: d.RegionalCertARN, DistributionDomainName: given(d.DistributionTarget),
		EndpointConfiguration: &v1.EndpointConfiguration{Types: d.Types, IpAddressType: &d.IPAddressType},
		DomainNameStatus:      &status, SecurityPolicy: &d.SecurityPolicy, EndpointAccessMode: d.EndpointAccessMode,
		OwnershipVerificationCertificateArn: d.OwnershipCertARN, RoutingMode: &d.RoutingMode,
		Policy: escaped(d.Policy), ManagementPolicy: escaped(d.ManagementPolicy),
	}
	if d.RegionalTarget != "" {
		out.RegionalHostedZoneId = given(regionalZone)
	}
	if d.DistributionTarget != "" {
		out.DistributionHostedZoneId = given(edgeZone)
	}
	if m := d.MutualTLS; m != nil {
		out.MutualTlsAuthentication = &v1.MutualTlsAuthentication{
			TruststoreUri: &m.TruststoreURI, TruststoreVersion: m.TruststoreVersion, TruststoreWarnings: m.TruststoreWarnings,
		}
	}
	if len(tags) > 0 {
		out.Tags = tags
	}
	return out
}

func escaped(policy *string) *string {
	if policy == nil {
		return nil
	}
	out := escapePolicy(*policy)
	return &out
}
