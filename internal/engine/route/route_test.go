package route

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// tree builds a tree whose values are the routes themselves, "GET /pets".
func tree(t testing.TB, routes ...string) *Tree[string] {
	t.Helper()
	var all []Route[string]
	for _, r := range routes {
		method, path, _ := strings.Cut(r, " ")
		all = append(all, Route[string]{Method: method, Path: path, Value: r})
	}
	got, err := New(all)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// found is a match as text: the route, then its parameters.
func found(t *Tree[string], request string) string {
	method, path, _ := strings.Cut(request, " ")
	value, params, ok := t.Match([]byte(method), []byte(path), nil)
	if !ok {
		return "none"
	}
	for _, p := range params {
		value += fmt.Sprintf(" %s=%s", p.Name, p.Value)
	}
	return value
}

func TestMatch(t *testing.T) {
	hardcoded := []string{"GET /part1/hardcoded-value", "GET /part1/{param+}"}
	proxy := []string{"ANY /{proxy+}"}
	for _, tt := range []struct {
		name    string
		routes  []string
		request string
		want    string
	}{
		// parity: spec/rest-data-plane.md 2.3
		{"a method that is lacking falls back to ANY", []string{"POST /test", "ANY /{proxy+}"}, "OPTIONS /test", "ANY /{proxy+} proxy=test"},
		{"a method that is lacking falls back to a method", []string{"POST /test", "OPTIONS /{proxy+}"}, "OPTIONS /test", "OPTIONS /{proxy+} proxy=test"},
		{"a method that is there does not fall back", []string{"POST /test", "ANY /{proxy+}"}, "POST /test", "POST /test"},
		{"literal before greedy sibling", hardcoded, "GET /part1/hardcoded-value", "GET /part1/hardcoded-value"},
		{"greedy sibling takes the others", hardcoded, "GET /part1/random-value", "GET /part1/{param+} param=random-value"},
		{"back out of a variable", []string{"GET /a/{id}", "ANY /{proxy+}"}, "GET /a/b/c", "ANY /{proxy+} proxy=a/b/c"},
		{"no method", []string{"GET /a"}, "POST /a", "none"},
		{"method before ANY", []string{"ANY /a", "GET /a"}, "GET /a", "GET /a"},
		{"ANY takes the others", []string{"ANY /a", "GET /a"}, "PUT /a", "ANY /a"},
		{"ANY is seven methods", []string{"ANY /a"}, "TRACE /a", "none"},
		{"no HEAD from GET", []string{"GET /a"}, "HEAD /a", "none"},
		{"greedy wants a segment", proxy, "GET /", "none"},
		{"case matters", []string{"GET /a"}, "GET /A", "none"},
		{"literal before variable", []string{"GET /pets/{id}", "GET /pets/mine"}, "GET /pets/mine", "GET /pets/mine"},
		{"back out of a literal", []string{"GET /pets/{id}/toys", "GET /pets/mine"}, "GET /pets/mine/toys", "GET /pets/{id}/toys id=mine"},
		{"two variables", []string{"GET /{a}/x/{b}"}, "GET /1/x/2", "GET /{a}/x/{b} a=1 b=2"},
		{"variable wants text", []string{"GET /a/{b}/c"}, "GET /a//c", "none"},

		// parity: spec/rest-data-plane.md 2.4
		{"plain", proxy, "GET /proxy-value", "ANY /{proxy+} proxy=proxy-value"},
		{"slash at the end", proxy, "GET /proxy-value/", "ANY /{proxy+} proxy=proxy-value"},
		{"inner double slash", proxy, "GET /proxy-value//double-slash", "ANY /{proxy+} proxy=proxy-value//double-slash"},
		{"double slash at the front", proxy, "GET //proxy-value", "ANY /{proxy+} proxy=proxy-value"},
		{"many slashes at the front", proxy, "GET ////proxy-value", "ANY /{proxy+} proxy=proxy-value"},
		{"not decoded", proxy, "GET /test%2Balias@gmail.com", "ANY /{proxy+} proxy=test%2Balias@gmail.com"},
		{"plus", proxy, "GET /test+alias@gmail.com", "ANY /{proxy+} proxy=test+alias@gmail.com"},
		{"literal with slashes around", []string{"GET /hardcoded"}, "GET //hardcoded/", "GET /hardcoded"},
		{"encoded slash stays", []string{"GET /a/{b}"}, "GET /a/x%2Fy", "GET /a/{b} b=x%2Fy"},
		{"encoded literal is another", []string{"GET /admin"}, "GET /%61dmin", "none"},
		{"empty inner segment is no literal", []string{"GET /a/b"}, "GET /a//b", "none"},
		{"root", []string{"GET /"}, "GET /", "GET /"},
		{"root of nothing", []string{"GET /"}, "GET ", "GET /"},
		{"root of slashes", []string{"GET /"}, "GET ///", "GET /"},
		{"greedy below keeps what it got", []string{"GET /a/{p+}"}, "GET /a//b", "GET /a/{p+} p=/b"},
		{"greedy below wants a segment", []string{"GET /a/{p+}"}, "GET /a/", "none"},
		{"no path", []string{"ANY /{proxy+}", "ANY /"}, "OPTIONS *", "none"},
		{"no routes", nil, "GET /", "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := found(tree(t, tt.routes...), tt.request); got != tt.want {
				t.Errorf("Match(%q) = %q, want %q", tt.request, got, tt.want)
			}
		})
	}
}

func TestMatchKeepsParams(t *testing.T) {
	tr := tree(t, "GET /{a}/{b}")
	before := []Param{{Name: "kept", Value: []byte("x")}}
	_, params, ok := tr.Match([]byte("GET"), []byte("/1/2"), before)
	if !ok || len(params) != 3 || params[0].Name != "kept" || params[2].Name != "b" {
		t.Errorf("Match = %v, %v, want kept, a, b", params, ok)
	}
	if _, params, _ = tr.Match([]byte("GET"), []byte("/1"), before); len(params) != 1 {
		t.Errorf("a miss left %v", params)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, routes := range [][]string{
		{"GET pets"},
		{"GET /pets/"},
		{"GET //pets"},
		{"GET /{a+}/b"},
		{"GET /a{b}"},
		{"GET /{a}{b}"},
		{"GET /{}"},
		{"GET /{+}"},
		{"FETCH /a"},
		{"GET /a", "GET /a"},
		{"ANY /a/{x}", "ANY /a/{y}"},
	} {
		var all []Route[int]
		for _, r := range routes {
			method, path, _ := strings.Cut(r, " ")
			all = append(all, Route[int]{Method: method, Path: path})
		}
		if _, err := New(all); err == nil {
			t.Errorf("New(%q) took it", routes)
		}
	}
}

func TestNames(t *testing.T) {
	if got := fmt.Sprint(Names("/a/{b}/c/{d+}")); got != "[b d]" {
		t.Errorf("Names = %s, want [b d]", got)
	}
}

func TestCheck(t *testing.T) {
	for _, path := range []string{
		"/", "/a/b", "/.well-known/x", "/a.b/..c", "/...", "/a%2Fb", "/a+b", "/a;b=..",
		"/public/a%3fx=1", "/%ff", "", "/a/%2E%2Ex",
	} {
		if !Check([]byte(path)) {
			t.Errorf("Check(%q) refused it", path)
		}
	}
	for _, path := range []string{
		"/..", "/a/../b", "/a/.", "/./a", "/public/%2e%2e/admin", "/public/.%2E/admin", "/public/%252e%252e/admin",
		"/public/..%2fadmin", "/public/..%5cadmin", `/public\..\admin`, "/public/..;/admin", "/public/%2e%2e;x=1/admin",
		"/admin%00", "/public/%zz", "/public/a%2", "/public/%u002e", "/a/%2e", "/a\x00b", "/%", "*", ".",
		"/x%2f..%2f..%2fother-stage/a", "/%2e%2e%3bx/a",
	} {
		if Check([]byte(path)) {
			t.Errorf("Check(%q) let it through", path)
		}
	}
}

// FuzzMatch holds the tree to a matcher that is written down from the words of
// the specification and tries every route.
func FuzzMatch(f *testing.F) {
	f.Add(uint64(1), "/a/b")
	f.Add(uint64(7), "//a//b/")
	f.Add(uint64(42), "/a/%2F/")
	f.Fuzz(func(t *testing.T, seed uint64, path string) {
		r := rand.New(rand.NewPCG(seed, 1))
		routes := randomRoutes(r)
		tr, err := New(routes)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{path, randomPath(r), randomPath(r)} {
			for _, method := range []string{"GET", "POST", "HEAD", "TRACE"} {
				got, params, ok := tr.Match([]byte(method), []byte(p), nil)
				want, values, wantOK := slow(routes, method, p)
				if got != want || ok != wantOK || len(params) != len(values) {
					t.Fatalf("Match(%s %q) = %q %v, want %q %v, among %v", method, p, got, ok, want, wantOK, routes)
				}
				for i, v := range values {
					if string(params[i].Value) != v {
						t.Fatalf("Match(%s %q): parameter %d is %q, want %q", method, p, i, params[i].Value, v)
					}
				}
			}
		}
	})
}

func randomPath(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(5) {
		b.WriteString([]string{"/", "/a", "/b", "/c", "//", "/%2F"}[r.IntN(6)])
	}
	return "/" + strings.TrimPrefix(b.String(), "/")
}

// randomRoutes makes routes of which at most one variable stands at each place.
func randomRoutes(r *rand.Rand) []Route[string] {
	taken := map[string]bool{}
	var routes []Route[string]
	for range r.IntN(12) {
		path := ""
		for range r.IntN(4) {
			path += []string{"/a", "/b", "/{p}", "/a", "/{p}"}[r.IntN(5)]
		}
		if path == "" || r.IntN(4) == 0 {
			path += []string{"/{g+}", "/"}[r.IntN(2)]
		}
		if len(path) > 1 {
			path = strings.TrimSuffix(path, "/")
		}
		method := []string{"GET", "POST", "ANY"}[r.IntN(3)]
		value := method + " " + path
		if !taken[value] {
			taken[value] = true
			routes = append(routes, Route[string]{Method: method, Path: path, Value: value})
		}
	}
	return routes
}

// slow is the obvious matcher: of all routes that take the path and the
// method, the one whose segments are the most specific, from the left.
func slow(routes []Route[string], method, path string) (string, []string, bool) {
	if !strings.Contains("GET POST PUT DELETE OPTIONS PATCH HEAD", method) {
		return "", nil, false
	}
	if path != "" && path[0] != '/' {
		return "", nil, false
	}
	path = "/" + strings.TrimLeft(path, "/")
	path = strings.TrimSuffix(path, "/")
	best, rank := -1, ""
	var values []string
	for i, r := range routes {
		if r.Method != method && r.Method != Any {
			continue
		}
		got, vals, ok := takes(r.Path, path)
		if !ok {
			continue
		}
		if r.Method == Any {
			got += "z" // on the same resource the method itself comes first
		}
		if best < 0 || got < rank {
			best, rank, values = i, got, vals
		}
	}
	if best < 0 {
		return "", nil, false
	}
	return routes[best].Value, values, true
}

// takes says whether a route's path takes a path; rank is smaller the more
// specific it is: a literal is 0, a variable 1, a greedy one 2.
func takes(pattern, path string) (rank string, values []string, ok bool) {
	want, got := strings.Split(pattern, "/")[1:], strings.Split(path, "/")[1:]
	if pattern == "/" {
		want = nil
	}
	for i, w := range want {
		switch {
		case strings.HasSuffix(w, "+}"):
			rest := strings.Join(got[min(i, len(got)):], "/")
			return rank + "2", append(values, rest), rest != ""
		case i >= len(got):
			return "", nil, false
		case strings.HasPrefix(w, "{"):
			if got[i] == "" {
				return "", nil, false
			}
			rank += "1"
			values = append(values, got[i])
		case w == got[i]:
			rank += "0"
		default:
			return "", nil, false
		}
	}
	return rank, values, len(want) == len(got)
}

// FuzzPlain: Plain is what its comment says, wherever in the path a byte
// stands, and says of no path that it may be routed which check would refuse.
func FuzzPlain(f *testing.F) {
	for _, path := range []string{"/", "/a", "/abcdef", "/abcdefg", "/prod/pets/7", "/a.b", "/abcdefghijklmnopqrstuvw.", "/abcdefghijkl@mn", "/%41", "x", "", "/\xff\xff\xff\xff\xff\xff\xff\xff"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		want := strings.HasPrefix(path, "/") && !strings.ContainsAny(path, ".%\\@\x00")
		if got := Plain([]byte(path)); got != want {
			t.Fatalf("Plain(%q) = %v", path, got)
		}
		if want && !check([]byte(path)) {
			t.Fatalf("Plain lets %q through", path)
		}
		before, _, _ := strings.Cut(path, "/")
		if got := Slash([]byte(path)); got != len(before) {
			t.Fatalf("Slash(%q) = %d", path, got)
		}
		if len(path) > 0 {
			if before, _, _ := strings.Cut(path[1:], "/"); Slash([]byte(path[1:])) != len(before) {
				t.Fatalf("Slash(%q) is wrong", path[1:])
			}
		}
	})
}

// FuzzCheck: what Check lets through has no segment that any number of
// decodings turns into . or ..
func FuzzCheck(f *testing.F) {
	f.Add("/a/%2e%2e/b")
	f.Add("/a/..;/b")
	f.Fuzz(func(t *testing.T, path string) {
		if !Check([]byte(path)) {
			return
		}
		for range decodings {
			for segment := range strings.FieldsFuncSeq(path, func(c rune) bool { return c == '/' || c == '\\' }) {
				segment, _, _ = strings.Cut(segment, ";")
				if segment == "." || segment == ".." {
					t.Fatalf("Check let %q through", path)
				}
			}
			b := []byte(path)
			path = string(b[:unescape(b)])
		}
	})
}

// many makes n routes as an API has them: collections, members, members' parts.
func many(n int) []Route[int] {
	routes := make([]Route[int], 0, n)
	for i := 0; len(routes) < n; i++ {
		base := fmt.Sprintf("/v1/collection%d", i)
		for _, r := range []Route[int]{
			{Method: "GET", Path: base},
			{Method: "POST", Path: base},
			{Method: "GET", Path: base + "/{id}"},
			{Method: "GET", Path: base + "/{id}/parts/{part}"},
			{Method: "ANY", Path: base + "/files/{proxy+}"},
		} {
			r.Value = len(routes)
			routes = append(routes, r)
		}
	}
	return routes[:n]
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		tr, err := New(many(n))
		if err != nil {
			b.Fatal(err)
		}
		paths := make([][]byte, 0, 1024)
		r := rand.New(rand.NewPCG(1, 1))
		for range cap(paths) {
			paths = append(paths, fmt.Appendf(nil, "/v1/collection%d/ab12/parts/7", r.IntN(n/5)))
		}
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			params := make([]Param, 0, 8)
			get := []byte("GET")
			for i := 0; b.Loop(); i++ {
				if _, _, ok := tr.Match(get, paths[i%len(paths)], params); !ok {
					b.Fatal("no match")
				}
			}
		})
	}
}

const matchAllocs = 0

// TestMatchAllocs holds BenchmarkMatch to its promise in every test run.
func TestMatchAllocs(t *testing.T) {
	tr, err := New(many(1000))
	if err != nil {
		t.Fatal(err)
	}
	params := make([]Param, 0, 8)
	get, path := []byte("GET"), []byte("/v1/collection7/ab12/parts/7")
	got := testing.AllocsPerRun(1000, func() {
		if _, _, ok := tr.Match(get, path, params); !ok {
			t.Fatal("no match")
		}
	})
	if got > matchAllocs {
		t.Errorf("Match allocates %v times, want at most %d", got, matchAllocs)
	}
}
