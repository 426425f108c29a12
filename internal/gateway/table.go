package gateway

import (
	"maps"
	"slices"

	"github.com/stagedoor/stagedoor/internal/program"
)

// Table is every API and its stages. It does not change once it is in use.
type Table struct {
	apis    map[string]*program.API // by id in lower case
	domains map[string]*domain      // custom domain names, in lower case; "*.name" for all under it
}

// NewTable makes a table.
func NewTable(apis ...*program.API) *Table {
	t := &Table{apis: make(map[string]*program.API, len(apis))}
	for _, a := range apis {
		t.apis[lowered(a.ID)] = a
	}
	return t
}

// API finds an API by its id, whatever the case; nil if there is none.
// parity: spec/rest-data-plane.md 2.1.
func (t *Table) API(id []byte) *program.API {
	var buf [64]byte
	if len(id) == 0 || len(id) > len(buf) {
		return nil
	}
	for i, c := range id {
		buf[i] = lower(c)
	}
	return t.apis[string(buf[:len(id)])]
}

// IDs lists the ids of all APIs, sorted.
func (t *Table) IDs() []string {
	ids := make([]string, 0, len(t.apis))
	for _, a := range t.apis {
		ids = append(ids, a.ID)
	}
	slices.Sort(ids)
	return ids
}

// Stage finds a stage by its API's id and its name; nil if there is none.
func (t *Table) Stage(api, name string) *program.Stage {
	if a := t.API([]byte(api)); a != nil {
		return a.Stages[name]
	}
	return nil
}

// with is a table that differs in some APIs; a nil one is gone.
func (t *Table) with(changed map[string]*program.API) *Table {
	n := &Table{apis: maps.Clone(t.apis), domains: t.domains}
	if n.apis == nil {
		n.apis = make(map[string]*program.API, len(changed))
	}
	for id, a := range changed {
		if a == nil {
			delete(n.apis, lowered(id))
		} else {
			n.apis[lowered(id)] = a
		}
	}
	return n
}

func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
