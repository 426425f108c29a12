package step

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// FuzzCacheKey: two requests have one key if and only if they have the same
// verb and the same values of everything that is named, in the same order.
func FuzzCacheKey(f *testing.F) {
	f.Add("GET", "a", "q=1&q=2", "x,y", "GET", "a", "q=2&q=1", "x,y")
	f.Add("GET", "a", "q=1%262", "", "GET", "a", "q=1&q=2", "")
	f.Add("GET", "", "q", ",", "GET", "", "q=", "")
	f.Add("GET", "\x00\x00\x00\x01", "q=%ff%ff%ff%ff", "\xff\xff\xff\xff", "GET", "\x00\x00\x00\x01", "q=%FF%ff%ff", "\xff,\xff\xff\xff\xff\xff\xff\xff")
	scope := Scope{ResourceID: "r", Variables: map[string]string{"v": "w"}}
	key, err := scope.cacheKey(&api.Integration{CacheKeyParameters: []string{
		"method.request.path.p", "method.request.querystring.q", "method.request.header.H", "integration.request.header.I",
	}, RequestParameters: map[string]string{"integration.request.header.I": "context.identity.userAgent"}})
	if err != nil {
		f.Fatal(err)
	}
	type tuple struct {
		verb, path     string
		query, headers []string
	}
	keyOf := func(t *testing.T, verb, path, query, headers string) ([]byte, tuple) {
		var fields []http1.Field
		is := tuple{verb: verb, path: path}
		if headers != "" {
			is.headers = strings.Split(headers, ",")
		}
		for i, v := range is.headers {
			fields = append(fields, http1.Field{Name: []byte([]string{"H", "h"}[i%2]), Value: []byte(v)})
		}
		x := exchange(t, fields...)
		x.Method, x.Request.Query = []byte(verb), []byte(query)
		x.Params = append(x.Params, program.Param{Name: "p", Value: []byte(path)})
		for _, p := range x.Query() {
			if string(p.Name) == "q" {
				is.query = append(is.query, string(p.Value))
			}
		}
		return bytes.Clone(x.KeepVariable(key.appendTo)), is
	}
	f.Fuzz(func(t *testing.T, verb1, path1, query1, headers1, verb2, path2, query2, headers2 string) {
		key1, is1 := keyOf(t, verb1, path1, query1, headers1)
		key2, is2 := keyOf(t, verb2, path2, query2, headers2)
		same := is1.verb == is2.verb && is1.path == is2.path && slices.Equal(is1.query, is2.query) && slices.Equal(is1.headers, is2.headers)
		if got := bytes.Equal(key1, key2); got != same {
			t.Fatalf("%q and %q have one key: %v", is1, is2, got)
		}
	})
}

// FuzzCachedAnswer: what is kept is what comes back.
func FuzzCachedAnswer(f *testing.F) {
	f.Add(200, "X-A", "1", "", "body")
	f.Fuzz(func(t *testing.T, status int, name, value, other, body string) {
		x := exchange(t)
		x.Answer = program.Answer{Status: status & 0xffff, Fields: []http1.Field{{Name: []byte(name), Value: []byte(value)}, {Name: []byte(other)}}}
		kept := append(bytes.Clone(x.KeepVariable(appendHead)), body...)
		var got program.Answer
		readAnswer(&got, kept)
		if got.Status != x.Answer.Status || string(got.Body) != body || !slices.EqualFunc(got.Fields, x.Answer.Fields, func(a, b http1.Field) bool {
			return bytes.Equal(a.Name, b.Name) && bytes.Equal(a.Value, b.Value)
		}) {
			t.Fatalf("%+v came back as %+v", x.Answer, got)
		}
	})
}

func TestMaxAgeZero(t *testing.T) {
	for directive, want := range map[string]bool{
		"max-age=0": true, "Max-Age=000": true, "max-age=": false, "max-age": false, "max-age=01": false, "max-age=-0": false,
		"s-max-age=0": false, `max-age="0"`: false,
	} {
		if got := maxAgeZero([]byte(directive)); got != want {
			t.Errorf("%s: %v, want %v", directive, got, want)
		}
	}
}

func TestCacheSize(t *testing.T) {
	for size, want := range map[string]int64{
		"0.5": 1 << 29, "1.6": 1717986918, "118": 118 << 30, "237": 237 << 30, "": 0, "NaN": 0, "-1": 0, "1e9": 0,
	} {
		if got := CacheSize(&api.Stage{CacheClusterEnabled: true, CacheClusterSize: &size}); got != want {
			t.Errorf("%q: %d, want %d", size, got, want)
		}
	}
	if got := CacheSize(&api.Stage{}); got != 0 {
		t.Errorf("off: %d", got)
	}
}
