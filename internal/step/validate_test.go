package step

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jsonschema"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

// models are models by name, of an API without an id.
func models(texts map[string]string) Models {
	return func(name string) (*jsonschema.Schema, error) {
		if texts[name] == "" {
			return nil, errors.New("the API has no such model")
		}
		return jsonschema.Compile("https://apigateway.amazonaws.com/restapis/a/models/"+name, texts[name], nil)
	}
}

var both = api.RequestValidator{ValidateBody: true, ValidateParameters: true}

func TestValidateHasNothingToDo(t *testing.T) {
	m := &api.Method{
		RequestParameters: map[string]bool{"method.request.header.a": false},
		RequestModels:     map[string]string{"application/json": "Pet"},
	}
	for name, s := range map[string]program.Step{
		"a validator of nothing":     Validate(m, api.RequestValidator{}, nil),
		"nothing required":           Validate(m, api.RequestValidator{ValidateParameters: true}, nil),
		"nothing declared":           Validate(&api.Method{}, both, nil),
		"bodies, but only of models": Validate(&api.Method{}, api.RequestValidator{ValidateBody: true}, nil),
	} {
		if s.Run != nil {
			t.Errorf("%s: a step %q", name, s.Note)
		}
	}
}

func TestValidateNote(t *testing.T) {
	m := &api.Method{
		RequestParameters: map[string]bool{
			"method.request.querystring.q": true, "method.request.path.id": true, "method.request.header.X-A": true,
			"method.request.multivaluequerystring.m": true, "method.request.header.off": false,
		},
		RequestModels: map[string]string{"application/json": "Pet", "$default": "Gone"},
	}
	s := Validate(m, both, models(map[string]string{"Pet": `{}`}))
	want := "header.X-A, querystring.m, path.id, querystring.q, body $default as Gone (model Gone: the API has no such model), body application/json as Pet"
	if s.Name != "validate" || s.Note != want || !s.Waits {
		t.Errorf("step %s %q waits %v\nwant validate %q", s.Name, s.Note, s.Waits, want)
	}
	if s := Validate(m, api.RequestValidator{ValidateParameters: true}, nil); s.Waits {
		t.Error("a check of parameters waits")
	}
}

// Small bodies are checked where they are; large ones, and those that must
// backtrack, elsewhere.
func TestValidateQuick(t *testing.T) {
	m := &api.Method{RequestModels: map[string]string{"application/json": "Fast", "text/slow": "Slow", "text/broken": "Gone"}}
	s := Validate(m, both, models(map[string]string{"Fast": `{"pattern":"^a"}`, "Slow": `{"pattern":"^(?!a)"}`}))
	for _, tt := range []struct {
		media string
		body  int
		want  bool
	}{
		{"application/json", quickBody, true},
		{"application/json", quickBody + 1, false},
		{"text/slow", 2, false},
		{"text/broken", MaxPayload, true},
		{"text/other", MaxPayload, true},
	} {
		x := programtest.Exchange(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: "+tt.media+"\r\n\r\n")
		x.Body = make([]byte, tt.body)
		if got := s.Quick(x); got != tt.want {
			t.Errorf("%s of %d bytes: quick %v, want %v", tt.media, tt.body, got, tt.want)
		}
	}
}

func TestValidateAllocs(t *testing.T) {
	m := &api.Method{
		RequestParameters: map[string]bool{"method.request.header.X-A": true, "method.request.querystring.q": true},
		RequestModels:     map[string]string{"application/json": "Pet"},
	}
	s := Validate(m, both, models(map[string]string{"Pet": `{"required":["a"],"properties":{"a":{"type":"integer"}}}`}))
	x := programtest.Exchange(t, "POST /?q=1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n\r\n{\"a\":1}")
	if raced {
		t.Skip("the race detector makes pools forget")
	}
	if got := testing.AllocsPerRun(1000, func() {
		if s.Run(x) != nil {
			t.Error("refused")
		}
	}); got > 0 {
		t.Errorf("a valid request allocates %v times, want 0", got)
	}
}

func TestBlank(t *testing.T) {
	for value, want := range map[string]bool{"": true, " \t ": true, "%20": true, "%20 %20": true, "%2": false, "a": false, " a": false, "%21": false, "\x00": false} {
		if got := blank([]byte(value)); got != want {
			t.Errorf("blank(%q) = %v, want %v", value, got, want)
		}
	}
}

// FuzzParameters: a parameter that is missing is named, one that is there is
// not, and the names stand in the order of their keys.
func FuzzParameters(f *testing.F) {
	f.Add("x-header-param", "v", "qs1", "1", "")
	f.Add("X-A", " ", "é q", "%20", "%20")
	f.Fuzz(func(t *testing.T, header, value, query, queried, path string) {
		if strings.ContainsAny(header+value+query+queried, "\r\n#&=%+ ") || header == "" || query == "" || strings.Contains(header, ":") {
			return
		}
		m := &api.Method{RequestParameters: map[string]bool{
			"method.request.header." + header: true, "method.request.querystring." + query: true, "method.request.path.p": true,
		}}
		s := Validate(m, both, nil)
		x := programtest.Exchange(t, "GET /?"+query+"="+queried+" HTTP/1.1\r\nHost: h\r\n"+header+": "+value+"\r\n\r\n")
		x.Params = []program.Param{{Name: "p", Value: []byte(path)}}
		var want []string
		if blank([]byte(value)) || headerOf([]byte(header)).unseen() {
			want = append(want, header)
		}
		if blank([]byte(path)) {
			want = append(want, "p")
		}
		if blank([]byte(queried)) {
			want = append(want, query)
		}
		var got string
		if r, ok := errors.AsType[*program.Refusal](s.Run(x)); ok {
			got = r.Message
		}
		message := ""
		if len(want) > 0 {
			message = fmt.Sprintf("Missing required request parameters: [%s]", strings.Join(want, ", "))
		}
		if diff := cmp.Diff(message, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
