package gateway

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
)

// TestStaged: the scan with leaps finds the APIs that have stages, whatever
// else is in the store.
func TestStaged(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		st, err := sqlite.Open(t.Context(), sqlite.Memory)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = st.Close() }()
		want := map[string]bool{}
		err = st.Update(t.Context(), func(tx store.Tx) error {
			for range rapid.IntRange(0, 8).Draw(rt, "APIs") {
				id := rapid.SampledFrom([]string{"a", "aa", "b", "b-1", "c/d", "z"}).Draw(rt, "id")
				keys := []string{api.RestAPIKey(id)}
				for i := range rapid.IntRange(0, 12).Draw(rt, "models") {
					keys = append(keys, api.ModelKey(id, fmt.Sprint(i)))
				}
				for _, kind := range rapid.SliceOf(rapid.SampledFrom([]string{
					api.SnapshotKey(id, "d"), api.MethodKey(id, "r", "GET"), api.DeploymentKey(id, "d"), api.ValidatorKey(id, "v"),
					api.PathKey(id, "/"), api.ResourceCountKey(id), api.StageKey(id, "s"), api.StageKey(id, "t"),
				})).Draw(rt, "keys") {
					keys = append(keys, kind)
					if kind == api.StageKey(id, "s") || kind == api.StageKey(id, "t") {
						want[id] = true
					}
				}
				for _, key := range keys {
					if err := store.Put(tx, key, 1); err != nil {
						return err
					}
				}
			}
			got, err := staged(tx)
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Errorf("staged (-want +got):\n%s", diff)
			}
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}
