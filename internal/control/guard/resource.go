package guard

import (
	"fmt"
	"slices"
	"strings"
)

// lambda: the function in one form, whichever the caller wrote.
// parity: Service Authorization Reference, "AWS Lambda"
func (g *Guard) lambda(op string, input value) []need {
	action := "lambda:" + op
	switch op {
	case "Invoke", "InvokeAsync", "InvokeWithResponseStream":
		action = "lambda:InvokeFunction"
	case "GetLayerVersionByArn":
		action = "lambda:GetLayerVersion"
	}
	all := []need{{action, g.lambdaResource(op, input)}}
	if role := input.text("Role"); role != "" && (op == "CreateFunction" || op == "UpdateFunctionConfiguration") {
		all = append(all, need{"iam:PassRole", role})
	}
	return all
}

func (g *Guard) lambdaResource(op string, input value) string {
	switch {
	case op == "ListEventSourceMappings" || op == "ListFunctions" || op == "ListLayers":
		return "*"
	case input.text("LayerName") != "":
		layer := input.text("LayerName")
		if !strings.HasPrefix(layer, "arn:") {
			layer = g.arn("lambda", "layer:"+layer)
		}
		if v := input.field("VersionNumber"); v.IsValid() {
			layer = fmt.Sprintf("%s:%d", layer, v.Int())
		}
		return layer
	case input.text("UUID") != "":
		return g.arn("lambda", "event-source-mapping:"+input.text("UUID"))
	case op == "CreateEventSourceMapping":
		return "*" // parity: the reference, the function is a condition key there
	case op == "CreateAlias" || op == "GetAlias" || op == "UpdateAlias" || op == "DeleteAlias":
		return g.function(input.text("FunctionName"), "")
	case input.text("FunctionName") != "":
		return g.function(input.text("FunctionName"), input.text("Qualifier"))
	case input.text("Resource") != "":
		return input.text("Resource")
	}
	return orAll(input.arn())
}

// function is the ARN of a function that is named in any of AWS's forms.
// parity: services-observability.md 7.4
func (g *Guard) function(name, qualifier string) string {
	if strings.HasPrefix(name, "arn:") {
		if qualifier != "" && strings.Count(name, ":") == 6 {
			name += ":" + qualifier
		}
		return name
	}
	parts := strings.Split(name, ":")
	if i := slices.Index(parts, "function"); i >= 0 && i < len(parts)-1 {
		parts = parts[i+1:]
	} else if len(parts) > 1 && len(parts[0]) == 12 && strings.Trim(parts[0], "0123456789") == "" {
		parts = parts[1:]
	} else if len(parts) > 2 {
		parts = parts[len(parts)-2:]
	}
	if qualifier != "" && len(parts) == 1 {
		parts = append(parts, qualifier)
	}
	return g.arn("lambda", "function:"+strings.Join(parts, ":"))
}

// iam is what a call of IAM is about. Names are those of the documents, whose
// case the caller need not keep.
// parity: Service Authorization Reference, "AWS Identity and Access Management"
func (g *Guard) iam(op, caller string, input value) string {
	base := "arn:" + g.cfg.Partition + ":iam::" + g.cfg.Account + ":"
	path := input.text("Path")
	if path == "" {
		path = "/"
	}
	for _, kind := range []struct{ noun, member string }{{"group", "GroupName"}, {"role", "RoleName"}, {"user", "UserName"}} {
		name := input.text(kind.member)
		if name == "" || kind.noun == "user" && strings.HasSuffix(op, "UserToGroup") {
			continue
		}
		if arn, ok := g.cfg.Book.ARN(kind.noun, name); ok {
			return arn
		}
		return base + kind.noun + path + name
	}
	switch {
	case op == "GetUser" || strings.HasSuffix(op, "AccessKey") || op == "ListAccessKeys":
		return caller // who names nobody means themselves
	case op == "CreateOpenIDConnectProvider":
		_, name, _ := strings.Cut(input.text("Url"), "://")
		return base + "oidc-provider/" + name
	case op == "CreatePolicy":
		return base + "policy" + path + input.text("PolicyName")
	case strings.HasPrefix(op, "List") && input.text("PathPrefix") != "":
		return "*"
	}
	return orAll(input.text("PolicyArn", "PolicySourceArn", "OpenIDConnectProviderArn"))
}

// logs are the log groups that a call is about.
func (g *Guard) logs(input value) (all []string) {
	stream := input.text("LogStreamName")
	names := input.texts("LogGroupName")
	for _, member := range []string{"LogGroupIdentifier", "LogGroupNames", "LogGroupIdentifiers", "LogGroupArnList", "ResourceArn", "ResourceIdentifier"} {
		names = append(names, input.texts(member)...)
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "arn:") {
			name = g.arn("logs", "log-group:"+name)
		}
		name = strings.TrimSuffix(name, ":*")
		if stream != "" {
			name += ":log-stream:" + stream
		} else if strings.Contains(name, ":log-group:") {
			name += ":*" // parity: CloudWatch Logs, "Resource types": a log group's ARN ends so
		}
		all = append(all, name)
	}
	if all == nil && input.arn() != "" {
		return []string{input.arn()}
	}
	return all
}

// cloudformation: stacks by name or ARN. The id at the end of an ARN is not
// known for a name, and stands for any.
func (g *Guard) cloudformation(op string, input value) []need {
	resource := "*"
	if name := input.text("StackName"); strings.HasPrefix(name, "arn:") {
		resource = name
	} else if name != "" {
		resource = g.arn("cloudformation", "stack/"+name+"/*")
	} else if set := input.text("ChangeSetName"); set != "" {
		resource = orAll(set)
	}
	all := []need{{"cloudformation:" + op, resource}}
	if role := input.text("RoleARN"); role != "" {
		all = append(all, need{"iam:PassRole", role})
	}
	return all
}

// cloudwatch: alarms have ARNs, metrics have none.
func (g *Guard) cloudwatch(input value) (all []string) {
	for _, name := range append(input.texts("AlarmName"), input.texts("AlarmNames")...) {
		all = append(all, g.arn("cloudwatch", "alarm:"+name))
	}
	for _, name := range append(input.texts("DashboardName"), input.texts("DashboardNames")...) {
		all = append(all, "arn:"+g.cfg.Partition+":cloudwatch::"+g.cfg.Account+":dashboard/"+name)
	}
	for _, name := range append(input.texts("InsightRuleName"), input.texts("RuleName")...) {
		all = append(all, g.arn("cloudwatch", "insight-rule/"+name))
	}
	if all == nil && input.arn() != "" {
		return []string{input.arn()}
	}
	return all
}

// pool is the user pool that a call is about.
func (g *Guard) pool(input value) string {
	if id := input.text("UserPoolId"); id != "" {
		return g.arn("cognito-idp", "userpool/"+id)
	}
	return orAll(input.text("ResourceArn"))
}

// trail is the trail that a call is about, by name or ARN.
func (g *Guard) trail(input value) string {
	name := input.text("TrailName", "Name", "ResourceId")
	switch {
	case strings.HasPrefix(name, "arn:"):
		return name
	case name != "":
		return g.arn("cloudtrail", "trail/"+name)
	}
	return orAll(input.arn())
}

// waf are the entities that a call is about.
// parity: Service Authorization Reference, "AWS WAF V2"
func (g *Guard) waf(op string, input value) (all []string) {
	for _, member := range []string{"WebACLArn", "ResourceArn", "ResourceARN", "WebACLARN"} {
		if text := input.text(member); text != "" {
			all = append(all, text)
		}
	}
	scope := "regional"
	if input.text("Scope") == "CLOUDFRONT" {
		scope = "global"
	}
	id := input.text("Id")
	if id == "" {
		id = "*"
	}
	if name := input.text("Name"); name != "" {
		for suffix, kind := range map[string]string{"WebACL": "webacl", "RuleGroup": "rulegroup", "IPSet": "ipset", "RegexPatternSet": "regexpatternset"} {
			if strings.HasSuffix(op, suffix) && !strings.HasPrefix(op, "Describe") {
				all = append(all, g.arn("wafv2", scope+"/"+kind+"/"+name+"/"+id))
			}
		}
	}
	if all == nil && input.arn() != "" {
		return []string{input.arn()}
	}
	return all
}
