package control

import (
	"net/url"
	"strings"
)

// kind is a kind of thing that the first API of API Gateway has: where it is
// and what can be done with it, which HAL tells as links and CloudTrail as
// members of responseElements.
type kind struct {
	noun  string // before the colon of its relations
	cfn   string // its type's last word in CloudFormation
	path  string // with labels as in the table of operations
	id    string // the member of its own that is the last label; empty: it has none
	links []link
}

// link is a relation of a kind.
type link struct {
	rel  string // such as resource:create
	path string // below the kind's own, or from the root after a '!'
}

// bind puts labels into a path. What is not bound is left, as in a URI template.
func bind(path string, labels map[string]string) (href string, templated bool) {
	var b strings.Builder
	for path != "" {
		before, rest, found := strings.Cut(path, "{")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		if value, ok := labels[name]; ok {
			b.WriteString(url.PathEscape(value))
		} else {
			b.WriteString("{" + name + "}")
			templated = true
		}
		path = after
	}
	return b.String(), templated
}

// at is where a link of k leads.
func (k *kind) at(l link) string {
	if path, ok := strings.CutPrefix(l.path, "!"); ok {
		return path
	}
	return k.path + l.path
}

// label is the name of the last label of k's path.
func (k *kind) label() string {
	return strings.TrimSuffix(k.path[strings.LastIndexByte(k.path, '{')+1:], "}")
}

// kinds are the kinds by the names of their shapes.
//
// parity: services-observability.md 9.6 for RestApi, Resource, Method,
// Integration, Authorizer and Deployment; the others after their pattern
//
//nolint:gochecknoglobals // a table
var kinds = map[string]*kind{
	"RestApi": {noun: "restapi", cfn: "RestApi", path: "/restapis/{restapi_id}", id: "id", links: []link{
		{"restapi:update", ""},
		{"restapi:delete", ""},
		{"stage:create", "/stages"},
		{"deployment:create", "/deployments"},
		{"authorizer:create", "/authorizers"},
		{"model:create", "/models"},
		{"requestvalidator:create", "/requestvalidators"},
		{"documentationpart:create", "/documentation/parts"},
		{"documentationversion:create", "/documentation/versions"},
		{"restapi:authorizers", "/authorizers"},
		{"restapi:documentation-versions", "/documentation/versions"},
		{"restapi:request-validators", "/requestvalidators"},
		{"restapi:models", "/models"},
		{"restapi:documentation-parts", "/documentation/parts"},
		{"restapi:gateway-responses", "/gatewayresponses"},
		{"resource:create", "/resources/{parent_id}"},
		{"resource:by-id", "/resources/{resource_id}{?embed}"},
		{"stage:by-name", "/stages/{stage_name}"},
		{"authorizer:by-id", "/authorizers/{authorizer_id}"},
		{"requestvalidator:by-id", "/requestvalidators/{requestvalidator_id}"},
		{"documentationpart:by-id", "/documentation/parts/{part_id}"},
		{"documentationversion:by-version", "/documentation/versions/{doc_version}"},
		{"gatewayresponse:by-type", "/gatewayresponses/{response_type}"},
		{"gatewayresponse:put", "/gatewayresponses/{response_type}"},
		{"restapi:stages", "/stages{?deployment_id}"},
		{"restapi:resources", "/resources{?limit,embed}"},
		{"restapi:deployments", "/deployments{?limit}"},
		{"deployment:by-id", "/deployments/{deployment_id}{?embed}"},
		{"model:by-name", "/models/{model_name}{?flatten}"},
		{"documentationpart:import", "/documentation/parts{?mode,failonwarnings}"},
	}},
	"Resource": {noun: "resource", cfn: "Resource", path: "/restapis/{restapi_id}/resources/{resource_id}", id: "id", links: []link{
		{"resource:update", ""},
		{"resource:delete", ""},
		{"method:put", "/methods/{http_method}"},
		{"method:by-http-method", "/methods/{http_method}"},
		{"resource:create-child", ""},
	}},
	"Method": {noun: "method", cfn: "Method", path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}", id: "httpMethod", links: []link{
		{"method:delete", ""}, {"method:update", ""}, {"integration:put", "/integration"}, {"methodresponse:put", "/responses/{status_code}"},
	}},
	"MethodResponse": {
		noun: "methodresponse", cfn: "Method", path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}", id: "statusCode",
		links: []link{{"methodresponse:delete", ""}, {"methodresponse:update", ""}},
	},
	"Integration": {noun: "integration", cfn: "Method", path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration", links: []link{
		{"integration:delete", ""}, {"integration:update", ""}, {"integrationresponse:put", "/responses/{status_code}"},
	}},
	"IntegrationResponse": {
		noun: "integrationresponse", cfn: "Method",
		path:  "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
		id:    "statusCode",
		links: []link{{"integrationresponse:delete", ""}, {"integrationresponse:update", ""}},
	},
	"Deployment": {noun: "deployment", cfn: "Deployment", path: "/restapis/{restapi_id}/deployments/{deployment_id}", id: "id", links: []link{
		{"deployment:update", ""}, {"deployment:delete", ""}, {"deployment:stages", "!/restapis/{restapi_id}/stages?deployment_id={deployment_id}"},
	}},
	"Stage": {noun: "stage", cfn: "Stage", path: "/restapis/{restapi_id}/stages/{stage_name}", id: "stageName", links: []link{
		{"stage:update", ""},
		{"stage:delete", ""},
		{"stage:flush-authorizers-cache", "/cache/authorizers"},
		{"stage:flush-cache", "/cache/data"},
		{"stage:export", "/exports/{export_type}"},
		{"stage:sdk", "/sdks/{sdk_type}"},
	}},
	"Model": {noun: "model", cfn: "Model", path: "/restapis/{restapi_id}/models/{model_name}", id: "name", links: []link{
		{"model:update", ""}, {"model:delete", ""}, {"model:default-template", "/default_template"},
	}},
	"Authorizer":       editable("authorizer", "Authorizer", "/restapis/{restapi_id}/authorizers/{authorizer_id}", "id"),
	"RequestValidator": editable("requestvalidator", "RequestValidator", "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}", "id"),
	"GatewayResponse": {noun: "gatewayresponse", cfn: "GatewayResponse", path: "/restapis/{restapi_id}/gatewayresponses/{response_type}", id: "responseType", links: []link{
		{"gatewayresponse:update", ""}, {"gatewayresponse:delete", ""}, {"gatewayresponse:put", ""},
	}},
	"DocumentationPart":    editable("documentationpart", "DocumentationPart", "/restapis/{restapi_id}/documentation/parts/{part_id}", "id"),
	"DocumentationVersion": editable("documentationversion", "DocumentationVersion", "/restapis/{restapi_id}/documentation/versions/{doc_version}", "version"),
	"ApiKey":               editable("apikey", "ApiKey", "/apikeys/{api_Key}", "id"),
	"UsagePlan": {noun: "usageplan", cfn: "UsagePlan", path: "/usageplans/{usageplanId}", id: "id", links: []link{
		{"usageplan:update", ""},
		{"usageplan:delete", ""},
		{"usageplankey:create", "/keys"},
		{"usageplan:keys", "/keys{?limit,name}"},
		{"usage:get", "/usage{?startDate,endDate,limit}"},
	}},
	"UsagePlanKey": {noun: "usageplankey", cfn: "UsagePlanKey", path: "/usageplans/{usageplanId}/keys/{keyId}", id: "id", links: []link{
		{"usageplankey:delete", ""}, {"usage:update", "/usage"},
	}},
	"Usage": {noun: "usage", cfn: "UsagePlan", path: "/usageplans/{usageplanId}/usage"},
	"DomainName": {noun: "domainname", cfn: "DomainName", path: "/domainnames/{domain_name}", id: "domainName", links: []link{
		{"domainname:update", ""},
		{"domainname:delete", ""},
		{"basepathmapping:create", "/basepathmappings"},
		{"domainname:base-path-mappings", "/basepathmappings{?limit}"},
		{"basepathmapping:by-base-path", "/basepathmappings/{base_path}"},
	}},
	"BasePathMapping": editable("basepathmapping", "BasePathMapping", "/domainnames/{domain_name}/basepathmappings/{base_path}", "basePath"),
	"DomainNameAccessAssociation": {
		noun: "domainnameaccessassociation", cfn: "DomainNameAccessAssociation", path: "/domainnameaccessassociations/{domain_name_access_association_arn}",
		id: "domainNameAccessAssociationArn", links: []link{{"domainnameaccessassociation:delete", ""}},
	},
	"VpcLink":           editable("vpclink", "VpcLink", "/vpclinks/{vpclink_id}", "id"),
	"ClientCertificate": editable("clientcertificate", "ClientCertificate", "/clientcertificates/{clientcertificate_id}", "clientCertificateId"),
	"Account":           {noun: "account", cfn: "Account", path: "/account", links: []link{{"account:update", ""}}},
	"SdkType":           {noun: "sdktype", cfn: "SdkType", path: "/sdktypes/{sdktype_id}", id: "id"},
}

// editable is a kind that can be changed and deleted, and no more.
func editable(noun, cfn, path, id string) *kind {
	return &kind{noun: noun, cfn: cfn, path: path, id: id, links: []link{{noun + ":update", ""}, {noun + ":delete", ""}}}
}
