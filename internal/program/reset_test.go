package program

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/stagedoor/stagedoor/internal/limit/cache"
)

// TestReset: an exchange that was reset is as a new one, but for the memory
// that it keeps, whatever a request has left in it.
func TestReset(t *testing.T) {
	var x, fresh Exchange
	soil(t, "Exchange", reflect.ValueOf(&x).Elem())
	x.Reset(t.Context())
	fresh.Reset(t.Context())
	compare(t, "Exchange", reflect.ValueOf(&x).Elem(), reflect.ValueOf(&fresh).Elem())
	if x.Lane != 77 {
		t.Errorf("Lane is %d after Reset, want 77 as before", x.Lane)
	}
}

// TestResetRare: what is cleared only if it was written to, is cleared after
// each way to write to it.
func TestResetRare(t *testing.T) {
	for name, write := range map[string]func(*Exchange){
		"Known": func(x *Exchange) { x.Known().User = "u" },
		"Note":  func(x *Exchange) { x.Note(PhaseWAF, 1, errors.New("no")) },
		"Timed": func(x *Exchange) {
			_ = Step{Run: func(*Exchange) error { return nil }}.Timed(PhaseWAF, PhaseAuthorize).Run(x)
		},
		"Fail":       func(x *Exchange) { x.Fail(errors.New("no")) },
		"Authorizer": func(x *Exchange) { x.Authorizer = AuthorizerCall{Status: 500, RequestID: "i"} },
		"forgotten":  func(x *Exchange) { x.Known().User = "u"; x.Caller = nil },
	} {
		var x, fresh Exchange
		x.Route = &Route{}
		write(&x)
		x.Reset(t.Context())
		fresh.Reset(t.Context())
		compare(t, name, reflect.ValueOf(&x).Elem(), reflect.ValueOf(&fresh).Elem())
	}
}

// soil makes every part of v differ from zero, unexported fields as well.
func soil(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			soil(t, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			soil(t, name, v.Index(i))
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(77)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(77)
	case reflect.String:
		v.SetString("old")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 8))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), func([]reflect.Value) []reflect.Value { return nil }))
	case reflect.Pointer:
		if v.Type() != reflect.TypeFor[*cache.Flight]() { // Land ends it, which needs a real one
			v.Set(reflect.New(v.Type().Elem()))
		}
	case reflect.Interface:
		for _, one := range []any{context.WithoutCancel(t.Context()), io.EOF, none{}, io.NopCloser(strings.NewReader("")), 1} {
			if reflect.TypeOf(one).AssignableTo(v.Type()) {
				v.Set(reflect.ValueOf(one))
				return
			}
		}
		t.Fatalf("nothing is known to put into %s", name)
	default:
		t.Fatalf("%s is of a kind that the test does not know: %v", name, v.Kind())
	}
}

type none struct{}

func (none) Other(*Origin, int) *Origin { return nil }

// compare says where a differs from b. Of slices only the length counts: what
// lies behind is memory that is kept.
func compare(t *testing.T, name string, a, b reflect.Value) {
	t.Helper()
	a = reflect.NewAt(a.Type(), unsafe.Pointer(a.UnsafeAddr())).Elem()
	b = reflect.NewAt(b.Type(), unsafe.Pointer(b.UnsafeAddr())).Elem()
	switch {
	case strings.HasSuffix(name, ".lasting"), name == "Exchange.Lane":
	case strings.HasSuffix(name, ".rare"):
		if r, ok := reflect.TypeAssert[*rare](a); ok && r != nil && !reflect.DeepEqual(*r, rare{}) {
			t.Errorf("%s is %+v", name, *r)
		}
	case a.Kind() == reflect.Struct:
		for i := range a.NumField() {
			compare(t, name+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case a.Kind() == reflect.Slice:
		if a.Len() != b.Len() {
			t.Errorf("%s has %d elements, want %d", name, a.Len(), b.Len())
		}
	case !reflect.DeepEqual(a.Interface(), b.Interface()):
		t.Errorf("%s is %v, want %v", name, a, b)
	}
}
