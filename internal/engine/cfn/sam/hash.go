package sam

import (
	"crypto/sha1" //nolint:gosec // names, not secrets: the ids of the AWS translator are SHA-1
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// digest is the SHA-1 of a value in hexadecimal; "" for one that is empty. A
// text is hashed as it is, anything else as the AWS translator writes it:
// compact JSON in ASCII with sorted keys. So the same template gets the same
// logical ids here and there.
func digest(v *Value) string {
	if !truthy(v) {
		return ""
	}
	s, ok := v.Str()
	if !ok {
		s = canonical(v)
	}
	sum := sha1.Sum([]byte(s)) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// short is the part of a digest that logical ids carry.
func short(v *Value) string {
	d := digest(v)
	return d[:min(10, len(d))]
}

// canonical is a value as compact JSON in ASCII with sorted keys.
func canonical(v *Value) string {
	var b strings.Builder
	writeCanonical(&b, v)
	return b.String()
}

func writeCanonical(b *strings.Builder, v *Value) {
	switch v.Kind() {
	case doc.String:
		writeASCII(b, v.Text())
	case doc.Number, doc.Bool:
		b.WriteString(v.Text())
	case doc.List:
		b.WriteByte('[')
		for i, it := range v.Items() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeCanonical(b, it)
		}
		b.WriteByte(']')
	case doc.Map:
		keys := slices.Sorted(slices.Values(v.Keys()))
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeASCII(b, k)
			b.WriteByte(':')
			writeCanonical(b, v.Get(k))
		}
		b.WriteByte('}')
	default:
		b.WriteString("null")
	}
}

// writeASCII writes a string as JSON with every other character escaped.
func writeASCII(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r >= ' ' && r < 127:
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
}

// indented is a value as JSON with sorted keys and four blanks of indentation,
// as state machine definitions are written.
func indented(b *strings.Builder, v *Value, indent string) {
	open, shut := "[", "]"
	if v.Is(doc.Map) {
		open, shut = "{", "}"
	}
	if v.Len() == 0 {
		if v.Is(doc.Map) || v.Is(doc.List) {
			b.WriteString(open + shut)
			return
		}
		writeCanonical(b, v)
		return
	}
	b.WriteString(open)
	inner := indent + "    "
	keys := slices.Sorted(slices.Values(v.Keys()))
	for i := range v.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + inner)
		if v.Is(doc.List) {
			indented(b, v.Item(i), inner)
			continue
		}
		writeASCII(b, keys[i])
		b.WriteString(": ")
		indented(b, v.Get(keys[i]), inner)
	}
	b.WriteString("\n" + indent + shut)
}
