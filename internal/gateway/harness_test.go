package gateway

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// bench is a gateway over a real store, following it.
type bench struct {
	*Gateway
	store     store.Store
	upstreams *transport.Upstreams
}

// start makes a gateway and runs it until the test ends.
func start(t testing.TB, edit func(*Config)) *bench {
	t.Helper()
	b := stopped(t, edit)
	run(t, b.Run)
	select {
	case <-b.Ready():
	case <-time.After(10 * time.Second):
		t.Fatal("the gateway does not become ready")
	}
	return b
}

// run runs what blocks until the test ends, and waits for its end then.
func run(t testing.TB, fn func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

// stopped makes a gateway that does not run yet.
func stopped(t testing.TB, edit func(*Config)) *bench {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	up := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(up.Close)
	cfg := Config{Store: db, Env: compile.Env{Account: "000000000000", Region: "us-east-1", Origins: up}}
	if edit != nil {
		edit(&cfg)
	}
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Gateway: g, store: db, upstreams: up}
}

// mock is an integration that answers with a status and a body.
func mock(status int, body string) api.Integration {
	code := fmt.Sprint(status)
	return api.Integration{
		Type: "MOCK", PassthroughBehavior: "WHEN_NO_MATCH",
		RequestTemplates: map[string]*string{"application/json": new(`{"statusCode": ` + code + `}`)},
		Responses:        map[string]api.IntegrationResponse{code: {StatusCode: code, ResponseTemplates: map[string]*string{"application/json": &body}}},
	}
}

// frozen is an API with methods in short: "GET /path" to its integration.
func frozen(id string, methods map[string]api.Integration) snapshot.REST {
	snap := snapshot.REST{API: api.RestAPI{ID: id, EndpointType: "REGIONAL"}}
	seen := map[string]bool{}
	for key, in := range methods {
		verb, path, _ := strings.Cut(key, " ")
		if !seen[path] {
			seen[path] = true
			snap.Resources = append(snap.Resources, api.Resource{ID: path, Path: path})
		}
		m := api.Method{ResourceID: path, HTTPMethod: verb, AuthorizationType: "NONE", Responses: map[string]api.MethodResponse{}, Integration: &in}
		for code := range in.Responses {
			m.Responses[code] = api.MethodResponse{StatusCode: code}
		}
		snap.Methods = append(snap.Methods, m)
	}
	return snap
}

// deploy writes an API, a deployment and a stage that points at it, at once.
func (b *bench) deploy(t testing.TB, snap snapshot.REST, stage api.Stage) {
	t.Helper()
	err := b.store.Update(t.Context(), func(tx store.Tx) error {
		id := snap.API.ID
		if err := store.Put(tx, api.RestAPIKey(id), snap.API); err != nil {
			return err
		}
		if err := store.Put(tx, api.SnapshotKey(id, stage.DeploymentID), snap); err != nil {
			return err
		}
		return store.Put(tx, api.StageKey(id, stage.Name), stage)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sync waits until what was written is served.
func (b *bench) sync(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Sync(ctx); err != nil {
		t.Fatal(err)
	}
}

// beginner is the gateway or a part of it.
type beginner interface{ Begin(x *program.Exchange) }

// ask plays a request given as "METHOD target", with headers as lines; the
// first is the Host if it has no colon.
func ask(t testing.TB, g beginner, line string, headers ...string) programtest.Result {
	t.Helper()
	x := exchange(t, line, headers...)
	g.Begin(x)
	return programtest.Play(t, x)
}

func exchange(t testing.TB, line string, headers ...string) *program.Exchange {
	t.Helper()
	host := "localhost:4566"
	if len(headers) > 0 && !strings.Contains(headers[0], ": ") {
		host, headers = headers[0], headers[1:]
	}
	return programtest.Exchange(t, line+" HTTP/1.1\r\nHost: "+host+"\r\n"+strings.Join(append(headers, ""), "\r\n")+"\r\n")
}

// loops are event loops, unless STAGEDOOR_ENGINE wants goroutines.
func loops(up *transport.Upstreams) *transport.Loops {
	if os.Getenv("STAGEDOOR_ENGINE") == "goroutine" || !transport.HasLoops {
		return nil
	}
	return transport.NewLoops(transport.LoopsConfig{Upstreams: up})
}

// serve serves the gateway on a real port.
func (b *bench) serve(t testing.TB) (url string) {
	t.Helper()
	server := transport.NewServer(transport.Config{Handler: b.Gateway, Upstreams: b.upstreams, Loops: loops(b.upstreams), MaxBody: 80 << 20, Grace: time.Second})
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	run(t, func(ctx context.Context) error { return server.Serve(ctx, ln) })
	return "http://" + ln.Addr().String()
}

// client is an HTTP client of its own, closed when the test ends.
func client(t testing.TB) *http.Client {
	t.Helper()
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}
