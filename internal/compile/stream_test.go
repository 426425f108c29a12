package compile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

// limited compiles the sketch with tags that change its limits.
func (s sketch) limited(t testing.TB, tags map[string]string) *program.Stage {
	t.Helper()
	env := compile.Env{Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: s.functions, Tags: tags}
	stage, err := compile.REST(env, s.snapshot(), api.Stage{Name: "prod", DeploymentID: "d1"})
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

// What is streamed has its pace and its time; what is not has none.
// parity: spec/rest-data-plane.md 3.10.
func TestStreamsAreBounded(t *testing.T) {
	url, _ := backend(t, nil)
	stream := httpTo("HTTP_PROXY", "GET", url, nil)
	stream.ResponseTransferMode, stream.TimeoutMillis = "STREAM", 600000
	s := sketch{methods: map[string]api.Integration{"GET /http": stream, "GET /plain": httpTo("HTTP_PROXY", "GET", url, nil), "GET /function": lambdaStream()}, functions: returns("{\"statusCode\":200}\x00\x00\x00\x00\x00\x00\x00\x00body")}
	for _, tt := range []struct {
		path string
		tags map[string]string
		want program.Flow
		idle time.Duration
	}{
		{"/http", nil, program.Flow{Free: 10 << 20, Rate: 2 << 20, Time: 10 * time.Minute}, 5 * time.Minute},
		{"/http", map[string]string{"stagedoor:limit:stream-free": "1KB", "stagedoor:limit:stream-rate": "1MB", "stagedoor:limit:stream-idle": "1m"}, program.Flow{Free: 1 << 10, Rate: 1 << 20, Time: 10 * time.Minute}, time.Minute},
		{"/plain", nil, program.Flow{}, 5 * time.Second},
		{"/function", nil, program.Flow{Free: 10 << 20, Rate: 2 << 20, Time: time.Second}, 0},
	} {
		x := request(t, s.limited(t, tt.tags), "GET "+tt.path)
		if r := programtest.Play(t, x); r.Status != 200 {
			t.Fatalf("%s: %+v", tt.path, r)
		}
		if x.Answer.Flow != tt.want || x.Call.Idle != tt.idle {
			t.Errorf("%s %v: %+v, idle %v; want %+v, %v", tt.path, tt.tags, x.Answer.Flow, x.Call.Idle, tt.want, tt.idle)
		}
	}
}

// A function's headers are held to the same total as a request's.
func TestFunctionHeadersAreBounded(t *testing.T) {
	const name = "X-Large"
	answer := func(total int) *functions {
		return returns(`{"headers":{"` + name + `":"` + strings.Repeat("a", total-len(name)) + `"}}`)
	}
	for _, tt := range []struct {
		total  int
		tags   map[string]string
		status int
	}{
		{10240, nil, 200},
		{10241, nil, 502},
		{10241, map[string]string{"stagedoor:limit:headers": "20KB"}, 200},
	} {
		stage := sketch{methods: map[string]api.Integration{"GET /": lambdaProxy()}, functions: answer(tt.total)}.limited(t, tt.tags)
		if r := send(t, stage, "GET /"); r.Status != tt.status || tt.status == 502 && r.Body != internalError {
			t.Errorf("%d bytes, %v: %d %s, want %d", tt.total, tt.tags, r.Status, r.Body, tt.status)
		}
	}
}
