package cfn

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// Capability is something that a caller must acknowledge before a stack is made.
type Capability struct {
	Name   string // CAPABILITY_IAM, CAPABILITY_NAMED_IAM or CAPABILITY_AUTO_EXPAND
	Reason string
}

// support decides what becomes of a resource whose type cannot be created.
func (b *builder) support(c *checker, r *Resource) {
	leftover := strings.HasPrefix(r.Type, "AWS::Serverless::")
	if supported(r.Type, b.in.Supported) && !leftover {
		return
	}
	path := "Resources." + r.ID + ".Type"
	at := b.root.Find("Resources", r.ID, "Type")
	if at.Pos().Line == 0 { // a macro made it
		at = b.root.Find("Resources", r.ID)
	}
	if leftover {
		hint := "SAM has no such type here"
		if !slices.Contains(b.template.Transforms, macroSAM) {
			hint = "add Transform: " + macroSAM
		}
		c.at(at, path, r.Type+" is not supported", hint)
		return
	}
	if b.in.Unknown == StubUnknown || b.in.Unknown == StubHarmless && harmless(r.Type) {
		r.Stub = true
		b.plan.Warnings = append(b.plan.Warnings, doc.At(at.Pos(), path, r.Type+" is not supported: the resource is only remembered", ""))
		return
	}
	c.at(at, path, r.Type+" is not supported", "supported are "+strings.Join(b.in.Supported, ", "))
}

func supported(typ string, names []string) bool {
	return len(names) == 0 || slices.ContainsFunc(names, func(n string) bool {
		prefix, wild := strings.CutSuffix(n, "*")
		return typ == n || wild && strings.HasPrefix(typ, prefix)
	})
}

// harmless reports whether no API works differently without resources of this
// type. parity: templates/12-cors, where Amplify must not break the stack.
func harmless(typ string) bool {
	service, _, _ := strings.Cut(strings.TrimPrefix(typ, "AWS::"), "::")
	switch service {
	case "Amplify", "ApplicationAutoScaling", "ApplicationInsights", "ApplicationSignals", "Athena", "AuditManager", "Backup", "Budgets", "CDK",
		"Chatbot", "CloudFront", "CloudTrail", "CloudWatch", "CodeArtifact", "CodeBuild", "CodeCommit", "CodeDeploy", "CodePipeline",
		"CodeStar", "CodeStarConnections", "CodeStarNotifications", "Config", "DevOpsGuru", "ECR", "FIS", "Glue", "GuardDuty", "Inspector",
		"Macie", "Oam", "QuickSight", "ResourceGroups", "Route53", "Route53RecoveryReadiness", "RUM", "Scheduler", "SecurityHub",
		"ServiceCatalog", "ServiceCatalogAppRegistry", "SES", "Synthetics", "XRay":
		return true
	}
	switch typ {
	case "AWS::CloudFormation::WaitConditionHandle", "AWS::Cognito::IdentityPool", "AWS::Cognito::IdentityPoolRoleAttachment",
		"AWS::Cognito::UserPoolUser", "AWS::Cognito::UserPoolGroup", "AWS::Cognito::UserPoolUserToGroupAttachment",
		"AWS::Logs::QueryDefinition", "AWS::Logs::MetricFilter", "AWS::Logs::ResourcePolicy":
		return true
	}
	return false
}

// capabilities are what a plan asks its caller to acknowledge.
// parity: CloudFormation API reference, CreateStack, Capabilities.
func capabilities(t *Template, p *Plan) []Capability {
	var iam, named, expand []string
	for _, r := range p.Resources {
		name, isIAM := iamName(r.Type)
		switch {
		case r.Type == "AWS::CloudFormation::Stack" || r.Type == "AWS::Serverless::Application":
			expand = append(expand, r.Type)
		case !isIAM:
		case name != "" && r.Properties.Has(name):
			named = append(named, r.ID)
		default:
			iam = append(iam, r.ID)
		}
	}
	var all []Capability
	switch {
	case len(named) > 0:
		all = append(all, Capability{"CAPABILITY_NAMED_IAM", "The following resource(s) require capabilities: [" + strings.Join(named, ", ") + "]"})
	case len(iam) > 0:
		all = append(all, Capability{"CAPABILITY_IAM", "The following resource(s) require capabilities: [" + strings.Join(iam, ", ") + "]"})
	}
	if len(t.Transforms) > 0 || len(expand) > 0 {
		all = append(all, Capability{"CAPABILITY_AUTO_EXPAND", "The following resource(s) require capabilities: [AWS::CloudFormation::Stack]"})
	}
	return all
}

// iamName tells the types of IAM that ask for a capability, and the property
// that names them.
func iamName(typ string) (property string, ok bool) {
	switch typ {
	case "AWS::IAM::Role":
		return "RoleName", true
	case "AWS::IAM::User":
		return "UserName", true
	case "AWS::IAM::Group":
		return "GroupName", true
	case "AWS::IAM::ManagedPolicy":
		return "ManagedPolicyName", true
	case "AWS::IAM::InstanceProfile":
		return "InstanceProfileName", true
	case "AWS::IAM::Policy", "AWS::IAM::AccessKey", "AWS::IAM::UserToGroupAddition":
		return "", true
	}
	return "", false
}
