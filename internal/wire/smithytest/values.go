package smithytest

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// Record makes a structure of shape i of the params of a test.
func Record(t testing.TB, s *wire.Service, i uint16, params map[string]any) *wire.Record {
	t.Helper()
	r := wire.NewRecord(s.Shape(i))
	for name, x := range params {
		found := false
		for k := range r.Shape.Members {
			if m := &r.Shape.Members[k]; m.Name == name {
				r.Fields[k] = value(t, s, m, x)
				found = true
			}
		}
		if !found {
			t.Fatalf("%s has no member %s", r.Shape.Name, name)
		}
	}
	return r
}

func value(t testing.TB, s *wire.Service, m *wire.Member, x any) any {
	t.Helper()
	if x == nil {
		return nil
	}
	sh := s.Of(m)
	switch sh.Kind {
	case wire.Structure:
		fields, ok := x.(map[string]any)
		if !ok {
			t.Fatalf("%v is no structure", x)
		}
		return Record(t, s, m.Shape, fields)
	case wire.List:
		out := []any{}
		for _, e := range x.([]any) { //nolint:forcetypeassert // a test's own data
			out = append(out, value(t, s, &sh.Members[0], e))
		}
		return out
	case wire.Map:
		out := map[string]any{}
		for k, e := range x.(map[string]any) { //nolint:forcetypeassert // a test's own data
			out[k] = value(t, s, &sh.Members[1], e)
		}
		return out
	default:
		return scalar(t, sh, x)
	}
}

func scalar(t testing.TB, sh *wire.Shape, x any) any {
	t.Helper()
	switch sh.Kind {
	case wire.Byte, wire.Short, wire.Integer, wire.Long:
		return int64(x.(float64)) //nolint:forcetypeassert // a test's own data
	case wire.Float, wire.Double:
		switch x {
		case "NaN":
			return math.NaN()
		case "Infinity":
			return math.Inf(1)
		case "-Infinity":
			return math.Inf(-1)
		}
		return x
	case wire.Blob:
		return []byte(x.(string)) //nolint:forcetypeassert // a test's own data
	case wire.Timestamp:
		if text, ok := x.(string); ok {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		seconds := x.(float64) //nolint:forcetypeassert // a test's own data
		return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	default:
		return x
	}
}

// Plain takes a Record apart into maps and lists of what JSON can say, for
// comparison: absent members are left out, numbers are float64 or NaN's name,
// times are text, blobs text.
func Plain(v any) any {
	switch x := v.(type) {
	case *wire.Record:
		out := map[string]any{}
		for i, f := range x.Fields {
			if f != nil {
				out[x.Shape.Members[i].Name] = Plain(f)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = Plain(e)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			out[k] = Plain(e)
		}
		return out
	case int64:
		return float64(x)
	case float64:
		return number(x)
	case []byte:
		return string(x)
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	}
	return v
}

func number(x float64) any {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	}
	return float64(float32(x)) // the suites have floats and doubles of few digits
}

// SameJSON reports whether two JSON texts mean the same.
func SameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return string(a) == string(b)
	}
	return reflect.DeepEqual(x, y)
}
