package step

import (
	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
)

// payload makes what a non-proxy integration is given from what the client
// sent.
// parity: spec/rest-data-plane.md 3.3, 7.1.
type payload struct {
	list     []template
	behavior string // passthroughBehavior
	handling handling
	binary   MediaTypes
}

func (s Scope) payload(in *api.Integration) (*payload, error) {
	p := &payload{behavior: in.PassthroughBehavior, binary: s.Binary, list: s.templates(in.RequestTemplates, OnRequest)}
	var err error
	if p.handling, err = parseHandling(in.ContentHandling); err != nil {
		return nil, err
	}
	return p, nil
}

// MapRequest renders the request's payload into x.Call.Body.
func (s Scope) MapRequest(in *api.Integration) (program.Step, error) {
	p, err := s.payload(in)
	if err != nil {
		return program.Step{}, err
	}
	most := s.MaxPayload()
	return program.Step{Name: "map", Note: "request " + p.note(), Waits: renders(p.list), Quick: p.quick, Run: func(x *program.Exchange) error {
		t, body, err := p.choose(x)
		if err == nil && t != nil {
			body, err = t.render(x, body)
		}
		if err != nil {
			return err
		}
		if int64(len(body)) > most {
			return program.RequestTooLarge.Refuse(nil)
		}
		x.Call.Body = body
		return nil
	}}, nil
}

func (p *payload) quick(x *program.Exchange) bool { return quick(p.list, len(x.Body)) }

func (p *payload) note() string {
	if len(p.list) == 0 {
		return "passthrough " + p.behavior
	}
	return "template " + kinds(p.list) + ", else " + p.behavior
}

// choose is the template for the request, nil if it passes through, and the
// payload as the template or the integration sees it.
func (p *payload) choose(x *program.Exchange) (*template, []byte, error) {
	media := mediaType(x.Header("content-type"))
	t := pick(p.list, media)
	if t == nil && (p.behavior == "NEVER" || p.behavior == "WHEN_NO_TEMPLATES" && len(p.list) > 0) {
		return nil, nil, program.UnsupportedMediaType.Refuse(nil)
	}
	body, isBinary, err := p.convert(x.Body, p.binary.Match(media))
	if err != nil {
		return nil, nil, err
	}
	if t != nil && t.empty() {
		t = nil
	}
	if t != nil && isBinary {
		return nil, nil, program.APIConfigurationError.Refuse(errTemplate)
	}
	return t, body, nil
}

// convert applies contentHandling. isBinary: the result is bytes, not text.
func (p *payload) convert(body []byte, binary bool) (out []byte, isBinary bool, err error) {
	switch {
	case p.handling == toText && binary:
		return encode64(body), false, nil
	case p.handling == toBinary && !binary:
		if out, err = decode64(body); err != nil {
			return nil, false, program.APIConfigurationError.Refuse(err)
		}
		return out, true, nil
	case binary:
		return body, true, nil
	}
	return text(body), false, nil
}
