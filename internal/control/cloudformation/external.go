package cloudformation

import (
	"context"
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
)

// external describes a resource of a service that stagedoor does not have. A
// template may have it: references to it give the names and ARNs that it would
// have, nothing is made, and the deployment warns. What calls it goes to the
// endpoint configured for its service.
type external struct {
	name string // property with its name
	ref  string // what Ref gives: a form
	atts map[string]string
}

// Forms have {name}, {region}, {account} and {partition}.
const (
	arnForm = "arn:{partition}:%s:{region}:{account}:%s{name}"
	byName  = "{name}"
)

func externals() map[string]external {
	arn := func(service, prefix string) string { return fmt.Sprintf(arnForm, service, prefix) }
	return map[string]external{
		"AWS::SQS::Queue": {"QueueName", "https://sqs.{region}.amazonaws.com/{account}/{name}", map[string]string{
			"Arn": arn("sqs", ""), "QueueName": byName, "QueueUrl": "https://sqs.{region}.amazonaws.com/{account}/{name}",
		}},
		"AWS::SNS::Topic": {"TopicName", arn("sns", ""), map[string]string{"TopicArn": arn("sns", ""), "TopicName": byName}},
		"AWS::DynamoDB::Table": {"TableName", byName, map[string]string{
			"Arn": arn("dynamodb", "table/"), "StreamArn": arn("dynamodb", "table/") + "/stream/2026-01-01T00:00:00.000",
		}},
		"AWS::S3::Bucket": {"BucketName", byName, map[string]string{
			"Arn": "arn:{partition}:s3:::{name}", "DomainName": "{name}.s3.amazonaws.com", "RegionalDomainName": "{name}.s3.{region}.amazonaws.com",
		}},
		"AWS::Kinesis::Stream": {"Name", byName, map[string]string{"Arn": arn("kinesis", "stream/")}},
		"AWS::StepFunctions::StateMachine": {"StateMachineName", arn("states", "stateMachine:"), map[string]string{
			"Arn": arn("states", "stateMachine:"), "Name": byName,
		}},
		"AWS::Events::Rule":     {"Name", byName, map[string]string{"Arn": arn("events", "rule/")}},
		"AWS::Events::EventBus": {"Name", byName, map[string]string{"Arn": arn("events", "event-bus/"), "Name": byName}},
		"AWS::SSM::Parameter":   {"Name", byName, map[string]string{"Type": "String", "Value": ""}},
	}
}

// bare are external types that nothing asks an attribute of.
func bare() []string {
	return []string{
		"AWS::SQS::QueuePolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy",
		"AWS::Events::EventBusPolicy", "AWS::Scheduler::Schedule", "AWS::Scheduler::ScheduleGroup",
		"AWS::Cognito::UserPoolUser",
		"AWS::Lambda::EventSourceMapping", "AWS::Lambda::CodeSigningConfig", "AWS::IAM::InstanceProfile", "AWS::IAM::ServiceLinkedRole",
		"AWS::Logs::SubscriptionFilter", "AWS::Logs::MetricFilter", "AWS::Logs::ResourcePolicy", "AWS::Logs::LogStream",
	}
}

func externalKinds() map[string]kind {
	all := map[string]kind{}
	for t, x := range externals() {
		all[t] = kind{create: x.stand}
	}
	for _, t := range bare() {
		all[t] = kind{create: external{ref: byName}.stand}
	}
	return all
}

// stand records the names that the resource would have.
func (x external) stand(_ context.Context, j *job) error {
	name := j.name(j.record.LogicalID, 0)
	if x.name != "" {
		name = j.nameOr(x.name)
	}
	cfg := j.engine.cfg
	form := strings.NewReplacer("{name}", name, "{region}", cfg.Region, "{account}", cfg.Account, "{partition}", cfg.Partition)
	atts := make(map[string]any, len(x.atts))
	for a, v := range x.atts {
		atts[a] = form.Replace(v)
	}
	j.made(name, atts)
	j.record.Ref = form.Replace(x.ref)
	return nil
}

// externalWarnings says of each external resource of a plan that it is not made.
func externalWarnings(plan *cfn.Plan) []cfn.Problem {
	known := externalKinds()
	var out []cfn.Problem
	for _, r := range plan.Resources {
		if _, ok := known[r.Type]; ok {
			out = append(out, cfn.Problem{
				File: r.At.File, Line: int(r.At.Line), Column: int(r.At.Column), Path: "Resources." + r.ID,
				Message: r.Type + " is not made here: its names and ARNs stand, calls go to the endpoint given by --aws-endpoint",
			})
		}
	}
	return out
}
