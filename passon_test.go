package stagedoor_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor"
)

// signedFor is the header of a call that a service of AWS is meant by.
func signedFor(service string) string {
	return "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=00"
}

// A flag that nothing listens to is worse than none: calls reach the endpoint
// that --aws-endpoint names, as they were signed.
func TestAWSEndpoint(t *testing.T) {
	echo := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			w.Header().Set("X-Service", name)
			w.WriteHeader(http.StatusAccepted)
			_, _ = fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.RequestURI, r.Host, r.Header.Get("X-Amz-Target"), body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	r := start(t, func(c *stagedoor.Config) {
		c.AWSEndpoints = []string{"sqs=" + echo("sqs"), "s3=" + echo("s3") + "/base", "acm=" + echo("acm"), "kinesis=http://127.0.0.1:1", "default=" + echo("default")}
	})
	host := strings.TrimPrefix(r.endpoint, "http://")
	for _, tt := range []struct {
		service, what string
		status        int
		by, want      string
	}{
		{"sqs", "POST / Action=ListQueues", 202, "sqs", "POST / " + host + " AmazonSQS.X Action=ListQueues"},
		{"s3", "PUT /bucket/a%2Fb%20c?x=a;b&y=%2B+1 data", 202, "s3", "PUT /base/bucket/a%2Fb%20c?x=a;b&y=%2B+1 " + host + "  data"},
		{"acm", "POST / {}", 202, "acm", "POST / " + host + "  {}"}, // known by name here, and nothing of it is built
		{"dynamodb", "POST / {}", 202, "default", "POST / " + host + "  {}"},
		{"kinesis", "POST / {}", 503, "", "which --aws-endpoint names for this call, does not answer"},
		{"apigateway", "GET /restapis", 200, "", `{"item":[]}`},
	} {
		t.Run(tt.service, func(t *testing.T) {
			method, rest, _ := strings.Cut(tt.what, " ")
			path, body, _ := strings.Cut(rest, " ")
			req, err := http.NewRequestWithContext(t.Context(), method, r.endpoint+"/", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.URL.Opaque = path
			req.Header.Set("Authorization", signedFor(tt.service))
			if tt.service == "sqs" {
				req.Header.Set("X-Amz-Target", "AmazonSQS.X")
			}
			resp, err := r.client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			got, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status || resp.Header.Get("X-Service") != tt.by || !strings.Contains(string(got), tt.want) {
				t.Errorf("%d by %q: %s, want %d by %q: %s", resp.StatusCode, resp.Header.Get("X-Service"), got, tt.status, tt.by, tt.want)
			}
		})
	}
}

// Calls of a service that is built in would never get to its endpoint.
func TestAWSEndpointOfOurs(t *testing.T) {
	cfg := stagedoor.Default()
	cfg.Listen, cfg.AdminListen, cfg.Data, cfg.AWSEndpoints = "127.0.0.1:0", "off", ":memory:", []string{"iam=http://127.0.0.1:1"}
	server, err := stagedoor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "itself and passes no call on") {
		t.Errorf("Run = %v, want it to say that iam is built in", err)
	}
}
