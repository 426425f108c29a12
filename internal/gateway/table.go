package gateway

import (
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
type shards [1 << shardBits]*part

// part is some APIs by their ids in lower case. Most parts have one only, which
// a comparison of a few bytes finds; with more it is the first of them.
type part struct {
	first entry
	all   map[string]*entry // nil: there is only the first
}

// entry is an API with what requests look for in it.
type entry struct {
	id     string // in lower case
	api    *program.API
	stages [fewStages]named // some of its stages
	rest   bool             // it has others
}

type named struct {
	name  string
	stage *program.Stage
}

const fewStages = 2

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
	parts := map[int]map[string]*program.API{}
	for id, a := range changed {
		at := shard(id)
		if parts[at] == nil {
			parts[at] = next[at].apis()
		}
		if a == nil {
			delete(parts[at], id)
		} else {
			parts[at][id] = a
		}
	}
	for at, apis := range parts {
		next[at] = newPart(apis)
	}
	return next
}

// newPart makes a part; nil if there is nothing in it.
func newPart(apis map[string]*program.API) *part {
	if len(apis) == 0 {
		return nil
	}
	p := &part{}
	if len(apis) > 1 {
		p.all = make(map[string]*entry, len(apis))
	}
	for id, a := range apis {
		p.first = newEntry(id, a)
		if p.all != nil {
			e := p.first
			p.all[id] = &e
		}
	}
	return p
}

func newEntry(id string, a *program.API) entry {
	e := entry{id: id, api: a, rest: len(a.Stages) > fewStages}
	n := 0
	for name, s := range a.Stages {
		if n < fewStages {
			e.stages[n] = named{name, s}
			n++
		}
	}
	return e
}

// apis are those of a part, which may be nil.
func (p *part) apis() map[string]*program.API {
	apis := map[string]*program.API{}
	if p != nil {
		apis[p.first.id] = p.first.api
		for id, e := range p.all {
			apis[id] = e.api
		}
	}
	return apis
}

// find is the entry of an id in lower case, nil if there is none.
func (s *shards) find(id []byte) *entry {
	p := s[shard(id)]
	if p == nil {
		return nil
	}
	if p.first.id == string(id) {
		return &p.first
	}
	return p.all[string(id)]
}

// stage is a stage by its name, nil if there is none.
func (e *entry) stage(name []byte) *program.Stage {
	if s := &e.stages[0]; s.name == string(name) {
		return s.stage
	}
	return e.other(name)
}

// other is stage of all but the first.
func (e *entry) other(name []byte) *program.Stage {
	if s := &e.stages[1]; s.name == string(name) {
		return s.stage
	}
	if !e.rest {
		return nil
	}
	return e.api.Stages[string(name)]
}

// all yields every API.
func (s *shards) all(yield func(*program.API) bool) {
	for _, p := range s {
		for _, a := range p.apis() {
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
	if e := t.entry(id); e != nil {
		return e.api
	}
	return nil
}

// entry is API for those who look for a stage of it as well.
func (t *Table) entry(id []byte) *entry {
	if len(id) == 0 {
		return nil
	}
	if e := t.apis.find(id); e != nil {
		return e
	}
	return t.ofAnyCase(id)
}

func (t *Table) ofAnyCase(id []byte) *entry {
	var buf [64]byte
	if len(id) > len(buf) {
		return nil
	}
	for i, c := range id {
		buf[i] = lower(c)
	}
	return t.apis.find(buf[:len(id)])
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
