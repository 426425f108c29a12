package gateway

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
)

// BenchmarkStartManyAPIs is the time to the first table, and its memory, over
// a file with a hundred thousand APIs of which a hundred have a stage.
func BenchmarkStartManyAPIs(b *testing.B) {
	const apis, deployed = 100_000, 100
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	fill(b, db, apis, apis/deployed)
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	for b.Loop() {
		g, err := New(Config{Store: db, Env: compile.Env{}})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		at := time.Now()
		go func() { done <- g.Run(ctx) }()
		<-g.Ready()
		b.ReportMetric(float64(time.Since(at).Milliseconds()), "ready-ms")
		b.ReportMetric((heap()-before)/apis, "B/API")
		if g.Table().Stage(fmt.Sprintf("api%07d", 0), "prod") == nil || len(g.Table().IDs()) != apis {
			b.Fatal("the table is not whole")
		}
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

// fill writes APIs as CreateRestApi makes them; every so many has a stage.
func fill(b *testing.B, db store.Store, apis, every int) {
	b.Helper()
	for from := 0; from < apis; from += 5000 {
		err := db.Update(b.Context(), func(tx store.Tx) error {
			for i := from; i < from+5000; i++ {
				if err := fillOne(tx, fmt.Sprintf("api%07d", i), i%every == 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func fillOne(tx store.Tx, id string, staged bool) error {
	docs := map[store.Key]any{
		api.RestAPIKey(id):        api.RestAPI{ID: id, Name: "shop", RootResourceID: "root", EndpointType: "EDGE"},
		api.ResourceKey(id, "r"):  api.Resource{ID: "r", Path: "/"},
		api.PathKey(id, "/"):      "r",
		api.ModelKey(id, "Empty"): api.Model{ID: "m", Name: "Empty", Schema: `{"$schema":"http://json-schema.org/draft-04/schema#","title":"Empty Schema","type":"object"}`},
		api.ModelKey(id, "Error"): api.Model{ID: "n", Name: "Error", Schema: `{"$schema":"http://json-schema.org/draft-04/schema#","title":"Error Schema","type":"object"}`},
	}
	if staged {
		mock := api.Method{ResourceID: "r", HTTPMethod: "GET", AuthorizationType: "NONE", Integration: &api.Integration{Type: "MOCK"}}
		docs[api.MethodKey(id, "r", "GET")] = mock
		docs[api.StageKey(id, "prod")] = api.Stage{Name: "prod", DeploymentID: "d"}
		docs[api.SnapshotKey(id, "d")] = snapshot.REST{API: api.RestAPI{ID: id}, Resources: []api.Resource{{ID: "r", Path: "/"}}, Methods: []api.Method{mock}}
	}
	for key, doc := range docs {
		if err := store.Put(tx, key, doc); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkChangeAmongManyAPIs is what a change of one API costs the table.
func BenchmarkChangeAmongManyAPIs(b *testing.B) {
	apis := make([]*program.API, 100_000)
	for i := range apis {
		apis[i] = &program.API{ID: fmt.Sprintf("api%07d", i)}
	}
	t := NewTable(apis...)
	b.ReportAllocs()
	for b.Loop() {
		t = t.with(map[string]*program.API{apis[7].ID: apis[8]})
	}
	if t.API([]byte("API0000007")) != apis[8] || t.API([]byte("api0000009")) != apis[9] || len(t.IDs()) != len(apis) {
		b.Fatal("the table is not what it was made")
	}
}
