package doc

import (
	"bytes"
	"encoding/json"
	"strings"
)

// valueSize is what Size charges for a value beside its text.
const valueSize = 32

// Size is about what the value and all below it take, in bytes.
func (v *Value) Size() int {
	if v == nil {
		return 0
	}
	n := valueSize + len(v.text)
	for _, k := range v.keys {
		n += len(k)
	}
	for _, it := range v.items {
		n += it.Size()
	}
	return n
}

// JSON is the value as compact JSON text, with the keys in their order.
func (v *Value) JSON() string {
	var b strings.Builder
	v.writeJSON(&b)
	return b.String()
}

func (v *Value) writeJSON(b *strings.Builder) {
	switch v.Kind() {
	case Bool, Number:
		b.WriteString(v.text)
	case String, Unknown:
		writeText(b, v.text)
	case List:
		b.WriteByte('[')
		for i, it := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			it.writeJSON(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, k := range v.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, k)
			b.WriteByte(':')
			v.items[i].writeJSON(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString("null")
	}
}

// writeText writes a string as JSON without the escapes that HTML would want.
func writeText(b *strings.Builder, s string) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err == nil { // a string always encodes
		b.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n")))
	}
}
