package stagedoor_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor"
)

// need skips a test where a program is missing.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not on this machine", p)
		}
	}
}

// TestPetstore deploys the example of the README and calls every route of it.
func TestPetstore(t *testing.T) {
	need(t, "python3", "node", "go")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("examples/petstore")); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "build/orders/bootstrap"), "./examples/petstore/orders")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	backend := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "food for ", r.URL.Path) }))
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions, c.Parameters = []string{dir + "/template.yaml"}, []string{"BackendUrl=" + backend, "Greeting=hi"}
	})
	a := r.next(t)
	if len(a.Problems) > 0 || len(a.Stages) != 1 || a.Stages[0].URL != r.endpoint+"/_aws/execute-api/petstore/prod/" {
		t.Fatalf("deployed: %+v", a)
	}
	for _, tt := range []struct {
		what, fields string
		status       int
		body         string
	}{
		{"GET /prod/", "", 200, `{"message": "welcome to the pet store"}`},
		{"GET /prod/pets?kind=cat", "", 200, `[{"id": "2", "kind": "cat", "name": "Mia"}, {"id": "3", "kind": "cat", "name": "Tom"}]`},
		{"GET /prod/pets/1", "", 200, `{"id": "1", "kind": "dog", "name": "Rex"}`},
		{"GET /prod/pets/9", "", 404, `{"message": "no such pet"}`},
		{"GET /prod/pets/1/photo", "Accept: image/png", 200, "\x89PNG\r\n\x1a\n"},
		{"GET /prod/pets/1/photo", "Accept: text/html", 200, "iVBORw0KGgo"},
		{"PUT /prod/orders/7/x?gift=yes {}", "", 201, `{"method":"PUT","order":"7/x","query":{"gift":"yes"},"body":"{}","caller":"127.0.0.1"}`},
		{"GET /prod/health", "", 200, `{"status": "ok"}`},
		{"GET /prod/catalogue/dog/bones", "", 200, "food for /dog/bones"},
		{"GET /prod/none", "", 403, `{"message":"Missing Authentication Token"}`},
		{"GET /none/pets", "", 403, `{"message":"Forbidden"}`},
	} {
		got := r.call(t, "petstore", tt.what, tt.fields)
		if got.status != tt.status || !strings.HasPrefix(got.body, tt.body) {
			t.Errorf("%s (%s) = %d %q, want %d %q", tt.what, tt.fields, got.status, got.body, tt.status, tt.body)
		}
	}
	got := r.call(t, "petstore", "GET /prod/orders/7")
	if cookies := got.header.Values("Set-Cookie"); len(cookies) != 2 {
		t.Errorf("cookies = %q, want both of the function's", cookies)
	}
	if got := r.call(t, "petstore", "GET /prod/pets"); got.header.Get("X-Greeting") != "hi" {
		t.Errorf("X-Greeting = %q, want the template's parameter", got.header.Get("X-Greeting"))
	}
}

const fixedTemplate = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: w
      Tags: [{Key: "stagedoor:id", Value: w}]
      Body:
        openapi: 3.0.1
        info: {title: w}
        paths:
          /:
            get:
              responses: {"200": {description: ok}}
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses: {default: {statusCode: "200", responseTemplates: {application/json: '"VALUE"'}}}
  DeploymentVALUE: {Type: "AWS::ApiGateway::Deployment", Properties: {RestApiId: !Ref Api, StageName: prod}}
`

// TestWatch: a save is served soon after; a broken one is told of and changes nothing.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "template.yaml", strings.ReplaceAll(fixedTemplate, "VALUE", "one"))
	r := start(t, func(c *stagedoor.Config) { c.Definitions, c.Watch = []string{dir}, true })
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	if got := r.call(t, "w", "GET /prod/"); got.body != `"one"` {
		t.Fatalf("GET / = %q", got.body)
	}
	saved := time.Now()
	write(t, dir, "template.yaml", strings.ReplaceAll(fixedTemplate, "VALUE", "two"))
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	t.Logf("served %d ms after the save", time.Since(saved).Milliseconds())
	if got := r.call(t, "w", "GET /prod/"); got.body != `"two"` {
		t.Errorf("GET / = %q after the save, want two", got.body)
	}
	write(t, dir, "template.yaml", strings.ReplaceAll(fixedTemplate, "!Ref Api", "!Ref Nope"))
	a := r.next(t)
	if len(a.Problems) == 0 || a.Problems[0].Line == 0 {
		t.Errorf("a broken save was announced as %+v, want problems with their line", a)
	}
	if got := r.call(t, "w", "GET /prod/"); got.body != `"two"` {
		t.Errorf("GET / = %q after a broken save, want the version before", got.body)
	}
	write(t, dir, "template.yaml", strings.ReplaceAll(fixedTemplate, "VALUE", "three"))
	r.next(t)
	if got := r.call(t, "w", "GET /prod/"); got.body != `"three"` {
		t.Errorf("GET / = %q after the repair, want three", got.body)
	}
}

// TestRestart: what was deployed is served after a restart, without being
// deployed again, and deploying the same again changes nothing.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "template.yaml", strings.ReplaceAll(fixedTemplate, "VALUE", "kept"))
	data := func(c *stagedoor.Config) { c.Data = filepath.Join(dir, "data") }
	t.Run("first", func(t *testing.T) {
		r := start(t, func(c *stagedoor.Config) { data(c); c.Definitions = []string{dir} })
		r.next(t)
	})
	r := start(t, data)
	if len(r.first.Stages) != 1 || r.first.Stages[0].URL != r.endpoint+"/_aws/execute-api/w/prod/" {
		t.Errorf("says that it serves %v", r.first.Stages)
	}
	if got := r.call(t, "w", "GET /prod/"); got.status != 200 || got.body != `"kept"` {
		t.Errorf("GET / = %d %q after the restart", got.status, got.body)
	}
}

// TestOpenAPIDefinition: an OpenAPI document by itself is a definition.
func TestOpenAPIDefinition(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "shop/openapi.yaml", `
openapi: 3.0.1
info: {title: shop}
paths:
  /hello:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: '"hi $context.stage"'}}}
`)
	r := start(t, func(c *stagedoor.Config) { c.Definitions = []string{dir + "/shop"} })
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	if got := r.call(t, "shop", "GET /prod/hello"); got.body != `"hi prod"` {
		t.Errorf("GET /hello = %d %q", got.status, got.body)
	}
}

func TestConfigCheck(t *testing.T) {
	cfg := stagedoor.Default()
	cfg.Listen, cfg.AdminListen, cfg.Account, cfg.Region, cfg.TLSCert = "0.0.0.0:4566", "0.0.0.0:1", "x", "y", []string{"c"}
	cfg.AWSEndpoints, cfg.Parameters, cfg.InvokeListen = []string{"sqs"}, []string{"novalue"}, []string{"x"}
	err := cfg.Check()
	for _, want := range []string{"account", "region", "listen \"0.0.0.0:4566\": beyond loopback AWS calls must be signed", "admin-listen", "tls-cert", "aws-endpoint", "parameter", "invoke-listen"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want it to name %s", err, want)
		}
	}
}

// serve runs a plain HTTP server and gives its URL.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	s := &http.Server{Addr: freePort(t), Handler: h, ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.ListenAndServe() }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	url := "http://" + s.Addr
	for range 100 {
		if resp, err := http.Get(url); err == nil {
			_ = resp.Body.Close()
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return url
}
