package step

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/stagedoor/stagedoor/internal/engine/jsonpath"
	"github.com/stagedoor/stagedoor/internal/engine/vtl"
)

func sortedNames(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func utf16Units(c rune) []uint16 { return utf16.AppendRune(nil, c) }

// formEncode encodes as java.net.URLEncoder does.
func formEncode(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(s), "%2A", "*"), "~", "%7E")
}

func formDecode(s string) (string, error) {
	v, err := url.QueryUnescape(s)
	if err != nil {
		return "", fmt.Errorf("$util.urlDecode: %w", errNotText)
	}
	return v, nil
}

func encodeBase64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func decodeBase64(s string) (string, error) {
	v, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", fmt.Errorf("$util.base64Decode: %w", errNotText)
	}
	return string(v), nil
}

// valueTree lets JSONPath walk the values of templates.
type valueTree struct{}

// Member is an object's member.
func (valueTree) Member(v any, name string) (any, bool) {
	m, ok := v.(*vtl.Map)
	if !ok {
		return nil, false
	}
	return m.Get(name)
}

// Names are an object's members.
func (valueTree) Names(v any) ([]string, bool) {
	m, ok := v.(*vtl.Map)
	if !ok {
		return nil, false
	}
	return m.Keys(), true
}

// Items are a list's items.
func (valueTree) Items(v any) ([]any, bool) {
	l, ok := v.(*vtl.List)
	if !ok {
		return nil, false
	}
	return l.Items, true
}

// Object makes an object.
func (valueTree) Object(names []string, values []any) any {
	m := vtl.NewMap()
	for i, name := range names {
		_ = m.Put(name, values[i]) // a path has far fewer names than a map may have
	}
	return m
}

// findPath looks a path up in a document; a path that is none is an error of
// the template.
func findPath(doc any, path string) (any, bool, error) {
	p, err := jsonpath.Parse(path)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", vtl.ErrTemplate, err)
	}
	v, ok, err := p.Find(valueTree{}, doc)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", vtl.ErrTemplate, err)
	}
	if l, isList := v.([]any); isList {
		v = &vtl.List{Items: l}
	}
	return v, ok, nil
}
