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

const invalidMapping = "Invalid mapping expression specified: "

// badMapping refuses an expression that cannot be read.
func badMapping(expression string) error { return badMappings([]string{invalidMapping + expression}) }

// badMappings refuses mappings for all that is wrong with them; nil if nothing is.
func badMappings(wrong []string) error {
	if wrong == nil {
		return nil
	}
	return badf(invalidMapping+"Validation Result: warnings : [], errors : [%s]", strings.Join(wrong, ", "))
}

// undeclared tells of an expression that reads, or writes, what the method
// does not declare.
func undeclared(expression string) string {
	return "Invalid mapping expression parameter specified: " + expression
}

// checkRequestMappings refuses what an integration cannot map from a method's
// requests.
func checkRequestMappings(m *api.Method, mappings map[string]string) error {
	var wrong []string
	for _, target := range slices.Sorted(maps.Keys(mappings)) {
		if !requestTarget.MatchString(target) {
			wrong = append(wrong, invalidMapping+target)
		} else if text := wrongRequestSource(m, mappings[target]); text != "" {
			wrong = append(wrong, text)
		}
	}
	return badMappings(wrong)
}

// wrongRequestSource tells what is wrong with a source, "" if nothing is.
func wrongRequestSource(m *api.Method, source string) string {
	if requestBody.MatchString(source) || otherSource.MatchString(source) {
		return ""
	}
	part := methodSource.FindStringSubmatch(source)
	if part == nil || (part[1] != "" && part[2] == "path") {
		return invalidMapping + source
	}
	if _, ok := m.RequestParameters["method.request."+part[2]+"."+part[3]]; !ok {
		return undeclared(source)
	}
	return ""
}

// checkResponseMappings refuses what an integration response cannot map into a
// method response.
func checkResponseMappings(m *api.Method, status string, mappings map[string]string) error {
	var wrong []string
	for _, target := range slices.Sorted(maps.Keys(mappings)) {
		source := mappings[target]
		_, declared := m.Responses[status].ResponseParameters[target]
		switch {
		case !responseParameter.MatchString(target):
			wrong = append(wrong, invalidMapping+target)
		case !declared:
			wrong = append(wrong, undeclared(target))
		case !responseSource.MatchString(source) && !responseBody.MatchString(source) && !otherSource.MatchString(source):
			wrong = append(wrong, invalidMapping+source)
		}
	}
	return badMappings(wrong)
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
