package guard

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// needs is what a call must be allowed: one action at least, but for those that
// everybody may who has signed.
func (g *Guard) needs(in *control.Incoming, who control.Caller, input value) []need {
	op := in.Operation.Name
	switch in.Service.Name {
	case "apigateway", "apigatewayv2":
		return g.apigateway(in, input)
	case "apigatewaymanagementapi":
		return []need{{"execute-api:ManageConnections", g.connection(in)}}
	case "lambda":
		return g.lambda(op, input)
	case "iam":
		return []need{{"iam:" + op, g.iam(op, who.ARN, input)}}
	case "sts":
		return stsNeeds(op)
	case "logs":
		return g.each("logs:"+op, g.logs(input))
	case "cloudformation":
		return g.cloudformation(op, input)
	case "cloudwatch":
		return g.each("cloudwatch:"+op, g.cloudwatch(input))
	case "cognito-identity-provider":
		return []need{{"cognito-idp:" + op, g.pool(input)}}
	case "cloudtrail":
		return []need{{"cloudtrail:" + op, g.trail(input)}}
	case "wafv2":
		return g.each("wafv2:"+op, g.waf(op, input))
	case "resourcegroupstaggingapi":
		return []need{{"tag:" + op, "*"}}
	}
	return []need{{in.Service.Signing + ":" + op, orAll(input.arn())}}
}

func (g *Guard) each(action string, resources []string) (all []need) {
	for _, r := range resources {
		all = append(all, need{action, r})
	}
	if all == nil {
		return []need{{action, "*"}}
	}
	return all
}

func orAll(resource string) string {
	if resource == "" {
		return "*"
	}
	return resource
}

// arn is an ARN of this account and region.
func (g *Guard) arn(service, rest string) string {
	return "arn:" + g.cfg.Partition + ":" + service + ":" + g.cfg.Region + ":" + g.cfg.Account + ":" + rest
}

// stsNeeds: whoever has signed may ask who they are. Whether a role may be
// assumed, its trust policy says as well, so the operation asks itself.
// parity: AWS STS API Reference, "GetCallerIdentity" and "GetSessionToken"
func stsNeeds(op string) []need {
	switch op {
	case "GetCallerIdentity", "GetSessionToken", "AssumeRole":
		return nil
	}
	return []need{{"sts:" + op, "*"}}
}

// apigateway: the actions are HTTP's verbs and the resource is the path, with
// some actions more for what opens or closes doors.
// parity: spec/security.md 1.11
func (g *Guard) apigateway(in *control.Incoming, input value) []need {
	path := fill(in.Operation, in.Labels)
	resource := "arn:" + g.cfg.Partition + ":apigateway:" + g.cfg.Region + "::" + strings.TrimPrefix(path, "/v2")
	all := []need{{"apigateway:" + in.Operation.Method, resource}}
	switch op := in.Operation.Name; op {
	case "CreateRestApi", "UpdateRestApi":
		if input.set("Policy") || input.patched("/policy") {
			all = append(all, need{"apigateway:UpdateRestApiPolicy", resource})
		}
		if from := input.text("CloneFrom"); from != "" { // a copy tells as much as the API itself
			all = append(all, need{"apigateway:GET", resource + "/" + from})
		}
	case "ImportRestApi", "PutRestApi", "ImportApi", "ReimportApi":
		document, escaped := spelled(input.bytes("Body"))
		if escaped || strings.Contains(document, "x-amazon-apigateway-policy") {
			all = append(all, need{"apigateway:UpdateRestApiPolicy", resource})
		}
		for _, role := range rolesIn(document, escaped) {
			all = append(all, need{"iam:PassRole", role})
		}
	case "CreateDomainName", "UpdateDomainName":
		if input.set("MutualTlsAuthentication") || input.patched("/mutualTlsAuthentication") {
			all = append(all, need{"apigateway:AddCertificateToDomain", resource})
		}
	}
	for _, role := range []string{
		input.text("Credentials"), input.text("AuthorizerCredentials"), input.text("CredentialsArn"), input.text("AuthorizerCredentialsArn"),
		input.patch("/credentials"), input.patch("/authorizerCredentials"),
	} {
		if strings.Contains(role, ":role/") {
			all = append(all, need{"iam:PassRole", role})
		}
	}
	return all
}

// spelled is an API's document with each text written in one way; escaped says
// that some may be written otherwise, which only YAML may do here.
func spelled(document []byte) (plain string, escaped bool) {
	var doc any
	if json.Unmarshal(document, &doc) == nil {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if e.Encode(doc) == nil {
			return b.String(), false
		}
	}
	plain = string(document)
	return plain, slices.ContainsFunc([]string{`\u`, `\U`, `\x`}, func(s string) bool { return strings.Contains(plain, s) })
}

// rolesIn are the roles that an API's document names; any, if it may name one
// in a way that is not read here.
func rolesIn(plain string, escaped bool) (all []string) {
	for rest := plain; ; {
		_, after, found := strings.Cut(rest, ":role/")
		if !found {
			break
		}
		start := strings.LastIndex(plain[:len(plain)-len(after)], "arn:")
		end := strings.IndexFunc(after, func(r rune) bool {
			return !strings.ContainsRune("+=,.@_-/", r) && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
		})
		if end < 0 {
			end = len(after)
		}
		if role := plain[max(start, 0) : len(plain)-len(after)+end]; start >= 0 && len(role) < 512 {
			all = append(all, role)
		} else {
			all = append(all, "*")
		}
		rest = after
	}
	if escaped {
		all = append(all, "*")
	}
	return all
}

// fill is the path of an operation with its labels filled in: one form,
// whatever the caller sent.
func fill(op *wire.Operation, labels []string) string {
	path, _, _ := strings.Cut(op.URI, "?")
	var b strings.Builder
	for len(path) > 0 {
		before, rest, found := strings.Cut(path, "{")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		label := ""
		if len(labels) > 0 {
			label, labels = labels[0], labels[1:]
		}
		b.WriteString(segment(label, strings.HasPrefix(op.URI, "/tags/") || strings.HasPrefix(op.URI, "/v2/tags/"), strings.HasSuffix(name, "+")))
		path = after
	}
	return b.String()
}

// segment is a label as it stands in an ARN: whole ARNs are percent-encoded,
// other labels only where they would be taken for two.
func segment(label string, arn, greedy bool) string {
	switch {
	case arn:
		return strings.NewReplacer("%", "%25", "/", "%2F", ":", "%3A").Replace(label)
	case greedy:
		return label
	}
	return strings.NewReplacer("%", "%25", "/", "%2F").Replace(label)
}

// connection is the resource of a call of the management API, as far as host
// and path tell the API; on a custom domain name they do not.
func (g *Guard) connection(in *control.Incoming) string {
	host, _, _ := strings.Cut(in.HTTP.Host, ":")
	path, rest, _ := strings.Cut(in.HTTP.URL.Path, "/@connections/")
	id, _, _ := strings.Cut(rest, "?")
	api, domain, _ := strings.Cut(host, ".")
	switch {
	case strings.HasPrefix(domain, "execute-api."):
		return g.arn("execute-api", api+path+"/"+in.Operation.Method+"/@connections/"+id)
	case strings.HasPrefix(path, "/_aws/execute-api/"):
		return g.arn("execute-api", strings.TrimPrefix(path, "/_aws/execute-api/")+"/"+in.Operation.Method+"/@connections/"+id)
	}
	return "*"
}
