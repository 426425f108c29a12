// Package transport moves the bytes of a program.Exchange: it reads requests
// from clients, plays them, makes the calls they want to upstreams, and sends
// their answers.
//
// What a message means is decided in http1; what is done with a request, in
// the steps of its route. A driver decides only when to read and when to
// write. The one here has a goroutine for each connection, which blocks; a
// driver on epoll can stand beside it without a change in any step.
//
// Connections are never repaired: whatever is odd about a message ends the
// connection that it came on. Every wait has an end, given in Config.
package transport

import "github.com/stagedoor/stagedoor/internal/program"

// Handler finds out what is to be done with a request.
type Handler interface {
	// Begin is called once the head of a request is in. It sets x.Route, which
	// is never nil afterwards, and whatever else the gateway knows by then.
	Begin(x *program.Exchange)
}
