package lambda_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/lambda"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// plant is everything that there is between an SDK and a process: the control
// server, the service, a store and the host.
type plant struct {
	*bench
	client *sdk.Client
	http   *http.Client
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	p := &plant{}
	var mux http.ServeMux
	srv := httptest.NewServer(&mux)
	h := host.New(host.Config{Dir: filepath.Join(t.TempDir(), "host"), Account: account, Region: "us-east-1"})
	p.bench = newBench(t, func(c *lambda.Config) { c.Host, c.Endpoint = h, srv.URL })
	server, err := control.New(control.Config{
		Account: account, Region: "us-east-1", Log: slog.New(slog.DiscardHandler),
		Services: []control.Service{{Table: model.Table(), Handlers: p.Handlers()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle(lambda.CodePath, p.Download())
	mux.Handle("/", server)
	p.http = srv.Client()
	p.client = sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), HTTPClient: p.http, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	stop := p.run(t)
	t.Cleanup(func() {
		stop()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return p
}

// make makes a function of one file.
func (p *plant) make(t *testing.T, name, program string, runtime types.Runtime, file, text string) *sdk.CreateFunctionOutput {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not on this machine", program)
	}
	return must(p.client.CreateFunction(t.Context(), &sdk.CreateFunctionInput{
		FunctionName: &name, Runtime: runtime, Handler: aws.String("index.handler"), Role: aws.String(role), Timeout: aws.Int32(20),
		Code: &types.FunctionCode{ZipFile: archive(t, file, text)},
	}))(t)
}

// python is the runtime that the machine has.
func python(t *testing.T) types.Runtime {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "python3", "-c", "import sys; print('python%d.%d' % sys.version_info[:2])").Output()
	if err != nil {
		t.Skip("python3 is not on this machine")
	}
	return types.Runtime(strings.TrimSpace(string(out)))
}

const echo = `import os
def handler(event, context):
    print("seen", event)
    if event.get("fail"):
        raise ValueError("no")
    if event.get("write"):
        open(event["write"], "a").write("x")
    return {"event": event, "version": context.function_version, "env": os.environ.get("AB"), "context": context.client_context and context.client_context.custom}
`

// code is the error code that an SDK sees.
func errorCode(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestSDK(t *testing.T) {
	p := newPlant(t)
	ctx := t.Context()
	made := p.make(t, "f", "python3", python(t), "index.py", echo)
	if made.State != types.StateActive || *made.FunctionArn != arnOf+"f" {
		t.Errorf("CreateFunction = %v, %v", made.State, *made.FunctionArn)
	}
	if err := sdk.NewFunctionActiveV2Waiter(p.client).Wait(ctx, &sdk.GetFunctionInput{FunctionName: aws.String("f")}, time.Minute); err != nil {
		t.Errorf("wait for the function: %v", err)
	}
	must(p.client.UpdateFunctionConfiguration(ctx, &sdk.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), Environment: &types.Environment{Variables: map[string]string{"AB": "1"}},
	}))(t)
	if err := sdk.NewFunctionUpdatedV2Waiter(p.client).Wait(ctx, &sdk.GetFunctionInput{FunctionName: aws.String("f")}, time.Minute); err != nil {
		t.Errorf("wait for the update: %v", err)
	}
	published := must(p.client.PublishVersion(ctx, &sdk.PublishVersionInput{FunctionName: aws.String("f")}))(t)
	must(p.client.CreateAlias(ctx, &sdk.CreateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: published.Version}))(t)

	out := must(p.client.Invoke(ctx, &sdk.InvokeInput{
		FunctionName: aws.String(arnOf + "f:live"), Payload: []byte(`{"b":2}`), LogType: types.LogTypeTail,
		ClientContext: aws.String(base64.StdEncoding.EncodeToString([]byte(`{"custom":{"k":"v"}}`))),
	}))(t)
	var answer map[string]any
	if err := json.Unmarshal(out.Payload, &answer); err != nil || answer["version"] != "1" || answer["env"] != "1" {
		t.Errorf("Invoke = %s (%v)", out.Payload, err)
	}
	log, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if out.StatusCode != 200 || *out.ExecutedVersion != "1" || !strings.Contains(string(log), "seen") || !strings.Contains(string(log), "REPORT RequestId") {
		t.Errorf("Invoke = %d, version %s, log %q", out.StatusCode, *out.ExecutedVersion, log)
	}
	failing := must(p.client.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"fail":1}`)}))(t)
	if aws.ToString(failing.FunctionError) != "Unhandled" || failing.StatusCode != 200 || !strings.Contains(string(failing.Payload), `"errorMessage": "no"`) && !strings.Contains(string(failing.Payload), `"errorMessage":"no"`) {
		t.Errorf("Invoke of a function that raises = %v, %s", failing.FunctionError, failing.Payload)
	}
	if dry := must(p.client.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeDryRun}))(t); dry.StatusCode != 204 {
		t.Errorf("dry run = %d", dry.StatusCode)
	}
	shown := must(p.client.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("live")}))(t)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, *shown.Code.Location, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if zip, err := io.ReadAll(resp.Body); err != nil || int64(len(zip)) != shown.Configuration.CodeSize {
		t.Errorf("GET Code.Location = %d bytes (%v), want %d", len(zip), err, shown.Configuration.CodeSize)
	}
}

// TestSDKAsync: an asynchronous call is made after its answer.
func TestSDKAsync(t *testing.T) {
	p := newPlant(t)
	p.make(t, "f", "python3", python(t), "index.py", echo)
	file := filepath.Join(t.TempDir(), "written")
	payload, _ := json.Marshal(map[string]string{"write": file})
	out := must(p.client.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent, Payload: payload}))(t)
	if out.StatusCode != 202 || len(out.Payload) != 0 {
		t.Errorf("an asynchronous call = %d, %q", out.StatusCode, out.Payload)
	}
	//nolint:staticcheck // the older form is served too
	old := must(p.client.InvokeAsync(t.Context(), &sdk.InvokeAsyncInput{FunctionName: aws.String("f"), InvokeArgs: strings.NewReader(string(payload))}))(t)
	if old.Status != 202 {
		t.Errorf("InvokeAsync = %d", old.Status)
	}
	eventually(t, "two asynchronous calls", func() bool { return len(p.waiting(t)) == 0 })
	if got := must(fileSize(file))(t); got != 2 {
		t.Errorf("the function was called %d times, want 2", got)
	}
}

// TestSDKStream: a function's answer comes as it is written.
func TestSDKStream(t *testing.T) {
	p := newPlant(t)
	p.make(t, "s", "node", types.RuntimeNodejs20x, "index.mjs", `
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  for (let i = 0; i < 3; i++) { stream.write("part" + i + ";"); await new Promise(r => setTimeout(r, 20)); }
  if (event.fail) throw new Error("midway");
  stream.end();
});`)
	for _, tt := range []struct {
		payload, code string
	}{{`{}`, ""}, {`{"fail":true}`, "Error"}} {
		out := must(p.client.InvokeWithResponseStream(t.Context(), &sdk.InvokeWithResponseStreamInput{
			FunctionName: aws.String("s"), Payload: []byte(tt.payload), LogType: types.LogTypeTail,
		}))(t)
		var text string
		var end *types.InvokeWithResponseStreamCompleteEvent
		for e := range out.GetStream().Events() {
			switch e := e.(type) {
			case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
				text += string(e.Value.Payload)
			case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
				end = &e.Value
			}
		}
		if err := out.GetStream().Close(); err != nil {
			t.Error(err)
		}
		if err := out.GetStream().Err(); err != nil {
			t.Error(err)
		}
		if text != "part0;part1;part2;" || end == nil || aws.ToString(end.ErrorCode) != tt.code || aws.ToString(end.LogResult) == "" {
			t.Errorf("stream of %s = %q, ended %+v", tt.payload, text, end)
		}
		if aws.ToString(out.ExecutedVersion) != "$LATEST" {
			t.Errorf("executed version = %v", aws.ToString(out.ExecutedVersion))
		}
	}
}

func TestSDKErrors(t *testing.T) {
	const uuid = "a8a2f6ee-8f0f-4d6c-8f0a-3c2b1a000000"
	p := newPlant(t)
	ctx := t.Context()
	_, err := p.client.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: aws.String("none")})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) || aws.ToString(missing.Message) != "Function not found: "+arnOf+"none" || aws.ToString(missing.Type) != "User" {
		t.Errorf("GetFunction of none: %v", err)
	}
	p.make(t, "f", "python3", python(t), "index.py", echo)
	must(p.client.PutFunctionConcurrency(ctx, &sdk.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(0)}))(t)
	_, err = p.client.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f")})
	var many *types.TooManyRequestsException
	if !errors.As(err, &many) || many.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded || aws.ToString(many.Message) != "Rate Exceeded." || aws.ToString(many.RetryAfterSeconds) == "" {
		t.Errorf("Invoke of a function that is blocked: %#v", err)
	}
	for name, call := range map[string]struct {
		err  func() error
		want string
	}{
		"again": {func() error {
			_, err := p.client.CreateFunction(ctx, &sdk.CreateFunctionInput{FunctionName: aws.String("f"), Runtime: types.RuntimePython312, Handler: aws.String("h.h"), Role: aws.String(role), Code: &types.FunctionCode{ZipFile: []byte("x")}})
			return err
		}, "ResourceConflictException: Function already exist: f"},
		"old revision": {func() error {
			_, err := p.client.UpdateFunctionConfiguration(ctx, &sdk.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), RevisionId: aws.String("x")})
			return err
		}, "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"},
		"no JSON": {func() error {
			_, err := p.client.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("x")})
			return err
		}, "InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: invalid character 'x' looking for beginning of value at byte 1"},
		"large zip": {func() error {
			_, err := p.client.UpdateFunctionCode(ctx, &sdk.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: make([]byte, 52_428_801)})
			return err
		}, "RequestEntityTooLargeException: Zipped size must be smaller than 52428800 bytes"},
		"no such event source": {func() error {
			_, err := p.client.GetEventSourceMapping(ctx, &sdk.GetEventSourceMappingInput{UUID: aws.String(uuid)})
			return err
		}, "ResourceNotFoundException: Event source mapping not found: arn:aws:lambda:us-east-1:000000000000:event-source-mapping:" + uuid},
	} {
		if got := errorCode(call.err()); got != call.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, call.want)
		}
	}
	_, err = p.client.UpdateFunctionCode(ctx, &sdk.UpdateFunctionCodeInput{FunctionName: aws.String("f"), S3Bucket: aws.String(lambda.FolderBucket), S3Key: aws.String("/etc")})
	if err == nil {
		t.Error("a folder of the machine was taken from the network")
	}
}

// TestSDKReads: the calls that Terraform and the CLI make beside the main ones
// are answered.
func TestSDKReads(t *testing.T) {
	p := newPlant(t)
	ctx, f := t.Context(), aws.String("f")
	p.make(t, "f", "python3", python(t), "index.py", echo)
	must(p.client.AddPermission(ctx, &sdk.AddPermissionInput{FunctionName: f, StatementId: aws.String("s"), Action: aws.String(invoke), Principal: aws.String(gateway)}))(t)
	must(p.client.TagResource(ctx, &sdk.TagResourceInput{Resource: aws.String(arnOf + "f"), Tags: map[string]string{"k": "v"}}))(t)
	must(p.client.CreateFunctionUrlConfig(ctx, &sdk.CreateFunctionUrlConfigInput{FunctionName: f, AuthType: types.FunctionUrlAuthTypeNone}))(t)
	must(p.client.PutFunctionEventInvokeConfig(ctx, &sdk.PutFunctionEventInvokeConfigInput{FunctionName: f, MaximumRetryAttempts: aws.Int32(0)}))(t)
	must(p.client.PublishLayerVersion(ctx, &sdk.PublishLayerVersionInput{LayerName: aws.String("l"), Content: &types.LayerVersionContentInput{ZipFile: archive(t, "a", "b")}}))(t)
	type calls = map[string]func() error
	reads := calls{
		"GetPolicy": func() error { _, err := p.client.GetPolicy(ctx, &sdk.GetPolicyInput{FunctionName: f}); return err },
		"GetFunctionCodeSigningConfig": func() error {
			_, err := p.client.GetFunctionCodeSigningConfig(ctx, &sdk.GetFunctionCodeSigningConfigInput{FunctionName: f})
			return err
		},
		"ListEventSourceMappings": func() error {
			_, err := p.client.ListEventSourceMappings(ctx, &sdk.ListEventSourceMappingsInput{FunctionName: f})
			return err
		},
		"GetFunctionEventInvokeConfig": func() error {
			_, err := p.client.GetFunctionEventInvokeConfig(ctx, &sdk.GetFunctionEventInvokeConfigInput{FunctionName: f})
			return err
		},
		"GetRuntimeManagementConfig": func() error {
			_, err := p.client.GetRuntimeManagementConfig(ctx, &sdk.GetRuntimeManagementConfigInput{FunctionName: f})
			return err
		},
		"GetFunctionRecursionConfig": func() error {
			_, err := p.client.GetFunctionRecursionConfig(ctx, &sdk.GetFunctionRecursionConfigInput{FunctionName: f})
			return err
		},
		"GetFunctionConcurrency": func() error {
			_, err := p.client.GetFunctionConcurrency(ctx, &sdk.GetFunctionConcurrencyInput{FunctionName: f})
			return err
		},
		"GetAccountSettings": func() error { _, err := p.client.GetAccountSettings(ctx, &sdk.GetAccountSettingsInput{}); return err },
		"ListFunctions":      func() error { _, err := p.client.ListFunctions(ctx, &sdk.ListFunctionsInput{}); return err },
		"ListVersionsByFunction": func() error {
			_, err := p.client.ListVersionsByFunction(ctx, &sdk.ListVersionsByFunctionInput{FunctionName: f})
			return err
		},
		"ListAliases": func() error { _, err := p.client.ListAliases(ctx, &sdk.ListAliasesInput{FunctionName: f}); return err },
		"ListFunctionUrlConfigs": func() error {
			_, err := p.client.ListFunctionUrlConfigs(ctx, &sdk.ListFunctionUrlConfigsInput{FunctionName: f})
			return err
		},
		"GetLayerVersionByArn": func() error {
			_, err := p.client.GetLayerVersionByArn(ctx, &sdk.GetLayerVersionByArnInput{Arn: aws.String(layerARN + "l:1")})
			return err
		},
		"ListLayers": func() error { _, err := p.client.ListLayers(ctx, &sdk.ListLayersInput{}); return err },
		"ListTags": func() error {
			_, err := p.client.ListTags(ctx, &sdk.ListTagsInput{Resource: aws.String(arnOf + "f")})
			return err
		},
	}
	deletes := calls{
		"DeleteFunctionUrlConfig": func() error {
			_, err := p.client.DeleteFunctionUrlConfig(ctx, &sdk.DeleteFunctionUrlConfigInput{FunctionName: f})
			return err
		},
		"DeleteLayerVersion": func() error {
			_, err := p.client.DeleteLayerVersion(ctx, &sdk.DeleteLayerVersionInput{LayerName: aws.String("l"), VersionNumber: aws.Int64(1)})
			return err
		},
		"RemovePermission": func() error {
			_, err := p.client.RemovePermission(ctx, &sdk.RemovePermissionInput{FunctionName: f, StatementId: aws.String("s")})
			return err
		},
		"UntagResource": func() error {
			_, err := p.client.UntagResource(ctx, &sdk.UntagResourceInput{Resource: aws.String(arnOf + "f"), TagKeys: []string{"k"}})
			return err
		},
	}
	for _, all := range []calls{reads, deletes, {"DeleteFunction": func() error {
		_, err := p.client.DeleteFunction(ctx, &sdk.DeleteFunctionInput{FunctionName: f})
		return err
	}}} {
		for name, call := range all {
			if err := call(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestRedeploy: after an update the next call runs the new code, and no call
// fails while the code is changed.
func TestRedeploy(t *testing.T) {
	p := newPlant(t)
	program := func(i int) []byte { return archive(t, "index.py", fmt.Sprintf("def handler(e, c): return %d\n", i)) }
	p.make(t, "f", "python3", python(t), "index.py", "def handler(e, c): return 0\n")
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for last := 0; ctx.Err() == nil; {
				r, err := p.Gate().Invoke(context.WithoutCancel(ctx), arnOf+"f", nil, false)
				if err != nil || r.FunctionError != "" {
					t.Errorf("a call while the code changes: %v, %s", err, r.Payload)
					return
				}
				now, err := strconv.Atoi(string(r.Payload))
				if err != nil || now < last {
					t.Errorf("after %d the function answers %s", last, r.Payload)
				}
				last = now
			}
		})
	}
	for i := 1; i <= 4; i++ {
		must(p.client.UpdateFunctionCode(t.Context(), &sdk.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: program(i)}))(t)
		out := must(p.client.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: aws.String("f")}))(t)
		if got := string(out.Payload); got != fmt.Sprint(i) {
			t.Errorf("after update %d the function answers %s", i, got)
		}
	}
	cancel()
	others.Wait()
}
