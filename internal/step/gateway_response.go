package step

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// factoryTemplate is what every gateway response begins with.
// parity: spec/rest-data-plane.md 6.1.
const factoryTemplate = `{"message":$context.error.messageString}`

// gatewayResponse is a customised gateway response, compiled.
type gatewayResponse struct {
	mapped []mapping
	list   []plainTemplate
}

// plainTemplate is text in which some values are put; it is not VTL.
// parity: spec/rest-data-plane.md 6.3.
type plainTemplate struct {
	media  string
	pieces []plainPiece
}

type plainPiece struct {
	text []byte // if from is nil
	from *source
}

// GatewayResponse compiles a gateway response that an API has customised.
func (s Scope) GatewayResponse(in api.GatewayResponse) (*program.GatewayResponse, error) {
	out := &program.GatewayResponse{}
	if in.StatusCode != nil && *in.StatusCode != "" {
		status, err := strconv.Atoi(*in.StatusCode)
		if err != nil || status < 100 || status > 599 {
			return nil, fmt.Errorf("gateway response %s: status code %q", in.Type, *in.StatusCode)
		}
		out.Status = status
	}
	g := &gatewayResponse{}
	for _, target := range slices.Sorted(maps.Keys(in.Parameters)) {
		if strings.HasPrefix(target, "gatewayresponse.path.") || strings.HasPrefix(target, "gatewayresponse.querystring.") {
			continue // parity: spec/definitions.md 6.3.4; they may be given, and answers have no such thing
		}
		name, ok := strings.CutPrefix(target, "gatewayresponse.header.")
		if !ok || !validName(name) {
			return nil, fmt.Errorf("gateway response %s: invalid mapping target %q", in.Type, target)
		}
		from, err := s.parseSource(in.Parameters[target], false)
		if err != nil {
			return nil, fmt.Errorf("gateway response %s: %w", in.Type, err)
		}
		is := headerOf([]byte(name))
		if from.never() || is.answered() == dropped {
			continue
		}
		if is.answered() == remapped {
			name = remapPrefix + name
		}
		g.mapped = append(g.mapped, mapping{name: []byte(name), is: is, from: from})
	}
	texts := in.Templates
	if len(texts) == 0 {
		texts = map[string]string{typeJSON: factoryTemplate}
	}
	for _, media := range slices.Sorted(maps.Keys(texts)) {
		g.list = append(g.list, plainTemplate{media: media, pieces: s.plainPieces(texts[media])})
	}
	out.Render = g.render
	return out, nil
}

// plainPieces finds the references of a template. What is no reference that
// gateway responses know stays text.
func (s Scope) plainPieces(text string) []plainPiece {
	var pieces []plainPiece
	start := 0
	for i := 0; i < len(text); {
		if text[i] != '$' {
			i++
			continue
		}
		expr := reference(text[i+1:])
		from, err := s.parseSource(expr, false)
		if expr == "" || err != nil || from.kind == fromBody {
			i++
			continue
		}
		if i > start {
			pieces = append(pieces, plainPiece{text: []byte(text[start:i])})
		}
		pieces = append(pieces, plainPiece{from: &from})
		i += 1 + len(expr)
		start = i
	}
	return append(pieces, plainPiece{text: []byte(text[start:])})
}

// reference is the longest reference that s begins with.
func reference(s string) string {
	known := false
	for _, root := range []string{"context.", "stageVariables.", "method.request."} {
		known = known || strings.HasPrefix(s, root)
	}
	if !known {
		return ""
	}
	header := strings.HasPrefix(s, "method.")
	i := 0
	for ; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-' && header) {
			break
		}
	}
	return strings.TrimRight(s[:i], ".")
}

// render makes the answer. r has its defaults filled in.
func (g *gatewayResponse) render(x *program.Exchange, _ *program.Refusal, a *program.Answer) error {
	for i := range g.mapped {
		m := &g.mapped[i]
		v, err := m.from.value(x)
		if err != nil {
			return err
		}
		if len(v) == 0 {
			continue
		}
		if !validValue(v) {
			return errFieldValue
		}
		a.Fields = append(a.Fields, http1.Field{Name: m.name, Value: v})
	}
	t := g.pick(x)
	if fieldAt(a.Fields, nameContentType) < 0 {
		a.Fields = append(a.Fields, http1.Field{Name: nameContentType, Value: x.Keep(t.media)})
	}
	var body []byte
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.from == nil {
			body = append(body, p.text...)
			continue
		}
		v, err := p.from.value(x)
		if err != nil {
			return err
		}
		body = append(body, v...)
	}
	a.Body = body
	return nil
}

// pick is the template for what the client accepts first, else that for JSON,
// else the first.
// parity: spec/rest-data-plane.md 13.
func (g *gatewayResponse) pick(x *program.Exchange) *plainTemplate {
	accepted := firstAccepted(x)
	found := &g.list[0]
	for i := range g.list {
		t := &g.list[i]
		if equalFold(accepted, t.media) {
			return t
		}
		if t.media == typeJSON {
			found = t
		}
	}
	return found
}
