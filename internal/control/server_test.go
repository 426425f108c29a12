package control_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdkapigateway "github.com/aws/aws-sdk-go-v2/service/apigateway"
	apigatewaytypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	sdkcloudwatch "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	sdklogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	sdklambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewayv2"
	"github.com/stagedoor/stagedoor/internal/wire/cloudwatch"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
	"github.com/stagedoor/stagedoor/internal/wire/logs"
	"github.com/stagedoor/stagedoor/internal/wire/sts"
)

// echo is a small implementation of a few operations of each protocol. It
// keeps what it was last called with.
type echo struct {
	created *apigateway.CreateRestApiInput
	metrics *cloudwatch.PutMetricDataInput
	origin  control.Origin
}

func (e *echo) CreateRestApi(ctx context.Context, in *apigateway.CreateRestApiInput) (*apigateway.RestApi, error) {
	e.created = in
	e.origin = control.OriginOf(ctx)
	at := time.Unix(1700000000, 0)
	return &apigateway.RestApi{Id: aws.String("abc123defg"), Name: &in.Name, CreatedDate: &at, Tags: in.Tags}, nil
}

func (e *echo) GetRestApis(context.Context, *apigateway.GetRestApisInput) (*apigateway.RestApis, error) {
	return &apigateway.RestApis{Items: []apigateway.RestApi{{Id: aws.String("a")}, {Id: aws.String("b")}}}, nil
}

func (e *echo) ImportRestApi(_ context.Context, in *apigateway.ImportRestApiInput) (*apigateway.RestApi, error) {
	return &apigateway.RestApi{Name: aws.String(string(in.Body)), Tags: in.Parameters}, nil
}

func (e *echo) GetRestApi(_ context.Context, in *apigateway.GetRestApiInput) (*apigateway.RestApi, error) {
	switch in.RestApiId {
	case "panic":
		panic("a bug")
	case "plain":
		return nil, errors.New("a secret: s3cr3t")
	}
	return nil, fault.NotFound.New(nil, "Invalid API identifier specified 000000000000:"+in.RestApiId)
}

func (e *echo) GetTags(_ context.Context, in *apigateway.GetTagsInput) (*apigateway.Tags, error) {
	return &apigateway.Tags{Tags: map[string]string{"arn": in.ResourceArn}}, nil
}

func (e *echo) GetApis(context.Context, *apigatewayv2.GetApisInput) (*apigatewayv2.GetApisResponse, error) {
	return &apigatewayv2.GetApisResponse{}, nil
}

func (e *echo) Invoke(_ context.Context, in *lambda.InvokeInput) (*lambda.InvocationResponse, error) {
	if in.FunctionName == "gone" {
		f := fault.NotFound.New(nil, "Function not found: gone")
		return nil, f
	}
	if in.FunctionName == "busy" {
		f := fault.TooMany.New(nil, "Rate Exceeded.")
		f.Fields = map[string]string{"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "retryAfterSeconds": "7"}
		return nil, f
	}
	return &lambda.InvocationResponse{StatusCode: aws.Int32(200), ExecutedVersion: aws.String("$LATEST"), Payload: in.Payload}, nil
}

// chunks streams its texts and then an end.
type chunks struct{ left []string }

func (c *chunks) Next(context.Context) (any, error) {
	if len(c.left) == 0 {
		return nil, io.EOF
	}
	text := c.left[0]
	c.left = c.left[1:]
	if text == "" {
		return &lambda.InvokeWithResponseStreamResponseEvent{InvokeComplete: &lambda.InvokeWithResponseStreamCompleteEvent{ErrorCode: aws.String("none")}}, nil
	}
	return &lambda.InvokeWithResponseStreamResponseEvent{PayloadChunk: &lambda.InvokeResponseStreamUpdate{Payload: []byte(text)}}, nil
}

func (c *chunks) Close() error { return nil }

func (e *echo) InvokeWithResponseStream(context.Context, *lambda.InvokeWithResponseStreamInput) (*lambda.InvokeWithResponseStreamResponse, error) {
	return &lambda.InvokeWithResponseStreamResponse{EventStream: &chunks{left: []string{"one", "two", ""}}, StatusCode: aws.Int32(200)}, nil
}

func (e *echo) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityResponse, error) {
	who := control.CallerOf(ctx)
	return &sts.GetCallerIdentityResponse{Account: &who.Account, Arn: &who.ARN, UserId: &who.UserID}, nil
}

func (e *echo) GetRole(_ context.Context, in *iam.GetRoleInput) (*iam.GetRoleResponse, error) {
	return nil, fault.NotFound.New(nil, "The role with name "+in.RoleName+" cannot be found.")
}

func (e *echo) DescribeLogGroups(_ context.Context, in *logs.DescribeLogGroupsInput) (*logs.DescribeLogGroupsResponse, error) {
	if in.LogGroupNamePrefix != nil {
		return nil, fault.NotFound.New(nil, "The specified log group does not exist.")
	}
	return &logs.DescribeLogGroupsResponse{LogGroups: []logs.LogGroup{{LogGroupName: aws.String("g"), CreationTime: aws.Int64(5)}}}, nil
}

func (e *echo) PutMetricData(_ context.Context, in *cloudwatch.PutMetricDataInput) (*cloudwatch.PutMetricDataOutput, error) {
	e.metrics = in
	return nil, nil
}

func (e *echo) ListDashboards(context.Context, *cloudwatch.ListDashboardsInput) (*cloudwatch.ListDashboardsOutput, error) {
	return nil, fault.BadRequest.New(nil, "no dashboards")
}

func (e *echo) services() []control.Service {
	return []control.Service{
		{Table: apigateway.Table(), Handlers: map[string]wire.Handler{
			"CreateRestApi": wire.Op(e.CreateRestApi), "GetRestApis": wire.Op(e.GetRestApis), "GetRestApi": wire.Op(e.GetRestApi),
			"ImportRestApi": wire.Op(e.ImportRestApi), "GetTags": wire.Op(e.GetTags),
		}},
		{Table: apigatewayv2.Table(), Handlers: map[string]wire.Handler{"GetApis": wire.Op(e.GetApis)}},
		{Table: lambda.Table(), Handlers: map[string]wire.Handler{
			"Invoke": wire.Op(e.Invoke), "InvokeWithResponseStream": wire.Op(e.InvokeWithResponseStream),
		}},
		{Table: sts.Table(), Handlers: map[string]wire.Handler{"GetCallerIdentity": wire.Op(e.GetCallerIdentity)}},
		{Table: iam.Table(), Handlers: map[string]wire.Handler{"GetRole": wire.Op(e.GetRole)}},
		{Table: logs.Table(), Handlers: map[string]wire.Handler{"DescribeLogGroups": wire.Op(e.DescribeLogGroups)}},
		{Table: cloudwatch.Table(), Handlers: map[string]wire.Handler{
			"PutMetricData": wire.Op(e.PutMetricData), "ListDashboards": wire.Op(e.ListDashboards),
		}},
	}
}

// start serves an echo and gives what a client needs to reach it.
func start(t *testing.T) (*echo, *httptest.Server, aws.Config) {
	t.Helper()
	e := &echo{}
	s := newServer(t, control.Config{Services: e.services()})
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return e, web, aws.Config{
		Region: "eu-west-1", BaseEndpoint: &web.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}
}

func newServer(t testing.TB, c control.Config) *control.Server {
	t.Helper()
	c.Account, c.Region, c.Log = "000000000000", "us-east-1", slog.New(slog.DiscardHandler)
	s, err := control.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRestJSONWithSDK(t *testing.T) {
	e, web, cfg := start(t)
	client := sdkapigateway.NewFromConfig(cfg)
	made, err := client.CreateRestApi(t.Context(), &sdkapigateway.CreateRestApiInput{
		Name: aws.String("pets"), Tags: map[string]string{"team": "a"},
		EndpointConfiguration: &apigatewaytypes.EndpointConfiguration{Types: []apigatewaytypes.EndpointType{apigatewaytypes.EndpointTypeRegional}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *made.Id != "abc123defg" || *made.Name != "pets" || made.CreatedDate.Unix() != 1700000000 || made.Tags["team"] != "a" {
		t.Errorf("CreateRestApi = %+v", made)
	}
	if e.created.Name != "pets" || e.created.EndpointConfiguration.Types[0] != "REGIONAL" || e.created.Description != nil {
		t.Errorf("input %+v", e.created)
	}
	o := e.origin
	if o.Caller.AccessKey != "AKIDEXAMPLE" || o.Region != "eu-west-1" || o.Operation != "CreateRestApi" || o.SourceIP != "127.0.0.1" ||
		o.Caller.ARN != "arn:aws:iam::000000000000:root" || o.Path != "/restapis" || !strings.Contains(web.URL, o.Host) || len(o.RequestID) != 36 {
		t.Errorf("origin %+v", o)
	}
	list, err := client.GetRestApis(t.Context(), &sdkapigateway.GetRestApisInput{})
	if err != nil || len(list.Items) != 2 || list.Position != nil {
		t.Errorf("GetRestApis = %+v, %v", list, err)
	}
	imported, err := client.ImportRestApi(t.Context(), &sdkapigateway.ImportRestApiInput{
		Body: []byte("openapi: 3.0.1"), Parameters: map[string]string{"basepath": "prepend", "ignore": "documentation"},
	})
	if err != nil || *imported.Name != "openapi: 3.0.1" || imported.Tags["basepath"] != "prepend" || len(imported.Tags) != 2 {
		t.Errorf("ImportRestApi = %+v, %v", imported, err)
	}
	const arn = "arn:aws:apigateway:us-east-1::/restapis/abc"
	tags, err := client.GetTags(t.Context(), &sdkapigateway.GetTagsInput{ResourceArn: aws.String(arn)})
	if err != nil || tags.Tags["arn"] != arn {
		t.Errorf("GetTags = %+v, %v", tags, err)
	}
}

// refused holds err to be an error of that code, with that text in it.
func refused(t *testing.T, err error, status int, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("%v is no API error, want %s", err, code)
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Errorf("%s %q, want %s %q", api.ErrorCode(), api.ErrorMessage(), code, text)
	}
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) && response.HTTPStatusCode() != status {
		t.Errorf("status %d, want %d", response.HTTPStatusCode(), status)
	}
}

func TestErrorsWithSDK(t *testing.T) {
	_, _, cfg := start(t)
	ctx := t.Context()
	gateway := sdkapigateway.NewFromConfig(cfg)
	_, err := gateway.GetRestApi(ctx, &sdkapigateway.GetRestApiInput{RestApiId: aws.String("nope")})
	refused(t, err, 404, "NotFoundException", "Invalid API identifier specified 000000000000:nope")
	if _, ok := errors.AsType[*apigatewaytypes.NotFoundException](err); !ok {
		t.Errorf("%v is no NotFoundException", err)
	}
	_, err = gateway.GetRestApi(ctx, &sdkapigateway.GetRestApiInput{RestApiId: aws.String("panic")})
	refused(t, err, 500, "InternalFailure", "An internal error occurred.")
	_, err = gateway.GetRestApi(ctx, &sdkapigateway.GetRestApiInput{RestApiId: aws.String("plain")})
	refused(t, err, 500, "InternalFailure", "An internal error occurred.")
	if strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("%v tells a cause", err)
	}
	_, err = gateway.GetAccount(ctx, &sdkapigateway.GetAccountInput{})
	refused(t, err, 501, "NotImplementedException", "stagedoor does not have the operation GetAccount of Amazon API Gateway (apigateway).")
	_, err = gateway.CreateRestApi(ctx, &sdkapigateway.CreateRestApiInput{
		Name:                  aws.String("x"),
		EndpointConfiguration: &apigatewaytypes.EndpointConfiguration{Types: []apigatewaytypes.EndpointType{"wrong"}},
	})
	refused(t, err, 400, "ValidationException", "1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]")

	functions := sdklambda.NewFromConfig(cfg)
	_, err = functions.Invoke(ctx, &sdklambda.InvokeInput{FunctionName: aws.String("gone")})
	refused(t, err, 404, "ResourceNotFoundException", "Function not found: gone")
	var missing *lambdatypes.ResourceNotFoundException
	if !errors.As(err, &missing) || aws.ToString(missing.Type) != "User" {
		t.Errorf("%+v has no type", missing)
	}
	_, err = functions.Invoke(ctx, &sdklambda.InvokeInput{FunctionName: aws.String("busy")})
	var busy *lambdatypes.TooManyRequestsException
	if !errors.As(err, &busy) || busy.Reason != "ReservedFunctionConcurrentInvocationLimitExceeded" || aws.ToString(busy.RetryAfterSeconds) != "7" {
		t.Errorf("%v: %+v", err, busy)
	}

	_, err = sdkiam.NewFromConfig(cfg).GetRole(ctx, &sdkiam.GetRoleInput{RoleName: aws.String("r")})
	refused(t, err, 404, "NoSuchEntity", "The role with name r cannot be found.")
	if _, ok := errors.AsType[*iamtypes.NoSuchEntityException](err); !ok {
		t.Errorf("%v is no NoSuchEntityException", err)
	}
	_, err = sdkiam.NewFromConfig(cfg).GetRole(ctx, &sdkiam.GetRoleInput{RoleName: aws.String("a b")})
	refused(t, err, 400, "ValidationError", "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+")
	_, err = sdkiam.NewFromConfig(cfg).ListUsers(ctx, &sdkiam.ListUsersInput{})
	refused(t, err, 501, "NotImplementedException", "ListUsers")

	_, err = sdklogs.NewFromConfig(cfg).DescribeLogGroups(ctx, &sdklogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("x")})
	refused(t, err, 400, "ResourceNotFoundException", "The specified log group does not exist.")
	if _, ok := errors.AsType[*logstypes.ResourceNotFoundException](err); !ok {
		t.Errorf("%v is no ResourceNotFoundException", err)
	}
	_, err = sdkcloudwatch.NewFromConfig(cfg).ListDashboards(ctx, &sdkcloudwatch.ListDashboardsInput{})
	var badValue *cloudwatchtypes.InvalidParameterValueException
	if !errors.As(err, &badValue) || badValue.ErrorMessage() != "no dashboards" {
		t.Errorf("%v is no InvalidParameterValueException", err)
	}
}

func TestOtherProtocolsWithSDK(t *testing.T) {
	e, _, cfg := start(t)
	ctx := t.Context()
	who, err := sdksts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sdksts.GetCallerIdentityInput{})
	if err != nil || *who.Account != "000000000000" || *who.Arn != "arn:aws:iam::000000000000:root" {
		t.Errorf("GetCallerIdentity = %+v, %v", who, err)
	}
	groups, err := sdklogs.NewFromConfig(cfg).DescribeLogGroups(ctx, &sdklogs.DescribeLogGroupsInput{})
	if err != nil || len(groups.LogGroups) != 1 || *groups.LogGroups[0].CreationTime != 5 {
		t.Errorf("DescribeLogGroups = %+v, %v", groups, err)
	}
	at := time.Unix(1700000000, 500e6)
	metrics := sdkcloudwatch.NewFromConfig(cfg, func(o *sdkcloudwatch.Options) { o.RequestMinCompressSizeBytes = 1 })
	_, err = metrics.PutMetricData(ctx, &sdkcloudwatch.PutMetricDataInput{
		Namespace: aws.String("n"), MetricData: []cloudwatchtypes.MetricDatum{{
			MetricName: aws.String("m"), Value: aws.Float64(1.5), Timestamp: &at,
			Dimensions: []cloudwatchtypes.Dimension{{Name: aws.String("d"), Value: aws.String("v")}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := e.metrics.MetricData[0]
	if e.metrics.Namespace != "n" || d.MetricName != "m" || *d.Value != 1.5 || !d.Timestamp.Equal(at) || d.Dimensions[0].Value != "v" {
		t.Errorf("PutMetricData got %+v", e.metrics)
	}
}

func TestInvokeWithSDK(t *testing.T) {
	_, _, cfg := start(t)
	client := sdklambda.NewFromConfig(cfg)
	out, err := client.Invoke(t.Context(), &sdklambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"a":1}`)})
	if err != nil || string(out.Payload) != `{"a":1}` || out.StatusCode != 200 || *out.ExecutedVersion != "$LATEST" {
		t.Errorf("Invoke = %+v, %v", out, err)
	}
	streamed, err := client.InvokeWithResponseStream(t.Context(), &sdklambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for event := range streamed.GetStream().Events() {
		switch event := event.(type) {
		case *lambdatypes.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			got = append(got, string(event.Value.Payload))
		case *lambdatypes.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			got = append(got, "end "+*event.Value.ErrorCode)
		}
	}
	if err := streamed.GetStream().Err(); err != nil || strings.Join(got, ",") != "one,two,end none" {
		t.Errorf("stream %v, %v", got, err)
	}
}

// TestCall calls operations from within the process.
func TestCall(t *testing.T) {
	e := &echo{}
	s := newServer(t, control.Config{Services: e.services()})
	out, err := s.Call(t.Context(), "apigateway", "CreateRestApi", &apigateway.CreateRestApiInput{Name: "pets"})
	if err != nil {
		t.Fatal(err)
	}
	if api, ok := out.(*apigateway.RestApi); !ok || *api.Name != "pets" {
		t.Errorf("Call = %#v", out)
	}
	for _, tt := range []struct {
		name, service, operation string
		in                       any
		kind                     fault.Kind
		message                  string
	}{
		{"no such service", "sqs", "SendMessage", nil, fault.Unbuilt, "service sqs"},
		{"no such operation", "apigateway", "Nope", nil, fault.NotFound, "has no operation Nope"},
		{"not built", "apigateway", "GetAccount", &apigateway.GetAccountInput{}, fault.Unbuilt, "GetAccount"},
		{"missing", "apigateway", "CreateRestApi", &apigateway.CreateRestApiInput{}, fault.BadRequest, "Member must not be null"},
		{"the service's own", "apigateway", "GetRestApi", &apigateway.GetRestApiInput{RestApiId: "x"}, fault.NotFound, "Invalid API identifier"},
		{"a panic", "apigateway", "GetRestApi", &apigateway.GetRestApiInput{RestApiId: "panic"}, fault.Internal, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.Call(t.Context(), tt.service, tt.operation, tt.in)
			if !tt.kind.Is(err) || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("Call = %v, want %v %s", err, tt.kind, tt.message)
			}
		})
	}
}

// TestNewRefusesMisfits holds New to tell of handlers that do not fit.
func TestNewRefusesMisfits(t *testing.T) {
	e := &echo{}
	_, err := control.New(control.Config{Services: []control.Service{
		{Table: apigateway.Table(), Handlers: map[string]wire.Handler{"Nope": wire.Op(e.GetRestApis), "GetAccount": wire.Op(e.GetRestApis)}},
	}})
	if err == nil || !strings.Contains(err.Error(), "register Nope") || !strings.Contains(err.Error(), "input of GetAccount") {
		t.Errorf("New = %v", err)
	}
}
