package guard_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/guard"
	"github.com/stagedoor/stagedoor/internal/control/iam"
	"github.com/stagedoor/stagedoor/internal/control/sts"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	"github.com/stagedoor/stagedoor/internal/wire"
	wireapigateway "github.com/stagedoor/stagedoor/internal/wire/apigateway"
	wireiam "github.com/stagedoor/stagedoor/internal/wire/iam"
	wirelogs "github.com/stagedoor/stagedoor/internal/wire/logs"
	wirests "github.com/stagedoor/stagedoor/internal/wire/sts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a guarded control plane. Sessions begin two hours ago, so that
// those of an hour are over.
func start(t *testing.T, passed http.Handler) (url string, root, over aws.Credentials) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	root = aws.Credentials{AccessKeyID: "AKIAROOTROOTROOTROOT", SecretAccessKey: "the secret of the root"}
	book := identity.New(identity.Config{
		Root: identity.Key{ID: root.AccessKeyID, Secret: root.SecretAccessKey}, Now: func() time.Time { return time.Now().Add(-2 * time.Hour) },
	})
	sessions := identity.NewSessions(st, book, nil)
	server, err := control.New(control.Config{
		Account: "000000000000", Region: "us-east-1", Log: slog.New(slog.DiscardHandler),
		Guard: guard.New(guard.Config{Book: book, Account: "000000000000", Region: "us-east-1"}),
		Services: []control.Service{
			{Table: wireiam.Table(), Handlers: iam.New(st, iam.Config{}).Handlers()},
			{Table: wirests.Table(), Handlers: sts.New(st, sts.Config{Sessions: sessions}).Handlers()},
			{Table: wirelogs.Table(), Handlers: map[string]wire.Handler{}},
			{Table: wireapigateway.Table(), Handlers: map[string]wire.Handler{}},
		},
		PassOn: func(string) http.Handler { return passed },
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		web.Close()
		_ = st.Close()
	})
	c, err := sessions.OfUser(t.Context(), &identity.Wish{By: book.Holder(root.AccessKeyID), Seconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.View(t.Context(), func(tx store.Tx) error { return book.Refresh(tx, nil, true) }); err != nil {
		t.Fatal(err)
	}
	return web.URL, root, aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// send sends a signed call, "POST http://..."; the service is what it is signed
// for.
func send(t *testing.T, as aws.Credentials, service, line, body string, fields ...string) (status int, kind, text string) {
	t.Helper()
	method, url, _ := strings.Cut(line, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header.Set(name, value)
	}
	if as.AccessKeyID != "" {
		if err := v4.NewSigner().SignHTTP(t.Context(), as, req, hashOf(body), service, "us-east-1", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("X-Amzn-Errortype"), string(got)
}

// TestWords holds each failure to its words in each protocol.
func TestWords(t *testing.T) {
	url, root, over := start(t, nil)
	wrong := root
	wrong.SecretAccessKey += "x"
	const form, json = "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/x-amz-json-1.1"
	for _, tt := range []struct {
		name    string
		as      aws.Credentials
		service string
		target  string
		body    string
		fields  []string
		status  int
		kind    string
		text    string
	}{
		{"rest, expired", over, "apigateway", "GET /restapis", "", nil, 403, "ExpiredTokenException", `{"message":"The security token included in the request is expired"}`},
		{"rest, wrong", wrong, "apigateway", "GET /restapis", "", nil, 403, "InvalidSignatureException", `{"message":"The request signature we calculated does not match`},
		{"rest, unsigned", aws.Credentials{}, "", "GET /restapis", "", nil, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"query, expired", over, "sts", "POST /", "Action=GetCallerIdentity&Version=2011-06-15", []string{form}, 403, "", "<Code>ExpiredToken</Code>"},
		{"query, wrong", wrong, "iam", "POST /", "Action=ListUsers&Version=2010-05-08", []string{form}, 403, "", "<Code>SignatureDoesNotMatch</Code>"},
		{"query, unsigned", aws.Credentials{}, "", "POST /", "Action=ListUsers&Version=2010-05-08", []string{form}, 403, "", "<Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>"},
		{"json, expired", over, "logs", "POST /", "{}", []string{json, "X-Amz-Target: Logs_20140328.DescribeLogGroups"}, 400, "ExpiredTokenException", `{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}`},
		{"json, unsigned", aws.Credentials{}, "", "POST /", "{}", []string{json, "X-Amz-Target: Logs_20140328.DescribeLogGroups"}, 400, "MissingAuthenticationTokenException", `{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}`},
		{"an unknown operation is not told to a stranger", wrong, "iam", "POST /", "Action=Nonsense&Version=2010-05-08", []string{form}, 403, "", "<Code>SignatureDoesNotMatch</Code>"},
	} {
		method, path, _ := strings.Cut(tt.target, " ")
		status, kind, text := send(t, tt.as, tt.service, method+" "+url+path, tt.body, tt.fields...)
		if status != tt.status || tt.kind != "" && kind != tt.kind || !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(text, "\n", ""), "  ", ""), tt.text) {
			t.Errorf("%s: %d %s %s, want %d %s %s", tt.name, status, kind, text, tt.status, tt.kind, tt.text)
		}
	}
}

// TestRawBody signs a compressed body: the signature is for what was sent.
func TestRawBody(t *testing.T) {
	url, root, _ := start(t, nil)
	plain := "Action=GetCallerIdentity&Version=2011-06-15"
	const form = "Content-Type: application/x-www-form-urlencoded"
	if status, _, text := send(t, root, "sts", "POST "+url+"/", gzipped(t, plain), form, "Content-Encoding: gzip"); status != 200 || !strings.Contains(text, ":root</Arn>") {
		t.Errorf("a compressed call: %d %s", status, text)
	}
}

// TestPassedOn verifies calls before they are passed on, whole.
func TestPassedOn(t *testing.T) {
	var got []string
	url, root, over := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Header.Get("X-Amz-Target")+" "+string(body))
		_, _ = io.WriteString(w, "passed on")
	}))
	const json, target = "Content-Type: application/x-amz-json-1.0", "X-Amz-Target: AmazonSQS.SendMessage"
	for as, want := range map[aws.Credentials]int{root: 200, over: 400, {AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}: 400} {
		if status, _, text := send(t, as, "sqs", "POST "+url+"/", `{"a":1}`, json, target); status != want {
			t.Errorf("%s: %d %s, want %d", as.AccessKeyID, status, text, want)
		}
	}
	if len(got) != 1 || got[0] != `AmazonSQS.SendMessage {"a":1}` {
		t.Errorf("passed on: %q", got)
	}
}

// TestExpiredCLI is what the aws CLI says of a session that is over.
func TestExpiredCLI(t *testing.T) {
	tool, err := exec.LookPath("aws")
	if err != nil || testing.Short() {
		t.Skip("no aws CLI, or a short run: it takes seconds to start")
	}
	url, _, over := start(t, nil)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, tool, "--endpoint-url", url, "--region", "us-east-1", "sts", "get-caller-identity")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+over.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+over.SecretAccessKey, "AWS_SESSION_TOKEN="+over.SessionToken, "AWS_EC2_METADATA_DISABLED=true")
	out, err := cmd.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed || !strings.Contains(string(out), "(ExpiredToken)") {
		t.Errorf("aws = %s, %v", out, err)
	}
}
