package step

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
)

// cacheKey makes the keys of a method's answers.
type cacheKey struct {
	prefix []byte // leg of the stage and namespace
	parts  []cachePart
}

// cachePart is one parameter that tells answers apart.
type cachePart struct {
	name string // as in cacheKeyParameters
	path string // of a path parameter its name
	from identitySource
}

// cacheKey compiles what a method's answers are kept under: the namespace, which
// methods may share and is the resource's id by default, the verb, and every
// value of every parameter that the integration names. Two requests that differ
// in any of these never share an answer; what is not named makes no difference.
// parity: spec/rest-data-plane.md 9, "Key" and "Key parameters".
func (s Scope) cacheKey(in *api.Integration) (*cacheKey, error) {
	namespace := in.CacheNamespace
	if namespace == "" {
		namespace = s.ResourceID
	}
	leg := ""
	if s.CanaryRequest == "true" && !s.StageCache {
		leg = "canary"
	}
	k := &cacheKey{prefix: appendSized(appendSized(nil, leg), namespace)}
	names := slices.Clone(in.CacheKeyParameters)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		part, err := s.cachePart(in, name)
		if err != nil {
			return nil, err
		}
		k.parts = append(k.parts, part)
	}
	return k, nil
}

// cachePart is the parameter of a name. One of the integration's request is
// what it is mapped from.
func (s Scope) cachePart(in *api.Integration, name string) (cachePart, error) {
	expr := name
	if strings.HasPrefix(name, "integration.request.") {
		if expr = in.RequestParameters[name]; expr == "" {
			return cachePart{}, fmt.Errorf("cache key parameter %q is not mapped", name)
		}
	}
	part := cachePart{name: name}
	if path, ok := strings.CutPrefix(expr, "method.request.path."); ok {
		part.path = path
		return part, nil
	}
	if n := len(expr); n >= 2 && expr[0] == '\'' && expr[n-1] == '\'' {
		part.from = identitySource{kind: fromText, text: expr[1 : n-1]}
		return part, nil
	}
	source, err := s.identitySource(expr)
	if err != nil {
		return cachePart{}, fmt.Errorf("cache key parameter %q: what is mapped from %q tells no answers apart", name, expr)
	}
	if source.kind == fromContext && source.variable == nil {
		source = identitySource{kind: fromText} // always empty
	}
	part.from = source
	return part, nil
}

// appendTo appends the key of an exchange. Its query has been parsed.
func (k *cacheKey) appendTo(x *program.Exchange, dst []byte) []byte {
	dst = appendSized(append(dst, k.prefix...), x.Method)
	for i := range k.parts {
		p := &k.parts[i]
		dst = appendSized(dst, p.name)
		if p.path == "" {
			dst = p.from.appendTo(x, dst)
			continue
		}
		if v, ok := x.Param(p.path); ok {
			dst = appendSized(dst, v)
		}
		dst = binary.BigEndian.AppendUint32(dst, endOfSource)
	}
	return dst
}

// endOfSource stands after the values of a source: no value is so long.
const endOfSource = 0xffffffff

// readsQuery says whether the key needs the query parsed.
func (k *cacheKey) readsQuery() bool {
	return slices.ContainsFunc(k.parts, func(p cachePart) bool { return p.path == "" && p.from.kind == fromQuery })
}

// hasHeader says whether a field of the request tells answers apart.
func (k *cacheKey) hasHeader(lower string) bool {
	return slices.ContainsFunc(k.parts, func(p cachePart) bool {
		return p.path == "" && p.from.kind == fromHeader && p.from.name == lower
	})
}

// personal says whether something that only one caller knows tells answers
// apart: a header field, or what the gateway knows of the caller.
func (k *cacheKey) personal() bool {
	return slices.ContainsFunc(k.parts, func(p cachePart) bool {
		return p.path == "" && (p.from.kind == fromHeader || p.from.kind == fromContext)
	})
}

// note is the key for explain.
func (k *cacheKey) note() string {
	if len(k.parts) == 0 {
		return "one answer for all"
	}
	var names []string
	for _, p := range k.parts {
		names = append(names, p.name)
	}
	return "by " + strings.Join(names, ", ")
}
