package gateway

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/hostname"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/store"
)

// domain is a custom domain name: its mappings, the longest path first.
type domain struct {
	mappings []mapping
}

// mapping leads the paths under a base path to a stage.
type mapping struct {
	base  string // "/orders/v2"; empty: whatever no other mapping has
	api   []byte
	stage string // empty: the first segment of the rest names it
}

// match is the mapping of a path, and the path below it. Whole segments count.
// parity: spec/rest-data-plane.md 2.2.
func (d *domain) match(path []byte) (*mapping, []byte) {
	for i := range d.mappings {
		m := &d.mappings[i]
		if rest, ok := bytes.CutPrefix(path, []byte(m.base)); ok && (len(rest) == 0 || rest[0] == '/') {
			return m, rest
		}
	}
	return nil, nil
}

// domain finds a custom domain name by the host that was called, a wildcard
// after the name itself; nil if there is none.
func (t *Table) domain(host []byte) *domain {
	if len(t.domains) == 0 {
		return nil
	}
	d, _ := hostname.Lookup(t.domains, host)
	return d
}

// withDomains is a table with other custom domain names.
func (t *Table) withDomains(domains map[string]*domain) *Table {
	return &Table{apis: t.apis, domains: domains}
}

// enterDomain finds the stage that a custom domain name's mappings lead to.
func (g *Gateway) enterDomain(x *program.Exchange, table *Table, d *domain) {
	if isPing(x.Request.Path) {
		x.Route = g.fronts.healthy
		return
	}
	path := oneSlash(x.Request.Path)
	m, rest := d.match(path)
	if m == nil {
		x.Route = g.fronts.forbidden
		return
	}
	x.API = table.API(m.api)
	if x.API == nil {
		x.Route = g.fronts.forbidden
		return
	}
	name := []byte(m.stage)
	if m.stage == "" {
		name, rest = segment(trimSlash(oneSlash(rest)))
	}
	stage := x.API.Stages[string(name)]
	if stage == nil {
		x.Route = g.fronts.forbidden
		return
	}
	x.CustomDomain, x.BasePath = true, strings.TrimPrefix(m.base, "/")
	x.FullPath, x.Path = path, oneSlash(rest)
	g.route(x, stage.Draw(x), route.Plain(x.Path))
}

// loadDomains reads all custom domain names; there are few.
func (f *follower) loadDomains(ctx context.Context) (map[string]*domain, error) {
	domains := map[string]*domain{}
	err := f.g.cfg.Store.View(ctx, func(tx store.Tx) error {
		clear(domains)
		for d, err := range store.Scan[api.DomainName](tx, api.DomainNames, "") {
			if err != nil {
				return err
			}
			all, err := store.All[api.DomainMapping](tx, api.MappingsOfDomain(d.Name, d.ID))
			if err != nil {
				return err
			}
			domains[lowered(d.Name)] = newDomain(all)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load domain names: %w", err)
	}
	return domains, nil
}

func newDomain(all []api.DomainMapping) *domain {
	d := &domain{}
	for _, m := range all {
		base := ""
		if m.Path != "" {
			base = "/" + m.Path
		}
		d.mappings = append(d.mappings, mapping{base: base, api: []byte(m.API), stage: m.Stage})
	}
	slices.SortStableFunc(d.mappings, func(a, b mapping) int { return len(b.base) - len(a.base) })
	return d
}

// ofDomain says whether a key is one of custom domain names.
func ofDomain(key store.Key) bool {
	return strings.HasPrefix(key, api.DomainNames) || strings.HasPrefix(key, api.DomainMappings)
}
