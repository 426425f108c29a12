package step

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/program"
)

// template is one mapping template, for one media type.
type template struct {
	media string // "$default" is for what nothing else is for
	text  []byte // what it renders to, if that is known
	fixed bool   // it is
	vtl   Renderer
	phase Phase // of vtl

	response *response // of a MOCK: what a fixed text leads to; nil: to a 500
}

// empty says that nothing is transformed: the payload passes as it is.
// parity: developer guide, "Tutorial: Create a REST API using the AWS CLI", whose
// response template for application/json is "", and is shown as null.
func (t *template) empty() bool { return t.fixed && len(t.text) == 0 }

// templates compiles the templates of an integration, application/json first,
// then by name: the order in which they were given is not kept.
func (s Scope) templates(all map[string]*string, phase Phase) []template {
	var list []template
	keys := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if a == typeJSON || b == typeJSON {
			return boolInt(b == typeJSON) - boolInt(a == typeJSON)
		}
		return strings.Compare(a, b)
	})
	for _, media := range keys {
		text := ""
		if all[media] != nil {
			text = *all[media]
		}
		t := template{media: media, text: []byte(text), fixed: true}
		if strings.ContainsAny(text, "#$") {
			t = s.rendered(media, text, phase)
		}
		list = append(list, t)
	}
	return list
}

// rendered compiles a template. One that cannot be parsed fails when it is to
// be rendered: it is the trouble of its method, and of nobody else.
// parity: spec/rest-data-plane.md 4.3, "a template error (parse or run)".
func (s Scope) rendered(media, text string, phase Phase) template {
	r, err := s.Template(phase, text)
	if err != nil {
		r = unreadable{fmt.Errorf("template for %s: %w", media, err)}
	}
	return template{media: media, vtl: r, phase: phase}
}

// unreadable is a template that cannot be parsed.
type unreadable struct{ err error }

// Render implements Renderer.
func (u unreadable) Render(*program.Exchange, []byte, []byte) ([]byte, error) { return nil, u.err }

// Quick implements Renderer.
func (u unreadable) Quick(int) bool { return true }

// renders says whether any of the templates has to be rendered.
func renders(list []template) bool {
	return slices.ContainsFunc(list, func(t template) bool { return !t.fixed })
}

// quick says whether so many bytes of input are rendered in no time, whichever
// template is for them.
func quick(list []template, input int) bool {
	return !slices.ContainsFunc(list, func(t template) bool { return !t.fixed && !t.vtl.Quick(input) })
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// render is the template's output. It belongs to the exchange or to nobody.
func (t *template) render(x *program.Exchange, input []byte) ([]byte, error) {
	if t.fixed {
		return t.text, nil
	}
	out, err := t.vtl.Render(x, input, nil)
	if err != nil {
		if _, refused := errors.AsType[*program.Refusal](err); !refused {
			err = fmt.Errorf("%w: %w", t.phase.failure(), err)
		}
		return nil, refuseAs(program.APIConfigurationError, err)
	}
	return out, nil
}

// failure is what execution logs say of a template that cannot be rendered.
// parity: spec/rest-data-plane.md 11.3.
func (p Phase) failure() error {
	if p == OnRequest {
		return program.Logged("Unable to transform request")
	}
	return program.Logged("Unable to transform response")
}

// pick is the template for a media type, or the default one, or nil.
func pick(list []template, media []byte) *template {
	var fallback *template
	for i := range list {
		t := &list[i]
		if string(media) == t.media || equalFold(media, t.media) { // nobody writes it otherwise
			return t
		}
		if t.media == "$default" {
			fallback = t
		}
	}
	return fallback
}

// kinds lists the media types for explain.
func kinds(list []template) string {
	all := make([]string, 0, len(list))
	for _, t := range list {
		if broken, ok := t.vtl.(unreadable); ok {
			all = append(all, t.media+" ("+broken.err.Error()+")")
			continue
		}
		all = append(all, t.media)
	}
	return strings.Join(all, " ")
}
