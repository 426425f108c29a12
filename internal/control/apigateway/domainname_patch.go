package apigateway

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// UpdateDomainName patches a domain name; the change is there at once.
func (s *Service) UpdateDomainName(ctx context.Context, in *v1.UpdateDomainNameInput) (*v1.DomainName, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DomainName, error) {
		d, err := findDomain(tx, in.DomainName, in.DomainNameId)
		if err != nil {
			return nil, err
		}
		if err := domainPatches().apply(d, in.PatchOperations); err != nil {
			return nil, err
		}
		if slices.Contains(d.Types, private) != (d.ID != "") {
			return nil, bad("The endpoint type of a domain name cannot be changed from or to PRIVATE.")
		}
		if d.MutualTLS != nil && d.MutualTLS.TruststoreURI == "" {
			d.MutualTLS = nil
		}
		if err := checkDomain(d); err != nil {
			return nil, err
		}
		s.setTargets(d)
		if err := store.Put(tx, api.DomainNameKey(d.Name, d.ID), d); err != nil {
			return nil, err
		}
		return s.wireDomain(d, d.Tags), nil
	})
}

// domainPatches is what a PATCH may do to a domain name.
// parity: spec/control-plane.md 3.11.
func domainPatches() table[api.DomainName] {
	all := func(path string, field func(*api.DomainName) **string) row[api.DomainName] {
		return row[api.DomainName]{path: path, add: setText(field), replace: setText(field), remove: dropText(field)}
	}
	return table[api.DomainName]{rows: []row[api.DomainName]{
		all("/certificateName", func(d *api.DomainName) **string { return &d.CertificateName }),
		all("/certificateArn", func(d *api.DomainName) **string { return &d.CertificateARN }),
		all("/regionalCertificateName", func(d *api.DomainName) **string { return &d.RegionalCertName }),
		all("/regionalCertificateArn", func(d *api.DomainName) **string { return &d.RegionalCertARN }),
		all("/ownershipVerificationCertificateArn", func(d *api.DomainName) **string { return &d.OwnershipCertARN }),
		{path: "/endpointConfiguration/types", add: addType, remove: dropType},
		{path: "/endpointConfiguration/types/{}", add: addType, replace: swapType, remove: dropType},
		{path: "/endpointConfiguration/ipAddressType", replace: setChoice(
			func(d *api.DomainName) *string { return &d.IPAddressType }, "IpAddressType", ipv4, dualstack)},
		{path: "/endpointAccessMode", replace: func(d *api.DomainName, p patch) error {
			if p.text() != "BASIC" && p.text() != "STRICT" {
				return bad("Invalid EndpointAccessMode specified. Valid options are BASIC,STRICT")
			}
			d.EndpointAccessMode = p.value
			return nil
		}},
		{path: "/securityPolicy", replace: func(d *api.DomainName, p patch) error {
			if t := p.text(); t != "TLS_1_0" && t != "TLS_1_2" && !strings.HasPrefix(t, "SecurityPolicy_") {
				return bad("Invalid SecurityPolicy specified.")
			}
			d.SecurityPolicy = p.text()
			return nil
		}},
		{path: "/mutualTlsAuthentication/truststoreUri", add: setTruststore, replace: setTruststore, remove: dropTruststore},
		{path: "/mutualTlsAuthentication/truststoreVersion", add: setTrustVersion, replace: setTrustVersion, remove: dropTrustVersion},
		{path: "/managementPolicy", replace: setDomainPolicy(func(d *api.DomainName) **string { return &d.ManagementPolicy })},
		{path: "/policy", replace: setDomainPolicy(func(d *api.DomainName) **string { return &d.Policy })},
		{path: "/routingMode", replace: setChoice(
			func(d *api.DomainName) *string { return &d.RoutingMode }, "RoutingMode", routingModes()...)},
	}}
}

// endpointType is the type that an operation is about: its value or, if there
// is none, the end of its path, by name or by index.
func endpointType(d *api.DomainName, p patch) (string, error) {
	kind := p.text()
	if kind == "" && len(p.args) > 0 {
		kind = p.args[0]
	}
	if i, err := strconv.Atoi(kind); err == nil && i >= 0 && i < len(d.Types) {
		kind = d.Types[i]
	}
	if !slices.Contains([]string{regional, edge, private}, kind) {
		return "", bad("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
	}
	return kind, nil
}

func addType(d *api.DomainName, p patch) error {
	kind, err := endpointType(d, p)
	if err == nil && !slices.Contains(d.Types, kind) {
		d.Types = append(d.Types, kind)
	}
	return err
}

func dropType(d *api.DomainName, p patch) error {
	kind, err := endpointType(d, p)
	if err == nil {
		d.Types = slices.DeleteFunc(d.Types, func(have string) bool { return have == kind })
	}
	return err
}

func swapType(d *api.DomainName, p patch) error {
	kind, err := endpointType(d, p)
	if err == nil {
		d.Types = []string{kind}
	}
	return err
}

func setTruststore(d *api.DomainName, p patch) error {
	if d.MutualTLS == nil {
		d.MutualTLS = &api.MutualTLS{}
	}
	d.MutualTLS.TruststoreURI = p.text()
	return nil
}

func dropTruststore(d *api.DomainName, _ patch) error {
	d.MutualTLS = nil
	return nil
}

func setTrustVersion(d *api.DomainName, p patch) error {
	if d.MutualTLS == nil {
		d.MutualTLS = &api.MutualTLS{}
	}
	d.MutualTLS.TruststoreVersion = given(p.text())
	return nil
}

func dropTrustVersion(d *api.DomainName, _ patch) error {
	if d.MutualTLS != nil {
		d.MutualTLS.TruststoreVersion = nil
	}
	return nil
}

func setDomainPolicy(field func(*api.DomainName) **string) setter[api.DomainName] {
	return func(d *api.DomainName, p patch) (err error) {
		*field(d), err = compactPolicy(p.text())
		return err
	}
}
