// Package awsquery is AWS's protocol awsQuery: a call is a form with its
// operation in Action, nested members are written as paths with dots, and
// answers are XML.
//
// Law: a form that names each parameter once is read the same in any order.
package awsquery

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/wire"
)

const (
	maxParams = 10000 // parameters in a form
	maxDepth  = 12    // dots in a parameter's name
)

// Codec speaks awsQuery for one service. It may be used by any number of calls
// at a time.
type Codec struct {
	service *wire.Service
}

// New makes the codec of a service.
func New(s *wire.Service) *Codec { return &Codec{service: s} }

// Match finds the operation that a form names; nil: none.
func (c *Codec) Match(f Form) *wire.Operation { return c.service.Operation(f.Action) }

// Form is a call as it was sent, taken apart.
type Form struct {
	Action  string
	Version string
	root    *node
}

// node is a parameter, or what the names of several have in common.
type node struct {
	value string
	given bool // value was sent
	kids  map[string]*node
}

// Parse takes the form of a call apart: the body, or the query of a call that
// has none.
// The error is a *wire.Malformed.
func Parse(r *wire.Request) (Form, error) {
	text := string(r.Body)
	if text == "" {
		text = r.Query
	}
	if strings.Count(text, "&") >= maxParams {
		return Form{}, wire.Malformedf("The form has too many parameters")
	}
	f := Form{root: &node{}}
	for p := range strings.SplitSeq(text, "&") {
		if p == "" {
			continue
		}
		name, value, _ := strings.Cut(p, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || !utf8.ValidString(n) || !utf8.ValidString(v) {
			return Form{}, wire.Malformedf("The form is not percent-encoded UTF-8")
		}
		if err := f.add(n, v); err != nil {
			return Form{}, err
		}
	}
	return f, nil
}

func (f *Form) add(name, value string) error {
	switch name {
	case "Action":
		f.Action = value
		return nil
	case "Version":
		f.Version = value
		return nil
	}
	if strings.Count(name, ".") > maxDepth {
		return wire.Malformedf("A parameter is nested too deep")
	}
	n := f.root
	for step := range strings.SplitSeq(name, ".") {
		if n.kids == nil {
			n.kids = map[string]*node{}
		}
		next := n.kids[step]
		if next == nil {
			next = &node{}
			n.kids[step] = next
		}
		n = next
	}
	if n.given {
		return wire.Malformedf("The parameter %s is given twice", name)
	}
	n.value, n.given = value, true
	return nil
}
