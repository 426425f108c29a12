package step

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/vtl"
	"github.com/stagedoor/stagedoor/internal/program"
)

// CompileTemplate compiles a mapping template for the phase it stands in; it is
// what compile.Env.Template takes.
func CompileTemplate(phase Phase, text string) (Renderer, error) {
	t, err := vtl.Parse(text)
	if err != nil {
		return nil, err
	}
	return vtlTemplate{phase, t}, nil
}

type vtlTemplate struct {
	phase    Phase
	template *vtl.Template
}

// Render renders the template for an exchange.
func (t vtlTemplate) Render(x *program.Exchange, input, dst []byte) ([]byte, error) {
	env := &templateEnv{x: x, input: &inputObject{x: x, phase: t.phase, payload: input}}
	out, err := t.template.Render(env, dst)
	if err != nil {
		return nil, err
	}
	if env.context != nil {
		env.context.keep()
	}
	return out, nil
}

// Quick implements Renderer.
func (t vtlTemplate) Quick(input int) bool { return t.template.Quick(input) }

// templateEnv gives a template $input, $util, $context and $stageVariables.
type templateEnv struct {
	x       *program.Exchange
	input   *inputObject
	context *contextObject
}

// Lookup finds a variable that the template has not set.
func (e *templateEnv) Lookup(name string) (any, bool) {
	switch name {
	case "input":
		return e.input, true
	case "util":
		return utilObject{}, true
	case "context":
		if e.context == nil {
			e.context = newContext(e.x)
		}
		return e.context, true
	case "stageVariables":
		m := vtl.NewMap()
		if e.x.Stage != nil {
			for _, k := range sortedNames(e.x.Stage.Variables) {
				_ = m.Put(k, e.x.Stage.Variables[k]) // far fewer than a map may have
			}
		}
		return m, true
	}
	return nil, false
}

// inputObject is $input: the payload, and the request's parameters.
// parity: spec/rest-data-plane.md 4.1
type inputObject struct {
	x       *program.Exchange
	phase   Phase
	payload []byte
	doc     any
	read    bool
	err     error
}

// document is the payload as a value: JSON, or a text if it does not look so.
func (o *inputObject) document() (any, error) {
	if o.read {
		return o.doc, o.err
	}
	o.read = true
	payload := bytes.TrimSpace(o.payload)
	if len(payload) == 0 {
		o.doc = vtl.NewMap()
		return o.doc, nil
	}
	doc, err := vtl.FromJSON(payload)
	switch {
	case err == nil:
		o.doc = doc
	case bytes.IndexByte([]byte(`{["`), payload[0]) < 0:
		o.doc = string(o.payload)
	case o.phase == OnRequest:
		o.err = &program.Refusal{Type: program.BadRequestBody, Message: "Invalid JSON in request body", Cause: err}
	default:
		o.err = err
	}
	return o.doc, o.err
}

// Call runs json, path and params.
func (o *inputObject) Call(name string, args []any) (any, bool, error) {
	switch {
	case name == "params" && len(args) == 0:
		return o.params(), true, nil
	case name == "params" && len(args) == 1:
		return o.param(vtl.Text(args[0])), true, nil
	case name == "json" && len(args) == 1:
		v, ok, err := o.find(args[0])
		if err != nil {
			return nil, true, err
		}
		if !ok {
			return `""`, true, nil // parity: a missing path is two quotes
		}
		return string(vtl.AppendJSON(nil, v)), true, nil
	case name == "path" && len(args) == 1:
		v, _, err := o.find(args[0])
		return v, true, err
	}
	return nil, false, nil
}

func (o *inputObject) find(path any) (any, bool, error) {
	doc, err := o.document()
	if err != nil {
		return nil, false, err
	}
	return findPath(doc, vtl.Text(path))
}

// Property reads $input.body; methods named without parentheses print {}.
func (o *inputObject) Property(name string) (any, bool) {
	if name != "body" {
		return emptyObject{}, true
	}
	if len(o.payload) == 0 {
		return "{}", true
	}
	return string(o.payload), true
}

// String is what $input alone prints.
func (o *inputObject) String() string { return "{}" }

// params is the map of path, querystring and header.
func (o *inputObject) params() *vtl.Map {
	path, query, header, all := vtl.NewMap(), vtl.NewMap(), vtl.NewMap(), vtl.NewMap()
	for _, p := range o.x.Params {
		_ = path.Put(p.Name, string(p.Value))
	}
	for _, q := range o.x.Query() {
		_ = query.Put(string(q.Name), string(q.Value))
	}
	for _, f := range o.x.Request.Fields {
		if !headerOf(f.Name).unseen() {
			_ = header.Put(string(f.Name), string(f.Value))
		}
	}
	_ = all.Put("path", path)
	_ = all.Put("querystring", query)
	_ = all.Put("header", header)
	return all
}

// param is the first of path, query and header that has the name.
func (o *inputObject) param(name string) string {
	if v, ok := o.x.Param(name); ok {
		return string(v)
	}
	if v, ok := o.x.QueryValue(name); ok {
		return string(v)
	}
	return string(lastHeader(o.x, name))
}

// emptyObject is what prints {} and has nothing.
type emptyObject struct{}

// Call has no methods.
func (emptyObject) Call(string, []any) (any, bool, error) { return nil, false, nil }

// Property has no members.
func (emptyObject) Property(string) (any, bool) { return nil, false }

// String is {}.
func (emptyObject) String() string { return "{}" }

// errNotText is an argument of $util that is none.
var errNotText = errors.New("argument is not what the function takes")

// utilObject is $util.
type utilObject struct{}

// Call runs one of $util's functions.
func (utilObject) Call(name string, args []any) (any, bool, error) {
	if len(args) != 1 {
		return nil, false, nil
	}
	s := vtl.Text(args[0])
	switch name {
	case "escapeJavaScript":
		return escapeJavaScript(s), true, nil
	case "parseJson":
		v, err := vtl.FromJSON([]byte(s))
		if err != nil {
			return nil, true, fmt.Errorf("$util.parseJson: %w", err)
		}
		return v, true, nil
	case "urlEncode":
		return formEncode(s), true, nil
	case "urlDecode":
		v, err := formDecode(s)
		return v, true, err
	case "base64Encode":
		return encodeBase64(s), true, nil
	case "base64Decode":
		v, err := decodeBase64(s)
		return v, true, err
	}
	return nil, false, nil
}

// Property is a function named without parentheses: it prints {}.
func (utilObject) Property(string) (any, bool) { return emptyObject{}, true }

// String is {}.
func (utilObject) String() string { return "{}" }

// escapeJavaScript escapes as Apache Commons does, but for the slash: quotes and
// backslash get a backslash, what is not ASCII becomes \uXXXX.
// parity: spec/rest-data-plane.md 13
func escapeJavaScript(s string) string {
	plain := 0
	for plain < len(s) && s[plain] >= 0x20 && s[plain] <= 0x7f && s[plain] != '\'' && s[plain] != '"' && s[plain] != '\\' {
		plain++
	}
	if plain == len(s) {
		return s // as nearly all are
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:plain])
	for _, c := range s[plain:] {
		switch c {
		case '\'', '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if c >= 0x20 && c <= 0x7f {
				b.WriteRune(c)
				continue
			}
			for _, u := range utf16Units(c) {
				fmt.Fprintf(&b, `\u%04X`, u)
			}
		}
	}
	return b.String()
}
