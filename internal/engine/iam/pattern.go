package iam

import (
	"strings"
	"unicode/utf8"
)

// pattern is a text with wildcards and variables.
type pattern struct {
	shape shape
	text  string // of an exact text, or what comes before the one '*' at the end
	parts []part // of any other
	vars  int    // how many of them are variables
}

// shape says how a pattern is matched.
type shape uint8

const (
	shapeParts  shape = iota
	shapeExact        // text
	shapePrefix       // text and '*'
	shapeAll          // '*'
)

// part is one part of a pattern.
type part struct {
	kind     partKind
	text     string // of a text; the key of a variable, in lower case
	fallback string // what stands for a variable that the request lacks
	optional bool   // there is a fallback
}

type partKind uint8

const (
	partText partKind = iota
	partAny           // '*': any run of characters
	partOne           // '?': one character
	partVariable
)

// features are what a text may hold beside itself.
type features uint8

const (
	wildcards features = 1 << iota
	variables
)

// compilePattern reads a text.
func compilePattern(text string, with features) pattern {
	b := builder{}
	for text != "" {
		switch {
		case with&variables != 0 && strings.HasPrefix(text, "${"):
			if p, rest, ok := cutVariable(text); ok {
				b.add(p)
				text = rest
				continue
			}
			b.add(part{text: text[:2]})
			text = text[2:]
		case with&wildcards != 0 && text[0] == '*':
			b.add(part{kind: partAny})
			text = text[1:]
		case with&wildcards != 0 && text[0] == '?':
			b.add(part{kind: partOne})
			text = text[1:]
		default:
			n := strings.IndexAny(text[1:], "$*?") + 1
			if n == 0 {
				n = len(text)
			}
			b.add(part{text: text[:n]})
			text = text[n:]
		}
	}
	return b.pattern()
}

// cutVariable takes a variable off a text that begins with "${".
// parity: spec/security.md 2.4
func cutVariable(text string) (p part, rest string, ok bool) {
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return part{}, "", false
	}
	name := text[2:end]
	switch name {
	case "*", "?", "$":
		return part{text: name}, text[end+1:], true
	}
	comma := strings.IndexByte(text, ',')
	if comma < 0 || comma > end {
		return part{kind: partVariable, text: strings.ToLower(name)}, text[end+1:], true
	}
	name = text[2:comma]
	fallback, found := strings.CutPrefix(strings.TrimLeft(text[comma+1:], " "), "'")
	fallback, rest, closed := strings.Cut(fallback, "'")
	rest, over := strings.CutPrefix(strings.TrimLeft(rest, " "), "}")
	if !found || !closed || !over {
		return part{}, "", false
	}
	return part{kind: partVariable, text: strings.ToLower(strings.TrimSpace(name)), fallback: fallback, optional: true}, rest, true
}

// builder joins what belongs together.
type builder struct{ parts []part }

func (b *builder) add(p part) {
	if n := len(b.parts); n > 0 {
		last := &b.parts[n-1]
		if p.kind == partText && last.kind == partText {
			last.text += p.text
			return
		}
		if p.kind == partAny && last.kind == partAny {
			return
		}
	}
	b.parts = append(b.parts, p)
}

func (b *builder) pattern() pattern {
	switch {
	case len(b.parts) == 0:
		return pattern{shape: shapeExact}
	case len(b.parts) == 1 && b.parts[0].kind == partText:
		return pattern{shape: shapeExact, text: b.parts[0].text}
	case len(b.parts) == 1 && b.parts[0].kind == partAny:
		return pattern{shape: shapeAll}
	case len(b.parts) == 2 && b.parts[0].kind == partText && b.parts[1].kind == partAny:
		return pattern{shape: shapePrefix, text: b.parts[0].text}
	}
	p := pattern{parts: b.parts}
	for _, part := range b.parts {
		if part.kind == partVariable {
			p.vars++
		}
	}
	return p
}

// match reports whether a text is of the pattern. A variable that the request
// does not settle matches nothing; what stands for it is never a wildcard.
func (p *pattern) match(text string, r *Request) bool {
	switch p.shape {
	case shapeAll:
		return true
	case shapeExact:
		return text == p.text
	case shapePrefix:
		return strings.HasPrefix(text, p.text)
	default:
	}
	var room [4]string
	settled, ok := p.settle(room[:0], r)
	return ok && matchParts(p.parts, text, settled, false)
}

// matchFold is match for a pattern in lower case, without variables, and a
// text in any, ASCII only.
func (p *pattern) matchFold(text string) bool {
	switch p.shape {
	case shapeAll:
		return true
	case shapeExact:
		return len(text) == len(p.text) && prefixFold(text, p.text)
	case shapePrefix:
		return prefixFold(text, p.text)
	default:
	}
	return matchParts(p.parts, text, nil, true)
}

// settle finds what stands for each variable.
func (p *pattern) settle(dst []string, r *Request) (settled []string, ok bool) {
	if p.vars == 0 {
		return nil, true
	}
	for i := range p.parts {
		part := &p.parts[i]
		if part.kind != partVariable {
			continue
		}
		a := r.attribute(part.text)
		switch {
		case a != nil && a.Values == nil:
			dst = append(dst, a.Value)
		case a == nil && part.optional:
			dst = append(dst, part.fallback)
		default: // nothing, or a key of several values
			return nil, false
		}
	}
	return dst, true
}

// matchParts matches from left to right and goes back to the last '*' only:
// what a later '*' can match, it can match from the first place that fits.
func matchParts(parts []part, text string, settled []string, fold bool) bool {
	at, i, v := 0, 0, 0
	star, starAt, starV := -1, 0, 0
	for {
		if i == len(parts) {
			if at == len(text) {
				return true
			}
		} else {
			p := &parts[i]
			n := -1
			switch p.kind {
			case partAny:
				i++
				if i == len(parts) {
					return true
				}
				star, starAt, starV = i, at, v
				continue
			case partOne:
				if at < len(text) {
					n = width(text[at:])
				}
			case partText:
				n = prefixLen(text[at:], p.text, fold)
			case partVariable:
				n = prefixLen(text[at:], settled[v], false)
				v++
			}
			if n >= 0 {
				at += n
				i++
				continue
			}
		}
		if star < 0 || starAt >= len(text) {
			return false
		}
		starAt += width(text[starAt:])
		at, i, v = starAt, star, starV
	}
}

// width is how many bytes the first character of a text takes.
func width(text string) int {
	if text[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(text)
	return n
}

// prefixLen is the length of a prefix that text has, -1 if it has not.
func prefixLen(text, prefix string, fold bool) int {
	if fold && prefixFold(text, prefix) || !fold && strings.HasPrefix(text, prefix) {
		return len(prefix)
	}
	return -1
}

// prefixFold reports whether text begins with a prefix that is in lower case.
func prefixFold(text, prefix string) bool {
	if len(text) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}
