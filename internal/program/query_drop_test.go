package program_test

import (
	"slices"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
)

// FuzzDropQuery holds DropQuery to its law: what is left is what Query gives
// without the parameters dropped, in order.
func FuzzDropQuery(f *testing.F) {
	f.Add("a=1&X-Amz-Signature=2&b")
	f.Add("X%2dAmz-Signature&&x=+&X-Amz-Signature=")
	f.Fuzz(func(t *testing.T, raw string) {
		drop := func(name string) bool { return name == "X-Amz-Signature" }
		type pair struct{ name, value string }
		kept := func(x *program.Exchange) (all []pair) {
			for _, p := range x.Query() {
				if !drop(string(p.Name)) {
					all = append(all, pair{string(p.Name), string(p.Value)})
				}
			}
			return all
		}
		parsed := func(query []byte) *program.Exchange {
			x := &program.Exchange{}
			x.Reset(t.Context())
			x.Request.Query = query
			return x
		}
		want := kept(parsed([]byte(raw)))
		x := parsed([]byte(raw))
		x.Query() // somebody has looked before
		x.DropQuery(drop)
		again := parsed(x.Request.Query)
		if got := kept(x); !slices.Equal(got, want) || len(x.Query()) != len(want) || !slices.Equal(kept(again), want) || len(again.Query()) != len(want) {
			t.Fatalf("%q without the signature: %q (%q), want %q", raw, got, x.Request.Query, want)
		}
	})
}
