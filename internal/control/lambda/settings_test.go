package lambda_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stagedoor/stagedoor/internal/control/lambda"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

const layerARN = "arn:aws:lambda:us-east-1:000000000000:layer:"

func TestLayers(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	publish := func(name, body string, runtimes ...string) *model.PublishLayerVersionResponse {
		t.Helper()
		return must(b.PublishLayerVersion(ctx, &model.PublishLayerVersionInput{
			LayerName: name, Description: new(body), CompatibleRuntimes: runtimes, LicenseInfo: new("MIT"),
			Content: &model.LayerVersionContentInput{ZipFile: archive(t, "python/l.py", body)},
		}))(t)
	}
	first, second := publish("l", "one", "python3.11"), publish("l", "two", "python3.12")
	publish("other", "x")
	if *first.Version != 1 || *second.Version != 2 || *second.LayerVersionArn != layerARN+"l:2" || *second.LayerArn != layerARN+"l" || *second.LicenseInfo != "MIT" {
		t.Errorf("PublishLayerVersion = %v then %v, %v", *first.Version, *second.Version, *second.LayerVersionArn)
	}
	got := must(b.GetLayerVersion(ctx, &model.GetLayerVersionInput{LayerName: layerARN + "l", VersionNumber: 2}))(t)
	byARN := must(b.GetLayerVersionByArn(ctx, &model.GetLayerVersionByArnInput{Arn: layerARN + "l:2"}))(t)
	location := cmpopts.IgnoreFields(model.LayerVersionContentOutput{}, "Location")
	if diff := cmp.Diff(got, byARN, location); diff != "" || *got.Description != "two" {
		t.Errorf("GetLayerVersion and GetLayerVersionByArn differ:\n%s", diff)
	}
	var listed []string
	for _, v := range must(b.ListLayerVersions(ctx, &model.ListLayerVersionsInput{LayerName: "l"}))(t).LayerVersions {
		listed = append(listed, fmt.Sprint(*v.Version))
	}
	for runtime, want := range map[string]string{"": "l:2 other:1", "python3.11": "l:1", "ruby3.4": ""} {
		in := &model.ListLayersInput{}
		if runtime != "" {
			in.CompatibleRuntime = &runtime
		}
		var all []string
		for _, l := range must(b.ListLayers(ctx, in))(t).Layers {
			all = append(all, fmt.Sprintf("%s:%d", *l.LayerName, *l.LatestMatchingVersion.Version))
		}
		if got := strings.Join(all, " "); got != want {
			t.Errorf("ListLayers for %q = %q, want %q", runtime, got, want)
		}
	}
	if !cmp.Equal(listed, []string{"2", "1"}) {
		t.Errorf("ListLayerVersions = %v, want the newest first", listed)
	}
	if got := must(b.ListLayerVersions(ctx, &model.ListLayerVersionsInput{LayerName: "none"}))(t); len(got.LayerVersions) != 0 {
		t.Errorf("ListLayerVersions of none = %v", got)
	}

	f := b.create(t, "f", func(in *model.CreateFunctionInput) { in.Layers = []string{layerARN + "l:1", layerARN + "other:1"} })
	if len(f.Layers) != 2 || *f.Layers[0].Arn != layerARN+"l:1" || *f.Layers[0].CodeSize != *first.Content.CodeSize {
		t.Errorf("layers of the function = %+v", f.Layers)
	}
	if got := b.host.of("f").Versions["$LATEST"].Layers; len(got) != 2 {
		t.Errorf("the host was told of layers %v", got)
	} else if body, err := os.ReadFile(got[0] + "/python/l.py"); err != nil || string(body) != "one" {
		t.Errorf("layer 1 holds %q (%v)", body, err)
	}
	for _, tt := range []struct {
		name string
		err  func() error
		want string
	}{
		{"two versions of a layer", func() error {
			_, err := b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{FunctionName: "f", Layers: []string{layerARN + "l:1", layerARN + "l:2"}})
			return err
		}, "InvalidParameterValueException: Two different versions of the same layer are not allowed to be referenced in the same function. " + layerARN + "l:1 and " + layerARN + "l:2 are versions of the same layer."},
		{"no version", func() error {
			_, err := b.GetLayerVersion(ctx, &model.GetLayerVersionInput{LayerName: "l", VersionNumber: 9})
			return err
		}, "ResourceNotFoundException: The resource you requested does not exist."},
		{"version zero", func() error {
			_, err := b.GetLayerVersion(ctx, &model.GetLayerVersionInput{LayerName: "l"})
			return err
		}, "InvalidParameterValueException: Layer Version Cannot be less than 1"},
		{"no layer of that ARN", func() error {
			_, err := b.GetLayerVersionByArn(ctx, &model.GetLayerVersionByArnInput{Arn: layerARN + "l"})
			return err
		}, "ResourceNotFoundException: The resource you requested does not exist."},
		{"nil content", func() error {
			_, err := b.PublishLayerVersion(ctx, &model.PublishLayerVersionInput{LayerName: "l"})
			return err
		}, "InvalidParameterValueException: Please provide a source for layer content."},
	} {
		refused(t, tt.name, tt.err(), tt.want)
	}
	for range 2 { // a version that is gone is gone; the function keeps it
		must(b.DeleteLayerVersion(ctx, &model.DeleteLayerVersionInput{LayerName: "l", VersionNumber: 1}))(t)
	}
	if got := must(b.GetFunctionConfiguration(ctx, &model.GetFunctionConfigurationInput{FunctionName: "f"}))(t); len(got.Layers) != 2 {
		t.Errorf("the function lost its layer with the layer version: %v", got.Layers)
	}
	if third := publish("l", "three"); *third.Version != 3 {
		t.Errorf("the version after 2 is %d", *third.Version)
	}
}

// TestSizeWithLayers: code and layers count together.
func TestSizeWithLayers(t *testing.T) {
	b := newBench(t)
	half := strings.Repeat("\x00", code.MaxUnzipped/2+1)
	must(b.PublishLayerVersion(t.Context(), &model.PublishLayerVersionInput{LayerName: "l", Content: &model.LayerVersionContentInput{ZipFile: archive(t, "x", half)}}))(t)
	in := creation(t, "f")
	in.Code.ZipFile, in.Layers = archive(t, "y", half), []string{layerARN + "l:1"}
	_, err := b.CreateFunction(t.Context(), in)
	refused(t, "code and a layer of 125 MB each", err, "InvalidParameterValueException: Unzipped size must be smaller than 262144000 bytes")
}

func TestConcurrency(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f")
	b.create(t, "g")
	put := func(name string, n int32) error {
		_, err := b.PutFunctionConcurrency(ctx, &model.PutFunctionConcurrencyInput{FunctionName: name, ReservedConcurrentExecutions: n})
		return err
	}
	const tooMuch = "InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
	for _, tt := range []struct {
		name string
		n    int32
		want string
	}{
		{"f", 901, tooMuch},
		{"f", 900, ""},
		{"g", 1, tooMuch},
		{"g", 0, ""},
		{"f", 899, ""},
		{"g", 1, ""},
		{"f:1", 1, "InvalidParameterValueException: This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN."},
	} {
		refused(t, fmt.Sprintf("reserve %d for %s", tt.n, tt.name), put(tt.name, tt.n), tt.want)
	}
	if got := must(b.GetFunctionConcurrency(ctx, &model.GetFunctionConcurrencyInput{FunctionName: "f"}))(t); *got.ReservedConcurrentExecutions != 899 {
		t.Errorf("GetFunctionConcurrency = %d", *got.ReservedConcurrentExecutions)
	}
	settings := must(b.GetAccountSettings(ctx, nil))(t)
	if *settings.AccountLimit.UnreservedConcurrentExecutions != 100 || *settings.AccountLimit.ConcurrentExecutions != 1000 || *settings.AccountUsage.FunctionCount != 2 || *settings.AccountUsage.TotalCodeSize == 0 {
		t.Errorf("GetAccountSettings = %+v, %+v", settings.AccountLimit, settings.AccountUsage)
	}
	must(b.DeleteFunctionConcurrency(ctx, &model.DeleteFunctionConcurrencyInput{FunctionName: "f"}))(t)
	if got := must(b.GetFunctionConcurrency(ctx, &model.GetFunctionConcurrencyInput{FunctionName: "f"}))(t); got.ReservedConcurrentExecutions != nil || b.host.of("f").Reserved != nil {
		t.Errorf("after DeleteFunctionConcurrency there is %v", *got.ReservedConcurrentExecutions)
	}
}

func TestProvisionedConcurrency(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	_, err := b.PutProvisionedConcurrencyConfig(ctx, &model.PutProvisionedConcurrencyConfigInput{FunctionName: "f", Qualifier: "$LATEST", ProvisionedConcurrentExecutions: 1})
	refused(t, "of $LATEST", err, "InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
	_, err = b.PutProvisionedConcurrencyConfig(ctx, &model.PutProvisionedConcurrencyConfigInput{FunctionName: "f", Qualifier: "live", ProvisionedConcurrentExecutions: 1})
	refused(t, "of no alias", err, "ResourceNotFoundException: Cannot find alias arn: "+arnOf+"f:live")
	_, err = b.GetProvisionedConcurrencyConfig(ctx, &model.GetProvisionedConcurrencyConfigInput{FunctionName: "f", Qualifier: "1"})
	refused(t, "none", err, "ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config found for this function")
	must(b.PutProvisionedConcurrencyConfig(ctx, &model.PutProvisionedConcurrencyConfigInput{FunctionName: "f", Qualifier: "1", ProvisionedConcurrentExecutions: 2}))(t)
	got := must(b.GetProvisionedConcurrencyConfig(ctx, &model.GetProvisionedConcurrencyConfigInput{FunctionName: "f", Qualifier: "1"}))(t)
	if *got.Status != "READY" || *got.AllocatedProvisionedConcurrentExecutions != 2 {
		t.Errorf("GetProvisionedConcurrencyConfig = %+v", got)
	}
	if all := must(b.ListProvisionedConcurrencyConfigs(ctx, &model.ListProvisionedConcurrencyConfigsInput{FunctionName: "f"}))(t).ProvisionedConcurrencyConfigs; len(all) != 1 || *all[0].FunctionArn != arnOf+"f:1" {
		t.Errorf("ListProvisionedConcurrencyConfigs = %+v", all)
	}
	must(b.DeleteProvisionedConcurrencyConfig(ctx, &model.DeleteProvisionedConcurrencyConfigInput{FunctionName: "f", Qualifier: "1"}))(t)
	if all := must(b.ListProvisionedConcurrencyConfigs(ctx, &model.ListProvisionedConcurrencyConfigsInput{FunctionName: "f"}))(t).ProvisionedConcurrencyConfigs; len(all) != 0 {
		t.Errorf("after the deletion there is %+v", all)
	}
}

func TestFunctionURL(t *testing.T) {
	b := newBench(t, func(c *lambda.Config) { c.URLHost = "example.test:80" })
	ctx := t.Context()
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	must(b.CreateAlias(ctx, &model.CreateAliasInput{FunctionName: "f", Name: "live", FunctionVersion: "1"}))(t)
	in := &model.CreateFunctionUrlConfigInput{FunctionName: "f", AuthType: "NONE", Cors: &model.Cors{AllowOrigins: []string{"*"}, MaxAge: new(int32(5))}}
	made := must(b.CreateFunctionUrlConfig(ctx, in))(t)
	id, rest, _ := strings.Cut(strings.TrimPrefix(made.FunctionUrl, "http://"), ".")
	if len(id) != 32 || id != strings.ToLower(id) || rest != "lambda-url.us-east-1.example.test:80/" || made.FunctionArn != arnOf+"f" || *made.InvokeMode != "BUFFERED" {
		t.Errorf("CreateFunctionUrlConfig = %+v", made)
	}
	_, err := b.CreateFunctionUrlConfig(ctx, in)
	refused(t, "a second one", err, "ResourceConflictException: Failed to create function url config for [functionArn = "+arnOf+"f]. Error message:  FunctionUrlConfig exists for this Lambda function")
	aliased := must(b.CreateFunctionUrlConfig(ctx, &model.CreateFunctionUrlConfigInput{FunctionName: "f", Qualifier: new("live"), AuthType: "AWS_IAM", InvokeMode: new("RESPONSE_STREAM")}))(t)
	_, err = b.CreateFunctionUrlConfig(ctx, &model.CreateFunctionUrlConfigInput{FunctionName: "f", Qualifier: new("none"), AuthType: "NONE"})
	refused(t, "of no alias", err, "ResourceNotFoundException: Cannot find alias arn: "+arnOf+"f:none")
	_, err = b.CreateFunctionUrlConfig(ctx, &model.CreateFunctionUrlConfigInput{FunctionName: "f", Qualifier: new("1"), AuthType: "NONE"})
	refused(t, "of a version", err, `ValidationException: 1 validation error detected: Value '1' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`)

	u, ok := b.Gate().URL(id)
	if !ok || u.FunctionARN != arnOf+"f" || u.AuthType != "NONE" || u.Stream || u.CORS.AllowOrigins[0] != "*" {
		t.Errorf("Gate.URL = %+v, %v", u, ok)
	}
	aliasID, _, _ := strings.Cut(strings.TrimPrefix(aliased.FunctionUrl, "http://"), ".")
	if u, ok := b.Gate().URL(aliasID); !ok || u.FunctionARN != arnOf+"f:live" || !u.Stream {
		t.Errorf("Gate.URL of the alias = %+v, %v", u, ok)
	}
	updated := must(b.UpdateFunctionUrlConfig(ctx, &model.UpdateFunctionUrlConfigInput{FunctionName: "f", AuthType: new("AWS_IAM")}))(t)
	if updated.FunctionUrl != made.FunctionUrl || updated.AuthType != "AWS_IAM" || updated.Cors == nil {
		t.Errorf("UpdateFunctionUrlConfig = %+v", updated)
	}
	if got := must(b.GetFunctionUrlConfig(ctx, &model.GetFunctionUrlConfigInput{FunctionName: "f"}))(t); got.AuthType != "AWS_IAM" || got.CreationTime != made.CreationTime {
		t.Errorf("GetFunctionUrlConfig = %+v", got)
	}
	if all := must(b.ListFunctionUrlConfigs(ctx, &model.ListFunctionUrlConfigsInput{FunctionName: "f"}))(t); len(all.FunctionUrlConfigs) != 2 {
		t.Errorf("ListFunctionUrlConfigs = %+v", all)
	}
	must(b.DeleteFunctionUrlConfig(ctx, &model.DeleteFunctionUrlConfigInput{FunctionName: "f"}))(t)
	if _, ok := b.Gate().URL(id); ok {
		t.Error("a URL that was deleted is still served")
	}
	for name, call := range map[string]func() error{
		"GetFunctionUrlConfig": func() error {
			_, err := b.GetFunctionUrlConfig(ctx, &model.GetFunctionUrlConfigInput{FunctionName: "f"})
			return err
		},
		"UpdateFunctionUrlConfig": func() error {
			_, err := b.UpdateFunctionUrlConfig(ctx, &model.UpdateFunctionUrlConfigInput{FunctionName: "f"})
			return err
		},
		"DeleteFunctionUrlConfig": func() error {
			_, err := b.DeleteFunctionUrlConfig(ctx, &model.DeleteFunctionUrlConfigInput{FunctionName: "f"})
			return err
		},
	} {
		refused(t, name, call(), "ResourceNotFoundException: The resource you requested does not exist.")
	}
	must(b.DeleteAlias(ctx, &model.DeleteAliasInput{FunctionName: "f", Name: "live"}))(t)
	if _, ok := b.Gate().URL(aliasID); ok {
		t.Error("a URL outlived its alias")
	}
}

func TestTags(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f")
	tags := func() map[string]string {
		t.Helper()
		return must(b.ListTags(ctx, &model.ListTagsInput{Resource: arnOf + "f"}))(t).Tags
	}
	if got := tags(); got == nil || len(got) != 0 {
		t.Errorf("ListTags of none = %v", got)
	}
	must(b.TagResource(ctx, &model.TagResourceInput{Resource: arnOf + "f", Tags: map[string]string{"a": "1", "b": "2"}}))(t)
	must(b.TagResource(ctx, &model.TagResourceInput{Resource: arnOf + "f", Tags: map[string]string{"a": "3"}}))(t)
	must(b.UntagResource(ctx, &model.UntagResourceInput{Resource: arnOf + "f", TagKeys: []string{"b", "c"}}))(t)
	if got := tags(); !maps.Equal(got, map[string]string{"a": "3"}) {
		t.Errorf("ListTags = %v", got)
	}
	_, err := b.ListTags(ctx, &model.ListTagsInput{Resource: arnOf + "f:1"})
	refused(t, "of a version", err, "InvalidParameterValueException: Tags on function aliases and versions are not supported. Please specify a function ARN.")
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	_, err = b.TagResource(ctx, &model.TagResourceInput{Resource: arnOf + "f", Tags: many})
	refused(t, "51 tags", err, "InvalidParameterValueException: Number of tags exceeds resource tag limit.")
}

func TestReadsOfTerraform(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f")
	if got, err := b.GetFunctionCodeSigningConfig(ctx, &model.GetFunctionCodeSigningConfigInput{FunctionName: "f"}); got != nil || err != nil {
		t.Errorf("GetFunctionCodeSigningConfig = %v, %v, want nothing", got, err)
	}
	if got := must(b.ListEventSourceMappings(ctx, &model.ListEventSourceMappingsInput{}))(t); len(got.EventSourceMappings) != 0 {
		t.Errorf("ListEventSourceMappings = %v", got)
	}
	_, err := b.GetEventSourceMapping(ctx, &model.GetEventSourceMappingInput{UUID: "u"})
	refused(t, "GetEventSourceMapping", err, "ResourceNotFoundException: Event source mapping not found: arn:aws:lambda:us-east-1:000000000000:event-source-mapping:u")
	if got := must(b.GetRuntimeManagementConfig(ctx, &model.GetRuntimeManagementConfigInput{FunctionName: "f"}))(t); *got.UpdateRuntimeOn != "Auto" || *got.FunctionArn != arnOf+"f:$LATEST" {
		t.Errorf("GetRuntimeManagementConfig = %v, %v", *got.UpdateRuntimeOn, *got.FunctionArn)
	}
	must(b.PutRuntimeManagementConfig(ctx, &model.PutRuntimeManagementConfigInput{FunctionName: "f", UpdateRuntimeOn: "FunctionUpdate"}))(t)
	if got := must(b.GetRuntimeManagementConfig(ctx, &model.GetRuntimeManagementConfigInput{FunctionName: "f"}))(t); *got.UpdateRuntimeOn != "FunctionUpdate" {
		t.Errorf("GetRuntimeManagementConfig after a change = %v", *got.UpdateRuntimeOn)
	}
	_, err = b.PutRuntimeManagementConfig(ctx, &model.PutRuntimeManagementConfigInput{FunctionName: "f", UpdateRuntimeOn: "Manual"})
	refused(t, "Manual without a version", err, "InvalidParameterValueException: RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")
	if got := must(b.GetFunctionRecursionConfig(ctx, &model.GetFunctionRecursionConfigInput{FunctionName: "f"}))(t); *got.RecursiveLoop != "Terminate" {
		t.Errorf("GetFunctionRecursionConfig = %v", *got.RecursiveLoop)
	}
	must(b.PutFunctionRecursionConfig(ctx, &model.PutFunctionRecursionConfigInput{FunctionName: "f", RecursiveLoop: "Allow"}))(t)
	if got := must(b.GetFunctionRecursionConfig(ctx, &model.GetFunctionRecursionConfigInput{FunctionName: "f"}))(t); *got.RecursiveLoop != "Allow" {
		t.Errorf("GetFunctionRecursionConfig after a change = %v", *got.RecursiveLoop)
	}
}

func TestEventInvokeConfig(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	const none = "ResourceNotFoundException: The function " + arnOf + "f:$LATEST doesn't have an EventInvokeConfig"
	_, err := b.GetFunctionEventInvokeConfig(ctx, &model.GetFunctionEventInvokeConfigInput{FunctionName: "f"})
	refused(t, "Get of none", err, none)
	_, err = b.UpdateFunctionEventInvokeConfig(ctx, &model.UpdateFunctionEventInvokeConfigInput{FunctionName: "f", MaximumRetryAttempts: new(int32(1))})
	refused(t, "Update of none", err, none)
	_, err = b.DeleteFunctionEventInvokeConfig(ctx, &model.DeleteFunctionEventInvokeConfigInput{FunctionName: "f"})
	refused(t, "Delete of none", err, none)
	_, err = b.PutFunctionEventInvokeConfig(ctx, &model.PutFunctionEventInvokeConfigInput{FunctionName: "f"})
	refused(t, "Put of nothing", err, "InvalidParameterValueException: You must specify at least one of error handling or destination setting.")
	dest := &model.DestinationConfig{OnFailure: &model.OnFailure{Destination: new(arnOf + "g")}}
	must(b.PutFunctionEventInvokeConfig(ctx, &model.PutFunctionEventInvokeConfigInput{FunctionName: "f", MaximumRetryAttempts: new(int32(1)), DestinationConfig: dest}))(t)
	must(b.UpdateFunctionEventInvokeConfig(ctx, &model.UpdateFunctionEventInvokeConfigInput{FunctionName: "f", MaximumEventAgeInSeconds: new(int32(60))}))(t)
	got := must(b.GetFunctionEventInvokeConfig(ctx, &model.GetFunctionEventInvokeConfigInput{FunctionName: "f"}))(t)
	if *got.MaximumRetryAttempts != 1 || *got.MaximumEventAgeInSeconds != 60 || *got.DestinationConfig.OnFailure.Destination != arnOf+"g" || *got.FunctionArn != arnOf+"f:$LATEST" {
		t.Errorf("GetFunctionEventInvokeConfig = %+v", got)
	}
	got = must(b.PutFunctionEventInvokeConfig(ctx, &model.PutFunctionEventInvokeConfigInput{FunctionName: "f", MaximumEventAgeInSeconds: new(int32(90))}))(t)
	if got.MaximumRetryAttempts != nil || got.DestinationConfig.OnFailure.Destination != nil {
		t.Errorf("Put left what was there: %+v", got)
	}
	must(b.PutFunctionEventInvokeConfig(ctx, &model.PutFunctionEventInvokeConfigInput{FunctionName: "f:1", MaximumRetryAttempts: new(int32(0))}))(t)
	if all := must(b.ListFunctionEventInvokeConfigs(ctx, &model.ListFunctionEventInvokeConfigsInput{FunctionName: "f"}))(t).FunctionEventInvokeConfigs; len(all) != 2 {
		t.Errorf("ListFunctionEventInvokeConfigs = %+v", all)
	}
	must(b.DeleteFunctionEventInvokeConfig(ctx, &model.DeleteFunctionEventInvokeConfigInput{FunctionName: "f"}))(t)
	_, err = b.GetFunctionEventInvokeConfig(ctx, &model.GetFunctionEventInvokeConfigInput{FunctionName: "f"})
	refused(t, "Get after the deletion", err, none)
}
