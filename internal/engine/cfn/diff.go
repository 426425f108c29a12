package cfn

import (
	"slices"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// ChangeKind says how a property changed.
type ChangeKind uint8

// The kinds of changes.
const (
	Added ChangeKind = iota + 1
	Removed
	Modified
)

// Change is one property that differs between two versions of a resource.
type Change struct {
	// Path names the property. Lists are compared as a whole, so it holds the
	// keys of maps only: {"Integration", "Uri"}.
	Path     []string
	Kind     ChangeKind
	Old, New *Value // absent for Added, Removed
	// Maybe is true when the new value is not known yet, so the two may turn
	// out equal.
	Maybe bool
}

// Diff lists how the resolved properties of a resource changed, in order of
// path. It compares as CloudFormation does: "1" and 1, "true" and true are the
// same, the order of keys means nothing, the order of items does.
func Diff(before, after *Value) []Change {
	return diff(nil, nil, before, after)
}

func diff(found []Change, path []string, before, after *Value) []Change {
	if !before.Is(doc.Map) || !after.Is(doc.Map) {
		return append(found, Change{
			Path: path, Kind: kindOf(before, after),
			Old: before, New: after, Maybe: hasUnknown(after),
		})
	}
	keys := slices.Concat(before.Keys(), after.Keys())
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		b, a := before.Get(k), after.Get(k)
		if same(b, a) {
			continue
		}
		found = diff(found, append(slices.Clip(path), k), b, a)
	}
	return found
}

func kindOf(before, after *Value) ChangeKind {
	switch {
	case before == nil:
		return Added
	case after == nil:
		return Removed
	}
	return Modified
}

func hasUnknown(v *Value) bool {
	if v.Is(doc.Unknown) {
		return true
	}
	for i := range v.Len() {
		if hasUnknown(v.Nth(i)) {
			return true
		}
	}
	return false
}

// same compares two values; scalars by their text, as all scalars of a
// template are text to CloudFormation.
func same(b, a *Value) bool {
	if x, ok := b.Scalar(); ok {
		y, ok := a.Scalar()
		return ok && x == y
	}
	if b.Kind() != a.Kind() || b.Len() != a.Len() {
		return false
	}
	switch b.Kind() {
	case doc.Unknown:
		return false
	case doc.List:
		return slices.EqualFunc(b.Items(), a.Items(), same)
	case doc.Map:
		for _, k := range b.Keys() {
			if !a.Has(k) || !same(b.Get(k), a.Get(k)) {
				return false
			}
		}
	default: // null is null
	}
	return true
}
