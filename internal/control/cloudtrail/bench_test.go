package cloudtrail_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/control/cloudtrail"
	"github.com/stagedoor/stagedoor/internal/store"
)

// BenchmarkChange is a durable change alone, one that brings its whole record
// along (as deletes do), and one whose record gets an answer (as creates do).
func BenchmarkChange(b *testing.B) {
	answer := json.RawMessage(`{"responseElements":{"id":"x"}}`)
	for _, kind := range []string{"alone", "record", "record and answer"} {
		b.Run(kind, func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "s.db"))
			trail, watched := cloudtrail.New(cloudtrail.Config{Store: s, Log: slog.New(slog.DiscardHandler)}), cloudtrail.Watched(s)
			n := 0
			for b.Loop() {
				n++
				e, ctx := event(n, time.Now()), context.Context(b.Context())
				var err error
				if kind != "alone" {
					if ctx, err = trail.Join(ctx, e); err != nil {
						b.Fatal(err)
					}
				}
				if err := watched.Update(ctx, func(tx store.Tx) error { return tx.Put("doc/"+strconv.Itoa(n), []byte(`"x"`)) }); err != nil {
					b.Fatal(err)
				}
				if kind == "record and answer" {
					e.Record = answer
				}
				if kind != "alone" {
					if err := trail.Keep(ctx, e); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
