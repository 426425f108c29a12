package restjson

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// FuzzSplitList holds a list in a header to be read as it was written, and
// reading any text to end.
func FuzzSplitList(f *testing.F) {
	f.Add(`a`, `b,c`, `"d" \e`)
	f.Add(`"`, `\`, ` `)
	c := New(&wire.Service{Shapes: []wire.Shape{
		{Name: "List", Kind: wire.List, Members: []wire.Member{{Name: "member", Wire: "member", Shape: 1}}},
		{Name: "String", Kind: wire.String},
	}})
	f.Fuzz(func(t *testing.T, a, b, d string) {
		_, _ = splitList(a)
		_, _ = splitDates(a)
		var want []string
		for _, s := range []string{a, b, d} {
			if s = strings.TrimSpace(s); s != "" {
				want = append(want, s)
			}
		}
		if len(want) == 0 {
			return
		}
		text, ok := c.listText(reflect.ValueOf(want), c.service.Shape(0))
		got, err := splitList(text)
		if !ok || err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is written %s and read %q, %v", want, text, got, err)
		}
	})
}
