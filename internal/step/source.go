package step

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/jsonpath"
	"github.com/stagedoor/stagedoor/internal/engine/vtl"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

type sourceKind uint8

const (
	fromText sourceKind = iota
	fromContext
	fromPath
	fromQuery
	fromQueryAll
	fromHeader
	fromHeaderAll
	fromBody
	fromReplyHeader
	fromReplyHeaderAll
	fromReplyBody
)

// source is a mapping expression, compiled: where a value comes from.
// parity: spec/rest-data-plane.md 3.7.2, 3.7.3.
type source struct {
	kind     sourceKind
	name     string           // of a parameter or field
	text     []byte           // fromText; empty: there is never a value
	variable program.Variable // fromContext; nil: there is never a value
	body     bodyPath
}

// parseSource reads an expression. replies says whether it stands in an
// integration response, where integration.response.* may be used, and
// method.request.* may not.
func (s Scope) parseSource(expr string, replies bool) (source, error) {
	if n := len(expr); n >= 2 && expr[0] == '\'' && expr[n-1] == '\'' {
		return source{text: []byte(expr[1 : n-1])}, nil
	}
	if name, ok := strings.CutPrefix(expr, "stageVariables."); ok {
		return source{text: []byte(s.Variables[name])}, nil
	}
	if name, ok := strings.CutPrefix(expr, "context."); ok {
		return source{kind: fromContext, variable: program.ContextVariable(name)}, nil
	}
	where, rest, _ := strings.Cut(expr, ".")
	of, rest, _ := strings.Cut(rest, ".")
	kind, name, _ := strings.Cut(rest, ".")
	if replies && where == "integration" && of == "response" {
		return replySource(expr, kind, name)
	}
	if !replies && where == "method" && of == "request" {
		return requestSource(expr, kind, name)
	}
	return source{}, badMapping(expr)
}

func badMapping(expr string) error {
	return fmt.Errorf("invalid mapping expression specified: %q", expr)
}

func requestSource(expr, kind, name string) (source, error) {
	kinds := map[string]sourceKind{
		"path": fromPath, "querystring": fromQuery, "multivaluequerystring": fromQueryAll,
		"header": fromHeader, "multivalueheader": fromHeaderAll,
	}
	if k, ok := kinds[kind]; ok && name != "" {
		return source{kind: k, name: name}, nil
	}
	if kind == "body" {
		path, err := parseBodyPath(name)
		return source{kind: fromBody, body: path}, err
	}
	return source{}, badMapping(expr)
}

func replySource(expr, kind, name string) (source, error) {
	switch {
	case kind == "header" && name != "":
		return source{kind: fromReplyHeader, name: strings.ToLower(name)}, nil
	case kind == "multivalueheader" && name != "":
		return source{kind: fromReplyHeaderAll, name: strings.ToLower(name)}, nil
	case kind == "body":
		path, err := parseBodyPath(name)
		return source{kind: fromReplyBody, body: path}, err
	}
	return source{}, badMapping(expr)
}

// never says whether the source can be seen at deployment to have no value.
func (s *source) never() bool {
	return s.kind == fromText && len(s.text) == 0 || s.kind == fromContext && s.variable == nil
}

// value is the source's value for an exchange; none is empty. Several values
// are joined with commas.
func (s *source) value(x *program.Exchange) ([]byte, error) {
	switch s.kind {
	case fromContext:
		if s.variable == nil {
			return nil, nil
		}
		return x.KeepVariable(s.variable), nil
	case fromPath:
		v, _ := x.Param(s.name)
		return v, nil
	case fromQuery:
		v, _ := x.QueryValue(s.name)
		return v, nil
	case fromQueryAll:
		return joinQuery(x, s.name), nil
	case fromHeader:
		return lastHeader(x, s.name), nil
	case fromHeaderAll:
		return joinHeader(x, s.name), nil
	case fromBody:
		return s.body.find(x, x.Body)
	case fromReplyHeader:
		return http1.Get(x.Reply.Response.Fields, s.name), nil
	case fromReplyHeaderAll:
		return joinFields(x, x.Reply.Response.Fields, func(name []byte) bool { return http1.EqualFold(name, s.name) }), nil
	case fromReplyBody:
		v, err := s.body.find(x, x.Reply.Body)
		if err != nil {
			return nil, nil //nolint:nilerr // what the back end answers is no fault of the client: the header is left out
		}
		return v, nil
	default:
		return s.text, nil
	}
}

// same compares a client's field name with one in a mapping. Case matters;
// HTTP/2 has lower case only, so there it cannot.
// parity: developer guide, "Amazon API Gateway important notes".
func same(x *program.Exchange, sent []byte, name string) bool {
	if string(sent) == name {
		return true
	}
	return x.Request.HTTP2 && len(sent) == len(name) && strings.EqualFold(string(sent), name)
}

func lastHeader(x *program.Exchange, name string) []byte {
	for _, f := range slices.Backward(x.Request.Fields) {
		if same(x, f.Name, name) && !headerOf(f.Name).unseen() {
			return f.Value
		}
	}
	return nil
}

func joinHeader(x *program.Exchange, name string) []byte {
	return joinFields(x, x.Request.Fields, func(sent []byte) bool { return same(x, sent, name) && !headerOf(sent).unseen() })
}

func joinFields(x *program.Exchange, fields []http1.Field, match func(name []byte) bool) []byte {
	var all []byte
	found := false
	for _, f := range fields {
		if !match(f.Name) {
			continue
		}
		if found {
			all = x.KeepBytes(all, commaBytes, f.Value)
		} else {
			all, found = f.Value, true
		}
	}
	return all
}

func joinQuery(x *program.Exchange, name string) []byte {
	var all []byte
	found := false
	for _, p := range x.Query() {
		if string(p.Name) != name {
			continue
		}
		if found {
			all = x.KeepBytes(all, commaBytes, p.Value)
		} else {
			all, found = p.Value, true
		}
	}
	return all
}

// bodyPath is a way into a JSON document. The zero value is the whole of it.
type bodyPath struct {
	steps []string       // names of members and indexes of lists, one after the other
	path  *jsonpath.Path // what is more than that
}

// parseBodyPath reads a JSONPath without its "$.".
func parseBodyPath(path string) (bodyPath, error) {
	if steps, ok := plainPath(path); ok {
		return bodyPath{steps: steps}, nil
	}
	p, err := jsonpath.Parse("$." + path)
	if err != nil {
		return bodyPath{}, fmt.Errorf("%s: %w", path, err)
	}
	return bodyPath{path: p}, nil
}

// plainPath takes a path of names and indexes apart: a.b, a[0].b, ['a b'].
func plainPath(path string) (steps []string, ok bool) {
	for rest := path; rest != ""; {
		var at string
		if rest[0] == '[' {
			if at, rest, ok = strings.Cut(rest[1:], "]"); !ok {
				return nil, false
			}
			at = strings.Trim(at, `'"`)
		} else if i := strings.IndexAny(rest, ".["); i >= 0 {
			at, rest = rest[:i], rest[i:]
		} else {
			at, rest = rest, ""
		}
		if at == "" || strings.ContainsAny(at, `*?@:,()\'"-`) {
			return nil, false
		}
		steps = append(steps, at)
		if after, ok := strings.CutPrefix(rest, "."); ok {
			if rest = after; rest == "" || rest[0] == '[' {
				return nil, false
			}
		}
	}
	return steps, true
}

var errBody = errors.New("the body begins like JSON and is none")

// find is what the path leads to: the text of a string, or JSON; empty if
// there is nothing. A document that begins like JSON must be JSON, even when
// the whole of it is wanted.
// parity: spec/rest-data-plane.md 3.7.2.
func (p *bodyPath) find(x *program.Exchange, doc []byte) ([]byte, error) {
	if len(doc) == 0 {
		doc = []byte("{}")
	}
	start := skipSpace(doc, 0)
	if start == len(doc) || !bytes.ContainsRune([]byte(`{["'`), rune(doc[start])) {
		if len(p.steps) == 0 && p.path == nil {
			return doc, nil
		}
		return nil, nil
	}
	at, err := wholeValue(doc)
	if err != nil {
		return nil, &program.Refusal{Type: program.Default4XX, Status: 400, Message: "Invalid JSON in request body", Cause: errBody}
	}
	if p.path != nil {
		return p.search(at)
	}
	if len(p.steps) == 0 {
		return doc, nil
	}
	for _, step := range p.steps {
		if at = child(at, step); at == nil {
			return nil, nil
		}
	}
	switch at[0] {
	case '"':
		return x.KeepBytes(appendUnquoted(nil, at)), nil
	case 'n':
		return nil, nil
	}
	return at, nil
}

// search is find for a path that is more than names and indexes. What it finds
// is a list, as JSON.
func (p *bodyPath) search(doc []byte) ([]byte, error) {
	root, err := vtl.FromJSON(doc)
	if err != nil {
		return nil, program.Default4XX.Refuse(err)
	}
	found, ok, err := p.path.Find(valueTree{}, root)
	switch list, isList := found.([]any); {
	case err != nil || !ok || found == nil:
		return nil, nil //nolint:nilerr // what cannot be found has no value
	case isList:
		found = &vtl.List{Items: list}
	default:
		if s, isText := found.(string); isText {
			return []byte(s), nil
		}
	}
	return vtl.AppendJSON(nil, found), nil
}

// child is the member or element of a raw value; the last of several members
// of one name, nil if there is none.
func child(value []byte, step string) (found []byte) {
	switch value[0] {
	case '{':
		_ = members(value, func(name, v []byte) error {
			if string(appendUnquoted(nil, name)) == step {
				found = v
			}
			return nil
		})
	case '[':
		at, err := strconv.Atoi(step)
		if err != nil {
			return nil
		}
		_ = elements(value, func(v []byte) error {
			if at == 0 {
				found = v
			}
			at--
			return nil
		})
	}
	return found
}
