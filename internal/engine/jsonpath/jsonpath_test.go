package jsonpath_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/engine/jsonpath"
)

// plain is a Tree of what encoding/json decodes; names are in order of text.
type plain struct{}

func (plain) Member(v any, name string) (any, bool) {
	m, ok := v.(map[string]any)
	c, found := m[name]
	return c, ok && found
}

func (plain) Names(v any) ([]string, bool) {
	m, ok := v.(map[string]any)
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names, ok
}

func (plain) Items(v any) ([]any, bool) {
	l, ok := v.([]any)
	return l, ok
}

func (plain) Object(names []string, values []any) any {
	m := map[string]any{}
	for i, n := range names {
		m[n] = values[i]
	}
	return m
}

const document = `{"store":{"book":[
 {"category":"reference","title":"A","price":8.95},
 {"category":"fiction","title":"B","price":12.99,"isbn":"1"},
 {"category":"fiction","title":"C","price":8.99,"isbn":"2"}],
 "bicycle":{"color":"red","price":19.95}},"limit":10,"a b":{"c.d":1},"none":null,"empty":[]}`

func load(t testing.TB) any {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(document), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestFind(t *testing.T) {
	doc := load(t)
	for _, tt := range []struct{ path, want string }{
		{"$.limit", "10"},
		{"limit", "10"},
		{"$['limit']", "10"},
		{"$['a b']['c.d']", "1"},
		{"$.store.book[0].title", `"A"`},
		{"$.store.book[-1].title", `"C"`},
		{"$.store.book[-1:].title", `["C"]`},
		{"$.store.book[0,2].title", `["A","C"]`},
		{"$.store.book[:2].title", `["A","B"]`},
		{"$.store.book[::2].title", `["A","C"]`},
		{"$.store.book[*].title", `["A","B","C"]`},
		{"$..price", `[19.95,8.95,12.99,8.99]`},
		{"$.store..color", `["red"]`},
		{"$.store.bicycle['color','price']", `{"color":"red","price":19.95}`},
		{"$.store.bicycle['color','none']", `{"color":"red"}`},
		{"$.store['book','bicycle'].length()", `2`},
		{"$.store['book','bicycle'].color", `["red"]`},
		{"$.store.book[*]['title','price']", `[{"price":8.95,"title":"A"},{"price":12.99,"title":"B"},{"price":8.99,"title":"C"}]`},
		{"$.store.book[?(@.price < 9)].title", `["A","C"]`},
		{"$.store.book[?(@.price < $.limit && @.isbn)].title", `["C"]`},
		{"$.store.book[?(@.category == 'fiction' || @.title == 'A')].title", `["A","B","C"]`},
		{"$.store.book[?(!(@.isbn))].title", `["A"]`},
		{"$.store.book[?(@.title =~ /[ab]/i)].title", `["A","B"]`},
		{"$.store.book[?(@.title in ['A','C'])].title", `["A","C"]`},
		{"$.store.book[?(@['isbn'] != '1')].title", `["A","C"]`},
		{"$.store.book.length()", "3"},
		{"$.store.book[*].price.min()", "8.95"},
		{"$.none", "null"},
		{"$.missing", "nothing"},
		{"$.limit.x", "nothing"},
		{"$.store.book[9]", "nothing"},
		{"$.empty[*].x", "[]"},
		{"$", document},
	} {
		t.Run(tt.path, func(t *testing.T) {
			p, err := jsonpath.Parse(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			got, ok, err := p.Find(plain{}, doc)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "nothing" {
				if ok {
					t.Errorf("Find(%s) = %v, want nothing", tt.path, got)
				}
				return
			}
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var g, w any
			if err := errors.Join(json.Unmarshal(text, &g), json.Unmarshal([]byte(tt.want), &w)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(w, g); diff != "" || !ok {
				t.Errorf("Find(%s) = %v (-want +got):\n%s", tt.path, ok, diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"$.", "$[", "$['a", "$[x]", "$[1", "$.a[?(@.b ==)]", "$.a[?(@.b", "$[1:2:0]", "$.length().x", "$.a[?(@ =~ /(/)]"} {
		if _, err := jsonpath.Parse(text); !errors.Is(err, jsonpath.ErrPath) {
			t.Errorf("Parse(%q) = %v, want ErrPath", text, err)
		}
	}
}

// FuzzFind: no path makes the search panic or run away; a path that is not
// definite always finds a list, or a number by a function.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"$.a['b'][0]", "$..x[?(@.y > 1 && !@.z)]", "$[1:2,*]", "$.a.length()", "a.b", "$[?(@ in [1,'x'])]"} {
		f.Add(s)
	}
	doc := load(f)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := jsonpath.Parse(text)
		if err != nil {
			if !errors.Is(err, jsonpath.ErrPath) {
				t.Fatalf("Parse(%q) = %v", text, err)
			}
			return
		}
		got, ok, err := p.Find(plain{}, doc)
		if err != nil && !errors.Is(err, jsonpath.ErrPath) {
			t.Fatalf("Find(%q) = %v", text, err)
		}
		if _, list := got.([]any); err == nil && ok && !p.Definite() && !list {
			if _, isNumber := got.(float64); !isNumber {
				if _, isInt := got.(int64); !isInt {
					t.Fatalf("Find(%q) = %v, want a list", text, got)
				}
			}
		}
	})
}
