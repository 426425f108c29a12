package program

import (
	"context"
	"net/netip"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// What an exchange keeps of its memory for the next request, in bytes.
const (
	keptArena = 64 << 10
	keptBody  = 1 << 20
)

// rare is what few requests need of an exchange, out of the way of the others.
type rare struct {
	failed Refusal         // what Failure points to
	caller Caller          // what Caller points to once Known was called
	phases [phases]Outcome // how the parts before the integration ended, as far as somebody asks
}

// seldom is x's rare part, to be written to.
func (x *Exchange) seldom() *rare {
	if x.rare == nil {
		x.rare = &rare{}
	}
	x.marked = true
	return x.rare
}

// Reset makes x ready for its next request and keeps its memory, unless a
// request made it large. All else is cleared where it lies: part by part, since
// what is kept would have to be carried around a clearing of the whole.
func (x *Exchange) Reset(ctx context.Context) {
	x.Land(false) // of an exchange that was broken off
	if x.marked {
		*x.rare, x.marked = rare{}, false
	}
	request, target, call := x.Request.Fields, x.Call.Target, x.Call.Fields
	x.Request = http1.Request{} // one at a time: together they would be made elsewhere and copied
	x.Call = Call{}
	x.Request.Fields, x.Call.Target, x.Call.Fields = request[:0], target[:0], call[:0]
	answer, reply, body := x.Answer.Fields, x.Reply.Response.Fields, x.Reply.Body
	x.Answer = Answer{}
	x.Reply = Reply{}
	x.Answer.Fields, x.Reply.Response.Fields, x.Reply.Body = answer[:0], reply[:0], kept(body, keptBody)
	x.forget()
	x.Body, x.arena = kept(x.Body, keptBody), kept(x.arena, keptArena)
	x.Params, x.Trace, x.query = x.Params[:0], x.Trace[:0], x.query[:0]
	x.ctx = ctx
}

// forget clears what is no memory to be kept.
func (x *Exchange) forget() {
	x.Remote = netip.AddrPort{}
	x.Local = netip.AddrPort{}
	x.Client = netip.Addr{}
	x.Door = nil
	x.TLS, x.TLSVersion, x.CipherSuite, x.ServerName = false, 0, 0, ""
	x.Start = time.Time{}
	x.API, x.Stage, x.Route = nil, nil, nil
	x.Method, x.Path, x.FullPath = nil, nil, nil
	x.CustomDomain, x.BasePath = false, ""
	x.ID = [36]byte{}
	x.ExtendedID = [16]byte{}
	x.Grant = usage.Grant{}
	x.Caller, x.Overrides, x.Failure = nil, nil, nil
	x.Sent, x.ShowTrace = 0, false
	x.Authorizer = AuthorizerCall{}
	x.Caching = Caching{}
	x.next, x.waiting, x.bodyIn, x.took = 0, false, false, 0
	x.sealed, x.parsed = false, false
	x.sent = sentFields{}
	x.draw = 0
}

func kept(b []byte, limit int) []byte {
	if cap(b) > limit {
		return nil
	}
	return b[:0]
}
