package gateway

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/stagedoor/stagedoor/internal/program"
)

// Table is every API and its stages. It does not change once it is in use.
type Table struct {
	apis    shards
	domains map[string]*domain // custom domain names, in lower case; "*.name" for all under it
}

// shards are APIs by their ids in lower case, in parts that are small enough to
// be copied when one of their APIs changes, with a hundred thousand APIs too.
type shards [1 << shardBits]map[string]*program.API

const shardBits = 9

// shard is the part that an id in lower case belongs to.
func shard[T string | []byte](id T) int {
	h := uint32(0)
	for i := max(len(id)-10, 0); i < len(id); i++ { // ids that are made have ten characters
		h = bits.RotateLeft32(h, 5) ^ uint32(id[i])
	}
	return int(h * 0x9E3779B1 >> (32 - shardBits))
}

// with is s with other APIs under some ids in lower case; a nil one is gone.
func (s *shards) with(changed map[string]*program.API) shards {
	next := *s
	var own [len(next)]bool
	for id, a := range changed {
		at := shard(id)
		if !own[at] {
			next[at], own[at] = maps.Clone(next[at]), true
		}
		switch {
		case a == nil:
			delete(next[at], id)
		case next[at] == nil:
			next[at] = map[string]*program.API{id: a}
		default:
			next[at][id] = a
		}
	}
	return next
}

// all yields every API.
func (s *shards) all(yield func(*program.API) bool) {
	for _, part := range s {
		for _, a := range part {
			if !yield(a) {
				return
			}
		}
	}
}

// NewTable makes a table.
func NewTable(apis ...*program.API) *Table {
	all := make(map[string]*program.API, len(apis))
	for _, a := range apis {
		all[lowered(a.ID)] = a
	}
	return &Table{apis: new(shards).with(all)}
}

// API finds an API by its id, whatever the case; nil if there is none.
// parity: spec/rest-data-plane.md 2.1.
func (t *Table) API(id []byte) *program.API {
	if len(id) == 0 {
		return nil
	}
	if a := t.apis[shard(id)][string(id)]; a != nil {
		return a
	}
	return t.apiOfAnyCase(id)
}

func (t *Table) apiOfAnyCase(id []byte) *program.API {
	var buf [64]byte
	if len(id) > len(buf) {
		return nil
	}
	for i, c := range id {
		buf[i] = lower(c)
	}
	return t.apis[shard(buf[:len(id)])][string(buf[:len(id)])]
}

// IDs lists the ids of all APIs, sorted.
func (t *Table) IDs() []string {
	var ids []string
	for a := range t.apis.all {
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
	low := make(map[string]*program.API, len(changed))
	for id, a := range changed {
		low[lowered(id)] = a
	}
	return &Table{apis: t.apis.with(low), domains: t.domains}
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
