package wire

import (
	"strconv"
	"strings"
)

// Step is one step from a structure, list or map to what it holds.
type Step struct {
	Name  string // of the member, or the map's key
	Index int    // of the list's element, from 0
	Into  Kind   // Structure, List or Map: what the step leads into
}

// maxNotes bounds how many missing members and violations are told: a hostile
// message could have one for each of its bytes.
const maxNotes = 64

// Trail is where in a message a codec is, and which required members it found
// missing on the way. Only those that Go's zero value would hide need a note:
// for all others the absence shows in the struct.
type Trail struct {
	steps   []Step
	missing map[string]struct{}
}

// Enter goes down to the named member of a structure.
func (t *Trail) Enter(member string) {
	t.steps = append(t.steps, Step{Name: member, Into: Structure})
}

// Element goes down to element i of a list.
func (t *Trail) Element(i int) { t.steps = append(t.steps, Step{Index: i, Into: List}) }

// Key goes down to the value of a map's key.
func (t *Trail) Key(key string) { t.steps = append(t.steps, Step{Name: key, Into: Map}) }

// Leave goes back up one step.
func (t *Trail) Leave() { t.steps = t.steps[:len(t.steps)-1] }

// Depth is how many steps down the trail is.
func (t *Trail) Depth() int { return len(t.steps) }

// Miss notes that the required member is not in the structure at hand.
func (t *Trail) Miss(member string) {
	if len(t.missing) >= maxNotes {
		return
	}
	if t.missing == nil {
		t.missing = map[string]struct{}{}
	}
	t.Enter(member)
	t.missing[t.pointer()] = struct{}{}
	t.Leave()
}

// missed reports whether the place at hand was noted as missing.
func (t *Trail) missed() bool {
	if len(t.missing) == 0 {
		return false
	}
	_, ok := t.missing[t.pointer()]
	return ok
}

// pointer is the place as Smithy writes it: /list/0/member.
func (t *Trail) pointer() string {
	var b strings.Builder
	for _, s := range t.steps {
		b.WriteByte('/')
		if s.Into == List {
			b.WriteString(strconv.Itoa(s.Index))
		} else {
			b.WriteString(s.Name)
		}
	}
	return b.String()
}

// dotted is the place as Amazon's services write it: elements count from 1.
//
// parity: control-plane.md 2.4
func (t *Trail) dotted() string {
	var b strings.Builder
	for _, s := range t.steps {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		switch s.Into {
		case List:
			b.WriteString(strconv.Itoa(s.Index + 1))
			b.WriteString(".member")
		case Map:
			b.WriteString(s.Name)
			b.WriteString(".member")
		default:
			b.WriteString(lowerFirst(s.Name))
		}
	}
	return b.String()
}

func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]-'A'+'a') + s[1:]
}
