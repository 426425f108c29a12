package gateway

import (
	"bytes"
	"fmt"

	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/step"
)

// fronts are the routes of requests that reach no stage. "No such API" is a
// route as well.
type fronts struct {
	badRequest *program.Route
	healthy    *program.Route
	longTarget *program.Route
	largeHead  *program.Route
	elsewhere  *program.Route
	forbidden  *program.Route
	unknownAPI *program.Route
	notFound   *program.Route
	control    *program.Route // nil: there is no control plane
}

func newFronts(g *Gateway) fronts {
	refuse := func(t program.ResponseType, why string) *program.Route {
		return &program.Route{Method: "*", Resource: "*", Steps: []program.Step{step.RefuseStep(t.Refuse(nil), why)}}
	}
	f := fronts{
		badRequest: refuse(program.BadRequest, "a path that others might read as another"),
		healthy:    &program.Route{Method: "*", Resource: "*", Steps: []program.Step{step.Healthy()}},
		longTarget: refuse(program.URITooLong, "a path longer than the API allows"),
		largeHead:  &program.Route{Method: "*", Resource: "*", Steps: []program.Step{step.RefuseLargeHead()}},
		elsewhere:  refuse(program.Misdirected, "the TLS connection is for another host"),
		forbidden:  refuse(program.Forbidden, "no such stage, or the endpoint is disabled"),
		notFound:   refuse(program.UnknownAPI, "neither an API nor an AWS call"),
		unknownAPI: &program.Route{Method: "*", Resource: "*", Steps: []program.Step{{
			Name: "refuse", Note: "no such API", Run: func(x *program.Exchange) error {
				return unknownAPI(g.locate(x).api)
			},
		}}},
	}
	if g.cfg.Control != nil {
		f.control = g.controlRoute()
	}
	return f
}

// unknownAPI is the answer for an API that is not here. On AWS its host name
// does not resolve.
// parity: spec/rest-data-plane.md 2.1, recommended.
func unknownAPI(id []byte) error {
	return &program.Refusal{
		Type:    program.UnknownAPI,
		Message: fmt.Sprintf("The API id '%s' does not correspond to a deployed API Gateway API", id),
	}
}

// begin finds the route. both: the listener serves AWS calls as well.
func (g *Gateway) begin(x *program.Exchange, both bool) {
	if len(g.cfg.Proxies) > 0 {
		x.Client = spokenFor(x, g.cfg.Proxies)
	}
	if g.cfg.Misdirected != nil && g.cfg.Misdirected(x.ServerName, x.Request.Host) {
		x.Identify()
		x.Route = g.fronts.elsewhere
		return
	}
	table := g.table.Load() // once: a request keeps the table it began with
	if d := table.domain(x.Request.Host); d != nil {
		x.Identify()
		g.enterDomain(x, table, d)
		return
	}
	at := g.locate(x)
	if at.ping {
		x.Identify()
		x.Route = g.fronts.healthy
		return
	}
	plain := route.Plain(at.path)
	if both && (at.api == nil && at.url == nil || (!plain || odd(at.api)) && isManagement(x.Request.Path)) && g.owns(x) {
		x.Route = g.fronts.control
		return
	}
	x.Identify()
	if at.url != nil {
		x.Route = g.functionURL(x, at.url)
		return
	}
	if at.api == nil {
		x.Route = g.fronts.notFound
		return
	}
	e := table.entry(at.api)
	if e == nil {
		x.Route = g.fronts.unknownAPI
		return
	}
	x.API = e.api
	g.enter(x, e, at.path, plain)
}

// enter finds the stage and its route. path begins with the slashes before the
// stage: however many, they count for nothing.
// parity: spec/rest-data-plane.md 2.4.
func (g *Gateway) enter(x *program.Exchange, e *entry, path []byte, plain bool) {
	path = oneSlash(path)
	name, rest := segment(trimSlash(path))
	stage := e.stage(name)
	if stage != nil {
		stage = stage.Draw(x)
	}
	if stage == nil || stage.EndpointDisabled {
		x.Route = g.fronts.forbidden
		return
	}
	x.FullPath, x.Path = path, oneSlash(rest)
	g.route(x, stage, plain)
}

// route finds the route of a stage, once the paths are in x. plain: they are
// parts of one that is plain, and so are they.
func (g *Gateway) route(x *program.Exchange, stage *program.Stage, plain bool) {
	if !plain && !route.Check(x.Path) || crowded(x.Request.Query) {
		x.Route = g.fronts.badRequest
		return
	}
	if fields, target := stage.Oversize(x); target {
		x.Route = g.fronts.longTarget
		return
	} else if fields {
		x.Route = g.fronts.largeHead
		return
	}
	if stage.Private != (x.Door != nil) {
		x.Route = g.fronts.forbidden // private APIs have one door, which leads nowhere else
		return
	}
	x.Stage = stage
	x.Route, x.Params = stage.Router.Match(x.Method, x.Path, x.Params)
}

// crowded says whether a query has more parameters than are looked at.
func crowded(query []byte) bool {
	return len(query) >= program.MaxQuery && bytes.Count(query, []byte{'&'}) >= program.MaxQuery
}

// oneSlash cuts all but one of the slashes that a path begins with.
func oneSlash(path []byte) []byte {
	for len(path) > 1 && path[0] == '/' && path[1] == '/' {
		path = path[1:]
	}
	if len(path) == 0 {
		return rootPath
	}
	return path
}

// rootPath is the path of a stage called without one.
//
//nolint:gochecknoglobals // constant, never written to
var rootPath = []byte("/")

// isManagement says whether a path is one of the connections of a WebSocket
// API, which are managed on the API's own host.
func isManagement(path []byte) bool {
	return bytes.Contains(path, []byte("/@connections/")) || bytes.Contains(path, []byte("/%40connections/"))
}

// odd says of an id what makes a path one that is not plain. An id of a path is
// no part of what is looked at behind it.
func odd(id []byte) bool { return len(id) > 0 && (id[0] == '@' || id[0] == '%') }

// owns asks the control plane whether the request is an AWS call.
func (g *Gateway) owns(x *program.Exchange) bool {
	return g.cfg.Owns(string(x.Request.Host), string(x.Request.Target), string(x.Request.Method), func(name string) string {
		return string(x.Header(lowered(name)))
	})
}
