package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get asks a server for a stage's path, as a client does.
func get(ctx context.Context, c *http.Client, url, target string) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+target, nil)
	if err != nil {
		return nil, "", err
	}
	r.Host = "abc.execute-api.localhost"
	resp, err := c.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// numbered is a deployment whose every answer says its number twice, in a
// header and in the body; one route is a MOCK, the other relays a back end.
func numbered(n int, backend string) snapshot.REST {
	in := mock(200, fmt.Sprint(n))
	r := in.Responses["200"]
	r.ResponseParameters = map[string]string{"method.response.header.X-Deployment": fmt.Sprintf("'%d'", n)}
	in.Responses["200"] = r
	uri := backend + "/" + fmt.Sprint(n)
	proxy := api.Integration{Type: "HTTP_PROXY", HTTPMethod: new("GET"), URI: &uri, RequestParameters: map[string]string{"integration.request.header.X-Deployment": fmt.Sprintf("'%d'", n)}}
	return frozen("abc", map[string]api.Integration{"GET /mock": in, "GET /proxy": proxy})
}

// A hundred deployments under load lose no request, and no answer mixes two of them.
func TestDeployUnderLoad(t *testing.T) {
	const deployments, clients = 100, 4
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Deployment", r.Header.Get("X-Deployment"))
		_, _ = io.WriteString(w, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	defer backend.Close()
	b := start(t, nil)
	url, c := b.serve(t), client(t)
	b.deploy(t, numbered(0, backend.URL), api.Stage{Name: "prod", DeploymentID: "0"})
	b.sync(t)

	var stop atomic.Bool
	var requests atomic.Int64
	var wg sync.WaitGroup
	for i := range clients {
		target := []string{"/prod/mock", "/prod/proxy"}[i%2]
		wg.Go(func() {
			last := 0
			for !stop.Load() {
				resp, body, err := get(t.Context(), c, url, target)
				if err != nil || resp.StatusCode != 200 {
					t.Errorf("a request was lost: %v, %v", resp, err)
					return
				}
				requests.Add(1)
				n := 0
				if _, err := fmt.Sscan(body, &n); err != nil || resp.Header.Get("X-Deployment") != body {
					t.Errorf("header says %q, body %q", resp.Header.Get("X-Deployment"), body)
					return
				}
				if n < last {
					t.Errorf("deployment %d after %d", n, last)
					return
				}
				last = n
			}
		})
	}
	for n := 1; n <= deployments; n++ {
		b.deploy(t, numbered(n, backend.URL), api.Stage{Name: "prod", DeploymentID: fmt.Sprint(n)})
		b.sync(t)
		if _, body, err := get(t.Context(), c, url, "/prod/mock"); err != nil || body != fmt.Sprint(n) {
			t.Fatalf("after deployment %d: %q, %v", n, body, err)
		}
	}
	stop.Store(true)
	wg.Wait()
	if requests.Load() < deployments {
		t.Errorf("only %d requests were made", requests.Load())
	}
}

// An HTTP_PROXY relays the request's body and a stream of events as they come.
func TestProxyStreamsBothWays(t *testing.T) {
	got := make(chan string)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		body := bufio.NewReader(r.Body)
		line, _ := body.ReadString('\n')
		got <- line // while the client is still sending
		rest, _ := io.ReadAll(body)
		got <- string(rest)
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			<-got // until the client has read it
		}
	}))
	defer backend.Close()
	b := start(t, nil)
	uri := backend.URL + "/sse"
	b.deploy(t, frozen("abc", map[string]api.Integration{"POST /": {Type: "HTTP_PROXY", HTTPMethod: new("POST"), URI: &uri}}), api.Stage{Name: "prod", DeploymentID: "d"})
	b.sync(t)
	url, c := b.serve(t), client(t)
	body, sender := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/_aws/execute-api/abc/prod/", body)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.WriteString(sender, "first\n")
		if line := <-got; line != "first\n" {
			t.Errorf("the back end got %q", line)
		}
		_, _ = io.WriteString(sender, "second")
		_ = sender.Close()
		if rest := <-got; rest != "second" {
			t.Errorf("the back end got %q", rest)
		}
	}()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for i := range 3 {
		line, err := lines.ReadString('\n')
		if line != fmt.Sprintf("data: %d\n", i) || err != nil {
			t.Fatalf("event %d: %q, %v", i, line, err)
		}
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		got <- "read"
	}
	if resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("x-amzn-RequestId") == "" {
		t.Errorf("header %v", resp.Header)
	}
}

// Over a real port: the fields of answers, the control plane beside the APIs,
// and bodies that only the control plane may send.
func TestServe(t *testing.T) {
	b := start(t, controlled(nil))
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": mock(200, `{"ok":true}`), "HEAD /": mock(200, "x"), "POST /": mock(200, "posted")}), api.Stage{Name: "prod", DeploymentID: "d"})
	b.sync(t)
	url, c := b.serve(t), client(t)
	resp, body, err := get(t.Context(), c, url, "/prod")
	if err != nil || resp.StatusCode != 200 || body != `{"ok":true}` {
		t.Fatalf("got %v %s, %v", resp, body, err)
	}
	for _, name := range []string{"Date", "Content-Length", "Content-Type", "x-amzn-RequestId", "x-amz-apigw-id"} {
		if len(resp.Header.Values(name)) != 1 {
			t.Errorf("%s: %q", name, resp.Header.Values(name))
		}
	}
	large := strings.Repeat("x", 11<<20)
	for target, want := range map[string]int{"/_aws/execute-api/abc/prod": 413, "/restapis": 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+target, strings.NewReader(large))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want || want == 200 && len(answer) < len(large) {
			t.Errorf("%s: %d, want %d", target, resp.StatusCode, want)
		}
	}
}
