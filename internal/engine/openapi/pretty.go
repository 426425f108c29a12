package openapi

import (
	"bytes"
	"strings"
)

// prettyText is a value as API Gateway stores schemas: members on lines of
// their own, two spaces a level, " : " after a name, lists on one line.
// parity: spec/control-plane.md 3.7
func prettyText(v any) string {
	var b bytes.Buffer
	pretty(&b, v, 0)
	return b.String()
}

func pretty(b *bytes.Buffer, v any, level int) {
	switch v := v.(type) {
	case *object:
		prettyObject(b, v, level)
	case []any:
		b.WriteString("[ ")
		for i, e := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			pretty(b, e, level)
		}
		if len(v) > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(']')
	default:
		writeJSON(b, v)
	}
}

func prettyObject(b *bytes.Buffer, o *object, level int) {
	if len(o.names) == 0 {
		b.WriteString("{ }")
		return
	}
	b.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + strings.Repeat("  ", level+1))
		writeJSON(b, name)
		b.WriteString(" : ")
		pretty(b, o.values[name], level+1)
	}
	b.WriteString("\n" + strings.Repeat("  ", level) + "}")
}
