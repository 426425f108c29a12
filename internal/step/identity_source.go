package step

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// identitySource is where an authorizer finds who is calling.
type identitySource struct {
	kind     sourceKind // fromHeader, fromQuery, fromContext or fromText
	name     string     // a field's in lower case
	variable program.Variable
	text     string // of a stage variable
}

// identitySources reads a list of expressions, separated by commas.
// parity: spec/security.md 4.1.
func (s Scope) identitySources(list string) ([]identitySource, error) {
	var all []identitySource
	for expr := range strings.SplitSeq(list, ",") {
		expr = strings.TrimSpace(expr)
		if expr == "" {
			continue
		}
		source, err := s.identitySource(expr)
		if err != nil {
			return nil, err
		}
		all = append(all, source)
	}
	return all, nil
}

func (s Scope) identitySource(expr string) (identitySource, error) {
	for _, form := range []struct {
		prefix string
		kind   sourceKind
	}{
		{"method.request.header.", fromHeader},
		{"method.request.multivalueheader.", fromHeader},
		{"method.request.querystring.", fromQuery},
		{"method.request.multivaluequerystring.", fromQuery},
		{"stageVariables.", fromText},
		{"context.", fromContext},
	} {
		name, ok := strings.CutPrefix(expr, form.prefix)
		if !ok || name == "" {
			continue
		}
		source := identitySource{kind: form.kind, name: name}
		switch form.kind {
		case fromHeader:
			source.name = strings.ToLower(name) // parity: spec/security.md 4.2: case does not matter here
		case fromText:
			source.text = s.Variables[name]
		case fromContext:
			source.variable = program.ContextVariable(name)
		default: // a parameter of the query: its case matters
		}
		return source, nil
	}
	return identitySource{}, fmt.Errorf("invalid identity source %q", expr)
}

// present says whether the source has a value, and no empty one.
func (s *identitySource) present(x *program.Exchange) bool {
	switch s.kind {
	case fromHeader:
		return len(http1.Get(x.Request.Fields, s.name)) > 0
	case fromQuery:
		v, _ := x.QueryValue(s.name)
		return len(v) > 0
	case fromContext:
		return s.variable != nil && len(x.KeepVariable(s.variable)) > 0
	default:
		return s.text != ""
	}
}

// appendTo appends every value of the source with its length. All values of a
// field or parameter count, not only the last: an authorizer sees them all.
func (s *identitySource) appendTo(x *program.Exchange, dst []byte) []byte {
	switch s.kind {
	case fromHeader:
		for i := range x.Request.Fields {
			if f := &x.Request.Fields[i]; http1.EqualFold(f.Name, s.name) {
				dst = appendSized(dst, f.Value)
			}
		}
	case fromQuery:
		for _, p := range x.Query() {
			if string(p.Name) == s.name {
				dst = appendSized(dst, p.Value)
			}
		}
	case fromContext:
		at := len(dst)
		dst = s.variable(x, append(dst, 0, 0, 0, 0))
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	default:
		dst = appendSized(dst, s.text)
	}
	return append(dst, 0xff, 0xff, 0xff, 0xff) // the end of the source: no value is so long
}

func appendSized[T ~string | ~[]byte](dst []byte, value T) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(value))), value...)
}

// onlyValue is the value of a field that stands in the request exactly once, nil
// otherwise. Two tokens in one request would let the gateway look at one and
// the back end at the other.
func onlyValue(x *program.Exchange, lower string) []byte {
	var value []byte
	for i := range x.Request.Fields {
		f := &x.Request.Fields[i]
		if !http1.EqualFold(f.Name, lower) {
			continue
		}
		if value != nil || len(f.Value) == 0 {
			return nil
		}
		value = f.Value
	}
	return value
}
