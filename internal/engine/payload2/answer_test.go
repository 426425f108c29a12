package payload2_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/engine/payload2"
)

var asJSON = []string{"content-type", "application/json"}

// answer prints an answer: fields by name and value in turn.
type answer struct {
	Status int
	Fields []string
	Body   string
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, payload string
		want          *answer // nil: malformed
	}{
		{"object without statusCode", ` {"message": "hi"} `, &answer{200, asJSON, `{"message": "hi"}`}},
		{"string", `"Hello from \"Lambda\"!"`, &answer{200, asJSON, `Hello from "Lambda"!`}},
		{"number", `2`, &answer{200, asJSON, `2`}},
		{"null", `null`, &answer{200, asJSON, `null`}},
		{"list", `[1]`, &answer{200, asJSON, `[1]`}},
		{"not JSON", `hello`, nil},
		{"nothing", ``, nil},
		{"deep", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), &answer{200, asJSON, strings.Repeat("[", 1000) + strings.Repeat("]", 1000)}},
		{"too deep", strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000), nil},
		{"brackets in a string", `"` + strings.Repeat("[", 2000) + `\""`, &answer{200, asJSON, strings.Repeat("[", 2000) + `"`}},
		{"status only", `{"statusCode":204}`, &answer{204, asJSON, ``}},
		{"status as text", `{"statusCode":"418"}`, &answer{418, asJSON, ``}},
		{"status with a fraction of nothing", `{"statusCode":200.0}`, &answer{200, asJSON, ``}},
		{"status zero", `{"statusCode":0}`, nil},
		{"status negative", `{"statusCode":-200}`, nil},
		{"status of four digits", `{"statusCode":2000}`, nil},
		{"status word", `{"statusCode":"ok"}`, nil},
		{"status null", `{"statusCode":null}`, nil},
		{"unknown members are passed over", `{"statusCode":200,"base64Encoded":true,"body":"eA==","x":1}`, &answer{200, asJSON, `eA==`}},
		{"headers", `{"statusCode":200,"headers":{"Content-Type":"text/plain","X-N":1,"X-B":true,"X-0":null},"body":"x"}`, &answer{200, []string{"content-type", "text/plain", "x-n", "1", "x-b", "true"}, "x"}},
		{"header list", `{"statusCode":200,"headers":{"a":["b"]}}`, nil},
		{"headers list", `{"statusCode":200,"headers":[]}`, nil},
		{"headers null", `{"statusCode":200,"headers":null}`, &answer{200, asJSON, ""}},
		{"cookies", `{"statusCode":200,"cookies":["a=1; Path=/","b=2"],"headers":{"content-type":"x/y"}}`, &answer{200, []string{"content-type", "x/y", "set-cookie", "a=1; Path=/", "set-cookie", "b=2"}, ""}},
		{"cookie number", `{"statusCode":200,"cookies":[1]}`, nil},
		{"cookies text", `{"statusCode":200,"cookies":"a=1"}`, nil},
		{"base64", `{"isBase64Encoded":true,"statusCode":200,"body":"aGk="}`, &answer{200, asJSON, "hi"}},
		{"base64 as text", `{"isBase64Encoded":"True","statusCode":200,"body":"aGk="}`, &answer{200, asJSON, "hi"}},
		{"base64 false as text", `{"isBase64Encoded":"false","statusCode":200,"body":"aGk="}`, &answer{200, asJSON, "aGk="}},
		{"base64 that is none", `{"isBase64Encoded":true,"statusCode":200,"body":"?"}`, nil},
		{"base64 flag number", `{"isBase64Encoded":1,"statusCode":200}`, nil},
		{"body object", `{"statusCode":200,"body":{"a":1}}`, nil},
		{"body null", `{"statusCode":200,"body":null}`, &answer{200, asJSON, ""}},
		{"line break in a value", `{"statusCode":200,"headers":{"a":"b\r\nSet-Cookie: x"}}`, nil},
		{"line break in a cookie", `{"statusCode":200,"cookies":["b\nx"]}`, nil},
		{"name that is none", `{"statusCode":200,"headers":{"a b":"c"}}`, nil},
		{"empty name", `{"statusCode":200,"headers":{"":"c"}}`, nil},
		{"framing is the connection's", `{"statusCode":200,"headers":{"Content-Length":"99","Transfer-Encoding":"chunked","Connection":"close"}}`, &answer{200, asJSON, ""}},
		{"the last of two members counts", `{"statusCode":500,"statusCode":201}`, &answer{201, asJSON, ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := payload2.Parse([]byte(tt.payload))
			if tt.want == nil {
				if !errors.Is(err, payload2.ErrMalformed) {
					t.Fatalf("Parse(%.80s) = %v, %v, want ErrMalformed", tt.payload, got, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("Parse(%s): %v", tt.payload, err)
			}
			if diff := cmp.Diff(*tt.want, printed(got)); diff != "" {
				t.Errorf("Parse(%s) (-want +got):\n%s", tt.payload, diff)
			}
		})
	}
}

func printed(a payload2.Answer) answer {
	p := answer{Status: a.Status, Body: string(a.Body)}
	for _, f := range a.Fields {
		p.Fields = append(p.Fields, string(f.Name), string(f.Value))
	}
	return p
}

// FuzzParse: JSON without a statusCode is answered with itself, and no answer
// holds a field that could change the message it is sent in.
func FuzzParse(f *testing.F) {
	f.Add(`{"statusCode":200,"headers":{"a":"b"},"cookies":["c"],"body":"d"}`)
	f.Add(`{"a":1}`)
	f.Add(`"x"`)
	f.Fuzz(func(t *testing.T, payload string) {
		a, err := payload2.Parse([]byte(payload))
		if err != nil {
			if !errors.Is(err, payload2.ErrMalformed) {
				t.Fatalf("Parse(%q): %v", payload, err)
			}
			return
		}
		if a.Status < 100 || a.Status > 999 {
			t.Errorf("Parse(%q): status %d", payload, a.Status)
		}
		for _, f := range a.Fields {
			if strings.ContainsAny(string(f.Name), "\r\n\x00: ") || strings.ContainsAny(string(f.Value), "\r\n\x00") ||
				strings.EqualFold(string(f.Name), "content-length") || strings.EqualFold(string(f.Name), "transfer-encoding") || len(f.Name) == 0 {
				t.Errorf("Parse(%q): field %q: %q", payload, f.Name, f.Value)
			}
		}
		var object map[string]any
		if json.Unmarshal([]byte(payload), &object) == nil && object != nil && !strings.Contains(payload, "tatusCode") && string(a.Body) != strings.TrimSpace(payload) {
			t.Errorf("Parse(%q): body %q", payload, a.Body)
		}
	})
}
