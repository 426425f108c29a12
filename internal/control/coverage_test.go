package control_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewaymanagementapi"
	"github.com/stagedoor/stagedoor/internal/wire/sts"
)

func TestCoverage(t *testing.T) {
	e := &echo{}
	got := control.Coverage([]control.Service{
		{Table: sts.Table(), Handlers: map[string]wire.Handler{"GetCallerIdentity": wire.Op(e.GetCallerIdentity), "AssumeRole": {}}},
		{Table: apigatewaymanagementapi.Table(), Handlers: map[string]wire.Handler{
			"GetConnection": wire.Op(func(context.Context, *apigatewaymanagementapi.GetConnectionInput) (*apigatewaymanagementapi.GetConnectionResponse, error) {
				return nil, nil
			}),
		}},
	})
	golden := filepath.Join("testdata", "coverage.golden.md")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("Coverage (-want +got):\n%s", diff)
	}
}
