package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

const abc = "abc.execute-api.localhost"

func TestStartCompilesWhatThereIs(t *testing.T) {
	b := stopped(t, nil)
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": mock(200, "one")}), api.Stage{Name: "prod", DeploymentID: "d"})
	bad := mock(200, "x")
	bad.ContentHandling = new("CONVERT_TO_GOLD")
	b.deploy(t, frozen("bad", map[string]api.Integration{"GET /": bad}), api.Stage{Name: "prod", DeploymentID: "d"})
	if r := ask(t, b, "GET /prod", abc); r.Status != 404 {
		t.Errorf("before it runs: %+v", r)
	}
	run(t, b.Run)
	<-b.Ready()
	if r := ask(t, b, "GET /prod", abc); r.Body != "one" {
		t.Errorf("got %+v", r)
	}
	s := b.Status()
	if !s.Ready || s.APIs != 2 || s.Stages != 1 || len(s.Failures) != 1 || s.Failures[0].API != "bad" || s.Failures[0].Serving != "" {
		t.Errorf("status %+v", s)
	}
	if r := ask(t, b, "GET /prod", "bad.execute-api.localhost"); r.Status != 403 || r.Body != `{"message":"Forbidden"}` {
		t.Errorf("a stage that never compiled: %+v", r)
	}
}

func TestFollow(t *testing.T) {
	b := start(t, nil)
	body := func(host, target string) string { return ask(t, b, "GET "+target, host).Body }
	const forbidden = `{"message":"Forbidden"}`
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": mock(200, "one")}), api.Stage{Name: "prod", DeploymentID: "d1"})
	b.sync(t)
	if got := body(abc, "/prod"); got != "one" {
		t.Errorf("created: %s", got)
	}
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": mock(200, "two")}), api.Stage{Name: "next", DeploymentID: "d2"})
	b.sync(t)
	if one, two := body(abc, "/prod"), body(abc, "/next"); one != "one" || two != "two" {
		t.Errorf("another stage: %s, %s", one, two)
	}
	b.put(t, api.StageKey("abc", "prod"), api.Stage{Name: "prod", DeploymentID: "d2"})
	b.sync(t)
	if got := body(abc, "/prod"); got != "two" {
		t.Errorf("pointed at another deployment: %s", got)
	}
	b.remove(t, api.StageKey("abc", "prod"))
	b.sync(t)
	if one, two := body(abc, "/prod"), body(abc, "/next"); one != forbidden || two != "two" {
		t.Errorf("stage deleted: %s, %s", one, two)
	}
	b.remove(t, api.RestAPIKey("abc"))
	b.sync(t)
	if got := body(abc, "/next"); !strings.Contains(got, "does not correspond") {
		t.Errorf("API deleted: %s", got)
	}
	if s := b.Status(); s.APIs != 0 || s.Stages != 0 {
		t.Errorf("status %+v", s)
	}
}

func (b *bench) put(t testing.TB, key string, doc any) {
	t.Helper()
	if err := b.store.Update(t.Context(), func(tx store.Tx) error { return store.Put(tx, key, doc) }); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) remove(t testing.TB, key string) {
	t.Helper()
	if err := b.store.Update(t.Context(), func(tx store.Tx) error { return tx.Delete(key) }); err != nil {
		t.Fatal(err)
	}
}

// A stage that does not compile keeps serving what it served, and says so.
func TestFailureKeepsTheOld(t *testing.T) {
	b := start(t, nil)
	good := frozen("abc", map[string]api.Integration{"GET /": mock(200, "old")})
	b.deploy(t, good, api.Stage{Name: "prod", DeploymentID: "d1"})
	b.sync(t)
	for name, break_ := range map[string]func(){
		"handling": func() {
			in := mock(200, "new")
			in.ContentHandling = new("CONVERT_TO_GOLD")
			b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": in}), api.Stage{Name: "prod", DeploymentID: "d2"})
		},
		"no deployment": func() { b.put(t, api.StageKey("abc", "prod"), api.Stage{Name: "prod", DeploymentID: "gone"}) },
		"no stage":      func() { b.put(t, api.StageKey("abc", "prod"), "not an object") },
	} {
		break_()
		b.sync(t)
		if r := ask(t, b, "GET /prod", abc); r.Body != "old" {
			t.Errorf("%s: %+v, want the old", name, r)
		}
		s := b.Status()
		if len(s.Failures) != 1 || s.Failures[0].Serving != "d1" || s.Failures[0].Error == "" || s.Failures[0].At.IsZero() {
			t.Errorf("%s: status %+v", name, s)
		}
		b.put(t, "unrelated", 1)
		b.put(t, api.RestAPIKey("abc"), good.API) // touches the API, not the stage
		b.sync(t)
		if s := b.Status(); len(s.Failures) != 1 {
			t.Errorf("%s: the failure is forgotten: %+v", name, s)
		}
	}
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": mock(200, "new")}), api.Stage{Name: "prod", DeploymentID: "d3"})
	b.sync(t)
	if r := ask(t, b, "GET /prod", abc); r.Body != "new" {
		t.Errorf("mended: %+v", r)
	}
	if s := b.Status(); len(s.Failures) != 0 {
		t.Errorf("mended: status %+v", s)
	}
}

// A change of one API compiles no other, and no stage that is as it was.
func TestOnlyWhatChangedIsCompiled(t *testing.T) {
	b := start(t, nil)
	for _, id := range []string{"abc", "def"} {
		for _, stage := range []string{"one", "two"} {
			b.deploy(t, frozen(id, map[string]api.Integration{"GET /": mock(200, id)}), api.Stage{Name: stage, DeploymentID: "d"})
		}
	}
	b.sync(t)
	before := b.Table()
	b.put(t, api.StageKey("abc", "one"), api.Stage{Name: "one", DeploymentID: "d", Variables: map[string]string{"a": "1"}})
	b.sync(t)
	after := b.Table()
	for key, same := range map[[2]string]bool{{"abc", "one"}: false, {"abc", "two"}: true, {"def", "one"}: true, {"def", "two"}: true} {
		if got := before.Stage(key[0], key[1]) == after.Stage(key[0], key[1]); got != same {
			t.Errorf("%v is the same program: %v, want %v", key, got, same)
		}
	}
	table := b.Table()
	b.put(t, api.ResourceKey("abc", "r"), api.Resource{ID: "r"})
	b.sync(t)
	if b.Table() != table {
		t.Error("an edit that is not deployed changes the table")
	}
}

func TestExplain(t *testing.T) {
	b := start(t, nil)
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /pets/{id}": mock(200, "x")}), api.Stage{Name: "prod", DeploymentID: "d1"})
	b.sync(t)
	stage, err := b.Explain("abc", "prod")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := stage.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	const want = "abc prod deployment d1\n" +
		"GET  /pets/{id}  decompress gzip, deflate > integrate mock 200 fixed\n" +
		"*    *           refuse MISSING_AUTHENTICATION_TOKEN: no such route\n"
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", text.String(), want)
	}
	if doc, err := json.Marshal(stage); err != nil || !strings.Contains(string(doc), `"deployment":"d1"`) {
		t.Errorf("as JSON: %s, %v", doc, err)
	}
	route, err := b.ExplainRoute("abc", "prod", "GET", "/pets/7")
	if err != nil || route.Resource != "/pets/{id}" || route.Body != "buffer" {
		t.Errorf("route %+v, %v", route, err)
	}
	if _, err := b.Explain("abc", "none"); err == nil {
		t.Error("a stage that is not there is explained")
	}
}
