package gateway

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
)

// TestTable: a table has what it was given and nothing else, however many APIs
// share a part, however many stages they have and whatever changes.
func TestTable(t *testing.T) {
	made := func(i int) *program.API {
		a := &program.API{ID: fmt.Sprintf("Api%05d", i), Stages: map[string]*program.Stage{}}
		for j := range i % 5 {
			name := fmt.Sprintf("s%d", j)
			a.Stages[name] = &program.Stage{APIID: a.ID, Name: name}
		}
		return a
	}
	model := map[string]*program.API{}
	var all []*program.API
	for i := range 2000 {
		a := made(i)
		all = append(all, a)
		model[a.ID] = a
	}
	table := NewTable(all...)
	check := func() {
		t.Helper()
		if got := len(table.IDs()); got != len(model) {
			t.Fatalf("%d APIs, want %d", got, len(model))
		}
		for i := range 2010 {
			id := fmt.Sprintf("Api%05d", i)
			want := model[id]
			for _, spelled := range []string{id, strings.ToLower(id), strings.ToUpper(id)} {
				if got := table.API([]byte(spelled)); got != want {
					t.Fatalf("%s is %v, want %v", spelled, got, want)
				}
			}
			for j := range 6 {
				name := fmt.Sprintf("s%d", j)
				if want == nil {
					continue
				}
				if got := table.entry([]byte(id)).stage([]byte(name)); got != want.Stages[name] {
					t.Fatalf("stage %s of %s is %v, want %v", name, id, got, want.Stages[name])
				}
			}
			if want != nil && table.entry([]byte(id)).stage(nil) != nil {
				t.Fatalf("%s has a stage without a name", id)
			}
		}
	}
	check()
	before := table
	for range 20 {
		changed := map[string]*program.API{}
		for range 50 {
			i := rand.IntN(2010)
			id := fmt.Sprintf("Api%05d", i)
			if changed[id] = nil; rand.IntN(2) == 0 {
				changed[id] = made(i)
			}
		}
		table = table.with(changed)
		for id, a := range changed {
			if model[id] = a; a == nil {
				delete(model, id)
			}
		}
		check()
	}
	if len(before.IDs()) != 2000 || before.API([]byte("api00004")) != all[4] {
		t.Fatal("a table has changed that is in use")
	}
	if table.API(nil) != nil || table.API([]byte(strings.Repeat("a", 99))) != nil {
		t.Error("there is an API that nobody made")
	}
}

// TestOdd: what makes a path look like one of a connection may be an API's id.
func TestOdd(t *testing.T) {
	for id, want := range map[string]bool{"@connections": true, "%40connections": true, "abc": false, "": false} {
		if odd([]byte(id)) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
