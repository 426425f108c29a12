package apigateway

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
)

// restAPIPatches is what a PATCH may do to an API.
// parity: spec/control-plane.md 3.1.
func (s *Service) restAPIPatches() table[api.RestAPI] {
	description := func(a *api.RestAPI) **string { return &a.Description }
	types := func(a *api.RestAPI) *[]string { return &a.BinaryMediaTypes }
	endpoints := func(a *api.RestAPI) *[]string { return &a.VPCEndpointIDs }
	badType := bad("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
	return table[api.RestAPI]{rows: []row[api.RestAPI]{
		{path: "/name", replace: setAPIName},
		{path: "/description", add: setText(description), replace: setText(description), remove: dropText(description)},
		{path: "/apiKeySource", replace: setChoice(
			func(a *api.RestAPI) *string { return &a.APIKeySource }, "ApiKeySourceType", "HEADER", "AUTHORIZER")},
		{
			path: "/binaryMediaTypes/{}",
			add:  addItem(types, inPath), replace: swapMediaType, remove: dropItem(types, inPath),
		},
		{path: "/minimumCompressionSize", replace: setCompression},
		{path: "/disableExecuteApiEndpoint", replace: setFlag(func(a *api.RestAPI) *bool { return &a.DisableExecuteEndpoint })},
		{path: "/endpointConfiguration/types/{}", replace: setEndpointType, otherwise: badType},
		{path: "/endpointConfiguration/types", replace: setEndpointType, otherwise: badType},
		{path: "/endpointConfiguration/ipAddressType", replace: setIPAddressType},
		{
			path: "/endpointConfiguration/vpcEndpointIds",
			add:  onlyPrivate(addItem(endpoints, inValue)), remove: onlyPrivate(dropItem(endpoints, inValue)),
		},
		{path: "/endpointAccessMode", replace: setAccessMode},
		{path: "/securityPolicy", replace: setSecurityPolicy},
		{path: "/policy", replace: s.setPolicy},
	}}
}

func setAPIName(a *api.RestAPI, p patch) error {
	if p.text() == "" {
		return bad("Name cannot be empty")
	}
	a.Name = p.text()
	return nil
}

// swapMediaType takes the type away that the path names and puts another at
// the end of the list, as AWS does it; without a value there is nothing to swap.
func swapMediaType(a *api.RestAPI, p patch) error {
	if p.text() == "" || p.text() == p.args[0] && slices.Contains(a.BinaryMediaTypes, p.text()) {
		return nil
	}
	a.BinaryMediaTypes = slices.DeleteFunc(a.BinaryMediaTypes, func(have string) bool { return have == p.args[0] })
	if !slices.Contains(a.BinaryMediaTypes, p.text()) {
		a.BinaryMediaTypes = append(a.BinaryMediaTypes, p.text())
	}
	return nil
}

// setCompression sets the smallest body that is compressed; without a value
// nothing is.
func setCompression(a *api.RestAPI, p patch) error {
	if p.text() == "" || p.text() == "null" {
		a.MinimumCompressionSize = nil
		return nil
	}
	n, err := strconv.ParseInt(p.text(), 10, 32)
	if err != nil {
		return bad(badCompression)
	}
	size := int32(n)
	if err := checkCompression(size); err != nil {
		return err
	}
	a.MinimumCompressionSize = &size
	return nil
}

// setEndpointType reads the type from the value; the last segment of the path
// is the type only if there is no value.
func setEndpointType(a *api.RestAPI, p patch) error {
	kind := p.text()
	if p.value == nil && len(p.args) > 0 {
		kind = p.args[0]
	}
	if !slices.Contains([]string{regional, edge, private}, kind) {
		return bad("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
	}
	a.EndpointType = kind
	if kind == private {
		a.IPAddressType = dualstack
	} else {
		a.VPCEndpointIDs = nil
	}
	return nil
}

func setIPAddressType(a *api.RestAPI, p patch) error {
	switch {
	case p.text() != ipv4 && p.text() != dualstack:
		return bad("ipAddressType must be either ipv4 or dualstack.")
	case p.text() == ipv4 && a.EndpointType == private:
		return bad(onlyDualstack)
	}
	a.IPAddressType = p.text()
	return nil
}

// onlyPrivate is set for PRIVATE APIs, and a refusal for others. The value may
// name several endpoints, parted by commas.
func onlyPrivate(set setter[api.RestAPI]) setter[api.RestAPI] {
	return func(a *api.RestAPI, p patch) error {
		if a.EndpointType != private {
			return bad("VPC endpoint IDs can only be specified for PRIVATE APIs.")
		}
		for id := range strings.SplitSeq(p.text(), ",") {
			one := p
			one.value = &id
			if err := set(a, one); err != nil {
				return err
			}
		}
		return nil
	}
}

func setAccessMode(a *api.RestAPI, p patch) error {
	if p.text() != "BASIC" && p.text() != "STRICT" {
		return bad("Invalid EndpointAccessMode specified. Valid options are BASIC,STRICT")
	}
	a.EndpointAccessMode = p.value
	return nil
}

// checkTLS refuses a newer security policy without an access mode.
// parity: spec/definitions.md 5.6, security-policy.
func checkTLS(policy, mode *string) error {
	if strings.HasPrefix(text(policy), "SecurityPolicy_") && mode == nil {
		return badf("Endpoint access mode must be specified for security policy %s", *policy)
	}
	return nil
}

func setSecurityPolicy(a *api.RestAPI, p patch) error {
	if t := p.text(); t != "TLS_1_0" && t != "TLS_1_2" && !strings.HasPrefix(t, "SecurityPolicy_") {
		return bad("Invalid SecurityPolicy specified.")
	}
	a.SecurityPolicy = p.value
	return nil
}

func (s *Service) setPolicy(a *api.RestAPI, p patch) (err error) {
	a.Policy, err = s.policyText(a.ID, p.text())
	return err
}
