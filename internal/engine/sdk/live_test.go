package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/sdk"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
)

// live is the API that clients are driven against.
func live() sdk.API {
	return sdk.API{ID: "abc123", Stage: "dev", Region: "us-east-1", Title: "Pets", Endpoint: "http://127.0.0.1:1", Methods: []sdk.Method{
		{Verb: "GET", Path: "/"},
		{Verb: "PUT", Path: "/pets/{petId}", Parameters: []sdk.Parameter{
			{In: sdk.InQuery, Name: "kind", Required: true}, {In: sdk.InHeader, Name: "x-mine"}, {In: sdk.InQuery, Name: "none"},
		}},
		{Verb: "GET", Path: "/files/{path+}", Parameters: []sdk.Parameter{{In: sdk.InQuery, Name: "q"}}},
		{Verb: "POST", Path: "/trouble"},
	}}
}

// gatewayOf answers as the stage does: what it saw, and who signed it.
func gatewayOf(t *testing.T, pages http.Handler) *httptest.Server {
	t.Helper()
	var tries atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Headers", "*, authorization")
		h.Set("Access-Control-Allow-Methods", "*")
		h.Set("Access-Control-Expose-Headers", "*")
		h.Set("X-Answer", "yes")
		path, query, _ := strings.Cut(r.RequestURI, "?")
		switch {
		case !strings.HasPrefix(path, "/dev/"):
			pages.ServeHTTP(w, r)
			return
		case r.Method == http.MethodOptions:
			return
		case path == "/dev/":
			h.Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"message":"no"}`))
			return
		}
		h.Set("Content-Type", "application/json")
		if path == "/dev/trouble" {
			n := tries.Add(1)
			if status := map[int32]int{1: 429, 2: 503, 3: 500}[n]; status > 0 {
				w.WriteHeader(status)
				return
			}
			tries.Store(0)
			_ = json.NewEncoder(w).Encode(map[string]any{"tries": n})
			return
		}
		_ = json.NewEncoder(w).Encode(seen{
			r.Method, path, query, r.Header.Get("X-Api-Key"), r.Header.Get("X-Mine"), r.Header.Get("X-More"),
			r.Header.Get("Content-Type"), string(body), verified(r, body),
		})
	}))
	t.Cleanup(server.Close)
	return server
}

// seen is what reached the stage.
type seen struct {
	Method   string `json:"method"`
	Path     string `json:"path"`
	Query    string `json:"query"`
	Key      string `json:"key"`
	Mine     string `json:"mine"`
	More     string `json:"more"`
	Type     string `json:"type"`
	Body     string `json:"body"`
	Verified string `json:"verified"`
}

// verified is whose signature a request has.
func verified(r *http.Request, body []byte) string {
	if r.Header.Get("Authorization") == "" {
		return "no signature"
	}
	req := sigv4.FromHTTP(r, body)
	claim, err := sigv4.Read(req, &sigv4.Expect{Region: "eu-west-1", Service: "execute-api"}, time.Now())
	if err != nil {
		return err.Error()
	}
	key := &sigv4.Credential{Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Token: []byte("the/token+==")}
	v := sigv4.Verifier{Explain: true}
	if err := v.Check(req, &claim, key, time.Now()); err != nil {
		return err.Error()
	}
	return "AKIDEXAMPLE"
}

// run is what a command says, or a skip where its program is not there.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, name, args...)
	if cmd.Err != nil {
		t.Skip(cmd.Err)
	}
	var said, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s%s", name, err, said.String(), trouble.String())
	}
	return said.String()
}

// TestNode calls a stage with the client in Node.js.
func TestNode(t *testing.T) {
	dir, stage := t.TempDir(), gatewayOf(t, http.NotFoundHandler())
	write(t, dir, generate(t, "javascript", live()))
	said := run(t, "node", "testdata/live.js", filepath.Join(dir, "apiGateway-js-sdk"), stage.URL+"/dev")
	if strings.TrimSpace(said) != "ok" {
		t.Error(said)
	}
}

// TestBrowser calls a stage on another origin with the client in a page, which
// loads it with the script elements that AWS's guide gives.
func TestBrowser(t *testing.T) {
	dir, stage := t.TempDir(), gatewayOf(t, http.NotFoundHandler())
	write(t, dir, generate(t, "javascript", live()))
	driver, err := os.ReadFile("testdata/live.js")
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	for _, src := range []string{
		"lib/axios/dist/axios.standalone.js", "lib/CryptoJS/rollups/hmac-sha256.js", "lib/CryptoJS/rollups/sha256.js",
		"lib/CryptoJS/components/hmac.js", "lib/CryptoJS/components/enc-base64.js", "lib/url-template/url-template.js",
		"lib/apiGatewayCore/sigV4Client.js", "lib/apiGatewayCore/apiGatewayClient.js", "lib/apiGatewayCore/simpleHttpClient.js",
		"lib/apiGatewayCore/utils.js", "apigClient.js",
	} {
		page.WriteString(`<script src="/` + src + `"></script>`)
	}
	page.WriteString("<p id=said>nothing</p><script>" + string(driver) + `drive(apigClientFactory, "` + stage.URL + `/dev").then(function (s) { document.getElementById('said').textContent = s; })</script>`)
	at := filepath.Join(dir, "apiGateway-js-sdk")
	if err := os.WriteFile(filepath.Join(at, "page.html"), []byte("<!doctype html><meta charset=utf-8>"+page.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	pages := gatewayOf(t, http.FileServer(http.Dir(at)))
	said := run(t, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(), "--virtual-time-budget=20000", "--dump-dom", pages.URL+"/page.html")
	if !strings.Contains(said, "<p id=\"said\">ok</p>") {
		_, rest, _ := strings.Cut(said, `<p id="said">`)
		t.Error(rest)
	}
}

// want is what the clients of other languages see, a line a call.
var want = []string{
	`{"method":"PUT","path":"/dev/pets/a%20b%2F%C3%A9","query":"kind=x%26y&z=1&z=2","key":"key-of-mine","mine":"one","more":"two","type":"application/json","body":"{\"name\":\"Rex\"}","verified":"no signature"}`,
	`{"method":"GET","path":"/dev/files/dir/it%27s%20%281%29%2A.txt","query":"q=a%20b%2Bc","key":"","mine":"","more":"","type":"","body":"","verified":"AKIDEXAMPLE"}`,
	`{"tries":4}`,
	`404 {"message":"no"}`,
}

func check(t *testing.T, said, missing string) {
	t.Helper()
	said = strings.ReplaceAll(said, `\u0026`, "&")
	var lines []string
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if got, want := strings.Join(lines, "\n"), strings.Join(append(slices.Clip(want), missing), "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestJava calls a stage with the client in Java.
func TestJava(t *testing.T) {
	dir, stage := t.TempDir(), gatewayOf(t, http.NotFoundHandler())
	var sources []string
	for _, name := range write(t, dir, generate(t, "java", live())) {
		if strings.HasSuffix(name, ".java") {
			sources = append(sources, name)
		}
	}
	out := filepath.Join(dir, "out")
	run(t, "javac", append([]string{"-encoding", "UTF-8", "-d", out, "testdata/Live.java"}, sources...)...)
	check(t, run(t, "java", "-cp", out, "Live", stage.URL+"/dev"), "petId must be set")
}

// TestRuby calls a stage with the client in Ruby.
func TestRuby(t *testing.T) {
	dir, stage := t.TempDir(), gatewayOf(t, http.NotFoundHandler())
	write(t, dir, generate(t, "ruby", live()))
	check(t, run(t, "ruby", "-Ku", "testdata/live.rb", dir, stage.URL+"/dev"), "petId must be given")
}
