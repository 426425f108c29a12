package program

import "context"

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
// request made it large. All else is cleared where it lies.
func (x *Exchange) Reset(ctx context.Context) {
	x.Land(false) // of an exchange that was broken off
	if x.marked {
		*x.rare = rare{}
	}
	request, call, reply, answer := x.Request.Fields, x.Call.Fields, x.Reply.Response.Fields, x.Answer.Fields
	body, target, replied := x.Body, x.Call.Target, x.Reply.Body
	params, trace, arena, query := x.Params, x.Trace, x.arena, x.query
	lasting, seldom := x.lasting, x.rare

	*x = Exchange{}
	x.Request.Fields, x.Call.Fields, x.Reply.Response.Fields, x.Answer.Fields = request[:0], call[:0], reply[:0], answer[:0]
	x.Body, x.Call.Target, x.Reply.Body = kept(body, keptBody), target[:0], kept(replied, keptBody)
	x.Params, x.Trace, x.arena, x.query = params[:0], trace[:0], kept(arena, keptArena), query[:0]
	x.lasting, x.rare, x.ctx = lasting, seldom, ctx
}

func kept(b []byte, limit int) []byte {
	if cap(b) > limit {
		return nil
	}
	return b[:0]
}
