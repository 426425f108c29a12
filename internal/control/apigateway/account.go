package apigateway

import (
	"context"
	"errors"
	"regexp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

const usagePlans = "UsagePlans" // the only feature, which is always on

// GetAccount reads what all APIs have in common.
// parity: spec/control-plane.md 8.1.
func (s *Service) GetAccount(ctx context.Context, _ *v1.GetAccountInput) (*v1.Account, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Account, error) {
		a, err := account(tx)
		if err != nil {
			return nil, err
		}
		return s.wireAccount(a), nil
	})
}

// account reads the account; one that was never changed is the zero one.
func account(tx store.Tx) (api.Account, error) {
	a, err := store.Get[api.Account](tx, api.AccountKey)
	if errors.Is(err, store.ErrMissing) {
		return api.Account{}, nil
	}
	return a, err
}

var roleARN = regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+$`)

// UpdateAccount patches what all APIs have in common.
func (s *Service) UpdateAccount(ctx context.Context, in *v1.UpdateAccountInput) (*v1.Account, error) {
	patches := table[api.Account]{manners: namesPaths, rows: []row[api.Account]{
		{path: "/cloudwatchRoleArn", replace: setLogRole},
		{path: "/features", add: addFeature, remove: dropFeature},
	}}
	granted := false
	out, err := update(ctx, s, func(tx store.Tx) (*v1.Account, error) {
		a, err := account(tx)
		if err != nil {
			return nil, err
		}
		before := a
		if err := patches.apply(&a, in.PatchOperations); err != nil {
			return nil, err
		}
		granted = grantedLogs(before, a)
		if err := store.Put(tx, api.AccountKey, a); err != nil {
			return nil, err
		}
		return s.wireAccount(a), nil
	})
	if err == nil && granted && s.cfg.Welcome != nil {
		s.cfg.Welcome()
	}
	return out, err
}

func setLogRole(a *api.Account, p patch) error {
	if p.text() != "" && !roleARN.MatchString(p.text()) {
		return bad("The role ARN does not have required permissions configured. " +
			"Please grant trust permission for API Gateway and add the required role policy.")
	}
	a.CloudWatchRoleARN = given(p.text())
	return nil
}

func addFeature(_ *api.Account, p patch) error {
	if p.text() != usagePlans {
		return badf("Invalid feature specified: %s", p.text())
	}
	return nil
}

func dropFeature(_ *api.Account, p patch) error {
	if p.text() == usagePlans {
		return bad("Usage Plans cannot be disabled once enabled")
	}
	return badf("Invalid feature specified: %s", p.text())
}

func (s *Service) wireAccount(a api.Account) *v1.Account {
	version := "4"
	return &v1.Account{
		ApiKeyVersion: &version, CloudwatchRoleArn: a.CloudWatchRoleARN, Features: []string{usagePlans},
		ThrottleSettings: &v1.ThrottleSettings{BurstLimit: &s.cfg.BurstLimit, RateLimit: &s.cfg.RateLimit},
	}
}
