package main

import (
	"fmt"
	"strings"
)

// quirks are the facts about a service's wire that its model does not tell or
// tells otherwise. Nothing else in wiregen knows a service by its name.
type quirks struct {
	// enums gives the values of an enum in the order in which the service
	// prints them (a hash order). Values that the model adds later follow.
	enums map[string][]string
	// emptyIsNull names members ("Shape.member") whose maps write an empty
	// string as null.
	emptyIsNull []string
	// nameInput says that validation messages name the input shape.
	nameInput bool
}

func quirksOf(service string) quirks {
	switch service {
	case "apigateway":
		return quirks{
			// parity: control-plane.md 2.4, recorded from test_apigateway_api
			enums: map[string][]string{
				"Op":              {"add", "remove", "move", "test", "replace", "copy"},
				"IntegrationType": {"HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"},
				"EndpointType":    {"PRIVATE", "EDGE", "REGIONAL"},
				"IpAddressType":   {"ipv4", "dualstack"},
				"DocumentationPartType": {
					"RESPONSE_BODY", "RESPONSE", "METHOD", "MODEL", "AUTHORIZER", "RESPONSE_HEADER", "RESOURCE",
					"PATH_PARAMETER", "REQUEST_BODY", "QUERY_PARAMETER", "API", "REQUEST_HEADER",
				},
				"GatewayResponseType": {
					"REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "AUTHORIZER_CONFIGURATION_ERROR", "MISSING_AUTHENTICATION_TOKEN",
					"BAD_REQUEST_BODY", "INVALID_SIGNATURE", "INVALID_API_KEY", "BAD_REQUEST_PARAMETERS", "AUTHORIZER_FAILURE",
					"UNAUTHORIZED", "INTEGRATION_TIMEOUT", "ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX", "WAF_FILTERED",
					"QUOTA_EXCEEDED", "THROTTLED", "API_CONFIGURATION_ERROR", "UNSUPPORTED_MEDIA_TYPE", "INTEGRATION_FAILURE",
					"EXPIRED_TOKEN",
				},
			},
			// parity: control-plane.md 2.2, recorded as test_put_integration_response_templates
			emptyIsNull: []string{"IntegrationResponse.responseTemplates"},
			// parity: control-plane.md 2.4, createRestApiInput.endpointConfiguration.types
			nameInput: true,
		}
	default:
		return quirks{}
	}
}

// applyQuirks puts the service's quirks into its shapes.
func (s *schema) applyQuirks() error {
	q := quirksOf(s.service)
	for name, order := range q.enums {
		sh := s.shapes[name]
		if sh == nil || sh.Enum == nil {
			return fmt.Errorf("%s: the quirks name an enum %q that the model lacks", s.service, name)
		}
		sh.Enum = inOrder(sh.Enum, order)
	}
	for _, member := range q.emptyIsNull {
		owner, name, _ := strings.Cut(member, ".")
		sh := s.shapes[owner]
		if sh == nil || sh.Members.at[name].Shape == "" {
			return fmt.Errorf("%s: the quirks name a member %q that the model lacks", s.service, member)
		}
		r := sh.Members.at[name]
		r.emptyIsNull = true
		sh.Members.at[name] = r
	}
	return nil
}

// inOrder sorts values as they stand in order; those that order lacks keep
// their place behind.
func inOrder(values, order []string) []string {
	has := map[string]bool{}
	for _, v := range values {
		has[v] = true
	}
	var out []string
	for _, v := range order {
		if has[v] {
			out = append(out, v)
			delete(has, v)
		}
	}
	for _, v := range values {
		if has[v] {
			out = append(out, v)
		}
	}
	return out
}
