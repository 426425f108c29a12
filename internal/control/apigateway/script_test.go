package apigateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// memory opens a store in memory.
func memory(t testing.TB) store.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// start is the time at which every script is played: 1760000000 in seconds.
var start = time.Unix(1760000000, 123456789)

// script is a service and what a test learned from its answers.
type script struct {
	t        testing.TB
	store    store.Store
	handlers map[string]wire.Handler
	names    map[string]string // $name -> text
}

// newScript makes a service with a standing clock and ids that count: the
// first of ten characters is 0000000001.
func newScript(t testing.TB, change ...func(*apigateway.Config)) *script {
	t.Helper()
	var ids atomic.Int64
	cfg := apigateway.Config{
		Account: "123456789012",
		Now:     func() time.Time { return start },
		NewID:   func(n int) string { return fmt.Sprintf("%0*d", n, ids.Add(1)) },
	}
	for _, f := range change {
		f(&cfg)
	}
	st := memory(t)
	return &script{t: t, store: st, handlers: apigateway.New(st, cfg).Handlers(), names: map[string]string{}}
}

// name is where something that was learned goes.
var name = regexp.MustCompile(`\$\w+`)

// fill puts in what was learned.
func (s *script) fill(text string) string {
	return name.ReplaceAllStringFunc(text, func(n string) string {
		if value, ok := s.names[n[1:]]; ok {
			return value
		}
		return n
	})
}

// call plays one operation with an input in JSON and answers with its output
// in JSON, or with the status and the text of its error.
func (s *script) call(op, input string) string {
	s.t.Helper()
	h, ok := s.handlers[op]
	if !ok {
		s.t.Fatalf("%s is not built", op)
	}
	in := h.New()
	d := json.NewDecoder(strings.NewReader(s.fill(input)))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		s.t.Fatalf("input of %s: %v", op, err)
	}
	out, err := h.Call(context.Background(), in)
	return answer(s.t, out, err)
}

// make is call for what the test needs and does not look at; it keeps the id
// of the answer under a name.
func (s *script) make(name, op, input string) {
	s.t.Helper()
	got := s.call(op, input)
	var out struct{ ID, Name string }
	if err := json.Unmarshal([]byte(got), &out); err != nil {
		s.t.Fatalf("%s(%s) = %s", op, input, got)
	}
	s.names[name] = out.ID
}

// step is one call of a script, and what it must answer.
type step struct {
	op, input string
	want      string
}

// play plays steps one after the other.
func (s *script) play(steps []step) {
	s.t.Helper()
	for i, st := range steps {
		got := s.call(st.op, st.input)
		want := s.fill(st.want)
		if strings.HasPrefix(want, "{") {
			want = tidy(s.t, want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.t.Errorf("step %d: %s(%s) (-want +got):\n%s\ngot: %s", i, st.op, st.input, diff, got)
		}
	}
}

// answer writes an output or an error down.
func answer(t testing.TB, out any, err error) string {
	t.Helper()
	if f, ok := errors.AsType[*fault.Error](err); ok {
		status := map[fault.Kind]int{fault.BadRequest: 400, fault.NotFound: 404, fault.Conflict: 409, fault.TooMany: 429}[f.Kind]
		return fmt.Sprintf("%d %s", status, f.Message)
	}
	if err != nil {
		return "500 " + err.Error()
	}
	if out == nil {
		return "{}"
	}
	doc, err := json.Marshal(plain(reflect.ValueOf(out)))
	if err != nil {
		t.Fatal(err)
	}
	return tidy(t, string(doc))
}

// tidy gives JSON one form: members by name, two blanks deep.
func tidy(t testing.TB, doc string) string {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// plain turns a wire value into what its JSON is made of: absent members are
// left out, times are seconds.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return plain(v.Elem())
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[time.Time](v); ok {
			return at.Unix()
		}
		out := map[string]any{}
		for i := range v.NumField() {
			f := v.Field(i)
			if k := f.Kind(); (k == reflect.Pointer || k == reflect.Map || k == reflect.Slice) && f.IsNil() {
				continue
			}
			name := v.Type().Field(i).Name
			out[strings.ToLower(name[:1])+name[1:]] = plain(f)
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for k, e := range v.Seq2() {
			out[k.String()] = plain(e)
		}
		return out
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plain(v.Index(i))
		}
		return out
	default:
		return v.Interface()
	}
}

// newAPI is a script with one API: $api with its $root.
func newAPI(t testing.TB, change ...func(*apigateway.Config)) *script {
	t.Helper()
	s := newScript(t, change...)
	s.make("api", "CreateRestApi", `{"name":"shop"}`)
	s.names["root"] = "0000000002"
	return s
}

// newMethod is a script with an API, a resource $pets and its method GET,
// which declares a few parameters.
func newMethod(t testing.TB, change ...func(*apigateway.Config)) *script {
	t.Helper()
	s := newAPI(t, change...)
	s.make("pets", "CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"pets"}`)
	s.make("", "PutMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","authorizationType":"NONE",
		"requestParameters":{"method.request.querystring.kind":false,"method.request.header.X-Who":true,"method.request.path.id":true}}`)
	return s
}

// newDeployment is a script with a MOCK method and a deployment $first.
func newDeployment(t testing.TB, change ...func(*apigateway.Config)) *script {
	t.Helper()
	s := newMethod(t, change...)
	s.make("", "PutIntegration", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","type":"MOCK"}`)
	s.make("first", "CreateDeployment", `{"restApiId":"$api"}`)
	return s
}
