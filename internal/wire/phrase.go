package wire

import (
	"reflect"
	"strconv"
	"strings"
)

// maxShown bounds how much of a value a message repeats, in bytes.
const maxShown = 512

// note adds a violation at the trail's place. value is what the message shows
// of the value; empty shows nothing.
func (w *walk) note(m *Member, value, rule string) {
	if len(w.found) >= maxNotes {
		return
	}
	text := "Value"
	where := w.trail.pointer()
	if w.service.Dialect == DialectSmithy {
		if after, ok := strings.CutPrefix(value, "length "); ok {
			text += " with length " + after
		}
	} else {
		where = w.where(m)
		switch {
		case value == "null":
			text += " null"
		case value != "":
			text += " '" + clip(value) + "'"
		}
	}
	text += " at '" + where + "' failed to satisfy constraint: " + rule
	w.found = append(w.found, Violation{Path: w.trail.pointer(), Message: text})
}

// where is a place as Amazon's services write it: bare for what is in the path,
// below the input's name for what is in the body, where the service does so.
//
// parity: control-plane.md 2.4
func (w *walk) where(m *Member) string {
	place := w.trail.dotted()
	if !w.service.NameInput || m.At == InLabel {
		return place
	}
	return lowerFirst(w.op.Name) + "Input." + place
}

func (w *walk) invalid() error {
	n := len(w.found)
	texts := make([]string, n)
	for i, v := range w.found {
		texts[i] = v.Message
	}
	noun, colon := " validation error detected", ": "
	if n > 1 {
		noun = " validation errors detected"
	}
	if w.service.Dialect == DialectSmithy {
		colon = ". "
	}
	return &Invalid{Message: strconv.Itoa(n) + noun + colon + strings.Join(texts, "; "), Violations: w.found}
}

// show is a value as Java prints it; empty for what must not be shown.
func (w *walk) show(v reflect.Value, s *Shape) string {
	if s.Has(Sensitive) {
		return ""
	}
	var b strings.Builder
	if !w.print(&b, v, s) {
		return ""
	}
	return b.String()
}

func (w *walk) showBroken(v reflect.Value, s *Shape, r breach) string {
	if w.service.Dialect == DialectSmithy {
		if r.length >= 0 {
			return "length " + strconv.Itoa(r.length)
		}
		return ""
	}
	return w.show(v, s)
}

// print reports false for what has no short form: structures and blobs.
func (w *walk) print(b *strings.Builder, v reflect.Value, s *Shape) bool {
	if Absent(v) {
		b.WriteString("null")
		return true
	}
	if b.Len() > maxShown {
		return true
	}
	v = Inner(v)
	switch s.Kind {
	case Structure, Blob, Document:
		return false
	case List:
		return w.printList(b, v, s)
	case Map:
		return w.printMap(b, v, s)
	default:
		if !s.Has(Sensitive) {
			b.Write(AppendText(nil, v, s, EpochSeconds))
		}
		return !s.Has(Sensitive)
	}
}

func (w *walk) printList(b *strings.Builder, v reflect.Value, s *Shape) bool {
	b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		if !w.print(b, v.Index(i), w.service.Of(&s.Members[0])) {
			return false
		}
	}
	b.WriteByte(']')
	return true
}

func (w *walk) printMap(b *strings.Builder, v reflect.Value, s *Shape) bool {
	b.WriteByte('{')
	for i, k := range sortedKeys(v) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(k)
		b.WriteByte('=')
		if !w.print(b, v.MapIndex(reflect.ValueOf(k)), w.service.Of(&s.Members[1])) {
			return false
		}
	}
	b.WriteByte('}')
	return true
}

func clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "..."
}

// boundText is the rule that a length or a number breaks at its low or its
// high end.
func (w *walk) boundText(s *Shape, low bool) string {
	r, noun := s.Rule, "length "
	if s.Kind != String && s.Kind != Blob && s.Kind != List && s.Kind != Map {
		noun = "value "
		if w.service.Dialect == DialectSmithy {
			noun = ""
		}
	}
	verb := "Member must have " + noun
	if noun == "" {
		verb = "Member must be "
	}
	switch {
	case w.service.Dialect == DialectSmithy && r.Has == HasMin|HasMax:
		return verb + "between " + number(r.Min) + " and " + number(r.Max) + ", inclusive"
	case low:
		return verb + "greater than or equal to " + number(r.Min)
	default:
		return verb + "less than or equal to " + number(r.Max)
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func patternText(r *Rule) string {
	return "Member must satisfy regular expression pattern: " + r.Pattern
}

func (w *walk) enumRule(s *Shape) string {
	return "Member must satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"
}

// terms lists all that a shape asks for, whether it is broken or not.
func (w *walk) terms(s *Shape) string {
	var out []string
	if r := s.Rule; r != nil {
		if r.Has&HasMax != 0 {
			out = append(out, w.boundText(s, false))
		}
		if r.Has&HasMin != 0 {
			out = append(out, w.boundText(s, true))
		}
		if r.Pattern != "" {
			out = append(out, patternText(r))
		}
	}
	if s.Enum != nil {
		out = append(out, w.enumRule(s))
	}
	if s.Kind == List && !w.free(w.service.Of(&s.Members[0])) {
		out = append(out, "Member must satisfy constraint: ["+w.terms(w.service.Of(&s.Members[0]))+"]")
	}
	return strings.Join(out, ", ")
}
