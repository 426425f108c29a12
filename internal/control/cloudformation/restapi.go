package cloudformation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"sort"
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// createRestAPI makes the API first, so that tags may choose its id, then brings
// in its document. The properties given beside a document win.
func createRestAPI(ctx context.Context, j *job) error {
	in := &apigateway.CreateRestApiInput{}
	props := with(j.props, map[string]any{"ApiKeySource": j.props["ApiKeySourceType"], "Policy": policyText(j.props["Policy"])})
	if j.text("Name") == "" {
		props["Name"] = j.name(j.record.LogicalID, j.generation)
	}
	if err := fill(in, props); err != nil {
		return err
	}
	j.tries(cmp.Or(in.Tags["stagedoor:id"], in.Tags["_custom_id_"]))
	api, err := call[apigateway.RestApi](ctx, j, apiGateway, "CreateRestApi", in)
	if err != nil {
		return err
	}
	j.made(*api.Id, map[string]any{"RestApiId": *api.Id, "RootResourceId": text(*api.RootResourceId)})
	if err := putBody(ctx, j); err != nil {
		return errors.Join(err, removeRestAPI(ctx, j))
	}
	return nil
}

func updateRestAPI(ctx context.Context, j *job) error {
	if changed(j.old["Body"], j.props["Body"]) || changed(j.old["BodyS3Location"], j.props["BodyS3Location"]) || j.props["BodyS3Location"] != nil {
		if err := putBody(ctx, j); err != nil {
			return err
		}
	}
	in := &apigateway.UpdateRestApiInput{RestApiId: j.record.PhysicalID, PatchOperations: restAPIPatches(j.old, j.props)}
	if len(in.PatchOperations) == 0 {
		return nil
	}
	return j.do(ctx, apiGateway, "UpdateRestApi", in)
}

// restAPIPatches are the operations that turn old properties into new ones.
func restAPIPatches(old, props map[string]any) []apigateway.PatchOperation {
	paths := map[string]string{
		"Name": "/name", "Description": "/description", "ApiKeySourceType": "/apiKeySource",
		"MinimumCompressionSize": "/minimumCompressionSize", "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint", "Policy": "/policy",
	}
	var ops []apigateway.PatchOperation
	for property, path := range paths {
		if changed(old[property], props[property]) {
			ops = append(ops, replaceOp(path, text(policyText(props[property]))))
		}
	}
	was, is := texts(old["BinaryMediaTypes"]), texts(props["BinaryMediaTypes"])
	for t := range is {
		if !was[t] {
			ops = append(ops, patch("add", "/binaryMediaTypes/"+escape(t)))
		}
	}
	for t := range was {
		if !is[t] {
			ops = append(ops, patch("remove", "/binaryMediaTypes/"+escape(t)))
		}
	}
	endpoint, _ := props["EndpointConfiguration"].(map[string]any)
	if changed(old["EndpointConfiguration"], props["EndpointConfiguration"]) {
		for t := range texts(endpoint["Types"]) {
			ops = append(ops, replaceOp("/endpointConfiguration/types/0", t))
		}
	}
	sort.Slice(ops, func(a, b int) bool { return *ops[a].Path < *ops[b].Path })
	return ops
}

// putBody brings in the API's document, whole.
func putBody(ctx context.Context, j *job) error {
	body, err := j.body()
	if err != nil || body == nil {
		return err
	}
	in := &apigateway.PutRestApiInput{RestApiId: j.record.PhysicalID, Mode: new("overwrite"), Body: body}
	if err := fill(in, map[string]any{"FailOnWarnings": j.props["FailOnWarnings"], "Parameters": j.props["Parameters"]}); err != nil {
		return err
	}
	if err := j.do(ctx, apiGateway, "PutRestApi", in); err != nil {
		return err
	}
	// The document has replaced what the properties say beside it: its policy
	// and the source of API keys are among that.
	beside := maps.Clone(j.props)
	delete(beside, "EndpointConfiguration") // stays as it was
	ops := restAPIPatches(nil, beside)
	if len(ops) == 0 {
		return nil
	}
	return j.do(ctx, apiGateway, "UpdateRestApi", &apigateway.UpdateRestApiInput{RestApiId: j.record.PhysicalID, PatchOperations: ops})
}

// body is the document of an API; nil if it has none.
func (j *job) body() ([]byte, error) {
	if b := j.props["Body"]; b != nil {
		if s, ok := b.(string); ok {
			return []byte(s), nil
		}
		return json.Marshal(b)
	}
	location, _ := j.props["BodyS3Location"].(map[string]any)
	if location == nil {
		return nil, nil
	}
	path, ok, err := j.local(location, "Bucket", "Key")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("BodyS3Location: s3://%s/%s cannot be read: there is no S3 here; name a local file", text(location["Bucket"]), text(location["Key"]))
	}
	return os.ReadFile(path)
}

func removeRestAPI(ctx context.Context, j *job) error {
	return j.do(ctx, apiGateway, "DeleteRestApi", &apigateway.DeleteRestApiInput{RestApiId: j.record.PhysicalID})
}

// createMethod makes the method with its responses and its integration.
func createMethod(ctx context.Context, j *job) error {
	method := &apigateway.PutMethodInput{}
	if err := fill(method, j.props); err != nil {
		return err
	}
	if method.AuthorizationType == "" {
		method.AuthorizationType = "NONE"
	}
	j.tries(j.name(j.record.LogicalID, j.generation)) // told by its properties
	if err := j.do(ctx, apiGateway, "PutMethod", method); err != nil {
		return err
	}
	j.made(j.name(j.record.LogicalID, j.generation), nil)
	if err := fillMethod(ctx, j); err != nil {
		return errors.Join(err, removeMethod(ctx, j))
	}
	return nil
}

func fillMethod(ctx context.Context, j *job) error {
	place := map[string]any{"RestApiId": j.props["RestApiId"], "ResourceId": j.props["ResourceId"], "HttpMethod": j.props["HttpMethod"]}
	for _, r := range objects(j.props["MethodResponses"]) {
		in := &apigateway.PutMethodResponseInput{}
		if err := fill(in, with(r, place)); err != nil {
			return err
		}
		if err := j.do(ctx, apiGateway, "PutMethodResponse", in); err != nil {
			return err
		}
	}
	integration, _ := j.props["Integration"].(map[string]any)
	if integration == nil {
		return nil
	}
	in := &apigateway.PutIntegrationInput{}
	if err := fill(in, with(integration, place)); err != nil {
		return fmt.Errorf("Integration: %w", err)
	}
	if m := text(integration["IntegrationHttpMethod"]); m != "" {
		in.IntegrationHttpMethod = &m
	}
	if err := j.do(ctx, apiGateway, "PutIntegration", in); err != nil {
		return err
	}
	for _, r := range objects(integration["IntegrationResponses"]) {
		in := &apigateway.PutIntegrationResponseInput{}
		if err := fill(in, with(r, place)); err != nil {
			return err
		}
		if err := j.do(ctx, apiGateway, "PutIntegrationResponse", in); err != nil {
			return err
		}
	}
	return nil
}

// updateMethod makes it anew: stages serve snapshots, so nobody sees it gone.
func updateMethod(ctx context.Context, j *job) error {
	if err := removeMethod(ctx, j); err != nil && !missing(err) {
		return err
	}
	return createMethod(ctx, j)
}

func removeMethod(ctx context.Context, j *job) error {
	in := &apigateway.DeleteMethodInput{}
	if err := fill(in, j.props); err != nil {
		return err
	}
	return j.do(ctx, apiGateway, "DeleteMethod", in)
}

// createAccount sets what an account has once; there is nothing to delete.
func createAccount(ctx context.Context, j *job) error {
	j.made(j.name(j.record.LogicalID, 0), map[string]any{"Id": j.name(j.record.LogicalID, 0)})
	role := j.text("CloudWatchRoleArn")
	if role == "" {
		return nil
	}
	return j.do(ctx, apiGateway, "UpdateAccount", &apigateway.UpdateAccountInput{
		PatchOperations: []apigateway.PatchOperation{replaceOp("/cloudwatchRoleArn", role)},
	})
}

// policyText is a policy as the operations take it: JSON text.
func policyText(v any) any {
	if m, ok := v.(map[string]any); ok {
		return text(m)
	}
	return v
}

func objects(v any) []map[string]any {
	var out []map[string]any
	list, _ := v.([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func texts(v any) map[string]bool {
	out := map[string]bool{}
	list, _ := v.([]any)
	for _, e := range list {
		out[text(e)] = true
	}
	return out
}

func escape(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }

func patch(op, path string) apigateway.PatchOperation {
	return apigateway.PatchOperation{Op: &op, Path: &path}
}
