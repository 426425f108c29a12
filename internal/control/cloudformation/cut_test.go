package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control/cloudformation"
	"github.com/stagedoor/stagedoor/internal/engine/cfn"
	model "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// A process that is killed at whatever point of a deployment, the first or a later
// one, leaves nothing behind that stands in the way of the next.
func TestCutShort(t *testing.T) {
	base, _, _ := strings.Cut(shop, "  Hello:")
	t.Run("first", func(t *testing.T) { cutShort(t, "") })
	t.Run("later", func(t *testing.T) { cutShort(t, base) })
}

func cutShort(t *testing.T, before string) {
	for at := 1; ; at++ {
		b := newBench(t)
		if before != "" {
			b.deploy(t, t.TempDir(), before)
		}
		left := at
		b.after = func() { // the last change is made, and nobody hears of it
			if left--; left == 0 {
				panic("killed")
			}
		}
		request := cloudformation.Request{Stack: "shop", Source: cfn.Source{Name: "template.yaml", Text: []byte(shop)}, Dir: t.TempDir()}
		killed := func() (killed bool) {
			defer func() { killed = recover() != nil }()
			if _, err := b.engine.Deploy(t.Context(), request); err != nil {
				t.Fatalf("killed after %d calls: %v", at, err)
			}
			return false
		}()
		b.after = nil
		last := strings.Join(b.calls[max(0, len(b.calls)-1):], "")
		if r := b.deploy(t, request.Dir, shop); r.Stack.Pending != "" || len(r.Stack.Resources) != 9 {
			t.Errorf("killed after %s: %d resources, pending %q", last, len(r.Stack.Resources), r.Stack.Pending)
		}
		if apis := get[model.RestApis](t, b, "apigateway", "GetRestApis", &model.GetRestApisInput{}); len(apis.Items) != 1 {
			t.Errorf("killed after %s: %d APIs, want 1", last, len(apis.Items))
		}
		if !killed {
			return
		}
	}
}
