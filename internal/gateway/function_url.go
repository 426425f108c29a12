package gateway

import (
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/step"
)

// maxEvent is how large a request to a function URL may be, in bytes.
// parity: spec/services-observability.md 7.4, 6 MB each way.
const maxEvent = 6 << 20

// functionURL makes the route of a function URL. It is made for each request:
// that is cheaper than to keep it and learn of every change.
func (g *Gateway) functionURL(x *program.Exchange, id []byte) *program.Route {
	if g.cfg.FunctionURL == nil || g.cfg.Env.Functions == nil {
		return g.fronts.notFound
	}
	u, ok := g.cfg.FunctionURL(lowered(string(id)))
	if !ok {
		return g.fronts.forbidden
	}
	x.ExtendedID = [16]byte{} // it is no API's
	x.FullPath, x.Path = x.Request.Path, x.Request.Path
	return &program.Route{
		Method: "ANY", Resource: "function url", Body: program.BodyBuffer, MaxBody: maxEvent,
		Steps: program.Compact(
			step.AuthorizeFunctionURL(u, g.cfg.Env.Region, g.cfg.Env.Signatures),
			step.ServeFunctionURL(u, g.cfg.Env.Functions),
		),
	}
}
