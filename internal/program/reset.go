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

// Reset makes x ready for its next request and keeps its memory, unless a
// request made it large. It clears in place, and what few requests have only
// if this one had it: most of an exchange is never touched.
func (x *Exchange) Reset(ctx context.Context) {
	x.Land(false) // of an exchange that was broken off

	fields := x.Request.Fields[:0]
	x.Request = http1.Request{}
	x.Request.Fields = fields
	x.Body = kept(x.Body, keptBody)
	x.Remote, x.Local, x.Client, x.Door = netip.AddrPort{}, netip.AddrPort{}, netip.Addr{}, nil
	x.TLS, x.TLSVersion, x.CipherSuite, x.ServerName, x.Start = false, 0, 0, "", time.Time{}

	x.API, x.Stage, x.Route = nil, nil, nil
	x.Method, x.Path, x.FullPath = nil, nil, nil
	x.CustomDomain, x.BasePath = false, ""
	x.Params = x.Params[:0]
	x.ID, x.ExtendedID, x.Trace = [36]byte{}, [16]byte{}, x.Trace[:0]
	x.Caller, x.Overrides = nil, nil
	x.Sent, x.ShowTrace, x.Caching = 0, false, Caching{}

	fields, target := x.Call.Fields[:0], x.Call.Target[:0]
	x.Call = Call{}
	x.Call.Fields, x.Call.Target = fields, target
	fields, body := x.Reply.Response.Fields[:0], kept(x.Reply.Body, keptBody)
	x.Reply = Reply{}
	x.Reply.Response.Fields, x.Reply.Body = fields, body
	fields = x.Answer.Fields[:0]
	x.Answer = Answer{}
	x.Answer.Fields = fields

	x.ctx, x.next, x.took, x.draw = ctx, 0, 0, 0
	x.waiting, x.bodyIn, x.sealed, x.parsed = false, false, false, false
	x.arena, x.query, x.sent = kept(x.arena, keptArena), x.query[:0], sentFields{}
	x.resetRare()
}

// resetRare clears what few requests have. Each part says by itself whether it
// was written to.
func (x *Exchange) resetRare() {
	if x.Failure != nil {
		x.Failure, x.failed = nil, Refusal{}
	}
	if x.known {
		x.caller, x.known = Caller{}, false
	}
	if x.noted {
		x.Phases, x.noted = [phases]Outcome{}, false
	}
	if x.Authorizer.Status != 0 { // no call has none
		x.Authorizer = AuthorizerCall{}
	}
	x.Grant = usage.Grant{}
}

func kept(b []byte, limit int) []byte {
	if cap(b) > limit {
		return nil
	}
	return b[:0]
}
