package doc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// shared finds a file of the conformance data; the test skips where it is absent.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("STAGEDOOR_SHARED")
	if dir == "" {
		at, err := filepath.Abs(".")
		if err != nil {
			t.Fatal(err)
		}
		for ; dir == "" && at != filepath.Dir(at); at = filepath.Dir(at) {
			if _, err := os.Stat(filepath.Join(at, "shared", "conformance")); err == nil {
				dir = filepath.Join(at, "shared")
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "conformance", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("conformance data is not here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestYAMLSuite(t *testing.T) {
	var cases []struct {
		ID, Name, YAML string
		Fail           bool
		JSON           *string
	}
	if err := json.Unmarshal(shared(t, "yaml/cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 406 {
		t.Errorf("%d cases, want 406", len(cases))
	}
	left := 0
	for _, c := range cases {
		why, excepted := suiteExceptions[c.ID]
		docs, problems := parseYAML("", []byte(c.YAML), 100)
		ok := true
		switch {
		case c.Fail:
			ok = len(problems) > 0
		case len(problems) > 0:
			ok = c.JSON == nil // a map with keys that are no text has no place in a template
		case c.JSON != nil:
			ok = reflect.DeepEqual(comparable(docs), stream(t, *c.JSON))
		}
		switch {
		case ok && excepted:
			t.Errorf("%s %s passes now: take it off the list (%s)", c.ID, c.Name, why)
		case !ok && !excepted:
			t.Errorf("%s %s\n%s\ngot %s %v\nwant fail=%v %s", c.ID, c.Name, c.YAML, text(comparable(docs)), problems, c.Fail, text(c.JSON))
		case excepted:
			left++
		}
	}
	t.Logf("%d of %d as the suite wants, %d excepted", len(cases)-left, len(cases), left)
}

func text(x any) []byte {
	b, _ := json.Marshal(x)
	return b
}

func comparable(docs []*Value) []any {
	var all []any
	for _, d := range docs {
		all = append(all, numeric(d.Plain()))
	}
	return all
}

// stream reads JSON values that stand one after the other.
func stream(t *testing.T, s string) []any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.UseNumber()
	var all []any
	for {
		var x any
		if err := d.Decode(&x); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, numeric(x))
	}
}

// numeric writes all numbers the same way, so that 1e3 and 1000 compare equal.
func numeric(x any) any {
	switch x := x.(type) {
	case json.Number:
		f, _, _ := big.ParseFloat(x.String(), 10, 64, big.ToNearestEven)
		return f.Text('g', 18)
	case []any:
		for i := range x {
			x[i] = numeric(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = numeric(x[k])
		}
	}
	return x
}

// TestJSONSuite holds the reader to nst/JSONTestSuite.
func TestJSONSuite(t *testing.T) {
	var cases []struct{ Name, Verdict, Raw string }
	if err := json.Unmarshal(shared(t, "json/parsing.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		raw, err := base64.StdEncoding.DecodeString(c.Raw)
		if err != nil {
			t.Fatal(err)
		}
		v, problem := ParseJSON("", raw)
		why, excepted := jsonExceptions[c.Name]
		ok := c.Verdict == "either" || (problem == nil) == (c.Verdict == "accept")
		switch {
		case ok && excepted:
			t.Errorf("%s passes now: take it off the list (%s)", c.Name, why)
		case !ok && !excepted:
			t.Errorf("%s: got %v %v, want %s", c.Name, v.Plain(), problem, c.Verdict)
		}
		if problem == nil && !excepted && c.Verdict != "either" {
			d := json.NewDecoder(bytes.NewReader(raw))
			d.UseNumber()
			var want any
			if err := d.Decode(&want); err == nil && !reflect.DeepEqual(v.Plain(), want) {
				t.Errorf("%s: got %v, want %v", c.Name, v.Plain(), want)
			}
		}
	}
}

// jsonExceptions are the cases that this reader decides otherwise.
var jsonExceptions = map[string]string{
	"y_object_duplicated_key":           "a key that stands twice is a slip in a template",
	"y_object_duplicated_key_and_value": "a key that stands twice is a slip in a template",
}

// suiteExceptions are the cases that come out otherwise than the suite wants.
var suiteExceptions = map[string]string{
	"27NA": yaml12, "6ZKB": yaml12, "9DXL": yaml12, "BEC7": yaml12, "DK95/07": yaml12, "RTP8": yaml12, "W4TN": yaml12,
	"2LFX": directive, "6LVF": directive, "MUS6/05": directive, "MUS6/06": directive,
	"ZYU8/00": directive, "ZYU8/01": directive, "ZYU8/02": directive, "ZYU8/03": directive,
	"5TYM": localTag, "6CK3": localTag, "6WLZ": localTag, "7FWL": localTag, "9WXW": localTag,
	"CUP7": localTag, "M5C3": localTag, "Z67P": localTag,
	"2SXE": anchorName, "8XYN": anchorName, "W5VH": anchorName,
	"9C9N": lenient, "DK95/01": lenient, "QB6E": lenient, "S98Z": lenient, "Y79Y/03": lenient,
	"U9NS":    "YAML 1.1: 20:03:20 is a number to the base 60, as CloudFormation's reader has it",
	"SM9W/01": "a lone colon is a map with an empty key; a JSON null cannot show it",
}

const (
	yaml12     = "the library takes the directive %YAML for 1.1 only; CloudFormation reads 1.1"
	directive  = "the library refuses directives that it does not know, the suite wants them passed over"
	localTag   = "a local tag that is no function of CloudFormation is refused on purpose"
	anchorName = "YAML 1.1: anchors are of letters, digits, - and _"
	lenient    = "the library is lenient about indentation inside quotes, flow lists or empty block text"
)
