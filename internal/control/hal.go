package control

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// halType is the media type of HAL, which API Gateway's first API can be read in.
const halType = "application/hal+json"

// wantsHAL says whether a caller asks for HAL by name. Nobody gets it who takes
// anything: no SDK reads links.
//
// parity: control-plane.md 2.1
func wantsHAL(t *wire.Service, h http.Header) bool {
	if !gatewayV1(t) {
		return false
	}
	for _, accept := range h.Values("Accept") {
		if !strings.Contains(accept, "hal+json") {
			continue // nearly everyone
		}
		for one := range strings.SplitSeq(accept, ",") {
			kind, params, err := mime.ParseMediaType(strings.TrimSpace(one))
			refused := params["q"] != "" && strings.Trim(params["q"], "0.") == "" // q=0
			if err == nil && kind == halType && !refused {
				return true
			}
		}
	}
	return false
}

// hal turns an answer into HAL: what there is of a thing stays as it is, and
// what can be done with it comes as links.
func (c *call) hal(a *wire.Answer, labels map[string]string) {
	s := c.service.table.Shape(c.op.Output)
	whole := slices.ContainsFunc(s.Members, func(m wire.Member) bool { return m.At == wire.InPayload })
	if whole || len(a.Body) == 0 || a.Body[0] != '{' {
		return // a document, or nothing
	}
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		return
	}
	w := &halWriter{table: c.service.table, self: c.path}
	if c.query != "" {
		w.self += "?" + c.query
	}
	text, err := json.Marshal(w.answer(v, s, labels))
	if err != nil {
		return
	}
	a.Body = text
	a.Header.Set("Content-Type", halType)
}

// halWriter writes things with their links.
type halWriter struct {
	table *wire.Service
	self  string // the call's own path and query
}

// answer writes a list or one thing.
func (w *halWriter) answer(v map[string]any, s *wire.Shape, labels map[string]string) map[string]any {
	for i := range s.Members {
		m := &s.Members[i]
		if m.Wire == "item" && w.table.Of(m).Kind == wire.List {
			return w.list(v, w.table.Of(&w.table.Of(m).Members[0]), labels)
		}
	}
	return w.thing(v, s, labels)
}

// list writes a collection: its items are embedded, and the next page is a link.
func (w *halWriter) list(v map[string]any, s *wire.Shape, labels map[string]string) map[string]any {
	links := map[string]any{"self": href(w.self)}
	if k := kinds[s.Name]; k != nil {
		links["curies"] = curies(k.noun)
		path := strings.TrimSuffix(k.path, "/{"+k.label()+"}")
		if to, templated := bind(path, labels); !templated && k.noun != "resource" && k.noun != "sdktype" {
			links[k.noun+":create"] = href(to)
		}
		links[k.noun+":by-"+by(k.label())] = templatedHref(bind(k.path, labels))
	}
	items, _ := v["item"].([]any)
	var selves, things []any
	for _, item := range items {
		if one, ok := item.(map[string]any); ok {
			t := w.thing(one, s, labels)
			things = append(things, t)
			if l, ok := t["_links"].(map[string]any); ok {
				selves = append(selves, l["self"])
			}
		}
	}
	out := map[string]any{"_links": links}
	if len(things) > 0 {
		links["item"] = oneOrAll(selves)
		out["_embedded"] = map[string]any{"item": oneOrAll(things)}
	}
	if position, ok := v["position"].(string); ok {
		path, query, _ := strings.Cut(w.self, "?")
		links["next"] = href(path + "?" + withPosition(query, position))
	}
	return out
}

// embedded are the members that HAL shows as things of their own, by the shape
// and the member.
//
//nolint:gochecknoglobals // a table
var embedded = map[string]string{
	"Resource.resourceMethods":         "resource:methods",
	"Method.methodIntegration":         "method:integration",
	"Method.methodResponses":           "method:responses",
	"Integration.integrationResponses": "integration:responses",
}

// thing writes one thing.
func (w *halWriter) thing(v map[string]any, s *wire.Shape, labels map[string]string) map[string]any {
	k := kinds[s.Name]
	links := map[string]any{"self": href(w.self)}
	if k != nil {
		labels = maps.Clone(labels)
		if id, ok := v[k.id].(string); ok {
			labels[k.label()] = id
		}
		if s.Name == "RestApi" {
			labels["parent_id"], _ = v["rootResourceId"].(string)
		}
		links["self"] = templatedHref(bind(k.path, labels))
		links["curies"] = curies(k.noun)
		for _, l := range k.links {
			links[l.rel] = templatedHref(bind(k.at(l), labels))
		}
	}
	out, within := map[string]any{"_links": links}, map[string]any{}
	for i := range s.Members {
		m := &s.Members[i]
		x, ok := v[m.Wire]
		if !ok {
			continue
		}
		if rel := embedded[s.Name+"."+m.Name]; rel != "" {
			w.embed(links, within, rel, x, w.table.Of(m), labels)
			continue
		}
		if n, ok := x.(json.Number); ok && w.table.Of(m).Kind == wire.Timestamp {
			x = dateOf(n)
		}
		out[m.Wire] = x
	}
	if len(within) > 0 {
		out["_embedded"] = within
	}
	return out
}

// embed writes a thing, or a map of things, that belongs to another.
func (w *halWriter) embed(links, within map[string]any, rel string, x any, s *wire.Shape, labels map[string]string) {
	v, ok := x.(map[string]any)
	if !ok {
		return
	}
	if s.Kind != wire.Map {
		t := w.thing(v, s, labels)
		within[rel] = t
		if l, ok := t["_links"].(map[string]any); ok {
			links[rel] = l["self"]
		}
		return
	}
	s = w.table.Of(&s.Members[1])
	k := kinds[s.Name]
	var selves, things []any
	for _, name := range slices.Sorted(maps.Keys(v)) {
		labels := maps.Clone(labels)
		labels[k.label()] = name
		to, _ := bind(k.path, labels)
		selves = append(selves, map[string]any{"href": to, "name": name, "title": name})
		if one, ok := v[name].(map[string]any); ok && len(one) > 0 {
			things = append(things, w.thing(one, s, labels))
		}
	}
	if len(selves) > 0 {
		links[rel] = oneOrAll(selves)
	}
	if len(things) > 0 {
		within[rel] = oneOrAll(things)
	}
}

// oneOrAll is a list, or its only element.
//
// parity: control-plane.md 2.1, a single-element list as an object
func oneOrAll(all []any) any {
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func href(to string) map[string]any { return map[string]any{"href": to} }

func templatedHref(to string, templated bool) map[string]any {
	l := href(to)
	if templated {
		l["templated"] = true
	}
	return l
}

// curies say where the relations of a noun are explained.
func curies(noun string) map[string]any {
	return map[string]any{
		"href": "https://docs.aws.amazon.com/apigateway/latest/developerguide/restapi-" + noun + "-{rel}.html",
		"name": noun, "templated": true,
	}
}

// by is what a thing is found by, in relations.
func by(label string) string {
	switch label {
	case "stage_name", "model_name", "domain_name":
		return "name"
	case "doc_version":
		return "version"
	case "response_type":
		return "type"
	case "base_path":
		return "base-path"
	case "api_Key":
		return "key"
	}
	return "id"
}

// withPosition is a query with another position.
func withPosition(query, position string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if part != "" && !strings.HasPrefix(part, "position=") {
			kept = append(kept, part)
		}
	}
	return strings.Join(append(kept, "position="+url.QueryEscape(position)), "&")
}

// dateOf is a time as HAL shows it.
func dateOf(n json.Number) any {
	seconds, err := strconv.ParseFloat(n.String(), 64)
	if err != nil {
		return n
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}
