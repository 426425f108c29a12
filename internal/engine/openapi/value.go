package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// object is a JSON object that keeps the order of its members. Values are
// *object, []any, string, json.Number, bool and nil.
type object struct {
	names  []string
	values map[string]any
}

func newObject() *object { return &object{values: map[string]any{}} }

func (o *object) set(name string, v any) {
	if _, ok := o.values[name]; !ok {
		o.names = append(o.names, name)
	}
	o.values[name] = v
}

func (o *object) get(name string) any {
	if o == nil {
		return nil
	}
	return o.values[name]
}

func (o *object) has(name string) bool {
	if o == nil {
		return false
	}
	_, ok := o.values[name]
	return ok
}

// object is the member named, nil if it is no object.
func (o *object) object(name string) *object {
	c, _ := o.get(name).(*object)
	return c
}

func (o *object) list(name string) []any {
	l, _ := o.get(name).([]any)
	return l
}

// text is the member named as text, nil if it is absent or no scalar.
func (o *object) text(name string) *string {
	if s, ok := scalar(o.get(name)); ok {
		return &s
	}
	return nil
}

// texts is a list of texts; a lone text counts as a list of one.
func (o *object) texts(name string) []string {
	var out []string
	if s := o.text(name); s != nil {
		return []string{*s}
	}
	for _, v := range o.list(name) {
		if s, ok := scalar(v); ok {
			out = append(out, s)
		}
	}
	return out
}

func (o *object) number(name string) *int32 {
	s := o.text(name)
	if s == nil {
		return nil
	}
	n, err := strconv.ParseInt(*s, 10, 32)
	if err != nil {
		return nil
	}
	v := int32(n)
	return &v
}

func (o *object) boolean(name string) *bool {
	s := o.text(name)
	if s == nil {
		return nil
	}
	b := strings.EqualFold(*s, "true")
	return &b
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// MarshalJSON writes the members in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			b.WriteByte(',')
		}
		writeJSON(&b, name)
		b.WriteByte(':')
		if err := appendValue(&b, o.values[name]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func appendValue(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case *object:
		text, err := v.MarshalJSON()
		if err != nil {
			return err
		}
		b.Write(text)
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := appendValue(b, e); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		writeJSON(b, v)
	}
	return nil
}

// writeJSON writes a scalar without escaping '<', '>' and '&': these texts are shown.
func writeJSON(b *bytes.Buffer, v any) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	b.Truncate(b.Len() - 1) // Encode ends the line
}

// reader builds values and counts what it builds.
type reader struct {
	vars  *strings.Replacer
	nodes int
	bytes int // of texts, those of aliases each time
}

func (r *reader) count(depth int) error {
	r.nodes++
	if r.nodes > maxNodes || depth > maxDepth {
		return fmt.Errorf("%w: the document is too deep or too large", ErrInvalid)
	}
	return nil
}

// read parses JSON or YAML.
func (r *reader) read(body []byte) (any, error) {
	if t := bytes.TrimLeft(body, " \t\r\n\ufeff"); len(t) > 0 && t[0] == '{' {
		if v, err := r.readJSON(t); err == nil {
			return v, nil
		}
	}
	var n yaml.Node
	if err := yaml.Unmarshal(body, &n); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if n.Kind != yaml.DocumentNode || len(n.Content) != 1 {
		return nil, ErrInvalid
	}
	return r.fromYAML(n.Content[0], 0)
}

func (r *reader) readJSON(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	v, err := r.fromJSON(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, ErrInvalid
	}
	return v, nil
}

func (r *reader) fromJSON(dec *json.Decoder, depth int) (any, error) {
	if err := r.count(depth); err != nil {
		return nil, err
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '{' {
			return r.objectJSON(dec, depth)
		}
		list := []any{}
		for dec.More() {
			v, err := r.fromJSON(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	case string:
		return r.vars.Replace(tok), nil
	default:
		return tok, nil
	}
}

func (r *reader) objectJSON(dec *json.Decoder, depth int) (any, error) {
	o := newObject()
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := r.fromJSON(dec, depth+1)
		if err != nil {
			return nil, err
		}
		o.set(name.(string), v) //nolint:forcetypeassert // the decoder only gives strings here
	}
	_, err := dec.Token()
	return o, err
}

func (r *reader) fromYAML(n *yaml.Node, depth int) (any, error) {
	if err := r.count(depth); err != nil {
		return nil, err
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.fromYAML(n.Alias, depth+1)
	case yaml.MappingNode:
		return r.objectYAML(n, depth)
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			v, err := r.fromYAML(c, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.ScalarNode:
		if r.bytes += len(n.Value); r.bytes > maxExpanded {
			return nil, errExpanded
		}
		return r.scalarYAML(n), nil
	default:
		return nil, ErrInvalid
	}
}

func (r *reader) scalarYAML(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		var f float64
		if n.Decode(&f) == nil {
			return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return r.vars.Replace(n.Value)
}

// objectYAML reads a mapping; status codes and the like may be numbers as keys.
func (r *reader) objectYAML(n *yaml.Node, depth int) (any, error) {
	o := newObject()
	for i := 0; i+1 < len(n.Content); i += 2 {
		v, err := r.fromYAML(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		r.bytes += len(n.Content[i].Value)
		if n.Content[i].Tag == "!!merge" {
			mergeInto(o, v)
			continue
		}
		o.set(n.Content[i].Value, v)
	}
	return o, nil
}

// mergeInto is YAML 1.1's "<<": members that are there already win.
func mergeInto(o *object, v any) {
	switch v := v.(type) {
	case *object:
		for _, name := range v.names {
			if !o.has(name) {
				o.set(name, v.values[name])
			}
		}
	case []any:
		for _, e := range v {
			mergeInto(o, e)
		}
	}
}
