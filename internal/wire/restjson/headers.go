package restjson

import (
	"encoding/base64"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// headers reads the members that travel in headers.
func (d *decoder) headers() error {
	for i := range d.shape.Members {
		m := &d.shape.Members[i]
		var err error
		switch m.At {
		case wire.InHeader:
			err = d.header(d.fields.At(i), m)
		case wire.InHeaderPrefix:
			err = d.prefixed(d.fields.At(i), m)
		default:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) header(dst reflect.Value, m *wire.Member) error {
	lines := d.req.Header.Values(m.Wire)
	if len(lines) == 0 {
		return d.absent(dst, m)
	}
	text := strings.Join(lines, ", ")
	if !utf8.ValidString(text) {
		return wire.Malformedf("The header %s is not UTF-8", m.Wire)
	}
	s := d.service.Of(m)
	if s.Kind == wire.List {
		return d.headerList(dst, s, text)
	}
	if s.Kind == wire.String && s.Media != "" {
		plain, err := wire.ParseBase64(text)
		if err != nil {
			return err
		}
		return wire.SetString(dst, string(plain))
	}
	return d.set(dst, m, wire.HTTPDate, text)
}

func (d *decoder) headerList(dst reflect.Value, s *wire.Shape, text string) error {
	m := &s.Members[0]
	es := d.service.Of(m)
	split := splitList
	if es.Kind == wire.Timestamp && m.Time.Or(es.Time).Or(wire.HTTPDate) == wire.HTTPDate {
		split = splitDates
	}
	texts, err := split(text)
	if err != nil {
		return err
	}
	v, store := wire.Room(dst, s)
	for _, t := range texts {
		if err := d.element(v, s, t, wire.HTTPDate); err != nil {
			return err
		}
	}
	if store != nil {
		store()
	}
	return nil
}

// splitList takes a header's list apart. An element in quotes may hold commas,
// and backslashes before quotes and backslashes.
func splitList(text string) ([]string, error) {
	var out []string
	for rest := text; ; {
		rest = strings.TrimLeft(rest, " \t")
		if !strings.HasPrefix(rest, `"`) {
			one, after, more := strings.Cut(rest, ",")
			if one = strings.TrimRight(one, " \t"); one != "" || more {
				out = append(out, one)
			}
			if !more {
				return out, nil
			}
			rest = after
			continue
		}
		one, after, ok := unquote(rest)
		if !ok {
			return nil, wire.Malformedf("A quote is not closed in a header")
		}
		out = append(out, one)
		after = strings.TrimLeft(after, " \t")
		if after == "" {
			return out, nil
		}
		if after[0] != ',' {
			return nil, wire.Malformedf("A comma is missing in a header")
		}
		rest = after[1:]
	}
}

// unquote reads the quoted string that text begins with.
func unquote(text string) (one, after string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], true
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// splitDates takes a list of HTTP dates apart, each of which holds a comma.
func splitDates(text string) ([]string, error) {
	parts := strings.Split(text, ",")
	if len(parts)%2 != 0 {
		return nil, wire.Malformedf("A header does not hold HTTP dates")
	}
	out := make([]string, 0, len(parts)/2)
	for pair := range slices.Chunk(parts, 2) {
		out = append(out, strings.TrimSpace(pair[0])+","+pair[1])
	}
	return out, nil
}

// prefixed fills the map of the headers that begin with the member's prefix.
// Their names are in lower case, since HTTP does not tell the case.
func (d *decoder) prefixed(dst reflect.Value, m *wire.Member) error {
	prefix := strings.ToLower(m.Wire)
	values := map[string][]string{}
	for name, lines := range d.req.Header {
		if key, ok := strings.CutPrefix(strings.ToLower(name), prefix); ok {
			values[key] = []string{strings.Join(lines, ", ")}
		}
	}
	if len(values) == 0 {
		return nil
	}
	return d.fillMap(dst, d.service.Of(m), values)
}

// headerText is how a member travels in a header; false for a member that is
// left out.
func (c *Codec) headerText(v reflect.Value, m *wire.Member) (string, bool) {
	s := c.service.Of(m)
	v = wire.Inner(v)
	switch {
	case s.Kind == wire.List:
		return c.listText(v, s)
	case s.Kind == wire.String && s.Media != "":
		return base64.StdEncoding.EncodeToString([]byte(v.String())), true
	}
	return string(wire.AppendText(nil, v, s, m.Time.Or(s.Time).Or(wire.HTTPDate))), true
}

func (c *Codec) listText(v reflect.Value, s *wire.Shape) (string, bool) {
	m := &s.Members[0]
	es := c.service.Of(m)
	var out []string
	for i := range v.Len() {
		x := v.Index(i)
		if wire.Absent(x) {
			continue
		}
		text := string(wire.AppendText(nil, wire.Inner(x), es, m.Time.Or(es.Time).Or(wire.HTTPDate)))
		if es.Kind == wire.String && strings.ContainsAny(text, `",`) {
			text = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		}
		out = append(out, text)
	}
	return strings.Join(out, ", "), len(out) > 0
}

// oneLine keeps a value from ending its header early.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
