package vtl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// Call runs a Java method of a value, for an Object that stands for one.
func Call(v any, name string, args []any) (any, error) { return call(v, name, args) }

// call runs a Java method of a value. One that does not exist gives null.
func call(v any, name string, args []any) (any, error) {
	if name == "toString" && len(args) == 0 && v != nil {
		return Text(v), nil
	}
	if (name == "equals" || name == "equalsIgnoreCase") && len(args) == 1 {
		if name == "equals" {
			return equal(v, args[0]), nil
		}
		return strings.EqualFold(Text(v), Text(args[0])), nil
	}
	switch v := v.(type) {
	case string:
		return callText(v, name, args)
	case *List:
		return callList(v, name, args)
	case *Map:
		return callMap(v, name, args)
	case int64, float64, Number:
		return callNumber(v, name)
	}
	return nil, nil
}

func callNumber(v any, name string) (any, error) {
	f, _ := float(v)
	switch name {
	case "intValue", "longValue":
		return int64(f), nil
	case "doubleValue", "floatValue":
		return f, nil
	}
	return nil, nil
}

func callText(s, name string, args []any) (any, error) {
	switch len(args) {
	case 0:
		return text0(s, name), nil
	case 1:
		return text1(s, name, args[0])
	case 2:
		return text2(s, name, args[0], args[1])
	}
	return nil, nil
}

func text0(s, name string) any {
	switch name {
	case "length":
		return int64(len(utf16(s)))
	case "isEmpty":
		return s == ""
	case "trim":
		return strings.TrimFunc(s, func(c rune) bool { return c <= ' ' })
	case "toLowerCase":
		return strings.ToLower(s)
	case "toUpperCase":
		return strings.ToUpper(s)
	case "hashCode":
		var h int32
		for _, c := range utf16(s) {
			h = 31*h + int32(c)
		}
		return int64(h)
	}
	return nil
}

func text1(s, name string, arg any) (any, error) {
	a := Text(arg)
	switch name {
	case "contains":
		return strings.Contains(s, a), nil
	case "startsWith":
		return strings.HasPrefix(s, a), nil
	case "endsWith":
		return strings.HasSuffix(s, a), nil
	case "indexOf":
		return units(s, strings.Index(s, a)), nil
	case "lastIndexOf":
		return units(s, strings.LastIndex(s, a)), nil
	case "compareTo":
		return compareText(utf16(s), utf16(a)), nil
	case "concat":
		return s + a, nil
	case "substring":
		return substring(s, arg, int64(len(utf16(s))))
	case "charAt":
		n, _ := arg.(int64)
		return substring(s, n, n+1)
	case "matches":
		return matches(s, a)
	case "split":
		return split(s, a)
	}
	return nil, nil
}

func text2(s, name string, x, y any) (any, error) {
	a, b := Text(x), Text(y)
	switch name {
	case "replace":
		if len(a) == 0 && len(s)*len(b) > maxOutput {
			return nil, fmt.Errorf("%w: text of more than %d bytes", ErrTemplate, maxOutput)
		}
		return bounded(strings.ReplaceAll(s, a, b))
	case "replaceAll":
		return replace(s, a, b, -1)
	case "replaceFirst":
		return replace(s, a, b, 1)
	case "substring":
		return substring(s, x, y)
	case "indexOf":
		n, _ := y.(int64)
		u := utf16(s)
		if n < 0 || n > int64(len(u)) {
			return int64(-1), nil
		}
		at := strings.Index(string16(u[n:]), a)
		if at < 0 {
			return int64(-1), nil
		}
		return n + units(string16(u[n:]), at), nil
	}
	return nil, nil
}

// compareText is how far two texts are apart in their first difference, or in
// their length, as Java has it.
func compareText(a, b []uint16) int64 {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return int64(a[i]) - int64(b[i])
		}
	}
	return int64(len(a)) - int64(len(b))
}

func bounded(s string) (any, error) {
	if len(s) > maxOutput {
		return nil, fmt.Errorf("%w: text of more than %d bytes", ErrTemplate, maxOutput)
	}
	return s, nil
}

// substring counts UTF-16 units, as Java does; bounds outside are an error.
func substring(s string, from, to any) (any, error) {
	a, ok1 := from.(int64)
	b, ok2 := to.(int64)
	u := utf16(s)
	if !ok1 || !ok2 || a < 0 || b > int64(len(u)) || a > b {
		return nil, fmt.Errorf("%w: substring(%v, %v) of a text of %d", ErrTemplate, from, to, len(u))
	}
	return string16(u[a:b]), nil
}

func split(s, pattern string) (any, error) {
	re, err := compile(pattern)
	if err != nil {
		return nil, err
	}
	l := &List{Plain: true}
	rest, from := []rune(s), 0
	for m, err := re.FindRunesMatch(rest); m != nil; m, err = re.FindNextMatch(m) {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
		}
		if m.RuneIndex+m.RuneLength == 0 {
			continue
		}
		if len(l.Items) > maxElements {
			return nil, fmt.Errorf("%w: list of more than %d", ErrTemplate, maxElements)
		}
		l.Items = append(l.Items, string(rest[from:m.RuneIndex]))
		from = m.RuneIndex + m.RuneLength
	}
	l.Items = append(l.Items, string(rest[from:]))
	for len(l.Items) > 1 && l.Items[len(l.Items)-1] == "" { // Java drops empty ends
		l.Items = l.Items[:len(l.Items)-1]
	}
	return l, nil
}

const (
	maxPattern  = 4 << 10               // bytes
	maxStack    = 1 << 20               // of the engine, in slots
	patternTime = 50 * time.Millisecond // one match may take
)

// compile reads a Java regular expression for an engine that backtracks, with
// a time-out: patterns come from definitions and may be hostile.
func compile(pattern string) (*regexp2.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("%w: pattern of more than %d bytes", ErrTemplate, maxPattern)
	}
	re, err := regexp2.Compile(pattern, regexp2.OptionMaxBacktrackingStackSize(maxStack))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	re.MatchTimeout = patternTime
	return re, nil
}

func matches(s, pattern string) (any, error) {
	re, err := compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, err
	}
	ok, err := re.MatchString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	return ok, nil
}

// replace is replaceAll and replaceFirst; in with, \x is x and $n a group.
func replace(s, pattern, with string, count int) (any, error) {
	if quoted := regexp.QuoteMeta(pattern); quoted == pattern && count < 0 && !strings.ContainsAny(with, `\$`) && pattern != "" {
		return bounded(strings.ReplaceAll(s, pattern, with))
	}
	re, err := compile(pattern)
	if err != nil {
		return nil, err
	}
	out, err := re.ReplaceFunc(s, func(m regexp2.Match) string { return expand(with, m) }, -1, count)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	return bounded(out)
}

func expand(with string, m regexp2.Match) string {
	var b strings.Builder
	for i := 0; i < len(with); i++ {
		switch c := with[i]; {
		case c == '\\' && i+1 < len(with):
			i++
			b.WriteByte(with[i])
		case c == '$' && i+1 < len(with) && '0' <= with[i+1] && with[i+1] <= '9':
			i++
			if g := m.GroupByNumber(int(with[i] - '0')); g != nil {
				b.WriteString(g.String())
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func callList(l *List, name string, args []any) (any, error) {
	switch {
	case name == "size" && len(args) == 0:
		return int64(len(l.Items)), nil
	case name == "isEmpty" && len(args) == 0:
		return len(l.Items) == 0, nil
	case name == "contains" && len(args) == 1:
		return slices.ContainsFunc(l.Items, func(v any) bool { return equal(v, args[0]) }), nil
	case name == "indexOf" && len(args) == 1:
		return int64(slices.IndexFunc(l.Items, func(v any) bool { return equal(v, args[0]) })), nil
	case name == "add" && len(args) == 1:
		if len(l.Items) >= maxElements {
			return nil, fmt.Errorf("%w: list of more than %d", ErrTemplate, maxElements)
		}
		l.Items = append(l.Items, args[0])
		return true, nil
	case name == "addAll" && len(args) == 1:
		more := elements(args[0])
		if len(l.Items)+len(more) > maxElements {
			return nil, fmt.Errorf("%w: list of more than %d", ErrTemplate, maxElements)
		}
		l.Items = append(l.Items, more...)
		return len(more) > 0, nil
	}
	if len(args) == 0 {
		return nil, nil
	}
	if name == "subList" && len(args) == 2 {
		return subList(l, args[0], args[1])
	}
	n, ok := args[0].(int64)
	if !ok {
		return nil, nil
	}
	if n < 0 || n >= int64(len(l.Items)) {
		return nil, fmt.Errorf("%w: index %d of a list of %d", ErrTemplate, n, len(l.Items))
	}
	old := l.Items[n]
	switch {
	case name == "get" && len(args) == 1:
		return old, nil
	case name == "remove" && len(args) == 1:
		l.Items = slices.Delete(l.Items, int(n), int(n)+1)
		return old, nil
	case name == "set" && len(args) == 2:
		l.Items[n] = args[1]
		return old, nil
	}
	return nil, nil
}

// subList is a copy: on AWS it is a view, which only templates could tell that
// change it.
func subList(l *List, from, to any) (any, error) {
	a, ok1 := from.(int64)
	b, ok2 := to.(int64)
	if !ok1 || !ok2 || a < 0 || b > int64(len(l.Items)) || a > b {
		return nil, fmt.Errorf("%w: subList(%v, %v) of a list of %d", ErrTemplate, from, to, len(l.Items))
	}
	return &List{Items: slices.Clone(l.Items[a:b]), Plain: l.Plain}, nil
}

func callMap(m *Map, name string, args []any) (any, error) {
	switch len(args) {
	case 0:
		return map0(m, name)
	case 1:
		return map1(m, name, args[0])
	case 2:
		key := Text(args[0])
		old, ok := m.Get(key)
		switch {
		case name == "put", name == "putIfAbsent" && !ok:
			return old, m.Put(key, args[1])
		case name == "getOrDefault" && !ok:
			return args[1], nil
		}
		return old, nil
	}
	return nil, nil
}

func map0(m *Map, name string) (any, error) {
	switch name {
	case "size":
		return int64(m.Len()), nil
	case "isEmpty":
		return m.Len() == 0, nil
	case "keySet":
		l := &List{Plain: true}
		for _, k := range m.keys {
			l.Items = append(l.Items, k)
		}
		return l, nil
	case "values":
		return &List{Items: elements(m), Plain: true}, nil
	case "entrySet":
		l := &List{Plain: true}
		for i, k := range m.keys {
			e := NewMap()
			if err := e.Put("key", k); err != nil {
				return nil, err
			}
			if err := e.Put("value", m.values[i]); err != nil {
				return nil, err
			}
			l.Items = append(l.Items, entry{e})
		}
		return l, nil
	}
	return nil, nil
}

// entry is a Map.Entry: getKey(), getValue(), .key, .value.
type entry struct{ m *Map }

// Call has getKey and getValue.
func (e entry) Call(name string, _ []any) (any, bool, error) {
	switch name {
	case "getKey":
		v, ok := e.m.Get("key")
		return v, ok, nil
	case "getValue":
		v, ok := e.m.Get("value")
		return v, ok, nil
	}
	return nil, false, nil
}

// Property reads key and value.
func (e entry) Property(name string) (any, bool) { return e.m.Get(name) }

// String is key=value.
func (e entry) String() string {
	k, _ := e.m.Get("key")
	v, _ := e.m.Get("value")
	return Text(k) + "=" + Text(v)
}

func map1(m *Map, name string, arg any) (any, error) {
	key := Text(arg)
	switch name {
	case "get":
		v, _ := m.Get(key)
		return v, nil
	case "containsKey":
		_, ok := m.Get(key)
		return ok, nil
	case "containsValue":
		return slices.ContainsFunc(elements(m), func(v any) bool { return equal(v, arg) }), nil
	case "remove":
		v, _ := m.Get(key)
		m.Remove(key)
		return v, nil
	case "putAll":
		other, ok := arg.(*Map)
		if !ok {
			return nil, nil
		}
		for i, k := range other.keys {
			if err := m.Put(k, other.values[i]); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}
