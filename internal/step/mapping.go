package step

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// mapping sets one parameter of a request or answer.
type mapping struct {
	name []byte
	is   header
	from source
}

// requestMappings are an integration's requestParameters, compiled. They are
// applied in the order of their names.
type requestMappings struct {
	headers, query, path []mapping
	breaks               string // a target that makes every call fail; empty: none
}

// requestMappings compiles requestParameters. aws: the integration is AWS or
// AWS_PROXY, which break for more targets.
// parity: spec/rest-data-plane.md 3.6.2, 3.7.2.
func (s Scope) requestMappings(params map[string]string, aws bool) (requestMappings, error) {
	var all requestMappings
	for _, target := range slices.Sorted(maps.Keys(params)) {
		where, name, ok := strings.Cut(strings.TrimPrefix(target, "integration.request."), ".")
		if !ok || !strings.HasPrefix(target, "integration.request.") || !mappingName(name) {
			return all, fmt.Errorf("invalid mapping target %q", target)
		}
		from, err := s.parseSource(params[target], false)
		if err != nil {
			return all, fmt.Errorf("mapping of %s: %w", target, err)
		}
		m := mapping{name: []byte(name), is: headerOf([]byte(name)), from: from}
		if where == "header" && breaks(m.is, aws) {
			all.breaks = target
		}
		if from.never() {
			continue // parity: a source with no value drops the target
		}
		switch where {
		case "header":
			if settable(m.is) {
				all.headers = append(all.headers, m)
			}
		case "querystring":
			all.query = append(all.query, m)
		case "path":
			all.path = append(all.path, m)
		default:
			return all, fmt.Errorf("invalid mapping target %q", target)
		}
	}
	return all, nil
}

// mappingName says whether a parameter may have the name.
// parity: spec/rest-data-plane.md 3.7.2: ^[a-zA-Z0-9._$-]+$
func mappingName(name string) bool {
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._$-", c) >= 0) {
			return false
		}
	}
	return name != ""
}

// breaks says whether a header target makes the call fail with 500.
func breaks(h header, aws bool) bool {
	switch h {
	case hContentLength, hTransferEncoding:
		return true
	case hAuthorization, hConnection, hExpect, hProxyAuthenticate, hTE, hTrace, hAPIID:
		return aws
	default:
		return false
	}
}

// settable says whether a header target is sent at all: some are dropped
// silently, and what the gateway says of itself is not to be set.
func settable(h header) bool {
	switch h {
	case hConnection, hExpect, hProxyAuthenticate, hTE, hVia, hKeepAlive, hProxyConnection, hHTTP2Settings, hTrace, hAPIID:
		return false
	default:
		return true
	}
}

var (
	errFieldValue = errors.New("a mapped header has a control character in its value")
	errHostValue  = errors.New("a mapped Host is no host")
)

// setHeaders makes the mapped headers, and what a template set, fields of the
// call. A template's come over the mapped ones.
// parity: spec/rest-data-plane.md 13, "requestParameters vs override priority".
func (m *requestMappings) setHeaders(x *program.Exchange) error {
	for i := range m.headers {
		h := &m.headers[i]
		v, err := h.from.value(x)
		if err != nil {
			return err
		}
		if err := setHeader(x, h.name, v, h.is); err != nil {
			return err
		}
	}
	if x.Overrides == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(x.Overrides.Header)) {
		is := headerOf([]byte(name))
		if breaks(is, false) || !validName(name) {
			return program.APIConfigurationError.Refuse(errFieldValue)
		}
		if !settable(is) {
			continue
		}
		if err := setHeader(x, []byte(name), []byte(x.Overrides.Header[name]), is); err != nil {
			return err
		}
	}
	return nil
}

// setHeader sets a field of the call; an empty value sets nothing.
func setHeader(x *program.Exchange, name, value []byte, is header) error {
	if len(value) == 0 {
		return nil
	}
	if !validValue(value) {
		return program.APIConfigurationError.Refuse(errFieldValue)
	}
	value = bytes.Trim(value, " \t")
	if is == hHost {
		if !validHost(value) {
			return program.APIConfigurationError.Refuse(errHostValue)
		}
		x.Call.Host = value
		return nil
	}
	x.Call.Fields = setField(x.Call.Fields, name, value)
	return nil
}

// setField replaces a field, or adds it.
func setField(fields []http1.Field, name, value []byte) []http1.Field {
	if i := fieldAt(fields, name); i >= 0 {
		fields[i] = http1.Field{Name: fields[i].Name, Value: value} // of which the writer knows nothing
		return fields
	}
	return append(fields, http1.Field{Name: name, Value: value})
}

// fieldAt is the index of a field, -1 if it is not there.
func fieldAt(fields []http1.Field, name []byte) int {
	for i := range fields {
		if len(fields[i].Name) == len(name) && bytes.EqualFold(fields[i].Name, name) {
			return i
		}
	}
	return -1
}

func validHost(host []byte) bool {
	for _, c := range host {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || bytes.IndexByte([]byte("-._:[]"), c) >= 0) {
			return false
		}
	}
	return len(host) > 0
}

// appendQuery appends the mapped parameters to a target that has a query if
// some is true.
func (m *requestMappings) appendQuery(x *program.Exchange, dst []byte, some bool) ([]byte, error) {
	for i := range m.query {
		q := &m.query[i]
		if x.Overrides != nil {
			if _, over := x.Overrides.Query[string(q.name)]; over {
				continue
			}
		}
		if q.from.kind == fromQueryAll {
			for _, p := range x.Query() {
				if string(p.Name) == q.from.name {
					dst, some = appendParam(dst, q.name, p.Value, some), true
				}
			}
			continue
		}
		v, err := q.from.value(x)
		if err != nil {
			return dst, err
		}
		if len(v) > 0 {
			dst, some = appendParam(dst, q.name, v, some), true
		}
	}
	if x.Overrides != nil {
		for _, name := range slices.Sorted(maps.Keys(x.Overrides.Query)) {
			if v := x.Overrides.Query[name]; v != "" {
				dst, some = appendParam(dst, []byte(name), []byte(v), some), true
			}
		}
	}
	return dst, nil
}

func appendParam(dst, name, value []byte, some bool) []byte {
	if some {
		dst = append(dst, '&')
	} else {
		dst = append(dst, '?')
	}
	dst = appendEncoded(dst, name)
	return appendEncoded(append(dst, '='), value)
}
