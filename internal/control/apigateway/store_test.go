package apigateway_test

import (
	"iter"
	"testing"

	"github.com/stagedoor/stagedoor/internal/store"
)

// everything yields all keys of a store.
func everything(t testing.TB, st store.Store) iter.Seq2[store.Key, error] {
	t.Helper()
	return func(yield func(store.Key, error) bool) {
		err := st.View(t.Context(), func(tx store.Tx) error {
			for item, err := range tx.Scan("", "") {
				if err != nil || !yield(item.Key, nil) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			yield("", err)
		}
	}
}
