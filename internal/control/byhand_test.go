package control_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// send makes a request by hand. auth is the service that it is signed for, or
// empty.
func send(t *testing.T, h http.Handler, line, auth, body string, headers ...string) *http.Response {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if auth != "" {
		r.Header.Set("Authorization", signature(auth))
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func signature(service string) string {
	return "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=00"
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestByHand(t *testing.T) {
	e := &echo{}
	passed := ""
	s := newServer(t, control.Config{Services: e.services(), PassOn: func(service string) http.Handler {
		if service != "sqs" && service != "s3" {
			return nil
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			passed = service + " " + string(b)
			w.WriteHeader(http.StatusTeapot)
		})
	}})
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, tt := range []struct {
		name, method, target, auth, body string
		headers                          []string
		status                           int
		want                             []string // in the answer
	}{
		{"list key is item", "GET", "/restapis", "apigateway", "", nil, 200, []string{`{"item":[{"id":"a"},{"id":"b"}]}`}},
		{"v2 by its path", "GET", "/v2/apis", "apigateway", "", nil, 200, []string{`{}`}},
		{"unsigned by its path", "GET", "/restapis", "", "", nil, 200, []string{`"item"`}},
		{"encoded label", "GET", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fabc", "apigateway", "", nil, 200, []string{`arn:aws:apigateway:us-east-1::/restapis/abc`}},
		{"wrong type", "POST", "/restapis", "apigateway", `{"name":true}`, nil, 400, []string{`{"message":"class java.lang.Boolean can not be converted to an String"}`}},
		{"number for a string", "POST", "/restapis", "apigateway", `{"name":7}`, nil, 400, []string{`class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String`}},
		{"missing member", "POST", "/restapis", "apigateway", `{}`, nil, 400, []string{`Value null at 'createRestApiInput.name' failed to satisfy constraint: Member must not be null`}},
		{"no such path", "GET", "/nothing", "apigateway", "", nil, 404, []string{`no operation GET /nothing`}},
		{"no such target", "POST", "/", "logs", "{}", []string{"X-Amz-Target", "Logs_20140328.Nope"}, 400, []string{`"__type":"UnknownOperationException"`}},
		{"no such action", "POST", "/", "iam", "Action=Nope&Version=2010-05-08", form, 400, []string{`<Code>InvalidAction</Code>`, `Could not find operation Nope for version 2010-05-08`}},
		{"unsigned form by its version", "POST", "/", "", "Action=GetCallerIdentity&Version=2011-06-15", form, 200, []string{`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`, `<RequestId>`}},
		{"presigned", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fsts%2Faws4_request", "", "", nil, 200, []string{`<Account>000000000000</Account>`}},
		{"bad scope", "GET", "/restapis", "", "", []string{"Authorization", "AWS4-HMAC-SHA256 Credential=AKID/us-east-1/apigateway/aws4_request, Signature=0"}, 400, []string{"IncompleteSignature", "ACCESS_KEY/DATE"}},
		{"passed on by target", "POST", "/", "sqs", "{}", []string{"X-Amz-Target", "AmazonSQS.SendMessage"}, 418, nil},
		{"passed on by scope", "PUT", "/bucket/key", "s3", "data", nil, 418, nil},
		{"nowhere to pass on", "POST", "/", "dynamodb", "{}", []string{"X-Amz-Target", "DynamoDB_20120810.GetItem", "Content-Type", "application/x-amz-json-1.0"}, 501, []string{`stagedoor does not have the service dynamodb`, `--aws-endpoint dynamodb=URL`}},
		{"nowhere for S3", "GET", "/bucket", "s3control", "", nil, 501, []string{"stagedoor does not have the service s3control"}},
		{"nothing at all", "GET", "/", "", "", nil, 404, []string{"UnknownOperationException", "name no service"}},
		{"null body", "POST", "/restapis", "apigateway", "null", nil, 400, []string{"Unrecognized token"}},
		{"cbor error", "POST", "/service/GraniteServiceVersion20100801/operation/Nope", "monitoring", "\xa0", []string{"Smithy-Protocol", "rpc-v2-cbor"}, 404, []string{"UnknownOperationException"}},
		{"query of a service that prefers cbor", "POST", "/", "monitoring", "Action=PutMetricData&Version=2010-08-01&Namespace=q&MetricData.member.1.MetricName=m", form, 200, []string{"<PutMetricDataResponse", "<ResponseMetadata>"}},
		{"json of a service that prefers cbor", "POST", "/", "monitoring", `{"Namespace":"j"}`, []string{"X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData", "Content-Type", "application/x-amz-json-1.0"}, 200, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := send(t, s, tt.method+" "+tt.target, tt.auth, tt.body, tt.headers...)
			body := text(t, r)
			if r.StatusCode != tt.status {
				t.Errorf("status %d %s, want %d", r.StatusCode, body, tt.status)
			}
			for _, want := range tt.want {
				if !strings.Contains(body, want) && !strings.Contains(r.Header.Get("X-Amzn-Errortype"), want) {
					t.Errorf("body %s, want %s", body, want)
				}
			}
			if r.StatusCode != http.StatusTeapot && len(r.Header.Get("X-Amzn-Requestid")) != 36 {
				t.Errorf("headers %v have no request id", r.Header)
			}
		})
	}
	r := send(t, newServer(t, control.Config{}), "GET /bucket", "s3", "")
	if body := text(t, r); r.StatusCode != 501 || !strings.Contains(body, "<Error><Code>NotImplementedException</Code><Message>stagedoor does not have the service s3.") {
		t.Errorf("S3 is refused with %d %s", r.StatusCode, body)
	}
	if passed != "s3 data" {
		t.Errorf("passed on %q", passed)
	}
}

func TestBodyLimits(t *testing.T) {
	e := &echo{}
	s := newServer(t, control.Config{Services: e.services()})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 20<<20))
	_ = z.Close()
	for _, tt := range []struct {
		name, target, auth, body string
		headers                  []string
		status                   int
		want                     string
	}{
		{"too long", "/restapis", "apigateway", `{"name":"` + strings.Repeat("a", 11<<20) + `"}`, nil, 413, "Request entity too large"},
		{"a bomb", "/", "monitoring", packed.String(), []string{"Content-Encoding", "gzip", "X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData"}, 413, "Request entity too large"},
		{"no gzip at all", "/", "logs", "hello", []string{"Content-Encoding", "gzip", "X-Amz-Target", "Logs_20140328.DescribeLogGroups"}, 400, "could not be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := send(t, s, "POST "+tt.target, tt.auth, tt.body, tt.headers...)
			if body := text(t, r); r.StatusCode != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s, want %d %s", r.StatusCode, body, tt.status, tt.want)
			}
		})
	}
}

// faulty is a stream of events that panics.
type faulty struct{}

func (faulty) Next(context.Context) (any, error) { panic("a bug") }
func (faulty) Close() error                      { return nil }

// TestBrokenStream holds an answer that broke off to be cut, so that it does
// not look whole.
func TestBrokenStream(t *testing.T) {
	s := newServer(t, control.Config{Services: []control.Service{{Table: lambda.Table(), Handlers: map[string]wire.Handler{
		"InvokeWithResponseStream": wire.Op(func(context.Context, *lambda.InvokeWithResponseStreamInput) (*lambda.InvokeWithResponseStreamResponse, error) {
			return &lambda.InvokeWithResponseStreamResponse{EventStream: faulty{}}, nil
		}),
	}}}})
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("ServeHTTP panics with %v, want ErrAbortHandler", err)
		}
	}()
	send(t, s, "POST /2021-11-15/functions/f/response-streaming-invocations", "lambda", "{}")
}
