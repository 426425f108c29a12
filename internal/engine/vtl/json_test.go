package vtl_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/engine/vtl"
)

// slowly reads JSON with the standard library.
func slowly(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	v, err := slowValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("text follows")
	}
	return v, nil
}

func slowValue(dec *json.Decoder, depth int) (any, error) {
	if depth > 64 {
		return nil, errors.New("deep")
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok := tok.(type) {
	case json.Number:
		return slowNumber(tok), nil
	case json.Delim:
		l, m := &vtl.List{Items: []any{}}, vtl.NewMap()
		for dec.More() {
			var key any
			if tok == '{' {
				if key, err = dec.Token(); err != nil {
					return nil, err
				}
			}
			v, err := slowValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			if tok == '[' {
				l.Items = append(l.Items, v)
			} else if err := m.Put(key.(string), v); err != nil {
				return nil, err
			}
		}
		if _, err := dec.Token(); err != nil {
			return nil, err
		}
		if tok == '[' {
			return l, nil
		}
		return m, nil
	default:
		return tok, nil
	}
}

func slowNumber(n json.Number) any {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return i
	}
	if !strings.ContainsAny(n.String(), ".eE") || len(n) > 18 && !strings.ContainsAny(n.String(), "eE") {
		return vtl.Number(n)
	}
	f, _ := n.Float64()
	return f
}

// dump writes a value with its types, and maps with the order of their keys.
func dump(b *strings.Builder, v any) {
	switch v := v.(type) {
	case *vtl.Map:
		for _, k := range v.Keys() {
			member, _ := v.Get(k)
			fmt.Fprintf(b, "{%q:", k)
			dump(b, member)
		}
		b.WriteByte('}')
	case *vtl.List:
		for _, item := range v.Items {
			b.WriteByte('[')
			dump(b, item)
		}
		b.WriteByte(']')
	default:
		fmt.Fprintf(b, "%T(%#v)", v, v)
	}
}

// order is a body of 1 KB.
const order = `{"id": "227a43dec0b631e374c9ac7a01a16603", "customer": "Customer 0", "email": "customer.0@example.com", "currency": "EUR", "total": 467.75, "priority": 0, "gift": true, ` +
	`"note": "leave it at the \"back\" door please please please please please please please please please please please please please please please please please please please please", "lines": [` +
	`{"sku": "SKU-000-00", "quantity": 1, "price": 3.25}, {"sku": "SKU-000-01", "quantity": 2, "price": 4.25}, {"sku": "SKU-000-02", "quantity": 3, "price": 5.25}, ` +
	`{"sku": "SKU-000-03", "quantity": 4, "price": 6.25}, {"sku": "SKU-000-04", "quantity": 5, "price": 7.25}, {"sku": "SKU-000-05", "quantity": 6, "price": 8.25}, ` +
	`{"sku": "SKU-000-06", "quantity": 7, "price": 9.25}, {"sku": "SKU-000-07", "quantity": 8, "price": 10.25}, {"sku": "SKU-000-08", "quantity": 9, "price": 11.25}, ` +
	`{"sku": "SKU-000-09", "quantity": 1, "price": 12.25}, {"sku": "SKU-000-10", "quantity": 2, "price": 13.25}, {"sku": "SKU-000-11", "quantity": 3, "price": 14.25}]}`

// FuzzFromJSON: the same texts are taken as by encoding/json, and read the same.
func FuzzFromJSON(f *testing.F) {
	many := make([]string, 30)
	for i := range many {
		many[i] = strconv.Quote("k"+strconv.Itoa(i%20)) + ":" + strconv.Itoa(i)
	}
	for _, s := range []string{
		order, `[[1]`, `[1,]`, `{"a":1,}`, `[1}`, `{"a":[}`, `[[1],[2]`, ` { "a" : [ ] , "b" : { } } `, `{"a":1,"b":2,"a":3}`, `{` + strings.Join(many, ",") + `}`,
		`"\ud83d\ude00\ud83d\u0041\udc00x\ud800"`, "\"\xff\xc3\x28\xe2\x82\"", "\"\x1f\"", "\"\x7f\"", `"\x"`, `"\u12`, `"\`, `"a`, `-0`, `01`, `-`, `1.`, `.5`, `1e`, `1E+5`, `1e999`, `-1.5e-7`, `12345678901234567890`,
		`0.12345678901234567890`, `0.1234567890123456789e1`, `true`, `truex`, `nul`, ``, ` `, `1 2`, `[1 2]`, `{"a" 1}`, `{1:2}`, `{"a"}`, "\ufeff1", strings.Repeat("[", 65) + strings.Repeat("]", 65), strings.Repeat("[", 64) + "1" + strings.Repeat("]", 64),
		strings.Repeat("[", 65) + "1" + strings.Repeat("]", 65), strings.Repeat("[", 66) + strings.Repeat("]", 66),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, wrong := slowly([]byte(s))
		got, err := vtl.FromJSON([]byte(s))
		if (err == nil) != (wrong == nil) {
			t.Fatalf("FromJSON(%q) = %v, encoding/json: %v", s, err, wrong)
		}
		var a, b strings.Builder
		if dump(&a, want); err == nil {
			if dump(&b, got); a.String() != b.String() {
				t.Fatalf("FromJSON(%q) = %s, encoding/json: %s", s, &b, &a)
			}
		}
	})
}

// TestMapGrows: a map is the same beyond the keys that are looked at in turn.
func TestMapGrows(t *testing.T) {
	m := vtl.NewMap()
	for i := range 40 {
		if err := m.Put("k"+strconv.Itoa(i%30), i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 25 {
		m.Remove("k" + strconv.Itoa(i))
	}
	m.Remove("nope")
	var got []any
	for _, k := range m.Keys() {
		v, ok := m.Get(k)
		got = append(got, k, v, ok)
	}
	want := []any{"k25", 25, true, "k26", 26, true, "k27", 27, true, "k28", 28, true, "k29", 29, true}
	if _, gone := m.Get("k3"); gone || m.Len() != 5 || !cmp.Equal(got, want) {
		t.Errorf("map has %v, want %v", got, want)
	}
}

const fromJSONAllocs = 96 // values that are in it, as interfaces; 770 with encoding/json

// TestFromJSONAllocs holds BenchmarkFromJSON to its promise in every test run.
func TestFromJSONAllocs(t *testing.T) {
	text := []byte(order)
	if got := testing.AllocsPerRun(100, func() { _, _ = vtl.FromJSON(text) }); got > fromJSONAllocs {
		t.Errorf("reading allocates %v times, want at most %d", got, fromJSONAllocs)
	}
}

func BenchmarkFromJSON(b *testing.B) {
	text := []byte(order)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := vtl.FromJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSlowly(b *testing.B) {
	text := []byte(order)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := slowly(text); err != nil {
			b.Fatal(err)
		}
	}
}
