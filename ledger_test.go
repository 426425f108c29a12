package stagedoor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/stagedoor/stagedoor"
)

const logGroup = "arn:aws:logs:us-east-1:000000000000:log-group:/api/access"

// patchStage changes a stage: "/path=value".
func patchStage(t testing.TB, gw *apigateway.Client, api string, changes ...string) {
	t.Helper()
	var ops []types.PatchOperation
	for _, c := range changes {
		path, value, _ := strings.Cut(c, "=")
		ops = append(ops, replaceOp(path, value)...)
	}
	if _, err := gw.UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &api, StageName: aws.String("prod"), PatchOperations: ops}); err != nil {
		t.Fatal(err)
	}
}

// events are the events of a log group, as soon as there are n.
func (r *running) events(t testing.TB, group string, n int) []string {
	t.Helper()
	logs := cloudwatchlogs.NewFromConfig(r.account())
	var got []string
	for range 100 {
		out, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
		if err == nil {
			got = got[:0]
			for _, e := range out.Events {
				got = append(got, *e.Message)
			}
			if len(got) >= n {
				return got
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s has %q after 2 s, want %d events", group, got, n)
	return nil
}

// TestAccessLog sets the formats of the console with the AWS SDK and reads the
// lines with FilterLogEvents, of requests that are served, refused and unknown.
func TestAccessLog(t *testing.T) {
	r := start(t, nil)
	gw := apigateway.NewFromConfig(r.account())
	api := metered(t, gw, true)
	_, key := subscribe(t, gw, api, apigateway.CreateUsagePlanInput{})
	const id = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	const when = `\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000`
	seen := 0
	for _, tt := range []struct{ name, format, served, refused, unknown string }{
		{
			"CLF", `$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] "$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId`,
			`^127\.0\.0\.1 - - \[` + when + `\] "GET / HTTP/1\.1" 200 \d+ ` + id + ` [\w-]{15}=$`,
			`^127\.0\.0\.1 - - \[` + when + `\] "GET / HTTP/1\.1" 403 23 ` + id + ` [\w-]{15}=$`,
			`^127\.0\.0\.1 - - \[` + when + `\] "GET - HTTP/1\.1" 403 42 ` + id + ` [\w-]{15}=$`,
		},
		{
			"JSON", `{"requestId":"$context.requestId","ua":"$context.identity.userAgent","key":"$context.identity.apiKey","keyId":"$context.identity.apiKeyId","type":"$context.error.responseType","message":$context.error.messageString,"status":"$context.status"}`,
			`^{"requestId":"` + id + `","ua":"a\\"b","key":"\*{14,}` + (*key.Value)[len(*key.Value)-6:] + `","keyId":"` + *key.Id + `","type":"-","message":-,"status":"200"}$`,
			`"ua":"a\\"b","key":"-","keyId":"-","type":"INVALID_API_KEY","message":"Forbidden","status":"403"}$`,
			`"type":"MISSING_AUTHENTICATION_TOKEN","message":"Missing Authentication Token","status":"403"}$`,
		},
		{
			"XML", `<request id="$context.requestId"><ua>$context.identity.userAgent</ua><status>$context.status</status><latency>$context.integrationLatency</latency></request>`,
			`^<request id="` + id + `"><ua>a&quot;b</ua><status>200</status><latency>-</latency></request>$`, `<status>403</status>`, `<status>403</status>`,
		},
		{
			"CSV", "$context.identity.sourceIp,$context.apiId,$context.stage,$context.status,$context.requestId\n",
			`^127\.0\.0\.1,` + api + `,prod,200,` + id + `$`, `,403,`, `,403,`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			patchStage(t, gw, api, "/accessLogSettings/destinationArn="+logGroup, "/accessLogSettings/format="+tt.format)
			for _, call := range [][]string{{"GET /prod/", "x-api-key: " + *key.Value}, {"GET /prod/"}, {"GET /prod/none"}} {
				r.call(t, api, call[0], append(call[1:], `User-Agent: a"b`)...)
			}
			got := r.events(t, "/api/access", seen+3)[seen:]
			seen += 3
			for i, want := range []string{tt.served, tt.refused, tt.unknown} {
				if !slices.ContainsFunc(got, regexp.MustCompile(want).MatchString) {
					t.Errorf("no line %d like\n%s in\n%s", i, want, strings.Join(got, "\n"))
				}
			}
			for _, line := range got {
				var v any
				switch {
				case tt.name == "XML" && xml.Unmarshal([]byte(line), new(struct{})) != nil,
					tt.name == "JSON" && !strings.Contains(line, ":-") && json.Unmarshal([]byte(line), &v) != nil:
					t.Errorf("no %s: %s", tt.name, line)
				}
			}
		})
	}
	for _, bad := range []string{"$context.status", "$context.requestId\n$context.status"} {
		_, err := gw.UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &api, StageName: aws.String("prod"), PatchOperations: replaceOp("/accessLogSettings/format", bad)})
		if err == nil || !strings.Contains(err.Error(), "Access Log format must ") {
			t.Errorf("UpdateStage with format %q = %v", bad, err)
		}
	}
}

// TestExecutionLog follows a request of an HTTP integration, one that fails and
// one that is refused, at each level. parity: rest-data-plane.md 11.3
func TestExecutionLog(t *testing.T) {
	r := start(t, nil)
	gw := apigateway.NewFromConfig(r.account())
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-amzn-RequestId", "backs-own")
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	defer back.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	api := proxied(t, gw, map[string]string{"echo": back.URL + "/echo", "gone": gone.URL})
	group := "API-Gateway-Execution-Logs_" + api + "/prod"

	patchStage(t, gw, api, "/*/*/logging/loglevel=ERROR")
	r.call(t, api, "POST /prod/echo quiet")
	r.call(t, api, "POST /prod/gone x")
	got := r.events(t, group, 2)
	want := []string{`\) Execution failed due to a network error communicating with endpoint: Connection refused$`, `\) Method completed with status: 504$`}
	compare(t, "ERROR", got, want)

	patchStage(t, gw, api, "/*/*/logging/loglevel=INFO")
	r.call(t, api, "POST /prod/echo quiet")
	got = r.events(t, group, 2+8)[2:]
	info := []string{
		`^\([0-9a-f-]{36}\) Extended Request Id: [\w-]{15}=$`, `Starting execution for request: [0-9a-f-]{36}$`, `HTTP Method: POST, Resource Path: /echo$`,
		`Sending request to http://127\.0\.0\.1:\d+/echo`, `Received response\. Status: 200, Integration latency: \d+ ms$`,
		`Successfully completed execution$`, `Method completed with status: 200$`, `AWS Integration Endpoint RequestId : backs-own$`,
	}
	compare(t, "INFO", got, info)

	patchStage(t, gw, api, "/*/*/logging/dataTrace=true")
	r.call(t, api, "POST /prod/echo?q=1 "+strings.Repeat("long", 500), "Authorization: secret", "x-api-key: 12345678901234567890")
	got = r.events(t, group, 10+16)[10:]
	trace := []string{
		info[0], info[1], info[2], `Method request path: {}$`, `Method request query string: {q=1}$`,
		`Method request headers: {.*X-Api-Key=\*+567890`, `Method request body before transformations: (long)+.* \[TRUNCATED\]$`,
		`Endpoint request URI: http://`, `Endpoint request headers: {`, `Endpoint request body after transformations: long`, info[3], info[4],
		`Endpoint response headers: {.*backs-own`, `Method response body after transformations: \[Passed on: 2000 bytes\]$`, `Method response headers: {`,
	}
	compare(t, "INFO with data", got[:len(trace)], trace)
	for _, e := range got {
		if len(e) > 1024 || strings.Contains(e, "secret") {
			t.Errorf("an event of %d bytes: %s", len(e), e)
		}
	}

	patchStage(t, gw, api, "/*/*/logging/loglevel=OFF", "/*/*/logging/dataTrace=false")
	before := len(r.events(t, group, 1))
	r.call(t, api, "POST /prod/gone x")
	time.Sleep(300 * time.Millisecond) // three times what an event takes
	if after := len(r.events(t, group, 1)); after != before {
		t.Errorf("%d events with the log off", after-before)
	}
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d events, want %d:\n%s", what, len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !regexp.MustCompile(want[i]).MatchString(got[i]) {
			t.Errorf("%s: event %d is\n%s, want\n%s", what, i, got[i], want[i])
		}
	}
}

// proxied is an API whose resources pass POST on to URLs, on prod.
func proxied(t testing.TB, gw *apigateway.Client, to map[string]string) (api string) {
	t.Helper()
	ctx := t.Context()
	made, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("proxied")})
	if err != nil {
		t.Fatal(err)
	}
	for part, uri := range to {
		res, err := gw.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: made.Id, ParentId: made.RootResourceId, PathPart: &part})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gw.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: made.Id, ResourceId: res.Id, HttpMethod: aws.String("POST"), AuthorizationType: aws.String("NONE")}); err != nil {
			t.Fatal(err)
		}
		if _, err := gw.PutIntegration(ctx, &apigateway.PutIntegrationInput{
			RestApiId: made.Id, ResourceId: res.Id, HttpMethod: aws.String("POST"), Type: types.IntegrationTypeHttpProxy, IntegrationHttpMethod: aws.String("POST"), Uri: &uri,
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: made.Id, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	return *made.Id
}

// TestOperatorAccessLog: the operator's log has every stage's requests, also
// where the stage has none, and loses nothing at the end.
func TestOperatorAccessLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	const calls = 50
	t.Run("while it runs", func(t *testing.T) {
		r := start(t, func(c *stagedoor.Config) { c.AccessLog = path })
		gw := apigateway.NewFromConfig(r.account())
		api := metered(t, gw, false)
		for range calls {
			r.call(t, api, "GET /prod/")
		}
		r.call(t, api, "GET /nostage/")
		patchStage(t, gw, api, "/accessLogSettings/format=own $context.requestId")
		r.call(t, api, "GET /prod/")
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	slices.Sort(lines) // they come in any order; "o" is before "{"
	if len(lines) != calls+1 || !strings.HasPrefix(lines[0], "own ") {
		t.Fatalf("%d lines, want %d and one in the stage's own format:\n%s", len(lines), calls, text)
	}
	var first struct {
		Stage, Method, Path, Resource, Protocol, Error string
		Status, Length, Latency                        int
	}
	if err := json.Unmarshal([]byte(lines[1]), &first); err != nil {
		t.Fatalf("%s: %v", lines[1], err)
	}
	if first.Stage != "prod" || first.Method != "GET" || first.Path != "/prod/" || first.Resource != "/" || first.Status != 200 || first.Error != "-" {
		t.Errorf("the first line is %+v", first)
	}
}

// TestMetrics: what clients got is in /metrics, by API, stage and route.
func TestMetrics(t *testing.T) {
	admin := freePort(t)
	var out bytes.Buffer
	var mu sync.Mutex
	r := start(t, func(c *stagedoor.Config) {
		c.AdminListen, c.AccessLog, c.Stdout = admin, "stdout", writerFunc(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return out.Write(p)
		})
	})
	gw := apigateway.NewFromConfig(r.account())
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { time.Sleep(2 * time.Millisecond); w.WriteHeader(201) }))
	defer back.Close()
	api := proxied(t, gw, map[string]string{"echo": back.URL})
	for range 3 {
		r.call(t, api, "POST /prod/echo x")
	}
	r.call(t, api, "GET /prod/none")
	r.call(t, api, "GET /none/")
	text := rawGet(t, admin, admin, "/metrics")
	for _, want := range []string{
		`apigateway_requests_total{api="` + api + `",stage="prod",method="POST",resource="/echo",status="2xx"} 3`,
		`apigateway_requests_total{api="` + api + `",stage="prod",method="",resource="",status="4xx"} 1`,
		`apigateway_latency_seconds_count{api="` + api + `",stage="prod",method="POST",resource="/echo"} 3`,
		`apigateway_integration_latency_seconds_bucket{api="` + api + `",stage="prod",method="POST",resource="/echo",le="0.001024"} 0`,
		`apigateway_integration_latency_seconds_count{api="` + api + `",stage="prod",method="POST",resource="/echo"} 3`,
		`stagedoor_log_lines_dropped_total{to="access"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, `stage="none"`) {
		t.Error("a request of no stage is counted")
	}
	for range 200 { // a line may wait for a second
		mu.Lock()
		n := strings.Count(out.String(), "\n")
		mu.Unlock()
		if n == 4 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("standard output has %q", out.String())
}

// writerFunc is a function that is an io.Writer.
type writerFunc func(p []byte) (int, error)

// Write implements io.Writer.
func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestLogRole: with AWS's rule logging waits for the account's role, and the
// account is welcomed.
func TestLogRole(t *testing.T) {
	r := start(t, func(c *stagedoor.Config) { c.RequireLogRole = true })
	gw := apigateway.NewFromConfig(r.account())
	api := metered(t, gw, false)
	_, err := gw.UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &api, StageName: aws.String("prod"), PatchOperations: replaceOp("/*/*/logging/loglevel", "INFO")})
	if err == nil || !strings.Contains(err.Error(), "CloudWatch Logs role ARN must be set in account settings to enable logging") {
		t.Errorf("UpdateStage without a role = %v", err)
	}
	if _, err := gw.UpdateAccount(t.Context(), &apigateway.UpdateAccountInput{PatchOperations: replaceOp("/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")}); err != nil {
		t.Fatal(err)
	}
	patchStage(t, gw, api, "/*/*/logging/loglevel=INFO")
	if got := r.events(t, "/aws/apigateway/welcome", 1); got[0] != "Cloudwatch logs enabled for API Gateway" {
		t.Errorf("the welcome is %q", got)
	}
}

// TestFirehose: lines reach the delivery stream at the endpoint given, in
// signed calls of PutRecordBatch.
func TestFirehose(t *testing.T) {
	calls := make(chan string, 10)
	hose := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			DeliveryStreamName string
			Records            []struct{ Data []byte }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err == nil {
			for _, rec := range in.Records {
				calls <- r.Header.Get("X-Amz-Target") + " " + in.DeliveryStreamName + " " + string(rec.Data) + r.Header.Get("Authorization")
			}
		}
		_, _ = io.WriteString(w, `{"FailedPutCount":0,"RequestResponses":[]}`)
	}))
	defer hose.Close()
	r := start(t, func(c *stagedoor.Config) { c.AWSEndpoints = []string{"firehose=" + hose.URL} })
	gw := apigateway.NewFromConfig(r.account())
	api := metered(t, gw, false)
	patchStage(t, gw, api, "/accessLogSettings/destinationArn=arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-logs", "/accessLogSettings/format=$context.status $context.requestId")
	r.call(t, api, "GET /prod/")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	select {
	case got := <-calls:
		if !regexp.MustCompile(`^Firehose_20150804\.PutRecordBatch amazon-apigateway-logs 200 [0-9a-f-]{36}\nAWS4-HMAC-SHA256 Credential=`).MatchString(got) {
			t.Errorf("Firehose got %q", got)
		}
	case <-ctx.Done():
		t.Error("nothing reached Firehose")
	}
}

// TestAccessLogSurvivesKill: a process that is killed loses the lines of its
// last second at most.
func TestAccessLogSurvivesKill(t *testing.T) {
	need(t, "go")
	if testing.Short() {
		t.Skip("builds the program")
	}
	dir := t.TempDir()
	bin, path, addr := filepath.Join(dir, "stagedoor"), filepath.Join(dir, "access.log"), freePort(t)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/stagedoor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), bin, "up", "--listen", addr, "--admin-listen", "off", "--data", ":memory:", "--access-log", path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{endpoint: "http://" + addr, client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(r.client.CloseIdleConnections)
	gw := apigateway.NewFromConfig(r.account())
	for range 500 {
		if _, err := gw.GetRestApis(t.Context(), &apigateway.GetRestApisInput{}); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	api := metered(t, gw, false)
	for range 20 {
		r.call(t, api, "GET /prod/")
	}
	time.Sleep(1200 * time.Millisecond) // the window that may be lost, and some
	for range 5 {
		r.call(t, api, "GET /prod/")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	text, err := os.ReadFile(path)
	if n := strings.Count(string(text), "\n"); err != nil || n < 20 || n > 25 || !strings.HasSuffix(string(text), "\n") {
		t.Errorf("%d lines after the kill, %v, want the 20 of before the window, and the 5 within it or not:\n%s", n, err, text)
	}
}
