package cloudformation

import (
	"context"
	"reflect"
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// row describes a type whose properties are the members of its operations: one
// call makes it, one deletes it, and a patch changes it.
type row struct {
	create, update, remove func() any // new inputs; update nil: replaced
	names                  [3]string  // of the operations
	id                     string     // member of the output that identifies it, field of the inputs that take it
	idField                string     // field of update and remove inputs; id if empty
	attributes             []string   // members of the output shown by GetAtt
	patches                map[string]string
	rename                 map[string]string // property -> member, where they differ
	replace                []string
}

// rowKinds are the plain types of API Gateway.
func rowKinds() map[string]kind {
	rows := map[string]row{
		"AWS::ApiGateway::Resource": {
			create: input[apigateway.CreateResourceInput], remove: input[apigateway.DeleteResourceInput],
			names: [3]string{"CreateResource", "", "DeleteResource"}, id: "Id", idField: "ResourceId", attributes: []string{"Id"},
		},
		"AWS::ApiGateway::Model": {
			create: input[apigateway.CreateModelInput], update: input[apigateway.UpdateModelInput], remove: input[apigateway.DeleteModelInput],
			names: [3]string{"CreateModel", "UpdateModel", "DeleteModel"}, id: "Name", idField: "ModelName",
			patches: map[string]string{"Description": "/description", "Schema": "/schema"}, replace: []string{"RestApiId", "Name", "ContentType"},
		},
		"AWS::ApiGateway::RequestValidator": {
			create: input[apigateway.CreateRequestValidatorInput], update: input[apigateway.UpdateRequestValidatorInput], remove: input[apigateway.DeleteRequestValidatorInput],
			names: [3]string{"CreateRequestValidator", "UpdateRequestValidator", "DeleteRequestValidator"}, id: "Id", idField: "RequestValidatorId",
			attributes: []string{"Id"},
			patches:    map[string]string{"ValidateRequestBody": "/validateRequestBody", "ValidateRequestParameters": "/validateRequestParameters"},
			replace:    []string{"RestApiId", "Name"},
		},
		"AWS::ApiGateway::Authorizer": {
			create: input[apigateway.CreateAuthorizerInput], remove: input[apigateway.DeleteAuthorizerInput],
			names: [3]string{"CreateAuthorizer", "", "DeleteAuthorizer"}, id: "Id", idField: "AuthorizerId", attributes: []string{"Id"},
		},
		"AWS::ApiGateway::GatewayResponse": {
			create: input[apigateway.PutGatewayResponseInput], remove: input[apigateway.DeleteGatewayResponseInput],
			names: [3]string{"PutGatewayResponse", "", "DeleteGatewayResponse"}, id: "ResponseType", attributes: []string{"ResponseType"},
		},
		"AWS::ApiGateway::DocumentationPart": {
			create: input[apigateway.CreateDocumentationPartInput], update: input[apigateway.UpdateDocumentationPartInput], remove: input[apigateway.DeleteDocumentationPartInput],
			names: [3]string{"CreateDocumentationPart", "UpdateDocumentationPart", "DeleteDocumentationPart"}, id: "Id", idField: "DocumentationPartId",
			attributes: []string{"Id"}, patches: map[string]string{"Properties": "/properties"}, replace: []string{"RestApiId", "Location"},
		},
		"AWS::ApiGateway::DocumentationVersion": {
			create: input[apigateway.CreateDocumentationVersionInput], update: input[apigateway.UpdateDocumentationVersionInput], remove: input[apigateway.DeleteDocumentationVersionInput],
			names: [3]string{"CreateDocumentationVersion", "UpdateDocumentationVersion", "DeleteDocumentationVersion"}, id: "Version", idField: "DocumentationVersion",
			patches: map[string]string{"Description": "/description"}, replace: []string{"RestApiId", "DocumentationVersion"},
		},
		"AWS::ApiGateway::ApiKey": {
			create: input[apigateway.CreateApiKeyInput], update: input[apigateway.UpdateApiKeyInput], remove: input[apigateway.DeleteApiKeyInput],
			names: [3]string{"CreateApiKey", "UpdateApiKey", "DeleteApiKey"}, id: "Id", idField: "ApiKey", attributes: []string{"Id"},
			patches: map[string]string{"Description": "/description", "Enabled": "/enabled", "CustomerId": "/customerId"},
			replace: []string{"Name", "Value", "GenerateDistinctId", "StageKeys"},
		},
		"AWS::ApiGateway::UsagePlan": {
			create: input[apigateway.CreateUsagePlanInput], remove: input[apigateway.DeleteUsagePlanInput],
			names: [3]string{"CreateUsagePlan", "", "DeleteUsagePlan"}, id: "Id", idField: "UsagePlanId", attributes: []string{"Id"},
			rename: map[string]string{"UsagePlanName": "Name"},
		},
		"AWS::ApiGateway::UsagePlanKey": {
			create: input[apigateway.CreateUsagePlanKeyInput], remove: input[apigateway.DeleteUsagePlanKeyInput],
			names: [3]string{"CreateUsagePlanKey", "", "DeleteUsagePlanKey"}, id: "Id", idField: "KeyId", attributes: []string{"Id"},
		},
		"AWS::ApiGateway::ClientCertificate": {
			create: input[apigateway.GenerateClientCertificateInput], update: input[apigateway.UpdateClientCertificateInput], remove: input[apigateway.DeleteClientCertificateInput],
			names: [3]string{"GenerateClientCertificate", "UpdateClientCertificate", "DeleteClientCertificate"}, id: "ClientCertificateId",
			attributes: []string{"ClientCertificateId"}, patches: map[string]string{"Description": "/description"},
		},
		"AWS::ApiGateway::VpcLink": {
			create: input[apigateway.CreateVpcLinkInput], update: input[apigateway.UpdateVpcLinkInput], remove: input[apigateway.DeleteVpcLinkInput],
			names: [3]string{"CreateVpcLink", "UpdateVpcLink", "DeleteVpcLink"}, id: "Id", idField: "VpcLinkId", attributes: []string{"VpcLinkId"},
			patches: map[string]string{"Name": "/name", "Description": "/description"}, replace: []string{"TargetArns"},
		},
		"AWS::ApiGateway::DomainName": {
			create: input[apigateway.CreateDomainNameInput], remove: input[apigateway.DeleteDomainNameInput],
			names: [3]string{"CreateDomainName", "", "DeleteDomainName"}, id: "DomainName",
			attributes: []string{"DistributionDomainName", "DistributionHostedZoneId", "RegionalDomainName", "RegionalHostedZoneId"},
		},
		"AWS::ApiGateway::BasePathMapping": {
			create: input[apigateway.CreateBasePathMappingInput], remove: input[apigateway.DeleteBasePathMappingInput],
			names: [3]string{"CreateBasePathMapping", "", "DeleteBasePathMapping"}, id: "BasePath",
		},
	}
	all := make(map[string]kind, len(rows))
	for t, r := range rows {
		all[t] = r.kind()
	}
	return all
}

func input[T any]() any { return new(T) }

func (r row) kind() kind {
	k := kind{create: r.make, remove: r.drop, replace: r.replace}
	if r.update != nil {
		k.update = r.change
	}
	return k
}

const apiGateway = "apigateway"

func (r row) make(ctx context.Context, j *job) error {
	in := r.create()
	props := with(j.props, nil)
	for from, to := range r.rename {
		props[to] = props[from]
	}
	if props["Name"] == nil && fieldOf(in, "Name").Kind() == reflect.String { // required of every caller but a template
		props["Name"] = j.nameFor(r)
	}
	if err := fill(in, props); err != nil {
		return err
	}
	out, err := j.engine.cfg.Control.Call(ctx, apiGateway, r.names[0], in)
	if err != nil {
		return err
	}
	attributes := map[string]any{}
	for _, a := range r.attributes {
		attributes[a] = member(out, a)
		if fieldOf(out, a).Kind() == reflect.Invalid {
			attributes[a] = member(out, r.id)
		}
	}
	j.made(member(out, r.id), attributes)
	return nil
}

func (r row) change(ctx context.Context, j *job) error {
	in := r.update()
	var ops []apigateway.PatchOperation
	for property, path := range r.patches {
		if changed(j.old[property], j.props[property]) {
			ops = append(ops, replaceOp(path, text(j.props[property])))
		}
	}
	if err := fill(in, with(j.props, map[string]any{r.field(): j.record.PhysicalID})); err != nil {
		return err
	}
	fieldOf(in, "PatchOperations").Set(reflect.ValueOf(ops))
	return j.do(ctx, apiGateway, r.names[1], in)
}

func (r row) drop(ctx context.Context, j *job) error {
	in := r.remove()
	if err := fill(in, with(j.props, map[string]any{r.field(): j.record.PhysicalID})); err != nil {
		return err
	}
	return j.do(ctx, apiGateway, r.names[2], in)
}

func (r row) field() string {
	if r.idField != "" {
		return r.idField
	}
	return r.id
}

// nameFor is the name of a resource that was given none. Models' names are
// alphanumeric.
func (j *job) nameFor(r row) string {
	name := j.name(j.record.LogicalID, j.generation)
	if r.id == "Name" {
		name = strings.ReplaceAll(name, "-", "")
	}
	return name
}

func replaceOp(path, value string) apigateway.PatchOperation {
	return apigateway.PatchOperation{Op: new("replace"), Path: &path, Value: &value}
}

func fieldOf(s any, name string) reflect.Value {
	v := reflect.ValueOf(s)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return v.FieldByName(name)
}

// member is a member of an output as text; empty if it is not there.
func member(out any, name string) string {
	f := fieldOf(out, name)
	if f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	if f.Kind() != reflect.String {
		return ""
	}
	return f.String()
}
