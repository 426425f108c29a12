package cloudformation

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire/lambda"
)

const lambdaService = "lambda"

func createFunction(ctx context.Context, j *job) error {
	in := &lambda.CreateFunctionInput{}
	if err := fill(in, with(j.props, map[string]any{"FunctionName": j.nameOr("FunctionName"), "Code": nil})); err != nil {
		return err
	}
	code, err := j.code("Code")
	if err != nil {
		return err
	}
	in.Code = code
	j.tries(in.FunctionName)
	out, err := call[lambda.FunctionConfiguration](ctx, j, lambdaService, "CreateFunction", in)
	if err != nil {
		return err
	}
	j.made(*out.FunctionName, map[string]any{"Arn": *out.FunctionArn})
	if err := putConcurrency(ctx, j); err != nil {
		return errors.Join(err, removeFunction(ctx, j))
	}
	return nil
}

// updateFunction brings in new code, then new settings: each as its own call,
// as CloudFormation does.
func updateFunction(ctx context.Context, j *job) error {
	name := j.record.PhysicalID
	if j.old != nil && (changed(j.old["Code"], j.props["Code"]) || changed(j.old["Architectures"], j.props["Architectures"]) || j.record.Stamp != "") {
		code, err := j.code("Code")
		if err != nil {
			return err
		}
		in := &lambda.UpdateFunctionCodeInput{FunctionName: name, ZipFile: code.ZipFile, S3Bucket: code.S3Bucket, S3Key: code.S3Key}
		if err := j.do(ctx, lambdaService, "UpdateFunctionCode", in); err != nil {
			return err
		}
	}
	in := &lambda.UpdateFunctionConfigurationInput{}
	if err := fill(in, with(j.props, map[string]any{"FunctionName": name})); err != nil {
		return err
	}
	if j.old["Environment"] != nil && in.Environment == nil {
		in.Environment = &lambda.Environment{Variables: map[string]string{}}
	}
	if j.old["Layers"] != nil && in.Layers == nil {
		in.Layers = []string{}
	}
	if err := j.do(ctx, lambdaService, "UpdateFunctionConfiguration", in); err != nil {
		return err
	}
	return putConcurrency(ctx, j)
}

func putConcurrency(ctx context.Context, j *job) error {
	now, was := j.props["ReservedConcurrentExecutions"], j.old["ReservedConcurrentExecutions"]
	switch {
	case now != nil:
		in := &lambda.PutFunctionConcurrencyInput{}
		if err := fill(in, with(j.props, map[string]any{"FunctionName": j.record.PhysicalID})); err != nil {
			return err
		}
		return j.do(ctx, lambdaService, "PutFunctionConcurrency", in)
	case was != nil:
		return j.do(ctx, lambdaService, "DeleteFunctionConcurrency", &lambda.DeleteFunctionConcurrencyInput{FunctionName: j.record.PhysicalID})
	}
	return nil
}

func removeFunction(ctx context.Context, j *job) error {
	return j.do(ctx, lambdaService, "DeleteFunction", &lambda.DeleteFunctionInput{FunctionName: j.record.PhysicalID})
}

// code is where the code of a function or layer comes from: the text in the
// template, or a file or folder beside it.
func (j *job) code(property string) (*lambda.FunctionCode, error) {
	given, _ := j.props[property].(map[string]any)
	if source, ok := given["ZipFile"].(string); ok {
		archive, err := zipInline(j.text("Runtime"), j.text("Handler"), source)
		return &lambda.FunctionCode{ZipFile: archive}, err
	}
	path, ok, err := j.local(given, "S3Bucket", "S3Key")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%s: s3://%s/%s cannot be read: there is no S3 here; name a local folder or zip file", property, text(given["S3Bucket"]), text(given["S3Key"]))
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		bucket := folderBucket
		return &lambda.FunctionCode{S3Bucket: &bucket, S3Key: &path}, nil
	}
	archive, err := os.ReadFile(path)
	return &lambda.FunctionCode{ZipFile: archive}, err
}

// folderBucket tells the Lambda service that the key is a folder on this
// machine; it takes that from callers in this process only.
const folderBucket = "stagedoor-folder"

// zipInline packs source text as CloudFormation does: index.js, or index.py.
func zipInline(runtime, handler, source string) ([]byte, error) {
	name := "index"
	switch {
	case strings.HasPrefix(runtime, "nodejs"):
		name += ".js"
	case strings.HasPrefix(runtime, "python"):
		name += ".py"
	default:
		return nil, fmt.Errorf("ZipFile: inline code works for nodejs and python runtimes, not %s (handler %s)", runtime, handler)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write([]byte(source)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func createPermission(ctx context.Context, j *job) error {
	in := &lambda.AddPermissionInput{StatementId: j.name(j.record.LogicalID, j.generation)}
	if err := fill(in, j.props); err != nil {
		return err
	}
	j.tries(in.StatementId)
	if err := j.do(ctx, lambdaService, "AddPermission", in); err != nil {
		return err
	}
	j.made(in.StatementId, nil)
	return nil
}

func removePermission(ctx context.Context, j *job) error {
	return j.do(ctx, lambdaService, "RemovePermission", &lambda.RemovePermissionInput{FunctionName: j.text("FunctionName"), StatementId: j.record.PhysicalID})
}

func createVersion(ctx context.Context, j *job) error {
	in := &lambda.PublishVersionInput{}
	if err := fill(in, j.props); err != nil {
		return err
	}
	out, err := call[lambda.FunctionConfiguration](ctx, j, lambdaService, "PublishVersion", in)
	if err != nil {
		return err
	}
	j.made(*out.FunctionArn, map[string]any{"Version": *out.Version, "FunctionArn": *out.FunctionArn})
	return nil
}

func removeVersion(ctx context.Context, j *job) error {
	return j.do(ctx, lambdaService, "DeleteFunction", &lambda.DeleteFunctionInput{FunctionName: j.record.PhysicalID})
}

func createAlias(ctx context.Context, j *job) error {
	in := &lambda.CreateAliasInput{}
	if err := fill(in, aliasProps(j)); err != nil {
		return err
	}
	out, err := call[lambda.AliasConfiguration](ctx, j, lambdaService, "CreateAlias", in)
	if err != nil {
		return err
	}
	j.made(*out.AliasArn, map[string]any{"AliasArn": *out.AliasArn})
	return nil
}

func updateAlias(ctx context.Context, j *job) error {
	in := &lambda.UpdateAliasInput{}
	if err := fill(in, aliasProps(j)); err != nil {
		return err
	}
	return j.do(ctx, lambdaService, "UpdateAlias", in)
}

// aliasProps turns the template's list of weights into the operation's map.
func aliasProps(j *job) map[string]any {
	routing, _ := j.props["RoutingConfig"].(map[string]any)
	if routing == nil {
		return j.props
	}
	weights := map[string]any{}
	for _, w := range objects(routing["AdditionalVersionWeights"]) {
		weights[text(w["FunctionVersion"])] = w["FunctionWeight"]
	}
	return with(j.props, map[string]any{"RoutingConfig": map[string]any{"AdditionalVersionWeights": weights}})
}

func removeAlias(ctx context.Context, j *job) error {
	return j.do(ctx, lambdaService, "DeleteAlias", &lambda.DeleteAliasInput{FunctionName: j.text("FunctionName"), Name: j.text("Name")})
}

func createLayer(ctx context.Context, j *job) error {
	in := &lambda.PublishLayerVersionInput{LayerName: j.nameOr("LayerName")}
	if err := fill(in, with(j.props, map[string]any{"Content": nil, "LayerName": in.LayerName})); err != nil {
		return err
	}
	code, err := j.code("Content")
	if err != nil {
		return err
	}
	in.Content = &lambda.LayerVersionContentInput{ZipFile: code.ZipFile, S3Bucket: code.S3Bucket, S3Key: code.S3Key}
	out, err := call[lambda.PublishLayerVersionResponse](ctx, j, lambdaService, "PublishLayerVersion", in)
	if err != nil {
		return err
	}
	j.made(*out.LayerVersionArn, map[string]any{"LayerVersionArn": *out.LayerVersionArn})
	j.record.Attributes["LayerName"], j.record.Attributes["Version"] = in.LayerName, out.Version
	return nil
}

func removeLayer(ctx context.Context, j *job) error {
	in := &lambda.DeleteLayerVersionInput{}
	if err := fill(in, map[string]any{"LayerName": j.record.Attributes["LayerName"], "VersionNumber": text(j.record.Attributes["Version"])}); err != nil {
		return err
	}
	return j.do(ctx, lambdaService, "DeleteLayerVersion", in)
}

func createURL(ctx context.Context, j *job) error {
	in := &lambda.CreateFunctionUrlConfigInput{}
	if err := fill(in, with(j.props, map[string]any{"FunctionName": j.props["TargetFunctionArn"]})); err != nil {
		return err
	}
	j.tries(in.FunctionName) // told by its properties
	out, err := call[lambda.CreateFunctionUrlConfigResponse](ctx, j, lambdaService, "CreateFunctionUrlConfig", in)
	if err != nil {
		return err
	}
	j.made(out.FunctionArn, map[string]any{"FunctionArn": out.FunctionArn, "FunctionUrl": out.FunctionUrl})
	return nil
}

func removeURL(ctx context.Context, j *job) error {
	in := &lambda.DeleteFunctionUrlConfigInput{}
	if err := fill(in, with(j.props, map[string]any{"FunctionName": j.props["TargetFunctionArn"]})); err != nil {
		return err
	}
	return j.do(ctx, lambdaService, "DeleteFunctionUrlConfig", in)
}

func putEventInvoke(ctx context.Context, j *job) error {
	in := &lambda.PutFunctionEventInvokeConfigInput{}
	if err := fill(in, j.props); err != nil {
		return err
	}
	if err := j.do(ctx, lambdaService, "PutFunctionEventInvokeConfig", in); err != nil {
		return err
	}
	j.made(j.name(j.record.LogicalID, 0), nil)
	return nil
}

func removeEventInvoke(ctx context.Context, j *job) error {
	in := &lambda.DeleteFunctionEventInvokeConfigInput{}
	if err := fill(in, j.props); err != nil {
		return err
	}
	return j.do(ctx, lambdaService, "DeleteFunctionEventInvokeConfig", in)
}
