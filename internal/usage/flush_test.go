package usage

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/api"
)

// TestAppendUsage: a count is written as encoding/json writes it, and what is
// taken for this process's own is what says the same.
func TestAppendUsage(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64())
		doc := api.Usage{Day: rapid.Int32().Draw(r, "day"), Used: n.Draw(r, "used"), Week: n.Draw(r, "week"), Month: n.Draw(r, "month")}
		want, err := json.Marshal(doc)
		if err != nil {
			r.Fatal(err)
		}
		if got := appendUsage(nil, doc); string(got) != string(want) {
			r.Fatalf("%s, want %s", got, want)
		}
		var l ledger
		l.store(api.Usage{Day: doc.Day + rapid.Int32Range(0, 1).Draw(r, "days"), Used: doc.Used + rapid.Int64Range(0, 1).Draw(r, "others")})
		now := doc
		now.Used += 7
		if got, same := l.wrote(want, now), int32(l.storedDay) == doc.Day && l.storedUsed == doc.Used; got != same {
			r.Fatalf("%s is ours: %v, want %v", want, got, same)
		}
	})
}
