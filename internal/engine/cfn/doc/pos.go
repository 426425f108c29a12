package doc

import (
	"fmt"
	"strings"
)

// Pos is a place in a document. Lines and columns count from 1; the zero Pos
// is the place of a value that no document holds.
type Pos struct {
	File         string
	Line, Column int32
}

// String is "file:line:column", as far as it is known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one thing wrong with a template. Message is what AWS would say
// where that is known; Hint says what would be right.
type Problem struct {
	File         string
	Line, Column int    // from 1; 0 when the place is not known
	Path         string // such as "Resources.Api.Properties.Name"
	Message      string
	Hint         string // may be empty
}

// At makes a problem of a place.
func At(p Pos, path, message, hint string) Problem {
	return Problem{
		File: p.File, Line: int(p.Line), Column: int(p.Column),
		Path: path, Message: message, Hint: hint,
	}
}

// Pos is where the problem lies.
func (p Problem) Pos() Pos {
	return Pos{File: p.File, Line: int32(p.Line), Column: int32(p.Column)}
}

// Error is the problem on one line: place, path, message, hint.
func (p Problem) Error() string {
	var b strings.Builder
	if at := p.Pos().String(); at != "" {
		b.WriteString(at + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}
