package compile_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/awscall"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/step"
)

// keys are credentials by role.
type keys struct{ allowed bool }

const (
	role     = "arn:aws:iam::000000000000:role/caller"
	stranger = "arn:aws:iam::000000000000:role/stranger"
)

func (k *keys) Own() step.Credential   { return step.Credential{AccessKey: "OWN", Secret: "own"} }
func (k *keys) Ready(role string) bool { return role == stranger }
func (k *keys) Assume(_ context.Context, arn string) (step.Credential, error) {
	if arn != role {
		return step.Credential{}, errors.New("no trust")
	}
	return step.Credential{AccessKey: "ROLE", Secret: "role", Token: "token"}, nil
}

func (k *keys) Caller(accessKey string) (step.Credential, bool) {
	return step.Credential{AccessKey: accessKey, Secret: "caller"}, accessKey != ""
}

func (k *keys) Allows(accessKey, action, resource string) bool {
	return k.allowed && accessKey == "ROLE" && action == "lambda:InvokeFunction" && resource == arn
}

// places says where services are, and gives integrations the keys.
func places(t testing.TB, k *keys, all ...string) func(*compile.Env) {
	t.Helper()
	found, err := awscall.ParseEndpoints(all)
	if err != nil {
		t.Fatal(err)
	}
	return func(env *compile.Env) {
		env.Services = step.NewServices(found)
		if k != nil {
			env.Credentials = k
		}
	}
}

// serviceTo is an integration with a service: its answers are passed on.
func serviceTo(tail string, edit func(*api.Integration)) api.Integration {
	in := api.Integration{
		Type: "AWS", HTTPMethod: new("POST"), URI: new("arn:aws:apigateway:eu-west-1:" + tail),
		Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}, "400": {StatusCode: "400", SelectionPattern: new(`4\d\d`)}},
	}
	if edit != nil {
		edit(&in)
	}
	return in
}

func maps1(kv ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		m["integration.request."+kv[i]] = kv[i+1]
	}
	return m
}

// TestServiceRequest: the request that each form of URI makes, which is signed
// for its service and region.
// parity: spec/rest-data-plane.md 3.5.1; spec/services-observability.md 8.1, 8.2
func TestServiceRequest(t *testing.T) {
	form := func(in *api.Integration) {
		in.RequestParameters = maps1("header.Content-Type", "'application/x-www-form-urlencoded'")
	}
	for _, tt := range []struct {
		name, uri string
		edit      func(*api.Integration)
		send      string
		line      string
		header    map[string]string
		body      string
		service   string
	}{
		{"SQS by path", "sqs:path/000000000000/q", form, `Action=SendMessage`, "POST /000000000000/q", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "Action=SendMessage&QueueUrl={at}%2F000000000000%2Fq", "sqs"},
		{"SQS by path, named", "sqs:path/000000000000/q", form, `Action=SendMessage&QueueUrl=x`, "POST /000000000000/q", nil, "Action=SendMessage&QueueUrl=x", "sqs"},
		{"SQS in the query", "sqs:path/000000000000/q", func(in *api.Integration) {
			in.HTTPMethod, in.RequestParameters = new("GET"), maps1("querystring.Action", "'SendMessage'")
		}, "", "GET /000000000000/q?Action=SendMessage&QueueUrl={at}%2F000000000000%2Fq", nil, "", "sqs"},
		{"SQS JSON", "sqs:path//", func(in *api.Integration) {
			in.RequestParameters = maps1("header.Content-Type", "'application/x-amz-json-1.0'", "header.X-Amz-Target", "'AmazonSQS.SendMessage'")
		}, `{}`, "POST /", map[string]string{"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}, `{}`, "sqs"},
		{"SNS", "sns:action/Publish&TopicArn=a:b", func(in *api.Integration) {
			in.RequestParameters = maps1("querystring.Message", "method.request.querystring.m")
		}, "", "POST /?Action=Publish&Version=2010-03-31&TopicArn=a:b&Message=x%20y", nil, "", "sns"},
		{"SNS, a version of its own", "sns:action/Publish&Version=1", nil, "k=v", "POST /?Action=Publish&Version=1", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "k=v", "sns"},
		{"DynamoDB", "dynamodb:action/PutItem", nil, `{"a":1}`, "POST /", map[string]string{"X-Amz-Target": "DynamoDB_20120810.PutItem", "Content-Type": "application/x-amz-json-1.0"}, `{"a":1}`, "dynamodb"},
		{"DynamoDB, nothing sent", "dynamodb:action/ListTables", nil, "", "POST /", map[string]string{"X-Amz-Target": "DynamoDB_20120810.ListTables"}, `{}`, "dynamodb"},
		{"Kinesis", "kinesis:action/PutRecord", nil, `{}`, "POST /", map[string]string{"X-Amz-Target": "Kinesis_20131202.PutRecord", "Content-Type": "application/x-amz-json-1.1"}, `{}`, "kinesis"},
		{"Step Functions", "states:action/StartSyncExecution", nil, `{}`, "POST /", map[string]string{"X-Amz-Target": "AWSStepFunctions.StartSyncExecution"}, `{}`, "states"},
		{"EventBridge, mapped", "events:action/PutEvents", func(in *api.Integration) {
			in.RequestParameters = maps1("header.X-Amz-Target", "'AWSEvents.PutEvents'", "header.Content-Type", "'application/x-amz-json-1.1'")
		}, `{}`, "POST /", map[string]string{"X-Amz-Target": "AWSEvents.PutEvents", "Content-Type": "application/x-amz-json-1.1"}, `{}`, "events"},
		{"EventBridge, derived", "events:action/PutEvents", nil, `{}`, "POST /", map[string]string{"X-Amz-Target": "AWSEvents.PutEvents"}, `{}`, "events"},
		{"Firehose", "firehose:action/PutRecord", nil, `{}`, "POST /", map[string]string{"X-Amz-Target": "Firehose_20150804.PutRecord"}, `{}`, "firehose"},
		{"SSM", "ssm:action/GetParameter", func(in *api.Integration) {
			in.RequestParameters = maps1("querystring.Name", "'/a b'", "querystring.WithDecryption", "'true'")
		}, "", "POST /", map[string]string{"X-Amz-Target": "AmazonSSM.GetParameter"}, `{"Name":"/a b","WithDecryption":true}`, "ssm"},
		{"S3", "s3:path/{bucket}/a/{key}", func(in *api.Integration) {
			in.HTTPMethod, in.RequestParameters = new("PUT"), maps1("path.bucket", "'b'", "path.key", "method.request.querystring.m", "header.x-amz-acl", "'private'")
		}, `text`, "PUT /b/a/x%20y", map[string]string{"X-Amz-Acl": "private", "X-Amz-Content-Sha256": "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"}, "text", "s3"},
		{"S3 by host", "b.s3:path/k", nil, "", "POST /b/k", nil, "", "s3"},
		{"by subdomain", "runtime.sagemaker:path/endpoints/e/invocations", nil, "{}", "POST /endpoints/e/invocations", map[string]string{"Content-Type": "application/json"}, "{}", "sagemaker"},
		{"one that nobody knows", "unheard:action/Of&a=b", nil, "", "POST /?Action=Of&a=b", nil, "", "unheard"},
		{"any method", "s3:path/b/k", func(in *api.Integration) { in.HTTPMethod = new("ANY") }, "t", "PUT /b/k", nil, "t", "s3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, last := backend(t, nil)
			in := serviceTo(tt.uri, tt.edit)
			in.Credentials = new(role)
			stage := sketch{methods: map[string]api.Integration{"PUT /x": in}, env: places(t, &keys{}, "default="+url)}.stage(t)
			rest := []string{}
			if tt.send != "" {
				rest = append(rest, "Content-Length: "+strconv.Itoa(len(tt.send)), tt.send)
			}
			if got := send(t, stage, "PUT /x?m=x%20y", rest...); got.Status != 200 {
				t.Fatalf("answered %d %s", got.Status, got.Body)
			}
			encoded := strings.NewReplacer(":", "%3A", "/", "%2F").Replace(url)
			fill := func(s string) string { return strings.ReplaceAll(s, "{at}", encoded) }
			if last.Line != fill(tt.line) || last.Body != fill(tt.body) {
				t.Errorf("sent %q %q, want %q %q", last.Line, last.Body, fill(tt.line), fill(tt.body))
			}
			for name, want := range tt.header {
				if got := last.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			verify(t, last, tt.service, "role", "token")
			if got := last.Header.Get("X-Amz-Source-Arn"); got != "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/PUT/x" {
				t.Errorf("source ARN %q", got)
			}
			if last.Header.Get("Accept") != "application/json" || last.Header.Get("User-Agent") != "AmazonAPIGateway_abc123" {
				t.Errorf("headers %v", last.Header)
			}
		})
	}
}

// verify holds a request to a signature with a secret.
func verify(t testing.TB, r *received, service, secret, token string) {
	t.Helper()
	method, target, _ := strings.Cut(r.Line, " ")
	path, query, _ := strings.Cut(target, "?")
	q := &sigv4.Request{Method: []byte(method), Path: []byte(path), Query: []byte(query), Host: []byte(r.Host), Body: []byte(r.Body)}
	for name, values := range r.Header {
		for _, v := range values {
			q.Fields = append(q.Fields, sigv4.Field{Name: []byte(name), Value: []byte(v)})
		}
	}
	s3 := service == "s3"
	c, err := sigv4.Read(q, &sigv4.Expect{Region: "eu-west-1", Service: service, PlainPath: s3, EncodedOnce: s3}, time.Now())
	if err == nil {
		var v sigv4.Verifier
		err = v.Check(q, &c, &sigv4.Credential{Secret: secret, Token: []byte(token)}, time.Now())
	}
	if err != nil {
		t.Errorf("%s %v: %v", r.Line, r.Header, err)
	}
}

// TestServiceSigner: whose key signs.
func TestServiceSigner(t *testing.T) {
	url, last := backend(t, nil)
	own := strings.Replace(url, "://", "://PLACE:place@", 1)
	for _, tt := range []struct {
		name, at, credentials, key string
		k                          *keys
	}{
		{"the node's own", url, "", "OWN", &keys{}},
		{"a role's", url, role, "ROLE", &keys{}},
		{"the caller's", url, "arn:aws:iam::*:user/*", "CALLER", &keys{}},
		{"the place's", own, role, "PLACE", &keys{}},
		{"nobody's", url, role, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := serviceTo("sqs:path/", func(in *api.Integration) {
				if tt.credentials != "" {
					in.Credentials = &tt.credentials
				}
			})
			stage := sketch{methods: map[string]api.Integration{"POST /x": in}, env: places(t, tt.k, "sqs="+tt.at)}.stage(t)
			x := request(t, stage, "POST /x")
			x.Known().AccessKey = "CALLER"
			if got := programtest.Play(t, x); got.Status != 200 {
				t.Fatalf("answered %d", got.Status)
			}
			_, got, _ := strings.Cut(last.Header.Get("Authorization"), "Credential=")
			if got, _, _ = strings.Cut(got, "/"); got != tt.key {
				t.Errorf("signed with %q, want %q", got, tt.key)
			}
		})
	}
}

// TestServiceForged: what a mapping or a client says of signatures, sources and
// hosts does not reach the service.
func TestServiceForged(t *testing.T) {
	url, last := backend(t, nil)
	in := serviceTo("sqs:path/", func(in *api.Integration) {
		in.RequestParameters = maps1("header.X-Amz-Security-Token", "'forged'", "header.X-Amz-Date", "'forged'", "header.X-Amz-Source-Arn", "'forged'",
			"header.X-Amz-Content-Sha256", "'forged'", "header.Host", "'evil.example'")
	})
	stage := sketch{methods: map[string]api.Integration{"POST /x": in}, env: places(t, &keys{}, "sqs="+url)}.stage(t)
	if got := send(t, stage, "POST /x", "Authorization: AWS4-HMAC-SHA256 forged"); got.Status != 200 {
		t.Fatalf("answered %d %s", got.Status, got.Body)
	}
	if last.Host != strings.TrimPrefix(url, "http://") {
		t.Errorf("Host %q", last.Host)
	}
	for name, values := range last.Header {
		if len(values) > 1 || strings.Contains(values[0], "forged") {
			t.Errorf("%s: %q was passed on", name, values)
		}
	}
	verify(t, last, "sqs", "own", "")
}

// TestServiceAnswer: statuses are matched, and what substitutes answer reads as
// AWS's own answers.
func TestServiceAnswer(t *testing.T) {
	answer := func(status int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.Header().Set("X-Amzn-Requestid", "r")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	const sent = `<SendMessageResponse><SendMessageResult><MessageId>i</MessageId></SendMessageResult></SendMessageResponse>`
	for _, tt := range []struct {
		name, uri   string
		answer      http.HandlerFunc
		accept      string
		status      int
		body, begin string
	}{
		{"XML", "sqs:path/", answer(200, "text/xml;charset=utf-8", sent), "", 200, "", `{"SendMessageResponse":{"SendMessageResult":{"MessageId":"i",`},
		{"XML that is asked for", "sqs:path/", answer(200, "text/xml", sent), "'application/xml'", 200, sent, ""},
		{"JSON", "sqs:path/", answer(200, "application/x-amz-json-1.0", `{"MessageId":"i"}`), "", 200, `{"MessageId":"i"}`, ""},
		{"not XML after all", "sqs:path/", answer(200, "text/xml", "<html><br></html>"), "", 200, "<html><br></html>", ""},
		{"an error", "sqs:path/", answer(404, "text/xml", "<ErrorResponse><Error><Code>c</Code></Error></ErrorResponse>"), "", 400, `{"Error":{"Code":"c"}}`, ""},
		{"XML of S3", "s3:path/b", answer(200, "application/xml", "<a/>"), "", 200, "<a/>", ""},
		{"SSM", "ssm:action/GetParameter", answer(200, "application/x-amz-json-1.1", `{"Parameter":{}}`), "", 200, `{"GetParameterResponse":{"GetParameterResult":{"Parameter":{}},"ResponseMetadata":{"RequestId":"r"}}}`, ""},
		{"SSM, an error", "ssm:action/GetParameter", answer(400, "application/x-amz-json-1.1", `{"__type":"ParameterNotFound"}`), "", 400, `{"Error":{"Code":"ParameterNotFound","Message":"","Type":"Sender"},"RequestId":"r"}`, ""},
		{"server error, no pattern", "sqs:path/", answer(500, "text/plain", "oh"), "", 200, "oh", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, _ := backend(t, tt.answer)
			in := serviceTo(tt.uri, func(in *api.Integration) {
				if tt.accept != "" {
					in.RequestParameters = maps1("header.Accept", tt.accept)
				}
			})
			stage := sketch{declared: []string{"400"}, methods: map[string]api.Integration{"POST /x": in}, env: places(t, nil, "default="+url)}.stage(t)
			got := send(t, stage, "POST /x", "Content-Length: 2", "{}")
			if got.Status != tt.status || tt.begin == "" && got.Body != tt.body || !strings.HasPrefix(got.Body, tt.begin) {
				t.Errorf("%d %s, want %d %s%s", got.Status, got.Body, tt.status, tt.body, tt.begin)
			}
		})
	}
}

// TestServiceRefuses: what cannot be called answers 500, and says why to who
// may know.
func TestServiceRefuses(t *testing.T) {
	url, last := backend(t, nil)
	for _, tt := range []struct {
		name, note string
		in         api.Integration
	}{
		{"no place", "invalid endpoint address: nothing says where sns is (--aws-endpoint)", serviceTo("sns:action/Publish", nil)},
		{"no ARN", "invalid ARN specified in the request", serviceTo("sqs", nil)},
		{"neither path nor action", "AWS ARN for integration must contain path or action", serviceTo("sqs:x/y", nil)},
		{"a header that breaks", "integration.request.header.Authorization cannot be mapped", serviceTo("sqs:path/", func(in *api.Integration) {
			in.RequestParameters = maps1("header.Authorization", "'x'")
		})},
		{"a proxy", "AWS_PROXY to a service other than Lambda and Firehose has no step here", serviceTo("sqs:path/", func(in *api.Integration) { in.Type = "AWS_PROXY" })},
		{"no trust", "", serviceTo("sqs:path/", func(in *api.Integration) { in.Credentials = new(stranger) })},
		{"no caller", "", serviceTo("sqs:path/", func(in *api.Integration) { in.Credentials = new("arn:aws:iam::*:user/*") })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stage := sketch{methods: map[string]api.Integration{"POST /x": tt.in}, env: places(t, &keys{}, "sqs="+url)}.stage(t)
			*last = received{}
			if got := send(t, stage, "POST /x"); got.Status != 500 || got.Body != `{"message": "Internal server error"}` {
				t.Errorf("%d %s, want 500", got.Status, got.Body)
			}
			if last.Line != "" {
				t.Errorf("the service got %q", last.Line)
			}
			if tt.note != "" && !slices.ContainsFunc(stage.Explain().Routes[0].Steps, func(s program.StepNote) bool { return strings.Contains(s.Note, tt.note) }) {
				t.Errorf("steps %+v, want one that says %q", stage.Explain().Routes[0].Steps, tt.note)
			}
		})
	}
}

// TestFirehoseProxy: the one service that AWS_PROXY is for beside Lambda gets
// the request as it is.
func TestFirehoseProxy(t *testing.T) {
	url, last := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("{}"))
	})
	in := serviceTo("firehose:action/PutRecord", func(in *api.Integration) { in.Type = "AWS_PROXY" })
	stage := sketch{methods: map[string]api.Integration{"POST /x": in}, env: places(t, &keys{}, "firehose="+url)}.stage(t)
	if got := send(t, stage, "POST /x", "Content-Length: 7", `{"a":1}`); got.Status != 202 || got.Body != "{}" || last.Body != `{"a":1}` {
		t.Errorf("%d %s, the service got %q", got.Status, got.Body, last.Body)
	}
}

// TestFunctionRole: a function that is called under a role is called if the
// role trusts API Gateway and is allowed to, whatever the function's policy.
// parity: spec/services-observability.md 7.5
func TestFunctionRole(t *testing.T) {
	for _, kind := range []string{"AWS", "AWS_PROXY"} {
		for _, tt := range []struct {
			role    string
			allowed bool
			status  int
		}{{role, true, 200}, {role, false, 500}, {stranger, true, 500}} {
			f := returns(`{"statusCode":200}`)
			f.denied = true
			in := lambdaProxy()
			in.Type, in.Credentials, in.Responses = kind, &tt.role, map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
			stage := sketch{functions: f, methods: map[string]api.Integration{"POST /x": in}, env: func(env *compile.Env) { env.Credentials = &keys{tt.allowed} }}.stage(t)
			if got := send(t, stage, "POST /x"); got.Status != tt.status || len(f.asked) > 0 {
				t.Errorf("%s as %s, allowed %v: %d after asking %v, want %d", kind, tt.role, tt.allowed, got.Status, f.asked, tt.status)
			}
		}
	}
}

// TestInvocationType: a mapped X-Amz-Invocation-Type decides whether a
// function's result is waited for.
// parity: spec/rest-data-plane.md 3.5.2
func TestInvocationType(t *testing.T) {
	for _, tt := range []struct {
		kind, body     string
		denied         bool
		status         int
		queued, called int
	}{
		{"'RequestResponse'", `{"n":1}`, false, 200, 0, 1},
		{"method.request.header.Kind", `{"n":1}`, false, 200, 0, 1}, // absent
		{"'Event'", "", false, 200, 1, 0},
		{"'Event'", "", true, 500, 0, 0},
		{"'DryRun'", "", false, 200, 0, 0},
		{"'DryRun'", "", true, 500, 0, 0},
		{"'Other'", "", false, 500, 0, 0},
	} {
		called := 0
		f := returns(`{"n":1}`)
		inner := f.call[arn]
		f.call = maps.Clone(f.call)
		f.call[arn] = func(event []byte) (*lambda.Result, error) { called++; return inner(event) }
		f.denied = tt.denied
		in := lambdaProxy()
		in.Type, in.Responses = "AWS", map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
		in.RequestParameters = maps1("header.X-Amz-Invocation-Type", tt.kind)
		stage := sketch{functions: f, methods: map[string]api.Integration{"POST /x": in}}.stage(t)
		got := send(t, stage, "POST /x", "Content-Length: 7", `{"a":1}`)
		if got.Status != tt.status || got.Status == 200 && got.Body != tt.body || len(f.queued) != tt.queued || called != tt.called {
			t.Errorf("%s, denied %v: %d %q, queued %v, called %d times, want %+v", tt.kind, tt.denied, got.Status, got.Body, f.queued, called, tt)
		}
		if tt.queued == 1 && len(f.queued) == 1 && f.queued[0] != arn+` {"a":1}` {
			t.Errorf("queued %q", f.queued)
		}
	}
}

// Allocations of a call of a service up to the driver's part: choosing, mapping,
// and signing.
const serviceAllocs = 0

// serviceRun prepares one call of DynamoDB again and again.
func serviceRun(t testing.TB) func() {
	in := serviceTo("dynamodb:action/PutItem", nil)
	stage := sketch{methods: map[string]api.Integration{"POST /x": in}, env: places(t, &keys{}, "dynamodb=http://127.0.0.1:1")}.stage(t)
	x := request(t, stage, "POST /x", "User-Agent: curl/8", "Accept: */*", "Content-Type: application/json", "Content-Length: 83")
	head := x.Request
	head.Fields = append(head.Fields[:0:0], head.Fields...)
	body := []byte(`{"TableName":"pets","Item":{"id":{"S":"17"},"name":{"S":"Rex"},"kind":{"S":"dog"}}}`)
	return func() {
		x.Reset(context.Background())
		fields := append(x.Request.Fields, head.Fields...)
		x.Request = head
		x.Request.Fields = fields
		enter(x, stage)
		if x.Play() != program.WantBody {
			t.Fatal("no body is wanted")
		}
		x.SetBody(body)
		if w := x.Play(); w != program.WantCall {
			t.Fatalf("want %v, not a call: %v", w, x.Failure)
		}
	}
}

// TestServiceAllocs holds BenchmarkService to its promise in every test run.
func TestServiceAllocs(t *testing.T) {
	if raced {
		t.Skip("the race detector makes pools forget")
	}
	run := serviceRun(t)
	if got := testing.AllocsPerRun(1000, run); got > serviceAllocs {
		t.Errorf("a call of a service allocates %v times, want at most %d", got, serviceAllocs)
	}
}

func BenchmarkService(b *testing.B) {
	run := serviceRun(b)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}
