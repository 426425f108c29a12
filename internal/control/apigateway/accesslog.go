package apigateway

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/accesslog"
)

// checkFormat says why a stage's access log cannot have a format.
func checkFormat(format string) error {
	if err := accesslog.Check(format); err != nil {
		return bad(err.Error())
	}
	return nil
}

// checkDestination says why a stage's access log cannot go to an ARN. The words
// are ours. parity: services-observability.md 9.3.
func (s *Service) checkDestination(arn string) error {
	if _, ok := accesslog.LogGroup(arn); ok {
		return nil
	}
	name, ok := accesslog.DeliveryStream(arn)
	switch {
	case !ok:
		return bad("Invalid ARN specified in the request. The destination of an access log must be a CloudWatch Logs log group or an Amazon Data Firehose delivery stream")
	case !strings.HasPrefix(name, accesslog.StreamPrefix):
		return bad("The name of the delivery stream must begin with " + accesslog.StreamPrefix)
	case !s.cfg.Firehose:
		return bad("Access logs can be sent to Firehose only where its endpoint is known: start with --aws-endpoint firehose=URL")
	}
	return nil
}

// grantedLogs says whether an update gave the account a role for its logs.
func grantedLogs(before, after api.Account) bool {
	return after.CloudWatchRoleARN != nil && (before.CloudWatchRoleARN == nil || *before.CloudWatchRoleARN != *after.CloudWatchRoleARN)
}
