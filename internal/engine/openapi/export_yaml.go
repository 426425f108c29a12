package openapi

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// yamlText is a value as API Gateway exports it: texts in double quotes, lists
// no deeper than what they belong to.
func yamlText(v any) []byte {
	var b bytes.Buffer
	b.WriteString("---\n")
	yamlValue(&b, v, 0, false)
	return b.Bytes()
}

// plainName is a name that cannot be read as anything else than a text.
var plainName = regexp.MustCompile(`^[A-Za-z/$](?:[A-Za-z0-9_./{}+ -]*[A-Za-z0-9_./{}+-])?$`)

func yamlName(b *bytes.Buffer, name string) {
	words := []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
	if plainName.MatchString(name) && !slices.Contains(words, strings.ToLower(name)) {
		b.WriteString(name)
		return
	}
	yamlScalar(b, name)
}

// yamlScalar writes a scalar of JSON, which is one of YAML but for characters
// that YAML wants to see escaped.
func yamlScalar(b *bytes.Buffer, v any) {
	var text bytes.Buffer
	writeJSON(&text, v)
	for _, r := range text.String() {
		switch {
		case 0x7f <= r && r < 0xa0, r == 0xfeff, 0xfff0 <= r && r <= 0xffff && r != '\uFFFD':
			fmt.Fprintf(b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
}

// yamlValue writes v at a level; the line may have begun with a dash.
func yamlValue(b *bytes.Buffer, v any, level int, begun bool) {
	switch v := v.(type) {
	case *object:
		if len(v.names) == 0 {
			b.WriteString("{}\n")
			return
		}
		for i, name := range v.names {
			if i > 0 || !begun {
				b.WriteString(strings.Repeat("  ", level))
			}
			yamlName(b, name)
			b.WriteByte(':')
			yamlMember(b, v.values[name], level)
		}
	case []any:
		if len(v) == 0 {
			b.WriteString("[]\n")
			return
		}
		for i, e := range v {
			if i > 0 || !begun {
				b.WriteString(strings.Repeat("  ", level))
			}
			b.WriteString("- ")
			yamlValue(b, e, level+1, true)
		}
	default:
		yamlScalar(b, v)
		b.WriteByte('\n')
	}
}

// yamlMember writes what belongs to a name, on its line or below.
func yamlMember(b *bytes.Buffer, v any, level int) {
	switch c := v.(type) {
	case *object:
		if len(c.names) > 0 {
			b.WriteByte('\n')
			yamlValue(b, v, level+1, false)
			return
		}
	case []any:
		if len(c) > 0 {
			b.WriteByte('\n')
			yamlValue(b, v, level, false)
			return
		}
	}
	b.WriteByte(' ')
	yamlValue(b, v, level, false)
}
