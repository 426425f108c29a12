package gateway

import (
	"bytes"

	"github.com/stagedoor/stagedoor/internal/engine/route"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// address is what the host and the path of a request say about whom it is for.
type address struct {
	api  []byte // id of an API; nil: they do not say
	path []byte // if api is set: begins with the slashes before the stage
	url  []byte // id of a function URL, if it is one's host
	ping bool   // the service itself is asked how it is
}

// locate reads the host first, then the path, then the field that names an API.
// parity: spec/rest-data-plane.md 2.1.
func (g *Gateway) locate(x *program.Exchange) address {
	if id, kind := g.host(x.Request.Host); kind == "execute-api" {
		if id = apiLabel(id); id == nil {
			id = http1.Get(x.Request.Fields, apiHeader)
		}
		return address{api: id, path: x.Request.Path, ping: isPing(x.Request.Path)}
	} else if kind == "lambda-url" {
		return address{url: id}
	}
	path := x.Request.Path
	if rest, ok := bytes.CutPrefix(path, []byte("/_aws/execute-api/")); ok {
		id, _ := segment(rest)
		return address{api: id, path: rest[len(id):]}
	}
	if rest, ok := bytes.CutPrefix(path, []byte("/restapis/")); ok {
		if at := userRequest(x, rest); at.api != nil {
			return at
		}
	}
	return address{api: http1.Get(x.Request.Fields, apiHeader), path: path}
}

// isPing says whether a path is one of the service's own, by which others see
// that it lives: no stage answers there.
// parity: spec/rest-data-plane.md 2.1; spec/services-observability.md, health.
func isPing(path []byte) bool { return string(path) == "/ping" || string(path) == "/sping" }

// apiHeader names an API where the host cannot: on an endpoint of a VPC.
const apiHeader = "x-apigw-api-id"

// userRequest reads {api}/{stage}/_user_request_/{path}. The control plane has
// paths of the same form, for a stage of that name; they are signed for it.
func userRequest(x *program.Exchange, rest []byte) address {
	id, after := segment(rest)
	stage, after := segment(trimSlash(after))
	mark, after := segment(trimSlash(after))
	if len(id) == 0 || len(stage) == 0 || string(mark) != "_user_request_" {
		return address{}
	}
	if bytes.Contains(x.Header("authorization"), []byte("/apigateway/aws4_request")) {
		return address{}
	}
	from := len(rest) - len(after) - len(mark) - 1 - len(stage) // where the stage's segment begins
	path := x.KeepBytes(rest[from-1:from+len(stage)], after)
	return address{api: id, path: path}
}

// segment is what stands before the next slash, and the rest from there on.
func segment(path []byte) (first, rest []byte) {
	i := route.Slash(path)
	return path[:i], path[i:]
}

func trimSlash(path []byte) []byte {
	if len(path) > 0 {
		return path[1:]
	}
	return nil
}

// host takes {label}.{kind}.{region}.SUFFIX and {label}.{kind}.SUFFIX apart,
// whatever the case and the port. kind is empty if the host is no such name.
func (g *Gateway) host(host []byte) (label []byte, kind string) {
	i := bytes.IndexByte(host, '.')
	if i <= 0 {
		return nil, ""
	}
	label, rest := host[:i], host[i+1:]
	if len(rest) <= len("execute-api.") || rest[0]|0x20 != 'e' && rest[0]|0x20 != 'l' {
		return nil, "" // an address, or some other name
	}
	switch {
	case hasPrefixFold(rest, "execute-api."):
		kind = "execute-api"
	case hasPrefixFold(rest, "lambda-url."):
		kind = "lambda-url"
	default:
		return nil, ""
	}
	rest = rest[len(kind)+1:]
	if i := bytes.LastIndexByte(rest, ':'); i >= 0 {
		rest = rest[:i]
	}
	if len(rest) > 0 && rest[len(rest)-1] == '.' {
		rest = rest[:len(rest)-1] // an absolute name
	}
	for _, d := range g.domains {
		if g.isUnder(rest, d) {
			return label, kind
		}
	}
	if kind == "lambda-url" && g.isUnder(rest, "on.aws") {
		return label, kind
	}
	return nil, ""
}

// isUnder says whether rest is the domain, or one or more labels before it.
func (g *Gateway) isUnder(rest []byte, domain string) bool {
	cut := len(rest) - len(domain)
	if cut < 0 || !http1.EqualFold(rest[cut:], domain) {
		return false
	}
	return cut == 0 || rest[cut-1] == '.'
}

func hasPrefixFold(b []byte, lower string) bool {
	return len(b) >= len(lower) && http1.EqualFold(b[:len(lower)], lower)
}

// apiLabel is the API's id in the first label of a host: {api} or
// {api}-vpce-{endpoint}. The label of an endpoint itself names no API.
func apiLabel(label []byte) []byte {
	if bytes.HasPrefix(label, []byte("vpce-")) {
		return nil
	}
	if i := bytes.Index(label, []byte("-vpce-")); i > 0 {
		return label[:i]
	}
	return label
}
