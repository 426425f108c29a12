package doc

import (
	"math/big"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// The forms of numbers in YAML 1.1, as parsers of that version know them; of
// floats also those without a dot, which 1.2 added.
var (
	yamlInt   = regexp.MustCompile(`^[-+]?(?:0b[0-1_]+|0o[0-7]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$`)
	yaml60    = regexp.MustCompile(`^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$`)
	yamlFloat = regexp.MustCompile(`^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]{1,4})?$`)
)

// scalar is what a scalar node means.
func scalar(n *yaml.Node) *Value {
	if n.Style&yaml.TaggedStyle != 0 {
		return tagged(n)
	}
	if n.Style&quoted != 0 {
		return NewString(n.Value)
	}
	return plain(n.Value)
}

// tagged is a scalar under one of YAML's own tags, or under a local one.
func tagged(n *yaml.Node) *Value {
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool", "!!null":
		return plain(n.Value)
	}
	return NewString(n.Value)
}

// plain is what a scalar without quotes means in YAML 1.1. Dates are text.
func plain(s string) *Value {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return NewNull()
	case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return NewBool(true)
	case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return NewBool(false)
	}
	if c := s[0]; c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') {
		return NewString(s)
	}
	switch {
	case len(s) > 64: // no number anyone means
	case yamlInt.MatchString(s):
		if digits, ok := integer(s); ok {
			return NewNumber(digits)
		}
	case yaml60.MatchString(s):
		return NewNumber(sexagesimal(s))
	case yamlFloat.MatchString(s):
		return NewNumber(float(s))
	}
	return NewString(s)
}

// integer is a YAML integer in decimal digits.
func integer(s string) (string, bool) {
	s = strings.ReplaceAll(strings.TrimPrefix(s, "+"), "_", "")
	var n big.Int
	// Base 0 reads 0b, 0o, 0x and a leading 0 as YAML 1.1 means them.
	if _, ok := n.SetString(s, 0); !ok {
		return "", false
	}
	return n.String(), true
}

// sexagesimal is a YAML 1.1 number with colons, such as 1:30, in decimal digits.
func sexagesimal(s string) string {
	s = strings.ReplaceAll(strings.TrimPrefix(s, "+"), "_", "")
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	sum, sixty := new(big.Int), big.NewInt(60)
	for part := range strings.SplitSeq(s, ":") {
		d, _ := new(big.Int).SetString(part, 10)
		sum.Add(sum.Mul(sum, sixty), d)
	}
	return sign + sum.String()
}

// float is a YAML float with its digits as JSON writes them.
func float(s string) string {
	s = strings.ReplaceAll(strings.TrimPrefix(s, "+"), "_", "")
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i:]
	}
	whole, fraction, dot := strings.Cut(mantissa, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if dot && fraction == "" {
		fraction = "0"
	}
	if dot {
		whole += "."
	}
	return sign + whole + fraction + exponent
}
