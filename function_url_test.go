package stagedoor_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// TestFunctionURLSigned calls a function URL of type AWS_IAM: who signed and
// may, by their own policies or the function's, gets in.
func TestFunctionURLSigned(t *testing.T) {
	need(t, "python3")
	r := startGuarded(t, nil)
	ctx := t.Context()
	fn := lambda.NewFromConfig(r.root())
	name := aws.String("f")
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(fn.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: name, Role: aws.String("arn:aws:iam::000000000000:role/none"), Runtime: "python3.11", Handler: aws.String("app.handler"), Timeout: aws.Int32(60),
		Code: &lambdatypes.FunctionCode{ZipFile: zipped(t, "app.py", "def handler(event, context):\n    return event\n")},
	}))
	made, err := fn.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{
		FunctionName: name, AuthType: "AWS_IAM", Cors: &lambdatypes.Cors{AllowOrigins: []string{"https://a.example"}, AllowMethods: []string{"GET"}},
	})
	must(made, err)
	host := strings.TrimSuffix(strings.TrimPrefix(*made.FunctionUrl, "http://"), "/")
	const function = "arn:aws:lambda:us-east-1:000000000000:function:f"
	user := func(name, policy string) aws.Credentials {
		id, secret := r.member(t, name, policy)
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	}
	ann := user("ann", policyOf("Allow", "lambda:InvokeFunctionUrl", function))
	bob := user("bob", "")
	eve := user("eve", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"lambda:*","Resource":"*","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"AWS_IAM"}}}]}`)
	ask := func(as *aws.Credentials, service, method string, fields ...string) answer {
		t.Helper()
		const body = "the body"
		req, err := http.NewRequestWithContext(ctx, method, r.endpoint+"/a?b=1", strings.NewReader(body))
		must(req, err)
		req.Host = host
		for _, f := range fields {
			k, v, _ := strings.Cut(f, ": ")
			req.Header.Set(k, v)
		}
		if as != nil {
			sum := sha256.Sum256([]byte(body))
			must(nil, v4.NewSigner().SignHTTP(ctx, *as, req, hex.EncodeToString(sum[:]), service, "us-east-1", time.Now()))
		}
		resp, err := r.client.Do(req)
		must(resp, err)
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		must(text, err)
		return answer{resp.StatusCode, resp.Header, string(text)}
	}
	const closed = `{"Message":"Forbidden"}`
	for _, tt := range []struct {
		name    string
		as      *aws.Credentials
		service string
		status  int
		want    string
	}{
		{"nobody", nil, "", 403, closed},
		{"may not", &bob, "lambda", 403, closed},
		{"is denied", &eve, "lambda", 403, closed},
		{"signed for another service", &ann, "execute-api", 403, `{"message":"Credential should be scoped to correct service: 'lambda'. "}`},
		{"may", &ann, "lambda", 200, `"userArn":"arn:aws:iam::000000000000:user/ann"`},
	} {
		got := ask(tt.as, tt.service, "POST")
		if got.status != tt.status || !strings.Contains(strings.ReplaceAll(got.body, ": ", ":"), strings.ReplaceAll(tt.want, ": ", ":")) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, got.status, got.body, tt.status, tt.want)
		}
		if tt.status != 200 {
			continue
		}
		var event struct {
			Headers        map[string]string
			RawQueryString string
			RequestContext struct{ AccountID string }
		}
		must(nil, json.Unmarshal([]byte(got.body), &event))
		if event.Headers["authorization"] != "" || event.RequestContext.AccountID != "000000000000" || event.RawQueryString != "b=1" {
			t.Errorf("%s: event %s", tt.name, got.body)
		}
	}
	if got := ask(nil, "", "OPTIONS", "Origin: https://a.example", "Access-Control-Request-Method: GET"); got.status != 200 || got.body != "" {
		t.Errorf("a browser's question: %d %s", got.status, got.body)
	}
	must(fn.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: name, StatementId: aws.String("s"), Action: aws.String("lambda:InvokeFunctionUrl"), Principal: aws.String("arn:aws:iam::000000000000:user/bob"), FunctionUrlAuthType: "AWS_IAM",
	}))
	for name, tt := range map[string]struct {
		as     *aws.Credentials
		status int
	}{"whom the function lets": {&bob, 200}, "whom it lets and who is denied": {&eve, 403}, "nobody, still": {nil, 403}} {
		if got := ask(tt.as, "lambda", "POST"); got.status != tt.status {
			t.Errorf("%s: %d %s, want %d", name, got.status, got.body, tt.status)
		}
	}
}
