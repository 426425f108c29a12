package iam

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A second evaluator, which reads the document anew for each request and has
// no thought for speed. It is written from the specification alone.

// token is one character of a pattern.
type token struct {
	char    rune
	special bool // '*' or '?'
	given   bool // came out of a variable
}

// slowTokens reads a pattern; ok is false for one with an unsettled variable.
func slowTokens(s string, vars, wild bool, r *Request) (out []token, ok bool) {
	for len(s) > 0 {
		if vars && strings.HasPrefix(s, "${") {
			if end := strings.Index(s, "}"); end > 0 {
				inside := s[2:end]
				name, fallback, optional := inside, "", false
				if before, after, found := strings.Cut(inside, ", '"); found {
					name, fallback, optional = before, strings.TrimSuffix(after, "'"), true
				}
				s = s[end+1:]
				if name == "*" || name == "?" || name == "$" {
					out = append(out, token{char: rune(name[0])})
					continue
				}
				text := fallback
				found := slowValues(r, name)
				switch {
				case len(found.all) == 1 && !found.several:
					text = found.all[0]
				case len(found.all) > 0 || !optional:
					return nil, false
				}
				for _, c := range text {
					out = append(out, token{char: c, given: true})
				}
				continue
			}
		}
		c := []rune(s)[0]
		out = append(out, token{char: c, special: wild && (c == '*' || c == '?')})
		s = s[len(string(c)):]
	}
	return out, true
}

// slowGlob fills the whole table of which part of the pattern matches which
// part of the text.
func slowGlob(p []token, text string) bool {
	chars := []rune(text)
	table := make([][]bool, len(p)+1)
	for i := range table {
		table[i] = make([]bool, len(chars)+1)
	}
	table[0][0] = true
	for i, t := range p {
		for j := range len(chars) + 1 {
			switch {
			case t.special && t.char == '*':
				table[i+1][j] = table[i][j] || j > 0 && table[i+1][j-1]
			case j > 0 && (t.special || t.char == chars[j-1]):
				table[i+1][j] = table[i][j-1]
			}
		}
	}
	return table[len(p)][len(chars)]
}

func slowARN(pattern string, vars bool, text string, r *Request) bool {
	if pattern == "*" {
		return true
	}
	tokens, ok := slowTokens(pattern, vars, true, r)
	if !ok {
		return false
	}
	if vars && strings.HasPrefix(pattern, "${") && strings.Index(pattern, "}") == len(pattern)-1 {
		return slowGlob(tokens, text)
	}
	fields := strings.SplitN(text, ":", 6)
	if len(fields) < 6 {
		return false
	}
	for i, field := range fields {
		var part []token
		if i == 5 {
			part, tokens = tokens, nil
		} else {
			n := slices.IndexFunc(tokens, func(t token) bool { return t.char == ':' && !t.given })
			if n < 0 {
				return false
			}
			part, tokens = tokens[:n], tokens[n+1:]
		}
		if !slowGlob(part, field) {
			return false
		}
	}
	return true
}

func slowResource(pattern string, vars bool, text string, r *Request) bool {
	if pattern == "*" {
		return true
	}
	for strings.Count(pattern, ":") < 5 {
		pattern += ":*"
	}
	fields, texts := strings.SplitN(pattern, ":", 6), strings.SplitN(text, ":", 6)
	if len(texts) < 6 {
		return false
	}
	for i := range fields {
		tokens, ok := slowTokens(fields[i], vars && i == 5, true, r)
		if !ok || !slowGlob(tokens, texts[i]) {
			return false
		}
	}
	return true
}

type found struct {
	all     []string
	several bool
}

func slowValues(r *Request, key string) found {
	for _, a := range r.Attributes {
		if strings.EqualFold(a.Key, key) {
			if a.Values != nil {
				return found{a.Values, true}
			}
			return found{[]string{a.Value}, false}
		}
	}
	return found{}
}

func slowList(v any) (out []string) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, e := range list {
		switch e := e.(type) {
		case string:
			out = append(out, e)
		case bool:
			out = append(out, strconv.FormatBool(e))
		case json.Number:
			out = append(out, e.String())
		}
	}
	return out
}

// slowFits compares one value of the request with one of the policy, not
// negated. The operator has no "Not".
func slowFits(op, value, want string, vars bool, r *Request) bool {
	exact := func(equal func(a, b string) bool) bool {
		tokens, ok := slowTokens(want, vars, false, r)
		text := ""
		for _, t := range tokens {
			text += string(t.char)
		}
		return ok && equal(value, text)
	}
	switch op {
	case "StringEquals":
		return exact(func(a, b string) bool { return a == b })
	case "StringEqualsIgnoreCase":
		return exact(strings.EqualFold)
	case "Bool":
		return exact(func(a, b string) bool {
			a = strings.ToLower(a)
			return a == strings.ToLower(b) && (a == "true" || a == "false")
		})
	case "StringLike":
		tokens, ok := slowTokens(want, vars, true, r)
		return ok && slowGlob(tokens, value)
	case "ArnEquals", "ArnLike":
		return slowARN(want, vars, value, r)
	case "BinaryEquals":
		b, err := base64.StdEncoding.DecodeString(want)
		return err == nil && string(b) == value
	case "IpAddress":
		a, err := netip.ParseAddr(value)
		if err != nil {
			return false
		}
		if !strings.Contains(want, "/") {
			b, err := netip.ParseAddr(want)
			return err == nil && a.Unmap() == b.Unmap()
		}
		p, err := netip.ParsePrefix(want)
		return err == nil && p.Contains(a.Unmap())
	}
	n, ok := 0, false
	if rest, numeric := strings.CutPrefix(op, "Numeric"); numeric {
		a, ok1 := new(big.Rat).SetString(value)
		b, ok2 := new(big.Rat).SetString(want)
		if ok = ok1 && ok2; ok {
			n = a.Cmp(b)
		}
		op = rest
	} else if rest, date := strings.CutPrefix(op, "Date"); date {
		a, ok1 := slowDate(value)
		b, ok2 := slowDate(want)
		n, ok, op = a.Compare(b), ok1 && ok2, rest
	}
	return ok && map[string]bool{
		"Equals": n == 0, "LessThan": n < 0, "LessThanEquals": n <= 0, "GreaterThan": n > 0, "GreaterThanEquals": n >= 0,
	}[op]
}

func slowDate(s string) (time.Time, bool) {
	for _, form := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if at, err := time.Parse(form, s); err == nil {
			return at, true
		}
	}
	n, err := strconv.ParseUint(s, 10, 62)
	return time.Unix(int64(n), 0), err == nil
}

func slowCondition(op, key string, want []string, vars bool, r *Request) bool {
	have := slowValues(r, key).all
	if op == "Null" {
		return slices.ContainsFunc(want, func(w string) bool { return (w == "true") == (len(have) == 0) })
	}
	op, ifExists := strings.CutSuffix(op, "IfExists")
	op, all := strings.CutPrefix(op, "ForAllValues:")
	op, some := strings.CutPrefix(op, "ForAnyValue:")
	negated := strings.Contains(op, "Not")
	op = strings.Replace(op, "Not", "", 1)
	fits := func(value string) bool {
		return slices.ContainsFunc(want, func(w string) bool { return slowFits(op, value, w, vars, r) })
	}
	switch {
	case len(have) == 0 && ifExists:
		return true
	case all:
		return !slices.ContainsFunc(have, func(v string) bool { return fits(v) == negated })
	case some:
		return slices.ContainsFunc(have, func(v string) bool { return fits(v) != negated })
	case negated:
		return !slices.ContainsFunc(have, fits)
	}
	return slices.ContainsFunc(have, fits)
}

// slowPrincipal reports whether an element of AWS principals names one.
func slowPrincipal(v any, who *Principal) bool {
	if v == "*" {
		return true
	}
	o := v.(map[string]any)
	for _, name := range slowList(o["AWS"]) {
		if name == "*" {
			return true
		}
		if who == nil || who.Kind == Service {
			continue
		}
		if name == who.Account || strings.HasSuffix(name, ":iam::"+who.Account+":root") || name == who.ARN || name == who.Role {
			return true
		}
	}
	return who != nil && who.Kind == Service && slices.Contains(slowList(o["Service"]), who.Name)
}

// slowEvaluate is what a document says of a request.
func slowEvaluate(document string, r *Request) Effect {
	dec := json.NewDecoder(strings.NewReader(document))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		panic(err)
	}
	vars := doc["Version"] == "2012-10-17"
	list, ok := doc["Statement"].([]any)
	if !ok {
		list = []any{doc["Statement"]}
	}
	best := Silent
	for _, v := range list {
		st := v.(map[string]any)
		if !slowApplies(st, vars, r) {
			continue
		}
		if st["Effect"] == "Deny" {
			return Deny
		}
		best = Allow
	}
	return best
}

func slowApplies(st map[string]any, vars bool, r *Request) bool {
	within := func(name string, match func(string) bool) bool {
		if v, ok := st[name]; ok {
			return slices.ContainsFunc(slowList(v), match)
		}
		return !slices.ContainsFunc(slowList(st["Not"+name]), match)
	}
	if v, ok := st["Principal"]; ok && !slowPrincipal(v, r.Principal) {
		return false
	}
	if !within("Action", func(p string) bool {
		tokens, _ := slowTokens(strings.ToLower(p), false, true, r)
		return slowGlob(tokens, strings.ToLower(r.Action))
	}) || !within("Resource", func(p string) bool { return slowResource(p, vars, r.Resource, r) }) {
		return false
	}
	block, _ := st["Condition"].(map[string]any)
	for op, keys := range block {
		for key, want := range keys.(map[string]any) {
			if !slowCondition(op, key, slowList(want), vars, r) {
				return false
			}
		}
	}
	return true
}
