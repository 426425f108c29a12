package iam

import (
	"encoding/base64"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// family is what an operator compares, and how.
type family uint8

const (
	stringEquals family = iota
	stringFold
	stringLike
	numeric
	date
	boolean
	binary
	address
	arn
	null
)

// order is which outcomes of a comparison an operator takes.
type order uint8

const (
	less order = 1 << iota
	equal
	greater
)

// operator is a condition operator without its prefix and suffix.
type operator struct {
	family  family
	order   order // of numeric and date
	negated bool
}

// operators are the condition operators by name.
// parity: IAM User Guide, "IAM JSON policy elements: Condition operators"
func operators(name string) (operator, bool) {
	switch name {
	case "StringEquals":
		return operator{family: stringEquals}, true
	case "StringNotEquals":
		return operator{family: stringEquals, negated: true}, true
	case "StringEqualsIgnoreCase":
		return operator{family: stringFold}, true
	case "StringNotEqualsIgnoreCase":
		return operator{family: stringFold, negated: true}, true
	case "StringLike":
		return operator{family: stringLike}, true
	case "StringNotLike":
		return operator{family: stringLike, negated: true}, true
	case "Bool":
		return operator{family: boolean}, true
	case "BinaryEquals":
		return operator{family: binary}, true
	case "IpAddress":
		return operator{family: address}, true
	case "NotIpAddress":
		return operator{family: address, negated: true}, true
	case "ArnEquals", "ArnLike":
		return operator{family: arn}, true
	case "ArnNotEquals", "ArnNotLike":
		return operator{family: arn, negated: true}, true
	case "Null":
		return operator{family: null}, true
	}
	if rest, ok := strings.CutPrefix(name, "Numeric"); ok {
		return ordered(numeric, rest)
	}
	if rest, ok := strings.CutPrefix(name, "Date"); ok {
		return ordered(date, rest)
	}
	return operator{}, false
}

func ordered(f family, name string) (operator, bool) {
	o := operator{family: f}
	switch name {
	case "Equals":
		o.order = equal
	case "NotEquals":
		o.order, o.negated = equal, true
	case "LessThan":
		o.order = less
	case "LessThanEquals":
		o.order = less | equal
	case "GreaterThan":
		o.order = greater
	case "GreaterThanEquals":
		o.order = greater | equal
	default:
		return o, false
	}
	return o, true
}

// quantifier says which of a key's values an operator speaks of.
type quantifier uint8

const (
	single quantifier = iota // the one there is, or any
	forAll
	forAny
)

// condition is one key of one operator.
type condition struct {
	operator
	quantifier quantifier
	ifExists   bool
	key        string // in lower case
	operands   []operand
}

// operand is one value of a condition; only the field of the operator's family
// is set.
type operand struct {
	text   pattern // strings, Bool
	number decimal
	time   time.Time
	prefix netip.Prefix
	bytes  string
	arn    *arnPattern
	absent bool // Null
}

// condition compiles the Condition element.
func (c *compiler) condition(o object, st *statement) error {
	if !o.has("Condition") {
		return nil
	}
	block, ok := o["Condition"].(object)
	if !ok {
		return malformed(syntax)
	}
	for _, name := range slices.Sorted(maps.Keys(block)) {
		template, ok := parseOperator(name)
		if !ok {
			return malformed("Invalid Condition type : " + name + ".")
		}
		keys, ok := block[name].(object)
		if !ok {
			return malformed(syntax)
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			one := template
			one.key = strings.ToLower(key)
			c.keys[one.key] = true
			all, ok := values(keys[key])
			if !ok || key == "" {
				return malformed(syntax)
			}
			for _, value := range all {
				operand, ok := c.operand(one.family, value)
				if !ok {
					return malformed(syntax)
				}
				one.operands = append(one.operands, operand)
			}
			st.conditions = append(st.conditions, one)
		}
	}
	return nil
}

func parseOperator(name string) (c condition, ok bool) {
	if rest, found := strings.CutPrefix(name, "ForAllValues:"); found {
		c.quantifier, name = forAll, rest
	} else if rest, found := strings.CutPrefix(name, "ForAnyValue:"); found {
		c.quantifier, name = forAny, rest
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	c.operator, ok = operators(name)
	if c.family == null && (c.ifExists || c.quantifier != single) {
		return c, false
	}
	return c, ok
}

// operand compiles one value. One that its operator can never compare is no
// policy's.
func (c *compiler) operand(f family, value string) (o operand, ok bool) {
	var has features
	if c.variables {
		has = variables
	}
	switch f {
	case stringLike:
		o.text, ok = compilePattern(value, has|wildcards), true
	case stringEquals, stringFold:
		o.text, ok = compilePattern(value, has), true
	case boolean:
		o.text = compilePattern(value, has)
		ok = o.text.vars > 0 || isBool(value)
	case numeric:
		o.number, ok = parseDecimal(value)
	case date:
		o.time, ok = parseDate(value)
	case address:
		o.prefix, ok = parsePrefix(value)
	case binary:
		b, err := base64.StdEncoding.DecodeString(value)
		o.bytes, ok = string(b), err == nil
	case arn:
		a := compileARN(value, c.variables)
		o.arn, ok = &a, true
		for i := range a.fields {
			c.note(a.fields[i])
		}
		c.note(a.rest)
	case null:
		o.absent, ok = strings.EqualFold(value, "true"), isBool(value)
	}
	c.note(o.text)
	return o, ok
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }
