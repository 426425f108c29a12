package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
)

// tree is an API as its documents. Ids are out of step with paths on purpose.
func tree() map[store.Key]any {
	on := true
	return map[store.Key]any{
		api.RestAPIKey("a"): api.RestAPI{
			ID: "a", Name: "shop", RootResourceID: "z", CreatedDate: time.Unix(1, 0).UTC(),
			Tags: map[string]string{"k": "v"}, Warnings: []string{"w"},
		},
		api.RestAPIKey("b"):                          api.RestAPI{ID: "b"},
		api.ResourceKey("a", "z"):                    api.Resource{ID: "z", Path: "/"},
		api.ResourceKey("a", "y"):                    api.Resource{ID: "y", ParentID: "z", PathPart: "a", Path: "/a"},
		api.ResourceKey("a", "x"):                    api.Resource{ID: "x", ParentID: "z", PathPart: "b", Path: "/b"},
		api.ResourceKey("b", "w"):                    api.Resource{ID: "w", Path: "/"},
		api.MethodKey("a", "x", "GET"):               api.Method{ResourceID: "x", HTTPMethod: "GET"},
		api.MethodKey("a", "y", "PUT"):               api.Method{ResourceID: "y", HTTPMethod: "PUT", Integration: &api.Integration{InsecureSkipVerify: &on}},
		api.MethodKey("a", "y", "GET"):               api.Method{ResourceID: "y", HTTPMethod: "GET"},
		api.ModelKey("a", "M"):                       api.Model{ID: "m", Name: "M"},
		api.ValidatorKey("a", "v"):                   api.RequestValidator{ID: "v"},
		api.AuthorizerKey("a", "u"):                  api.Authorizer{ID: "u"},
		api.GatewayResponseKey("a", "ACCESS_DENIED"): api.GatewayResponse{Type: "ACCESS_DENIED"},
		api.StageKey("a", "prod"):                    api.Stage{Name: "prod"},
	}
}

func freeze(t *testing.T, docs map[store.Key]any, id string) (r snapshot.REST, err error) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = st.Update(context.Background(), func(tx store.Tx) error {
		for key, doc := range docs {
			if err := store.Put(tx, key, doc); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = st.View(t.Context(), func(tx store.Tx) (err error) {
		r, err = snapshot.FreezeREST(tx, id)
		return err
	})
	return r, err
}

func TestFreezeREST(t *testing.T) {
	on := true
	got, err := freeze(t, tree(), "a")
	if err != nil {
		t.Fatal(err)
	}
	want := snapshot.REST{
		API: api.RestAPI{ID: "a", Name: "shop", RootResourceID: "z", CreatedDate: time.Unix(1, 0).UTC()},
		Resources: []api.Resource{
			{ID: "z", Path: "/"},
			{ID: "y", ParentID: "z", PathPart: "a", Path: "/a"},
			{ID: "x", ParentID: "z", PathPart: "b", Path: "/b"},
		},
		Methods: []api.Method{
			{ResourceID: "y", HTTPMethod: "GET"},
			{ResourceID: "y", HTTPMethod: "PUT", Integration: &api.Integration{InsecureSkipVerify: &on}},
			{ResourceID: "x", HTTPMethod: "GET"},
		},
		Models:           []api.Model{{ID: "m", Name: "M"}},
		Validators:       []api.RequestValidator{{ID: "v"}},
		Authorizers:      []api.Authorizer{{ID: "u"}},
		GatewayResponses: []api.GatewayResponse{{Type: "ACCESS_DENIED"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FreezeREST (-want +got):\n%s", diff)
	}
	if _, err := freeze(t, tree(), "nope"); !errors.Is(err, store.ErrMissing) {
		t.Errorf("FreezeREST of an API that is not there: %v, want store.ErrMissing", err)
	}
}

// The hash is the content's: it survives the store, does not see tags, and
// sees everything else.
func TestHash(t *testing.T) {
	first, err := freeze(t, tree(), "a")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	var again snapshot.REST
	if err := json.Unmarshal(doc, &again); err != nil {
		t.Fatal(err)
	}
	if first.Hash() != again.Hash() || len(first.Hash()) != 64 {
		t.Errorf("Hash = %s, and %s once it was stored", first.Hash(), again.Hash())
	}
	for key, change := range map[store.Key]any{
		api.ResourceKey("a", "x"):      api.Resource{ID: "x", ParentID: "z", PathPart: "c", Path: "/c"},
		api.MethodKey("a", "x", "GET"): api.Method{ResourceID: "x", HTTPMethod: "GET", APIKeyRequired: true},
		api.ModelKey("a", "M"):         api.Model{ID: "m", Name: "M", Schema: "{}"},
		api.RestAPIKey("a"):            api.RestAPI{ID: "a", Name: "other", RootResourceID: "z"},
	} {
		docs := tree()
		docs[key] = change
		if other, err := freeze(t, docs, "a"); err != nil || other.Hash() == first.Hash() {
			t.Errorf("the hash does not see a change of %s (%v)", key, err)
		}
	}
	for key, change := range map[store.Key]any{
		api.StageKey("a", "prod"): api.Stage{Name: "prod", TracingEnabled: true},
		api.RestAPIKey("a"):       api.RestAPI{ID: "a", Name: "shop", RootResourceID: "z", CreatedDate: time.Unix(1, 0).UTC()},
	} {
		docs := tree()
		docs[key] = change
		if other, err := freeze(t, docs, "a"); err != nil || other.Hash() != first.Hash() {
			t.Errorf("the hash sees a change of %s, which is no content (%v)", key, err)
		}
	}
}
