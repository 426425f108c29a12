package lambda_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stagedoor/stagedoor/internal/control/lambda"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

func TestCreateFunction(t *testing.T) {
	b := newBench(t)
	zip := archive(t, "main.py", "x")
	got := b.create(t, "f", func(in *model.CreateFunctionInput) {
		in.Code.ZipFile = zip
		in.Environment = &model.Environment{Variables: map[string]string{"A": "1"}}
		in.Tags = map[string]string{"k": "v"}
		in.Timeout, in.MemorySize = new(int32(7)), new(int32(256))
		in.Description = new("d")
	})
	want := &model.FunctionConfiguration{
		FunctionName: new("f"), FunctionArn: new(arnOf + "f"), Runtime: new("python3.12"), Role: new(role), Handler: new("main.handler"),
		CodeSize: new(int64(len(zip))), Description: new("d"), Timeout: new(int32(7)), MemorySize: new(int32(256)), Version: new("$LATEST"),
		Environment:   &model.EnvironmentResponse{Variables: map[string]string{"A": "1"}},
		TracingConfig: &model.TracingConfigResponse{Mode: new("PassThrough")},
		State:         new("Active"), LastUpdateStatus: new("Successful"), PackageType: new("Zip"), Architectures: []string{"x86_64"},
		EphemeralStorage: &model.EphemeralStorage{Size: 512},
		SnapStart:        &model.SnapStartResponse{ApplyOn: new("None"), OptimizationStatus: new("Off")},
		LoggingConfig:    &model.LoggingConfig{LogFormat: new("Text"), LogGroup: new("/aws/lambda/f")},
	}
	volatile := cmpopts.IgnoreFields(model.FunctionConfiguration{}, "LastModified", "RevisionId", "CodeSha256")
	if diff := cmp.Diff(want, got, volatile); diff != "" {
		t.Errorf("CreateFunction (-want +got):\n%s", diff)
	}
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$`).MatchString(*got.LastModified) {
		t.Errorf("LastModified = %q", *got.LastModified)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`).MatchString(*got.RevisionId) {
		t.Errorf("RevisionId = %q", *got.RevisionId)
	}
	d := b.host.of("f")
	if v := d.Versions["$LATEST"]; v.Handler != "main.handler" || v.Timeout != 7*time.Second || v.Env["A"] != "1" || !strings.HasPrefix(v.CodeDir, b.dir) {
		t.Errorf("the host was told %+v", v)
	}
	again := must(b.GetFunctionConfiguration(t.Context(), &model.GetFunctionConfigurationInput{FunctionName: arnOf + "f"}))(t)
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("GetFunctionConfiguration differs from CreateFunction (-created +got):\n%s", diff)
	}
}

func TestCreateFunctionRefuses(t *testing.T) {
	b := newBench(t)
	b.create(t, "there")
	big := map[string]string{"A": strings.Repeat("x", 4100)}
	for _, tt := range []struct {
		name string
		edit func(*model.CreateFunctionInput)
		want string
	}{
		{"exists", func(in *model.CreateFunctionInput) { in.FunctionName = "there" }, "ResourceConflictException: Function already exist: there"},
		{"long name", func(in *model.CreateFunctionInput) { in.FunctionName = strings.Repeat("a", 65) }, "ValidationException: 1 validation error detected: Value '" + strings.Repeat("a", 65) + "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"no code", func(in *model.CreateFunctionInput) { in.Code = &model.FunctionCode{} }, "InvalidParameterValueException: Please provide a source for function code."},
		{"nil code", func(in *model.CreateFunctionInput) { in.Code = nil }, "InvalidParameterValueException: Please provide a source for function code."},
		{"no zip", func(in *model.CreateFunctionInput) { in.Code.ZipFile = []byte("no") }, "InvalidParameterValueException: Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"empty zip", func(in *model.CreateFunctionInput) { in.Code.ZipFile = archive(t) }, "InvalidParameterValueException: Uploaded file must be a non-empty zip"},
		{"large zip", func(in *model.CreateFunctionInput) { in.Code.ZipFile = make([]byte, code.MaxZipped+1) }, "RequestEntityTooLargeException: Zipped size must be smaller than 52428800 bytes"},
		{"image", func(in *model.CreateFunctionInput) { in.PackageType = new("Image") }, "InvalidParameterValueException: PackageType Image is not supported by stagedoor: its functions are processes of the machine it runs on."},
		{"no runtime", func(in *model.CreateFunctionInput) { in.Runtime = nil }, "InvalidParameterValueException: Runtime and Handler are mandatory parameters for functions created with deployment packages."},
		{"old runtime", func(in *model.CreateFunctionInput) { in.Runtime = new("nodejs12.x") }, "InvalidParameterValueException: The runtime parameter of nodejs12.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."},
		{"long timeout", func(in *model.CreateFunctionInput) { in.Timeout = new(int32(901)) }, "ValidationException: 1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"},
		{"reserved variables", func(in *model.CreateFunctionInput) {
			in.Environment = &model.Environment{Variables: map[string]string{"AWS_REGION": "x", "A": "1", "AWS_ACCESS_KEY_ID": "y"}}
		}, "InvalidParameterValueException: Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_ACCESS_KEY_ID, AWS_REGION"},
		{"large environment", func(in *model.CreateFunctionInput) { in.Environment = &model.Environment{Variables: big} }, "InvalidParameterValueException: Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {\"A\":\"" + big["A"] + "\"}"},
		{"six layers", func(in *model.CreateFunctionInput) { in.Layers = make([]string, 6) }, "InvalidParameterValueException: Cannot reference more than 5 layers."},
		{"no such layer", func(in *model.CreateFunctionInput) {
			in.Layers = []string{"arn:aws:lambda:us-east-1:000000000000:layer:l:1"}
		}, "InvalidParameterValueException: Layer version arn:aws:lambda:us-east-1:000000000000:layer:l:1 does not exist."},
		{"no S3", func(in *model.CreateFunctionInput) {
			in.Code = &model.FunctionCode{S3Bucket: new("b"), S3Key: new("k")}
		}, "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: stagedoor has no S3 to read from: name one with --aws-endpoint s3=URL, or send the code as ZipFile"},
		{"folder from the network", func(in *model.CreateFunctionInput) {
			in.Code = &model.FunctionCode{S3Bucket: new(lambda.FolderBucket), S3Key: new("/etc")}
		}, "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: stagedoor has no S3 to read from: name one with --aws-endpoint s3=URL, or send the code as ZipFile"},
		{"signed code", func(in *model.CreateFunctionInput) { in.CodeSigningConfigArn = new("arn:x") }, "CodeSigningConfigNotFoundException: The code signing configuration cannot be found. Check that the provided code signing configuration is not deleted: arn:x."},
		{"too many tags", func(in *model.CreateFunctionInput) {
			in.Tags = map[string]string{}
			for i := range 51 {
				in.Tags[strings.Repeat("t", i+1)] = ""
			}
		}, "InvalidParameterValueException: Number of tags exceeds resource tag limit."},
		{"elsewhere", func(in *model.CreateFunctionInput) {
			in.FunctionName = "arn:aws:lambda:eu-west-1:000000000000:function:f"
		}, "ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := creation(t, "f")
			tt.edit(in)
			_, err := b.CreateFunction(t.Context(), in)
			refused(t, "CreateFunction", err, tt.want)
		})
	}
	if got := b.host.defines; got != 1 {
		t.Errorf("the host was told of %d functions, want 1", got)
	}
}

func TestUnknownRuntime(t *testing.T) {
	b := newBench(t)
	in := creation(t, "f")
	in.Runtime = new("cobol")
	_, err := b.CreateFunction(t.Context(), in)
	got := said(err)
	if !strings.HasPrefix(got, "InvalidParameterValueException: Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs16.x, ") ||
		!strings.HasSuffix(got, "] or be a valid ARN") {
		t.Errorf("CreateFunction for cobol: %s", got)
	}
}

// TestNoFunction: every operation on a function that is not there says so in
// the same words.
func TestNoFunction(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"GetFunction": func() error { _, err := b.GetFunction(ctx, &model.GetFunctionInput{FunctionName: "f"}); return err },
		"GetFunctionConfiguration": func() error {
			_, err := b.GetFunctionConfiguration(ctx, &model.GetFunctionConfigurationInput{FunctionName: "f"})
			return err
		},
		"UpdateFunctionCode": func() error {
			_, err := b.UpdateFunctionCode(ctx, &model.UpdateFunctionCodeInput{FunctionName: "f", ZipFile: []byte("x")})
			return err
		},
		"UpdateFunctionConfiguration": func() error {
			_, err := b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{FunctionName: "f"})
			return err
		},
		"DeleteFunction": func() error {
			_, err := b.DeleteFunction(ctx, &model.DeleteFunctionInput{FunctionName: "f"})
			return err
		},
		"PublishVersion": func() error {
			_, err := b.PublishVersion(ctx, &model.PublishVersionInput{FunctionName: "f"})
			return err
		},
		"ListVersions": func() error {
			_, err := b.ListVersionsByFunction(ctx, &model.ListVersionsByFunctionInput{FunctionName: "f"})
			return err
		},
		"CreateAlias": func() error {
			_, err := b.CreateAlias(ctx, &model.CreateAliasInput{FunctionName: "f", Name: "a", FunctionVersion: "1"})
			return err
		},
		"ListAliases": func() error { _, err := b.ListAliases(ctx, &model.ListAliasesInput{FunctionName: "f"}); return err },
		"AddPermission": func() error {
			_, err := b.AddPermission(ctx, &model.AddPermissionInput{FunctionName: "f", StatementId: "s", Action: "lambda:*", Principal: "*"})
			return err
		},
		"PutFunctionConcurrency": func() error {
			_, err := b.PutFunctionConcurrency(ctx, &model.PutFunctionConcurrencyInput{FunctionName: "f"})
			return err
		},
		"GetFunctionConcurrency": func() error {
			_, err := b.GetFunctionConcurrency(ctx, &model.GetFunctionConcurrencyInput{FunctionName: "f"})
			return err
		},
		"CreateFunctionUrlConfig": func() error {
			_, err := b.CreateFunctionUrlConfig(ctx, &model.CreateFunctionUrlConfigInput{FunctionName: "f", AuthType: "NONE"})
			return err
		},
		"ListTags": func() error { _, err := b.ListTags(ctx, &model.ListTagsInput{Resource: arnOf + "f"}); return err },
		"Invoke":   func() error { _, err := b.Invoke(ctx, &model.InvokeInput{FunctionName: "f"}); return err },
		"Invoke Event": func() error {
			_, err := b.Invoke(ctx, &model.InvokeInput{FunctionName: "f", InvocationType: new("Event")})
			return err
		},
		"Invoke DryRun": func() error {
			_, err := b.Invoke(ctx, &model.InvokeInput{FunctionName: "f", InvocationType: new("DryRun")})
			return err
		},
		"InvokeWithResponseStream": func() error {
			_, err := b.InvokeWithResponseStream(ctx, &model.InvokeWithResponseStreamInput{FunctionName: "f"})
			return err
		},
		"GetFunctionCodeSigningConfig": func() error {
			_, err := b.GetFunctionCodeSigningConfig(ctx, &model.GetFunctionCodeSigningConfigInput{FunctionName: "f"})
			return err
		},
		"GetFunctionRecursionConfig": func() error {
			_, err := b.GetFunctionRecursionConfig(ctx, &model.GetFunctionRecursionConfigInput{FunctionName: "f"})
			return err
		},
		"GetRuntimeManagementConfig": func() error {
			_, err := b.GetRuntimeManagementConfig(ctx, &model.GetRuntimeManagementConfigInput{FunctionName: "f"})
			return err
		},
	} {
		refused(t, name, call(), "ResourceNotFoundException: Function not found: "+arnOf+"f")
	}
	_, err := b.GetFunction(ctx, &model.GetFunctionInput{FunctionName: "f:prod"})
	refused(t, "GetFunction of an alias", err, "ResourceNotFoundException: Function not found: "+arnOf+"f:prod")
}

func TestUpdateFunctionCode(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	made := b.create(t, "f")
	before := b.host.of("f").Versions["$LATEST"]
	in := &model.UpdateFunctionCodeInput{FunctionName: "f", ZipFile: archive(t, "main.py", "y"), RevisionId: made.RevisionId, DryRun: new(true)}
	dry := must(b.UpdateFunctionCode(ctx, in))(t)
	if now := must(b.GetFunctionConfiguration(ctx, &model.GetFunctionConfigurationInput{FunctionName: "f"}))(t); *dry.CodeSha256 == *made.CodeSha256 || *now.RevisionId != *made.RevisionId {
		t.Errorf("a dry run answers %v and leaves %v", *dry.CodeSha256, *now.CodeSha256)
	}
	in.DryRun = nil
	updated := must(b.UpdateFunctionCode(ctx, in))(t)
	if *updated.CodeSha256 != *dry.CodeSha256 || *updated.RevisionId == *made.RevisionId {
		t.Errorf("UpdateFunctionCode = %v, revision %v", *updated.CodeSha256, *updated.RevisionId)
	}
	if after := b.host.of("f").Versions["$LATEST"]; after.Revision == before.Revision || after.CodeDir == before.CodeDir {
		t.Errorf("the host still runs %+v", after)
	}
	_, err := b.UpdateFunctionCode(ctx, in)
	refused(t, "UpdateFunctionCode of an old revision", err, "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	_, err = b.UpdateFunctionCode(ctx, &model.UpdateFunctionCodeInput{FunctionName: "f", ImageUri: new("x")})
	refused(t, "UpdateFunctionCode with an image", err, "InvalidParameterValueException: Please don't provide ImageUri when updating a function with packageType Zip.")
	published := must(b.UpdateFunctionCode(ctx, &model.UpdateFunctionCodeInput{FunctionName: "f", ZipFile: archive(t, "main.py", "z"), Publish: new(true)}))(t)
	if *published.Version != "1" || *published.FunctionArn != arnOf+"f:1" {
		t.Errorf("UpdateFunctionCode with Publish = %v, %v", *published.Version, *published.FunctionArn)
	}
}

func TestUpdateFunctionConfiguration(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	made := b.create(t, "f", func(in *model.CreateFunctionInput) {
		in.Environment = &model.Environment{Variables: map[string]string{"A": "1"}}
		in.DeadLetterConfig = &model.DeadLetterConfig{TargetArn: new("arn:aws:sqs:us-east-1:000000000000:q")}
		in.VpcConfig = &model.VpcConfig{SubnetIds: []string{"s"}, SecurityGroupIds: []string{"g"}}
	})
	got := must(b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{FunctionName: "f", Timeout: new(int32(30))}))(t)
	if diff := cmp.Diff(made, got, cmpopts.IgnoreFields(model.FunctionConfiguration{}, "LastModified", "RevisionId", "Timeout")); diff != "" || *got.Timeout != 30 {
		t.Errorf("an update of the time-out changed more (-before +after):\n%s", diff)
	}
	got = must(b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{
		FunctionName: "f", RevisionId: got.RevisionId,
		Environment: &model.Environment{}, DeadLetterConfig: &model.DeadLetterConfig{TargetArn: new("")}, VpcConfig: &model.VpcConfig{},
		LoggingConfig: &model.LoggingConfig{LogFormat: new("JSON")}, TracingConfig: &model.TracingConfig{Mode: new("Active")},
		EphemeralStorage: &model.EphemeralStorage{Size: 1024}, Runtime: new("provided.al2023"),
	}))(t)
	if got.Environment != nil || got.DeadLetterConfig != nil || got.VpcConfig != nil {
		t.Errorf("what was taken back is still there: %+v", got)
	}
	if diff := cmp.Diff(&model.LoggingConfig{LogFormat: new("JSON"), ApplicationLogLevel: new("INFO"), SystemLogLevel: new("INFO"), LogGroup: new("/aws/lambda/f")}, got.LoggingConfig); diff != "" {
		t.Errorf("logging (-want +got):\n%s", diff)
	}
	v := b.host.of("f").Versions["$LATEST"]
	want := host.Version{
		Number: "$LATEST", Revision: v.Revision, Runtime: "provided.al2023", Handler: "main.handler", CodeDir: v.CodeDir, MemoryMB: 128, Role: role,
		Timeout: 30 * time.Second, EphemeralMB: 1024, TracingActive: true, LogFormat: "JSON", LogGroup: "/aws/lambda/f",
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("the host was told (-want +got):\n%s", diff)
	}
	_, err := b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{FunctionName: "f", RevisionId: made.RevisionId})
	refused(t, "UpdateFunctionConfiguration of an old revision", err, "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}

// TestRevisionOfTheHost: warm environments end when what they run changes, and
// only then.
func TestRevisionOfTheHost(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f")
	revision := func() string { return b.host.of("f").Versions["$LATEST"].Revision }
	first := revision()
	must(b.PutFunctionConcurrency(ctx, &model.PutFunctionConcurrencyInput{FunctionName: "f", ReservedConcurrentExecutions: 5}))(t)
	must(b.AddPermission(ctx, &model.AddPermissionInput{FunctionName: "f", StatementId: "s", Action: "lambda:*", Principal: "*"}))(t)
	must(b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{FunctionName: "f", Description: new("x")}))(t)
	if revision() != first {
		t.Error("the host's revision changed with a permission, a reservation or a description")
	}
	must(b.UpdateFunctionConfiguration(ctx, &model.UpdateFunctionConfigurationInput{FunctionName: "f", MemorySize: new(int32(512))}))(t)
	if revision() == first {
		t.Error("the host's revision did not change with the memory")
	}
	if got := b.host.of("f").Reserved; got == nil || *got != 5 {
		t.Errorf("reserved = %v, want 5", got)
	}
}

func TestGetFunction(t *testing.T) {
	var b *bench
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.Download().ServeHTTP(w, r) }))
	defer srv.Close()
	b = newBench(t, func(c *lambda.Config) { c.Endpoint = srv.URL })
	zip := archive(t, "main.py", "x")
	b.create(t, "f", func(in *model.CreateFunctionInput) {
		in.Code.ZipFile, in.Tags, in.Publish = zip, map[string]string{"k": "v"}, new(true)
	})
	must(b.PutFunctionConcurrency(t.Context(), &model.PutFunctionConcurrencyInput{FunctionName: "f", ReservedConcurrentExecutions: 3}))(t)
	got := must(b.GetFunction(t.Context(), &model.GetFunctionInput{FunctionName: "f", Qualifier: new("1")}))(t)
	if *got.Configuration.FunctionArn != arnOf+"f:1" || *got.Code.RepositoryType != "S3" || !maps.Equal(got.Tags, map[string]string{"k": "v"}) || *got.Concurrency.ReservedConcurrentExecutions != 3 {
		t.Errorf("GetFunction = %+v", got)
	}
	fetch := func(url string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := fetch(*got.Code.Location); status != 200 || body != string(zip) {
		t.Errorf("GET Code.Location = %d, %d bytes, want the zip", status, len(body))
	}
	for name, url := range map[string]string{
		"forged":      strings.Replace(*got.Code.Location, "Signature=", "Signature=0", 1),
		"other code":  strings.Replace(*got.Code.Location, lambda.CodePath, lambda.CodePath+"../", 1),
		"longer life": strings.Replace(*got.Code.Location, "Expires=1", "Expires=9", 1),
		"unsigned":    strings.SplitN(*got.Code.Location, "?", 2)[0],
	} {
		if status, _ := fetch(url); status != 403 && status != 404 {
			t.Errorf("GET of a location that is %s = %d, want 403", name, status)
		}
	}
}

func TestListFunctions(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"b", "a", "c"} {
		b.create(t, name, func(in *model.CreateFunctionInput) { in.Publish = new(name == "b") })
	}
	list := func(in *model.ListFunctionsInput) (arns []string, next *string) {
		t.Helper()
		out := must(b.ListFunctions(t.Context(), in))(t)
		for _, f := range out.Functions {
			if f.State != nil {
				t.Errorf("ListFunctions shows the state of %s", *f.FunctionArn)
			}
			arns = append(arns, strings.TrimPrefix(*f.FunctionArn, arnOf))
		}
		return arns, out.NextMarker
	}
	if got, next := list(&model.ListFunctionsInput{}); !cmp.Equal(got, []string{"a", "b", "c"}) || next != nil {
		t.Errorf("ListFunctions = %v, %v", got, next)
	}
	if got, _ := list(&model.ListFunctionsInput{FunctionVersion: new("ALL")}); !cmp.Equal(got, []string{"a:$LATEST", "b:$LATEST", "b:1", "c:$LATEST"}) {
		t.Errorf("ListFunctions ALL = %v", got)
	}
	got, next := list(&model.ListFunctionsInput{MaxItems: new(int32(2))})
	if !cmp.Equal(got, []string{"a", "b"}) || next == nil {
		t.Fatalf("first page = %v, %v", got, next)
	}
	if got, next := list(&model.ListFunctionsInput{MaxItems: new(int32(2)), Marker: next}); !cmp.Equal(got, []string{"c"}) || next != nil {
		t.Errorf("second page = %v, %v", got, next)
	}
	_, err := b.ListFunctions(t.Context(), &model.ListFunctionsInput{Marker: new("?")})
	refused(t, "ListFunctions with a marker of its own", err, "InvalidParameterValueException: Invalid pagination token")
}

func TestDeleteFunction(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	must(b.CreateAlias(ctx, &model.CreateAliasInput{FunctionName: "f", Name: "live", FunctionVersion: "1"}))(t)
	must(b.AddPermission(ctx, &model.AddPermissionInput{FunctionName: "f", StatementId: "s", Action: "lambda:InvokeFunction", Principal: "apigateway.amazonaws.com"}))(t)
	url := must(b.CreateFunctionUrlConfig(ctx, &model.CreateFunctionUrlConfigInput{FunctionName: "f", AuthType: "NONE"}))(t)
	for _, tt := range []struct{ qualifier, want string }{
		{"$LATEST", "InvalidParameterValueException: $LATEST version cannot be deleted without deleting the function."},
		{"live", "InvalidParameterValueException: Deletion of aliases is not currently supported."},
		{"1", "ResourceConflictException: Unable to delete version because the following aliases reference it: [live]"},
	} {
		_, err := b.DeleteFunction(ctx, &model.DeleteFunctionInput{FunctionName: "f", Qualifier: &tt.qualifier})
		refused(t, "DeleteFunction of "+tt.qualifier, err, tt.want)
	}
	must(b.DeleteAlias(ctx, &model.DeleteAliasInput{FunctionName: "f", Name: "live"}))(t)
	must(b.DeleteFunction(ctx, &model.DeleteFunctionInput{FunctionName: "f", Qualifier: new("1")}))(t)
	if d := b.host.of("f"); len(d.Versions) != 1 || len(d.Aliases) != 0 {
		t.Errorf("the host still has %+v", d)
	}
	out := must(b.DeleteFunction(ctx, &model.DeleteFunctionInput{FunctionName: arnOf + "f"}))(t)
	if *out.StatusCode != 204 || b.host.of("f").Name != "" {
		t.Errorf("DeleteFunction = %v, the host has %+v", *out.StatusCode, b.host.of("f"))
	}
	if b.Gate().Permits(arnOf+"f", "apigateway.amazonaws.com", "lambda:InvokeFunction", "", "") {
		t.Error("the policy outlived its function")
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(url.FunctionUrl, "http://"), ".")
	if _, ok := b.Gate().URL(id); ok {
		t.Error("the URL outlived its function")
	}
	b.create(t, "f")
	if _, err := b.GetPolicy(ctx, &model.GetPolicyInput{FunctionName: "f"}); said(err) != "ResourceNotFoundException: The resource you requested does not exist." {
		t.Errorf("a function that was made again has the policy of the old one: %v", err)
	}
}
