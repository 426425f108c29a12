package iam_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/iam"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	wireiam "github.com/stagedoor/stagedoor/internal/wire/iam"
)

const (
	account = "123456789012"
	trust   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	allow   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:orders"}]}`
	basic   = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is when everything happens in these tests.
func clock() time.Time { return time.Date(2026, 5, 4, 3, 2, 1, 999, time.UTC) }

// start runs the service behind the whole control plane and gives the AWS SDK's
// client of it.
func start(t *testing.T) *sdk.Client {
	t.Helper()
	return startAs(t, control.Caller{Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account})
}

func startAs(t *testing.T, caller control.Caller) *sdk.Client {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	service := iam.New(st, iam.Config{Account: account, Now: clock})
	server, err := control.New(control.Config{
		Account: account, Region: "eu-west-1", Log: slog.New(slog.DiscardHandler),
		Services: []control.Service{{Table: wireiam.Table(), Handlers: service.Handlers()}},
		Identify: as(caller),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	transport := awsTransport()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		web.Close()
		if err := st.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return sdk.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &web.URL, RetryMaxAttempts: 1, HTTPClient: transport,
		Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
	})
}

// ok fails the test if a call failed.
func ok[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code, text and status of an error as a client sees them.
func refused(t *testing.T, what string, err error, status int, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("%s = %v, want %s", what, err, code)
		return
	}
	var response *smithyhttp.ResponseError
	if e.ErrorCode() != code || e.ErrorMessage() != text || !errors.As(err, &response) || response.HTTPStatusCode() != status {
		t.Errorf("%s = %v\nwant %d %s: %s", what, err, status, code, text)
	}
}

func createRole(ctx context.Context, t *testing.T, c *sdk.Client, name string) {
	t.Helper()
	ok[*sdk.CreateRoleOutput](t)(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)}))
}
