package iam

import "strings"

// arnParts is an ARN: the five fields before the fifth colon, and the rest.
type arnParts struct {
	fields [5]string
	rest   string
	whole  string
	ok     bool // it has so many fields
}

func splitARN(text string) arnParts {
	a := arnParts{whole: text, rest: text}
	for i := range a.fields {
		n := strings.IndexByte(a.rest, ':')
		if n < 0 {
			return arnParts{whole: text}
		}
		a.fields[i], a.rest = a.rest[:n], a.rest[n+1:]
	}
	a.ok = true
	return a
}

// arnPattern matches ARNs field by field, so that a wildcard of one field
// takes nothing of another; the last takes the rest, whatever it holds.
type arnPattern struct {
	shape  arnShape
	fields [5]pattern
	rest   pattern // also what is matched against the whole text
}

type arnShape uint8

const (
	arnFields arnShape = iota
	arnAll             // "*"
	arnWhole           // a variable that stands for a whole ARN
	arnNever           // a text that is no ARN
)

// compileResource compiles an ARN of a Resource element. Variables stand in
// its last field only; fields that are left out at the end are '*'.
// parity: IAM User Guide, "IAM JSON policy elements: Resource"
func compileResource(text string, withVariables bool) arnPattern {
	if text == "*" {
		return arnPattern{shape: arnAll}
	}
	fields := strings.SplitN(text, ":", 6)
	for len(fields) < 6 {
		fields = append(fields, "*")
	}
	var a arnPattern
	for i := range a.fields {
		a.fields[i] = compilePattern(fields[i], wildcards)
	}
	a.rest = compilePattern(fields[5], with(withVariables))
	return a
}

func with(withVariables bool) features {
	if withVariables {
		return wildcards | variables
	}
	return wildcards
}

// compileARN compiles a value of an ARN condition, which may have variables in
// any field.
func compileARN(text string, withVariables bool) arnPattern {
	if text == "*" {
		return arnPattern{shape: arnAll}
	}
	whole := compilePattern(text, with(withVariables))
	if len(whole.parts) == 1 && whole.vars == 1 {
		return arnPattern{shape: arnWhole, rest: whole}
	}
	a := arnPattern{}
	for i := range a.fields {
		n := colon(text, withVariables)
		if n < 0 {
			return arnPattern{shape: arnNever}
		}
		a.fields[i] = compilePattern(text[:n], with(withVariables))
		text = text[n+1:]
	}
	a.rest = compilePattern(text, with(withVariables))
	return a
}

// colon is where the first colon of a text stands that is not part of a
// variable, -1 if there is none.
func colon(text string, withVariables bool) int {
	for i := 0; i < len(text); i++ {
		if text[i] == ':' {
			return i
		}
		if withVariables && strings.HasPrefix(text[i:], "${") {
			if _, rest, ok := cutVariable(text[i:]); ok {
				i = len(text) - len(rest) - 1
			}
		}
	}
	return -1
}

func (a *arnPattern) match(arn *arnParts, r *Request) bool {
	switch a.shape {
	case arnAll:
		return true
	case arnWhole:
		return a.rest.match(arn.whole, r)
	case arnNever:
		return false
	default:
	}
	if !arn.ok {
		return false
	}
	for i := range a.fields {
		if !a.fields[i].match(arn.fields[i], r) {
			return false
		}
	}
	return a.rest.match(arn.rest, r)
}
