package step

import (
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/vtl"
	"github.com/stagedoor/stagedoor/internal/program"
)

// contextObject is $context. Its overrides may be written.
type contextObject struct {
	x                 *program.Exchange
	request, response *vtl.Map
}

// kept is what a request template leaves for the response template.
type kept struct{ request, response *vtl.Map }

// newContext makes $context, with what an earlier template of the exchange
// wrote to it. parity: spec/rest-data-plane.md 3.2, recorded for MOCK
func newContext(x *program.Exchange) *contextObject {
	if x.Overrides != nil {
		if k, ok := x.Overrides.Template.(kept); ok {
			return &contextObject{x, k.request, k.response}
		}
	}
	request, response := vtl.NewMap(), vtl.NewMap()
	for _, name := range []string{"path", "header", "querystring"} {
		_ = request.Put(name, vtl.NewMap())
	}
	_ = response.Put("header", vtl.NewMap())
	return &contextObject{x, request, response}
}

// keep makes what was written count for the steps that follow.
func (c *contextObject) keep() {
	if c.x.Overrides == nil {
		c.x.Overrides = &program.Overrides{}
	}
	o := c.x.Overrides
	o.Template = kept{c.request, c.response}
	o.Header, o.Query, o.Path = texts(c.request, "header"), texts(c.request, "querystring"), texts(c.request, "path")
	o.ResponseHeader = texts(c.response, "header")
	o.Status = 0
	if v, ok := c.response.Get("status"); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(vtl.Text(v))); err == nil {
			o.Status = n
		}
	}
}

// texts are the members of a map within a map: a list is joined by commas,
// what is empty or a map leaves things as they were.
func texts(in *vtl.Map, name string) map[string]string {
	v, _ := in.Get(name)
	m, ok := v.(*vtl.Map)
	if !ok || m.Len() == 0 {
		return nil
	}
	out := make(map[string]string, m.Len())
	for _, k := range m.Keys() {
		v, _ := m.Get(k)
		switch v := v.(type) {
		case *vtl.Map, nil:
		case *vtl.List:
			parts := make([]string, len(v.Items))
			for i, e := range v.Items {
				parts[i] = vtl.Text(e)
			}
			out[k] = strings.Join(parts, ",")
		default:
			out[k] = vtl.Text(v)
		}
	}
	return out
}

// contextNames are the keys of $context in the order that AWS lists them.
// parity: spec/rest-data-plane.md 4.2, recorded
func contextNames() []any {
	return []any{
		"resourceId", "resourcePath", "httpMethod", "extendedRequestId", "requestTime", "path", "accountId", "protocol",
		"requestOverride", "stage", "domainPrefix", "requestTimeEpoch", "requestId", "identity", "domainName", "deploymentId",
		"responseOverride", "apiId",
	}
}

// Call has keySet and get.
func (c *contextObject) Call(name string, args []any) (any, bool, error) {
	switch {
	case name == "keySet" && len(args) == 0:
		names := contextNames()
		if c.x.Stage != nil && c.x.Stage.CanaryRequest != "" {
			names = append(names, "isCanaryRequest")
		}
		return &vtl.List{Items: names}, true, nil
	case name == "get" && len(args) == 1:
		v, ok := c.Property(vtl.Text(args[0]))
		return v, ok, nil
	}
	return nil, false, nil
}

// Property reads a variable or a group of them.
func (c *contextObject) Property(name string) (any, bool) {
	switch name {
	case "requestOverride":
		return silentMap{c.request}, true
	case "responseOverride":
		return silentMap{c.response}, true
	case "identity", "authorizer", "error":
		return contextGroup{c.x, name + "."}, true
	}
	return contextGroup{c.x, ""}.Property(name)
}

// String prints nothing.
func (*contextObject) String() string { return "" }

// contextGroup is $context.identity and the like: it prints nothing itself.
type contextGroup struct {
	x      *program.Exchange
	prefix string
}

// Call has get.
func (g contextGroup) Call(name string, args []any) (any, bool, error) {
	if name == "get" && len(args) == 1 {
		v, ok := g.Property(vtl.Text(args[0]))
		return v, ok, nil
	}
	return nil, false, nil
}

// Property reads a variable of the group.
func (g contextGroup) Property(name string) (any, bool) {
	if g.prefix == "authorizer." && name == "claims" {
		return contextGroup{g.x, "authorizer.claims."}, true
	}
	v := program.ContextVariable(g.prefix + name)
	if v == nil {
		return nil, false
	}
	text := v(g.x, nil)
	if len(text) == 0 {
		return nil, false
	}
	return string(text), true
}

// String prints nothing.
func (contextGroup) String() string { return "" }

// silentMap is a map that prints nothing, as $context's own do.
type silentMap struct{ m *vtl.Map }

// Call has a map's methods.
func (s silentMap) Call(name string, args []any) (any, bool, error) {
	v, err := vtl.Call(s.m, name, args)
	return v, true, err
}

// Property reads a member.
func (s silentMap) Property(name string) (any, bool) {
	v, ok := s.m.Get(name)
	if m, isMap := v.(*vtl.Map); isMap {
		return silentMap{m}, ok
	}
	return v, ok
}

// SetProperty sets a member.
func (s silentMap) SetProperty(name string, value any) error { return s.m.Put(name, value) }

// String prints nothing.
func (silentMap) String() string { return "" }
