package step

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/selection"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// responses are a non-proxy integration's responses, compiled.
// parity: spec/rest-data-plane.md 3.8.
type responses struct {
	patterns []*response // in the order of their status codes
	fallback *response   // the one without a pattern; may be nil
	binary   MediaTypes
}

// response is one integration response.
type response struct {
	pattern    *selection.Pattern
	status     int
	undeclared bool          // the method has no such response
	fields     []http1.Field // known at deployment
	mapped     []mapping     // known at the request
	list       []template
	handling   handling
}

// noMatch says that no response is for what came back. A function that fails
// answers 200 itself.
// parity: spec/rest-data-plane.md 3.8 rule 3, 11.3.
func noMatch(subject string) error {
	if _, err := strconv.Atoi(subject); err != nil {
		subject = "200"
	}
	return program.Logged("No match for output mapping and no default output mapping configured. Endpoint Response Status Code: " + subject)
}

// undeclared says that the method has no such response.
// parity: spec/rest-data-plane.md 3.8 rule 4.
func undeclared(status int) error {
	return program.Logged("Output mapping refers to an invalid method response: " + strconv.Itoa(status))
}

func (s Scope) responses(m *api.Method) (*responses, error) {
	all := &responses{binary: s.Binary}
	in := m.Integration.Responses
	for _, code := range slices.Sorted(maps.Keys(in)) {
		r, err := s.response(in[code], m)
		if err != nil {
			return nil, fmt.Errorf("integration response %s: %w", code, err)
		}
		if r.pattern != nil {
			all.patterns = append(all.patterns, r)
		} else if all.fallback == nil {
			all.fallback = r
		}
	}
	return all, nil
}

func (s Scope) response(in api.IntegrationResponse, m *api.Method) (*response, error) {
	status, err := strconv.Atoi(in.StatusCode)
	if err != nil || status < 100 || status > 599 {
		return nil, fmt.Errorf("status code %q", in.StatusCode)
	}
	_, declared := m.Responses[in.StatusCode]
	r := &response{status: status, undeclared: !declared}
	if in.SelectionPattern != nil && *in.SelectionPattern != "" {
		if r.pattern, err = selection.Compile(*in.SelectionPattern); err != nil {
			return nil, err
		}
	}
	if r.handling, err = parseHandling(in.ContentHandling); err != nil {
		return nil, err
	}
	r.list = s.templates(in.ResponseTemplates, OnResponse)
	return r, s.mapResponse(r, in.ResponseParameters)
}

// mapResponse compiles responseParameters. What is AWS's own is remapped or
// dropped here, at deployment.
func (s Scope) mapResponse(r *response, params map[string]string) error {
	for _, target := range slices.Sorted(maps.Keys(params)) {
		name, ok := strings.CutPrefix(target, "method.response.header.")
		if !ok || !validName(name) {
			return fmt.Errorf("invalid mapping target %q", target)
		}
		from, err := s.parseSource(params[target], true)
		if err != nil {
			return fmt.Errorf("mapping of %s: %w", target, err)
		}
		is := headerOf([]byte(name))
		switch {
		case from.never() || is.answered() == dropped:
			continue
		case is.answered() == remapped:
			name = remapPrefix + name
		}
		if from.kind != fromText {
			r.mapped = append(r.mapped, mapping{name: []byte(name), is: is, from: from})
			continue
		}
		if !validValue(from.text) {
			return fmt.Errorf("mapping of %s: %w", target, errFieldValue)
		}
		r.fields = append(r.fields, http1.Field{Name: []byte(name), Value: from.text})
	}
	return nil
}

// choose finds the response for a subject. none: there is nothing to match,
// which is what a function that succeeded has.
func (r *responses) choose(subject string, none bool) (*response, error) {
	found := r.fallback
	if !none {
		for _, p := range r.patterns {
			ok, err := p.pattern.Match(subject)
			if err != nil {
				return nil, program.APIConfigurationError.Refuse(err)
			}
			if ok {
				found = p
				break
			}
		}
	}
	if found == nil {
		return nil, program.APIConfigurationError.Refuse(noMatch(subject))
	}
	if found.undeclared {
		return nil, program.APIConfigurationError.Refuse(undeclared(found.status))
	}
	return found, nil
}

// MapResponse turns the integration's answer into the method's. function: the
// integration is a Lambda function, so patterns look at its errorMessage.
func (s Scope) MapResponse(m *api.Method, function bool) (program.Step, error) {
	all, err := s.responses(m)
	if err != nil {
		return program.Step{}, err
	}
	ready := func(x *program.Exchange) bool { return all.quick(len(x.Reply.Body)) }
	return program.Step{Name: "map", Note: "response " + all.note(), Waits: all.renders(), Quick: ready, Run: func(x *program.Exchange) error {
		subject := strconv.Itoa(x.Reply.Response.Status)
		if function {
			subject = string(x.Reply.Error)
		}
		r, err := all.choose(subject, function && !x.Reply.Failed)
		if err != nil {
			return err
		}
		return r.answer(x, all.binary)
	}}, nil
}

// renders says whether any response has a template to be rendered.
func (r *responses) renders() bool {
	return slices.ContainsFunc(r.all(), func(one *response) bool { return renders(one.list) })
}

// quick says whether so many bytes become an answer in no time, whichever
// response they lead to.
func (r *responses) quick(input int) bool {
	if r.fallback != nil && !quick(r.fallback.list, input) {
		return false
	}
	for _, p := range r.patterns {
		if !quick(p.list, input) {
			return false
		}
	}
	return true
}

// all are the responses.
func (r *responses) all() []*response {
	if r.fallback == nil {
		return r.patterns
	}
	return append(slices.Clip(r.patterns), r.fallback)
}

func (r *responses) note() string {
	var all []string
	for _, p := range r.patterns {
		all = append(all, fmt.Sprintf("%q=%d", p.pattern.String(), p.status))
	}
	if r.fallback != nil {
		all = append(all, "default="+strconv.Itoa(r.fallback.status))
	}
	return strings.Join(all, " ")
}

// answer makes the answer from the reply.
func (r *response) answer(x *program.Exchange, binary MediaTypes) error {
	body, isBinary, err := r.convert(x, binary)
	if err != nil {
		return err
	}
	return r.write(x, body, isBinary)
}

// write makes the answer from a payload.
func (r *response) write(x *program.Exchange, body []byte, isBinary bool) error {
	x.Answer.Status = r.status
	x.Answer.Fields = append(x.Answer.Fields, r.fields...)
	for i := range r.mapped {
		m := &r.mapped[i]
		v, err := m.from.value(x)
		if err != nil {
			return err
		}
		if len(v) == 0 {
			continue
		}
		if !validValue(v) {
			return program.APIConfigurationError.Refuse(errFieldValue)
		}
		x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: m.name, Value: v})
	}
	t := r.template(x)
	if t != nil && !t.empty() {
		if isBinary || r.handling == toBinary {
			return program.APIConfigurationError.Refuse(errTemplate)
		}
		var err error
		if body, err = t.render(x, body); err != nil {
			return err
		}
	}
	x.Answer.Body = body
	if err := override(x); err != nil {
		return err
	}
	if t != nil && t.media != typeJSON && t.media != "$default" && fieldAt(x.Answer.Fields, nameContentType) < 0 {
		x.Answer.Fields = append(x.Answer.Fields, http1.Field{Name: nameContentType, Value: x.Keep(t.media)})
	}
	return nil
}

// template is the one for what the client accepts first, or the first.
func (r *response) template(x *program.Exchange) *template {
	if len(r.list) == 0 {
		return nil
	}
	accepted := firstAccepted(x)
	if len(accepted) == 0 {
		accepted = jsonBytes
	}
	if t := pick(r.list, accepted); t != nil {
		return t
	}
	return &r.list[0]
}

// override applies what templates wrote to $context.responseOverride.
// parity: spec/rest-data-plane.md 3.8 rule 6, 4.4.
func override(x *program.Exchange) error {
	if x.Overrides == nil {
		return nil
	}
	if s := x.Overrides.Status; s >= 100 && s <= 599 {
		x.Answer.Status = s
	}
	for _, name := range slices.Sorted(maps.Keys(x.Overrides.ResponseHeader)) {
		value := x.Overrides.ResponseHeader[name]
		if !validName(name) || !validValue(value) {
			return program.APIConfigurationError.Refuse(errFieldValue)
		}
		switch headerOf([]byte(name)).answered() {
		case dropped:
			continue
		case remapped:
			name = remapPrefix + name
		case passed:
		}
		if value != "" {
			x.Answer.Fields = setField(x.Answer.Fields, []byte(name), []byte(value))
		}
	}
	return nil
}

// convert applies contentHandling to the reply's body. isBinary: the result is
// bytes, not text.
// parity: spec/rest-data-plane.md 7.2.
func (r *response) convert(x *program.Exchange, binary MediaTypes) (out []byte, isBinary bool, err error) {
	body := x.Reply.Body
	isBinary = len(binary) > 0 && binary.Match(mediaType(http1.Get(x.Reply.Response.Fields, "content-type")))
	wanted := len(binary) > 0 && binary.Match(firstAccepted(x))
	switch {
	case isBinary && r.handling == toText, isBinary && r.handling == asItIs && !wanted:
		return encode64(body), false, nil
	case isBinary:
		return body, true, nil
	case r.handling == toBinary, r.handling == asItIs && wanted:
		if r.handling == toBinary && slices.ContainsFunc(r.list, func(t template) bool { return !t.empty() }) {
			return body, true, nil // there is a template, which cannot be
		}
		if out, err = decode64(body); err != nil {
			return nil, false, program.APIConfigurationError.Refuse(err)
		}
		return out, true, nil
	}
	return text(body), false, nil
}
