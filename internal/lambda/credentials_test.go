//go:build unix

package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

// TestCredentials: environments have what is given for the function's role, and
// take one call at most once that is about to end.
func TestCredentials(t *testing.T) {
	var asked atomic.Int64
	var now atomic.Pointer[time.Time]
	start := time.Now()
	now.Store(&start)
	h := host(t, lambda.Config{
		Now: func() time.Time { return *now.Load() },
		Credentials: func(_ context.Context, function, role string) (lambda.Credentials, error) {
			if function != "f" {
				return lambda.Credentials{}, errors.New("no store")
			}
			key := role + strconv.FormatInt(asked.Add(1), 10)
			return lambda.Credentials{AccessKeyID: key, SecretAccessKey: "s", SessionToken: "t", Until: now.Load().Add(time.Hour)}, nil
		},
	})
	v := golang(t)
	v.Role = "role"
	define(t, h, "f", v)
	define(t, h, "g", v)
	env := func(want string) {
		t.Helper()
		var vars []string
		if err := json.Unmarshal(invoke(t, h, lambda.Call{Function: "f", Payload: []byte(`{"do":"environ"}`)}).Payload, &vars); err != nil {
			t.Fatal(err)
		}
		for _, v := range []string{"AWS_ACCESS_KEY_ID=" + want, "AWS_SECRET_ACCESS_KEY=s", "AWS_SESSION_TOKEN=t"} {
			if !slices.Contains(vars, v) {
				t.Errorf("the function lacks %s", v)
			}
		}
	}
	env("role1")
	env("role1")
	later := start.Add(2 * time.Hour)
	now.Store(&later)
	invoke(t, h, lambda.Call{Function: "f"}) // may be its last call, if it was idle
	env("role2")
	var ours *lambda.NotReady
	if _, err := h.Invoke(t.Context(), lambda.Call{Function: "g"}); !errors.As(err, &ours) {
		t.Errorf("without credentials: %v", err)
	}
}
