package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// tag gives an API other tags.
func (b *bench) tag(t testing.TB, id string, tags map[string]string) {
	t.Helper()
	err := b.store.Update(t.Context(), func(tx store.Tx) error {
		a, err := store.Get[api.RestAPI](tx, api.RestAPIKey(id))
		if err != nil {
			return err
		}
		a.Tags = tags
		return store.Put(tx, api.RestAPIKey(id), a)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.sync(t)
}

// parity: spec/rest-data-plane.md 1.5, 12, 13.
func TestLimits(t *testing.T) {
	b := start(t, nil)
	snap := frozen("abc", map[string]api.Integration{"ANY /{proxy+}": mock(200, "ok")})
	b.deploy(t, snap, api.Stage{Name: "prod", DeploymentID: "d1"})
	b.sync(t)
	const host = "abc.execute-api.localhost"
	const line = "GET /prod/"
	// Host and its value count, as all names and values do
	fields := func(total int) string {
		return "X-Large: " + strings.Repeat("a", total-len("Host")-len(host)-len("X-Large"))
	}
	path := func(total int) string { return line + strings.Repeat("a", total-len("/prod/")) }
	const (
		long  = `{"message":"Request URI too long"}`
		large = "Request Header Fields Too Large"
	)
	type ask1 struct {
		name, line, field string
		status            int
		body, media       string
	}
	for _, tt := range []struct {
		name string
		tags map[string]string
		asks []ask1
	}{
		{"as on AWS", nil, []ask1{
			{"fields that fit", path(100), fields(10240), 200, "ok", "application/json"},
			{"fields too large", path(100), fields(10241), 413, large, "text/plain"},
			{"a path that fits", path(10240), "A: b", 200, "ok", "application/json"},
			{"a path too long", path(10241), "A: b", 414, long, "application/json"},
			{"with its query", path(10000) + "?" + strings.Repeat("q", 240), "A: b", 414, long, "application/json"},
		}},
		{"raised", map[string]string{"stagedoor:limit:headers": "20000", "stagedoor:limit:url": "32KB", "team": "x"}, []ask1{
			{"fields that fit", path(100), fields(20000), 200, "ok", "application/json"},
			{"fields too large", path(100), fields(20001), 413, large, "text/plain"},
			{"a path that fits", path(32768), "A: b", 200, "ok", "application/json"},
			{"a path too long", path(32769), "A: b", 414, long, "application/json"},
		}},
		{"a tag that says nothing", map[string]string{"stagedoor:limit:headers": "many"}, []ask1{
			{"fields that fit", path(100), fields(10240), 200, "ok", "application/json"},
			{"fields too large", path(100), fields(10241), 413, large, "text/plain"},
		}},
	} {
		b.tag(t, "abc", tt.tags)
		for _, a := range tt.asks {
			r := ask(t, b, a.line, host, a.field)
			if r.Status != a.status || r.Body != a.body || r.Header("content-type") != a.media {
				t.Errorf("%s, %s: %d %q %s, want %d %q", tt.name, a.name, r.Status, r.Body, r.Header("content-type"), a.status, a.body)
			}
		}
	}
}

// The paths of an API with a resource policy are held to the length of an ARN;
// others are not. parity: spec/rest-data-plane.md 1.5.
func TestLimitARN(t *testing.T) {
	b := start(t, nil)
	const allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}`
	guarded := frozen("guarded", map[string]api.Integration{"GET /{proxy+}": mock(200, "ok")})
	guarded.API.Policy = new(allow)
	b.deploy(t, guarded, api.Stage{Name: "prod", DeploymentID: "d1"})
	b.deploy(t, frozen("open123", map[string]api.Integration{"GET /{proxy+}": mock(200, "ok")}), api.Stage{Name: "prod", DeploymentID: "d1"})
	b.sync(t)
	const arn = "arn:aws:execute-api:us-east-1:000000000000:guarded/prod/GET/"
	for _, tt := range []struct {
		api    string
		length int
		status int
	}{
		{"guarded", 1600, 200},
		{"guarded", 1601, 414},
		{"open123", 1601, 200},
	} {
		r := ask(t, b, "GET /prod/"+strings.Repeat("a", tt.length-len(arn)), tt.api+".execute-api.localhost")
		if r.Status != tt.status || tt.status == 414 && r.Body != `{"message":"Request URI too long"}` {
			t.Errorf("an ARN of %d bytes, %s: %d %s, want %d", tt.length, tt.api, r.Status, r.Body, tt.status)
		}
	}
	b.tag(t, "guarded", map[string]string{"stagedoor:limit:arn": "2000"})
	if r := ask(t, b, "GET /prod/"+strings.Repeat("a", 2000-len(arn)), "guarded.execute-api.localhost"); r.Status != 200 {
		t.Errorf("2000 bytes where that many are allowed: %+v", r)
	}
}

// parity: spec/rest-data-plane.md 2.1; spec/services-observability.md, health.
func TestPing(t *testing.T) {
	b := start(t, nil)
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": mock(200, "root"), "GET /ping": mock(200, "mine")}), api.Stage{Name: "ping", DeploymentID: "d1"})
	b.sync(t)
	for _, tt := range []struct{ host, path, want string }{
		{"abc.execute-api.us-east-1.amazonaws.com", "/ping", "200 healthy"},
		{"abc.execute-api.us-east-1.amazonaws.com", "/sping", "200 healthy"},
		{"vpce-123-abc.execute-api.us-east-1.amazonaws.com", "/ping", "200 healthy"},
		{"abc.execute-api.us-east-1.amazonaws.com", "/ping/", "200 root"},
		{"abc.execute-api.us-east-1.amazonaws.com", "/ping/ping", "200 mine"},
		{"localhost", "/_aws/execute-api/abc/ping", "200 root"},
	} {
		if r := ask(t, b, "GET "+tt.path, tt.host); fmt.Sprint(r.Status, " ", r.Body) != tt.want {
			t.Errorf("%s%s: %d %s, want %s", tt.host, tt.path, r.Status, r.Body, tt.want)
		}
	}
}
