package apigateway

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// ImportApiKeys makes keys of a file of comma-separated values. A row that
// cannot be taken is a warning, or refuses the whole file if the caller says
// so. parity: spec/definitions.md 5.12.
func (s *Service) ImportApiKeys(ctx context.Context, in *v1.ImportApiKeysInput) (*v1.ApiKeyIds, error) {
	rows, err := readKeyFile(in.Body)
	if err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.ApiKeyIds, error) {
		out := &v1.ApiKeyIds{Ids: []string{}, Warnings: []string{}}
		for _, r := range rows {
			id, err := s.importKey(tx, r)
			f, refused := errors.AsType[*fault.Error](err)
			switch {
			case refused && isTrue(in.FailOnWarnings):
				return nil, badf("Row %d: %s", r.line, f.Message)
			case refused:
				out.Warnings = append(out.Warnings, "Row "+strconv.Itoa(r.line)+": "+f.Message)
			case err != nil:
				return nil, err
			default:
				out.Ids = append(out.Ids, id)
			}
		}
		return out, nil
	})
}

// keyRow is a row of a key file.
type keyRow struct {
	line                   int // from 1, the head of the table being the first
	name, key, description string
	enabled                string
	plans                  []string
}

// readKeyFile reads rows by the names of their columns, in any case and order.
func readKeyFile(body []byte) ([]keyRow, error) {
	lines := readCSV(strings.TrimPrefix(string(body), "\ufeff"))
	if len(lines) == 0 {
		return nil, bad("The key file is empty")
	}
	at := map[string]int{}
	for i, name := range lines[0].fields {
		at[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, need := range []string{"name", "key"} {
		if _, ok := at[need]; !ok {
			return nil, badf("The key file has no column %s", need)
		}
	}
	var rows []keyRow
	for _, l := range lines[1:] {
		field := func(name string) string {
			if i, ok := at[name]; ok && i < len(l.fields) {
				return strings.TrimSpace(l.fields[i])
			}
			return ""
		}
		r := keyRow{
			line: l.line, name: field("name"), key: field("key"), description: field("description"), enabled: field("enabled"),
		}
		for plan := range strings.SplitSeq(field("usageplanids"), ",") {
			if plan = strings.TrimSpace(plan); plan != "" && !slices.Contains(r.plans, plan) {
				r.plans = append(r.plans, plan)
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// importKey makes a key of a row, or overwrites the one that has its value.
// Everything is looked at before anything is written: a refused row leaves
// nothing.
func (s *Service) importKey(tx store.Tx, r keyRow) (string, error) {
	k, err := s.keyOfRow(tx, r)
	if err != nil {
		return "", err
	}
	var add []api.UsagePlanKey
	for _, plan := range r.plans {
		if there, err := exists(tx, api.PlanKeyKey(plan, k.ID)); err != nil {
			return "", err
		} else if there {
			continue
		}
		if err := s.checkPlanKey(tx, plan, k.ID, add); err != nil {
			return "", err
		}
		add = append(add, api.UsagePlanKey{Plan: plan, Key: k.ID, AddedDate: s.cfg.Now().UTC()})
	}
	if there, err := exists(tx, api.APIKeyKey(k.ID)); err != nil {
		return "", err
	} else if !there {
		if err := s.tallyKeys(tx, 1); err != nil {
			return "", err
		}
	}
	if err := putKey(tx, k); err != nil {
		return "", err
	}
	for _, pk := range add {
		if err := putPlanKey(tx, pk); err != nil {
			return "", err
		}
	}
	return k.ID, nil
}

// keyOfRow is the key that a row describes.
func (s *Service) keyOfRow(tx store.Tx, r keyRow) (*api.APIKey, error) {
	k := api.APIKey{CreatedDate: s.cfg.Now().UTC()}
	id, err := store.Get[string](tx, api.APIKeyValueKey(r.key))
	switch {
	case err == nil:
		k, err = store.Get[api.APIKey](tx, api.APIKeyKey(id))
	case errors.Is(err, store.ErrMissing):
		k.ID, err = s.freshID(tx, rootIDLength, api.APIKeyKey)
	}
	if err != nil {
		return nil, err
	}
	k.Value, k.Name, k.Description = r.key, given(r.name), &r.description
	k.Enabled, k.LastUpdatedDate = r.enabled == "" || strings.EqualFold(r.enabled, "true"), s.now()
	if r.name == "" {
		return nil, bad("Invalid API Key name specified.")
	}
	if r.key == "" {
		return nil, bad("API Key value should be at least 20 characters")
	}
	return &k, checkKey(&k)
}
