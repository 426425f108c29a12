package vtl

import (
	"fmt"
	"strings"
)

// parser reads a template; pos is where it stands.
type parser struct {
	text  string
	pos   int
	names *names // of the template, which strings in it share
	cost  *cost  // likewise
	loops int    // that the parser is inside of
}

// cost is what a rendering may take, as far as the text tells.
type cost struct {
	nested int  // loops inside of each other, at most
	heavy  bool // it has regular expressions, or counts over ranges
}

// names gives each variable of a template a place.
type names struct{ at map[string]int }

// place is where the variable's value is kept.
func (n *names) place(name string) int {
	at, ok := n.at[name]
	if !ok {
		at = len(n.at)
		n.at[name] = at
	}
	return at
}

// known is the place of a variable that the template names, else -1.
func (n *names) known(name string) int {
	if at, ok := n.at[name]; ok {
		return at
	}
	return -1
}

func (p *parser) fail(format string, args ...any) error {
	line := 1 + strings.Count(p.text[:min(p.pos, len(p.text))], "\n")
	return fmt.Errorf("%w: line %d: %s", ErrTemplate, line, fmt.Sprintf(format, args...))
}

// block reads up to the directive that ends it: one of #end, #else, #elseif if
// opened by a directive, else the end of the text. It gives the directive.
func (p *parser) block(depth int, opened string) (block, string, error) {
	if depth > maxDepth {
		return nil, "", p.fail("nested more than %d deep", maxDepth)
	}
	b := &builder{}
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case '\\':
			p.backslashes(b)
		case '$':
			if err := p.dollar(b); err != nil {
				return nil, "", err
			}
		case '#':
			end, err := p.hash(b, depth, opened)
			if err != nil || end != "" {
				return b.done(), end, err
			}
		default:
			next := strings.IndexAny(p.text[p.pos:], "\\$#")
			if next < 0 {
				next = len(p.text) - p.pos
			}
			b.write(p.text[p.pos : p.pos+next])
			p.pos += next
		}
	}
	if opened != "" {
		return nil, "", p.fail("#%s without #end", opened)
	}
	return b.done(), "", nil
}

// builder collects nodes and joins text.
type builder struct {
	nodes block
	text  strings.Builder
}

func (b *builder) write(s string) { b.text.WriteString(s) }

func (b *builder) add(n node) {
	b.flush()
	b.nodes = append(b.nodes, n)
}

func (b *builder) flush() {
	if b.text.Len() > 0 {
		b.nodes = append(b.nodes, literal(b.text.String()))
		b.text.Reset()
	}
}

func (b *builder) done() block {
	b.flush()
	return b.nodes
}

// backslashes reads a run of them. Before a reference or directive, two make
// one and an odd one takes its meaning away; elsewhere they are text.
// parity: conformance/vtl test_velocity_style_escaping
func (p *parser) backslashes(b *builder) {
	from := p.pos
	for p.pos < len(p.text) && p.text[p.pos] == '\\' {
		p.pos++
	}
	n := p.pos - from
	rest := p.text[p.pos:]
	length := 0
	switch {
	case strings.HasPrefix(rest, "$"):
		length = referenceLength(rest)
	case strings.HasPrefix(rest, "#"):
		length = directiveLength(rest)
	}
	if length == 0 {
		b.write(p.text[from:p.pos])
		return
	}
	b.write(strings.Repeat(`\`, n/2))
	if n%2 == 1 {
		b.write(rest[:length])
		p.pos += length
	}
}

// referenceLength is how much of s a reference's name and mark take; 0 if s
// does not start with a reference.
func referenceLength(s string) int {
	i := 1
	if i < len(s) && s[i] == '!' {
		i++
	}
	if i < len(s) && s[i] == '{' {
		i++
	}
	from := i
	for i < len(s) && isName(s[i], i > from) {
		i++
	}
	if i == from {
		return 0
	}
	return i
}

func directiveLength(s string) int {
	for _, name := range []string{"set", "if", "elseif", "else", "end", "foreach", "define", "stop", "macro", "break"} {
		if rest, ok := strings.CutPrefix(s[1:], name); ok && (rest == "" || !isName(rest[0], true)) {
			return 1 + len(name)
		}
	}
	return 0
}

// isName says whether c may stand in an identifier; inner is false for its first
// character.
func isName(c byte, inner bool) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	}
	return inner && ('0' <= c && c <= '9' || c == '_' || c == '-')
}

func (p *parser) dollar(b *builder) error {
	if p.pos+1 == len(p.text) {
		return p.fail("the template ends in a bare $") // parity: spec/rest-data-plane.md 4.3
	}
	ref, err := p.reference(0)
	if err != nil {
		return err
	}
	if ref == nil {
		b.write("$")
		p.pos++
		return nil
	}
	b.add(printed{ref})
	return nil
}

// skipLine reads to and including the end of the line.
func (p *parser) skipLine() {
	end := strings.IndexByte(p.text[p.pos:], '\n')
	if end < 0 {
		p.pos = len(p.text)
		return
	}
	p.pos += end + 1
}

// lineEnd swallows blanks and one line break, if nothing else stands before it.
func (p *parser) lineEnd() {
	i := p.pos
	for i < len(p.text) && (p.text[i] == ' ' || p.text[i] == '\t') {
		i++
	}
	switch {
	case strings.HasPrefix(p.text[i:], "\r\n"):
		p.pos = i + 2
	case strings.HasPrefix(p.text[i:], "\n"), strings.HasPrefix(p.text[i:], "\r"):
		p.pos = i + 1
	}
}

func (p *parser) blanks() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *parser) take(s string) bool {
	p.blanks()
	if !strings.HasPrefix(p.text[p.pos:], s) {
		return false
	}
	p.pos += len(s)
	return true
}

func (p *parser) need(s string) error {
	if !p.take(s) {
		return p.fail("want %q", s)
	}
	return nil
}

// until skips to and including a closing character.
func (p *parser) until(c byte) (string, error) {
	end := strings.IndexByte(p.text[p.pos:], c)
	if end < 0 {
		return "", p.fail("want %q", c)
	}
	text := p.text[p.pos : p.pos+end]
	p.pos += end + 1
	return text, nil
}
