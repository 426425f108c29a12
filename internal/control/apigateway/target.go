package apigateway

import (
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Time-outs of integrations, in milliseconds. parity: spec/rest-data-plane.md 3.1.
const (
	shortestTimeout = 50
	defaultTimeout  = 29000
)

func passthroughs() []string { return []string{"WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"} }

// checkTarget refuses an integration that, by itself, cannot call anything.
// parity: spec/control-plane.md 2.4, the rows of PutIntegration.
func checkTarget(i *api.Integration) error {
	if i.Type != typeMock && text(i.HTTPMethod) == "" {
		return bad("Enumeration value for HttpMethod must be non-empty")
	}
	switch i.Type {
	case typeHTTP, typeHTTPProxy:
		if !isEndpoint(text(i.URI)) {
			return bad("Invalid HTTP endpoint specified for URI")
		}
	case typeAWS, typeAWSProxy:
		if err := checkServiceURI(i); err != nil {
			return err
		}
	}
	if !slices.Contains(passthroughs(), i.PassthroughBehavior) {
		return badf("Invalid passthrough behavior specified. Valid options are %s", strings.Join(passthroughs(), ","))
	}
	return checkContentTypes(i.RequestTemplates)
}

// isEndpoint reports whether uri can be called once its stage variables and
// path parameters are filled in.
func isEndpoint(uri string) bool {
	rest, ok := strings.CutPrefix(uri, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(uri, "http://")
	}
	if !ok {
		return strings.HasPrefix(uri, "${stageVariables.")
	}
	host, _, _ := strings.Cut(rest, "/")
	if host == "" || strings.ContainsAny(uri, " \t\r\n") {
		return false
	}
	if strings.ContainsAny(host, "{}") {
		return true
	}
	u, err := url.Parse("http://" + host)
	return err == nil && u.Hostname() != ""
}

// checkServiceURI looks at arn:aws:apigateway:{region}:{service}:path/... or
// action/..., which a proxy integration may only have of a function.
func checkServiceURI(i *api.Integration) error {
	part := strings.SplitN(text(i.URI), ":", 6)
	if len(part) < 6 || part[0] != "arn" {
		return bad("Invalid ARN specified in the request")
	}
	service, target := part[4], part[5]
	if !strings.HasPrefix(target, "path") && !strings.HasPrefix(target, "action") {
		return bad("AWS ARN for integration must contain path or action")
	}
	if part[2] != "apigateway" {
		return bad("Invalid ARN specified in the request")
	}
	function := service == "lambda" && (strings.HasPrefix(target, "path/2015-03-31/functions/") ||
		strings.HasPrefix(target, "path/2021-11-15/functions/"))
	if i.Type == typeAWSProxy && !function && service != "firehose" {
		return bad("Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.")
	}
	if i.Type == typeAWS && service != "lambda" && text(i.Credentials) == "" {
		return bad("Role ARN must be specified for AWS integrations")
	}
	return nil
}

// checkIntegration refuses an integration that its method or its API cannot have.
func (s *Service) checkIntegration(tx store.Tx, apiID string, m *api.Method, i *api.Integration) error {
	if err := checkRequestMappings(m, i.RequestParameters); err != nil {
		return err
	}
	if err := checkTemplates(s, i.RequestTemplates); err != nil {
		return err
	}
	a, err := s.restAPI(tx, apiID)
	if err != nil {
		return err
	}
	limits, _ := s.cfg.Limits.For(a.EndpointType, a.Tags)
	most := limits.Timeout
	if i.ResponseTransferMode == stream {
		most = limits.StreamTime
	}
	longest := int32(min(most.Milliseconds(), math.MaxInt32))
	if i.TimeoutMillis < shortestTimeout || i.TimeoutMillis > longest {
		return badf("Timeout should be between %d ms and %d ms", shortestTimeout, longest)
	}
	return nil
}

// text is an optional text; absent is empty.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
