package stagedoor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/stagedoor/stagedoor"
)

// npmServers are the packages that have compatible servers, as the tests want
// them.
func npmServers() []string {
	return []string{"local-aws-sqs@2.0.2", "dynalite@4.0.0", "s3rver@3.7.1", "kinesalite@3.3.3", "stepfunctions-local@1.3.1"}
}

// npm is a folder with npmServers installed, kept between runs; the test skips
// where they cannot be had.
func npm(t testing.TB) string {
	t.Helper()
	need(t, "node", "npm", "aws")
	if testing.Short() {
		t.Skip("installs servers from npm")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "stagedoor-test-servers-1")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", append([]string{"install", "--no-audit", "--no-fund", "--silent", "--prefix", dir}, npmServers()...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install %s: %v\n%s", npmServers(), err, out)
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serveNode runs a server until the test ends, and waits until it answers. args
// may say ADDR's port as PORT.
func serveNode(t testing.TB, dir string, args ...string) (endpoint string) {
	t.Helper()
	addr := freePort(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "PORT", port)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s said: %.2000s", args, out.String())
		}
	})
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if c, err := net.DialTimeout("tcp", "localhost:"+port, time.Second); err == nil {
			_ = c.Close()
			return "http://localhost:" + port
		}
	}
	t.Fatalf("%s does not listen", args)
	return ""
}

// cli runs the AWS CLI against an endpoint and gives what it prints.
func cli(t testing.TB, endpoint string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "aws", append([]string{"--endpoint-url", endpoint, "--region", "us-east-1", "--output", "json"}, args...)...)
	key, secret := "test", "test"
	if u, err := url.Parse(endpoint); err == nil && u.User != nil {
		key = u.User.Username()
		secret, _ = u.User.Password()
		u.User = nil
		cmd.Args[2] = u.String()
	}
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+key, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true")
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("aws %s: %v\n%s", args, err, problem.String())
	}
	return string(out)
}

const sqsServer = `import {createSqsServer} from "local-aws-sqs";
await createSqsServer({port: PORT, hostname: "localhost", accountId: "000000000000", emulateQueueCreationLifecycle: false});`

// TestServices calls compatible servers of five services through an API that
// has no function, and asks the servers with the AWS CLI for what arrived.
func TestServices(t *testing.T) {
	dir := npm(t)
	bin := filepath.Join(dir, "node_modules", ".bin")
	at := map[string]string{
		"sqs":      serveNode(t, dir, "--input-type=module", "-e", sqsServer),
		"dynamodb": serveNode(t, dir, filepath.Join(bin, "dynalite"), "--port", "PORT", "--createTableMs", "0"),
		"kinesis":  serveNode(t, dir, filepath.Join(bin, "kinesalite"), "--port", "PORT", "--createStreamMs", "0"),
		"states":   serveNode(t, dir, filepath.Join(dir, "node_modules/stepfunctions-local/bin/stepfunctions-local-start.js"), "--port", "PORT"),
		// it verifies signatures, and knows this key alone
		"s3":     strings.Replace(serveNode(t, dir, filepath.Join(bin, "s3rver"), "-d", t.TempDir(), "-p", "PORT", "--no-vhost-buckets", "--configure-bucket", "files"), "://", "://S3RVER:S3RVER@", 1),
		"events": "http://" + freePort(t), // nobody is there
	}
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions = []string{"test/services"}
		for name, url := range at {
			c.AWSEndpoints = append(c.AWSEndpoints, name+"="+url)
		}
	})
	a := r.next(t)
	if len(a.Problems) > 0 || len(a.Stages) == 0 {
		t.Fatalf("deployed: %+v", a)
	}
	api, _, _ := strings.Cut(strings.TrimPrefix(a.Stages[0].URL, r.endpoint+"/_aws/execute-api/"), "/")
	call := func(t *testing.T, status int, what string, fields ...string) answer {
		t.Helper()
		got := r.call(t, api, what, fields...)
		if got.status != status {
			t.Fatalf("%s = %d %s, want %d", what, got.status, got.body, status)
		}
		return got
	}

	t.Run("SQS", func(t *testing.T) {
		cli(t, at["sqs"], "sqs", "create-queue", "--queue-name", "orders")
		var sent struct{ ID, MessageId string }
		if got := call(t, 200, `POST /prod/queue {"pet":"Rex & Co"}`); json.Unmarshal([]byte(got.body), &sent) != nil || sent.ID == "" {
			t.Fatalf("sent: %s, want an id", got.body)
		}
		if got := cli(t, at["sqs"], "sqs", "receive-message", "--queue-url", at["sqs"]+"/000000000000/orders"); !strings.Contains(got, sent.ID) || !strings.Contains(got, `"{\"pet\":\"Rex & Co\"}"`) {
			t.Errorf("received %s, want the message %s", got, sent.ID)
		}
		there := url.QueryEscape(at["sqs"] + "/000000000000/orders")
		if got := call(t, 200, `POST /prod/queue-json?url=`+there+` "second"`); json.Unmarshal([]byte(got.body), &sent) != nil || sent.MessageId == "" {
			t.Errorf("sent as JSON: %s, want an id", got.body)
		}
		if got := cli(t, at["sqs"], "sqs", "receive-message", "--queue-url", at["sqs"]+"/000000000000/orders"); !strings.Contains(got, sent.MessageId) {
			t.Errorf("received %s, want the message %s", got, sent.MessageId)
		}
		call(t, 400, `POST /prod/queue-json?url=http%3A%2F%2Flocalhost%2F000000000000%2Fnone x`)
	})
	t.Run("DynamoDB", func(t *testing.T) {
		cli(t, at["dynamodb"], "dynamodb", "create-table", "--table-name", "items", "--attribute-definitions", "AttributeName=id,AttributeType=S",
			"--key-schema", "AttributeName=id,KeyType=HASH", "--billing-mode", "PAY_PER_REQUEST")
		for until := time.Now().Add(10 * time.Second); !strings.Contains(cli(t, at["dynamodb"], "dynamodb", "describe-table", "--table-name", "items"), "ACTIVE") && time.Now().Before(until); {
		}
		if got := call(t, 200, `PUT /prod/items/17 {"name":"Rex"}`); got.body != "{}" {
			t.Errorf("put: %q, want {}", got.body)
		}
		if got := cli(t, at["dynamodb"], "dynamodb", "get-item", "--table-name", "items", "--key", `{"id":{"S":"17"}}`); !strings.Contains(got, `"Rex"`) {
			t.Errorf("the table has %s, want Rex", got)
		}
		if got := call(t, 200, `GET /prod/items/17`); got.body != `{"name":"Rex"}` {
			t.Errorf("got %q, want Rex", got.body)
		}
	})
	t.Run("S3", func(t *testing.T) {
		png := "\x89PNG\r\n\x1a\n\x00\xff\xfe"
		if got := call(t, 200, "PUT /prod/files/files/a%20b.png "+png, "Content-Type: image/png"); got.header.Get("Etag") == "" {
			t.Errorf("put: %v, want an ETag", got.header)
		}
		file := filepath.Join(t.TempDir(), "got")
		head := cli(t, at["s3"], "s3api", "get-object", "--bucket", "files", "--key", "a b.png", file)
		text, err := os.ReadFile(file)
		if err != nil || string(text) != png || !strings.Contains(head, `"image/png"`) || !strings.Contains(head, `"by": "stagedoor"`) {
			t.Errorf("the bucket has %q, %s, %v, want %q", text, head, err, png)
		}
		if got := call(t, 200, "GET /prod/files/files/a%20b.png", "Accept: image/png"); got.body != png || got.header.Get("Content-Type") != "image/png" {
			t.Errorf("got %q, %v, want the picture", got.body, got.header)
		}
		if got := call(t, 404, "GET /prod/files/files/none"); !strings.Contains(got.body, "<Code>NoSuchKey</Code>") {
			t.Errorf("got %q, want NoSuchKey", got.body)
		}
	})
	t.Run("Kinesis", func(t *testing.T) {
		cli(t, at["kinesis"], "kinesis", "create-stream", "--stream-name", "records", "--shard-count", "1")
		for until := time.Now().Add(10 * time.Second); !strings.Contains(cli(t, at["kinesis"], "kinesis", "describe-stream", "--stream-name", "records"), "ACTIVE") && time.Now().Before(until); {
		}
		var put struct{ SequenceNumber, ShardId string }
		if got := call(t, 200, `POST /prod/records {"a":1}`); json.Unmarshal([]byte(got.body), &put) != nil || put.SequenceNumber == "" {
			t.Fatalf("put: %s, want a sequence number", got.body)
		}
		var iterator struct{ ShardIterator string }
		text := cli(t, at["kinesis"], "kinesis", "get-shard-iterator", "--stream-name", "records", "--shard-id", put.ShardId, "--shard-iterator-type", "TRIM_HORIZON")
		if err := json.Unmarshal([]byte(text), &iterator); err != nil {
			t.Fatal(err)
		}
		if got := cli(t, at["kinesis"], "kinesis", "get-records", "--shard-iterator", iterator.ShardIterator); !strings.Contains(got, put.SequenceNumber) || !strings.Contains(got, "eyJhIjoxfQ==") {
			t.Errorf("the stream has %s, want the record", got)
		}
	})
	t.Run("Step Functions", func(t *testing.T) {
		var machine struct{ StateMachineArn string }
		text := cli(t, at["states"], "stepfunctions", "create-state-machine", "--name", "m", "--role-arn", "arn:aws:iam::000000000000:role/r",
			"--definition", `{"StartAt":"a","States":{"a":{"Type":"Pass","End":true}}}`)
		if err := json.Unmarshal([]byte(text), &machine); err != nil {
			t.Fatal(err)
		}
		var run struct{ ExecutionArn string }
		if got := call(t, 200, `POST /prod/runs?machine=`+url.QueryEscape(machine.StateMachineArn)+` {"a":"b"}`); json.Unmarshal([]byte(got.body), &run) != nil || run.ExecutionArn == "" {
			t.Fatalf("started: %s, want an execution", got.body)
		}
		if got := cli(t, at["states"], "stepfunctions", "describe-execution", "--execution-arn", run.ExecutionArn); !strings.Contains(got, `{\"a\":\"b\"}`) {
			t.Errorf("execution: %s, want its input", got)
		}
	})
	t.Run("errors", func(t *testing.T) {
		for path, want := range map[string]struct {
			status int
			body   string
		}{
			"queue-stranger": {500, `{"message": "Internal server error"}`},
			"nowhere":        {500, `{"message": "Internal server error"}`},
			"down":           {504, `{"message": "Network error communicating with endpoint"}`},
		} {
			if got := call(t, want.status, "POST /prod/"+path+" {}"); got.body != want.body || got.header.Get("X-Amzn-Errortype") != "InternalServerErrorException" {
				t.Errorf("%s: %q, %v, want %q", path, got.body, got.header, want.body)
			}
		}
		for path, want := range map[string]string{
			"queue-stranger": "Execution failed due to configuration error: API Gateway does not have permission to assume the provided role arn:aws:iam::000000000000:role/stranger",
			"nowhere":        "Execution failed due to configuration error: Invalid endpoint address",
			"queue":          "Authorization=***",
			"down":           "Execution failed due to a network error communicating with endpoint: Connection refused",
		} {
			if log := r.tryMethod(t, api, "/"+path, http.MethodPost); !strings.Contains(log, want) {
				t.Errorf("%s: the log says\n%s\nwant %q", path, log, want)
			}
		}
	})
}

// tryMethod is the log of TestInvokeMethod for a method, by its path.
func (r *running) tryMethod(t testing.TB, api, path, method string) string {
	t.Helper()
	gw := apigateway.NewFromConfig(r.account())
	list, err := gw.GetResources(t.Context(), &apigateway.GetResourcesInput{RestApiId: &api})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list.Items {
		if *one.Path != path {
			continue
		}
		got, err := gw.TestInvokeMethod(t.Context(), &apigateway.TestInvokeMethodInput{RestApiId: &api, ResourceId: one.Id, HttpMethod: &method})
		if err != nil {
			t.Fatal(err)
		}
		return *got.Log
	}
	t.Fatalf("no resource %s", path)
	return ""
}

// TestServicesExample runs the template of examples/services and calls every
// route of it.
func TestServicesExample(t *testing.T) {
	dir := npm(t)
	queues := serveNode(t, dir, "--input-type=module", "-e", sqsServer)
	tables := serveNode(t, dir, filepath.Join(dir, "node_modules/.bin/dynalite"), "--port", "PORT", "--createTableMs", "0")
	cli(t, queues, "sqs", "create-queue", "--queue-name", "orders")
	cli(t, tables, "dynamodb", "create-table", "--table-name", "pets", "--attribute-definitions", "AttributeName=id,AttributeType=S",
		"--key-schema", "AttributeName=id,KeyType=HASH", "--billing-mode", "PAY_PER_REQUEST")
	for until := time.Now().Add(10 * time.Second); !strings.Contains(cli(t, tables, "dynamodb", "describe-table", "--table-name", "pets"), "ACTIVE") && time.Now().Before(until); {
	}
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions, c.AWSEndpoints = []string{"examples/services"}, []string{"sqs=" + queues, "dynamodb=" + tables}
	})
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatalf("deployed: %+v", a)
	}
	for _, tt := range []struct {
		call   string
		status int
		body   string
	}{
		{`POST /prod/orders {"sku":"bone"}`, 200, `{"messageId":"`},
		{`GET /prod/pets`, 200, `[]`},
		{`PUT /prod/pets/1 {"name":"Rex \"the\" dog"}`, 200, `{}`},
		{`PUT /prod/pets/2 {"name":7}`, 400, `SerializationException`},
		{`GET /prod/pets`, 200, `[{"id":"1","name":"Rex`},
		{`GET /prod/pets/1`, 200, `{"id":"1","name":"Rex`},
		{`GET /prod/pets/2`, 404, `{"message":"no such pet"}`},
		{`DELETE /prod/pets/1`, 200, `{}`},
		{`GET /prod/pets/1`, 404, `{"message":"no such pet"}`},
	} {
		if got := r.call(t, "services", tt.call); got.status != tt.status || !strings.HasPrefix(got.body, tt.body) && !strings.Contains(got.body, tt.body) {
			t.Errorf("%s = %d %s, want %d %s", tt.call, got.status, got.body, tt.status, tt.body)
		}
	}
	if got := cli(t, queues, "sqs", "receive-message", "--queue-url", queues+"/000000000000/orders"); !strings.Contains(got, `{\"sku\":\"bone\"}`) {
		t.Errorf("the queue has %s, want the order", got)
	}
	if got := r.call(t, "services", "POST /prod/orders text", "Content-Type: text/plain"); got.status != 415 {
		t.Errorf("text = %d %s, want 415", got.status, got.body)
	}
}

// TestServicesTemplates deploys the public templates that lead to a queue and a
// state machine, which are made under the names that the template's are given.
func TestServicesTemplates(t *testing.T) {
	root := shared(t, "conformance/templates")
	dir := npm(t)
	queues := serveNode(t, dir, "--input-type=module", "-e", sqsServer)
	machines := serveNode(t, dir, filepath.Join(dir, "node_modules/stepfunctions-local/bin/stepfunctions-local-start.js"), "--port", "PORT", "--region", "us-east-1")
	deploy := func(t *testing.T, name string) (r *running, api, stage string, in *apigateway.GetIntegrationOutput) {
		t.Helper()
		r = start(t, func(c *stagedoor.Config) {
			c.Definitions, c.AWSEndpoints = []string{filepath.Join(root, name)}, []string{"sqs=" + queues, "states=" + machines}
		})
		a := r.next(t)
		if len(a.Problems) > 0 || len(a.Stages) == 0 {
			t.Fatalf("deployed: %+v", a)
		}
		api, stage, _ = strings.Cut(strings.TrimPrefix(a.Stages[0].URL, r.endpoint+"/_aws/execute-api/"), "/")
		gw := apigateway.NewFromConfig(r.account())
		list, err := gw.GetResources(t.Context(), &apigateway.GetResourcesInput{RestApiId: &api})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list.Items {
			method := http.MethodPost
			if in, err = gw.GetIntegration(t.Context(), &apigateway.GetIntegrationInput{RestApiId: &api, ResourceId: one.Id, HttpMethod: &method}); err == nil {
				return r, api, stage + *one.Path, in
			}
		}
		t.Fatal(err)
		return nil, "", "", nil
	}
	t.Run("02-sqs", func(t *testing.T) {
		r, api, path, in := deploy(t, "02-sqs")
		name := (*in.Uri)[strings.LastIndexByte(*in.Uri, '/')+1:]
		cli(t, queues, "sqs", "create-queue", "--queue-name", name)
		if got := r.call(t, api, "POST /"+strings.ReplaceAll(path, "//", "/")+" hello", "Content-Type: application/json"); got.status != 200 || !strings.Contains(got.body, `"SendMessageResult":{"MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592"`) {
			t.Errorf("%d %s, want the message's MD5", got.status, got.body)
		}
		if got := cli(t, queues, "sqs", "receive-message", "--queue-url", queues+"/000000000000/"+name); !strings.Contains(got, `"hello"`) {
			t.Errorf("the queue has %s", got)
		}
	})
	t.Run("04-step-functions", func(t *testing.T) {
		r, api, path, in := deploy(t, "04-step-functions")
		template := in.RequestTemplates["application/json"]
		_, name, _ := strings.Cut(template, ":stateMachine:")
		name = name[:strings.IndexFunc(name, func(c rune) bool { return c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'z') })]
		cli(t, machines, "stepfunctions", "create-state-machine", "--name", name, "--role-arn", "arn:aws:iam::000000000000:role/r",
			"--definition", `{"StartAt":"a","States":{"a":{"Type":"Pass","End":true}}}`)
		if got := r.call(t, api, "POST /"+strings.ReplaceAll(path, "//", "/")+` {"a":1}`, "Content-Type: application/json"); got.status != 200 {
			t.Errorf("%d %s, want 200", got.status, got.body)
		}
		if got := cli(t, machines, "stepfunctions", "list-executions", "--state-machine-arn", "arn:aws:states:us-east-1:000000000000:stateMachine:"+name); !strings.Contains(got, "execution:"+name) {
			t.Errorf("executions: %s, want one", got)
		}
	})
}
