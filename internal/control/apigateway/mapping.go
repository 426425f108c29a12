package apigateway

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
)

// The expressions of parameter mappings.
// parity: spec/rest-data-plane.md 3.7.2, 3.7.3.
var (
	requestTarget  = regexp.MustCompile(`^integration\.request\.(?:header|querystring|path)\.[a-zA-Z0-9._$-]+$`)
	methodSource   = regexp.MustCompile(`^method\.request\.(multivalue)?(path|querystring|header)\.([a-zA-Z0-9._$-]+)$`)
	requestBody    = regexp.MustCompile(`^method\.request\.body(?:[.\[].+)?$`)
	responseSource = regexp.MustCompile(`^integration\.response\.(?:multivalue)?header\.[a-zA-Z0-9._$-]+$`)
	responseBody   = regexp.MustCompile(`^integration\.response\.body(?:[.\[].+)?$`)
	otherSource    = regexp.MustCompile(`^(?:'[^\r\n]*'|stageVariables\.\w+|context\.[a-zA-Z0-9._$-]+)$`)
	contentType    = regexp.MustCompile(`^(?:\$default|[a-zA-Z0-9!#$&^_.+*-]+/[a-zA-Z0-9!#$&^_.+*-]+(?:\s*;.*)?)$`)
)

// badMapping refuses an expression that cannot be read.
func badMapping(expression string) error {
	return badf("Invalid mapping expression specified: "+
		"Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", expression)
}

// undeclared refuses an expression that reads, or writes, what the method
// does not declare.
func undeclared(expression string) error {
	return badf("Invalid mapping expression specified: "+
		"Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", expression)
}

// checkRequestMappings refuses what an integration cannot map from a method's
// requests.
func checkRequestMappings(m *api.Method, mappings map[string]string) error {
	for _, target := range slices.Sorted(maps.Keys(mappings)) {
		source := mappings[target]
		if !requestTarget.MatchString(target) {
			return badMapping(target)
		}
		if requestBody.MatchString(source) || otherSource.MatchString(source) {
			continue
		}
		part := methodSource.FindStringSubmatch(source)
		if part == nil || (part[1] != "" && part[2] == "path") {
			return badMapping(source)
		}
		if _, ok := m.RequestParameters["method.request."+part[2]+"."+part[3]]; !ok {
			return undeclared(source)
		}
	}
	return nil
}

// checkResponseMappings refuses what an integration response cannot map into a
// method response.
func checkResponseMappings(m *api.Method, status string, mappings map[string]string) error {
	for _, target := range slices.Sorted(maps.Keys(mappings)) {
		source := mappings[target]
		if !responseParameter.MatchString(target) {
			return badMapping(target)
		}
		if _, ok := m.Responses[status].ResponseParameters[target]; !ok {
			return undeclared(target)
		}
		if !responseSource.MatchString(source) && !responseBody.MatchString(source) && !otherSource.MatchString(source) {
			return badMapping(source)
		}
	}
	return nil
}

// checkContentTypes refuses names of templates that are no media types.
func checkContentTypes[V any](templates map[string]V) error {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		if !contentType.MatchString(name) {
			wrong = append(wrong, "Invalid content type specified: "+name)
		}
	}
	if wrong == nil {
		return nil
	}
	return badf("Validation Result: warnings : [], errors : [%s]", strings.Join(wrong, ", "))
}
