package iam

import (
	"crypto/sha256"
	"encoding/base32"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
)

// awsPolicies are the policies of AWS whose texts are known here, in the order
// of their ARNs: those that have to do with APIs and functions. All others can
// be attached as well; only their texts cannot be read.
//
// parity: AWS Managed Policy Reference, the pages of these names
func (s *Service) awsPolicies() []api.ManagedPolicy {
	const logsActions = `"logs:CreateLogGroup","logs:CreateLogStream","logs:DescribeLogGroups","logs:DescribeLogStreams","logs:PutLogEvents","logs:GetLogEvents","logs:FilterLogEvents"`
	return []api.ManagedPolicy{
		s.awsOwn("/", "AWSXRayDaemonWriteAccess", `"xray:PutTraceSegments","xray:PutTelemetryRecords","xray:GetSamplingRules","xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"`, "*"),
		s.awsOwn("/", "AdministratorAccess", `"*"`, "*"),
		s.awsOwn("/", "AmazonAPIGatewayAdministrator", `"apigateway:*"`, "arn:"+s.cfg.Partition+":apigateway:*::/*"),
		s.awsOwn("/", "AmazonAPIGatewayInvokeFullAccess", `"execute-api:Invoke","execute-api:ManageConnections"`, "arn:"+s.cfg.Partition+":execute-api:*:*:*"),
		s.awsOwn("/service-role/", "AWSLambdaBasicExecutionRole", `"logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"`, "*"),
		s.awsOwn("/service-role/", "AWSLambdaRole", `"lambda:InvokeFunction"`, "*"),
		s.awsOwn("/service-role/", "AmazonAPIGatewayPushToCloudWatchLogs", logsActions, "*"),
	}
}

// awsPolicy finds one of them.
func (s *Service) awsPolicy(arn string) (api.ManagedPolicy, bool) {
	for _, p := range s.awsPolicies() {
		if p.ARN == arn {
			return p, true
		}
	}
	return api.ManagedPolicy{}, false
}

// AWSPolicyText is the text of a policy of AWS's by its ARN; ok is false for
// one whose text is not known here.
func (s *Service) AWSPolicyText(arn string) (document string, ok bool) {
	p, ok := s.awsPolicy(arn)
	if !ok {
		return "", false
	}
	return p.Versions[0].Document, true
}

// awsOwn is a policy with one statement. Its id is made from its name, and so
// always the same, and its date is a constant.
func (s *Service) awsOwn(path, name, actions, resource string) api.ManagedPolicy {
	sum := sha256.Sum256([]byte(name))
	date := time.Date(2015, time.February, 6, 18, 40, 0, 0, time.UTC)
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"` + resource + `"}]}`
	return api.ManagedPolicy{
		Name:        name,
		ID:          "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17],
		ARN:         "arn:" + s.cfg.Partition + ":iam::" + awsOwned + ":policy" + path + name,
		Path:        path,
		Default:     "v1",
		LastVersion: 1,
		Versions:    []api.PolicyVersion{{ID: "v1", Document: document, CreatedDate: date}},
		CreatedDate: date,
		UpdatedDate: date,
	}
}
