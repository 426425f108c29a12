package jsonbody_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/jsonbody"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
	"github.com/stagedoor/stagedoor/internal/wire/smithytest"
	"github.com/stagedoor/stagedoor/internal/wire/wafv2"
)

// anything is a service whose only structure has a member that takes any JSON.
func anything() *wire.Service {
	return &wire.Service{Shapes: []wire.Shape{
		{Name: "Any", Members: []wire.Member{{Name: "x", Wire: "x", Shape: 1}}},
		{Name: "Document", Kind: wire.Document},
	}}
}

// TestSuite holds the reader to the JSON test suite: what must be read is read,
// what must be refused is refused, be it looked at or read over.
func TestSuite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(smithytest.Shared(t), "conformance", "json", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no suite: %v", err)
	}
	var cases []struct {
		Name    string `json:"name"`
		Verdict string `json:"verdict"`
		Raw     []byte `json:"raw"`
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 318 {
		t.Errorf("%d cases, want 318", len(cases))
	}
	// Stricter than the RFC: no member may be given twice.
	strict := map[string]bool{"y_object_duplicated_key": true, "y_object_duplicated_key_and_value": true}
	for _, tt := range cases {
		for _, name := range []string{"x", "unknown"} {
			body := append(append([]byte(`{"`+name+`":`), tt.Raw...), '}')
			s := anything()
			err := jsonbody.Decoder{Service: s, Trail: &wire.Trail{}}.Structure(body, reflect.ValueOf(wire.NewRecord(&s.Shapes[0])).Elem(), &s.Shapes[0], nil)
			switch {
			case tt.Verdict == "accept" && err != nil && (name == "unknown" || !strict[tt.Name]):
				t.Errorf("%s as %s: %v", tt.Name, name, err)
			case tt.Verdict == "reject" && err == nil:
				t.Errorf("%s as %s is taken", tt.Name, name)
			}
		}
	}
}

// decode reads body into a new input of an operation.
func decode(s *wire.Service, i uint16, in any, body string) (*wire.Trail, error) {
	trail := &wire.Trail{}
	return trail, jsonbody.Decoder{Service: s, Trail: trail}.Structure([]byte(body), reflect.ValueOf(in).Elem(), s.Shape(i), nil)
}

func TestDecode(t *testing.T) {
	s := lambda.Table()
	input := s.Operation("CreateFunction").Input
	for _, tt := range []struct {
		name, body string
		want       lambda.CreateFunctionInput
		err        string
	}{
		{"scalars", `{"FunctionName":"f","Role":"r","MemorySize":128,"Publish":true,"Unknown":{"a":[1,{}]}}`, lambda.CreateFunctionInput{FunctionName: "f", Role: "r", MemorySize: new(int32(128)), Publish: new(true)}, ""},
		{"null is absent", `{"FunctionName":"f","MemorySize":null,"Tags":null}`, lambda.CreateFunctionInput{FunctionName: "f"}, ""},
		{"nested", `{"Code":{"ZipFile":"AQI="},"Environment":{"Variables":{"A":"b"}},"Layers":["x","y"]}`, lambda.CreateFunctionInput{
			Code:        &lambda.FunctionCode{ZipFile: []byte{1, 2}},
			Environment: &lambda.Environment{Variables: map[string]string{"A": "b"}},
			Layers:      []string{"x", "y"},
		}, ""},
		{"a whole number with a fraction of nothing", `{"MemorySize":1.28e2}`, lambda.CreateFunctionInput{MemorySize: new(int32(128))}, ""},
		{"escapes", `{"Description":"\u00e9\ud83d\ude00\n\/"}`, lambda.CreateFunctionInput{Description: new("é😀\n/")}, ""},
		{"null in a map of strings", `{"Tags":{"a":null}}`, lambda.CreateFunctionInput{Tags: map[string]string{"a": ""}}, ""},
		{"a boolean for a string", `{"FunctionName":true}`, lambda.CreateFunctionInput{}, "class java.lang.Boolean can not be converted to an String"},
		{"a string for a boolean", `{"Publish":"true"}`, lambda.CreateFunctionInput{}, "class java.lang.String can not be converted to an Boolean"},
		{"an object for a string", `{"Role":{}}`, lambda.CreateFunctionInput{}, "Start of structure or map found where not expected."},
		{"a list for a structure", `{"Code":[]}`, lambda.CreateFunctionInput{}, "Start of list found where not expected"},
		{"a string for a list", `{"Layers":"x"}`, lambda.CreateFunctionInput{}, "Unrecognized collection type class java.lang.String"},
		{"a fraction for a whole number", `{"MemorySize":1.5}`, lambda.CreateFunctionInput{}, "1.5 is not a whole number in range"},
		{"out of range", `{"MemorySize":2147483648}`, lambda.CreateFunctionInput{}, "out of range"},
		{"a member twice", `{"Role":"a","Role":"b"}`, lambda.CreateFunctionInput{}, `Duplicate field "Role"`},
		{"a key twice", `{"Tags":{"a":"b","a":"c"}}`, lambda.CreateFunctionInput{}, `Duplicate field "a"`},
		{"something behind it", `{} {}`, lambda.CreateFunctionInput{}, "Unexpected character"},
		{"too deep", `{"a":` + strings.Repeat("[", 200), lambda.CreateFunctionInput{}, "Nesting is too deep"},
		{"very many elements", `{"Layers":["x"` + strings.Repeat(`,"x"`, 200000) + `]}`, lambda.CreateFunctionInput{}, "more than 100000 elements"},
		{"very many keys", `{"Tags":{` + manyKeys(200000) + `}}`, lambda.CreateFunctionInput{}, "more than 100000 elements"},
		{"cut off", `{"Role":"a`, lambda.CreateFunctionInput{}, "Unexpected end of input in a string"},
		{"half a surrogate pair", `{"Role":"\ud83d"}`, lambda.CreateFunctionInput{}, "Invalid unicode escape"},
		{"no UTF-8", "{\"Role\":\"\xff\"}", lambda.CreateFunctionInput{}, "Invalid UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got lambda.CreateFunctionInput
			_, err := decode(s, input, &got, tt.body)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("decode %s: %v, want %s", tt.body, err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("decode %s: %v", tt.body, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("decode %s (-want +got):\n%s", tt.body, diff)
			}
		})
	}
}

// manyKeys are the members of an object with n of them.
func manyKeys(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = `"` + strconv.Itoa(i) + `":""`
	}
	return strings.Join(out, ",")
}

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"plain":            `"plain"`,
		"q\"b\\n\nr\rt\tx": `"q\"b\\n\nr\rt\tx"`,
		"\x00\x1f":         `"\u0000\u001f"`,
		"é😀\u2028":         `"é😀` + "\u2028" + `"`,
		"a\xffb":           "\"a\ufffdb\"",
	} {
		if got := string(jsonbody.AppendString(nil, in)); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", in, got, want)
		}
	}
}

// FuzzAppendString holds AppendString to encoding/json's reading of it.
func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00\xff\u2028")
	f.Fuzz(func(t *testing.T, in string) {
		var got string
		if err := json.Unmarshal(jsonbody.AppendString(nil, in), &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(in, "\ufffd"); got != want && !strings.Contains(in, "\xff") && want == in {
			t.Errorf("%q is read back as %q", in, got)
		}
	})
}

// FuzzDecode holds the reader to encoding/json: what is taken is JSON, and what
// it is written as is read back the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"FunctionName":"f","Code":{"ZipFile":"AQI="},"Tags":{"a":"b"},"Layers":["x"],"MemorySize":1e2}`))
	f.Add([]byte(`{"x":[1,-0.5e3,"\ud83d\ude00",{"a":null}]}`))
	s := lambda.Table()
	input := s.Operation("CreateFunction").Input
	f.Fuzz(func(t *testing.T, body []byte) {
		var in, again lambda.CreateFunctionInput
		if _, err := decode(s, input, &in, string(body)); err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is taken and is no JSON", body)
		}
		text := jsonbody.Encoder{Service: s}.Structure(nil, reflect.ValueOf(&in), s.Shape(input), nil)
		if _, err := decode(s, input, &again, string(text)); err != nil {
			t.Fatalf("%s is not read back: %v", text, err)
		}
		empty := cmpopts.IgnoreFields(lambda.CreateFunctionInput{}, "FunctionName", "Role") // have no absence
		if diff := cmp.Diff(in, again, empty); diff != "" {
			t.Errorf("%s is read back otherwise:\n%s", text, diff)
		}
	})
}

// FuzzRoundTrip holds values at random to come back as they were.
func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	functions, walls := lambda.Table(), wafv2.Table()
	f.Fuzz(func(t *testing.T, seed uint64) {
		roundTrip(t, functions, "CreateFunction", seed, &lambda.CreateFunctionInput{}, &lambda.CreateFunctionInput{})
		roundTrip(t, functions, "CreateEventSourceMapping", seed, &lambda.CreateEventSourceMappingInput{}, &lambda.CreateEventSourceMappingInput{})
		roundTrip(t, walls, "CreateWebACL", seed, &wafv2.CreateWebACLInput{}, &wafv2.CreateWebACLInput{})
	})
}

func roundTrip(t *testing.T, s *wire.Service, operation string, seed uint64, in, out any) {
	t.Helper()
	shape := s.Shape(s.Operation(operation).Input)
	smithytest.NewRandom(s, seed).Structure(t, in, shape, nil)
	text := jsonbody.Encoder{Service: s}.Structure(nil, reflect.ValueOf(in), shape, nil)
	if !json.Valid(text) {
		t.Fatalf("%s is no JSON", text)
	}
	if _, err := decode(s, s.Operation(operation).Input, out, string(text)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	same := cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
	if diff := cmp.Diff(in, out, same); diff != "" {
		t.Errorf("%s is read back otherwise:\n%s", text, diff)
	}
}
