package gateway

import (
	"github.com/stagedoor/stagedoor/internal/program"
)

// FunctionURL is an address of a function.
type FunctionURL struct {
	ID          string
	FunctionARN string // with the alias, if it is an alias's
	Open        bool   // anybody may call it; else it asks for a signature
	Stream      bool   // answers are streamed
}

func (g *Gateway) functionURL(x *program.Exchange, id []byte) *program.Route {
	return g.fronts.notFound
}
